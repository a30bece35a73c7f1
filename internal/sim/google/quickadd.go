package google

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// quickAdd serves https://developers.google.com/workspace/calendar/api/v3/reference/events/quickAdd. The whole text becomes the summary. Of what
// Google understands only the simplest is read: a day as 2026-10-01, today or tomorrow, and times as 10:30, 10am or 2pm-3:30pm. Without a time
// the event is one of the whole day, without a day it is today's, and without an end it lasts an hour. Not documented: all of that, and what
// becomes of an empty text.
func (s *Server) quickAdd(c *call) (answer, error) {
	text := strings.TrimSpace(c.query.Get("text"))
	if text == "" {
		return answer{}, required("Missing event text.").at("parameter", "text")
	}
	return s.writeEvent(c, func(w writing) (*event, error) {
		begin, end, allDay := quickTimes(text, s.world.Now().In(w.cal.loc))
		doc := map[string]json.RawMessage{}
		for name, v := range map[string]any{"summary": text, "start": quickMoment(begin, allDay, w.cal), "end": quickMoment(end, allDay, w.cal)} {
			raw, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			doc[name] = raw
		}
		return s.insert(w, doc)
	})
}

func quickMoment(at time.Time, allDay bool, cal *calendar) wireMoment {
	if allDay {
		return wireMoment{Date: at.Format(dateLayout)}
	}
	return wireMoment{DateTime: at.Format(time.RFC3339), TimeZone: cal.zone}
}

var (
	quickDay  = regexp.MustCompile(`(?i)\b(\d{4}-\d{2}-\d{2}|today|tomorrow)\b`)
	quickTime = regexp.MustCompile(`(?i)\b(\d{1,2})(?::(\d{2}))?\s?(am|pm)?(?:\s?-\s?(\d{1,2})(?::(\d{2}))?\s?(am|pm)?)?\b`)
)

// quickTimes reads when the event is, in the zone of now.
func quickTimes(text string, now time.Time) (begin, end time.Time, allDay bool) {
	day := now
	if at := quickDay.FindStringIndex(text); at != nil {
		switch word := strings.ToLower(text[at[0]:at[1]]); word {
		case "today":
		case "tomorrow":
			day = now.AddDate(0, 0, 1)
		default:
			if written, err := time.ParseInLocation(dateLayout, word, now.Location()); err == nil {
				day = written
			}
		}
		text = text[:at[0]] + text[at[1]:]
	}
	for _, m := range quickTime.FindAllStringSubmatch(text, -1) {
		if m[2] == "" && m[3] == "" { // a number that says nothing of an hour
			continue
		}
		if begin, ok := clock(day, m[1], m[2], m[3]); ok {
			end, ok := clock(day, m[4], m[5], m[6])
			if !ok || !end.After(begin) {
				end = begin.Add(time.Hour)
			}
			return begin, end, false
		}
	}
	y, mo, d := day.Date()
	begin = time.Date(y, mo, d, 0, 0, 0, 0, day.Location())
	return begin, begin.AddDate(0, 0, 1), true
}

// clock is the time on the day, and whether it is one.
func clock(day time.Time, hour, minute, half string) (time.Time, bool) {
	h, err := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute) // no minutes are none
	if err != nil || h > 23 || m > 59 || (half != "" && (h < 1 || h > 12)) {
		return time.Time{}, false
	}
	switch strings.ToLower(half) {
	case "am":
		h %= 12
	case "pm":
		h = h%12 + 12
	}
	y, mo, d := day.Date()
	return time.Date(y, mo, d, h, m, 0, 0, day.Location()), true
}
