package reconcile

import (
	"slices"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/record"
)

// What has to hold at each step.

// wanted is what the core wants of the link and which fields it owns there.
func (m *model) wanted() (present bool, c cal.Content, owned cal.Fields) {
	l, b := m.shelf.link, m.shelf.booking
	present = l.Target && !b.Cancelled
	c = cal.Content{Title: b.Spec.Title, Description: b.Spec.Description, Location: b.Spec.Location, Slot: b.Slot}
	owned = cal.AllFields &^ cal.Fields(cal.FieldAttendees)
	if l.Authoritative && (m.account.can.Quiet || b.Spec.Notify == cal.NotifyAll) {
		owned = cal.AllFields
		c.Attendees = b.Spec.Attendees
	}
	return present, c, owned
}

func (m *model) checkUpdate(req provider.UpdateEvent, h *known) {
	if m.account.can.Conditional && req.ETag == "" {
		m.fail("an update without If-Match, although the provider has it")
	}
	for _, u := range req.Uninvite {
		if strings.HasSuffix(u, "@person.test") && !m.overruled[u] {
			m.fail("takes off %s, a guest of somebody else's", u)
		}
	}
	if len(req.Invite)+len(req.Uninvite) > 0 && !req.Fields.Has(cal.FieldAttendees) {
		m.fail("changes guests without writing them")
	}
	if m.landing {
		return
	}
	stale := req.ETag != h.event.ETag
	if m.account.Kind.Blind && stale && req.Fields.Has(cal.FieldAttendees) {
		m.blurred = true // what a person did to the guests meanwhile looks like what the provider made of ours
	}
	for _, f := range (req.Fields & h.byPerson).Each() {
		ambiguous := slices.ContainsFunc(m.shelf.link.InFlight, func(w record.Write) bool {
			return m.account.Kind.Stored(w.Content).Differences(h.event.Content, cal.Fields(f)) == 0
		})
		switch {
		case ambiguous, m.isOlder(h.event.Content): // it shows what a write of ours asked for
		case m.stack[len(m.stack)-1].agreed.Differences(h.event.Content, cal.Fields(f)) == 0: // the core knew
		case m.account.Kind.Blind && stale:
		case f == cal.FieldAttendees:
		default:
			m.fail("overwrites the %s that a person has changed and nobody decided about", f)
		}
	}
}

func (m *model) checkDelete(req provider.DeleteEvent, _ *known) {
	if m.account.can.Conditional && req.ETag == "" {
		m.fail("a delete without If-Match, although the provider has it")
	}
}

// afterWrite looks at what a write has done: never two events at a time, and no mail that nobody asked for.
func (m *model) afterWrite(op string, _ cal.EventID, notify cal.Notify, guests bool) {
	m.note("   effect: %s", op)
	if n := len(m.account.live()); n > 1 {
		m.fail("%d events at a time", n)
	}
	covered := notify == cal.NotifyAll || m.shelf.link.State == record.LinkApproved
	if !m.account.can.Quiet && guests && !covered && !m.landing && !m.account.Kind.Blind {
		m.fail("%s mails guests whom nobody wanted to be mailed", op)
	}
}

// afterSettle looks at what was decided.
func (m *model) afterSettle(d record.Decision) {
	m.note("   settled: %s generation %d, reports %v", d.Link.State, d.Link.Generation, types(d.Reports))
	if h := m.generation(d.Link.Generation - 1); h != nil && !h.event.Gone() {
		m.fail("generation %d begins while the event of the one before stands", d.Link.Generation)
	}
	if h := m.account.known(d.Link.EventID); h != nil && d.Link.ETag == h.event.ETag {
		_, want, _ := m.wanted()
		h.byPerson &= h.event.Content.Differences(want, cal.AllFields) // what the core wants too is nobody's change
	}
	for _, r := range d.Reports {
		switch r.Type { //nolint:exhaustive // the others are not about persons
		case message.BookingMoved, message.BookingEdited:
			m.checkReport(d, r)
		case message.BookingRemoved:
			if h := m.generation(d.Link.Generation - 1); h == nil || h.deletedBy != "person" {
				m.fail("reported as removed, but no person did it")
			}
			m.told = m.seen
		case message.BookingHeld:
			if m.account.can.Quiet || d.Event == nil || len(d.Event.Content.Attendees) == 0 {
				m.fail("held, but nobody would be mailed")
			}
		}
	}
}

func (m *model) checkReport(d record.Decision, r record.Report) {
	h := m.account.known(d.Link.EventID)
	// An unanswered write may have changed guests beside those of a person's that were reported: then they are reported as they stand now.
	again := m.stack[len(m.stack)-1].unsure && slices.Contains(r.Fields, "attendees")
	if m.seen == m.told && r.Diverged && !anew(r, m.last) && !again {
		m.fail("%s %v: nobody has done anything since the last report", r.Type, r.Fields)
	}
	m.last = r
	for _, name := range r.Fields {
		if !slices.Contains(h.touched.Names(), name) {
			m.fail("%s names %s, which no person has touched", r.Type, name)
		}
	}
	if (r.Type == message.BookingMoved) != slices.Contains(r.Fields, "slot") {
		m.fail("%s names %v", r.Type, r.Fields)
	}
	for _, a := range r.Event.Attendees {
		m.announced[a.Email] = true
	}
	m.told = m.seen
}

// anew reports whether a report says of a newer version that other fields of a person's change are left to decide about: the core may have
// settled some, or made the guests its business.
func anew(r, before record.Report) bool {
	return r.Version > before.Version && !slices.Equal(r.Fields, before.Fields)
}

func types(rs []record.Report) []message.Type {
	var out []message.Type
	for _, r := range rs {
		out = append(out, r.Type)
	}
	return out
}

// generation is the event of a generation of the link.
func (m *model) generation(n int) *known {
	l := m.shelf.link
	l.Generation = n
	e, ok := m.account.work.Holder(l.Key(tenant))
	if !ok {
		return nil
	}
	return m.account.known(e.ID)
}

// What has to hold in the end.

func (m *model) checkEnd() {
	l := m.shelf.link
	present, _, _ := m.wanted()
	live := m.account.live()
	for g := 1; g < l.Generation; g++ {
		if h := m.generation(g); h == nil || !h.event.Gone() {
			m.fail("generation %d is over, but its event is not proven gone", g)
		}
	}
	switch {
	case m.shelf.work.state == record.Held:
		// Until an operator approves, the link hears nothing more.
		if present && m.told == m.acts && len(live) == 1 {
			m.checkReported(live[0])
		}
	case !present:
		if len(live) != 0 || l.State != record.LinkRemoved || l.Synced != m.shelf.booking.Version {
			m.fail("not wanted, but %d events stand and the link is %s at %d", len(live), l.State, l.Synced)
		}
	case l.EventID == "":
		if len(live) != 0 || l.State != record.LinkDiverged || m.generation(l.Generation-1).deletedBy != "person" {
			m.fail("wanted, but there is no event and the link is %s", l.State)
		}
	case len(live) != 1 || live[0].event.ID != l.EventID:
		m.fail("wanted, but %d events stand", len(live))
	default:
		m.checkShown(live[0])
		m.checkReported(live[0])
	}
}

// checkShown wants the newest version shown, but for what a person changed.
func (m *model) checkShown(h *known) {
	_, want, owned := m.wanted()
	if h.event.Content.Description != want.Description { // a text of a person's that was accepted stands as they have written it
		want = m.account.Kind.Stored(want)
	}
	for _, f := range h.event.Content.Differences(want, owned).Each() {
		if f == cal.FieldAttendees && (m.blurred || m.onlyStrangersMore(h, want)) || h.byPerson.Has(f) || m.unlearned(h, f) {
			continue
		}
		m.fail("%s shows %+v, want %+v", f, h.event.Content, want)
	}
	if !m.shelf.link.Authoritative && !h.touched.Has(cal.FieldAttendees) {
		for _, a := range h.event.Content.Attendees {
			if strings.HasSuffix(a.Email, "@core.test") {
				m.fail("the target is not authoritative, and %s is still a guest there", a.Email)
			}
		}
	}
	for _, s := range h.strangers {
		there := slices.ContainsFunc(h.event.Content.Attendees, func(a cal.Attendee) bool { return a.Email == s })
		if !there && !m.overruled[s] {
			m.fail("the guest %s of somebody else's is gone", s)
		}
	}
}

// unlearned reports whether a text of ours counts as a person's, is reported and waits for the core: what the provider makes of texts is learned from
// answers, and none came before a person changed this one, and took that back.
func (m *model) unlearned(h *known, f cal.Field) bool {
	l, shown := m.shelf.link, h.event.Content
	return f == cal.FieldDescription && l.State == record.LinkDiverged && l.Observed != nil && l.Observed.Description == shown.Description &&
		slices.ContainsFunc(append(texts(), m.spec.Description), func(ours string) bool { return sameText(shown.Description, ours) })
}

// onlyStrangersMore reports whether the event shows all guests wanted, and others only that a person has added and the core has heard of.
func (m *model) onlyStrangersMore(h *known, want cal.Content) bool {
	left := h.event.Content.Attendees
	for _, w := range want.Attendees {
		i := slices.IndexFunc(left, func(a cal.Attendee) bool { return a.Email == w.Email })
		if i < 0 {
			return false
		}
		left = slices.Delete(slices.Clone(left), i, i+1)
	}
	return !slices.ContainsFunc(left, func(a cal.Attendee) bool {
		theirs := slices.Contains(h.strangers, a.Email) || h.touched.Has(cal.FieldAttendees)
		return !theirs || !m.announced[a.Email]
	})
}

// checkReported wants every person's change that still stands reported, in the last word that the core has heard.
func (m *model) checkReported(h *known) {
	_, want, owned := m.wanted()
	standing := h.event.Content.Differences(want, owned) & h.byPerson
	if m.blurred || m.onlyStrangersMore(h, want) {
		standing &^= cal.Fields(cal.FieldAttendees)
	}
	if standing == 0 {
		return
	}
	i := len(m.shelf.reports) - 1
	for i >= 0 && m.shelf.reports[i].Type != message.BookingMoved && m.shelf.reports[i].Type != message.BookingEdited {
		i--
	}
	if i < 0 {
		m.fail("a person has changed %v, and nothing was reported", standing.Names())
	}
	r := m.shelf.reports[i]
	for _, f := range standing.Each() {
		if !slices.Contains(r.Fields, f.String()) || !r.Diverged || !r.Revise {
			m.fail("a person has changed %s, and the last report is %+v", f, r)
		}
	}
	shown := message.NewEvent(h.event.Content)
	for f, equal := range map[cal.Field]bool{
		cal.FieldTitle: r.Event.Title == shown.Title, cal.FieldDescription: r.Event.Description == shown.Description,
		cal.FieldSlot: r.Event.Start == shown.Start, cal.FieldAttendees: len(r.Event.Attendees) == len(shown.Attendees),
	} {
		if standing.Has(f) && !equal {
			m.fail("the last report shows %+v, the event %+v", r.Event, shown)
		}
	}
	if m.shelf.link.Observed == nil {
		m.fail("the change was reported and is not remembered")
	}
}

// checkLook wants an audit to find a world in agreement that has calmed down, and to write nothing.
func (m *model) checkLook() {
	hooks, before := m.account, m.shelf.before
	asked, fates := hooks.asked, hooks.fates
	m.shelf.before, hooks.asked, hooks.fates = nil, nil, nil
	defer func() { m.shelf.before, hooks.asked, hooks.fates = before, asked, fates }()
	m.clock.Advance(straggling)
	writes, settled := len(m.account.writes), len(m.shelf.settled)
	k, l := &Looker{Store: m.shelf, Open: m.r.Open, Clock: m.clock, Quiet: m.r.Quiet, Taken: m.r.Taken}, m.shelf.audited()
	f, err := k.Look(m.t.Context(), l.Lease(tenant, m.clock.Now().Add(leaseTime)), l)
	if err != nil || f.Verdict != record.Agreed {
		m.fail("an audit finds %s: it would %s, since %s: %v", f.Verdict, f.Would, f.Why, err)
	}
	if len(m.account.writes) != writes || len(m.shelf.settled) != settled {
		m.fail("an audit writes %v", m.account.writes[writes:])
	}
}

// checkQuiet wants another run to change nothing at all.
func (m *model) checkQuiet() {
	if m.shelf.work.state != record.Ready {
		return
	}
	m.checkLook()
	writes, reports, link := len(m.account.writes), len(m.shelf.reports), copied(m.shelf.link)
	m.shelf.mark()
	m.work()
	if len(m.account.writes) != writes || len(m.shelf.reports) != reports {
		m.fail("a second run writes %v and reports %v", m.account.writes[writes:], types(m.shelf.reports[reports:]))
	}
	if now := m.shelf.link; now.State != link.State || now.Generation != link.Generation || now.ETag != link.ETag {
		m.fail("a second run changes the link")
	}
}
