package google

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

const (
	// maxOccurrences bounds how much of a series one listing expands. Google's own bound is not documented.
	maxOccurrences = 1000
	// maxRuleSteps bounds how many dates of a rule are looked at, from its first on.
	maxRuleSteps = 100_000
	// maxRuleLines bounds the recurrence lines of one event.
	maxRuleLines = 100
)

// rules are the recurrence lines of a series, read. They do not change.
type rules struct {
	include, exclude []rrule.ROption
	dates, exdates   []time.Time
}

// untilDate is an UNTIL that is a date alone: that whole day still counts.
var untilDate = regexp.MustCompile(`(?:^|;)UNTIL=\d{8}(?:;|$)`)

// nought is a COUNT or INTERVAL of 0, which RFC 5545, section 3.3.10, does not have and the reader of rules takes for none.
var nought = regexp.MustCompile(`(?:^|;)(?:COUNT|INTERVAL)=[+-]?0+(?:;|$)`)

func badRule() *apiError { return invalid("Invalid recurrence rule.") }

// parseRules reads the lines, which are RRULE, EXRULE, RDATE and EXDATE of RFC 5545, and never DTSTART or DTEND
// (https://developers.google.com/workspace/calendar/api/v3/reference/events#recurrence).
func (s *Server) parseRules(lines []string, start moment) (*rules, error) {
	if len(lines) == 0 {
		return nil, nil //nolint:nilnil // no lines are no rules
	}
	loc := time.UTC
	if !start.allDay {
		var err error
		if loc, err = s.world.Zones.Load(start.zone); err != nil {
			return nil, badRule()
		}
	}
	if len(lines) > maxRuleLines {
		return nil, badRule()
	}
	r := &rules{}
	for _, line := range lines {
		if err := s.parseLine(r, strings.TrimSpace(line), start, loc); err != nil {
			return nil, err
		}
	}
	if len(r.include) == 0 && len(r.dates) == 0 {
		return nil, badRule()
	}
	return r, nil
}

func (s *Server) parseLine(r *rules, line string, start moment, loc *time.Location) error {
	head, value, ok := strings.Cut(line, ":")
	name, parameters, _ := strings.Cut(strings.ToUpper(head), ";")
	if !ok || value == "" {
		return badRule()
	}
	switch name {
	case "RRULE", "EXRULE":
		option, err := parseOption(strings.ToUpper(value), start.at.In(loc), loc)
		if err != nil || parameters != "" {
			return badRule()
		}
		if name == "RRULE" {
			r.include = append(r.include, *option)
		} else {
			r.exclude = append(r.exclude, *option)
		}
		return nil
	case "RDATE", "EXDATE":
		dates, err := s.parseDates(head, value, start.allDay, loc)
		if err != nil {
			return err
		}
		if name == "RDATE" {
			r.dates = append(r.dates, dates...)
		} else {
			r.exdates = append(r.exdates, dates...)
		}
		return nil
	default:
		return badRule()
	}
}

// parseOption reads one rule. Rules finer than daily are refused: no calendar of Google's makes them, and their expansion has no bound.
func parseOption(text string, start time.Time, loc *time.Location) (*rrule.ROption, error) {
	o, err := rrule.StrToROptionInLocation(text, loc)
	if err != nil {
		return nil, err
	}
	if !bounded(o) || (o.Count > 0 && !o.Until.IsZero()) || strings.Contains(text, "DTSTART") || nought.MatchString(text) {
		return nil, badRule()
	}
	if untilDate.MatchString(text) {
		o.Until = o.Until.AddDate(0, 0, 1).Add(-time.Second)
	}
	o.Dtstart = start
	rule, err := rrule.NewRRule(*o)
	if err != nil {
		return nil, err
	}
	// A rule that never comes true would be searched to the end of the calendar at every listing.
	if _, ok := rule.Iterator()(); !ok && o.Until.IsZero() {
		return nil, badRule()
	}
	return o, nil
}

// bounded reports whether the rule can be expanded with a bounded effort.
func bounded(o *rrule.ROption) bool {
	const (
		maxInterval = 1000
		maxCount    = 10_000
	)
	return o.Freq <= rrule.DAILY && o.Interval >= 0 && o.Interval <= maxInterval && o.Count >= 0 && o.Count <= maxCount &&
		len(o.Byhour) <= 1 && len(o.Byminute) <= 1 && len(o.Bysecond) <= 1 && len(o.Byeaster) == 0
}

// parseDates reads the dates of an RDATE or EXDATE line.
func (s *Server) parseDates(head, value string, allDay bool, loc *time.Location) ([]time.Time, error) {
	for parameter := range strings.SplitSeq(head, ";") {
		name, zone, _ := strings.Cut(parameter, "=")
		if !strings.EqualFold(name, "TZID") {
			continue
		}
		in, err := s.world.Zones.Load(zone)
		if err != nil {
			return nil, badRule()
		}
		loc = in
	}
	var all []time.Time
	for text := range strings.SplitSeq(value, ",") {
		at, err := parseDate(text, allDay, loc)
		if err != nil {
			return nil, badRule()
		}
		all = append(all, at.UTC())
	}
	return all, nil
}

func parseDate(text string, allDay bool, loc *time.Location) (time.Time, error) {
	switch {
	case allDay:
		return time.Parse("20060102", text[:min(len(text), 8)])
	case strings.HasSuffix(text, "Z"):
		return time.Parse("20060102T150405Z", text)
	default:
		return time.ParseInLocation("20060102T150405", text, loc)
	}
}

// starts are the first starts of the series from one instant up to another, in order, at most limit of them; a zero bound is none. The
// series' own start is one of them even where no rule names it.
func (e *event) starts(from, to time.Time, limit int) []time.Time {
	steps := maxRuleSteps
	found := map[int64]bool{}
	var all []time.Time
	keep := func(at time.Time) {
		if at.Before(from) || (!to.IsZero() && at.After(to)) || found[at.Unix()] {
			return
		}
		found[at.Unix()] = true
		all = append(all, at.UTC())
	}
	keep(e.start.at)
	for _, at := range e.rules.dates {
		keep(at)
	}
	// What is left out counts among what is looked for, so that leaving it out never makes the answer short.
	enough := limit + 1 + len(e.rules.exdates)
	for _, o := range e.rules.include {
		walk(o, from, to, enough, &steps, keep)
	}
	out := map[int64]bool{}
	for _, at := range e.rules.exdates {
		out[at.Unix()] = true
	}
	for _, o := range e.rules.exclude {
		walk(o, from, to, maxRuleSteps, &steps, func(at time.Time) { out[at.Unix()] = true })
	}
	all = slices.DeleteFunc(all, func(at time.Time) bool { return out[at.Unix()] })
	slices.SortFunc(all, time.Time.Compare)
	return all[:min(len(all), limit)]
}

// walk visits the dates of one rule between the bounds, at most enough of them, and never looks at more than is left of steps.
func walk(o rrule.ROption, from, to time.Time, enough int, steps *int, visit func(time.Time)) {
	if !to.IsZero() && (o.Until.IsZero() || o.Until.After(to)) {
		o.Until = to
	}
	rule, err := rrule.NewRRule(o)
	if err != nil {
		return // unreachable: it was made of the same option before
	}
	for next := rule.Iterator(); enough > 0 && *steps > 0; *steps-- {
		at, ok := next()
		if !ok {
			return
		}
		if !at.Before(from) {
			visit(at)
			enough--
		}
	}
}
