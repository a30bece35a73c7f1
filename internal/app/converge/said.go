package converge

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/record"
)

// checkSaid wants a booking to be what the core has sent, and not only what the engine takes it for: another value of a field is a person's, and the
// targets are the core's alone.
func (p *player) checkSaid(b record.Booking) {
	said := p.specs[b.ID]
	if said.cancelled && !b.Cancelled {
		p.violate("%s was cancelled, and is booked", b.ID)
	}
	if b.Cancelled { // by the core, or because it has accepted that a person deleted it
		return
	}
	if b.Spec.Description != said.spec.Description || b.Spec.Notify != said.spec.Notify {
		p.violate("%s: notify %s, %q, and the core has sent %s, %q", b.ID, b.Spec.Notify, b.Spec.Description, said.spec.Notify, said.spec.Description)
	}
	if len(said.spec.Recurrence) > 0 {
		p.checkSeries(b, said.spec)
		return
	}
	is := map[string]string{"title": b.Spec.Title, "location": b.Spec.Location, "slot": b.Slot.Start.Instant.UTC().Format(time.RFC3339)}
	for field, want := range map[string]string{"title": said.spec.Title, "location": said.spec.Location, "slot": instant(said.spec.Start)} {
		if is[field] != want && !p.ledger.wroteAnywhere(b.ID, field, is[field]) {
			p.violate("%s: %s is %q, the core has sent %q, and no person has written it", b.ID, field, is[field], want)
		}
	}
	p.checkStands(b, stands(said.spec))
}

func (p *player) checkStands(b record.Booking, want map[stand]bool) {
	is := map[stand]bool{}
	for _, l := range p.places(b) {
		if stays(b, l) {
			is[placeOf(b, l).stand] = true
		}
	}
	if !maps.Equal(is, want) {
		p.violate("%s stands in %v, and the core has sent %v", b.ID, is, want)
	}
}

// checkDecided wants the core's word to be the last one about what it had heard of when it spoke.
func (p *player) checkDecided(b record.Booking, l record.Link) {
	at := placeOf(b, l)
	if acts, spoke := p.ledger.decided[at]; spoke && acts == p.ledger.acts[at] && l.State == record.LinkDiverged {
		p.violate("%s in %s is diverged (%s), although the core has decided and nobody has done anything since", b.ID, l.CalendarID, l.Reason)
	}
}

// checkAccepted wants a booking to say what the core has accepted.
func (p *player) checkAccepted(before []record.Booking, now record.Booking, v intake.Verdict) {
	if v.Decision != message.DecisionAccepted {
		return
	}
	for _, b := range before {
		if b.ID != now.ID {
			continue
		}
		for _, l := range p.places(b) {
			chosen := (v.Calendar == "" || v.Calendar == l.CalendarID) && (v.Occurrence == "" || v.Occurrence == originalOf(l.Occurrence))
			if chosen && l.State == record.LinkDiverged && stays(now, l) {
				p.checkSays(now, l)
			}
		}
	}
}

// checkSays wants a booking to say what stood in a link's calendar.
func (p *player) checkSays(b record.Booking, l record.Link) {
	at := originalOf(l.Occurrence)
	if l.Observed == nil {
		p.violate("%s %s: the core has accepted that it is deleted, and it takes place", b.ID, at)
		return
	}
	taken := l.Theirs() &^ cal.Fields(cal.FieldAttendees)
	if lost := wanted(b, l).Differences(*l.Observed, taken); lost != 0 {
		p.violate("%s %s: the core has accepted %v of %+v, and the booking says %+v", b.ID, at, lost.Names(), l.Observed, wanted(b, l))
	}
}

// checkTaken wants a booking to say what was accepted last, unless a version or another decision has come since.
func (p *player) checkTaken(b record.Booking, feed []told) {
	was, last := lastAccepted(b.ID, feed)
	for _, l := range p.places(b) {
		if last.kind == "" || placeOf(b, l) != last.place() || !stays(b, l) {
			continue
		}
		now := wanted(b, l)
		says := map[string]string{"title": now.Title, "location": now.Location, "slot": now.Slot.Start.Instant.UTC().Format(time.RFC3339)}
		for _, field := range last.Fields {
			if want := valueOf(was, field); slices.Contains(was.Fields, field) && want != "" && says[field] != want {
				p.violate("%s %s: %s %q was accepted, and the booking says %q", b.ID, originalOf(l.Occurrence), field, want, says[field])
			}
		}
	}
}

// lastAccepted is the decision that a booking has stood by since, if it was to accept, and the report that it is about.
func lastAccepted(id cal.BookingID, feed []told) (report, decision told) {
	reports := map[place]told{}
	all := slices.DeleteFunc(slices.Clone(feed), func(m told) bool { return m.BookingID != id })
	slices.SortFunc(all, func(a, b told) int { return cmp.Compare(a.Sequence, b.Sequence) })
	for _, m := range all {
		switch m.kind { //nolint:exhaustive // the others change no booking
		case message.BookingMoved, message.BookingEdited:
			reports[m.place()] = m
		case message.BookingAccepted:
			decision = told{}
		case message.BookingDecided:
			report, decision = reports[m.place()], m
			if m.Decision != message.DecisionAccepted {
				decision = told{}
			}
		}
	}
	return report, decision
}

// checkConference wants the core's last word about a conference that it wants to be what the event shows.
func (p *player) checkConference(b record.Booking, l record.Link, s Site, feed []told) {
	if !stays(b, l) || !l.Authoritative || b.Spec.Conference == "" {
		return
	}
	last := lastOfConference(feed, placeOf(b, l))
	for _, e := range s.Persons.Listed() {
		switch {
		case e.ID != l.EventID:
		case last.kind == "":
			p.violate("%s at %s: the core has heard nothing of the conference that it wants, and the event shows %+v", b.ID, s.Provider, e.Conference)
		case last.URL != e.Conference.URL:
			p.violate("%s at %s: the core has heard %s %q of the conference, and the event shows %+v", b.ID, s.Provider, last.kind, last.URL, e.Conference)
		}
	}
}

// lastOfConference is the last that was told of a place's conference.
func lastOfConference(feed []told, at place) (last told) {
	for _, m := range feed {
		about := m.kind == message.BookingConferenceReady || m.kind == message.BookingConferenceFailed
		if about && m.place() == at && m.Sequence > last.Sequence {
			last = m
		}
	}
	return last
}

// checkMirror wants the mirror of a calendar to show what stands in it.
func (p *player) checkMirror(s Site) {
	var rows []record.Observed
	p.tries("read the mirror", func() (err error) {
		rows, err = p.App().Store.Events(p.Ctx, p.Tenant, s.Calendar, "", mirrored)
		return err
	})
	shown := map[cal.EventID]bool{}
	for _, row := range rows {
		shown[row.EventID] = row.Status != cal.StatusCancelled
	}
	for _, e := range s.Persons.Listed() {
		if !shown[e.ID] {
			p.violate("%s: %s (%q) stands, and the mirror does not show it", s.Provider, e.ID, e.Content.Title)
		}
		delete(shown, e.ID)
	}
	for id, stands := range shown {
		if stands {
			p.violate("%s: the mirror shows %s, which does not stand", s.Provider, id)
		}
	}
}

// mirrored is more than the events of any history.
const mirrored = 200

// instant is a time of the core's in UTC.
func instant(w cal.When) string {
	if at, err := time.Parse(time.RFC3339, w.DateTime); err == nil {
		return at.UTC().Format(time.RFC3339)
	}
	loc, err := time.LoadLocation(w.TimeZone)
	if err != nil {
		return err.Error()
	}
	at, err := time.ParseInLocation(cal.WallLayout, w.DateTime, loc)
	if err != nil {
		return err.Error()
	}
	return at.UTC().Format(time.RFC3339)
}
