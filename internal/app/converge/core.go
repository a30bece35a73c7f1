package converge

import (
	"errors"
	"fmt"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/record"
)

func bookingOf(n byte) cal.BookingID { return ids()[int(n)%len(ids())] }

// book hands over a new version: a booking, a change of it, or one anew after a cancellation.
func (p *player) book(s Step) {
	id := bookingOf(s.A)
	b := p.specs[id]
	if b == nil {
		b = &booked{spec: p.first(id, s)}
	}
	next := b.spec
	next.Version++
	if p.specs[id] != nil {
		p.vary(&next, s)
		p.gone(id)
	}
	if p.submit(id, intake.Submission{ID: id, Booking: &next}, s.B&64 != 0 || b.cancelled) {
		p.ledger.retargeted(id, stands(next))
		b.spec, b.cancelled, b.mails = next, false, b.mails || next.Notify == cal.NotifyAll
		p.specs[id] = b
	}
}

// first is a booking before its first version.
func (p *player) first(id cal.BookingID, s Step) cal.Booking {
	spec := cal.Booking{Title: string(id), Description: "Booked online", Location: "Room", Notify: cal.NotifyNone, Targets: p.targets(s.B)}
	spec.Start, spec.End = hour(s.C)
	if s.B&32 != 0 {
		spec.Notify = cal.NotifyAll
	}
	if s.B&16 != 0 {
		spec.Attendees = []cal.Attendee{{Email: "guest@core.test"}}
	}
	spec.Backflow = backflow(s.C)
	if p.Confers && s.B&8 != 0 {
		spec.Conference = cal.ConferenceRequested
	}
	if p.Recurs && s.C&3 != 0 {
		spec.Recurrence, spec.Expand = daily(2+int(s.C)%2), !p.Series
	}
	return spec
}

// targets are one of the calendars or both, in any order.
func (p *player) targets(n byte) []cal.Target {
	one, other := cal.Target{CalendarID: p.Sites[0].Calendar}, cal.Target{CalendarID: p.Sites[1].Calendar}
	return [][]cal.Target{{one, other}, {other, one}, {one}, {other}}[n%4]
}

// stands are where a booking is to stand, by what it says.
func stands(b cal.Booking) map[stand]bool {
	out := map[stand]bool{}
	for _, t := range b.Targets {
		for _, original := range originals(b) {
			if !overrideOf(b, original).Cancelled {
				out[stand{t.CalendarID, original}] = true
			}
		}
	}
	return out
}

// gone forgets what is owed about occurrences of a booking that have been cancelled since: what a person did to another event of one says no more.
func (p *player) gone(id cal.BookingID) {
	for _, b := range p.bookings() {
		if b.ID != id || len(b.Spec.Recurrence) == 0 {
			continue
		}
		left := map[stand]bool{}
		for _, l := range p.places(b) {
			left[placeOf(b, l).stand] = stays(b, l)
		}
		p.ledger.retargeted(id, left)
	}
}

const zone = "Europe/Berlin"

// hour is a slot that begins with an hour, as no person's does.
func hour(n byte) (start, end cal.When) {
	at := time.Date(2027, 3, 1+int(n)%5, 8+int(n/5)%8, 0, 0, 0, time.UTC)
	form := func(t time.Time) cal.When { return cal.When{DateTime: t.Format(cal.WallLayout), TimeZone: zone} }
	return form(at), form(at.Add(time.Hour))
}

// backflow is a policy; a quarter of them says nothing.
func backflow(n byte) cal.Backflow {
	pick := func(n byte) cal.Stance {
		return []cal.Stance{"", cal.StanceReport, cal.StanceAccept, cal.StanceEnforce}[n%4]
	}
	return cal.Backflow{Moved: pick(n), Edited: pick(n >> 2), Cancelled: pick(n >> 4)}
}

// vary changes one thing about a booking.
func (p *player) vary(b *cal.Booking, s Step) {
	switch s.B % 8 {
	case 0:
		b.Title = fmt.Sprintf("%.2s v%d", b.Title, b.Version)
	case 1:
		varyTime(b, s)
	case 2:
		b.Location = fmt.Sprintf("Room %d", b.Version)
	case 3:
		b.Targets = p.targets(s.C)
	case 4:
		b.Attendees = [][]cal.Attendee{nil, {{Email: "guest@core.test"}}, {{Email: "other@core.test"}}}[s.C%3]
	case 5:
		b.Notify = []cal.Notify{cal.NotifyNone, cal.NotifyAll}[s.C%2]
	case 6:
		b.Description = fmt.Sprintf("Text %d", b.Version)
	default:
		b.Backflow = backflow(s.C)
		if p.Confers && s.C&64 != 0 {
			b.Conference = map[cal.ConferenceWish]cal.ConferenceWish{"": cal.ConferenceRequested}[b.Conference]
		}
	}
}

func varyTime(b *cal.Booking, s Step) {
	if len(b.Recurrence) > 0 {
		varySeries(b, s)
		return
	}
	b.Start, b.End = hour(s.C)
}

// cancel takes a booking back.
func (p *player) cancel(s Step) {
	id := bookingOf(s.A)
	b := p.specs[id]
	if b == nil || b.cancelled {
		return
	}
	version := b.spec.Version + 1
	if p.submit(id, intake.Submission{ID: id, Cancel: &version}, s.B%2 == 0) {
		b.spec.Version, b.cancelled = version, true
		p.ledger.retargeted(id, nil)
	}
}

// submit hands a version over until there is an answer, and reports whether it was accepted.
func (p *player) submit(id cal.BookingID, sub intake.Submission, seen bool) bool {
	sub.Actor, sub.Via = "core", "test"
	if b, err := p.App().Store.Booking(p.Ctx, p.Tenant, id); err == nil && seen {
		sub.IfMatch = &b.Revision
	}
	for range 5 {
		p.revive()
		_, err := p.App().Intake.Submit(p.Ctx, p.Tenant, sub)
		refusal, refused := errors.AsType[*record.RefusalError](err)
		switch {
		case err == nil && sub.Cancel != nil:
			p.note("core: cancels %s with version %d, if-match %t", id, *sub.Cancel, seen)
			return true
		case err == nil:
			b := sub.Booking
			p.note("core: %s version %d, if-match %t: %q at %s in %q, guests %v, notify %s, %v, %v, conference %q, %v %s", id, b.Version, seen, b.Title, b.Start.DateTime, b.Location,
				b.Attendees, b.Notify, b.Targets, b.Backflow, b.Conference, b.Recurrence, said(b.Overrides))
			return true
		case refused:
			p.note("core: a version of %s is refused: %s", id, refusal.Reason)
			return false
		case !p.Dead():
			p.must(err)
		}
	}
	p.must(errors.New("a version is never accepted"))
	return false
}

// decide is the core's word about what persons have done.
func (p *player) decide(s Step) {
	id, decision := bookingOf(s.A), message.DecisionReverted
	if s.B%2 == 0 {
		decision = message.DecisionAccepted
	}
	v := intake.Verdict{ID: id, Decision: decision, Actor: "core"}
	if s.B&2 != 0 {
		v.Calendar = p.Sites[int(s.C)%len(p.Sites)].Calendar
	}
	if p.specs[id] == nil {
		return
	}
	if all := originals(p.specs[id].spec); s.B&4 != 0 {
		v.Occurrence = all[int(s.C)%len(all)]
	}
	heard, before := p.heardOf(id), p.bookings()
	b, err := p.App().Intake.Decide(p.Ctx, p.Tenant, v)
	p.note("core: %s what was done to %s %s: %v", decision, id, v.Occurrence, err)
	if err != nil {
		return
	}
	p.checkAccepted(before, b, v)
	for at, acts := range heard {
		if (v.Calendar == "" || v.Calendar == at.calendar) && (v.Occurrence == "" || v.Occurrence == at.occurrence) {
			p.ledger.decided[at] = acts
		}
	}
	p.gone(id)
	if b.Cancelled {
		p.ledger.retargeted(id, nil)
	}
}

// heardOf are the places of a booking of which the core has been told all that persons have done there, with how much that was.
func (p *player) heardOf(id cal.BookingID) map[place]int {
	feed, out := p.feed(), map[place]int{}
	for at, acts := range p.ledger.acts {
		if at.booking != id {
			continue
		}
		all := true
		for field, value := range p.ledger.owed[at] {
			all = all && field != "attendees" && heard(feed, at, field, value)
		}
		if before, gone := p.ledger.removed[at]; gone {
			all = all && p.toldOf(at, message.BookingRemoved) > before
		}
		if all {
			out[at] = acts
		}
	}
	return out
}
