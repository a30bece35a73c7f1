package watch

import (
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// TestLeftoversAreEnded shows what becomes of channels whose opening was never answered, by what is known of them.
func TestLeftoversAreEnded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state   record.ChannelState
		remote  string
		expires time.Time
		created time.Time
		fail    error
		want    record.ChannelState
		closes  bool
	}{
		"known by a push":                {state: record.ChannelOpening, remote: "r", want: record.ChannelClosed, closes: true},
		"not known":                      {state: record.ChannelOpening, want: record.ChannelClosing},
		"not known, and waited for":      {state: record.ChannelClosing, want: record.ChannelClosing},
		"not known, and over by now":     {state: record.ChannelClosing, created: began.Add(-wish - time.Second), want: record.ChannelClosed},
		"expired":                        {state: record.ChannelClosing, remote: "r", expires: began, want: record.ChannelClosed},
		"replaced, gone already":         {state: record.ChannelClosing, remote: "r", expires: began.Add(week), fail: fault.New(fault.NotFound, "close", nil), want: record.ChannelClosed, closes: true},
		"replaced, ended already":        {state: record.ChannelClosing, remote: "r", expires: began.Add(week), fail: fault.New(fault.Gone, "close", nil), want: record.ChannelClosed, closes: true},
		"replaced, cannot be ended yet":  {state: record.ChannelClosing, remote: "r", expires: began.Add(week), fail: fault.New(fault.Transient, "close", nil), want: record.ChannelClosing, closes: true},
		"an older one that still stands": {state: record.ChannelOpen, remote: "r", expires: began.Add(week), want: record.ChannelClosed, closes: true},
	} {
		s := newShelf(cal.Google).with("chn_1", c.state, c.remote, time.Time{}, c.expires)
		if !c.created.IsZero() {
			s.channels[0].CreatedAt = c.created
		}
		s.with("chn_2", record.ChannelOpen, "r2", began, began.Add(week))
		p := newPusher(s, week)
		p.fail["close"] = c.fail
		if err := keeper(s, p, false).Work(t.Context(), s.claim()); err != nil {
			t.Fatalf("%s: %v: one that cannot be ended never fails the calendar", name, err)
		}
		wantStates(t, s, map[cal.ChannelID]record.ChannelState{"chn_1": c.want, "chn_2": record.ChannelOpen})
		if got := len(p.closed) == 1; got != c.closes {
			t.Errorf("%s: ended %v", name, p.closed)
		}
	}
}

// A push may tell the name of a leftover at any moment; saving the leftover unchanged would wipe it out again.
func TestLeftoverThatIsWaitedForIsNotSaved(t *testing.T) {
	t.Parallel()
	s := newShelf(cal.Google).with("chn_1", record.ChannelClosing, "", time.Time{}, time.Time{})
	s.with("chn_2", record.ChannelOpen, "r2", began.Add(-time.Hour), began.Add(time.Hour))
	p := newPusher(s, week)
	p.before = func(op string) {
		if op == "open" {
			s.receive("chn_1", "told by a push")
		}
	}
	if err := keeper(s, p, false).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	if c := s.find("chn_1"); c.Remote != "told by a push" {
		t.Errorf("what the push told is lost: %+v", c)
	}
	if err := keeper(s, p, false).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	if c := s.find("chn_1"); c.State != record.ChannelClosed {
		t.Errorf("the next turn leaves it %s", c.State)
	}
}

func TestNewestOfSeveralOpenChannelsServes(t *testing.T) {
	t.Parallel()
	s := newShelf(cal.Google).with("chn_1", record.ChannelOpen, "r1", began, began.Add(week))
	s.with("chn_2", record.ChannelOpen, "r2", began, began.Add(week))
	p := newPusher(s, week)
	if err := keeper(s, p, false).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, map[cal.ChannelID]record.ChannelState{"chn_1": record.ChannelClosed, "chn_2": record.ChannelOpen})
	if len(p.opened) != 0 {
		t.Error("opened another one")
	}
}

// Channels of a calendar that does not matter any more are ended: what they push costs us, and they pile up.
func TestChannelsNobodyNeedsAreEnded(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Keeper, *shelf){
		"pushes are disabled":   func(k *Keeper, _ *shelf) { k.Enabled = false },
		"the calendar is off":   func(_ *Keeper, s *shelf) { s.calendar.Targeted = false },
		"the calendar vanished": func(_ *Keeper, s *shelf) { s.calendar.Vanished = true },
	} {
		s := newShelf(cal.Google).with("chn_1", record.ChannelOpen, "r1", began, began.Add(week))
		p := newPusher(s, week)
		k := keeper(s, p, false)
		change(k, s)
		if err := k.Work(t.Context(), s.claim()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		wantStates(t, s, map[cal.ChannelID]record.ChannelState{"chn_1": record.ChannelClosed})
		if !slices.Equal(p.calls, []string{"close"}) || len(s.marks) != 0 || !s.outcomes[0].Served {
			t.Errorf("%s: called %v, marked %+v", name, p.calls, s.marks)
		}
	}
}

// A channel that could not be ended is tried again within the hour, and each that was a stray is told of.
func TestLeftoverIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newShelf(cal.Google).with("chn_1", record.ChannelOpening, "r1", time.Time{}, time.Time{})
	s.with("chn_2", record.ChannelOpen, "r2", began, began.Add(week))
	p := newPusher(s, week)
	k := keeper(s, p, false)
	p.fail["close"] = fault.New(fault.Transient, "close", nil)
	if err := k.Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	if renew, _ := s.mark(task.CalendarRenew); !renew.NotBefore.Equal(began.Add(leftover)) || len(s.kept) > 0 {
		t.Errorf("comes back at %s, told %v", renew.NotBefore, s.kept)
	}
	s.clock.Advance(leftover)
	s.marks, p.fail = nil, map[string]error{}
	if err := k.Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, map[cal.ChannelID]record.ChannelState{"chn_1": record.ChannelClosed, "chn_2": record.ChannelOpen})
	if renew, _ := s.mark(task.CalendarRenew); !renew.NotBefore.Equal(began.Add(week/2)) || !slices.Equal(s.kept, []string{VerdictStray}) {
		t.Errorf("comes back at %s, told %v", renew.NotBefore, s.kept)
	}
}
