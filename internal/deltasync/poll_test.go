package deltasync

import (
	"errors"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func poller(s *shelf) *Poller {
	half := func(d time.Duration) time.Duration { return d / 2 }
	return &Poller{Store: s, Clock: s.clock, Rhythm: NewRhythm(time.Minute, 16*time.Minute, 4*time.Hour, half)}
}

func TestPollMarksTheCalendarAndComesBack(t *testing.T) {
	t.Parallel()
	s := newShelf()
	s.hearing.ListedAt = began.Add(-time.Hour)
	if err := poller(s).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	want := record.Mark{Kind: task.CalendarSync, Subject: "cal_1", Lane: task.Background, ConnectionID: "con_1"}
	if len(s.marks) != 1 || s.marks[0] != want {
		t.Errorf("marks %+v, want %+v: a poll never ends a wait", s.marks, want)
	}
	o := s.outcome[0]
	if !o.Served || !o.Again || o.NotBefore.Sub(began) != 15*time.Minute {
		t.Errorf("%+v, want it to come back after the interval, less what spreads the calendars", o)
	}
}

// A deletion that is held though listings show the event is looked at again with each poll: no listing would show that the event is back.
func TestPollLooksAgainAtWhatOnlyRunsHaveMissed(t *testing.T) {
	t.Parallel()
	s := newShelf()
	s.doubted = []cal.LinkID{"lnk_1", "lnk_2"}
	if err := poller(s).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	for i, id := range s.doubted {
		want := record.Mark{Kind: task.LinkPush, Subject: string(id), Lane: task.Background, ConnectionID: "con_1", Revive: true}
		if len(s.marks) != 3 || s.marks[i+1] != want {
			t.Errorf("marks %+v, want %+v", s.marks, want)
		}
	}
}

// A calendar whose connection is dead costs nothing, and its schedule goes on: one dead account stops nobody.
func TestPollLeavesAloneWhatCannotBeListed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*record.Sync){
		"needs owner": func(s *record.Sync) { s.Connection.State = cal.ConnectionNeedsReauth },
		"pending":     func(s *record.Sync) { s.Connection.State = cal.ConnectionPending },
	} {
		s := newShelf()
		change(&s.state)
		if err := poller(s).Work(t.Context(), s.claim()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(s.marks) != 0 || !s.outcome[0].Again {
			t.Errorf("%s: marks %+v, outcome %+v", name, s.marks, s.outcome[0])
		}
	}
}

// The schedule of a calendar that is off ends: whoever turns it on begins it anew.
func TestPollEndsWithItsCalendar(t *testing.T) {
	t.Parallel()
	s := newShelf()
	s.state.Calendar.Targeted = false
	if err := poller(s).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	if o := s.outcome[0]; len(s.marks) != 0 || o.Again || !o.Served {
		t.Errorf("marks %+v, outcome %+v", s.marks, o)
	}
}

func TestPollTellsWhatTheStoreSays(t *testing.T) {
	t.Parallel()
	down := fault.New(fault.Transient, "store", nil)
	for _, op := range []string{"polling", "doubted", "finish"} {
		s := newShelf()
		s.fail[op] = down
		if err := poller(s).Work(t.Context(), s.claim()); !errors.Is(err, down) {
			t.Errorf("%s: %v", op, err)
		}
	}
}

// What is polled first is a backfill: it is bulk work.
func TestFirstPollIsBulkWork(t *testing.T) {
	t.Parallel()
	s := newShelf()
	if err := poller(s).Work(t.Context(), s.claim()); err != nil {
		t.Fatal(err)
	}
	if len(s.marks) != 1 || s.marks[0].Lane != task.Bulk {
		t.Errorf("marks %+v", s.marks)
	}
}

// The interval is the calendar's own, as long as it fits what is known of its channel.
func TestPollComesBackAsOftenAsPushesAreTrusted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		h    record.Hearing
		want time.Duration
	}{
		"trusted":                 {record.Hearing{OpenUntil: began.Add(day), Interval: 4 * time.Hour}, 225 * time.Minute},
		"missed a change":         {record.Hearing{OpenUntil: began.Add(day), Interval: 4 * time.Hour, MissedAt: began}, 15 * time.Minute},
		"no channel":              {record.Hearing{Interval: 4 * time.Hour}, 15 * time.Minute},
		"no channel, busy":        {record.Hearing{Interval: 2 * time.Minute}, 112500 * time.Millisecond},
		"a channel that ends":     {record.Hearing{OpenUntil: began.Add(time.Hour), Interval: 4 * time.Hour}, time.Hour},
		"a channel that is ended": {record.Hearing{OpenUntil: began.Add(time.Second), Interval: 4 * time.Hour}, 15 * time.Minute},
	} {
		s := newShelf()
		s.hearing, s.push = c.h, record.PushOpen
		p := poller(s)
		var told []record.PushState
		p.Polled = func(_ cal.Provider, push record.PushState) { told = append(told, push) }
		if err := p.Work(t.Context(), s.claim()); err != nil {
			t.Fatal(err)
		}
		if got := s.outcome[0].NotBefore.Sub(began); got != c.want {
			t.Errorf("%s: back after %s, want %s", name, got, c.want)
		}
		if len(told) != 1 || told[0] != record.PushOpen {
			t.Errorf("%s: told %v", name, told)
		}
	}
}
