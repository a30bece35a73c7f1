package microsoft

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxYears is how long an event can be.
const maxYears = 5

// content is what a client may write of an event.
type content struct {
	start, end when
	allDay     bool
	body       body
	locations  []location
	attendees  []attendee
	properties properties
	// rule makes the event a series; fields holds it too, as Graph shows it.
	rule *rule
	// join is the link of an online meeting.
	join string
	// fields are all other writable properties as they were written.
	fields map[string]json.RawMessage
}

// kind is the JSON type of a property.
type kind int

const (
	text kind = iota
	flag
	number
	object
	array
	readOnly
)

// schema lists the properties of an event (https://learn.microsoft.com/graph/api/resources/event#properties). What the service sets is read
// only: a writer may send it, and it is not looked at.
func schema() map[string]kind {
	return map[string]kind{
		"subject": text, "importance": text, "sensitivity": text, "showAs": text, "transactionId": text, "onlineMeetingProvider": text,
		"isAllDay": flag, "isReminderOn": flag, "responseRequested": flag, "allowNewTimeProposals": flag, "hideAttendees": flag,
		"isOnlineMeeting": flag, "reminderMinutesBeforeStart": number, "body": object, "start": object, "end": object, "location": object,
		"recurrence": object, "locations": array, "attendees": array, "categories": array, "singleValueExtendedProperties": array,
		"id": readOnly, "changeKey": readOnly, "createdDateTime": readOnly, "lastModifiedDateTime": readOnly, "iCalUId": readOnly,
		"bodyPreview": readOnly, "isCancelled": readOnly, "isDraft": readOnly, "isOrganizer": readOnly, "hasAttachments": readOnly,
		"organizer": readOnly, "responseStatus": readOnly, "seriesMasterId": readOnly, "type": readOnly, "webLink": readOnly,
		"onlineMeeting": readOnly, "onlineMeetingUrl": readOnly, "cancelledOccurrences": readOnly, "originalStart": readOnly,
		"originalStartTimeZone": readOnly, "originalEndTimeZone": readOnly, "exceptionOccurrences": readOnly,
	}
}

// relations are what else an event has (https://learn.microsoft.com/graph/api/resources/event#relationships): a writer who sends them is not
// wrong.
func relations() []string {
	return []string{"attachments", "calendar", "extensions", "instances", "multiValueExtendedProperties"}
}

// choices are the properties that take only these values.
func choices() map[string][]string {
	return map[string][]string{
		"importance":            {"low", "normal", "high"},
		"sensitivity":           {"normal", "personal", "private", "confidential"},
		"showAs":                {"unknown", "free", "tentative", "busy", "oof", "workingElsewhere"},
		"onlineMeetingProvider": {"unknown", "teamsForBusiness", "skypeForBusiness", "skypeForConsumer"},
	}
}

func unreadable(name string) *graphError {
	return badRequest("RequestBodyRead", "The value of the property '"+name+"' cannot be read.")
}

// check refuses properties that an event does not have, and values of another type than theirs.
func (s *Server) check(doc map[string]json.RawMessage) error {
	all := schema()
	for name, raw := range doc {
		k, known := all[name]
		switch {
		case strings.Contains(name, "@"): // an annotation
		case slices.Contains(relations(), name):
			return notSimulated("an event written with " + name)
		case !known:
			return badRequest("RequestBodyRead", "The property '"+name+"' does not exist on type 'microsoft.graph.event'. Make sure to only use property names that are defined by the type.")
		case !isNull(raw) && !k.fits(raw):
			return unreadable(name)
		}
		if err := chosen(name, raw); err != nil {
			return err
		}
	}
	return nil
}

func chosen(name string, raw json.RawMessage) error {
	values := choices()[name]
	var value string
	if len(values) == 0 || isNull(raw) || json.Unmarshal(raw, &value) == nil && slices.Contains(values, value) {
		return nil
	}
	return badRequest("RequestBodyRead", "Requested value '"+value+"' was not found.")
}

func (k kind) fits(raw json.RawMessage) bool {
	var err error
	switch k {
	case text:
		var v string
		err = json.Unmarshal(raw, &v)
	case flag:
		var v bool
		err = json.Unmarshal(raw, &v)
	case number:
		var v int32 // Edm.Int32, which is the type of the only number there is
		err = json.Unmarshal(raw, &v)
	case object:
		var v map[string]json.RawMessage
		err = json.Unmarshal(raw, &v)
	case array:
		var v []json.RawMessage
		err = json.Unmarshal(raw, &v)
	case readOnly:
	}
	return err == nil
}

// apply returns the content with the document's properties written over it, as PATCH and, over nothing, POST do.
func (s *Server) apply(old content, doc map[string]json.RawMessage) (content, error) {
	if err := s.check(doc); err != nil {
		return content{}, err
	}
	c := old
	c.fields = map[string]json.RawMessage{}
	maps.Copy(c.fields, old.fields)
	for name, k := range schema() {
		raw, said := doc[name]
		if !said || k == readOnly || apart(name) {
			continue
		}
		if isNull(raw) {
			delete(c.fields, name)
			continue
		}
		c.fields[name] = slices.Clone(raw)
	}
	if err := s.applyParts(&c, old, doc); err != nil {
		return content{}, err
	}
	_, wrote := doc["body"]
	s.meetOnline(&c, old, wrote)
	if err := s.applyTimes(&c, old, doc); err != nil {
		return content{}, err
	}
	return c, s.applyRecurrence(&c, doc)
}

// apart reports whether the property is kept as something else than its JSON.
func apart(name string) bool {
	return slices.Contains([]string{"start", "end", "isAllDay", "body", "location", "locations", "attendees", "singleValueExtendedProperties", "transactionId", "recurrence"}, name)
}

func (s *Server) applyParts(c *content, old content, doc map[string]json.RawMessage) error {
	var err error
	if raw, said := doc["body"]; said {
		if c.body, err = parseBody(raw); err != nil {
			return err
		}
	}
	_, place := doc["location"]
	if _, places := doc["locations"]; place || places {
		if c.locations, err = parseLocations(doc); err != nil {
			return err
		}
	}
	if raw, said := doc["attendees"]; said {
		if c.attendees, err = parseAttendees(raw, old.attendees); err != nil {
			return err
		}
	}
	c.properties, err = parseProperties(doc["singleValueExtendedProperties"], old.properties)
	return err
}

func (s *Server) applyTimes(c *content, old content, doc map[string]json.RawMessage) error {
	if raw := doc["isAllDay"]; !isNull(raw) && json.Unmarshal(raw, &c.allDay) != nil {
		return unreadable("isAllDay")
	}
	timed := map[string]*when{"start": &c.start, "end": &c.end}
	for name, into := range timed {
		raw := doc[name]
		if isNull(raw) {
			if into.loc == nil {
				return badRequest("ErrorPropertyValidationFailure", "The property '"+name+"' is required.")
			}
			continue
		}
		w, err := s.parseWhen(raw, name)
		if err != nil {
			return err
		}
		*into = w
		if !c.allDay {
			continue
		}
		if *into, err = midnight(w, name); err != nil {
			return err
		}
	}
	if err := checkRange(c, old); err != nil {
		return err
	}
	return checkLength(c)
}

func midnight(w when, name string) (when, error) {
	floated, ok := w.floating()
	if !ok {
		return w, badRequest("ErrorPropertyValidationFailure", "The Event."+strings.ToUpper(name[:1])+name[1:]+" property for an all-day event needs to be set to midnight.")
	}
	return floated, nil
}

func checkRange(c *content, old content) error {
	switch {
	case c.allDay && !old.allDay && old.start.loc != nil && (c.start == old.start || c.end == old.end):
		return badRequest("ErrorPropertyValidationFailure", "The Event.Start property for an all-day event needs to be set to midnight.")
	case c.end.at.Before(c.start.at):
		return failed(http.StatusBadRequest, "ErrorPropertyValidationFailure", "At least one property failed validation.")
	case c.allDay && c.end.at.Sub(c.start.at) < 24*time.Hour:
		return badRequest("ErrorPropertyValidationFailure", "The duration of an event marked as All day must be at least 24 hours.")
	case c.allDay && c.start.zone != c.end.zone:
		return badRequest("ErrorPropertyValidationFailure", "Start and end of an all-day event need to be in the same time zone.")
	}
	return nil
}

// checkLength refuses times that cannot be written in UTC, and events of more than five years
// (https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode). That Graph has Exchange's code for those is not
// documented.
func checkLength(c *content) error {
	for _, at := range []time.Time{c.start.at, c.end.at} {
		if !within(at.Year(), 1, 9999) {
			return badRequest("ErrorPropertyValidationFailure", "At least one property failed validation.")
		}
	}
	if c.end.at.After(c.start.at.AddDate(maxYears, 0, 0)) {
		return badRequest("ErrorCalendarDurationIsTooLong", "The duration of the calendar item exceeds the maximum, which is five years.")
	}
	return nil
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }
