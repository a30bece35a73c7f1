package watch

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func wantStates(t *testing.T, s *shelf, want map[cal.ChannelID]record.ChannelState) {
	t.Helper()
	if got := s.states(); !maps.Equal(got, want) {
		t.Errorf("channels %v, want %v", got, want)
	}
}

func TestFirstChannelIsRecordedBeforeItIsAskedFor(t *testing.T) {
	t.Parallel()
	s := newShelf(cal.Google)
	p := newPusher(s, week)
	p.before = func(op string) {
		if c := s.find("chn_101"); op != "open" || c == nil || c.State != record.ChannelOpening || c.SecretHash != HashSecret("secret-102") {
			t.Errorf("%s is called while the channel is %+v", op, c)
		}
		// The provider's handshake comes back to us, and the first push too, before the provider answers: nothing may be locked meanwhile.
		s.receive("chn_101", "told by the push")
	}
	if err := keeper(s, p, false).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, map[cal.ChannelID]record.ChannelState{"chn_101": record.ChannelOpen})
	c := s.find("chn_101")
	if c.Remote != "remote of chn_101" || !c.OpenedAt.Equal(began) || !c.Expires.Equal(began.Add(week)) {
		t.Errorf("%+v", c)
	}
	req := p.opened[0]
	if req.Secret != "secret-102" || req.Calendar != "work" || req.Address != "https://hub.test/hooks/google" || !req.Expires.Equal(began.Add(wish)) {
		t.Errorf("asked for %+v", req)
	}
	if !s.outcomes[0].Served {
		t.Errorf("%+v", s.outcomes)
	}
}

func TestOpeningMarksTheCalendarAndTheSchedule(t *testing.T) {
	t.Parallel()
	s := newShelf(cal.Google)
	if err := keeper(s, newPusher(s, 2*time.Hour), false).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	renew, ok := s.mark(task.CalendarRenew)
	if !ok || !renew.Reset || !renew.NotBefore.Equal(began.Add(time.Hour)) || renew.Subject != "cal_1" || renew.ConnectionID != "con_1" {
		t.Errorf("the schedule is %+v, want it at half of what was granted", renew)
	}
	if sync, ok := s.mark(task.CalendarSync); !ok || sync.Lane != task.Bulk || sync.Reset || sync.Revive {
		t.Errorf("the first listing of all, a backfill: %+v", sync)
	}
	s = newShelf(cal.Google)
	s.listed = true
	if err := keeper(s, newPusher(s, 2*time.Hour), false).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	if sync, ok := s.mark(task.CalendarSync); !ok || sync.Lane != task.Background {
		t.Errorf("the listing that finds what changed before the first push: %+v", sync)
	}
}

func TestYoungChannelIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, renews := range []bool{true, false} {
		s := newShelf(cal.Microsoft).with("chn_1", record.ChannelOpen, "r1", began.Add(-3*time.Hour), began.Add(5*time.Hour+time.Minute))
		p := newPusher(s, week)
		if err := keeper(s, p, renews).Work(t.Context(), s.claim()); err != nil {
			t.Fatal(err)
		}
		if len(p.calls) != 0 {
			t.Errorf("called %v", p.calls)
		}
		if renew, _ := s.mark(task.CalendarRenew); !renew.NotBefore.Equal(began.Add(time.Hour + 30*time.Second)) {
			t.Errorf("the schedule is at %s, want it at half of the channel's life", renew.NotBefore)
		}
		if _, ok := s.mark(task.CalendarSync); ok {
			t.Error("a listing is wanted, and nothing was opened")
		}
	}
}

func TestRenewedAtHalfLife(t *testing.T) {
	t.Parallel()
	for name, state := range map[string]record.ChannelState{"half of its life is over": record.ChannelOpen, "the provider wants it": record.ChannelExpiring} {
		opened := began.Add(-time.Hour)
		if state == record.ChannelExpiring {
			opened = began.Add(-time.Second)
		}
		s := newShelf(cal.Microsoft).with("chn_1", state, "r1", opened, began.Add(time.Hour))
		p := newPusher(s, 4*time.Hour)
		if err := keeper(s, p, true).Work(t.Context(), s.claim()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !slices.Equal(p.calls, []string{"renew"}) {
			t.Errorf("%s: called %v", name, p.calls)
		}
		c := s.find("chn_1")
		if c.State != record.ChannelOpen || !c.OpenedAt.Equal(began) || !c.Expires.Equal(began.Add(4*time.Hour)) || c.Remote != "r1" {
			t.Errorf("%s: %+v", name, c)
		}
		if renew, _ := s.mark(task.CalendarRenew); !renew.NotBefore.Equal(began.Add(2 * time.Hour)) {
			t.Errorf("%s: the schedule is at %s", name, renew.NotBefore)
		}
		if _, ok := s.mark(task.CalendarSync); ok {
			t.Errorf("%s: nothing was missed, and a listing is wanted", name)
		}
	}
}

func TestReplacedWhereTheProviderCannotRenew(t *testing.T) {
	t.Parallel()
	s := newShelf(cal.Google).with("chn_1", record.ChannelOpen, "r1", began.Add(-time.Hour), began.Add(time.Hour))
	p := newPusher(s, week)
	p.before = func(op string) {
		if op == "open" && s.find("chn_1").State != record.ChannelOpen {
			t.Error("the old channel is ended before the new one is open")
		}
		if op == "close" && s.find("chn_101").State != record.ChannelOpen {
			t.Error("the new channel is not on record as open when the old one is ended")
		}
	}
	if err := keeper(s, p, false).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.calls, []string{"open", "close"}) || !slices.Equal(p.closed, []cal.ChannelID{"chn_1"}) {
		t.Errorf("called %v, ended %v", p.calls, p.closed)
	}
	wantStates(t, s, map[cal.ChannelID]record.ChannelState{"chn_1": record.ChannelClosed, "chn_101": record.ChannelOpen})
	if _, ok := s.mark(task.CalendarSync); !ok {
		t.Error("what changed between the two channels is found by a listing, and none is wanted")
	}
}

// A channel that the provider has dropped cannot be renewed: a new one is opened, and what was missed is listed.
func TestDroppedChannelIsOpenedAnew(t *testing.T) {
	t.Parallel()
	for _, kind := range []fault.Kind{fault.NotFound, fault.Gone} {
		s := newShelf(cal.Microsoft).with("chn_1", record.ChannelOpen, "r1", began.Add(-time.Hour), began.Add(time.Minute))
		p := newPusher(s, week)
		p.fail["renew"] = fault.New(kind, "renew", nil)
		if err := keeper(s, p, true).Work(t.Context(), s.claim()); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if !slices.Equal(p.calls, []string{"renew", "open"}) {
			t.Errorf("%s: called %v", kind, p.calls)
		}
		wantStates(t, s, map[cal.ChannelID]record.ChannelState{"chn_1": record.ChannelClosed, "chn_101": record.ChannelOpen})
		if _, ok := s.mark(task.CalendarSync); !ok {
			t.Errorf("%s: no listing is wanted", kind)
		}
	}
}

func TestRenewalThatFailsKeepsTheChannel(t *testing.T) {
	t.Parallel()
	s := newShelf(cal.Microsoft).with("chn_1", record.ChannelExpiring, "r1", began.Add(-time.Hour), began.Add(time.Minute))
	p := newPusher(s, week)
	p.fail["renew"] = fault.New(fault.RateLimited, "renew", nil)
	if err := keeper(s, p, true).Work(t.Context(), s.claim()); !fault.Is(err, fault.RateLimited) {
		t.Errorf("%v", err)
	}
	wantStates(t, s, map[cal.ChannelID]record.ChannelState{"chn_1": record.ChannelExpiring})
}

func TestExpiredChannelIsReplacedWithoutACall(t *testing.T) {
	t.Parallel()
	s := newShelf(cal.Microsoft).with("chn_1", record.ChannelOpen, "r1", began.Add(-time.Hour), began)
	p := newPusher(s, week)
	if err := keeper(s, p, true).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.calls, []string{"open"}) {
		t.Errorf("called %v: an expired channel can neither be renewed nor ended", p.calls)
	}
	wantStates(t, s, map[cal.ChannelID]record.ChannelState{"chn_1": record.ChannelClosed, "chn_101": record.ChannelOpen})
}

// An open whose answer was lost may stand: its row stays, so that the pushes it sends are known for ours. One that was certainly refused does not.
func TestRefusedChannelIsClosedAndADoubtfulOneStays(t *testing.T) {
	t.Parallel()
	for kind, want := range map[fault.Kind]record.ChannelState{
		fault.Forbidden: record.ChannelClosed, fault.Invalid: record.ChannelClosed, fault.RateLimited: record.ChannelClosed,
		fault.Unauthorized: record.ChannelClosed, fault.Duplicate: record.ChannelClosed, fault.Unsupported: record.ChannelClosed,
		fault.NotFound: record.ChannelClosed, fault.QuotaExhausted: record.ChannelClosed,
		fault.Transient: record.ChannelOpening, fault.Canceled: record.ChannelOpening,
	} {
		s := newShelf(cal.Google)
		p := newPusher(s, week)
		p.fail["open"] = fault.New(kind, "open", nil)
		if err := keeper(s, p, false).Work(t.Context(), s.claim()); !fault.Is(err, kind) {
			t.Errorf("%s: %v", kind, err)
		}
		wantStates(t, s, map[cal.ChannelID]record.ChannelState{"chn_101": want})
		if len(s.marks) != 0 || len(s.outcomes) != 0 {
			t.Errorf("%s: marked %+v: the failure is the engine's to judge", kind, s.marks)
		}
	}
}

func TestRefusalThatCannotBeRecordedTellsBoth(t *testing.T) {
	t.Parallel()
	s := newShelf(cal.Google)
	p := newPusher(s, week)
	p.fail["open"] = fault.New(fault.Forbidden, "open", nil)
	down := errors.New("store away")
	p.before = func(string) { s.fail["save"] = down }
	if err := keeper(s, p, false).Work(t.Context(), s.claim()); !errors.Is(err, down) || !fault.Is(err, fault.Forbidden) {
		t.Errorf("%v", err)
	}
}

func TestNothingIsOpenedWhereNothingIsWanted(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Keeper, *shelf){
		"pushes are disabled":      func(k *Keeper, _ *shelf) { k.Enabled = false },
		"the calendar is off":      func(_ *Keeper, s *shelf) { s.calendar.Targeted = false },
		"the calendar vanished":    func(_ *Keeper, s *shelf) { s.calendar.Vanished = true },
		"reading is not allowed":   func(_ *Keeper, s *shelf) { s.lacks = record.NewLacks([]cal.Ability{cal.ReadEvents}) },
		"the provider has no push": func(k *Keeper, _ *shelf) { k.Open = opens(nil, Abilities{}, nil) },
	} {
		s := newShelf(cal.Google)
		k := keeper(s, nil, false)
		k.Open = func(context.Context, cal.TenantID, cal.ConnectionID) (Client, Abilities, error) {
			t.Errorf("%s: a client was opened", name)
			return nil, Abilities{}, nil
		}
		change(k, s)
		if err := k.Work(t.Context(), s.claim()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(s.outcomes) != 1 || !s.outcomes[0].Served || len(s.marks) != 0 || len(s.channels) != 0 {
			t.Errorf("%s: %+v, marks %+v", name, s.outcomes, s.marks)
		}
	}
}

func opens(c Client, can Abilities, err error) Open {
	return func(context.Context, cal.TenantID, cal.ConnectionID) (Client, Abilities, error) { return c, can, err }
}

func TestGrantOfNextToNothingIsNotRenewedAllTheTime(t *testing.T) {
	t.Parallel()
	s := newShelf(cal.Microsoft)
	if err := keeper(s, newPusher(s, 10*time.Second), true).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	if renew, _ := s.mark(task.CalendarRenew); renew.NotBefore.Before(began.Add(soonest)) {
		t.Errorf("comes back at %s", renew.NotBefore)
	}
}

func TestStoreAndLeaseFailuresEndTheRun(t *testing.T) {
	t.Parallel()
	down := fault.New(fault.Transient, "store", nil)
	for _, op := range []string{"watch", "add", "save", "finish"} {
		s := newShelf(cal.Google)
		s.fail[op] = down
		if err := keeper(s, newPusher(s, week), false).Work(t.Context(), s.claim()); !errors.Is(err, down) {
			t.Errorf("%s: %v", op, err)
		}
		if got := s.ops[len(s.ops)-1]; got != op {
			t.Errorf("%s failed, and it went on to %s", op, got)
		}
	}
	for name, prepare := range map[string]func(*shelf, *pusher){
		"the renewal": func(s *shelf, _ *pusher) { s.with("chn_1", record.ChannelExpiring, "r1", began, began.Add(time.Hour)) },
		"a dropped one": func(s *shelf, p *pusher) {
			s.with("chn_1", record.ChannelExpiring, "r1", began, began.Add(time.Hour))
			p.fail["renew"] = fault.New(fault.NotFound, "renew", nil)
		},
		"a leftover": func(s *shelf, _ *pusher) {
			s.with("chn_0", record.ChannelOpening, "r0", time.Time{}, time.Time{}).with("chn_1", record.ChannelOpen, "r1", began, began.Add(week))
		},
		"one nobody needs": func(s *shelf, _ *pusher) {
			s.with("chn_1", record.ChannelOpen, "r1", began, began.Add(week))
			s.calendar.Targeted = false
		},
	} {
		s := newShelf(cal.Microsoft)
		p := newPusher(s, week)
		prepare(s, p)
		s.fail["save"] = down
		if err := keeper(s, p, true).Work(t.Context(), s.claim()); !errors.Is(err, down) {
			t.Errorf("%s cannot be saved: %v", name, err)
		}
	}
	s := newShelf(cal.Google)
	k := keeper(s, nil, false)
	k.Open = opens(nil, Abilities{}, down)
	if err := k.Work(t.Context(), s.claim()); !errors.Is(err, down) {
		t.Errorf("open: %v", err)
	}
}

func TestEveryCallEndsBeforeItsLeaseDoes(t *testing.T) {
	t.Parallel()
	s := newShelf(cal.Google).with("chn_0", record.ChannelOpening, "r0", time.Time{}, time.Time{})
	s.with("chn_1", record.ChannelOpen, "r1", began.Add(-time.Hour), began.Add(time.Hour))
	p := newPusher(s, week)
	p.before = func(op string) {
		until, ok := p.ctxs[len(p.ctxs)-1].Deadline()
		if left := s.until.Sub(s.clock.Now()); !ok || time.Until(until) >= left {
			t.Errorf("%s may take %s of a lease of %s", op, time.Until(until), left)
		}
		s.clock.Advance(leaseTime / 2) // each step prolongs the lease, or the third call would be too late
	}
	if err := keeper(s, p, false).Work(t.Context(), s.claim()); err != nil {
		t.Error(err)
	}
	if len(p.calls) != 3 {
		t.Errorf("called %v", p.calls)
	}
}

func TestLostLeaseStopsBeforeTheCall(t *testing.T) {
	t.Parallel()
	s := newShelf(cal.Google)
	p := newPusher(s, week)
	k := keeper(s, p, false)
	k.Open = func(context.Context, cal.TenantID, cal.ConnectionID) (Client, Abilities, error) {
		s.claim() // somebody else has taken over
		return p, Abilities{Pushes: true}, nil
	}
	if err := k.Work(t.Context(), s.claim()); !fault.Is(err, fault.Fenced) || len(p.calls) != 0 {
		t.Errorf("%v after %v", err, p.calls)
	}
	s = newShelf(cal.Microsoft).with("chn_1", record.ChannelExpiring, "r1", began, began.Add(time.Hour))
	p = newPusher(s, week)
	k = keeper(s, p, true)
	k.Open = func(context.Context, cal.TenantID, cal.ConnectionID) (Client, Abilities, error) {
		s.clock.Advance(leaseTime) // the process was frozen here
		return p, Abilities{Pushes: true, Renews: true}, nil
	}
	if err := k.Work(t.Context(), s.claim()); !fault.Is(err, fault.Fenced) || len(p.calls) != 0 {
		t.Errorf("%v after %v", err, p.calls)
	}
}

func TestSecretIsKeptAsAHashOnly(t *testing.T) {
	t.Parallel()
	s := newShelf(cal.Google)
	p := newPusher(s, week)
	p.fail["open"] = fault.New(fault.Forbidden, "open", nil)
	err := keeper(s, p, false).Work(t.Context(), s.claim())
	if c := s.find("chn_101"); c.SecretHash == p.opened[0].Secret || len(c.SecretHash) != 64 {
		t.Errorf("kept %q", c.SecretHash)
	}
	if err == nil || strings.Contains(err.Error(), p.opened[0].Secret) {
		t.Errorf("%v", err)
	}
}

func TestRenewerMarksTheKeeper(t *testing.T) {
	t.Parallel()
	s := newShelf(cal.Google)
	l := s.claim()
	l.Kind = task.CalendarRenew
	if err := (&Renewer{Store: s}).Work(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	want := record.Mark{Kind: task.CalendarWatch, Subject: "cal_1", Lane: task.Background, ConnectionID: "con_1"}
	if len(s.marks) != 1 || s.marks[0] != want || !s.outcomes[0].Served {
		t.Errorf("%+v, want %+v: a schedule never ends a wait", s.marks, want)
	}
}
