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
	// PushReorder keeps it until the next push of the same channel, which is not struck by the same fault, has been sent, or the fault is
	// released.
	PushReorder PushAction = "reorder"
	// PushDelay sends it DelayMS later, in real time, or when the fault is released; others overtake it.
	PushDelay PushAction = "delay"
	// PushForge sends it, and beside it one as a stranger would who guesses the secret.
	PushForge PushAction = "forge"
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
	if !slices.Contains([]PushAction{PushDrop, PushDuplicate, PushHold, PushReorder, PushDelay, PushForge}, f.Action) {
		return badField("action", "unknown push action %q", f.Action)
	}
	if f.Action == PushDelay && (f.DelayMS < 1 || f.DelayMS > maxDelayMS) {
		return badField("delay_ms", "a push is delayed by 1 to %d ms, not %d", maxDelayMS, f.DelayMS)
	}
	return firstError(knownProvider(f.Provider), notNegative("skip", f.Skip), notNegative("count", f.Count), f.Schedule.check())
}

func (f PushFault) matches(p Push) bool {
	return (f.Provider == "" || f.Provider == p.Provider) &&
		(f.Account == "" || strings.EqualFold(f.Account, p.Account)) &&
		(f.Channel == "" || f.Channel == p.Channel) &&
		(f.Kind == "" || f.Kind == p.Kind)
}

// PushFaultState is a push fault and what became of it.
type PushFaultState struct {
	PushFault

	// Struck is how many pushes were struck, and Held how many of them are kept back now.
	Struck int `json:"struck"`
	Held   int `json:"held"`
	// Spent says that no further push will be struck.
	Spent bool `json:"spent"`
}

// armedPush is a push fault in force, and the pushes that it holds.
type armedPush struct {
	PushFault

	matched uint64
	passed  int
	struck  int
	held    []job
}

func (a *armedPush) spent() bool { return a.Count > 0 && a.struck >= a.Count }

// waits reports whether a push of the channel is kept until this one overtakes it.
func (a *armedPush) waits(push Push) bool {
	return a.Action == PushReorder && slices.ContainsFunc(a.held, func(j job) bool { return j.sameChannel(push) })
}

func (p Push) sameChannel(o Push) bool { return p.Provider == o.Provider && p.Channel == o.Channel }

// Arm puts a push fault in force and returns its id. It fails on a fault that is not possible, and when maxFaults are in force.
func (p *Pusher) Arm(f PushFault) (string, error) {
	if err := f.check(); err != nil {
		return "", err
	}
	f.ID = p.world.IDs.Hex(12)
	f.Schedule = f.Schedule.armed(p.world.Now(), p.world.IDs.seed)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.faults) >= maxFaults {
		p.faults = slices.DeleteFunc(p.faults, func(a *armedPush) bool { return a.spent() && len(a.held) == 0 })
	}
	if len(p.faults) >= maxFaults {
		return "", fmt.Errorf("%w: %d push faults are in force already: release some", ErrInvalid, maxFaults)
	}
	p.faults = append(p.faults, &armedPush{PushFault: f})
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

// PushFaults returns the push faults that were not released, in the order in which they were added.
func (p *Pusher) PushFaults() []PushFaultState {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]PushFaultState, 0, len(p.faults))
	for _, a := range p.faults {
		all = append(all, PushFaultState{PushFault: a.PushFault, Struck: a.struck, Held: len(a.held), Spent: a.spent()})
	}
	return all
}

// strike returns the fault that strikes the push, or nil. p.mu is held.
func (p *Pusher) strike(push Push) *armedPush {
	now := p.world.Now()
	for _, a := range p.faults {
		if a.spent() || !a.open(now) || !a.matches(push) || a.waits(push) {
			continue
		}
		if a.passed < a.Skip {
			a.passed++
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

// keep holds a push back for the fault, unless that holds too many already. p.mu is held.
func (p *Pusher) keep(a *armedPush, j job) {
	if p.closed || len(a.held) >= maxQueue {
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
			if j.sameChannel(push) {
				p.enqueue(j)
			} else {
				rest = append(rest, j)
			}
		}
		a.held = rest
	}
}

// dropHeld drops what the faults hold. p.mu is held.
func (p *Pusher) dropHeld() {
	for _, a := range p.faults {
		for _, j := range a.held {
			p.finish(j, StateDropped)
		}
		a.held = nil
	}
}
