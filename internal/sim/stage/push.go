package stage

import (
	"net/http"
	"time"
)

// Push is a request that a simulator wants to send.
type Push struct {
	Provider Provider
	Account  string
	// Channel is the id of the channel or subscription. Pushes of one channel go out in order.
	Channel string
	// Kind is X-Goog-Resource-State, changeType or lifecycleEvent.
	Kind   string
	URL    string
	Header http.Header
	Body   []byte
	// Judge says what the provider makes of an answer; status 0 is no answer at all.
	Judge func(status int) PushVerdict
	// Took is told how long each attempt took by the simulators' clock. It may be nil, and must not wait for anyone who sends.
	Took func(time.Duration)
	// Stranger is the push as somebody would send it who knows where to and all but the secret. It may be nil.
	Stranger func() Push
}

// PushVerdict is what a provider makes of the answer to a push.
type PushVerdict int

// The verdicts.
const (
	PushDelivered PushVerdict = iota
	PushRetry
	PushGivenUp
)

// PushState is where a push stands.
type PushState string

// The states.
const (
	// StateQueued waits for its turn, for its answer or for the next attempt.
	StateQueued PushState = "queued"
	// StateHeld waits until the push fault that holds it is released.
	StateHeld      PushState = "held"
	StateDelivered PushState = "delivered"
	// StateGivenUp was answered with something that the provider does not try again after, or too often.
	StateGivenUp PushState = "given_up"
	// StateDropped was never sent: a push fault took it, or too many were waiting or held, or the simulator closed.
	StateDropped PushState = "dropped"
)

// PushRecord is a push and what became of it.
type PushRecord struct {
	// N numbers the pushes of one World from 1 on, in the order in which they were asked for.
	N        uint64      `json:"n"`
	At       time.Time   `json:"at"`
	Provider Provider    `json:"provider"`
	Account  string      `json:"account"`
	Channel  string      `json:"channel"`
	Kind     string      `json:"kind"`
	URL      string      `json:"url"`
	Header   http.Header `json:"header,omitempty"`
	Body     string      `json:"body,omitempty"`
	State    PushState   `json:"state"`
	// Statuses are the answers so far, 0 for none.
	Statuses []int `json:"statuses,omitempty"`
}

// Done reports whether nothing more will happen to the push.
func (r PushRecord) Done() bool { return r.State != StateQueued && r.State != StateHeld }
