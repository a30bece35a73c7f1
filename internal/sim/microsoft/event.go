package microsoft

import (
	"encoding/json"
	"maps"
	"net/url"
	"strings"
	"time"
)

// event is one state of an event. It is never changed once it is stored.
type event struct {
	content
	seat
	siblings
	invite

	// restID changes when the event moves to another calendar; immutableID does not.
	restID      string
	immutableID string
	calendar    string
	changeKey   string
	iCalUID     string
	transaction string
	created     time.Time
	updated     time.Time
	deleted     bool
	// left holds the ids under which the event was in other calendars before. The map is never changed.
	left map[string]string
	// earliest and latest span all times that the event ever had, so that a listing knows whether it ever showed it.
	earliest, latest time.Time
}

func (e *event) etag() string { return `W/"` + e.changeKey + `"` }

// id is the one that the client prefers.
func (e *event) id(immutable bool) string {
	if immutable {
		return e.immutableID
	}
	return e.restID
}

// masterID is the id of the series that the event belongs to, in the form that the client prefers.
func (e *event) masterID(immutable bool) string {
	if immutable {
		return e.master
	}
	return e.masterRest
}

// during reports whether the event lies at least partly in the window, where an all-day event counts from midnight to midnight in UTC.
func during(start, end, from, to time.Time) bool {
	return start.Before(to) && (end.After(from) || (start.Equal(end) && !start.Before(from)))
}

// subject is the event's title; "" if it has none.
func (e *event) subject() string {
	var v string
	if raw := e.fields["subject"]; raw != nil && json.Unmarshal(raw, &v) != nil {
		return ""
	}
	return v
}

// eventMembers is how many members an event has at most, or nearly so.
const eventMembers = 56

// wire is the event as Graph shows it (https://learn.microsoft.com/graph/api/event-get).
func (s *Server) wire(e *event, m *mailbox, v view) (map[string]any, error) {
	zone, in, err := s.shownZone(v.zone)
	if err != nil {
		return nil, err
	}
	w := make(map[string]any, eventMembers)
	maps.Copy(w, s.usual)
	for name, raw := range e.fields {
		w[name] = raw
	}
	w["@odata.etag"], w["id"], w["changeKey"], w["iCalUId"] = e.etag(), e.id(v.immutable), e.changeKey, e.iCalUID
	w["createdDateTime"], w["lastModifiedDateTime"] = stamp(e.created), stamp(e.updated)
	w["originalStartTimeZone"], w["originalEndTimeZone"] = s.original(e.start.zone), s.original(e.end.zone)
	w["start"], w["end"] = e.start.wire(e.allDay, zone, in), e.end.wire(e.allDay, zone, in)
	w["isAllDay"], w["attendees"] = e.allDay, e.guests(m)
	w["body"], w["bodyPreview"] = e.body.wire(v.text), e.body.preview()
	w["location"], w["locations"] = showLocations(e.locations)
	w["webLink"] = "https://outlook.office365.com/owa/?itemid=" + url.QueryEscape(e.restID) + "&exvsurl=1&path=/calendar/item"
	w["organizer"] = map[string]any{"emailAddress": emailAddress{Name: m.person.Name, Address: m.person.Email}}
	if e.online() {
		w["onlineMeeting"] = e.onlineMeeting()
	}
	if !e.isOrganizer() {
		w["isOrganizer"], w["responseStatus"], w["isCancelled"] = false, e.answer, e.calledOff
		w["organizer"] = map[string]any{"emailAddress": emailAddress{Name: e.organizer.person.Name, Address: e.organizer.person.Email}}
	}
	if e.transaction != "" {
		w["transactionId"] = e.transaction
	}
	if kind := e.kind(); kind != singleInstance {
		w["type"] = kind
	}
	if e.master != "" {
		w["recurrence"], w["seriesMasterId"], w["originalStart"] = nil, e.masterID(v.immutable), stamp(e.original)
	}
	if found := e.properties.wire(v.expand); len(found) > 0 {
		w["singleValueExtendedProperties"] = found
	}
	return v.narrow(w), nil
}

// shownZone is the zone to show times in; UTC unless the client prefers another.
func (s *Server) shownZone(preferred string) (string, *time.Location, error) {
	if preferred == "" {
		return "UTC", time.UTC, nil
	}
	in, err := s.zone(preferred)
	return preferred, in, err
}

// guests are the attendees; a guest who is not to see the others sees themselves
// (https://learn.microsoft.com/graph/api/resources/event#properties, hideAttendees).
func (e *event) guests(m *mailbox) []attendee {
	all := e.attendees
	if !e.isOrganizer() && e.flag("hideAttendees", false) {
		i := guestIndex(all, m.person.Email)
		all = all[max(i, 0) : i+1]
	}
	if all == nil {
		return []attendee{}
	}
	return all
}

// flag returns a property that is a truth value.
func (e *event) flag(name string, usual bool) bool {
	v := usual
	if raw := e.fields[name]; raw != nil && json.Unmarshal(raw, &v) != nil {
		return usual
	}
	return v
}

// usualEvent holds what an event is without a word. Each server makes it once.
func usualEvent() map[string]any {
	return map[string]any{
		"subject": "", "importance": "normal", "sensitivity": "normal", "showAs": "busy", "categories": []string{},
		"reminderMinutesBeforeStart": 15, "isReminderOn": true, "responseRequested": true, "allowNewTimeProposals": true,
		"hideAttendees": false, "hasAttachments": false, "isCancelled": false, "isDraft": false, "isOrganizer": true,
		"isOnlineMeeting": false, "onlineMeetingProvider": "unknown", "onlineMeetingUrl": nil, "onlineMeeting": nil,
		"seriesMasterId": nil, "recurrence": nil, "transactionId": nil, "type": singleInstance,
		"responseStatus": response{Response: "organizer", Time: never},
	}
}

// narrow keeps what the client selected. What it expanded stays in any case.
func (v view) narrow(w map[string]any) map[string]any {
	if v.only != nil {
		maps.DeleteFunc(w, func(name string, _ any) bool {
			return !v.only[strings.ToLower(name)] && name != "singleValueExtendedProperties"
		})
	}
	return w
}
