package converge

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

// told is a message as far as the laws are about it.
type told struct {
	message.Booking
	Target    message.Target   `json:"target"`
	Fields    []string         `json:"fields"`
	Event     message.Event    `json:"event"`
	Cancelled bool             `json:"cancelled"`
	Decision  message.Decision `json:"decision"`
	URL       string           `json:"url"`
	id        cal.MessageID
	kind      message.Type
}

// feed are all messages that there are.
func (p *player) feed() (out []told) {
	after := int64(0)
	for {
		var page []record.FeedItem
		if !p.tries("read the feed", func() (err error) {
			page, err = p.App().Store.Feed(p.Ctx, p.Tenant, after, 200)
			return err
		}) || len(page) == 0 {
			return out
		}
		for _, m := range page {
			one := told{}
			p.must(json.Unmarshal(m.Data, &one))
			one.id, one.kind = m.ID, m.Type
			out, after = append(out, one), m.Position
		}
	}
}

// place is what a message is about.
func (m told) place() place {
	return place{m.BookingID, stand{m.Target.CalendarID, originalOf(m.Target.Occurrence)}}
}

// placeOf is where a link stands.
func placeOf(b record.Booking, l record.Link) place {
	return place{b.ID, stand{l.CalendarID, originalOf(l.Occurrence)}}
}

// toldOf is how many messages of a kind are about a place.
func (p *player) toldOf(at place, kind message.Type) (n int) {
	for _, m := range p.feed() {
		if m.kind == kind && m.place() == at {
			n++
		}
	}
	return n
}

// check holds a world that is calm to the laws.
func (p *player) check() {
	p.watchEffects()
	feed := p.feed()
	for n, site := range p.Sites {
		p.checkSite(site)
		p.checkRests(site)
		p.checkMirror(site)
		if p.closed[n] {
			p.violate("%s is not connected again", site.Provider)
		}
	}
	for _, b := range p.bookings() {
		p.checkSequence(b, feed)
		p.checkTaken(b, feed)
		p.checkSaid(b)
		p.checkSeriesLinks(b)
		for _, l := range p.places(b) {
			if s, ok := p.site(l); ok {
				p.checkLink(b, l, s)
			}
		}
		for _, l := range b.Links {
			if s, ok := p.site(l); ok && (!b.Spec.IsSeries() || l.Part == "" || l.Apart()) { // a series has one conference for all
				p.checkConference(b, l, s, feed)
			}
		}
		if want := p.specs[b.ID]; b.Version != want.spec.Version {
			p.violate("%s is at version %d, and the core was answered %d", b.ID, b.Version, want.spec.Version)
		}
	}
	p.checkOwed(feed)
	p.checkReports(feed)
	p.checkDelivered(feed)
	p.checkDrift()
}

// site is where a link stands.
func (p *player) site(l record.Link) (Site, bool) {
	at := slices.IndexFunc(p.Sites, func(s Site) bool { return s.Calendar == l.CalendarID })
	if at < 0 {
		return Site{}, false
	}
	return p.Sites[at], true
}

// checkSite wants each event that stands to be the one of a link that wants it, and of that one alone.
func (p *player) checkSite(s Site) {
	wanted := map[cal.EventID]int{}
	for _, b := range p.bookings() {
		for _, l := range p.places(b) {
			if l.CalendarID == s.Calendar && stays(b, l) && l.EventID != "" {
				wanted[l.EventID]++
			}
		}
	}
	for _, e := range s.Persons.Standing() {
		if _, persons := p.rests[s.Calendar][e.Series]; persons {
			continue
		}
		if wanted[e.ID] != 1 {
			p.violate("%s: %s (%q) stands, and %d links want it", s.Provider, e.ID, e.Content.Title, wanted[e.ID])
		}
		delete(wanted, e.ID)
	}
	for id := range wanted {
		p.violate("%s: a link wants %s, which does not stand", s.Provider, id)
	}
}

// checkSequence wants the messages of a booking to be counted without a gap.
func (p *player) checkSequence(b record.Booking, feed []told) {
	var got []int64
	for _, m := range feed {
		if m.BookingID == b.ID && m.Sequence > 0 {
			got = append(got, m.Sequence)
		}
	}
	slices.Sort(got)
	for i, n := range got {
		if n != int64(i)+1 {
			p.violate("%s: the messages are numbered %v", b.ID, got)
			return
		}
	}
}

// checkLink wants a link to be in agreement with what its provider shows: with what the core wants, or with a person's change that was reported.
func (p *player) checkLink(b record.Booking, l record.Link, s Site) {
	if !stays(b, l) { // what may have been created and was not found in time stays in flight
		if l.State != record.LinkRemoved {
			p.violate("%s at %s is not wanted, and %s: %s", b.ID, s.Provider, l.State, l.Reason)
		}
		return
	}
	p.checkDecided(b, l)
	if len(l.InFlight) > 0 {
		p.violate("%s at %s: %d writes are in flight", b.ID, s.Provider, len(l.InFlight))
	}
	if l.State == record.LinkDiverged && l.Observed == nil { // a person has deleted it
		return
	}
	if l.State != record.LinkDiverged && (l.State != record.LinkSynced || l.Synced != b.Version) {
		p.violate("%s at %s is %s at version %d, want %d: %s", b.ID, s.Provider, l.State, l.Synced, b.Version, l.Reason)
	}
	for _, e := range s.Persons.Standing() {
		if e.ID == l.EventID {
			p.checkShown(b, l, s, e)
		}
	}
}

func (p *player) checkShown(b record.Booking, l record.Link, s Site, e cal.Event) {
	want := wanted(b, l)
	want.Attendees = b.Spec.Attendees
	owned := cal.AllFields
	if !l.Authoritative || !s.Quiet && b.Spec.Notify == cal.NotifyNone {
		owned &^= cal.Fields(cal.FieldAttendees)
	}
	differs := e.Content.Differences(want, owned)
	if l.Observed != nil {
		differs &= e.Content.Differences(*l.Observed, owned)
	}
	if differs.Has(cal.FieldAttendees) && onlyMore(e.Content.Attendees, want.Attendees) {
		differs &^= cal.Fields(cal.FieldAttendees) // guests of a person's stay, whoever decided
	}
	if differs != 0 {
		p.violate("%s at %s: %v is neither what the core wants nor reported: shows %+v, want %+v, observed %+v", b.ID, s.Provider, differs.Names(), e.Content, want, l.Observed)
	}
	p.checkObserved(b, l, s, e, owned)
	if l.Authoritative {
		return
	}
	for _, a := range e.Content.Attendees {
		if slices.Contains([]string{"guest@core.test", "other@core.test"}, a.Email) {
			p.violate("%s at %s: %s stands on a target that is not authoritative", b.ID, s.Provider, a.Email)
		}
	}
}

// checkObserved wants what counts as a person's to be there.
func (p *player) checkObserved(b record.Booking, l record.Link, s Site, e cal.Event, owned cal.Fields) {
	if l.Observed == nil {
		return
	}
	want := wanted(b, l)
	if gone := l.Observed.Differences(want, owned) & e.Content.Differences(*l.Observed, owned) &^ cal.Fields(cal.FieldAttendees); gone != 0 {
		p.violate("%s at %s: %v still counts as a person's, and is not shown: %+v, observed %+v", b.ID, s.Provider, gone.Names(), e.Content, l.Observed)
	}
}

// onlyMore reports whether all guests that are wanted are there, and besides them only such as persons have added.
func onlyMore(shown, want []cal.Attendee) bool {
	for _, w := range want {
		if !slices.ContainsFunc(shown, func(a cal.Attendee) bool { return a.Email == w.Email }) {
			return false
		}
	}
	return true
}

// valueOf is what a message says of a field.
func valueOf(m told, field string) string {
	switch field {
	case "title":
		return m.Event.Title
	case "location":
		return m.Event.Location
	case "recurrence":
		return strconv.Itoa(days(cal.Booking{Start: m.Event.Start, Recurrence: m.Event.Recurrence}))
	case "slot":
		at, err := time.Parse(time.RFC3339, m.Event.Start.DateTime)
		if err != nil {
			return err.Error()
		}
		return at.UTC().Format(time.RFC3339)
	default:
		return ""
	}
}

// checkOwed wants the core to have been told of all that persons have done and that still counts.
func (p *player) checkOwed(feed []told) {
	over := decidedAway(feed)
	for _, b := range p.bookings() {
		p.gone(b.ID)
	}
	for at, fields := range p.ledger.owed {
		for field, value := range fields {
			if field != "attendees" && !over[at.booking] && !heard(feed, at, field, value) {
				p.violate("%s in %s: the core was never told that a person has made %s %q", at.booking, at.calendar, field, value)
			}
		}
	}
	for at, before := range p.ledger.removed {
		if !over[at.booking] && p.toldOf(at, message.BookingRemoved) <= before {
			p.violate("%s in %s: the core was never told that a person has deleted it", at.booking, at.calendar)
		}
	}
}

// decidedAway are the bookings that a decision has cancelled.
func decidedAway(feed []told) map[cal.BookingID]bool {
	over := map[cal.BookingID]bool{}
	for _, m := range feed {
		if m.kind == message.BookingDecided && m.Cancelled {
			over[m.BookingID] = true
		}
	}
	return over
}

// heard reports whether a message tells that a person has given a field a value.
func heard(feed []told, at place, field, value string) bool {
	return slices.ContainsFunc(feed, func(m told) bool {
		about := m.place() == at && (m.kind == message.BookingMoved || m.kind == message.BookingEdited)
		return about && valueOf(m, field) == value
	})
}

// checkReports wants nothing to be reported that nobody did.
func (p *player) checkReports(feed []told) {
	for _, m := range feed {
		at := m.place()
		switch m.kind { //nolint:exhaustive // the others are not about persons
		case message.BookingMoved, message.BookingEdited:
			for _, f := range m.Fields {
				if f != "attendees" && !p.ledger.ever[at][f+" "+valueOf(m, f)] {
					p.violate("%s in %s: %s is reported as %q, which no person has written", at.booking, at.calendar, f, valueOf(m, f))
				}
			}
		case message.BookingRemoved:
			if !p.ledger.deleted[at] {
				p.violate("%s in %s is reported as removed, and no person has deleted it", at.booking, at.calendar)
			}
		}
	}
}

// checkDelivered wants the core to have been sent each message.
func (p *player) checkDelivered(feed []told) {
	sent := p.Told()
	for _, m := range feed {
		if sent[m.id] != m.kind {
			p.violate("%s was never delivered, or as %q", m.kind, sent[m.id])
		}
	}
}

// checkDrift wants an audit to find nothing.
func (p *player) checkDrift() {
	found, err := p.App().Store.Drifts(p.Ctx, p.Tenant, record.AuditFilter{}, "", rows)
	p.must(err)
	for _, d := range found {
		p.violate("an audit finds that %s has drifted: it would %s: %s", d.BookingID, d.Would, d.Why)
	}
}

// watchEffects wants no write to mail anybody unless the booking's notify asks for it, and forgets what was owed about what a late write has undone.
func (p *player) watchEffects() {
	for n, site := range p.Sites {
		all := site.Provides.Writes()
		for _, e := range all[p.counted[n]:] {
			p.note("    %s at %s: %s, %d mails, stale %t", e.Op, site.Provider, e.Event, e.Mails, e.Stale)
			p.checkEffect(site, e)
		}
		p.counted[n] = len(all)
	}
}

func (p *player) checkEffect(site Site, e Effect) {
	for id, b := range p.specs {
		if !p.stamped(site, id, e.Stamp) {
			continue
		}
		if e.Mails > 0 && !b.mails {
			p.violate("%s at %s: %s mails %d guests, and notify is %s", id, site.Provider, e.Op, e.Mails, b.spec.Notify)
		}
		if e.Stale && site.Quiet {
			p.violate("%s at %s: %s overwrites what was changed meanwhile, although the provider would refuse it", id, site.Provider, e.Op)
		}
		if e.Stale {
			for _, original := range originals(b.spec) {
				p.ledger.forget(place{id, stand{site.Calendar, original}})
			}
		}
	}
}

// stamped reports whether a stamp is one of a booking's in a site's calendar.
func (p *player) stamped(site Site, id cal.BookingID, stamp string) bool {
	for _, part := range partsEver(p.specs[id].spec) {
		for generation := range 40 {
			if cal.NewKey(p.Tenant, id, site.Calendar, part, generation).String() == stamp {
				return true
			}
		}
	}
	return false
}

// secondPass looks at everything once more, though nothing has happened, and wants nothing to be written and nothing told.
func (p *player) secondPass() {
	p.note("a second pass")
	writes, messages := p.writes(), len(p.feed())
	for _, site := range p.Sites {
		site.Provides.LoseCursors()
	}
	p.must(p.Again())
	p.settle()
	p.polled()
	if n := p.writes(); n != writes {
		p.violate("a second pass makes %d writes", n-writes)
	}
	if now := p.feed(); len(now) != messages {
		p.violate("a second pass tells the core %d times more: %s", len(now)-messages, now[len(now)-1].kind)
	}
	p.check()
}

func (p *player) writes() (n int) {
	for _, site := range p.Sites {
		n += len(site.Provides.Writes())
	}
	return n
}
