package app_test

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
	"github.com/calweave/calweave/internal/store"
)

// guest is invited by bookings and has no calendar.
const guest = "guest@elsewhere.example"

// walker is a world on its way, with what has to be so by now.
type walker struct {
	*world
	// stands are the titles and starts of what each calendar shows.
	stands map[sim.Provider]map[string]time.Time
	// told are the messages about persons and failures. Those about our own writes are as many as it took.
	told map[message.Type]int
}

// walk takes bookings through their whole life. What it checks holds for whatever switches there are.
func walk(t *testing.T, s sim.Switches) {
	t.Helper()
	w := newWalker(t, plan{switches: s})
	for _, step := range []struct {
		name string
		take func()
	}{
		{"a booking goes out", w.goesOut},
		{"persons change it", w.personsChange},
		{"the core decides", w.coreDecides},
		{"answers are lost", w.answersAreLost},
		{"guests are mailed as asked", w.guestsAreMailed},
		{"cursors are lost", w.cursorsAreLost},
		{"channels are renewed", w.channelsAreRenewed},
		{"all is cancelled", w.allIsCancelled},
	} {
		step.take()
		w.pass(w.config.PollInterval)
		if s.Microsoft.LateDelta {
			w.pass(w.config.PollInterval)
		}
		if w.check(); t.Failed() {
			t.Fatalf("after %q: %s", step.name, w.describe())
		}
	}
}

// newWalker starts a world that lives by more than pushes: what was missed is found within 12 hours.
func newWalker(t *testing.T, p plan) *walker {
	t.Helper()
	p.databaseURL = "sqlite:" + filepath.Join(t.TempDir(), "calweave.db")
	p.ownerURL, p.poll, p.limit, p.polls = p.databaseURL, 12*time.Hour, 10*limit, true
	return &walker{
		world:  p.start(t),
		stands: map[sim.Provider]map[string]time.Time{sim.Google: {}, sim.Microsoft: {}},
		told:   map[message.Type]int{},
	}
}

// pass lets time go by and does what comes due meanwhile, each at its time.
func (w *walker) pass(d time.Duration) {
	w.tb.Helper()
	stride := w.config.PollInterval
	if s := w.sim.Switches(); s.Microsoft.ReauthorizeMinutes > 0 {
		stride = time.Hour // so long has what Microsoft asks for to be answered
	}
	for end := w.clock.Now().Add(d); ; {
		w.settle()
		now := w.clock.Now()
		if !now.Before(end) {
			return
		}
		until := now.Add(min(stride, end.Sub(now)))
		if next := w.next(); !next.IsZero() && next.Before(until) {
			until = next
		}
		w.clock.Set(until)
	}
}

// next is when the next schedule comes due. Grants are looked after whenever time stops for something else.
func (w *walker) next() time.Time {
	w.tb.Helper()
	rows, err := w.app.Store.ListWork(w.ctx, w.tenant, store.OpenWork, task.Ref{}, 1000)
	w.must(err)
	var next time.Time
	for _, r := range rows {
		if r.State == record.Ready && r.Kind != task.GrantKeep && r.NotBefore.After(w.clock.Now()) && (next.IsZero() || r.NotBefore.Before(next)) {
			next = r.NotBefore
		}
	}
	return next
}

// check compares the calendars, the messages and the work with what has to be.
func (w *walker) check() {
	w.tb.Helper()
	for p, want := range w.stands {
		events, got := w.standing(p), map[string]time.Time{}
		for _, e := range events {
			got[e.Title] = e.Start.UTC()
		}
		if len(events) != len(want) || !maps.Equal(got, want) {
			w.tb.Errorf("%s shows %+v, want %v", p, events, want)
		}
	}
	got := w.core.types()
	for _, kind := range []message.Type{
		message.BookingRejected, message.BookingMoved, message.BookingEdited, message.BookingRemoved, message.BookingRestored, message.BookingHeld,
		message.BookingFailed, message.ConnectionNeedsReauth,
	} {
		if got[kind] != w.told[kind] {
			w.tb.Errorf("%s was sent %d times, want %d", kind, got[kind], w.told[kind])
		}
	}
	stopped, err := w.app.Store.ListWork(w.ctx, w.tenant, store.StoppedWork, task.Ref{}, 100)
	w.must(err)
	for _, r := range stopped {
		w.tb.Errorf("%s is %s: %s", r.Ref, r.State, r.LastError)
	}
}

// book submits a version that both calendars are to show, instead of the title that they show now.
func (w *walker) book(id cal.BookingID, b cal.Booking, old string) {
	w.tb.Helper()
	w.submit(id, b, w.seen(id))
	start := w.instant(b.Start.DateTime)
	for _, shown := range w.stands {
		delete(shown, old)
		shown[b.Title] = start
	}
	if _, err := w.step(); err != nil {
		w.tb.Fatal(err)
	}
}

// later lets the second attempt at what has just failed wait for longer than providers may remember the first.
func (w *walker) later() {
	w.clock.Advance(20 * time.Minute)
	w.settle()
}

// seen is the revision that a core knows of once it was told all.
func (w *walker) seen(id cal.BookingID) *int64 {
	w.tb.Helper()
	b, err := w.app.Store.Booking(w.ctx, w.tenant, id)
	if err != nil {
		return nil
	}
	return &b.Revision
}

// cancel takes a booking back, whose events have these titles.
func (w *walker) cancel(id cal.BookingID, version int64, titles ...string) {
	w.tb.Helper()
	_, err := w.app.Intake.Submit(w.ctx, w.tenant, intake.Submission{ID: id, Cancel: &version, IfMatch: w.seen(id), Actor: "test", Via: "test"})
	w.must(err)
	for _, shown := range w.stands {
		maps.DeleteFunc(shown, func(title string, _ time.Time) bool { return slices.Contains(titles, title) })
	}
	w.settle()
}

func (w *walker) instant(wall string) time.Time {
	w.tb.Helper()
	l, err := time.LoadLocation(zone)
	w.must(err)
	at, err := time.ParseInLocation(cal.WallLayout, wall, l)
	w.must(err)
	return at.UTC()
}

// titled is the standing event with a title.
func (w *walker) titled(p sim.Provider, title string) sim.Event {
	w.tb.Helper()
	for _, e := range w.standing(p) {
		if e.Title == title {
			return e
		}
	}
	w.tb.Fatalf("%s does not show %q", p, title)
	return sim.Event{}
}

// personMoves lets a host move an event by an hour.
func (w *walker) personMoves(p sim.Provider, title string) {
	w.tb.Helper()
	e := w.titled(p, title)
	_, err := w.sim.MoveEvent(in(p), e.ID, e.Start.Add(time.Hour))
	w.must(err)
	w.stands[p][title] = e.Start.Add(time.Hour).UTC()
	w.told[message.BookingMoved]++
}

func (w *walker) goesOut() {
	w.book("b1", w.booking(1, "Intro call", wall), "")
}

func (w *walker) personsChange() {
	w.personMoves(sim.Google, "Intro call")
	title := "Intro call (Room 5)"
	e := w.titled(sim.Microsoft, "Intro call")
	_, err := w.sim.EditEvent(in(sim.Microsoft), e.ID, sim.Edit{Title: &title})
	w.must(err)
	w.stands[sim.Microsoft] = map[string]time.Time{title: e.Start.UTC()}
	w.told[message.BookingEdited]++
}

func (w *walker) coreDecides() {
	w.stands[sim.Microsoft] = map[string]time.Time{}
	w.book("b1", w.booking(2, "Second title", later), "Intro call")
}

// answersAreLost loses the answer to a creation, an update and a deletion.
func (w *walker) answersAreLost() {
	lose := func(method, path string) {
		for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
			_, err := w.sim.AddFault(sim.Fault{Provider: p, Method: method, Path: path, Count: 1, Action: stage.ActLostAnswer})
			w.must(err)
		}
	}
	lose("POST", "*/events")
	w.book("b2", w.booking(1, "Board", "2027-03-02T10:00:00"), "")
	w.later()
	lose("PATCH", "*/events/*")
	w.book("b2", w.booking(2, "Board meeting", "2027-03-02T11:00:00"), "Board")
	w.settle()
	lose("POST", "*/events")
	w.book("b3", w.booking(1, "Lunch", "2027-03-03T12:00:00"), "")
	w.settle()
	lose("DELETE", "*/events/*")
	w.cancel("b3", 2, "Lunch")
	for _, f := range w.sim.Faults() {
		if f.Struck != 1 {
			w.tb.Errorf("the fault %+v struck %d times", f.Fault, f.Struck)
		}
	}
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		all, err := w.sim.Events(in(p))
		w.must(err)
		if len(all) != 3 {
			w.tb.Errorf("%s has had %d events for 3 bookings: %+v", p, len(all), all)
		}
	}
}

// guestsAreMailed books, changes and cancels with guests, with and without mails.
func (w *walker) guestsAreMailed() {
	var sent uint64
	for _, m := range w.sim.Mails(0) {
		w.tb.Errorf("a mail that nobody asked for: %+v", m)
		sent = m.N
	}
	for _, c := range []struct {
		id     cal.BookingID
		first  sim.Provider
		notify cal.Notify
	}{
		{"g1", sim.Google, cal.NotifyAll}, {"g2", sim.Google, cal.NotifyNone}, {"m1", sim.Microsoft, cal.NotifyAll}, {"m2", sim.Microsoft, cal.NotifyNone},
	} {
		title := "With a guest " + string(c.id)
		b := w.booking(1, title, "2027-03-04T10:00:00")
		w.guestsStand(&b, c.first)
		b.Attendees, b.Notify = []cal.Attendee{{Email: guest}}, c.notify
		w.book(c.id, b, "")
		w.settle()
		b.Version, b.Location = 2, "Room 5"
		w.book(c.id, b, "")
		w.settle()
		w.cancel(c.id, 3, title)
		mails := map[sim.Provider]map[stage.MailKind]bool{sim.Google: {}, sim.Microsoft: {}}
		for _, m := range w.sim.Mails(sent) {
			sent = m.N
			mails[m.Provider][m.Kind] = true
			if m.To != guest || m.Title != title {
				w.tb.Errorf("a mail about something else: %+v", m)
			}
		}
		for p, kinds := range mails {
			want := 0
			if p == c.first && c.notify == cal.NotifyAll {
				want = 3 // an invitation, an update and a cancellation
			}
			if len(kinds) != want {
				w.tb.Errorf("%s: %s has mailed %v, want %d kinds", c.id, p, kinds, want)
			}
		}
	}
}

// cursorsAreLost hides what persons do from all pushes and makes every cursor invalid.
func (w *walker) cursorsAreLost() {
	drop, err := w.sim.AddPushFault(sim.PushFault{Action: stage.PushDrop})
	w.must(err)
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		w.must(w.sim.ExpireCursors(in(p)))
	}
	w.must(w.sim.DeleteEvent(in(sim.Google), w.titled(sim.Google, "Board meeting").ID, false))
	delete(w.stands[sim.Google], "Board meeting")
	w.told[message.BookingRemoved]++
	w.personMoves(sim.Microsoft, "Board meeting")
	w.pass(2 * w.config.PollInterval)
	w.check()
	w.sim.ReleasePushFault(drop)
	w.cancel("b2", 3, "Board meeting")
}

// channelsAreRenewed lets every channel's life pass, if channels are opened at all.
func (w *walker) channelsAreRenewed() {
	s := w.sim.Switches()
	pushed := !s.HTTPSPushOnly && s.Google.PushDomains == sim.Served
	if pushed {
		w.pass(8 * 24 * time.Hour)
	}
	w.personMoves(sim.Google, "Second title")
	w.personMoves(sim.Microsoft, "Second title")
	w.settle()
	if pushed && !s.Microsoft.LateDelta {
		w.check()
	}
}

func (w *walker) allIsCancelled() {
	w.cancel("b1", 3, "Second title")
}
