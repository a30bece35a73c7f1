package stage

import (
	"fmt"
	"slices"
	"strings"
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
	Count  int        `json:"count,omitempty"`
	Action PushAction `json:"action"`
}

func (f PushFault) check() error {
	if !slices.Contains([]PushAction{PushDrop, PushDuplicate, PushHold}, f.Action) {
		return fmt.Errorf("%w: unknown push action %q", ErrInvalid, f.Action)
	}
	if !slices.Contains([]Provider{"", Google, Microsoft}, f.Provider) {
		return fmt.Errorf("%w: unknown provider %q", ErrInvalid, f.Provider)
	}
	if f.Skip < 0 || f.Count < 0 {
		return fmt.Errorf("%w: a push fault's skip or count is negative", ErrInvalid)
	}
	return nil
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

	struck int
	held   []job
}

// Arm puts a push fault in force and returns its id.
func (p *Pusher) Arm(f PushFault) (string, error) {
	if err := f.check(); err != nil {
		return "", err
	}
	f.ID = p.world.IDs.Hex(12)
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
	for _, a := range p.faults {
		if !a.matches(push) || (a.Count > 0 && a.struck >= a.Count) {
			continue
		}
		if a.Skip > 0 {
			a.Skip--
			continue
		}
		a.struck++
		return a
	}
	return nil
}
