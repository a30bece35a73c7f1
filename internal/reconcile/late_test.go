package reconcile

import (
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

// loses lets the next call of op be lost in the given way, and returns what the run then comes to.
func (b *bench) loses(op string, how fate) {
	b.t.Helper()
	b.account.fates = func(o string) fate {
		if o != op {
			return answered
		}
		b.account.fates = nil
		return how
	}
	if err := b.run(); !fault.Is(err, fault.Transient) {
		b.t.Fatalf("%s was to be lost: %v", op, err)
	}
}

// lands lets late writes take effect and be listed.
func (b *bench) lands() {
	b.t.Helper()
	b.account.Kind.Blind = true // they carry the ETag of their time
	for _, w := range b.account.late {
		if err := w.apply(); err != nil {
			b.t.Fatalf("the late %s did not take effect: %v", w.op, err)
		}
	}
	b.account.late = nil
	b.listed()
}

func TestLateWriteIsNobodysChange(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		b := newBench(t, p)
		b.spec.Notify = cal.NotifyAll
		b.want(nil)
		b.settle()
		b.want(func(s *cal.Booking) { s.Title, s.Attendees = "second", guestList("a@core.test", "c@core.test") })
		b.loses("update", delayed)
		b.want(func(s *cal.Booking) { s.Title, s.Attendees = "third", guestList("a@core.test", "b@core.test") })
		b.settle()
		b.lands()
		if c := b.event().Content; c.Title != "second" {
			t.Fatalf("%s: shows %+v", p, c)
		}
		d := b.settle()
		if c := b.event().Content; c.Title != "third" || !slices.Equal(b.guests(), []string{"a@core.test", "b@core.test"}) {
			t.Errorf("%s: shows %q to %v", p, c.Title, b.guests())
		}
		if reported(d, message.BookingEdited) || d.Link.State != record.LinkSynced {
			t.Errorf("%s: %s, reported %+v", p, d.Link.State, d.Reports)
		}
	}
}

// The first agreement is with what the oldest create has asked for, not with nothing: what a person did meanwhile is theirs.
func TestPersonChangesAnEventBeforeItsCreateIsAnswered(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		b := newBench(t, p)
		b.want(nil)
		b.loses("create", lostAfter)
		for _, e := range b.account.work.Events() {
			e.Content.Title = "by hand"
			b.account.person(e.ID, cal.FieldTitle, e.Content)
		}
		b.want(func(s *cal.Booking) { s.Location = "elsewhere" })
		d := b.settle()
		if c := b.event().Content; c.Title != "by hand" || c.Location != "elsewhere" {
			t.Errorf("%s: shows %+v", p, c)
		}
		if !slices.Equal(named(d, message.BookingEdited), []string{"title"}) || !reported(d, message.BookingSynced) {
			t.Errorf("%s: reported %+v", p, d.Reports)
		}
	}
}

// What a person typed while a write of ours was under way is theirs; what the provider has made of ours is not.
func TestTextThatAPersonTypedBeforeTheAnswerIsTheirs(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		for _, op := range []string{"create", "update"} {
			for _, typed := range []string{"by hand", ""} {
				b := newBench(t, p)
				b.account.Kind.Rewrites = true
				b.want(nil)
				if op == "update" {
					b.settle()
					b.want(func(s *cal.Booking) { s.Description = "by the core" })
				}
				b.loses(op, lostAfter)
				e := b.account.work.Standing()[0]
				if typed != "" {
					c := e.Content
					c.Description = typed
					b.account.person(e.ID, cal.FieldDescription, c)
				}
				b.want(func(s *cal.Booking) { s.Title = "other" })
				d := b.settle()
				if typed == "" {
					if len(named(d, message.BookingEdited)) != 0 || d.Link.State != record.LinkSynced {
						t.Errorf("%s, %s: %s, reported %+v, but nobody typed anything", p, op, d.Link.State, d.Reports)
					}
					continue
				}
				if got := b.event().Content.Description; got != typed || !slices.Equal(named(d, message.BookingEdited), []string{"description"}) {
					t.Errorf("%s, %s: shows %q, reported %+v", p, op, got, d.Reports)
				}
			}
		}
	}
}

func TestUnansweredWritesOfGuestsAreSeenThrough(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lost, shown, want, left []string
		title                   string
		edited                  bool
	}{
		"who was taken off without an answer comes back": {
			lost: []string{"b@core.test"}, shown: []string{"b@core.test", "x@person.test"}, want: []string{"a@core.test", "b@core.test"},
			left: []string{"b@core.test", "x@person.test", "a@core.test"}, edited: true,
		},
		"who was invited without an answer is taken off": {
			lost: []string{"a@core.test", "b@core.test", "c@core.test"}, shown: []string{"a@core.test", "b@core.test", "c@core.test"},
			want: []string{"a@core.test", "b@core.test"}, left: []string{"a@core.test", "b@core.test"},
		},
		"who was invited without an answer is taken off beside a person's change": {
			lost: []string{"a@core.test", "b@core.test", "c@core.test"}, shown: []string{"a@core.test", "b@core.test", "c@core.test"}, title: "by hand",
			want: []string{"a@core.test", "b@core.test"}, left: []string{"a@core.test", "b@core.test"}, edited: true,
		},
	} {
		b := booked(t, cal.Google)
		b.want(invites(c.lost...))
		b.loses("update", lostAfter)
		b.person(cal.FieldAttendees, stands(c.shown...))
		if c.title != "" {
			b.person(cal.FieldTitle, title(c.title))
		}
		b.want(invites(c.want...))
		d := b.settle()
		if got := b.guests(); !slices.Equal(got, c.left) || reported(d, message.BookingEdited) != c.edited || !reported(d, message.BookingSynced) {
			t.Errorf("%s: %v, reported %+v", name, got, d.Reports)
		}
	}
}

// A lost delete says nothing about guests: one whom a person has taken off is theirs to take off.
func TestLostDeleteExcusesNoGuest(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.cancel()
	b.loses("delete", lostBefore)
	b.person(cal.FieldAttendees, stands("b@core.test"))
	b.want(nil)
	d := b.settle()
	if got := b.guests(); !slices.Equal(got, []string{"b@core.test"}) || !slices.Equal(named(d, message.BookingEdited), []string{"attendees"}) {
		t.Errorf("%v, reported %+v", got, d.Reports)
	}
}

func TestLostWritesAreForgottenOnceAgreed(t *testing.T) {
	t.Parallel()
	for _, how := range []fate{lostBefore, lostAfter} {
		b := booked(t, cal.Google)
		b.want(func(s *cal.Booking) { s.Title = "other" })
		b.loses("update", how)
		if n := len(b.shelf.link.InFlight); n != 1 {
			t.Fatalf("%d writes in flight", n)
		}
		d := b.settle()
		if len(d.Link.InFlight) != 0 || d.Link.State != record.LinkSynced || b.event().Content.Title != "other" || reported(d, message.BookingEdited) {
			t.Errorf("%+v", d)
		}
	}
}

func TestSameLostWriteIsRecordedOnce(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	change := func(to string) { b.want(func(s *cal.Booking) { s.Title = to }) }
	change("second")
	b.loses("update", lostBefore)
	b.loses("update", lostBefore)
	if got := b.shelf.link.InFlight; len(got) != 1 || got[0].Version != 2 || !got[0].At.Equal(began) {
		t.Errorf("%+v", got)
	}
	change("third")
	b.loses("update", lostBefore)
	b.want(nil)
	b.loses("update", lostBefore)
	if got := b.shelf.link.InFlight; len(got) != 3 || got[1].Content.Title != "third" || got[2].Version != 4 {
		t.Errorf("%+v", got)
	}
}

func TestUnansweredCreateIsNotMadeTwice(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		b := newBench(t, p)
		b.want(nil)
		b.loses("create", lostAfter)
		b.clock.Advance(time.Hour)
		d := b.settle()
		made := len(b.account.work.Events())
		if made != 1 || d.Link.State != record.LinkSynced || len(d.Link.InFlight) != 0 || len(b.account.writes) != 1 {
			t.Errorf("%s: %d events after %v", p, made, b.account.calls)
		}
		want := []string{"create", "create"}
		if p == cal.Microsoft {
			want[1] = "find" // the provider may have forgotten the key
		}
		if !slices.Equal(b.account.calls, want) {
			t.Errorf("%s: called %v, want %v", p, b.account.calls, want)
		}
	}
}

// Of many attempts at a create the first tells since when its key is in use, and the last how long it may take effect.
func TestFirstAndLastAttemptAtACreateAreKept(t *testing.T) {
	t.Parallel()
	b := newBench(t, cal.Microsoft)
	b.want(nil)
	for range 3 {
		b.loses("create", lostBefore)
	}
	last := b.clock.Now()
	b.loses("create", delayed)
	got := b.shelf.link.InFlight
	if len(got) != 2 || !got[0].At.Equal(began) || !got[1].At.Equal(last) {
		t.Fatalf("%+v", got)
	}
	b.cancel()
	if d := b.settle(); !d.Outcome.NotBefore.Equal(last.Add(straggling)) {
		t.Errorf("looks again at %s, want two minutes after %s", d.Outcome.NotBefore, last)
	}
}
