package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/testkit"
)

// followed is a world whose calendars are polled as often as an operator has them polled who sets nothing.
func followed(t *testing.T, s sim.Switches) *walker {
	t.Helper()
	url := "sqlite:" + filepath.Join(t.TempDir(), "calweave.db")
	return &walker{
		world:  plan{switches: s, poll: 15 * time.Minute, limit: limit, polls: true, databaseURL: url, ownerURL: url}.start(t),
		stands: map[sim.Provider]map[string]time.Time{sim.Google: {}, sim.Microsoft: {}}, told: map[message.Type]int{},
	}
}

// shownCalendar is what the API says of a provider's calendar.
type shownCalendar struct {
	Push struct {
		State, Detail string
		Pushes        int
		RetryAt       time.Time `json:"retry_at"`
		LastPushAt    time.Time `json:"last_push_at"`
		SilentSince   time.Time `json:"silent_since"`
		OpenUntil     time.Time `json:"open_until"`
	}
	Poll struct {
		IntervalSeconds int       `json:"interval_seconds"`
		NextAt          time.Time `json:"next_at"`
	}
	LastListing struct{ At time.Time } `json:"last_listing"`
}

// shown is what the API says of the calendar of a provider, alone and in the list.
func (w *walker) shown(p sim.Provider) (out shownCalendar) {
	w.tb.Helper()
	read := func(path string) (raw json.RawMessage) {
		if status := w.call(http.MethodGet, path, "", &raw); status != http.StatusOK {
			w.tb.Fatalf("%s: %d %s", path, status, raw)
		}
		return raw
	}
	id := string(w.targets[cal.Provider(p)])
	alone := read("/v1/calendars/" + id)
	w.must(json.Unmarshal(alone, &out))
	var page struct{ Calendars []json.RawMessage }
	w.must(json.Unmarshal(read("/v1/calendars?limit=200"), &page))
	for _, one := range page.Calendars {
		if strings.Contains(string(one), id) && string(one) != string(alone) {
			w.tb.Errorf("in the list it is %s, alone %s", one, alone)
		}
	}
	return out
}

// found lets time pass until the core was told of what persons have done, and says for how long.
func (w *walker) found(within time.Duration) time.Duration {
	w.tb.Helper()
	began := w.clock.Now()
	for w.core.count(message.BookingMoved) < w.told[message.BookingMoved] {
		if w.clock.Now().Sub(began) > within {
			w.tb.Fatalf("%s have passed, and a person's change was not found", within)
		}
		w.pass(time.Minute)
	}
	return w.clock.Now().Sub(began)
}

// A channel that stays open and tells nothing is found out by the first change that a poll finds: the calendar is polled more often, says why, and is left
// to its pushes again once there is one.
func TestSilentChannelFallsBackToPolling(t *testing.T) {
	t.Parallel()
	if testkit.UnderRace {
		t.Skip("days of virtual time, one step after the other: scripts/test runs it without the race detector")
	}
	for _, p := range both() {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			w := followed(t, sim.DefaultSwitches())
			w.book("b1", w.booking(1, "Intro call", wall), "")
			w.pass(24 * time.Hour)
			if got := w.shown(p); got.Push.State != "open" || got.Poll.IntervalSeconds != 6*3600 || got.Push.OpenUntil.Before(w.clock.Now()) {
				t.Fatalf("a day without a change: %+v", got)
			}
			fault, err := w.sim.AddPushFault(sim.PushFault{Provider: p, Action: sim.PushDrop})
			w.must(err)
			w.personMoves(p, "Intro call")
			w.found(7 * time.Hour)
			w.pass(record.PushGrace)
			silent := w.shown(p)
			if silent.Push.State != "silent" || silent.Push.Detail == "" || silent.Push.SilentSince.IsZero() || silent.Poll.NextAt.Sub(w.clock.Now()) > 9*time.Minute {
				t.Errorf("a change was not pushed: %+v", silent)
			}
			w.personMoves(p, "Intro call")
			if took := w.found(time.Hour); took > 10*time.Minute {
				t.Errorf("the next one was found after %s", took)
			}
			w.pass(24 * time.Hour)
			if got := w.shown(p); got.Push.State != "silent" || got.Poll.IntervalSeconds != 15*60 || got.Poll.NextAt.Sub(w.clock.Now()) > 15*time.Minute {
				t.Errorf("silent for a day, without a change: %+v", got)
			}
			w.sim.ReleasePushFault(fault)
			w.personMoves(p, "Intro call")
			w.settle()
			if got := w.shown(p); got.Push.State != "open" || !got.Push.LastPushAt.Equal(w.clock.Now()) || got.Push.Detail != "" {
				t.Errorf("pushes come again: %+v", got)
			}
			w.pass(24 * time.Hour)
			if got := w.shown(p); got.Poll.IntervalSeconds != 6*3600 {
				t.Errorf("trusted again for a day: %+v", got)
			}
			w.check()
			said := httptest.NewRecorder()
			w.app.MetricsHandler().ServeHTTP(said, httptest.NewRequestWithContext(w.ctx, http.MethodGet, "/metrics", http.NoBody))
			told := read(t, said.Body.Bytes())
			told.is(2, "calweave_unannounced_listings_total", "provider", string(p))
			told.moves("calweave_polls_total", "provider", string(p), "push", "silent")
			told.moves("calweave_polls_total", "provider", string(p), "push", "open")
			told.moves("calweave_channel_outcomes_total", "provider", string(p), "outcome", "opened")
		})
	}
}

// A provider that refuses every channel has its calendars polled, which say why, until it grants one.
func TestRefusedChannelFallsBackToPolling(t *testing.T) {
	t.Parallel()
	for p, c := range map[sim.Provider]struct {
		fault sim.Fault
		why   string
	}{
		sim.Google: {sim.Fault{
			Provider: sim.Google, Method: http.MethodPost, Path: "*/events/watch", Action: sim.ActStatus, Status: http.StatusUnauthorized, Code: "push.webhookUrlUnauthorized",
		}, "push.webhookUrlUnauthorized"},
		sim.Microsoft: {sim.Fault{
			Provider: sim.Microsoft, Method: http.MethodPost, Path: "*/subscriptions", Action: sim.ActStatus, Status: http.StatusBadRequest, Code: "InvalidRequest",
		}, "InvalidRequest"},
	} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			w := followed(t, sim.DefaultSwitches())
			fault, err := w.sim.AddFault(c.fault)
			w.must(err)
			w.book("b1", w.booking(1, "Intro call", wall), "")
			w.pass(time.Hour)
			got := w.shown(p)
			if got.Push.State != "refused" || !strings.Contains(got.Push.Detail, c.why) || got.Push.RetryAt.Before(w.clock.Now()) {
				t.Errorf("%+v", got)
			}
			w.personMoves(p, "Intro call")
			if took := w.found(time.Hour); took > 16*time.Minute {
				t.Errorf("a change was found after %s", took)
			}
			w.personMoves(p, "Intro call")
			if took := w.found(time.Hour); took > 10*time.Minute {
				t.Errorf("the next change was found after %s", took)
			}
			if got := w.shown(p); got.Poll.IntervalSeconds > 8*60 || got.Push.State != "refused" {
				t.Errorf("%+v", got)
			}
			w.sim.RemoveFault(fault)
			w.pass(90 * time.Minute)
			if got := w.shown(p); got.Push.State != "open" || got.Push.Detail != "" {
				t.Errorf("granted again: %+v", got)
			}
			w.personMoves(p, "Intro call")
			w.settle()
			w.check()
		})
	}
}

// Each lifecycle event of a subscription is heeded at once, though no change is pushed.
func TestLifecycleEventsAreHeeded(t *testing.T) {
	t.Parallel()
	for event, opened := range map[string]bool{"missed": false, "subscriptionRemoved": true, "reauthorizationRequired": false} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			w := followed(t, sim.DefaultSwitches())
			w.book("b1", w.booking(1, "Intro call", wall), "")
			w.settle()
			w.clock.Advance(10 * time.Minute)
			before := w.subscription()
			fault, err := w.sim.AddPushFault(sim.PushFault{Provider: sim.Microsoft, Kind: "updated", Action: sim.PushDrop})
			w.must(err)
			now := w.clock.Now()
			if event != "reauthorizationRequired" { // of which it is only said that the subscription ends
				w.personMoves(sim.Microsoft, "Intro call")
			}
			w.must(w.sim.Lifecycle(grace, before.ID, event))
			w.settle()
			if w.clock.Now().Sub(now) > 10*time.Second {
				t.Errorf("it took %s", w.clock.Now().Sub(now))
			}
			w.check()
			after := w.subscription()
			if (after.ID != before.ID) != opened {
				t.Errorf("subscription %s became %s", before.ID, after.ID)
			}
			if renewed := w.ends(after).After(w.ends(before)); renewed != (event != "missed") {
				t.Errorf("it ended at %s, and ends at %s", before.Expires, after.Expires)
			}
			w.sim.ReleasePushFault(fault)
			w.personMoves(sim.Microsoft, "Intro call")
			w.settle()
			w.check()
		})
	}
}

// ends is when a channel ends.
func (w *walker) ends(c sim.Channel) time.Time {
	w.tb.Helper()
	at, err := time.Parse(time.RFC3339, c.Expires)
	w.must(err)
	return at
}

// subscription is the one that Microsoft pushes by.
func (w *walker) subscription() sim.Channel {
	w.tb.Helper()
	all, err := w.sim.Channels(sim.Microsoft, grace)
	w.must(err)
	if len(all) != 1 {
		w.tb.Fatalf("subscriptions: %+v", all)
	}
	return all[0]
}
