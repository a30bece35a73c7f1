package reconcile

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/record"
)

func TestWhatNeedsNoProvider(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Situation)
		want   bool
	}{
		"agreed":                          {func(*Situation) {}, true},
		"the core has changed it":         {wantsOtherTitle, false},
		"not wanted any more":             {unwanted, false},
		"a listing has shown another":     {func(s *Situation) { s.Suspect = true }, false},
		"a write was never answered":      {func(s *Situation) { s.Link.InFlight = []record.Write{{Op: record.OpUpdate}} }, false},
		"an operator has approved it":     {func(s *Situation) { s.Link.State = record.LinkApproved }, false},
		"a person's change awaits":        {func(s *Situation) { s.Link.Observed = &cal.Content{} }, false},
		"the core is to decide":           {func(s *Situation) { s.Link.State = record.LinkDiverged }, false},
		"nothing was agreed on":           {func(s *Situation) { s.Link.Base = nil }, false},
		"what was read is no agreement":   {func(s *Situation) { s.Link.ETag = "" }, false},
		"no event, and none wanted":       {func(s *Situation) { s.Link.EventID = ""; unwanted(s) }, true},
		"no event, but one wanted":        {func(s *Situation) { s.Link.EventID = "" }, false},
		"a person deleted the event":      {func(s *Situation) { s.Link.EventID, s.Link.State = "", record.LinkDiverged }, true},
		"no event, a create was not seen": {func(s *Situation) { lostCreate(0)(s); unwanted(s) }, false},
	} {
		if got := settled(agreed(googleCan).with(c.change)); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestWhoseGuestsAreWritten(t *testing.T) {
	t.Parallel()
	without := singleFields &^ guestField
	for name, c := range map[string]struct {
		provider      cal.Provider
		authoritative bool
		notify        cal.Notify
		ours          []cal.Attendee
		guests        int
		fields        cal.Fields
	}{
		"Google":                              {cal.Google, true, cal.NotifyNone, nil, 2, singleFields},
		"Microsoft, nobody mailed":            {cal.Microsoft, true, cal.NotifyNone, nil, 0, without},
		"Microsoft, all mailed":               {cal.Microsoft, true, cal.NotifyAll, nil, 2, singleFields},
		"not authoritative":                   {cal.Google, false, cal.NotifyAll, nil, 0, without},
		"not authoritative any more":          {cal.Google, false, cal.NotifyNone, guestList("a@core.test"), 0, singleFields},
		"Microsoft, not authoritative at all": {cal.Microsoft, false, cal.NotifyAll, nil, 0, without},
	} {
		b := newBench(t, c.provider)
		b.spec.Notify = c.notify
		b.submit(accepted{target: true, authoritative: c.authoritative})
		l := b.shelf.link
		l.Base = &record.Base{Sent: cal.Content{Attendees: c.ours}}
		got := b.r.desired(record.Case{Link: l, Booking: b.shelf.booking, Calendar: b.shelf.calendar})
		if len(got.Content.Attendees) != c.guests || got.Fields != c.fields {
			t.Errorf("%s: %v in %v", name, got.Content.Attendees, got.Fields.Names())
		}
	}
}

func TestEveryCallEndsBeforeItsLease(t *testing.T) {
	t.Parallel()
	b := newBench(t, cal.Microsoft)
	b.account.asked = func(ctx context.Context, op string) {
		if until, ok := ctx.Deadline(); !ok || time.Until(until) >= b.shelf.work.until.Sub(b.clock.Now()) {
			t.Errorf("%s may take longer than its lease", op)
		}
	}
	b.want(nil)
	b.settle()
	b.want(func(s *cal.Booking) { s.Title = "other" })
	b.settle()
	b.cancel()
	b.settle()
	if want := []string{"create", "read", "update", "read", "delete"}; !slices.Equal(b.account.calls, want) {
		t.Errorf("called %v, want %v", b.account.calls, want)
	}
}

// A run outlasts a few conflicts: each write prolongs the lease, and it is the prolonged one that later calls are measured by.
func TestWritesProlongTheLease(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.want(func(s *cal.Booking) { s.Title = "other" })
	conflicts := 5
	b.account.fates = func(op string) fate {
		b.clock.Advance(12 * time.Second)
		if op == "update" && conflicts > 0 {
			conflicts--
			return contested
		}
		return answered
	}
	if d := b.settle(); d.Link.State != record.LinkSynced {
		t.Errorf("%+v", d.Link)
	}
}

func TestFrozenRunWritesNothing(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.want(func(s *cal.Booking) { s.Title = "other" })
	b.shelf.before = func(op string) error {
		if op == "intend" {
			b.shelf.work.token++ // somebody else has taken over
		}
		return nil
	}
	if err := b.run(); !fault.Is(err, fault.Fenced) || len(b.account.writes) != 1 {
		t.Errorf("%v after %v", err, b.account.writes)
	}
}

func TestEventThatKeepsChangingIsTriedAgainLater(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.want(func(s *cal.Booking) { s.Title = "other" })
	b.account.fates = func(op string) fate {
		if op == "update" {
			return contested
		}
		return answered
	}
	if err := b.run(); !fault.Is(err, fault.Conflict) {
		t.Errorf("%v", err)
	}
	if n := len(b.account.calls); n > 2*rounds+1 {
		t.Errorf("after %d calls", n)
	}
}

// A conflict proves that the write has changed nothing, so what the event shows is a person's.
func TestConflictIsNoLostWrite(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	e := b.event()
	e.Content.Description = "by hand"
	b.account.person(e.ID, cal.FieldDescription, e.Content)
	b.want(func(s *cal.Booking) { s.Description = "by the core" })
	d := b.settle()
	if got := b.event().Content.Description; got != "by hand" || !slices.Equal(named(d, message.BookingEdited), []string{"description"}) {
		t.Errorf("shows %q, reported %+v", got, d.Reports)
	}
}

// The attempt before it is another matter: it may have taken effect.
func TestConflictLeavesAnEarlierAttemptInFlight(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.account.Kind.Rewrites = true
	b.want(func(s *cal.Booking) { s.Description = "by the core" })
	b.loses("update", lostAfter)
	conflict := true
	b.account.fates = func(op string) fate {
		if op == "update" && conflict {
			conflict = false
			return contested
		}
		return answered
	}
	if d := b.settle(); reported(d, message.BookingEdited) || d.Link.State != record.LinkSynced {
		t.Errorf("%s, reported %+v", d.Link.State, d.Reports)
	}
}

func TestLostWriteIsRememberedAsWhatItWouldHaveMade(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	e := b.event()
	e.Content.Title = "by hand"
	b.account.person(e.ID, cal.FieldTitle, e.Content)
	b.listed()
	b.want(func(s *cal.Booking) { s.Title, s.Location = "by the core", "elsewhere" })
	b.loses("update", lostBefore)
	if got := b.shelf.link.InFlight[0].Content; got.Title != "title" || got.Location != "elsewhere" || len(got.Attendees) != 2 {
		t.Errorf("%+v", got)
	}
	b = newBench(t, cal.Microsoft)
	b.spec.Notify = cal.NotifyAll
	b.want(nil)
	b.settle()
	b.want(func(s *cal.Booking) { s.Notify, s.Title = cal.NotifyNone, "other" })
	b.settle()
	b.shelf.release()
	b.loses("update", lostBefore)
	if got := b.shelf.link.InFlight[0].Content; got.Title != "other" || len(got.Attendees) != 0 {
		t.Errorf("%+v, although guests are not written", got)
	}
}

func TestWhatTheProviderMadeOfItIsRemembered(t *testing.T) {
	t.Parallel()
	b := newBench(t, cal.Google)
	b.account.Kind.Rewrites = true
	b.want(nil)
	d := b.settle()
	want := record.SentHash{Version: 1, Hash: b.event().Content.Hash(cal.AllFields)}
	if !slices.Equal(d.Sent, []record.SentHash{want}) {
		t.Errorf("%+v, want %+v", d.Sent, want)
	}
	if base := d.Link.Base; base.Sent.Description != "description" || base.Read.Description != b.event().Content.Description {
		t.Errorf("%+v", base)
	}
	b.want(func(s *cal.Booking) { s.Title = "other" })
	b.settle()
	if want := []string{"create", "update title"}; !slices.Equal(b.account.writes, want) {
		t.Errorf("wrote %v, want %v: what the provider rewrites is not written again", b.account.writes, want)
	}
}

// What stood there before may be anybody's, whether the provider says so or an earlier attempt does.
func TestAdoptedEventIsCompared(t *testing.T) {
	t.Parallel()
	for _, says := range []string{"the provider", "an earlier attempt"} {
		b := newBench(t, cal.Google)
		b.want(nil)
		b.loses("create", lostAfter)
		if says == "the provider" {
			b.shelf.link.InFlight = nil // as after a restored database
		} else {
			b.r.Open = func(context.Context, cal.TenantID, cal.ConnectionID) (Client, Abilities, error) {
				return mute{asClient(b.account.Client())}, b.account.can, nil
			}
		}
		e := b.account.work.Standing()[0]
		e.Content.Title = "by hand"
		b.account.person(e.ID, cal.FieldTitle, e.Content)
		d := b.settle()
		if d.Link.State != record.LinkDiverged || !slices.Equal(named(d, message.BookingEdited), []string{"title"}) {
			t.Errorf("%s says so: %s, reported %+v", says, d.Link.State, d.Reports)
		}
	}
}

// mute is a client of a provider that does not tell an event that it has made from one that was there.
type mute struct{ Client }

func (m mute) CreateEvent(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
	made, err := m.Client.CreateEvent(ctx, req)
	made.Adopted = false
	return made, err
}

// Of an event that the link did not know, a listing may have shown more without marking the link.
func TestFreshIsWhatWasReadOfAKnownEvent(t *testing.T) {
	t.Parallel()
	b := newBench(t, cal.Microsoft)
	b.want(nil)
	if d := b.settle(); d.Fresh || d.Event == nil {
		t.Errorf("created: %+v", d)
	}
	b.want(func(s *cal.Booking) { s.Title = "other" })
	if d := b.settle(); !d.Fresh || d.Event == nil || d.Event.ETag != d.Link.ETag {
		t.Errorf("read: %+v", d)
	}
	b.want(nil)
	if d := b.settle(); d.Fresh || d.Event != nil {
		t.Errorf("not looked at: %+v", d)
	}
	b = newBench(t, cal.Google)
	b.want(nil)
	b.loses("create", lostAfter)
	b.want(func(s *cal.Booking) { s.Title = "other" })
	conflict := true
	b.account.fates = func(op string) fate {
		if op == "update" && conflict {
			conflict = false
			return contested
		}
		return answered
	}
	if d := b.settle(); d.Fresh || !slices.Contains(b.account.calls, "read") {
		t.Errorf("read, but not known before: %+v after %v", d, b.account.calls)
	}
}

func TestEventThatIsDeletedUnderAWrite(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"update", "delete"} {
		for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
			b := booked(t, p)
			if b.want(func(s *cal.Booking) { s.Title = "other" }); op == "delete" {
				b.cancel()
			}
			b.account.fates = func(o string) fate {
				if o == op {
					b.account.fates = nil
					b.account.bury(b.shelf.link.EventID)
				}
				return answered
			}
			d := b.settle()
			if d.Link.Generation != 2 || reported(d, message.BookingRemoved) != (op == "update") {
				t.Errorf("%s, %s: %+v, reported %+v", p, op, d.Link, d.Reports)
			}
		}
	}
}

func TestWritesSayWhomToMailAndOnWhichState(t *testing.T) {
	t.Parallel()
	b := newBench(t, cal.Google)
	b.spec.Notify = cal.NotifyExternal
	var told []cal.Notify
	b.account.changed = func(_ string, _ cal.EventID, notify cal.Notify, _ bool) { told = append(told, notify) }
	b.account.updating = func(req provider.UpdateEvent, k *known) {
		if req.ETag != k.event.ETag {
			t.Errorf("updates %q on %q", k.event.ETag, req.ETag)
		}
	}
	b.account.deleting = func(req provider.DeleteEvent, k *known) {
		if req.ETag != k.event.ETag {
			t.Errorf("deletes %q on %q", k.event.ETag, req.ETag)
		}
	}
	b.want(nil)
	b.settle()
	b.want(func(s *cal.Booking) { s.Title = "other" })
	b.settle()
	b.cancel()
	b.settle()
	if want := []cal.Notify{cal.NotifyExternal, cal.NotifyExternal, cal.NotifyExternal}; !slices.Equal(told, want) {
		t.Errorf("%v, want %v", told, want)
	}
}

// Audit rows say what was decided and why, and nothing of what the booking holds.
func TestDecisionsAreAudited(t *testing.T) {
	t.Parallel()
	b := newBench(t, cal.Google)
	b.spec.Title = "canary"
	b.want(nil)
	b.settle()
	b.person(cal.FieldLocation, func(c *cal.Content) { c.Location = "canary" })
	b.settle()
	var actions []string
	for _, n := range b.shelf.notes {
		actions = append(actions, n.Action)
		if n.Subject != "lnk_1" || n.BookingID != "bkg" || n.Detail["why"] == "" || n.Actor != record.ActorEngine {
			t.Errorf("%+v", n)
		}
	}
	if want := []string{"link.writing", "link.synced", "link.diverged"}; !slices.Equal(actions, want) {
		t.Errorf("%v, want %v", actions, want)
	}
	raw, err := json.Marshal(b.shelf.notes)
	if err != nil || strings.Contains(string(raw), "canary") || strings.Contains(string(raw), "@core.test") {
		t.Errorf("%s, %v", raw, err)
	}
}

func TestFailuresEndTheRunAndLeaveTheLink(t *testing.T) {
	t.Parallel()
	down := fault.New(fault.Transient, "store", nil)
	for _, op := range []string{"case", "intend", "settle"} {
		b := newBench(t, cal.Google)
		b.want(nil)
		b.shelf.before = func(o string) error {
			if o == op {
				return down
			}
			return nil
		}
		if err := b.run(); !fault.Is(err, fault.Transient) || b.shelf.ops[len(b.shelf.ops)-1] != op || len(b.shelf.settled) != 0 {
			t.Errorf("%s: %v after %v", op, err, b.shelf.ops)
		}
	}
	b := newBench(t, cal.Google)
	b.want(nil)
	b.r.Open = func(context.Context, cal.TenantID, cal.ConnectionID) (Client, Abilities, error) {
		return nil, Abilities{}, fault.New(fault.NeedsReauth, "open", nil)
	}
	if err := b.run(); !fault.Is(err, fault.NeedsReauth) || len(b.shelf.settled) != 0 {
		t.Errorf("open: %v", err)
	}
	for _, op := range []string{"read", "update", "calendars"} {
		b := booked(t, cal.Microsoft)
		b.want(func(s *cal.Booking) { s.Title = "other" })
		if op == "calendars" {
			b.account.work.Hide(true)
		}
		b.account.fates = func(o string) fate {
			if o == op {
				return limited
			}
			return answered
		}
		if err := b.run(); !fault.Is(err, fault.RateLimited) || len(b.shelf.settled) != 1 {
			t.Errorf("%s: %v", op, err)
		}
	}
}
