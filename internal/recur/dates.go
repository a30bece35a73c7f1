package recur

import (
	"strings"
	"time"

	"github.com/calweave/calweave/internal/zone"
)

// The forms of dates and times in rules.
const (
	dateForm = "20060102"
	wallForm = "20060102T150405"
	utcForm  = "20060102T150405Z"
)

// parseDates reads the dates of an RDATE or EXDATE line as instants; those of an all-day series as midnights in UTC. A date alone names midnight.
func (s *Series) parseDates(head, value string) ([]time.Time, error) {
	loc := s.loc
	_, parameters, _ := strings.Cut(head, ";")
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, given, _ := strings.Cut(parameter, "=")
		switch {
		case strings.EqualFold(name, "VALUE") && strings.EqualFold(given, "PERIOD"):
			return nil, refuse("RDATE with periods is not read")
		case strings.EqualFold(name, "TZID") && !s.allDay:
			in, err := s.zones.Find(strings.Trim(given, `"`))
			if err != nil {
				return nil, refuse("the zone of a date is not known")
			}
			loc = in
		}
	}
	if strings.Count(value, ",") >= maxDates {
		return nil, refuse("more than %d dates are named", maxDates)
	}
	var all []time.Time
	for text := range strings.SplitSeq(value, ",") {
		at, err := s.parseDate(text, loc)
		if err != nil {
			return nil, refuse("a date cannot be read")
		}
		all = append(all, at)
	}
	return all, nil
}

func (s *Series) parseDate(text string, loc *time.Location) (time.Time, error) {
	if s.allDay {
		return time.Parse(dateForm, text[:min(len(text), len(dateForm))])
	}
	if at, err := time.Parse(utcForm, text); err == nil {
		return at, nil
	}
	wall, err := time.Parse(wallForm, text)
	if err != nil {
		wall, err = time.Parse(dateForm, text)
	}
	if err != nil {
		return time.Time{}, err
	}
	return zone.FromWallOrAfter(wall, loc), nil
}
