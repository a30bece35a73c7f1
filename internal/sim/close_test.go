package sim_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// TestCloseEndsEverything has every kind of wait going on at both providers, and closes. It runs alone, for it counts goroutines.
func TestCloseEndsEverything(t *testing.T) { //nolint:paralleltest // counts goroutines
	already := goleak.IgnoreCurrent()
	t.Run("all at once", func(t *testing.T) {
		s := simtest.Start(t, sim.Config{PushBackoff: time.Hour})
		s.Person(sim.Google, googleHost)
		s.Person(sim.Microsoft, microsoftHost)
		g, m := s.Client(sim.Google, googleHost), s.Client(sim.Microsoft, microsoftHost)
		slow := newSlowReceiver(t)
		watch := func(id, address string) {
			g.Do("POST", "/calendars/primary/events/watch", object{"id": id, "type": "web_hook", "address": address})
		}
		watch("refused", "http://127.0.0.1:1/") // waits an hour for its second attempt
		watch("slow", slow)                     // waits for an answer
		r := simtest.NewReceiver(t)
		want(t, m.Do("POST", "/subscriptions", object{
			"changeType": "created", "notificationUrl": r.URL, "resource": "me/events", "expirationDateTime": s.Clock().Now.Add(time.Hour),
		}), http.StatusCreated)
		for _, f := range []sim.PushFault{{Action: sim.PushHold}, {Action: sim.PushDelay, DelayMS: 600_000}, {Action: sim.PushReorder}} {
			f.Provider, f.Count = sim.Microsoft, 1
			if _, err := s.AddPushFault(f); err != nil {
				t.Fatal(err)
			}
			m.Do("POST", "/me/events", meeting(nil))
		}
		done := make(chan struct{})
		waits := 0
		start := func(do func()) {
			waits++
			go func() { do(); done <- struct{}{} }()
		}
		for _, f := range []sim.Fault{{Action: sim.ActHold}, {Action: sim.ActHoldAnswer}, {Action: sim.ActSlow, DelayMS: 600_000}, {Action: sim.ActEarly}} {
			for p, c := range map[sim.Provider]simtest.Client{sim.Google: g, sim.Microsoft: m} {
				f.Provider, f.Count = p, 1
				id := arm(t, s, f)
				start(func() { _, _ = c.Try("GET", "/", nil) })
				s.Until("striking", func() bool { f, _ := s.Fault(id); return f.Struck == 1 })
			}
		}
		poll := simtest.Client{Base: s.AdminURL + "/sim/v1"}.With(t)
		start(func() { _, _ = poll.Try("GET", "/wait?after=1000000&timeout=5m", nil) })
		s.Close()
		for range waits {
			<-done
		}
		if n := s.PushesPending(); n != 0 {
			t.Errorf("%d pushes are pending", n)
		}
	})
	goleak.VerifyNone(t, already)
}

// newSlowReceiver takes connections and never answers.
func newSlowReceiver(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(srv.Close)
	return srv.URL
}

// A client that sends the switches slowly keeps nobody else from changing them.
func TestSlowSwitchesBlockNobody(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t)
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(s.AdminURL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	// The 100 Continue is sent by the first read of the body: from then on the handler waits for it.
	if _, err := fmt.Fprintf(conn, "PATCH /sim/v1/switches HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, len("HTTP/1.1 100"))); err != nil {
		t.Fatal(err)
	}
	changed := make(chan error, 1)
	go func() { changed <- s.SetSwitches(func(w *sim.Switches) { w.PageCap = 7 }) }()
	select {
	case err := <-changed:
		if err != nil || s.Switches().PageCap != 7 {
			t.Errorf("%v, %+v", err, s.Switches())
		}
	case <-time.After(10 * time.Second):
		t.Error("the switches are locked while a body is read")
	}
}

func TestNothingFollowsABody(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t)
	c := admin(t, s)
	for _, body := range []string{"{} {}", "{} ]", "{} }", "{}x"} {
		if a := c.Do("PATCH", "/clock", body); a.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", body, a.Status, a.Raw)
		}
	}
	want(t, c.Do("PATCH", "/clock", "{} \n"), http.StatusOK)
}
