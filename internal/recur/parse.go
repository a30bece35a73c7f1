package recur

import (
	"fmt"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/zone"
)

// The limits on what a series may look like, and on what its expansion may cost. Honest series are far below all of them.
const (
	maxBytes    = 64 << 10
	maxLines    = 200
	maxRules    = 4
	maxDates    = 5_000
	maxInterval = 1_000
	maxCount    = 20_000
	// maxSteps is how many days or hours one expansion looks at.
	maxSteps = 100_000
	// MaxStarts is how many starts one expansion returns at most.
	MaxStarts = 10_000
)

// Error says why a series is not expanded. Its text holds nothing of the series.
type Error string

// Error is the reason, in words that may be shown.
func (e Error) Error() string { return string(e) }

func refuse(format string, args ...any) error { return Error(fmt.Sprintf(format, args...)) }

// Series is when a series takes place. It does not change.
type Series struct {
	// start is the wall time of its first occurrence, in UTC's clothes; for an all-day series its midnight.
	start  time.Time
	allDay bool
	loc    *time.Location
	zones  zone.Tables
	// first is the instant of the first occurrence: it takes place even where no rule names it.
	first           time.Time
	rules, except   []rule
	dates, excluded []time.Time
}

// Parse reads the recurrence lines of a series (RRULE, EXRULE, RDATE, EXDATE of RFC 5545, without DTSTART) that begins at start. Wall time is kept in
// the start's zone, and in UTC when it has none. Every error is an Error.
func Parse(lines []string, start cal.Moment) (*Series, error) {
	return ParseBy(zone.Tables{}, lines, start)
}

// ParseBy is Parse by a version of the time-zone data.
func ParseBy(zones zone.Tables, lines []string, start cal.Moment) (*Series, error) {
	s := &Series{zones: zones, loc: time.UTC, first: start.Instant, start: start.Instant}
	if start.Date != "" {
		day, err := time.Parse(cal.DateLayout, start.Date)
		if err != nil {
			return nil, refuse("the start is no date")
		}
		s.allDay, s.start, s.first = true, day, day
	} else if start.Zone != "" {
		loc, err := zones.Find(start.Zone)
		if err != nil {
			return nil, refuse("the zone is not known")
		}
		s.loc, s.start = loc, wallOf(start.Instant, loc)
	}
	if s.first.IsZero() {
		return nil, refuse("there is no start")
	}
	if err := checkSize(lines); err != nil {
		return nil, err
	}
	for _, line := range lines {
		if err := s.line(strings.ToUpper(strings.TrimSpace(line)), line); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func checkSize(lines []string) error {
	size := 0
	for _, line := range lines {
		size += len(line)
	}
	if len(lines) > maxLines || size > maxBytes {
		return refuse("the rule is longer than any is read")
	}
	return nil
}

// line reads one line; raw is the same in its own case, in which zones are named.
func (s *Series) line(line, raw string) error {
	head, value, ok := strings.Cut(line, ":")
	name, _, _ := strings.Cut(head, ";")
	switch {
	case !ok:
		return refuse("a line is none of RFC 5545")
	case name == "RRULE", name == "EXRULE":
		r, err := parseRule(value, s.start, s.loc)
		if err != nil {
			return err
		}
		if len(s.rules)+len(s.except) == maxRules {
			return refuse("there are more than %d rules", maxRules)
		}
		if name == "RRULE" {
			s.rules = append(s.rules, r)
		} else {
			s.except = append(s.except, r)
		}
		return nil
	case name == "RDATE", name == "EXDATE":
		rawHead, _, _ := strings.Cut(strings.TrimSpace(raw), ":")
		dates, err := s.parseDates(rawHead, value)
		if err != nil {
			return err
		}
		if name == "RDATE" {
			s.dates = append(s.dates, dates...)
		} else {
			s.excluded = append(s.excluded, dates...)
		}
		if len(s.dates)+len(s.excluded) > maxDates {
			return refuse("more than %d dates are named", maxDates)
		}
		return nil
	default:
		return refuse("a line is neither RRULE, EXRULE, RDATE nor EXDATE")
	}
}

// wallOf is what the clock shows in loc, in UTC's clothes.
func wallOf(at time.Time, loc *time.Location) time.Time {
	at = at.In(loc)
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
}
