package stage

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxDelayMS bounds how slow an answer can be.
const maxDelayMS = 10 * 60 * 1000

// Action is what a fault does to a request.
type Action string

// The actions.
const (
	// ActStatus answers with Status instead of doing anything. Without a Body the answer is an error in the provider's own form.
	ActStatus Action = "status"
	// ActHTML answers with Status, 502 if none, and a page as a front door would, instead of doing anything.
	ActHTML Action = "html"
	// ActClosed closes the connection before anything was done. Go's transport repeats a GET by itself when this happens to a connection
	// that was used before.
	ActClosed Action = "closed"
	// ActLostAnswer does what was asked and then closes the connection without an answer.
	ActLostAnswer Action = "lost_answer"
	// ActCursorLost answers as the provider does when a cursor is dead, and strikes only requests that carry a cursor or a page token.
	ActCursorLost Action = "cursor_lost"
	// ActReset is ActClosed with a reset of the connection, and ActResetAfter is ActLostAnswer with one: the client reads an error where it
	// might have read an end.
	ActReset      Action = "reset"
	ActResetAfter Action = "reset_after"
	// ActTruncated does what was asked, announces the whole answer and closes the connection in the middle of its body.
	ActTruncated Action = "truncated"
	// ActSlow does what was asked and answers DelayMS later, in real time, or as soon as the fault is released.
	ActSlow Action = "slow"
	// ActHold holds the request until the fault is released, and then does what was asked, even if the client has gone by then.
	ActHold Action = "hold"
	// ActHoldAnswer does what was asked and holds the answer until the fault is released.
	ActHoldAnswer Action = "hold_answer"
)

// Fault is a failure on demand. A request is struck by the first fault, in the order in which they were added, that matches it and is not used
// up. Empty conditions match everything.
type Fault struct {
	// ID is set by Add.
	ID       string   `json:"id,omitempty"`
	Provider Provider `json:"provider,omitempty"`
	// Account is the address of the person whose access token the request carries; requests to the OAuth servers carry none.
	Account string `json:"account,omitempty"`
	Method  string `json:"method,omitempty"`
	// Path is compared with the whole unescaped path, and "*" stands for any run of characters, slashes among them.
	Path string `json:"path,omitempty"`
	// Query must be part of the raw query.
	Query string `json:"query,omitempty"`
	// Skip is how many matching requests pass first.
	Skip int `json:"skip,omitempty"`
	// Count is how many requests are struck; 0 is all until the fault is removed.
	Count int `json:"count,omitempty"`
	Schedule
	Action Action `json:"action"`
	// DelayMS is how long a slow answer takes, in milliseconds.
	DelayMS int `json:"delay_ms,omitempty"`
	// Status, Code and Message are the answer's. Code is Google's reason or Microsoft's code; empty is what the status usually has.
	Status  int    `json:"status,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// RetryAfter is the header's value as it stands, so both of its forms are possible; empty sends none.
	RetryAfter  string `json:"retry_after,omitempty"`
	ContentType string `json:"content_type,omitempty"`
	Body        string `json:"body,omitempty"`
}

// FaultState is a fault and what became of it.
type FaultState struct {
	Fault
	// Struck is how many requests were struck, and Waiting how many of them are being held now.
	Struck  int `json:"struck"`
	Waiting int `json:"waiting"`
	// Spent says that no further request will be struck.
	Spent bool `json:"spent"`
}

func (f Fault) check() error {
	if err := f.checkAction(); err != nil {
		return err
	}
	if !slices.Contains([]Provider{"", Google, Microsoft}, f.Provider) {
		return fmt.Errorf("%w: unknown provider %q", ErrInvalid, f.Provider)
	}
	if f.Skip < 0 || f.Count < 0 || (f.Status != 0 && (f.Status < 200 || f.Status > 599)) {
		return fmt.Errorf("%w: a fault's skip, count or status is out of range", ErrInvalid)
	}
	return f.Schedule.check()
}

func (f Fault) checkAction() error {
	switch f.Action {
	case ActStatus:
		if f.Status < 200 || f.Status > 599 {
			return fmt.Errorf("%w: a fault's status is 200 to 599, not %d", ErrInvalid, f.Status)
		}
	case ActSlow:
		if f.DelayMS < 1 || f.DelayMS > maxDelayMS {
			return fmt.Errorf("%w: a slow answer takes 1 to %d ms, not %d", ErrInvalid, maxDelayMS, f.DelayMS)
		}
	case ActHTML, ActClosed, ActLostAnswer, ActReset, ActResetAfter, ActTruncated, ActCursorLost, ActHold, ActHoldAnswer:
	default:
		return fmt.Errorf("%w: unknown action %q", ErrInvalid, f.Action)
	}
	return nil
}

// armed is a fault that was added.
type armed struct {
	state    FaultState
	released chan struct{}
	// matched counts what the fault matched beyond Skip, whether or not its schedule struck it.
	matched uint64
}

// Faults are the faults of one World.
type Faults struct {
	world *World
	alive atomic.Int64

	mu   sync.Mutex
	list []*armed
}

func newFaults(w *World) *Faults { return &Faults{world: w} }

// Add arms a fault and returns its id.
func (s *Faults) Add(f Fault) (string, error) {
	if err := f.check(); err != nil {
		return "", err
	}
	f.ID = s.world.IDs.Hex(12)
	f.Schedule = f.Schedule.armed(s.world.Now(), s.world.IDs.seed)
	s.mu.Lock()
	s.list = append(s.list, &armed{state: FaultState{Fault: f}, released: make(chan struct{})})
	s.mu.Unlock()
	s.alive.Add(1)
	s.world.Signal.Raise()
	return f.ID, nil
}

// Release lets go of the requests that the fault holds, and of all that it would hold. It reports whether the fault exists.
func (s *Faults) Release(id string) bool {
	a := s.find(id)
	if a == nil {
		return false
	}
	s.end(a)
	return true
}

// Remove releases the fault and forgets it.
func (s *Faults) Remove(id string) bool {
	a := s.find(id)
	if a == nil {
		return false
	}
	s.end(a)
	s.mu.Lock()
	s.list = slices.DeleteFunc(s.list, func(o *armed) bool { return o == a })
	s.mu.Unlock()
	s.world.Signal.Raise()
	return true
}

// State returns a fault as it stands.
func (s *Faults) State(id string) (FaultState, bool) {
	a := s.find(id)
	if a == nil {
		return FaultState{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return a.state, true
}

// All returns every fault that was added and not removed, in that order.
func (s *Faults) All() []FaultState {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]FaultState, 0, len(s.list))
	for _, a := range s.list {
		all = append(all, a.state)
	}
	return all
}

func (s *Faults) find(id string) *armed {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.list {
		if a.state.ID == id {
			return a
		}
	}
	return nil
}

// end makes a fault strike no more and lets go of what it holds.
func (s *Faults) end(a *armed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spend(a)
	select {
	case <-a.released:
	default:
		close(a.released)
	}
	s.world.Signal.Raise()
}

func (s *Faults) spend(a *armed) {
	if !a.state.Spent {
		a.state.Spent = true
		s.alive.Add(-1)
	}
}

func (s *Faults) close() {
	s.mu.Lock()
	list := slices.Clone(s.list)
	s.mu.Unlock()
	for _, a := range list {
		s.end(a)
	}
}

// struck is what a fault is compared with.
type struck struct {
	provider Provider
	account  string
	cursor   bool
	r        *http.Request
}

// take returns the fault that strikes the request, or nil, and what it says.
func (s *Faults) take(q struck) (*armed, Fault) {
	if s.alive.Load() == 0 {
		return nil, Fault{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.world.Now()
	for _, a := range s.list {
		if a.state.Spent || !a.state.open(now) || !a.state.matches(q) {
			continue
		}
		if a.state.Skip > 0 {
			a.state.Skip--
			continue
		}
		a.matched++
		if !a.state.strikes(a.matched - 1) {
			continue
		}
		a.state.Struck++
		if a.state.Count > 0 && a.state.Struck >= a.state.Count {
			s.spend(a)
		}
		return a, a.state.Fault
	}
	return nil, Fault{}
}

// delay waits as long as the fault says, or until it is released or the client has gone.
func (s *Faults) delay(ctx context.Context, a *armed, f Fault) {
	s.count(a, 1)
	defer s.count(a, -1)
	timer := time.NewTimer(time.Duration(f.DelayMS) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-a.released:
	case <-ctx.Done():
	}
}

// hold waits until the fault is released.
func (s *Faults) hold(a *armed) {
	s.count(a, 1)
	<-a.released
	s.count(a, -1)
}

func (s *Faults) count(a *armed, waiting int) {
	s.mu.Lock()
	a.state.Waiting += waiting
	s.mu.Unlock()
	s.world.Signal.Raise()
}

func (f Fault) matches(q struck) bool {
	return (f.Provider == "" || f.Provider == q.provider) &&
		(f.Account == "" || strings.EqualFold(f.Account, q.account)) &&
		(f.Method == "" || strings.EqualFold(f.Method, q.r.Method)) &&
		(f.Query == "" || strings.Contains(q.r.URL.RawQuery, f.Query)) &&
		(f.Action != ActCursorLost || q.cursor) &&
		globbed(f.Path, q.r.URL.Path)
}

// globbed reports whether the name is what the pattern describes, in which "*" is any run of characters.
func globbed(pattern, name string) bool {
	if pattern == "" {
		return true
	}
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name || path.Clean(pattern) == name
	}
	rest, ok := strings.CutPrefix(name, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
