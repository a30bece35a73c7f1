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

const (
	// maxDelayMS bounds how slow an answer can be.
	maxDelayMS = 10 * 60 * 1000
	// maxFaults bounds the faults in force, of requests and of pushes each, and the used up ones that can still be looked at.
	maxFaults = 1000
)

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
	// ActEarly tells all channels and subscriptions of the account that something has changed, waits until each was tried once, and only then
	// does what was asked: a push that comes before its change can be read. It strikes only requests of an account.
	ActEarly Action = "early"
	// ActRevoke ends all that the account has allowed, as the person or an administrator can at any time, and then does what was asked as far
	// as that leaves it. It strikes only requests of an account.
	ActRevoke Action = "revoke"
)

// Fault is a failure on demand. A request is struck by the first fault, in the order in which they were added, that matches it and is not used
// up. Empty conditions match everything.
type Fault struct {
	// ID is set by Add.
	ID       string   `json:"id,omitempty"`
	Provider Provider `json:"provider,omitempty"`
	// Account is the address of the person whose access token the request carries, or at the token endpoint whose refresh token or code.
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
	return firstError(f.checkAction(), f.checkStatus(), knownProvider(f.Provider), notNegative("skip", f.Skip), notNegative("count", f.Count), f.Schedule.check())
}

// checkStatus looks at the status, without which ActStatus has nothing to answer.
func (f Fault) checkStatus() error {
	if (f.Status != 0 || f.Action == ActStatus) && (f.Status < 200 || f.Status > 599) {
		return badField("status", "is 200 to 599, not %d", f.Status)
	}
	return nil
}

func (f Fault) checkAction() error {
	switch f.Action {
	case ActSlow:
		if f.DelayMS < 1 || f.DelayMS > maxDelayMS {
			return badField("delay_ms", "a slow answer takes 1 to %d ms, not %d", maxDelayMS, f.DelayMS)
		}
	case ActStatus, ActHTML, ActClosed, ActLostAnswer, ActReset, ActResetAfter, ActTruncated, ActCursorLost, ActHold, ActHoldAnswer, ActEarly, ActRevoke:
	default:
		return badField("action", "unknown action %q", f.Action)
	}
	return nil
}

// armed is a fault that was added.
type armed struct {
	state    FaultState
	released chan struct{}
	// passed is how many have passed for Skip.
	passed int
	// matched counts what the fault matched beyond Skip, whether or not its schedule struck it.
	matched uint64
}

// Faults are the faults of one World.
type Faults struct {
	world *World
	alive atomic.Int64

	mu     sync.Mutex
	list   []*armed
	closed bool
}

func newFaults(w *World) *Faults { return &Faults{world: w} }

// Add arms a fault and returns its id. It fails on a fault that is not possible, and when maxFaults are in force.
func (s *Faults) Add(f Fault) (string, error) {
	if err := f.check(); err != nil {
		return "", err
	}
	f.ID = s.world.IDs.Hex(12)
	f.Schedule = f.Schedule.armed(s.world.Now(), s.world.IDs.seed)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alive.Load() >= maxFaults {
		return "", fmt.Errorf("%w: %d faults are in force already: remove some", ErrInvalid, maxFaults)
	}
	s.forget()
	a := &armed{state: FaultState{Fault: f}, released: make(chan struct{})}
	s.list = append(s.list, a)
	s.alive.Add(1)
	if s.closed { // nobody would let go of what it held
		s.end(a)
	}
	s.world.Signal.Raise()
	return f.ID, nil
}

// forget drops the oldest of the faults that are used up once there are too many of them. s.mu is held.
func (s *Faults) forget() {
	excess := len(s.list) - int(s.alive.Load()) - maxFaults
	s.list = slices.DeleteFunc(s.list, func(a *armed) bool {
		if excess <= 0 || !a.state.Spent || a.state.Waiting > 0 {
			return false
		}
		excess--
		return true
	})
}

// Release lets go of the requests that the fault holds, and of all that it would hold. It reports whether the fault exists.
func (s *Faults) Release(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(id)
	if i < 0 {
		return false
	}
	s.end(s.list[i])
	return true
}

// Remove releases the fault and forgets it.
func (s *Faults) Remove(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(id)
	if i < 0 {
		return false
	}
	s.end(s.list[i])
	s.list = slices.Delete(s.list, i, i+1)
	return true
}

// State returns a fault as it stands.
func (s *Faults) State(id string) (FaultState, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(id)
	if i < 0 {
		return FaultState{}, false
	}
	return s.list[i].state, true
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

// index is where a fault stands; -1 if it is not there. s.mu is held.
func (s *Faults) index(id string) int {
	return slices.IndexFunc(s.list, func(a *armed) bool { return a.state.ID == id })
}

// end makes a fault strike no more and lets go of what it holds. s.mu is held.
func (s *Faults) end(a *armed) {
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

// close ends all faults, and any that is added from now on.
func (s *Faults) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, a := range s.list {
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
		if a.passed < a.state.Skip {
			a.passed++
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
		f.Action.strikes(q) &&
		globbed(f.Path, q.r.URL.Path)
}

// strikes reports whether the request has what the action is about.
func (a Action) strikes(q struck) bool {
	switch a {
	case ActCursorLost:
		return q.cursor
	case ActEarly, ActRevoke:
		return q.account != ""
	default:
		return true
	}
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
