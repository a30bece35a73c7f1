package converge

import (
	"fmt"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
)

// held is an event of a booking that a person may do something to.
type held struct {
	site  Site
	event cal.Event
	at    place
}

// event chooses one of the events that stand and that calweave knows as its own.
func (p *player) event(s Step) (held, bool) {
	site := p.Sites[int(s.A)%len(p.Sites)]
	known := map[cal.EventID]place{}
	for _, b := range p.bookings() {
		for _, l := range p.places(b) {
			if l.CalendarID == site.Calendar && l.EventID != "" && stays(b, l) {
				known[l.EventID] = placeOf(b, l)
			}
		}
	}
	var all []held
	for _, e := range site.Persons.Standing() {
		if at, ok := known[e.ID]; ok {
			all = append(all, held{site, e, at})
		}
	}
	if len(all) == 0 {
		return held{}, false
	}
	return all[int(s.B)%len(all)], true
}

// move lets a person move an event to a time that nobody else chooses.
func (p *player) move(s Step) {
	if s.C&128 != 0 && p.ends(s) {
		return
	}
	h, ok := p.event(s)
	if !ok {
		return
	}
	p.unique++
	from := h.event.Content.Slot.Start.Instant.Truncate(time.Hour).Add(time.Duration(p.unique%59+1) * time.Minute)
	from = from.Add(time.Duration(p.unique/59) * time.Hour)
	p.edits(h, func(c *cal.Content) {
		c.Slot.Start.Instant, c.Slot.End.Instant = from, from.Add(30*time.Minute)
	}, "slot", from.UTC().Format(time.RFC3339))
}

// edit lets a person change a text or the guests.
func (p *player) edit(s Step) {
	h, ok := p.event(s)
	if !ok {
		return
	}
	if s.C&64 != 0 && h.event.Series == "" && h.site.Persons.Unconfer(h.event.ID) {
		p.note("person: takes the conference of %s at %s away", h.at.booking, h.site.Provider)
		return
	}
	p.unique++
	value := fmt.Sprintf("hand %d", p.unique)
	switch s.C % 4 {
	case 0, 1:
		p.edits(h, func(c *cal.Content) { c.Title = value }, "title", value)
	case 2:
		p.edits(h, func(c *cal.Content) { c.Location = value }, "location", value)
	default:
		value = fmt.Sprintf("hand%d@person.test", p.unique)
		p.edits(h, func(c *cal.Content) { c.Attendees = append(c.Attendees, cal.Attendee{Email: value}) }, "attendees", value)
	}
}

func (p *player) edits(h held, change func(*cal.Content), field, value string) {
	if !h.site.Persons.Edit(h.event.ID, change) {
		return
	}
	p.note("person: %s of %s %s at %s becomes %q", field, h.at.booking, h.at.occurrence, h.site.Provider, value)
	p.ledger.wrote(h.at, field, value)
}

// remove lets a person delete an event.
func (p *player) remove(s Step) {
	h, ok := p.event(s)
	if !ok {
		return
	}
	if told := p.toldOf(h.at, message.BookingRemoved); h.site.Persons.Delete(h.event.ID) {
		p.note("person: deletes %s %s at %s", h.at.booking, h.at.occurrence, h.site.Provider)
		p.ledger.took(h.at, told)
	}
}
