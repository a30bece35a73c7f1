package converge

import (
	"maps"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
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
	is := map[string]string{"title": b.Spec.Title, "location": b.Spec.Location, "slot": b.Slot.Start.Instant.UTC().Format(time.RFC3339)}
	for field, want := range map[string]string{"title": said.spec.Title, "location": said.spec.Location, "slot": instant(said.spec.Start)} {
		if is[field] != want && !p.ledger.wroteAnywhere(b.ID, field, is[field]) {
			p.violate("%s: %s is %q, the core has sent %q, and no person has written it", b.ID, field, is[field], want)
		}
	}
	stands := map[cal.CalendarID]bool{}
	for _, l := range b.Links {
		if l.Target {
			stands[l.CalendarID] = true
		}
	}
	if want := targeted(said.spec); !maps.Equal(stands, want) {
		p.violate("%s stands in %v, and the core has sent %v", b.ID, stands, want)
	}
}

// checkDecided wants the core's word to be the last one about what it had heard of when it spoke.
func (p *player) checkDecided(b record.Booking, l record.Link) {
	at := place{b.ID, l.CalendarID}
	if acts, spoke := p.ledger.decided[at]; spoke && acts == p.ledger.acts[at] && l.State == record.LinkDiverged {
		p.violate("%s in %s is diverged (%s), although the core has decided and nobody has done anything since", b.ID, l.CalendarID, l.Reason)
	}
}

// checkConference wants the core's last word about a conference that it wants to be what the event shows.
func (p *player) checkConference(b record.Booking, l record.Link, s Site, feed []told) {
	if !l.Target || !l.Authoritative || b.Cancelled || b.Spec.Conference == "" {
		return
	}
	last := lastOfConference(feed, place{b.ID, l.CalendarID})
	for _, e := range s.Persons.Standing() {
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
		if about && m.BookingID == at.booking && m.Target.CalendarID == at.calendar && m.Sequence > last.Sequence {
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
	for _, e := range s.Persons.Standing() {
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
