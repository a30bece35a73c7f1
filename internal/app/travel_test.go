package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
)

const later = "2027-03-01T14:00:00"

// onBoth runs a test on both pairs of database and Redis.
func onBoth(t *testing.T, test func(t *testing.T, l *live)) {
	t.Helper()
	for name, prepare := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLive(t, prepare(t))
			l.run("api,receiver,worker,scheduler")
			l.connect()
			test(t, l)
		})
	}
}

// A booking goes out to both calendars, a person's change in either comes back, and a cancellation leaves nothing.
func TestBookingTravels(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, l *live) {
		t.Helper()
		l.put("b1", 1, "Intro call", wall)
		google, graph := l.shows(sim.Google, "Intro call"), l.shows(sim.Microsoft, "Intro call")
		l.watched()
		l.synced("b1", 1)
		if _, err := l.sim.MoveEvent(in(sim.Google), google.ID, google.Start.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		l.must(l.core.wait(l.ctx, message.BookingMoved, 1))
		title := "Intro call (Room 5)"
		if _, err := l.sim.EditEvent(in(sim.Microsoft), graph.ID, sim.Edit{Title: &title}); err != nil {
			t.Fatal(err)
		}
		l.must(l.core.wait(l.ctx, message.BookingEdited, 1))
		var b gen.Booking
		l.call(http.MethodGet, "/v1/bookings/b1", nil, &b)
		if !b.Diverged || b.Revision != 3 {
			t.Errorf("diverged %t, revision %d", b.Diverged, b.Revision)
		}
		if status, body := l.try(http.MethodPut, "/v1/bookings/b1", b.Booking); status != http.StatusOK {
			t.Errorf("the same version again: %d %s", status, body)
		}
		l.call(http.MethodDelete, "/v1/bookings/b1?version=2", nil, &b)
		l.gone()
		l.must(l.core.wait(l.ctx, message.BookingSynced, 4))
		if n := l.core.types(); n[message.BookingMoved] != 1 || n[message.BookingEdited] != 1 || n[message.BookingRemoved] != 0 {
			t.Errorf("messages %v", n)
		}
	})
}

// gone waits until neither calendar shows anything.
func (l *live) gone() {
	l.tb.Helper()
	l.must(l.sim.Wait(l.ctx, func() bool {
		for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
			if shown, err := l.sim.Standing(in(p)); err != nil || len(shown) > 0 {
				return false
			}
		}
		return true
	}))
}

// A person deletes the event in one calendar: the core is told, and books anew only when it says so.
func TestPersonDeletes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, l *live) {
		t.Helper()
		l.put("b1", 1, "Intro call", wall)
		l.watched()
		l.synced("b1", 1)
		graph := l.shows(sim.Microsoft, "Intro call")
		l.must(l.sim.DeleteEvent(in(sim.Microsoft), graph.ID, false))
		l.must(l.core.wait(l.ctx, message.BookingRemoved, 1))
		var b gen.Booking
		l.call(http.MethodGet, "/v1/bookings/b1", nil, &b)
		b.Booking.Version = 2
		status, body := l.try(http.MethodPut, "/v1/bookings/b1", b.Booking)
		var p struct{ Type string }
		l.must(json.Unmarshal(body, &p))
		if status != http.StatusConflict || p.Type == "" {
			t.Fatalf("a version that ignores the deletion: %d %s", status, body)
		}
		req, err := http.NewRequestWithContext(l.ctx, http.MethodPut, l.url+"/v1/bookings/b1", jsonBody(t, b.Booking))
		l.must(err)
		req.Header.Set("Authorization", "Bearer "+l.key)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("If-Match", `"2"`)
		resp, err := l.http.Do(req)
		l.must(err)
		l.must(resp.Body.Close())
		if resp.StatusCode != http.StatusAccepted {
			t.Fatalf("the decision to book anew: %d", resp.StatusCode)
		}
		if again := l.shows(sim.Microsoft, "Intro call"); again.ID == graph.ID {
			t.Error("the deleted event came back under its old id")
		}
		l.synced("b1", 2)
	})
}

// Redis loses everything it holds, again and again, while a booking goes out and a change comes back.
func TestFlushAll(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, l *live) {
		t.Helper()
		flush := func() { l.must(l.redis().FlushAll(l.ctx).Err()) }
		flush()
		l.put("b1", 1, "Intro call", wall)
		flush()
		google := l.shows(sim.Google, "Intro call")
		flush()
		l.shows(sim.Microsoft, "Intro call")
		l.watched()
		l.synced("b1", 1)
		_, err := l.sim.MoveEvent(in(sim.Google), google.ID, google.Start.Add(time.Hour))
		l.must(err)
		flush()
		l.must(l.core.wait(l.ctx, message.BookingMoved, 1))
		flush()
		l.put("b2", 1, "Second call", later)
		flush()
		l.must(l.sim.Wait(l.ctx, func() bool {
			shown, err := l.sim.Standing(in(sim.Google))
			return err == nil && len(shown) == 2
		}))
		l.synced("b2", 1)
		if n := l.core.types(); n[message.BookingMoved] != 1 || n[message.BookingEdited] != 0 || n[message.BookingRemoved] != 0 {
			t.Errorf("messages %v", n)
		}
	})
}

// Redis goes away for good: the sweep alone carries on, out and back.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, l *live) {
		t.Helper()
		l.put("b1", 1, "Intro call", wall)
		l.watched()
		l.synced("b1", 1)
		l.back.stopRedis(l)
		l.put("b1", 2, "Second title", later)
		google := l.shows(sim.Google, "Second title")
		l.shows(sim.Microsoft, "Second title")
		l.synced("b1", 2)
		_, err := l.sim.MoveEvent(in(sim.Google), google.ID, google.Start.Add(time.Hour))
		l.must(err)
		l.must(l.core.wait(l.ctx, message.BookingMoved, 1))
		if n := l.core.count(message.BookingMoved); n != 1 {
			t.Errorf("booking.moved was sent %d times", n)
		}
		if status, ready := l.ask(http.MethodGet, l.url+"/readyz"); status != http.StatusOK || !strings.Contains(string(ready), "Redis does not answer") {
			t.Errorf("/readyz: %d %s, want it to say that Redis does not answer", status, ready)
		}
	})
}

// The same notification arrives ten times at once: one change is reported, and a handful of listings is all it costs.
func TestNotificationTenTimes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, l *live) {
		t.Helper()
		l.put("b1", 1, "Intro call", wall)
		google := l.shows(sim.Google, "Intro call")
		l.watched()
		l.synced("b1", 1)
		_, err := l.sim.AddPushFault(sim.PushFault{Provider: sim.Google, Action: stage.PushDrop})
		l.must(err)
		_, err = l.sim.MoveEvent(in(sim.Google), google.ID, google.Start.Add(time.Hour))
		l.must(err)
		push := l.sim.Pushes(0)
		last := push[len(push)-1]
		seen := len(l.sim.Requests(0))
		for range 10 {
			req, err := http.NewRequestWithContext(l.ctx, http.MethodPost, last.URL, http.NoBody)
			l.must(err)
			req.Header = last.Header.Clone()
			resp, err := l.http.Do(req)
			l.must(err)
			l.must(resp.Body.Close())
			if resp.StatusCode != http.StatusAccepted {
				t.Fatalf("a notification is answered with %d", resp.StatusCode)
			}
		}
		l.must(l.core.wait(l.ctx, message.BookingMoved, 1))
		l.idle()
		listings := 0
		for _, r := range l.sim.Requests(0)[seen:] {
			if r.Provider == sim.Google && r.Method == http.MethodGet && isListing(r.Path) {
				listings++
			}
		}
		if listings < 1 || listings > 3 {
			t.Errorf("%d listings for ten notifications of one change", listings)
		}
		if n := l.core.count(message.BookingMoved); n != 1 {
			t.Errorf("booking.moved was sent %d times", n)
		}
	})
}

// The provider stores a new event and its answer is lost: there is one event, and nobody is taken to have edited it.
func TestLostAnswerOfCreate(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, l *live) {
		t.Helper()
		for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
			_, err := l.sim.AddFault(sim.Fault{Provider: p, Method: http.MethodPost, Path: "*/events", Count: 1, Action: stage.ActLostAnswer})
			l.must(err)
		}
		l.put("b1", 1, "Intro call", wall)
		l.synced("b1", 1)
		l.idle()
		l.exactlyOnce("Intro call")
	})
}

// exactlyOnce fails unless each calendar shows one event alone, ever made once, and no change of a person was reported.
func (l *live) exactlyOnce(title string) {
	l.tb.Helper()
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		l.shows(p, title)
		all, err := l.sim.Events(in(p))
		l.must(err)
		if len(all) != 1 {
			l.tb.Errorf("%s has had %d events", p, len(all))
		}
	}
	if n := l.core.types(); n[message.BookingEdited]+n[message.BookingMoved]+n[message.BookingRemoved]+n[message.BookingFailed]+n[message.BookingHeld] > 0 {
		l.tb.Errorf("messages %v", n)
	}
}

// An update hangs at the provider while a newer version comes in, and lands after it, even where the provider checks nothing.
func TestUpdateRacesNewerOne(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, l *live) {
		t.Helper()
		l.must(l.sim.SetSwitches(func(s *sim.Switches) { s.Microsoft.PatchIfMatch = stage.Ignored }))
		l.put("b1", 1, "Intro call", wall)
		l.watched()
		l.synced("b1", 1)
		var held []string
		for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
			id, err := l.sim.AddFault(sim.Fault{Provider: p, Method: http.MethodPatch, Path: "*/events/*", Count: 1, Action: stage.ActHold})
			l.must(err)
			held = append(held, id)
		}
		l.put("b1", 2, "Second title", later)
		for _, id := range held {
			l.must(l.sim.Wait(l.ctx, func() bool { f, _ := l.sim.Fault(id); return f.Waiting == 1 }))
		}
		l.put("b1", 3, "Third title", wall)
		l.synced("b1", 3)
		for _, id := range held {
			l.sim.ReleaseFault(id)
		}
		l.must(l.sim.Wait(l.ctx, func() bool { return l.sim.PushesPending() == 0 }))
		l.idle()
		l.exactlyOnce("Third title")
	})
}
