package microsoft

import (
	"encoding/json"
	"time"
)

const graphTime = "2006-01-02T15:04:05.0000000"

// when is an event's start or end.
type when struct {
	// at is the instant. Of an all-day event it is midnight in UTC of its date: such events float.
	at time.Time
	// zone is the name that the author gave, and loc what it stands for.
	zone string
	loc  *time.Location
}

// wireWhen is a dateTimeTimeZone (https://learn.microsoft.com/graph/api/resources/datetimetimezone).
type wireWhen struct {
	DateTime string `json:"dateTime"`
	TimeZone string `json:"timeZone"`
}

// parseWhen reads a start or end. A time with an offset is that instant, whatever the zone beside it.
func (s *Server) parseWhen(raw json.RawMessage, name string) (when, error) {
	var w wireWhen
	if err := json.Unmarshal(raw, &w); err != nil {
		return when{}, unreadable(name)
	}
	if w.TimeZone == "" {
		w.TimeZone = "UTC"
	}
	loc, err := s.zone(w.TimeZone)
	if err != nil {
		return when{}, err
	}
	if at, err := time.Parse(time.RFC3339, w.DateTime); err == nil {
		return when{at: at.UTC(), zone: w.TimeZone, loc: loc}, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, w.DateTime, loc); err == nil {
			return when{at: at.UTC(), zone: w.TimeZone, loc: loc}, nil
		}
	}
	return when{}, badRequest("ErrorInvalidParameter", "The value '"+w.DateTime+"' is not a valid date and time for "+name+".")
}

// floating turns a midnight in its zone into the same date's midnight in UTC; false if it is no midnight.
func (w when) floating() (when, bool) {
	local := w.at.In(w.loc)
	y, m, d := local.Date()
	if local.Hour() != 0 || local.Minute() != 0 || local.Second() != 0 || local.Nanosecond() != 0 {
		return w, false
	}
	w.at = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	return w, true
}

// wire shows the time in the zone. An all-day event shows its own dates in every zone.
func (w when) wire(allDay bool, name string, in *time.Location) wireWhen {
	if allDay {
		in = time.UTC
	}
	return wireWhen{DateTime: w.at.In(in).Format(graphTime), TimeZone: name}
}

// stamp is an instant as Graph shows it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.9999999Z") }
