package microsoft

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/calweave/calweave/contracts/cal"
)

var errNoID = errors.New("it has no id")

// eventOf reads an event, or the stub of an occurrence, which has nothing but ids, a start and an end
// (https://learn.microsoft.com/en-us/graph/api/event-delta).
func eventOf(e models.Eventable) (cal.Event, error) {
	out := cal.Event{
		ID: cal.EventID(text(e.GetId())), ETag: etagOf(e), Status: statusOf(e), Kind: kindOfEvent(e),
		Series: cal.EventID(text(e.GetSeriesMasterId())), ICalUID: text(e.GetICalUId()), Stamp: stampOf(e), URL: text(e.GetWebLink()),
		Free: isFree(e), Conference: conferenceOf(e),
	}
	if out.ID == "" {
		return cal.Event{}, errNoID
	}
	if at := e.GetLastModifiedDateTime(); at != nil {
		out.Updated = at.UTC()
	}
	allDay := is(e.GetIsAllDay())
	start, err1 := momentOf(e.GetStart(), allDay, text(e.GetOriginalStartTimeZone()))
	end, err2 := momentOf(e.GetEnd(), allDay, text(e.GetOriginalEndTimeZone()))
	if err := cmp.Or(err1, err2); err != nil && !out.Gone() {
		return cal.Event{}, err
	}
	out.Content = cal.Content{
		Title: text(e.GetSubject()), Description: descriptionOf(e), Slot: cal.Slot{Start: start, End: end}, Attendees: guestsOf(e),
	}
	if place := e.GetLocation(); place != nil {
		out.Content.Location = text(place.GetDisplayName())
	}
	repeat(&out, e)
	out.OriginalStart = originalStart(e, out, allDay)
	return out, nil
}

// etagOf is @odata.etag, which models keep among what they do not know, or is made from the changeKey that it is made of.
func etagOf(e models.Eventable) string {
	if etag := text(extra(e.GetAdditionalData(), "@odata.etag")); etag != "" {
		return etag
	}
	return etagFrom(text(e.GetChangeKey()))
}

func etagFrom(changeKey string) string {
	if changeKey == "" {
		return ""
	}
	return `W/"` + changeKey + `"`
}

func statusOf(e models.Eventable) cal.EventStatus {
	if is(e.GetIsCancelled()) {
		return cal.StatusCancelled
	}
	if free := e.GetShowAs(); free != nil && *free == models.TENTATIVE_FREEBUSYSTATUS {
		return cal.StatusTentative
	}
	return cal.StatusConfirmed
}

// isFree reports whether the event takes none of the calendar's time. Who works elsewhere can be met; the stub of an occurrence says nothing.
func isFree(e models.Eventable) bool {
	if responseOf(e.GetResponseStatus()) == cal.ResponseDeclined {
		return true
	}
	shown := e.GetShowAs()
	return shown != nil && (*shown == models.FREE_FREEBUSYSTATUS || *shown == models.WORKINGELSEWHERE_FREEBUSYSTATUS)
}

func kindOfEvent(e models.Eventable) cal.EventKind {
	if kind := e.GetTypeEscaped(); kind != nil {
		switch *kind {
		case models.SERIESMASTER_EVENTTYPE:
			return cal.KindSeries
		case models.OCCURRENCE_EVENTTYPE:
			return cal.KindOccurrence
		case models.EXCEPTION_EVENTTYPE:
			return cal.KindException
		case models.SINGLEINSTANCE_EVENTTYPE:
			return cal.KindSingle
		}
	}
	if text(e.GetSeriesMasterId()) != "" {
		return cal.KindOccurrence
	}
	return cal.KindSingle
}

// originalStart is the place of an occurrence in its series. One that was never changed stands where it started.
func originalStart(e models.Eventable, out cal.Event, allDay bool) cal.Moment {
	at := e.GetOriginalStart()
	switch {
	case at != nil && allDay:
		return cal.Moment{Date: at.UTC().Format(cal.DateLayout)}
	case at != nil:
		return cal.Moment{Instant: at.UTC().Truncate(time.Second), Zone: out.Content.Slot.Start.Zone}
	case out.Kind == cal.KindOccurrence:
		return out.Content.Slot.Start
	default:
		return cal.Moment{}
	}
}

// stampOf is the key in an event's extended property, which is there only when a request expands it.
func stampOf(e models.Eventable) string {
	for _, p := range e.GetSingleValueExtendedProperties() {
		if p != nil && strings.EqualFold(text(p.GetId()), stampID) {
			return text(p.GetValue())
		}
	}
	return ""
}

// descriptionOf is the body as text, without what Teams has added to it.
func descriptionOf(e models.Eventable) string {
	b := e.GetBody()
	if b == nil {
		return ""
	}
	content := text(b.GetContent())
	if kind := b.GetContentType(); kind != nil && *kind == models.HTML_BODYTYPE {
		content = plain(content)
	}
	if !is(e.GetIsOnlineMeeting()) {
		return content
	}
	join := ""
	if meeting := e.GetOnlineMeeting(); meeting != nil {
		join = text(meeting.GetJoinUrl())
	}
	return withoutMeeting(content, join)
}

// guestsOf leaves out the organizer and rooms.
func guestsOf(e models.Eventable) []cal.Attendee {
	organizer := ""
	if r := e.GetOrganizer(); r != nil && r.GetEmailAddress() != nil {
		organizer = fold(text(r.GetEmailAddress().GetAddress()))
	}
	var out []cal.Attendee
	for _, a := range e.GetAttendees() {
		if a == nil || a.GetEmailAddress() == nil {
			continue
		}
		guest := cal.Attendee{
			Email: text(a.GetEmailAddress().GetAddress()), Name: text(a.GetEmailAddress().GetName()), Response: responseOf(a.GetStatus()),
		}
		if kind := a.GetTypeEscaped(); kind != nil {
			if *kind == models.RESOURCE_ATTENDEETYPE {
				continue
			}
			guest.Optional = *kind == models.OPTIONAL_ATTENDEETYPE
		}
		if guest.Email != "" && fold(guest.Email) != organizer {
			out = append(out, guest)
		}
	}
	return out
}

// responseOf takes none, notResponded and organizer alike
// (https://learn.microsoft.com/en-us/graph/api/resources/responsestatus).
func responseOf(status models.ResponseStatusable) cal.Response {
	if status == nil || status.GetResponse() == nil {
		return cal.ResponseNone
	}
	switch *status.GetResponse() {
	case models.ACCEPTED_RESPONSETYPE:
		return cal.ResponseAccepted
	case models.DECLINED_RESPONSETYPE:
		return cal.ResponseDeclined
	case models.TENTATIVELYACCEPTED_RESPONSETYPE:
		return cal.ResponseTentative
	default:
		return cal.ResponseNone
	}
}

// newEvent is the body that creates an event for a key.
func newEvent(key cal.Key, content cal.Content, fields cal.Fields) map[string]any {
	out := wireEvent(content, fields)
	out["transactionId"] = key.UUID()
	out["singleValueExtendedProperties"] = []extendedProperty{{ID: stampID, Value: key.String()}}
	if fields.Has(cal.FieldAttendees) {
		guests := []attendee{}
		for _, a := range content.Attendees {
			guests = append(guests, wireGuest(a))
		}
		out["attendees"] = guests
	}
	return out
}

// wireEvent holds the given fields except guests. Empty texts are written too.
func wireEvent(content cal.Content, fields cal.Fields) map[string]any {
	out := map[string]any{}
	if fields.Has(cal.FieldTitle) {
		out["subject"] = content.Title
	}
	if fields.Has(cal.FieldDescription) {
		out["body"] = body{ContentType: "text", Content: content.Description}
	}
	if fields.Has(cal.FieldLocation) {
		out["location"] = location{DisplayName: content.Location}
	}
	if fields.Has(cal.FieldSlot) {
		start, end, allDay := wireSlot(content.Slot)
		out["start"], out["end"], out["isAllDay"] = start, end, allDay
	}
	return out
}

func wireGuest(a cal.Attendee) attendee {
	return attendee{Type: guestType(a.Optional), EmailAddress: emailAddress{Address: a.Email, Name: a.Name}}
}

func guestType(optional bool) string {
	if optional {
		return "optional"
	}
	return "required"
}

func fold(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func is(b *bool) bool { return b != nil && *b }

// extra returns a string that a model does not know by name.
func extra(fields map[string]any, name string) *string {
	s, _ := fields[name].(*string)
	return s
}
