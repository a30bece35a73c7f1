package app_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/calweave/calweave/contracts/message"
)

// coreSecret is the secret of the core's endpoint.
const coreSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDWVd2uKzMVc8="

// core is a booking core: it verifies messages, drops repeats, and keeps the rest. It counts deliveries apart.
type core struct {
	mu         sync.Mutex
	verifier   *standardwebhooks.Webhook
	seen       map[string]bool
	messages   []message.Envelope
	deliveries int
	forged     int
	changed    chan struct{}
}

func newCore() *core {
	v, err := standardwebhooks.NewWebhook(coreSecret)
	if err != nil {
		panic(err)
	}
	return &core{verifier: v, seen: map[string]bool{}, changed: make(chan struct{})}
}

func (c *core) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	// The time in the signature is the world's, which stands still in 2027: only the signature counts here.
	if err != nil || c.verifier.VerifyIgnoringTimestamp(body, r.Header) != nil {
		c.forged++
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var e message.Envelope
	if json.Unmarshal(body, &e) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.deliveries++
	if !c.seen[string(e.ID)] {
		c.seen[string(e.ID)] = true
		c.messages = append(c.messages, e)
		close(c.changed)
		c.changed = make(chan struct{})
	}
	w.WriteHeader(http.StatusNoContent)
}

// all are the messages that have arrived.
func (c *core) all() []message.Envelope {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.messages)
}

// count is how many different messages of a type have arrived.
func (c *core) count(kind message.Type) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, e := range c.messages {
		if e.Type == kind {
			n++
		}
	}
	return n
}

// types are the types of all different messages that have arrived, with how often.
func (c *core) types() map[message.Type]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[message.Type]int{}
	for _, e := range c.messages {
		out[e.Type]++
	}
	return out
}

// wait returns once n different messages of a type have arrived.
func (c *core) wait(ctx context.Context, kind message.Type, n int) error {
	for {
		c.mu.Lock()
		changed := c.changed
		c.mu.Unlock()
		if c.count(kind) >= n {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}
