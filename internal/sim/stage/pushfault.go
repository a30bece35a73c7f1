package stage

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// PushAction is what a push fault does.
type PushAction string

// The actions on pushes.
const (
	// PushDrop loses the push.
	PushDrop PushAction = "drop"
	// PushDuplicate sends it twice.
	PushDuplicate PushAction = "duplicate"
	// PushHold keeps it until the fault is released; pushes that are not held overtake it.
	PushHold PushAction = "hold"
	// PushReorder keeps it until the next push of the same channel has been sent, or the fault is released.
	PushReorder PushAction = "reorder"
	// PushDelay sends it DelayMS later, in real time, or when the fault is released; others overtake it.
	PushDelay PushAction = "delay"
)

// PushFault is a failure of pushing on demand. A push is struck by the first one that matches and is not used up. Empty conditions match
// everything.
type PushFault struct {
	// ID is set by Arm.
	ID       string   `json:"id,omitempty"`
	Provider Provider `json:"provider,omitempty"`
	Account  string   `json:"account,omitempty"`
	Channel  string   `json:"channel,omitempty"`
	Kind     string   `json:"kind,omitempty"`
	Skip     int      `json:"skip,omitempty"`
	// Count is how many pushes are struck; 0 is all until the fault is released.
	Count int `json:"count,omitempty"`
	Schedule
	Action PushAction `json:"action"`
	// DelayMS is how long PushDelay waits, in milliseconds.
	DelayMS int `json:"delay_ms,omitempty"`
}

func (f PushFault) check() error {
	if !slices.Contains([]PushAction{PushDrop, PushDuplicate, PushHold, PushReorder, PushDelay}, f.Action) {
		return fmt.Errorf("%w: unknown push action %q", ErrInvalid, f.Action)
	}
	if !slices.Contains([]Provider{"", Google, Microsoft}, f.Provider) {
		return fmt.Errorf("%w: unknown provider %q", ErrInvalid, f.Provider)
	}
	if f.Skip < 0 || f.Count < 0 {
		return fmt.Errorf("%w: a push fault's skip or count is negative", ErrInvalid)
	}
	if f.Action == PushDelay && (f.DelayMS < 1 || f.DelayMS > maxDelayMS) {
		return fmt.Errorf("%w: a push is delayed by 1 to %d ms, not %d", ErrInvalid, maxDelayMS, f.DelayMS)
	}
	return f.Schedule.check()
}

func (f PushFault) matches(p Push) bool {
	return (f.Provider == "" || f.Provider == p.Provider) &&
		(f.Account == "" || strings.EqualFold(f.Account, p.Account)) &&
		(f.Channel == "" || f.Channel == p.Channel) &&
		(f.Kind == "" || f.Kind == p.Kind)
}

// armedPush is a push fault in force, and the pushes that it holds.
type armedPush struct {
	PushFault

	matched uint64
	struck  int
	held    []job
}

// Arm puts a push fault in force and returns its id.
func (p *Pusher) Arm(f PushFault) (string, error) {
	if err := f.check(); err != nil {
		return "", err
	}
	f.ID = p.world.IDs.Hex(12)
	f.Schedule = f.Schedule.armed(p.world.Now(), p.world.IDs.seed)
	p.mu.Lock()
	p.faults = append(p.faults, &armedPush{PushFault: f})
	p.mu.Unlock()
	p.world.Signal.Raise()
	return f.ID, nil
}

// Release ends a push fault and sends what it held, in order. It reports whether the fault exists.
func (p *Pusher) Release(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.faults, func(a *armedPush) bool { return a.ID == id })
	if i < 0 {
		return false
	}
	held := p.faults[i].held
	p.faults[i].held = nil
	p.faults = slices.Delete(p.faults, i, i+1)
	for _, j := range held {
		p.enqueue(j)
	}
	p.world.Signal.Raise()
	return true
}

// PushFaults returns the push faults in force.
func (p *Pusher) PushFaults() []PushFault {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]PushFault, 0, len(p.faults))
	for _, a := range p.faults {
		all = append(all, a.PushFault)
	}
	return all
}

// strike returns the fault that strikes the push, or nil. p.mu is held.
func (p *Pusher) strike(push Push) *armedPush {
	now := p.world.Now()
	for _, a := range p.faults {
		if !a.open(now) || !a.matches(push) || (a.Count > 0 && a.struck >= a.Count) {
			continue
		}
		if a.Skip > 0 {
			a.Skip--
			continue
		}
		a.matched++
		if !a.strikes(a.matched - 1) {
			continue
		}
		a.struck++
		return a
	}
	return nil
}

// keep holds a push back for the fault. p.mu is held.
func (p *Pusher) keep(a *armedPush, j job) {
	if p.closed {
		p.finish(j, StateDropped)
		return
	}
	p.note(j.n, StateHeld)
	a.held = append(a.held, j)
	markTried(j)
	if a.Action == PushDelay {
		p.workers.Go(func() { p.later(a, j) })
	}
}

// later sends a push that was delayed, unless it was released before.
func (p *Pusher) later(a *armedPush, j job) {
	timer := time.NewTimer(time.Duration(a.DelayMS) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.IndexFunc(a.held, func(h job) bool { return h.n == j.n }); i >= 0 {
		a.held = slices.Delete(a.held, i, i+1)
		p.enqueue(j)
	}
}

// overtaken sends what waits for a push of the channel to overtake it. p.mu is held.
func (p *Pusher) overtaken(push Push) {
	for _, a := range p.faults {
		if a.Action != PushReorder {
			continue
		}
		var rest []job
		for _, j := range a.held {
			if j.Provider == push.Provider && j.Channel == push.Channel {
				p.enqueue(j)
			} else {
				rest = append(rest, j)
			}
		}
		a.held = rest
	}
}
