package drivertest

import (
	"net/http"
	"sync/atomic"

	"github.com/calweave/calweave/contracts/provider/providertest"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
)

// wire is the way to a simulated provider. It signs requests with the account's access token.
type wire struct {
	t        providertest.T
	sim      *sim.Sim
	provider sim.Provider
	inner    *http.Transport
	token    string
	requests atomic.Int64
	held     string
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w.requests.Add(1)
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+w.token)
	return w.inner.RoundTrip(r)
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
		providertest.HTML:        {Action: stage.ActHTML},
		providertest.Truncated:   {Action: stage.ActTruncated},
		providertest.Refused:     {Action: stage.ActStatus, Status: http.StatusUnauthorized},
	}[h]
	f.Provider, f.Skip, f.Count = w.provider, skip, 1
	f.Method, f.Path = w.shape(c)
	if _, err := w.sim.AddFault(f); err != nil {
		w.t.Fatalf("%s of %s: %v", h, c, err)
	}
}

// shape is what requests of a kind look like.
func (w *wire) shape(c providertest.Call) (method, path string) {
	switch c {
	case providertest.Creating:
		return http.MethodPost, "*/events"
	case providertest.Updating:
		return http.MethodPatch, "*/events/*"
	case providertest.Deleting:
		return http.MethodDelete, "*/events/*"
	case providertest.Reading:
		return http.MethodGet, "*/events/*"
	default:
		if w.provider == sim.Microsoft {
			return http.MethodGet, "*/delta*"
		}
		return http.MethodGet, "*/events"
	}
}

// Hold implements providertest.Wire.
func (w *wire) Hold(c providertest.Call) (release func()) {
	w.t.Helper()
	f := sim.Fault{Provider: w.provider, Count: 1, Action: stage.ActHold}
	f.Method, f.Path = w.shape(c)
	id, err := w.sim.AddFault(f)
	if err != nil {
		w.t.Fatalf("hold %s: %v", c, err)
	}
	w.held = id
	return func() { w.sim.RemoveFault(id) }
}

// Held implements providertest.Wire.
func (w *wire) Held() {
	err := w.sim.Wait(w.t.Context(), func() bool {
		f, ok := w.sim.Fault(w.held)
		return ok && f.Waiting > 0
	})
	if err != nil {
		w.t.Fatalf("nothing is held: %v", err)
	}
}
