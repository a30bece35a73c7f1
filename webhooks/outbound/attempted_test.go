package outbound_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

// Each attempt is heard of once, a test's too; where none was made there is nothing to hear.
func TestAttemptsAreHeardOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer int
		change func(p *post)
		want   []string
	}{
		"taken":     {http.StatusNoContent, nil, []string{""}},
		"refused":   {http.StatusInternalServerError, nil, []string{"status"}},
		"a test":    {http.StatusInternalServerError, func(p *post) { p.outbox.delivery.Message.Type = message.EndpointTested }, []string{"status"}},
		"elsewhere": {http.StatusOK, func(p *post) { p.outbox.delivery.Endpoint.URL = "http://127.0.0.1:1/" }, []string{"connect"}},
		"parked":    {http.StatusOK, func(p *post) { p.outbox.delivery.Endpoint.Enabled = false }, nil},
		"done":      {http.StatusOK, func(p *post) { p.outbox.delivery.State = record.DeliveryDelivered }, nil},
		"no URL":    {http.StatusOK, func(p *post) { p.outbox.delivery.Endpoint.URL = "://" }, nil},
	} {
		p := newPost(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.answer) })
		if c.change != nil {
			c.change(p)
		}
		var got []string
		p.Attempted = func(failure string, _ time.Duration) { got = append(got, failure) }
		_ = p.send(time.Minute)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// How long an endpoint took is told, and an attempt that a shutdown has ended is none.
func TestLatencyIsHeardOf(t *testing.T) {
	t.Parallel()
	var p *post
	p = newPost(t, func(http.ResponseWriter, *http.Request) { p.clock.Advance(3 * time.Second) })
	heard := 0
	p.Attempted = func(_ string, took time.Duration) {
		heard++
		if took != 3*time.Second {
			t.Errorf("%s", took)
		}
	}
	if err := p.send(time.Minute); err != nil || heard != 1 {
		t.Errorf("%v, heard of %d times", err, heard)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p = newPost(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	p.Attempted = func(failure string, _ time.Duration) { t.Errorf("heard of %q", failure) }
	_ = p.Work(ctx, lease(p.clock, time.Minute))
}
