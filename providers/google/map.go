package google

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/api/calendar/v3"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/zone"
)

var errNoID = errors.New("it has no id")

// eventOf reads an event. A cancelled one may have nothing but an id, and what it has besides is read as far as it can be
// (https://developers.google.com/workspace/calendar/api/v3/reference/events, status).
func eventOf(e *calendar.Event) (cal.Event, error) {
	if e.Id == "" {
		return cal.Event{}, errNoID
	}
	out := cal.Event{
		ID: cal.EventID(e.Id), ETag: e.Etag, Status: statusOf(e.Status), Kind: kindOfEvent(e),
		Series: cal.EventID(e.RecurringEventId), ICalUID: e.ICalUID, URL: e.HtmlLink, Recurrence: e.Recurrence, Free: isFree(e),
	}
	out.Conference = conferenceOf(e)
	if e.ExtendedProperties != nil {
		out.Stamp = e.ExtendedProperties.Private[stampName]
	}
	if updated, err := time.Parse(time.RFC3339, e.Updated); err == nil {
		out.Updated = updated.UTC()
	}
	start, err1 := momentOf(e.Start)
	end, err2 := momentOf(e.End)
	original, err3 := momentOf(e.OriginalStartTime)
	if err := cmp.Or(checkSlot(e), err1, err2, err3); err != nil && !out.Gone() {
		return cal.Event{}, err
	}
	out.OriginalStart = original
	out.Content = cal.Content{
		Title: e.Summary, Description: plain(e.Description), Location: e.Location,
		Slot: cal.Slot{Start: start, End: end}, Attendees: guestsOf(e.Attendees),
	}
	out.Content.Recurrence, _ = recurrenceOf(e, start)
	return out, nil
}

func statusOf(status string) cal.EventStatus {
	switch status {
	case "cancelled":
		return cal.StatusCancelled
	case "tentative":
		return cal.StatusTentative
	default:
		return cal.StatusConfirmed
	}
}

// isFree reports whether the event takes none of the calendar's time, as free-busy queries have it
// (https://developers.google.com/workspace/calendar/api/v3/reference/events, transparency).
func isFree(e *calendar.Event) bool {
	declined := slices.ContainsFunc(e.Attendees, func(a *calendar.EventAttendee) bool {
		return a != nil && a.Self && responseOf(a.ResponseStatus) == cal.ResponseDeclined
	})
	return declined || e.Transparency == "transparent"
}

// kindOfEvent takes every part of a series for an exception: a listing with singleEvents=false shows no other.
func kindOfEvent(e *calendar.Event) cal.EventKind {
	switch {
	case e.RecurringEventId != "":
		return cal.KindException
	case len(e.Recurrence) > 0:
		return cal.KindSeries
	default:
		return cal.KindSingle
	}
}

func checkSlot(e *calendar.Event) error {
	if e.Start == nil || e.End == nil {
		return errors.New("it has no start or no end")
	}
	if (e.Start.Date == "") != (e.End.Date == "") {
		return errors.New("one end is a date and the other a time")
	}
	return nil
}

// momentOf reads one end of an event: a date, or a time with an offset, or wall time in the zone beside it.
func momentOf(t *calendar.EventDateTime) (cal.Moment, error) {
	switch {
	case t == nil:
		return cal.Moment{}, nil
	case t.Date != "":
		if _, err := time.Parse(cal.DateLayout, t.Date); err != nil {
			return cal.Moment{}, errors.New("a date cannot be read")
		}
		return cal.Moment{Date: t.Date}, nil
	}
	name, err := zone.Canonical(t.TimeZone)
	if err != nil {
		name = ""
	}
	at, err := time.Parse(time.RFC3339, t.DateTime)
	if err != nil {
		at, err = wallTime(t.DateTime, name)
	}
	if err != nil {
		return cal.Moment{}, err
	}
	return cal.Moment{Instant: at.UTC().Truncate(time.Second), Zone: name}, nil
}

func wallTime(value, name string) (time.Time, error) {
	wall, err := time.Parse(cal.WallLayout, value)
	if err != nil || name == "" {
		return time.Time{}, errors.New("a time cannot be read")
	}
	loc, err := zone.Load(name)
	if err != nil {
		return time.Time{}, fmt.Errorf("a time cannot be read: %w", err)
	}
	at, ok := zone.FromWall(wall, loc)
	if !ok {
		return time.Time{}, errors.New("a time does not exist in its zone")
	}
	return at, nil
}

// guestsOf leaves out the organizer, whom Google lists among the attendees when it likes, and rooms.
func guestsOf(attendees []*calendar.EventAttendee) []cal.Attendee {
	var out []cal.Attendee
	for _, a := range attendees {
		if a == nil || a.Organizer || a.Resource || a.Email == "" {
			continue
		}
		out = append(out, cal.Attendee{Email: a.Email, Name: a.DisplayName, Optional: a.Optional, Response: responseOf(a.ResponseStatus)})
	}
	return out
}

func responseOf(status string) cal.Response {
	switch status {
	case "accepted":
		return cal.ResponseAccepted
	case "declined":
		return cal.ResponseDeclined
	case "tentative":
		return cal.ResponseTentative
	default:
		return cal.ResponseNone
	}
}

// newEvent is the event to insert for a key.
func newEvent(key cal.Key, content cal.Content, fields cal.Fields) *calendar.Event {
	e := wireEvent(content, fields)
	e.Id = key.Base32Hex()
	e.ExtendedProperties = &calendar.EventExtendedProperties{Private: map[string]string{stampName: key.String()}}
	if fields.Has(cal.FieldAttendees) {
		for _, a := range content.Attendees {
			e.Attendees = append(e.Attendees, &calendar.EventAttendee{Email: a.Email, DisplayName: a.Name, Optional: a.Optional})
		}
	}
	return e
}

// wireEvent holds the given fields except guests.
func wireEvent(content cal.Content, fields cal.Fields) *calendar.Event {
	e := &calendar.Event{}
	if fields.Has(cal.FieldTitle) {
		e.Summary = content.Title
	}
	if fields.Has(cal.FieldDescription) {
		e.Description = markup(content.Description)
	}
	if fields.Has(cal.FieldLocation) {
		e.Location = content.Location
	}
	if fields.Has(cal.FieldSlot) {
		e.Start, e.End = wireMoment(content.Slot.Start), wireMoment(content.Slot.End)
	}
	if fields.Has(cal.FieldRecurrence) {
		e.Recurrence = content.Recurrence
	}
	return e
}

// patchEvent is wireEvent for a patch: empty texts are sent too, a slot that becomes all-day (or no longer is) clears the other form, and a series that is one
// no more loses its recurrence.
func patchEvent(content cal.Content, fields cal.Fields) *calendar.Event {
	e := wireEvent(content, fields)
	for field, name := range map[cal.Field]string{cal.FieldTitle: "Summary", cal.FieldDescription: "Description", cal.FieldLocation: "Location"} {
		if fields.Has(field) {
			e.ForceSendFields = append(e.ForceSendFields, name)
		}
	}
	slices.Sort(e.ForceSendFields)
	if fields.Has(cal.FieldRecurrence) && len(e.Recurrence) == 0 {
		e.NullFields = []string{"Recurrence"}
	}
	for _, t := range []*calendar.EventDateTime{e.Start, e.End} {
		switch {
		case t == nil:
		case t.Date != "":
			t.NullFields = []string{"DateTime", "TimeZone"}
		default:
			t.NullFields = []string{"Date"}
		}
	}
	return e
}

// wireMoment writes an instant with the offset that its own zone has on its own date, and names the zone. A zone that cannot be loaded, or
// whose offset is no whole minute, yields UTC.
func wireMoment(m cal.Moment) *calendar.EventDateTime {
	if m.Date != "" {
		return &calendar.EventDateTime{Date: m.Date}
	}
	name, err := zone.Canonical(m.Zone)
	if err == nil {
		if loc, err := zone.Load(name); err == nil {
			at := m.Instant.In(loc)
			if _, offset := at.Zone(); offset%60 == 0 {
				return &calendar.EventDateTime{DateTime: at.Format(time.RFC3339), TimeZone: name}
			}
		}
	}
	return &calendar.EventDateTime{DateTime: m.Instant.UTC().Format(time.RFC3339), TimeZone: "UTC"}
}

// sendUpdates says whom Google mails (https://developers.google.com/workspace/calendar/api/v3/reference/events/insert).
func sendUpdates(notify cal.Notify) string {
	switch notify {
	case cal.NotifyAll:
		return "all"
	case cal.NotifyExternal:
		return "externalOnly"
	default:
		return "none"
	}
}
