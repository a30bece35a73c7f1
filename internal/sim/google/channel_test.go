package google_test

import (
	"maps"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

const watchPath = "/calendars/primary/events/watch"

func wish(r *simtest.Receiver, id string) object {
	return object{"id": id, "type": "web_hook", "address": r.URL + "/google", "token": "s3cret"}
}

func TestWatchPushesInOrder(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	if err := s.SetSwitches(func(w *sim.Switches) { w.Google.SyncMessage = sim.SyncBefore }); err != nil {
		t.Fatal(err)
	}
	r := simtest.NewReceiver(t)
	a := wantStatus(t, c.Do("POST", watchPath, wish(r, "channel-1")), http.StatusOK)
	got := r.All() // without waiting: the sync message comes before the answer
	if len(got) != 1 || got[0].Header.Get("X-Goog-Resource-State") != "sync" || got[0].Header.Get("X-Goog-Message-Number") != "1" {
		t.Fatalf("before the answer came %v", got)
	}
	id := c.Do("POST", "/calendars/primary/events", meeting(nil)).Text("id")
	c.Do("PATCH", "/calendars/primary/events/"+id, object{"summary": "x"})
	c.Do("DELETE", "/calendars/primary/events/"+id, nil)
	last := 0
	for i, p := range r.Wait(4) {
		h := p.Header
		n, err := strconv.Atoi(h.Get("X-Goog-Message-Number"))
		if err != nil || n <= last {
			t.Errorf("message %d has number %q after %d", i, h.Get("X-Goog-Message-Number"), last)
		}
		last = n
		if i > 0 && h.Get("X-Goog-Resource-State") != "exists" {
			t.Errorf("message %d says %q", i, h.Get("X-Goog-Resource-State"))
		}
		if h.Get("X-Goog-Channel-ID") != "channel-1" || h.Get("X-Goog-Channel-Token") != "s3cret" || p.Body != "" || h.Get("Content-Length") != "0" ||
			h.Get("X-Goog-Resource-ID") != a.Text("resourceId") || h.Get("X-Goog-Resource-URI") != a.Text("resourceUri") {
			t.Errorf("message %d is %v %q", i, h, p.Body)
		}
		if _, err := http.ParseTime(h.Get("X-Goog-Channel-Expiration")); err != nil {
			t.Errorf("message %d: %v", i, err)
		}
	}
}

func TestSyncMessageAfterTheAnswer(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	if err := s.SetSwitches(func(w *sim.Switches) { w.Google.SyncMessage = sim.SyncAfter }); err != nil {
		t.Fatal(err)
	}
	r := simtest.NewReceiver(t)
	wantStatus(t, c.Do("POST", watchPath, wish(r, "channel-1")), http.StatusOK)
	if got := r.Wait(1)[0]; got.Header.Get("X-Goog-Resource-State") != "sync" {
		t.Errorf("came %v", got)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	r := simtest.NewReceiver(t)
	a := wantStatus(t, c.Do("POST", watchPath, wish(r, "channel-1")), http.StatusOK)
	b := wantStatus(t, c.Do("POST", watchPath, wish(r, "channel-2")), http.StatusOK)
	wantError(t, c.Do("POST", watchPath, wish(r, "channel-1")), http.StatusBadRequest, "channelIdNotUnique")
	wantError(t, c.Do("POST", "/channels/stop", object{"id": "channel-1", "resourceId": "other"}), http.StatusNotFound, "notFound")
	wantStatus(t, c.Do("POST", "/channels/stop", object{"id": "channel-1", "resourceId": a.Text("resourceId")}), http.StatusNoContent)
	wantError(t, c.Do("POST", "/channels/stop", object{"id": "channel-1", "resourceId": a.Text("resourceId")}), http.StatusNotFound, "notFound")
	wantError(t, c.Do("POST", watchPath, wish(r, "channel-1")), http.StatusBadRequest, "channelIdNotUnique")
	c.Do("POST", "/calendars/primary/events", meeting(nil))
	s.Until("pushes", func() bool { return s.PushesPending() == 0 })
	for _, p := range s.Pushes(0) {
		if p.Kind == "exists" && p.Channel != "channel-2" {
			t.Errorf("%s was told after it was stopped", p.Channel)
		}
	}
	if err := s.DropChannel(sim.Google, host, "channel-2"); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Channels(sim.Google, host); err != nil || len(left) != 0 {
		t.Errorf("left are %v, %v", left, err)
	}
	wantError(t, c.Do("POST", "/channels/stop", object{"id": "channel-2", "resourceId": b.Text("resourceId")}), http.StatusNotFound, "notFound")
}

func TestWatchRefuses(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	r := simtest.NewReceiver(t)
	for name, change := range map[string]object{
		"no id":      {"id": ""},
		"long id":    {"id": "12345678901234567890123456789012345678901234567890123456789012345"},
		"wrong id":   {"id": "a b"},
		"wrong type": {"type": "carrier_pigeon"},
		"past":       {"expiration": "1000"},
	} {
		w := wish(r, "channel-1")
		maps.Copy(w, change)
		if a := c.Do("POST", watchPath, w); a.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
	if err := s.SetSwitches(func(w *sim.Switches) { w.HTTPSPushOnly = true }); err != nil {
		t.Fatal(err)
	}
	wantError(t, c.Do("POST", watchPath, wish(r, "channel-1")), http.StatusBadRequest, "push.webhookUrlNotHttps")
	if got := r.All(); len(got) != 0 {
		t.Errorf("a refused channel was told %v", got)
	}
}

func TestChannelsExpire(t *testing.T) {
	t.Parallel()
	now := clock.NewManual(time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC))
	s := simtest.Start(t, sim.Config{Clock: now})
	s.Person(sim.Google, host)
	c := s.Client(sim.Google, host)
	r := simtest.NewReceiver(t)
	w := wish(r, "channel-1")
	w["expiration"] = strconv.FormatInt(now.Now().Add(90*24*time.Hour).UnixMilli(), 10)
	a := wantStatus(t, c.Do("POST", watchPath, w), http.StatusOK)
	if want := strconv.FormatInt(now.Now().Add(7*24*time.Hour).UnixMilli(), 10); a.Text("expiration") != want {
		t.Errorf("granted until %s, want %s", a.Text("expiration"), want)
	}
	w = wish(r, "channel-2")
	w["params"] = object{"ttl": "60"}
	c.Do("POST", watchPath, w)
	r.Wait(2)
	now.Advance(30 * time.Second)
	c.Do("POST", "/calendars/primary/events", meeting(nil))
	r.Wait(4)
	now.Advance(31 * time.Second)
	c.Do("POST", "/calendars/primary/events", meeting(nil))
	r.Wait(5)
	s.Until("pushes", func() bool { return s.PushesPending() == 0 })
	if got := r.All(); len(got) != 5 || got[4].Header.Get("X-Goog-Channel-ID") != "channel-1" {
		t.Errorf("came %d, the last to %s", len(got), got[len(got)-1].Header.Get("X-Goog-Channel-ID"))
	}
}

func TestPushesAreTriedAgainOrNot(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	r := simtest.NewReceiver(t)
	r.Answer(http.StatusServiceUnavailable)
	wantStatus(t, c.Do("POST", watchPath, wish(r, "channel-1")), http.StatusOK)
	r.Wait(2)
	r.Answer(http.StatusOK)
	s.Until("delivery", func() bool { return s.Pushes(0)[0].State == "delivered" })
	r.Answer(http.StatusNotFound)
	c.Do("POST", "/calendars/primary/events", meeting(nil))
	s.Until("giving up", func() bool { return s.PushesPending() == 0 })
	if p := s.Pushes(0)[1]; p.State != "given_up" || len(p.Statuses) != 1 {
		t.Errorf("the push ended as %+v", p)
	}
}
