package dev

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/calweave/calweave/contracts/message"
)

// core is a sample booking core: it verifies each message as Standard Webhooks says, drops what it has seen, and keeps the rest.
type core struct {
	mu       sync.Mutex
	verifier *standardwebhooks.Webhook
	seen     map[string]bool
	messages []message.Envelope
	changed  chan struct{}
}

func newCore() *core {
	return &core{seen: map[string]bool{}, messages: []message.Envelope{}, changed: make(chan struct{})}
}

// trust sets the secret of the core's endpoint.
func (c *core) trust(secret string) error {
	v, err := standardwebhooks.NewWebhook(secret)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.verifier = v
	return err
}

// ServeHTTP receives one delivery, and shows a reader what has arrived.
func (c *core) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		c.show(w)
		return
	}
	c.receive(w, r)
}

func (c *core) show(w http.ResponseWriter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	raw, err := json.Marshal(c.messages)
	if err != nil {
		http.Error(w, "the messages cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(raw, '\n')) // the reader has gone
}

func (c *core) receive(w http.ResponseWriter, r *http.Request) {
	const limit = 1 << 20
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.verifier == nil || c.verifier.Verify(body, r.Header) != nil {
		http.Error(w, "the signature does not match", http.StatusUnauthorized)
		return
	}
	var e message.Envelope
	if err := json.Unmarshal(body, &e); err != nil {
		http.Error(w, "no message", http.StatusBadRequest)
		return
	}
	if !c.seen[string(e.ID)] {
		c.seen[string(e.ID)] = true
		c.messages = append(c.messages, e)
		close(c.changed)
		c.changed = make(chan struct{})
	}
	w.WriteHeader(http.StatusNoContent)
}

// wait returns the first message of a type that came after the first n messages.
func (c *core) wait(ctx context.Context, kind message.Type, n int) (message.Envelope, error) {
	for {
		c.mu.Lock()
		changed := c.changed
		for _, e := range c.messages[min(n, len(c.messages)):] {
			if e.Type == kind {
				c.mu.Unlock()
				return e, nil
			}
		}
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			return message.Envelope{}, ctx.Err()
		case <-changed:
		}
	}
}

// count is how many messages have arrived.
func (c *core) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.messages)
}
