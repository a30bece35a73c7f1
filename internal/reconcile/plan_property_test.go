package reconcile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

const guestField = cal.Fields(cal.FieldAttendees)

// TestPlanKeepsItsPromises holds Plan, in every situation that can be written down, to what must never happen and to what must.
func TestPlanKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		for _, s := range variants(drawSituation(t)) {
			before := copied(s)
			step := Plan(s)
			if !reflect.DeepEqual(copied(s), before) {
				t.Fatalf("Plan has changed the situation that it was given")
			}
			if again := Plan(s); again != step {
				t.Fatalf("the same situation yields %+v and %+v", step, again)
			}
			for name, ok := range promises(s, step) {
				if !ok {
					t.Fatalf("%s: %+v\nin %+v", name, step, s)
				}
			}
		}
	})
}

// variants are a situation under every provider, as it may have been seen, and with or without a listing that has shown another state.
func variants(s Situation) []Situation {
	seen := []Seen{Unread, Absent}
	if s.Link.EventID != "" {
		seen = []Seen{Unread, Present, Missing, Gone}
	}
	var out []Situation
	for _, s.Remote.Seen = range seen {
		for bits := range 16 {
			s.Suspect = bits&1 != 0
			s.Can = Abilities{Quiet: bits&2 != 0, Conditional: bits&4 != 0, Finds: bits&8 != 0}
			out = append(out, s)
		}
	}
	return out
}

// looksAt is the event that a step was decided on.
func looksAt(s Situation) cal.Event {
	if s.Remote.Seen == Present || s.Link.Base == nil {
		return s.Remote.Event
	}
	return cal.Event{ETag: s.Link.ETag, Content: s.Link.Base.Read}
}

// promises are what has to hold of a step, by what it says.
func promises(s Situation, step Step) map[string]bool {
	known := s.Link.EventID != ""
	writes := step.Action == Update || step.Action == Delete
	shown := looksAt(s)
	differs := shown.Content.Differences(s.Desired.Content, s.Desired.Fields)
	mails := !s.Can.Quiet && s.Desired.Notify != cal.NotifyAll && s.Link.State != record.LinkApproved && len(shown.Content.Attendees) > 0
	since, unanswered := s.Link.Pending(record.OpCreate)
	unsearched := s.Can.Finds && s.Remote.Seen == Unread

	return map[string]bool{
		"an update writes what differs and what the core owns": step.Action != Update || step.Fields != 0 && step.Fields&^differs == 0,
		"what is shown as wanted is agreed on":                 s.Remote.Seen != Present || !s.Desired.Present || differs != 0 || step.Action == Agree,
		"a removal is of an event that is not wanted":          step.Action != Delete || !s.Desired.Present,
		"an event that is not wanted is not written":           step.Action != Update || s.Desired.Present,

		"one event at a time":                                 step.Action != Create || !known,
		"nothing is made but what is wanted or may stand":     step.Action != Create || s.Desired.Present || unanswered && !s.Can.Finds,
		"what may be taken away at once tells nobody":         step.Action != Create || s.Desired.Present || step.Fields == cal.Fields(cal.FieldSlot),
		"a key that may be forgotten is searched for first":   step.Action != Create || !unanswered || !unsearched || s.Now.Sub(since) <= retention,
		"what may stand unwanted is searched for":             s.Desired.Present || known || !unanswered || !unsearched || step.Action == Find,
		"no search where there is none, nor twice":            step.Action != Find || unsearched && !known,
		"an event that a person deleted stays so":             step.Action != Create || !s.Desired.Present || s.Link.State != record.LinkDiverged,
		"another look is in the future, and for the unwanted": step.Look.IsZero() || step.Look.After(s.Now) && (step.Action == Wait || step.Action == Agree && !s.Desired.Present),

		"a write was decided on what is shown or proven by its ETag": !writes || known && (s.Remote.Seen == Present || trusted(s)),
		"only what is proven gone is buried":                         (step.Action == Bury) == (known && (s.Remote.Seen == Gone || s.Remote.Seen == Missing && proven(s))),
		"what is missing is looked at again soon":                    (step.Action == Wait) == (known && s.Remote.Seen == Missing && !proven(s)),
		"the second look comes when the first has aged":              step.Action != Wait || step.Look.After(s.Now) && step.Look.Sub(s.Now) <= straggling,
		"nobody is mailed by surprise":                               !writes || !mails,
		"a write is held only where it mails":                        step.Action != Hold || mails,
		"an operator decides about what was read":                    step.Action != Hold || s.Remote.Seen == Present,

		"where changes are enforced nothing is merged":  !s.Enforced.Has(cal.FieldAttendees) || step.Fields&step.Person == 0,
		"a person's change is not written over":         step.Fields&step.Person&^guestField == 0,
		"what is open is a person's and is not written": step.Open&^step.Person == 0 && step.Open&step.Fields == 0,
		"whose change each field is":                    step.Action == Read || !known || s.Remote.Seen == Gone || s.Remote.Seen == Missing || !s.Desired.Present || rightfully(s, step, shown.Content),
	}
}

// proven reports whether an event that was not found has been seen once, or is missing for long.
func proven(s Situation) bool {
	seen, created := false, false
	for _, w := range s.Link.InFlight {
		created = created || w.Op == record.OpCreate
		seen = seen || w.Op == record.OpUpdate || w.Op == record.OpDelete
	}
	since := s.Link.MissedAt
	return s.Suspect || seen && !created || !since.IsZero() && !s.Now.Before(since.Add(straggling))
}

// trusted reports whether what was last agreed on may be written on without a look.
func trusted(s Situation) bool {
	l := s.Link
	return s.Can.Conditional && l.ETag != "" && l.Base != nil && len(l.InFlight) == 0 && l.MissedAt.IsZero() && l.Observed == nil && l.State != record.LinkDiverged && !s.Suspect
}

// rightfully tells for each field but the guests, in its own words, whose change it is.
func rightfully(s Situation, step Step, shown cal.Content) bool {
	sent := s.Link.Agreed().Sent
	for _, f := range (s.Desired.Fields &^ guestField).Each() {
		one := cal.Fields(f)
		same := func(a, b cal.Content) bool { return a.Differences(b, one) == 0 }
		unchanged := s.Link.Base != nil && same(shown, s.Link.Base.Read)
		ours := slices.ContainsFunc(s.Link.InFlight, func(w record.Write) bool {
			bare := func(c cal.Content) string {
				return strings.NewReplacer("<p>", "", "</p>", "").Replace(strings.ToLower(c.Description))
			}
			rewritten := f == cal.FieldDescription && (w.Op == record.OpCreate || !same(w.Content, sent)) && bare(shown) == bare(w.Content)
			return w.Op != record.OpDelete && (same(w.Content, shown) || rewritten)
		})
		var write, person bool
		switch {
		case same(shown, s.Desired.Content):
		case unchanged:
			write = !same(s.Desired.Content, sent)
		case ours || older(s, shown):
			write = true
		default:
			person = true
		}
		open := person && !same(s.Desired.Content, sent)
		if step.Fields.Has(f) != write || step.Person.Has(f) != person || step.Open.Has(f) != open {
			return false
		}
	}
	return true
}

// older reports whether an event shows a version of ours before the wanted one, and not what was last agreed on.
func older(s Situation, shown cal.Content) bool {
	if s.Link.Base != nil && shown.Differences(s.Link.Base.Read, s.Desired.Fields) == 0 {
		return false
	}
	return slices.ContainsFunc(s.Sent, func(sent record.SentHash) bool {
		return sent.Version < s.Desired.Version && (sent.Hash == shown.Hash(s.Desired.Fields) || sent.Hash == shown.Hash(cal.AllFields))
	})
}

// TestPlanComesToAnEnd lets the reconciler follow its plans from any link and any event, with a provider that answers everything: it ends within
// its steps, and after a few runs there is nothing left to write or to report.
func TestPlanComesToAnEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSituation(t)
		m := place(t, s)
		for run := 1; ; run++ {
			writes, reports := len(m.account.writes), len(m.shelf.reports)
			m.clock.Set(latest(m.clock.Now(), m.shelf.work.notBefore))
			if err := m.r.Work(t.Context(), m.shelf.claim()); err != nil {
				t.Fatalf("run %d after %v: %v", run, m.account.calls, err)
			}
			if len(m.account.live()) > 1 {
				t.Fatalf("%d events at a time", len(m.account.live()))
			}
			waits := m.shelf.work.notBefore.After(m.clock.Now())
			if !waits && len(m.account.writes) == writes && len(m.shelf.reports) == reports {
				return
			}
			if run > 5 {
				t.Fatalf("run %d still wrote %v and reported %v, and left %+v", run, m.account.writes[writes:], types(m.shelf.reports[reports:]), m.shelf.link)
			}
		}
	})
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// place puts a link, and an event that may have come of it, where the reconciler finds them.
func place(t *rapid.T, s Situation) *model {
	m := newModel(t, 0)
	m.calm = true
	l := &m.shelf.link
	id, name, account := l.ID, l.Provider, m.account
	m.shelf.before, m.shelf.after, account.asked, account.fates, account.changed, account.updating, account.deleting = nil, nil, nil, nil, nil, nil, nil
	s.Link.Target, s.Link.Generation = true, 1
	*l = s.Link
	l.ID, l.BookingID, l.CalendarID, l.ConnectionID, l.Provider = id, "bkg", "cal_1", "con_1", name
	m.shelf.sent[1] = s.Sent
	b := &m.shelf.booking
	c := s.Desired.Content
	b.Version, b.Cancelled, b.Slot = s.Desired.Version, !s.Desired.Present, c.Slot
	b.Spec = cal.Booking{
		Version: b.Version, Title: c.Title, Description: c.Description, Location: c.Location, Attendees: c.Attendees, Notify: s.Desired.Notify,
	}
	_, unanswered := l.Pending(record.OpCreate)
	if l.EventID == "" && (!unanswered || rapid.Bool().Draw(t, "create was lost")) {
		return m
	}
	key := l.Key(tenant)
	event := cal.Event{
		ID: "ev1", ETag: rapid.SampledFrom([]string{"e1", "e2"}).Draw(t, "its etag"), Status: cal.StatusConfirmed, Stamp: key.String(),
		Content: s.Remote.Event.Content,
	}
	if event.ETag == "e1" && l.Base != nil {
		event.Content = l.Base.Read // the same ETag means the same event
	}
	if rapid.IntRange(1, 4).Draw(t, "deleted") == 1 {
		event.Status = cal.StatusCancelled
	}
	account.work.Put(event)
	return m
}

func drawSituation(t *rapid.T) Situation {
	s := Situation{
		Desired: Desired{
			Present: rapid.IntRange(0, 3).Draw(t, "present") > 0, Version: rapid.Int64Range(1, 4).Draw(t, "version"),
			Content: drawContent(t, "wanted"), Fields: rapid.SampledFrom([]cal.Fields{cal.AllFields, cal.AllFields &^ guestField}).Draw(t, "owned"),
			Notify: rapid.SampledFrom([]cal.Notify{cal.NotifyNone, cal.NotifyExternal, cal.NotifyAll}).Draw(t, "notify"),
		},
		Enforced: rapid.SampledFrom([]cal.Fields{0, 0, cal.Fields(cal.FieldSlot), cal.AllFields}).Draw(t, "enforced"),
		Now:      began,
	}
	s.Link = drawLink(t)
	s.Remote.Event = cal.Event{ID: s.Link.EventID, ETag: "e2", Content: drawContent(t, "shown")}
	for i := range rapid.IntRange(0, 3).Draw(t, "sent") {
		of := rapid.SampledFrom([]cal.Content{s.Remote.Event.Content, drawContent(t, fmt.Sprintf("sent %d", i))}).Draw(t, "of")
		within := rapid.SampledFrom([]cal.Fields{cal.AllFields, cal.AllFields &^ guestField}).Draw(t, "within")
		s.Sent = append(s.Sent, record.SentHash{Version: rapid.Int64Range(1, 4).Draw(t, "sent version"), Hash: of.Hash(within)})
	}
	return s
}

func drawLink(t *rapid.T) record.Link {
	l := record.Link{
		Generation: 1, Authoritative: rapid.Bool().Draw(t, "authoritative"), Synced: rapid.Int64Range(0, 4).Draw(t, "synced"),
		EventID: rapid.SampledFrom([]cal.EventID{"", "ev1", "ev1"}).Draw(t, "event"), ETag: rapid.SampledFrom([]string{"", "e1", "e1", "e1"}).Draw(t, "etag"),
		State: rapid.SampledFrom([]record.LinkState{
			record.LinkPending, record.LinkSynced, record.LinkRemoved, record.LinkDiverged, record.LinkHeld, record.LinkApproved, record.LinkFailed,
		}).Draw(t, "state"),
	}
	if rapid.IntRange(0, 3).Draw(t, "agreed") > 0 {
		l.Base = &record.Base{Sent: drawContent(t, "base sent")}
		l.Base.Read = rapid.SampledFrom([]cal.Content{l.Base.Sent, drawContent(t, "base read")}).Draw(t, "read back")
	}
	if rapid.IntRange(0, 4).Draw(t, "observed") == 0 {
		c := drawContent(t, "observed content")
		l.Observed = &c
	}
	for range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "in flight") {
		l.InFlight = append(l.InFlight, record.Write{
			Op:      rapid.SampledFrom([]record.Op{record.OpCreate, record.OpUpdate, record.OpDelete}).Draw(t, "op"),
			Version: rapid.Int64Range(1, 4).Draw(t, "written version"), Content: drawContent(t, "written"),
			At: began.Add(-time.Duration(rapid.Int64Range(0, int64(20*time.Minute)).Draw(t, "ago"))),
		})
	}
	if rapid.IntRange(0, 3).Draw(t, "missed") == 0 {
		l.MissedAt = began.Add(-time.Duration(rapid.Int64Range(0, int64(10*time.Minute)).Draw(t, "missed ago")))
	}
	if l.EventID != "" && l.Base == nil { // only a create leads there
		l.InFlight = slices.Insert(l.InFlight, 0, record.Write{Op: record.OpCreate, Version: 1, Content: drawContent(t, "created"), At: began.Add(-time.Hour)})
	}
	return l
}

// drawContent draws from so few values that any two contents often agree in a field.
func drawContent(t *rapid.T, label string) cal.Content {
	one := func(f string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label+" "+f) }
	c := cal.Content{
		Title: one("title", "t1", "t1", "t2"), Description: one("description", "", "d1", "d2", "<p>D1</p>"), Location: one("location", "", "", "l1"),
		Slot: slotAt(rapid.SampledFrom([]int{0, 0, 1}).Draw(t, label+" slot")),
	}
	for _, email := range []string{"a@core.test", "b@core.test", "c@person.test"} {
		switch rapid.IntRange(0, 4).Draw(t, label+" "+email) {
		case 0:
			c.Attendees = append(c.Attendees, cal.Attendee{Email: email})
		case 1:
			c.Attendees = append(c.Attendees, cal.Attendee{Email: email, Optional: true})
		}
	}
	return c
}
