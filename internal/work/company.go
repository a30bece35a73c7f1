package work

import (
	"context"
	"sync"
	"time"
)

const (
	// solitude is how long a suspect waits for its turn, and how long its turn is: after that it is a row in hand like others.
	solitude = 2 * time.Second
	// restraint is how long nobody waits for others to end once that was in vain.
	restraint = 10 * time.Second
	// suspectLine is how many suspects may wait in a process for their turn. The sweep finds the others again.
	suspectLine = 4
)

// company knows what runs in this process, and lets a suspect run alone: a row whose last run ended without a word may end the process, and
// with it whatever runs beside it. The zero value is an empty process.
type company struct {
	mu sync.Mutex
	// running counts rows in hand, strays runs that were left behind and have not ended yet.
	running, strays int
	// line counts the suspects that wait.
	line int
	// turn is the suspect whose turn it is; nil for none. While closed nothing else begins.
	turn   *turn
	closed bool
	// vain says that others did not end when a suspect last waited for them.
	vain bool
	// changed is closed when somebody who waits may look again.
	changed chan struct{}
}

// turn is a suspect's time to run.
type turn struct {
	company *company
	// clean says that nothing else is in the process, not even what was left behind.
	clean bool
	// over says that the time is up while the suspect still runs.
	over bool
}

// join returns once a row may begin beside others, or ctx has ended.
func (c *company) join(ctx context.Context) error {
	return c.wait(ctx, nil, func() bool {
		if c.closed {
			return false
		}
		c.running++
		return true
	})
}

// part says that a row which had joined has ended.
func (c *company) part() { c.change(func() { c.running-- }) }

// stray says that a run was left behind, and returns what says that it has ended after all.
func (c *company) stray() (ended func()) {
	c.change(func() { c.strays++ })
	return func() { c.change(func() { c.strays-- }) }
}

// seclude waits for a suspect's turn, and returns nil if it does not come soon. The suspect is alone then, as far as others end soon; with strict it
// is alone until it ends, but for what was left behind, or its turn does not come.
func (c *company) seclude(ctx context.Context, strict bool) *turn {
	if !c.queue() {
		return nil
	}
	defer c.change(func() { c.line-- })
	late := time.NewTimer(solitude)
	defer late.Stop()
	t := &turn{company: c}
	if c.wait(ctx, late.C, func() bool { return c.take(t) }) != nil {
		return nil
	}
	// However long it has queued. What the wait has led to, settle looks.
	late.Reset(solitude)
	_ = c.wait(ctx, late.C, func() bool { return c.running == 0 || !c.closed })
	alone := false
	c.change(func() { alone = c.settle(t, strict) })
	if strict && !alone {
		return nil
	}
	return t
}

// queue lets a suspect wait, unless enough of them do.
func (c *company) queue() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.line >= suspectLine {
		return false
	}
	c.line++
	return true
}

// take begins a turn if it is nobody's.
func (c *company) take(t *turn) bool {
	if c.turn != nil {
		return false
	}
	c.turn, c.closed = t, !c.vain
	return true
}

// settle ends the wait for others and reports whether the suspect is alone.
func (c *company) settle(t *turn, strict bool) (alone bool) {
	alone, t.clean = c.running == 0, c.strays == 0
	if !alone && !c.vain {
		c.vain = true
		time.AfterFunc(restraint, func() { c.change(func() { c.vain = false }) })
	}
	c.closed = alone
	switch {
	case !strict:
		time.AfterFunc(solitude, t.expire)
	case !alone:
		c.turn = nil
	}
	return alone
}

// expire lets others begin beside a suspect that takes its time.
func (t *turn) expire() {
	c := t.company
	c.change(func() {
		if c.turn == t {
			c.turn, c.closed, t.over = nil, false, true
			c.running++
		}
	})
}

// end says that the suspect has ended.
func (t *turn) end() {
	c := t.company
	c.change(func() {
		if t.over {
			c.running--
		} else {
			c.turn, c.closed = nil, false
		}
	})
}

// change changes something, and wakes whoever waits.
func (c *company) change(what func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	what()
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// wait returns nil once ready says so, which is asked under the lock, and an error when late or ctx ends first.
func (c *company) wait(ctx context.Context, late <-chan time.Time, ready func() bool) error {
	for {
		c.mu.Lock()
		if ready() {
			c.mu.Unlock()
			return nil
		}
		if c.changed == nil {
			c.changed = make(chan struct{})
		}
		changed := c.changed
		c.mu.Unlock()
		select {
		case <-changed:
		case <-late:
			return context.DeadlineExceeded
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
