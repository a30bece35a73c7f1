package google

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"

	"github.com/calweave/calweave/internal/sim/stage"
)

// content is what a client may write of an event.
type content struct {
	start, end moment
	status     string
	recurrence []string
	// rules are the recurrence, read; nil for an event that is no series.
	rules      *rules
	attendees  []attendee
	properties properties
	// sequence is what the client wrote; nil leaves it to the calendar.
	sequence *int64
	// fields are all other writable fields as they were written.
	fields map[string]json.RawMessage
}

// kind is the JSON type of a field.
type kind int

const (
	text kind = iota
	flag
	object
	array
)

// plain lists the writable fields that the simulator keeps as they are
// (https://developers.google.com/workspace/calendar/api/v3/reference/events#resource). Whatever is not known is dropped, as by the API.
func plain() map[string]kind {
	return map[string]kind{
		"summary": text, "description": text, "location": text, "colorId": text, "transparency": text, "visibility": text, "eventType": text,
		"eventLabelId": text, "anyoneCanAddSelf": flag, "guestsCanInviteOthers": flag, "guestsCanModify": flag, "guestsCanSeeOtherGuests": flag,
		"reminders": object, "source": object, "gadget": object, "conferenceData": object, "workingLocationProperties": object,
		"outOfOfficeProperties": object, "focusTimeProperties": object, "birthdayProperties": object, "attachments": array,
	}
}

// choices are the fields that take only these values.
func choices() map[string][]string {
	return map[string][]string{
		"transparency": {"opaque", "transparent"},
		"visibility":   {"default", "public", "private", "confidential"},
		"eventType":    {"default", "birthday", "focusTime", "fromGmail", "outOfOffice", "workingLocation"},
	}
}

// writeOptions are the query parameters of a write that decide what is kept.
type writeOptions struct {
	conferences bool
	attachments bool
}

// parseContent reads the whole of what a client writes.
func (s *Server) parseContent(doc map[string]json.RawMessage, cal *calendar, o writeOptions) (content, error) {
	var c content
	var err error
	if c.start, err = s.parseMoment(doc["start"], "start", cal); err != nil {
		return c, err
	}
	if c.end, err = s.parseMoment(doc["end"], "end", cal); err != nil {
		return c, err
	}
	if err := checkRange(c.start, c.end); err != nil {
		return c, err
	}
	if c.attendees, err = parseAttendees(doc["attendees"]); err != nil {
		return c, err
	}
	if c.properties, err = parseProperties(doc["extendedProperties"]); err != nil {
		return c, err
	}
	if err := s.parseRecurrence(doc, &c); err != nil {
		return c, err
	}
	if err := decode(doc, "sequence", &c.sequence); err != nil {
		return c, err
	}
	if c.status, err = parseStatus(doc["status"]); err != nil {
		return c, err
	}
	if c.fields, err = parseFields(doc, o); err != nil {
		return c, err
	}
	return c, s.checkDescription(c.fields)
}

// maxDescription is a limit that clients report and no page documents.
const maxDescription = 8192

func (s *Server) checkDescription(fields map[string]json.RawMessage) error {
	verdict := s.world.Switches().Google.LongText
	if verdict == stage.Served {
		return nil
	}
	var text string
	if err := decode(fields, "description", &text); err != nil {
		return err
	}
	all := []rune(text)
	if len(all) <= maxDescription {
		return nil
	}
	if verdict == stage.Refused {
		return invalid("Invalid value for: description")
	}
	cut, err := json.Marshal(string(all[:maxDescription]))
	fields["description"] = cut
	return err
}

// parseRecurrence reads the recurrence lines. A series of timed events needs its zone, in which its wall time stays the same
// (https://developers.google.com/workspace/calendar/api/v3/reference/events#start.timeZone).
func (s *Server) parseRecurrence(doc map[string]json.RawMessage, c *content) error {
	if err := decode(doc, "recurrence", &c.recurrence); err != nil || len(c.recurrence) == 0 {
		c.recurrence = nil
		return err
	}
	var start wireMoment
	if err := decode(doc, "start", &start); err != nil {
		return err
	}
	if start.DateTime != "" && start.TimeZone == "" {
		return required("Missing time zone definition for start time.")
	}
	var err error
	c.rules, err = s.parseRules(c.recurrence, c.start)
	return err
}

func checkRange(start, end moment) error {
	if start.allDay != end.allDay {
		return invalid("Invalid start time.")
	}
	if end.at.Before(start.at) || (start.allDay && !end.at.After(start.at)) {
		return failed(400, "timeRangeEmpty", "The specified time range is empty.").in("calendar")
	}
	return nil
}

func parseStatus(raw json.RawMessage) (string, error) {
	if isNull(raw) {
		return "", nil
	}
	var status string
	if json.Unmarshal(raw, &status) != nil || !slices.Contains([]string{"confirmed", "tentative", "cancelled"}, status) {
		return "", invalid("Invalid value for: status")
	}
	return status, nil
}

func parseFields(doc map[string]json.RawMessage, o writeOptions) (map[string]json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	for name, k := range plain() {
		raw := doc[name]
		if isNull(raw) || (name == "conferenceData" && !o.conferences) || (name == "attachments" && !o.attachments) {
			continue
		}
		ok, empty := k.fits(raw)
		if !ok {
			return nil, invalid("Invalid value for: " + name)
		}
		if empty {
			continue
		}
		if err := checked(name, raw); err != nil {
			return nil, err
		}
		fields[name] = slices.Clone(raw)
	}
	return fields, nil
}

// checked looks at what a field holds.
func checked(name string, raw json.RawMessage) error {
	switch name {
	case "reminders":
		return checkReminders(raw)
	case "colorId":
		return checkColour(raw)
	case "source":
		return checkSource(raw)
	default:
		return chosen(name, raw)
	}
}

// checkSource holds the address of the source to http and https
// (https://developers.google.com/workspace/calendar/api/v3/reference/events#source.url).
func checkSource(raw json.RawMessage) error {
	var source struct {
		URL *string `json:"url"`
	}
	if json.Unmarshal(raw, &source) != nil {
		return invalid("Invalid value for: source")
	}
	if source.URL == nil {
		return nil
	}
	if u, err := url.Parse(*source.URL); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return invalid("Invalid value for: source.url")
	}
	return nil
}

// checkColour holds the colour to the palette (https://developers.google.com/workspace/calendar/api/v3/reference/events#colorId).
func checkColour(raw json.RawMessage) error {
	var id string
	if json.Unmarshal(raw, &id) != nil || eventColours()[id] == "" {
		return invalid("Invalid value for: colorId")
	}
	return nil
}

func chosen(name string, raw json.RawMessage) error {
	values := choices()[name]
	var value string
	if len(values) == 0 || json.Unmarshal(raw, &value) == nil && slices.Contains(values, value) {
		return nil
	}
	return invalid(fmt.Sprintf("Invalid value for: %s is not a valid value", value))
}

// fits reports whether the value has the type, and whether it is the empty text, which is as good as none.
func (k kind) fits(raw json.RawMessage) (ok, empty bool) {
	switch k {
	case text:
		var v string
		ok = json.Unmarshal(raw, &v) == nil
		return ok, v == ""
	case flag:
		var v bool
		return json.Unmarshal(raw, &v) == nil, false
	case object:
		var v map[string]json.RawMessage
		return json.Unmarshal(raw, &v) == nil, false
	default:
		var v []json.RawMessage
		return json.Unmarshal(raw, &v) == nil, false
	}
}

func decode(doc map[string]json.RawMessage, name string, into any) error {
	if isNull(doc[name]) {
		return nil
	}
	if err := json.Unmarshal(doc[name], into); err != nil {
		return invalid("Invalid value for: " + name)
	}
	return nil
}
