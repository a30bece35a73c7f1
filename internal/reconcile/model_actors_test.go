package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

// The core.

func slotAt(i int) cal.Slot {
	at := time.Date(2026, 10, 5, 9+i, 0, 0, 0, time.UTC)
	return cal.Slot{Start: cal.Moment{Instant: at, Zone: "UTC"}, End: cal.Moment{Instant: at.Add(time.Hour), Zone: "UTC"}}
}

func (m *model) book() {
	m.spec = cal.Booking{
		Version: 1, Title: "title", Description: "description", Location: "location", Notify: cal.NotifyNone,
		Attendees: guestList("a@core.test", "b@core.test"), Targets: []cal.Target{{CalendarID: "cal_1", Authoritative: true}},
	}
	if rapid.Bool().Draw(m.t, "mails") {
		m.spec.Notify = cal.NotifyAll
	}
	m.shelf.accept(accepted{spec: m.spec, slot: slotAt(0), target: true, authoritative: true})
	m.note("core books version 1, notify %s on %s, rewrites %v, blind %v", m.spec.Notify, m.account.Kind.Name, m.account.Kind.Rewrites, m.account.Kind.Blind)
}

func guestList(emails ...string) []cal.Attendee {
	var out []cal.Attendee
	for _, e := range emails {
		out = append(out, cal.Attendee{Email: e})
	}
	return out
}

func (m *model) coreActs() {
	l := m.shelf.link
	if l.Undecided() && l.Target && !m.shelf.booking.Cancelled && rapid.Bool().Draw(m.t, "by a verb") {
		m.decide(l, rapid.Bool().Draw(m.t, "accepts"))
		return
	}
	decide := rapid.Bool().Draw(m.t, "if-match")
	kind := rapid.SampledFrom([]string{"revise", "revise", "revise", "cancel", "drop", "demote"}).Draw(m.t, "core")
	if l.Undecided() && l.Target && !decide && kind != "cancel" {
		return // the intake refuses it
	}
	a := accepted{decide: decide, target: true, authoritative: true}
	m.spec.Version++
	switch kind {
	case "cancel":
		a.cancelled = true
	case "drop":
		a.target = false
	case "demote":
		a.authoritative = false
		for _, h := range m.account.live() {
			for _, s := range h.strangers {
				m.announced[s] = true // guests there are not the core's business any more
			}
		}
	default:
		m.revise()
	}
	if decide && l.Observed != nil {
		m.overrule(l)
	}
	a.spec, a.slot = m.spec, slotAt(m.slot)
	_, _, owned := m.wanted()
	m.shelf.accept(a)
	if _, _, now := m.wanted(); now&^owned != 0 {
		m.acts++ // guests of others become the core's business
	}
	m.note("   core: %s version %d, if-match %v: %q %q %d %v %s", kind, m.spec.Version, decide, m.spec.Title, m.spec.Description, m.slot,
		m.spec.Attendees, m.spec.Notify)
}

// decide accepts what persons have made of the event, or reverts it.
func (m *model) decide(l record.Link, accepts bool) {
	a := accepted{spec: m.spec, slot: slotAt(m.slot)}
	if accepts {
		a.cancelled = l.Removed()
		m.take(l)
		a.spec, a.slot = m.spec, slotAt(m.slot)
	}
	if l.Observed != nil {
		m.overrule(l)
	}
	_, _, owned := m.wanted()
	m.shelf.decide(a, accepts)
	if _, _, now := m.wanted(); now&^owned != 0 {
		m.acts++
	}
	m.note("   core: accepts %v what was done to %v, removed %v: %q %q %d %v", accepts, l.Theirs().Names(), l.Removed(), m.spec.Title, m.spec.Description,
		m.slot, m.spec.Attendees)
}

// take makes the booking what persons have made of the event.
func (m *model) take(l record.Link) {
	for _, f := range l.Theirs().Each() {
		switch f {
		case cal.FieldTitle:
			m.spec.Title = l.Observed.Title
		case cal.FieldDescription:
			m.spec.Description = l.Observed.Description
		case cal.FieldLocation:
			m.spec.Location = l.Observed.Location
		case cal.FieldSlot:
			m.slot = int(l.Observed.Slot.Start.Instant.Sub(slotAt(0).Start.Instant) / time.Hour)
		case cal.FieldAttendees:
			if l.Authoritative {
				m.spec.Attendees = remaining(m.spec.Attendees, l.Agreed().Read.Attendees, l.Observed.Attendees)
			}
		case cal.FieldRecurrence: // no booking of the model's recurs
		}
	}
}

// remaining are the guests that stand, and those of the core's that never stood.
func remaining(ours, stood, stand []cal.Attendee) []cal.Attendee {
	out := guestList()
	for _, a := range stand {
		out = append(out, cal.Attendee{Email: a.Email, Optional: a.Optional})
	}
	for _, a := range ours {
		same := func(b cal.Attendee) bool { return b.Email == a.Email }
		if !slices.ContainsFunc(stood, same) && !slices.ContainsFunc(stand, same) {
			out = append(out, a)
		}
	}
	return out
}

// texts are what the core ever writes as a description.
func texts() []string { return []string{"description", "other description", ""} }

func (m *model) revise() {
	pick := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(m.t, label) }
	switch pick("field", "title", "description", "location", "slot", "attendees", "notify", "nothing") {
	case "title":
		m.spec.Title = pick("title", "title", "other title")
	case "description":
		m.spec.Description = pick("description", texts()...)
	case "location":
		m.spec.Location = pick("location", "location", "")
	case "slot":
		m.slot = rapid.IntRange(0, 2).Draw(m.t, "slot")
	case "attendees":
		m.spec.Attendees = guestList(rapid.SampledFrom([][]string{{}, {"a@core.test"}, {"b@core.test", "c@core.test"}}).Draw(m.t, "guests")...)
	case "notify":
		m.spec.Notify = rapid.SampledFrom([]cal.Notify{cal.NotifyNone, cal.NotifyAll}).Draw(m.t, "notify")
	}
}

// overrule notes which changes of persons the core has decided about.
func (m *model) overrule(l record.Link) {
	undecided := l.Theirs()
	h := m.account.known(l.EventID)
	if h == nil {
		return
	}
	since := h.event.Content.Differences(*l.Observed, undecided) // what persons have done since that report is theirs still
	h.before = h.before.Overlay(*l.Observed, undecided&^since).Overlay(h.event.Content, since)
	h.byPerson = h.byPerson&^undecided | since
	h.stillTheirs = h.stillTheirs&^undecided | since
	for _, g := range l.Observed.Attendees {
		m.overruled[g.Email] = true
	}
}

// Persons.

func (m *model) personActs() {
	live := m.account.live()
	if len(live) == 0 {
		return
	}
	h := live[0]
	id := h.event.ID
	if h.event.Content.Title == "" {
		return // nobody sees an event that was made only to be taken away
	}
	saved, marked := h.event, *h.mark
	marked.strangers = slices.Clone(h.strangers)
	kind := rapid.SampledFrom([]string{"title", "description", "move", "undo", "delete", "invite", "disinvite", "respond", "colour"}).Draw(m.t, "person")
	unique := fmt.Sprintf("person %d", m.acts+1)
	c := h.event.Content
	acts := 1
	switch kind {
	case "title":
		c.Title = unique
		m.account.person(id, cal.FieldTitle, c)
	case "description":
		c.Description = unique
		m.account.person(id, cal.FieldDescription, c)
	case "move":
		c.Slot = slotAt(100 + m.acts)
		m.account.person(id, cal.FieldSlot, c)
	case "invite":
		guest := fmt.Sprintf("guest%d@person.test", m.acts+1)
		if _, _, owned := m.wanted(); !owned.Has(cal.FieldAttendees) {
			m.announced[guest] = true // nobody asked
		}
		h.strangers = append(h.strangers, guest)
		c.Attendees = append(slices.Clone(c.Attendees), cal.Attendee{Email: guest})
		m.account.person(id, cal.FieldAttendees, c)
	case "disinvite":
		if len(c.Attendees) == 0 {
			return
		}
		h.strangers = slices.DeleteFunc(h.strangers, func(s string) bool { return s == c.Attendees[0].Email })
		c.Attendees = c.Attendees[1:]
		m.account.person(id, cal.FieldAttendees, c)
	case "undo":
		m.undo(h)
	case "delete":
		m.account.bury(id)
	case "respond":
		acts = 0
		m.account.work.Edit(id, func(c *cal.Content) {
			if len(c.Attendees) > 0 {
				c.Attendees[0].Response = cal.ResponseAccepted
			}
		})
	case "colour":
		acts = 0
		m.account.work.Decorate(id, "colour", unique)
	}
	if kind != "delete" && m.isOlder(m.account.known(id).event.Content) {
		// Nobody can tell this from a late write of ours, by design.
		m.account.work.Put(saved)
		*h.mark = marked
		return
	}
	m.acts += acts
	m.note("   person: %s %s", kind, id)
}

// undo takes back what persons changed, where nothing of ours has taken its place since.
func (m *model) undo(h *known) {
	shown := h.event.Content.Overlay(h.before, h.byPerson)
	m.account.work.Edit(h.event.ID, func(c *cal.Content) { *c = shown })
	h.strangers = nil
	for _, a := range shown.Attendees {
		if strings.HasSuffix(a.Email, "@person.test") {
			h.strangers = append(h.strangers, a.Email)
		}
	}
	h.byPerson &= h.stillTheirs
}
