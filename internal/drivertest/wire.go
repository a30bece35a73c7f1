package drivertest

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/calweave/calweave/contracts/provider/providertest"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
)

// wire is the way to a simulated provider. It signs requests with the account's access token.
type wire struct {
	t        providertest.T
	sim      *sim.Sim
	in       sim.In
	now      *clock.Manual
	pace     time.Duration
	scopes   []string
	served   *served
	inner    *http.Transport
	token    string
	requests atomic.Int64
	strange  atomic.Bool
	// spoiled is the id of the event that cannot be read, bar the error of the next request.
	spoiled atomic.Pointer[string]
	bar     atomic.Pointer[error]
	held    string
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if bar := w.bar.Swap(nil); bar != nil {
		return nil, *bar
	}
	w.requests.Add(1)
	if err := w.waited(); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+w.token)
	resp, err := w.inner.RoundTrip(r)
	if err == nil && w.strange.Load() {
		err = rewrite(resp, strange)
	}
	if id := w.spoiled.Load(); err == nil && id != nil {
		err = rewrite(resp, func(doc any) any { return spoil(doc, *id) })
	}
	return resp, err
}

// waited moves the clock by the pace.
func (w *wire) waited() error {
	if w.pace == 0 {
		return nil
	}
	w.now.Advance(w.pace)
	w.sim.CatchUp()
	return w.sign() // a token lives an hour
}

// sign gets a token.
func (w *wire) sign() error {
	token, err := w.sim.IssueToken(w.in.Provider, w.in.Email, "driver", w.scopes...)
	w.token = token.Access
	return err
}

// Requests implements providertest.Wire.
func (w *wire) Requests() int { return int(w.requests.Load()) }

// Harm implements providertest.Wire.
func (w *wire) Harm(c providertest.Call, h providertest.Harm, skip int) {
	w.t.Helper()
	f := map[providertest.Harm]sim.Fault{
		providertest.LostAnswer:  {Action: sim.ActLostAnswer},
		providertest.Unavailable: {Action: stage.ActStatus, Status: http.StatusServiceUnavailable},
		providertest.Throttled:   {Action: stage.ActStatus, Status: http.StatusTooManyRequests, RetryAfter: "17"},
		providertest.ThrottledUntil: {
			Action: stage.ActStatus, Status: http.StatusTooManyRequests, RetryAfter: w.now.Now().Add(23 * time.Second).UTC().Format(http.TimeFormat),
		},
		providertest.HTML:      {Action: stage.ActHTML},
		providertest.Truncated: {Action: stage.ActTruncated},
		providertest.Refused:   {Action: stage.ActStatus, Status: http.StatusUnauthorized},
	}[h]
	f.Provider, f.Skip, f.Count = w.in.Provider, skip, 1
	f.Method, f.Path = w.shape(c)
	if _, err := w.sim.AddFault(f); err != nil {
		w.t.Fatalf("%s of %s: %v", h, c, err)
	}
}

// shape is what requests of a kind look like.
func (w *wire) shape(c providertest.Call) (method, path string) {
	google := w.in.Provider == sim.Google
	pick := func(a, b string) string {
		if google {
			return a
		}
		return b
	}
	switch c {
	case providertest.Creating:
		return http.MethodPost, "*/events"
	case providertest.Updating:
		return http.MethodPatch, "*/events/*"
	case providertest.Deleting:
		return http.MethodDelete, "*/events/*"
	case providertest.Reading:
		return http.MethodGet, "*/events/*"
	case providertest.Browsing:
		return http.MethodGet, pick("*/calendarList", "*/calendars")
	case providertest.Finding:
		return http.MethodGet, "*/events"
	case providertest.Opening:
		return http.MethodPost, pick("*/watch", "*/subscriptions")
	case providertest.Renewing:
		return http.MethodPatch, "*/subscriptions/*"
	case providertest.Closing:
		return pick(http.MethodPost, http.MethodDelete), pick("*/channels/stop", "*/subscriptions/*")
	default:
		return http.MethodGet, pick("*/events", "*/delta*")
	}
}

// Hold implements providertest.Wire.
func (w *wire) Hold(c providertest.Call) (release func()) {
	w.t.Helper()
	f := sim.Fault{Provider: w.in.Provider, Count: 1, Action: stage.ActHold}
	f.Method, f.Path = w.shape(c)
	id, err := w.sim.AddFault(f)
	if err != nil {
		w.t.Fatalf("hold %s: %v", c, err)
	}
	w.held = id
	return func() {
		w.sim.RemoveFault(id)
		w.served.rest()
	}
}

// Held implements providertest.Wire.
func (w *wire) Held() {
	const enough = 10 * time.Second
	ctx, cancel := context.WithTimeout(w.t.Context(), enough)
	defer cancel()
	err := w.sim.Wait(ctx, func() bool {
		f, ok := w.sim.Fault(w.held)
		return ok && f.Waiting > 0
	})
	if err != nil {
		w.t.Fatalf("nothing is held: %v", err)
	}
}
