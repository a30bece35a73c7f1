package sandbox

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/sim"
)

// Simulated starts the simulator of a provider in this process and opens an account of it, which can be brought to whatever a pact speaks of. stop
// ends the simulator.
func Simulated(ctx context.Context, provider string, ids *ident.Source, now clock.Clock) (a *Account, stop func(), err error) {
	world, err := sim.New(sim.Config{Clock: now, PushTransport: hearing{}})
	if err != nil {
		return nil, nil, err
	}
	side := sim.Provider(provider)
	owner := googleOwnerWord
	if _, err = world.Seed(sim.Person{Provider: side, Email: owner, Zone: "Europe/Berlin"}); err != nil {
		world.Close()
		return nil, nil, err
	}
	token, err := world.IssueToken(side, owner, "calweave contracts")
	if err != nil {
		world.Close()
		return nil, nil, err
	}
	handler := world.Google()
	if provider == microsoft {
		handler = world.Microsoft()
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		world.Close()
		return nil, nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: patience}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // ends with stop
	}()
	stop = func() {
		_ = server.Close() // its listener is all it has
		<-served
		world.Close()
	}
	if a, err = Open(provider, "http://"+listener.Addr().String(), token.Access, ids, now); err != nil {
		stop()
		return nil, nil, err
	}
	a.trouble = func(state, calendar string) (func() error, error) {
		return troubles(world, sim.In{Provider: side, Email: owner, Calendar: calendar}, state)
	}
	return a, stop, nil
}

// troubles has the simulator lose the cursors of a calendar, or refuse whatever it is asked until that ends.
func troubles(world *sim.Sim, in sim.In, state string) (end func() error, err error) {
	end = func() error { return nil }
	var status int
	var code string
	state, retry, _ := strings.Cut(state, ", Retry-After ")
	if n, _ := fmt.Sscanf(state, "the provider refuses with %d %s", &status, &code); n != 2 { //nolint:mnd // a status and a code
		return end, world.ExpireCursors(in)
	}
	id, err := world.AddFault(sim.Fault{Provider: in.Provider, Action: sim.ActStatus, Status: status, Code: code, RetryAfter: retry})
	if err != nil {
		return end, err
	}
	return func() error { world.RemoveFault(id); return nil }, nil
}

// hearing answers pushes and handshakes as calweave does.
type hearing struct{}

func (hearing) RoundTrip(r *http.Request) (*http.Response, error) {
	resp := &http.Response{
		StatusCode: http.StatusAccepted, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Request: r,
	}
	if token := r.URL.Query().Get("validationToken"); token != "" {
		resp.StatusCode, resp.Body = http.StatusOK, io.NopCloser(strings.NewReader(token))
		resp.Header.Set("Content-Type", "text/plain")
	}
	return resp, nil
}
