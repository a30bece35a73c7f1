package reconcile

import (
	"cmp"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

// reportResponses tells the core what the booking's guests have answered since it was told last. They stand on the authoritative target only; of guests
// whom a person has added, the core does not know. An answer is no change of the booking, so its revision stays.
func (w *run) reportResponses(d *record.Decision) {
	if !w.s.Link.Authoritative || d.Link.Base == nil {
		return
	}
	shown, before, now := byAddress(w.s.Remote.Event.Content.Attendees), d.Link.Base.Responses, map[string]cal.Response{}
	for _, guest := range withoutHost(w.c.Booking.Spec.Attendees, w.c.Connection.Account) {
		there, stands := shown[address(guest)]
		if !stands {
			continue
		}
		was := cmp.Or(before[address(guest)], cal.ResponseNone)
		guest.Response = cmp.Or(there.Response, cal.ResponseNone)
		if guest.Response != cal.ResponseNone {
			now[address(guest)] = guest.Response
		}
		if guest.Response != was {
			d.Reports = append(d.Reports, record.Report{Type: message.BookingAttendeeResponded, Attendee: guest, Was: was})
		}
	}
	base := *d.Link.Base
	base.Responses = now
	d.Link.Base = &base
}

// byAddress are guests by their canonical address, as they are otherwise.
func byAddress(all []cal.Attendee) map[string]cal.Attendee {
	out := make(map[string]cal.Attendee, len(all))
	for _, a := range all {
		out[address(a)] = a
	}
	return out
}

// address is a guest's canonical address.
func address(a cal.Attendee) string {
	return cal.Content{Attendees: []cal.Attendee{a}}.Canonical().Attendees[0].Email
}
