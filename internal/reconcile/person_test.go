package reconcile

import (
	"slices"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/record"
)

// booked is a bench whose first version is shown.
func booked(t *testing.T, p cal.Provider) *bench {
	t.Helper()
	b := newBench(t, p)
	b.want(nil)
	b.settle()
	b.listed()
	return b
}

func named(d record.Decision, kind message.Type) []string {
	for _, r := range d.Reports {
		if r.Type == kind {
			return r.Fields
		}
	}
	return nil
}

func title(to string) func(*cal.Content) { return func(c *cal.Content) { c.Title = to } }

func invites(emails ...string) func(*cal.Booking) {
	return func(s *cal.Booking) { s.Attendees = guestList(emails...) }
}

func stands(emails ...string) func(*cal.Content) {
	return func(c *cal.Content) { c.Attendees = guestList(emails...) }
}

func TestPersonsChangeIsReportedOnceAndLeftAlone(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		b := booked(t, p)
		b.person(cal.FieldTitle, title("by hand"))
		d := b.settle()
		if len(d.Reports) != 1 || d.Link.State != record.LinkDiverged || d.Link.Observed == nil || d.Link.Observed.Title != "by hand" {
			t.Fatalf("%s: %s, %+v", p, d.Link.State, d.Reports)
		}
		r := d.Reports[0]
		if r.Type != message.BookingEdited || !r.Revise || !r.Diverged || r.Version != 1 || !slices.Equal(r.Fields, []string{"title"}) || r.Event.Title != "by hand" {
			t.Errorf("%s: %+v", p, r)
		}
		b.shelf.mark()
		if d := b.settle(); len(d.Reports) != 0 || d.Link.State != record.LinkDiverged {
			t.Errorf("%s: told twice: %+v", p, d.Reports)
		}
		b.person(cal.FieldTitle, title("by hand again"))
		if d := b.settle(); len(d.Reports) != 1 || d.Reports[0].Event.Title != "by hand again" {
			t.Errorf("%s: a further change comes to %+v", p, d.Reports)
		}
		if len(b.account.writes) != 1 {
			t.Errorf("%s: wrote %v", p, b.account.writes)
		}
	}
}

func TestMoveIsReportedAsSuch(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.person(cal.FieldSlot, func(c *cal.Content) { c.Slot = slotAt(5) })
	if d := b.settle(); len(d.Reports) != 1 || d.Reports[0].Type != message.BookingMoved || d.Reports[0].Event.Start != slotAt(5).Start.When() {
		t.Errorf("%+v", d.Reports)
	}
}

func TestUndoneChangeIsReportedAsRestored(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.person(cal.FieldTitle, title("by hand"))
	b.person(cal.FieldLocation, func(c *cal.Content) { c.Location = "elsewhere" })
	b.settle()
	b.person(cal.FieldTitle, title("title"))
	if d := b.settle(); len(d.Reports) != 1 || !slices.Equal(named(d, message.BookingEdited), []string{"location"}) {
		t.Errorf("half undone: %+v", d.Reports)
	}
	b.person(cal.FieldLocation, func(c *cal.Content) { c.Location = "location" })
	d := b.settle()
	if len(d.Reports) != 1 || d.Reports[0].Type != message.BookingRestored || d.Reports[0].Diverged || !d.Reports[0].Revise {
		t.Errorf("undone: %+v", d.Reports)
	}
	if d.Link.State != record.LinkSynced || d.Link.Observed != nil {
		t.Errorf("undone: %+v", d.Link)
	}
}

func TestCoreAndPersonChangeDifferentThings(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		b := booked(t, p)
		b.person(cal.FieldTitle, title("by hand"))
		b.want(func(s *cal.Booking) { s.Location = "elsewhere" })
		d := b.settle()
		shown := b.event().Content
		if shown.Title != "by hand" || shown.Location != "elsewhere" || d.Link.State != record.LinkDiverged {
			t.Errorf("%s: %s, shows %+v", p, d.Link.State, shown)
		}
		if !slices.Equal(named(d, message.BookingEdited), []string{"title"}) || !reported(d, message.BookingSynced) || d.Link.Synced != 2 || d.Link.BaseVersion != 2 {
			t.Errorf("%s: %+v, synced %d", p, d.Reports, d.Link.Synced)
		}
		if len(d.Sent) != 0 {
			t.Errorf("%s: remembers %v as sent, of which a part is the person's", p, d.Sent)
		}
	}
}

// Until the core decides, its version is not shown, and so it is not reported as such.
func TestCoreAndPersonChangeTheSameThing(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.person(cal.FieldTitle, title("by hand"))
	b.want(func(s *cal.Booking) { s.Title = "by the core" })
	d := b.settle()
	if b.event().Content.Title != "by hand" || reported(d, message.BookingSynced) || d.Link.Synced != 1 || d.Link.State != record.LinkDiverged {
		t.Errorf("%+v, %s, synced %d", d.Reports, d.Link.State, d.Link.Synced)
	}
	b.submit(accepted{target: true, authoritative: true, decide: true})
	d = b.settle()
	if b.event().Content.Title != "by the core" || d.Link.State != record.LinkSynced || d.Link.Synced != 3 || len(d.Reports) != 1 {
		t.Errorf("decided: %+v, %s, synced %d", d.Reports, d.Link.State, d.Link.Synced)
	}
}

// meanwhile lets something happen before the next decision is committed.
func (b *bench) meanwhile(does func()) {
	b.shelf.before = func(op string) error {
		if op == "settle" {
			b.shelf.before = nil
			does()
		}
		return nil
	}
}

// Guests that a person adds are news, though what was reported of other fields still stands and the core's own guests were written beside them.
func TestGuestsOfOthersAreNewsBesideWhatIsKnown(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.person(cal.FieldTitle, title("by hand"))
	b.meanwhile(func() { b.want(invites("a@core.test", "b@core.test", "c@core.test")) })
	b.settle()
	b.person(cal.FieldAttendees, stands("a@core.test", "b@core.test", "x@person.test"))
	d := b.settle()
	if !slices.Equal(named(d, message.BookingEdited), []string{"title", "attendees"}) || len(d.Reports[0].Event.Attendees) != 4 {
		t.Errorf("%v, reported %+v", b.guests(), d.Reports)
	}
}

func TestGuestsAreNoNewsOnceTheyAreNotTheCoresBusiness(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		provider  cal.Provider
		meanwhile func(*bench)
		left      int
	}{
		"the target is authoritative no more": {cal.Google, func(b *bench) { b.submit(accepted{target: true}) }, 1},
		"they may not be mailed any more":     {cal.Microsoft, func(b *bench) { b.want(func(s *cal.Booking) { s.Notify = cal.NotifyNone }) }, 3},
	} {
		b := newBench(t, c.provider)
		b.spec.Notify = cal.NotifyAll
		b.want(nil)
		b.settle()
		b.person(cal.FieldTitle, title("by hand"))
		b.person(cal.FieldAttendees, stands("a@core.test", "b@core.test", "x@person.test"))
		b.meanwhile(func() { c.meanwhile(b) })
		if d := b.settle(); !slices.Equal(named(d, message.BookingEdited), []string{"title", "attendees"}) {
			t.Fatalf("%s: %+v", name, d.Reports)
		}
		if d := b.settle(); reported(d, message.BookingEdited) || len(b.guests()) != c.left {
			t.Errorf("%s: %v, reported %+v", name, b.guests(), d.Reports)
		}
	}
}

// A newer version that was accepted before the core heard of a change may leave less of it to decide about.
func TestNewerVersionLeavesLessToDecide(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.person(cal.FieldTitle, title("by hand"))
	b.person(cal.FieldAttendees, stands("b@core.test"))
	b.meanwhile(func() { b.want(invites()) })
	if d := b.settle(); !slices.Equal(named(d, message.BookingEdited), []string{"title", "attendees"}) || d.Reports[0].Version != 1 {
		t.Errorf("%+v", d.Reports)
	}
	d := b.settle()
	if got := b.guests(); len(got) != 0 || !slices.Equal(named(d, message.BookingEdited), []string{"title"}) || d.Reports[0].Version != 2 {
		t.Errorf("%v, %+v", got, d.Reports)
	}
}

func TestGuestsOfOthersStayBesideThoseOfTheCore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		person, want, shown []string
		edited, open        bool
	}{
		"a guest more":                             {[]string{"a@core.test", "b@core.test", "x@person.test"}, []string{"a@core.test", "b@core.test", "c@core.test"}, []string{"a@core.test", "b@core.test", "x@person.test", "c@core.test"}, true, false},
		"a guest less whom the core wants":         {[]string{"b@core.test"}, []string{"a@core.test", "b@core.test", "c@core.test"}, []string{"b@core.test"}, true, true},
		"a guest less whom the core wants no more": {[]string{"b@core.test"}, []string{"b@core.test", "c@core.test"}, []string{"b@core.test", "c@core.test"}, false, false},
		"a guest more whom the core wants as well": {[]string{"a@core.test", "b@core.test", "c@core.test"}, []string{"a@core.test", "b@core.test", "c@core.test"}, []string{"a@core.test", "b@core.test", "c@core.test"}, false, false},
		"a guest more whom the core wants, and another": {
			[]string{"a@core.test", "b@core.test", "c@core.test"},
			[]string{"a@core.test", "b@core.test", "c@core.test", "d@core.test"},
			[]string{"a@core.test", "b@core.test", "c@core.test", "d@core.test"},
			false, false,
		},
		"another guest, and all of the core's gone": {[]string{"a@core.test", "b@core.test", "x@person.test"}, nil, []string{"x@person.test"}, true, false},
	} {
		b := booked(t, cal.Google)
		b.person(cal.FieldAttendees, stands(c.person...))
		b.want(invites(c.want...))
		d := b.settle()
		if got := b.guests(); !slices.Equal(got, c.shown) {
			t.Errorf("%s: %v, want %v", name, got, c.shown)
		}
		if reported(d, message.BookingEdited) != c.edited || reported(d, message.BookingSynced) == c.open {
			t.Errorf("%s: reported %+v", name, d.Reports)
		}
		b.shelf.mirror[b.shelf.link.EventID] = mirrorRow{etag: "a listing's"}
		if d := b.settle(); len(d.Reports) != 0 {
			t.Errorf("%s: another look reported %+v", name, d.Reports)
		}
	}
}

func TestGuestWhomAPersonMadeOptionalStaysSo(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.person(cal.FieldAttendees, func(c *cal.Content) { c.Attendees[0].Optional = true })
	b.want(invites("a@core.test", "b@core.test", "c@core.test"))
	d := b.settle()
	if c := b.event().Content; !c.Attendees[0].Optional || !reported(d, message.BookingEdited) {
		t.Errorf("%+v, reported %+v", c.Attendees, d.Reports)
	}
}

func TestInvitationsCarryNamesAndWhoIsOptional(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.account.updating = func(req provider.UpdateEvent, _ *known) {
		want := []cal.Attendee{{Email: "a@core.test", Optional: true}, {Email: "C@core.test", Name: "Cee"}}
		if !slices.Equal(req.Invite, want) || !slices.Equal(req.Uninvite, []string{"b@core.test"}) {
			t.Errorf("invites %+v and takes off %v", req.Invite, req.Uninvite)
		}
	}
	b.want(func(s *cal.Booking) {
		s.Attendees = []cal.Attendee{{Email: "a@core.test", Optional: true}, {Email: "C@core.test", Name: "Cee"}}
	})
	b.settle()
	if len(b.account.writes) != 2 {
		t.Errorf("wrote %v", b.account.writes)
	}
}

func TestGuestsLeaveATargetThatIsAuthoritativeNoMore(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.person(cal.FieldAttendees, stands("a@core.test", "b@core.test", "x@person.test"))
	b.settle()
	b.submit(accepted{target: true, decide: true})
	if d := b.settle(); reported(d, message.BookingEdited) || d.Link.State != record.LinkSynced {
		t.Errorf("%s, reported %+v", d.Link.State, d.Reports)
	}
	b.submit(accepted{target: true})
	d := b.settle()
	if got := b.guests(); slices.Contains(got, "a@core.test") || slices.Contains(got, "b@core.test") {
		t.Errorf("%v", got)
	}
	if got := d.Link.Base.Sent.Attendees; len(got) != 0 {
		t.Errorf("still ours: %v", got)
	}
	b.person(cal.FieldAttendees, stands("y@person.test"))
	if d := b.settle(); len(d.Reports) != 0 || !slices.Equal(b.guests(), []string{"y@person.test"}) {
		t.Errorf("%v, reported %+v: who stands there is not the core's business", b.guests(), d.Reports)
	}
}

// Guests that a create asked for and the provider never took are no guests that a person has taken off.
func TestGuestsOfARefusedCreateWereNeverThere(t *testing.T) {
	t.Parallel()
	b := newBench(t, cal.Microsoft)
	b.account.work.Hide(false)
	b.want(func(s *cal.Booking) { s.Notify = cal.NotifyAll })
	if err := b.run(); err == nil {
		t.Fatal("a create in a calendar that cannot be seen succeeds")
	}
	b.account.work.Show()
	b.want(func(s *cal.Booking) { s.Notify = cal.NotifyNone })
	b.settle()
	b.person(cal.FieldTitle, func(c *cal.Content) { c.Title = "theirs" })
	b.want(func(s *cal.Booking) { s.Notify = cal.NotifyAll })
	d := b.settle()
	for _, r := range d.Reports {
		if slices.Contains(r.Fields, "attendees") {
			t.Errorf("nobody touched the guests, and %s is reported with %v", r.Type, r.Fields)
		}
	}
	if got := b.guests(); !slices.Equal(got, []string{"a@core.test", "b@core.test"}) {
		t.Errorf("invited %v", got)
	}
}
