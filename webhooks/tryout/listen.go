package tryout

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/clock"
)

// MaxBody is how large a message may be; calweave's are a few kilobytes.
const MaxBody = 1 << 20

// Heard is what a Listener has heard. Of a message that was not verified nothing is repeated.
type Heard struct {
	At       time.Time    `json:"received_at"`
	Verified bool         `json:"verified"`
	Wrong    []string     `json:"wrong,omitempty"`
	ID       string       `json:"id,omitempty"`
	Type     message.Type `json:"type,omitempty"`
	// Answered is the status that the sender was given.
	Answered int `json:"answered"`
	// Message is the body, as a JSON string if it is no JSON.
	Message json.RawMessage `json:"message,omitempty"`
}

// Listener receives messages, mounted at every path.
type Listener struct {
	Verifier *Verifier
	// Status is what a message that is verified is answered with.
	Status int
	Clock  clock.Clock
	// Tell is called with each message before its sender is answered, one at a time.
	Tell func(Heard)
	mu   sync.Mutex
}

// ServeHTTP answers 405 to what is no POST, 413 to what is too long, 400 to what is not valid, and Status to the rest.
func (l *Listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := l.hear(w, r)
	l.mu.Lock()
	l.Tell(h)
	l.mu.Unlock()
	w.WriteHeader(h.Answered)
}

func (l *Listener) hear(w http.ResponseWriter, r *http.Request) Heard {
	refused := func(status int, wrong ...string) Heard {
		return Heard{At: l.Clock.Now().UTC(), Wrong: wrong, Answered: status}
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return refused(http.StatusMethodNotAllowed, "a message is a POST")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return refused(http.StatusRequestEntityTooLarge, "the body is longer than 1 MiB")
	}
	if err != nil {
		return refused(http.StatusBadRequest, "the body did not arrive whole")
	}
	if wrong := l.Verifier.Verify(r.Header, body); len(wrong) > 0 {
		return refused(http.StatusBadRequest, wrong...)
	}
	h := Heard{At: l.Clock.Now().UTC(), Verified: true, ID: r.Header.Get(standardwebhooks.HeaderWebhookID), Answered: l.Status, Message: body}
	var e message.Envelope
	if json.Unmarshal(body, &e) == nil {
		h.Type = e.Type
	}
	if !json.Valid(body) {
		h.Message = quoted(body)
	}
	return h
}

// quoted is a text as a JSON string.
func quoted(text []byte) json.RawMessage {
	raw, err := json.Marshal(string(text))
	if err != nil {
		return json.RawMessage("null") // unreachable: a string can always be written
	}
	return raw
}
