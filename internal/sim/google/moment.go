package google

import (
	"encoding/json"
	"strings"
	"time"
)

const dateLayout = "2006-01-02"

// moment is an event's start or end.
type moment struct {
	allDay bool
	// at is the instant; for an all-day event midnight in UTC of its date.
	at time.Time
	// zone is the IANA name that the event was given, or its calendar's.
	zone string
}

// wireMoment is a moment as the API has it
// (https://developers.google.com/workspace/calendar/api/v3/reference/events#resource).
type wireMoment struct {
	Date     string `json:"date,omitempty"`
	DateTime string `json:"dateTime,omitempty"`
	TimeZone string `json:"timeZone,omitempty"`
}

// parseMoment reads a start or end; what is its name in errors.
func (s *Server) parseMoment(raw json.RawMessage, what string, cal *calendar) (moment, error) {
	var w wireMoment
	if isNull(raw) {
		return moment{}, required("Missing " + what + " time.")
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		return moment{}, invalid("Invalid " + what + " time.")
	}
	switch {
	case w.Date != "" && w.DateTime != "":
		return moment{}, invalid("Invalid " + what + " time.")
	case w.Date != "":
		day, err := time.Parse(dateLayout, w.Date)
		if err != nil {
			return moment{}, invalid("Invalid value for: Invalid format: \"" + w.Date + "\"")
		}
		return moment{allDay: true, at: day}, nil
	case w.DateTime != "":
		return s.parseTimed(w, what, cal)
	default:
		return moment{}, required("Missing " + what + " time.")
	}
}

// parseTimed reads a time with an offset, or one without in the zone that stands beside it.
func (s *Server) parseTimed(w wireMoment, what string, cal *calendar) (moment, error) {
	m := moment{zone: w.TimeZone}
	if w.TimeZone == "" {
		m.zone = cal.zone
	}
	loc, err := s.world.Zones.Load(m.zone)
	if err != nil {
		return moment{}, invalid("Invalid time zone definition for " + what + " time.")
	}
	if at, err := timeOf(w.DateTime); err == nil {
		m.at = at.UTC()
		return m, nil
	}
	at, err := time.ParseInLocation("2006-01-02T15:04:05", strings.ToUpper(w.DateTime), loc)
	if err != nil {
		return moment{}, invalid("Invalid value for: Invalid format: \"" + w.DateTime + "\"")
	}
	if w.TimeZone == "" {
		return moment{}, required("Missing time zone definition for " + what + " time.")
	}
	m.at = at.UTC()
	return m, nil
}

// timeOf reads a time with an offset, whose letters may be small (RFC 3339, section 5.6).
func timeOf(text string) (time.Time, error) { return time.Parse(time.RFC3339, strings.ToUpper(text)) }

// wire shows the moment in the zone of the answer, which is the calendar's unless the request asks for another.
func (m moment) wire(in *time.Location) wireMoment {
	if m.allDay {
		return wireMoment{Date: m.at.Format(dateLayout)}
	}
	return wireMoment{DateTime: m.at.In(in).Format(time.RFC3339), TimeZone: m.zone}
}

// instant is when the moment is for a calendar in the zone: an all-day event begins at that zone's midnight.
func (m moment) instant(in *time.Location) time.Time {
	if !m.allDay {
		return m.at
	}
	y, mo, d := m.at.Date()
	return time.Date(y, mo, d, 0, 0, 0, 0, in)
}

// millis is a time as the API shows it.
func millis(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// is reports whether the text, a date or a time with an offset, names the moment.
func (m moment) is(text string) bool {
	if m.allDay {
		return text == m.at.Format(dateLayout)
	}
	at, err := time.Parse(time.RFC3339, text)
	return err == nil && at.Equal(m.at)
}
