package microsoft

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

const (
	// maxCount and maxInterval bound a rule as Exchange does
	// (https://learn.microsoft.com/exchange/client-developer/web-service-reference/numberedrecurrence).
	maxCount    = 999
	maxInterval = 999
	// noDate is what a range shows in place of a date that it does not have.
	noDate = "0001-01-01"
)

// The types of pattern and of range.
const (
	daily           = "daily"
	weekly          = "weekly"
	absoluteMonthly = "absoluteMonthly"
	relativeMonthly = "relativeMonthly"
	absoluteYearly  = "absoluteYearly"
	relativeYearly  = "relativeYearly"

	untilDate = "endDate"
	forever   = "noEnd"
	numbered  = "numbered"
)

// wirePattern is https://learn.microsoft.com/graph/api/resources/recurrencepattern.
type wirePattern struct {
	Type           string   `json:"type"`
	Interval       int      `json:"interval"`
	Month          int      `json:"month"`
	DayOfMonth     int      `json:"dayOfMonth"`
	DaysOfWeek     []string `json:"daysOfWeek"`
	FirstDayOfWeek string   `json:"firstDayOfWeek"`
	Index          string   `json:"index"`
}

// wireRange is https://learn.microsoft.com/graph/api/resources/recurrencerange.
type wireRange struct {
	Type                string `json:"type"`
	StartDate           string `json:"startDate"`
	EndDate             string `json:"endDate"`
	RecurrenceTimeZone  string `json:"recurrenceTimeZone"`
	NumberOfOccurrences int    `json:"numberOfOccurrences"`
}

type wireRecurrence struct {
	Pattern *wirePattern `json:"pattern"`
	Range   *wireRange   `json:"range"`
}

// rule says on which days a series occurs. It does not change. Days are midnights in UTC.
type rule struct {
	pattern wirePattern
	span    wireRange
	first   time.Time
	// until is the last day; zero if there is none.
	until time.Time
	// zone is where the days and the time of day are counted: UTC for all-day events, which float.
	zone *time.Location
}

func weekdays() []string {
	return []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
}

func indexes() []string { return []string{"first", "second", "third", "fourth", "last"} }

func weekday(name string) time.Weekday {
	return time.Weekday(max(slices.Index(weekdays(), strings.ToLower(name)), 0))
}

func invalidRecurrence(text string) *graphError {
	return badRequest("ErrorPropertyValidationFailure", "The recurrence is not valid: "+text)
}

// applyRecurrence reads the rule, which has to begin on the day of the event's start. A series whose start moves without a word about its rule
// keeps the rule from the new day on.
func (s *Server) applyRecurrence(c *content, doc map[string]json.RawMessage) error {
	raw, said := doc["recurrence"]
	switch {
	case said && isNull(raw):
		c.rule = nil
		delete(c.fields, "recurrence")
		return nil
	case said:
		var w wireRecurrence
		if json.Unmarshal(raw, &w) != nil {
			return unreadable("recurrence")
		}
		return s.follow(c, w, true)
	case c.rule == nil:
		return nil
	default:
		return s.follow(c, wireRecurrence{Pattern: &c.rule.pattern, Range: &c.rule.span}, false)
	}
}

// follow makes the content follow the recurrence. strict wants the range to begin on the event's own day.
func (s *Server) follow(c *content, w wireRecurrence, strict bool) error {
	if w.Pattern == nil || w.Range == nil {
		return invalidRecurrence("it needs a pattern and a range.")
	}
	r := &rule{pattern: *w.Pattern, span: *w.Range, zone: c.start.loc}
	if r.span.RecurrenceTimeZone != "" {
		loc, err := s.zone(r.span.RecurrenceTimeZone)
		if err != nil {
			return err
		}
		r.zone = loc
	} else {
		r.span.RecurrenceTimeZone = s.zones.original(c.start.zone)
	}
	if c.allDay {
		r.zone = time.UTC
	}
	r.first = dayOf(c.start.at.In(r.zone))
	if !strict {
		r.span.StartDate = r.first.Format(time.DateOnly)
	}
	if err := r.pattern.normalise(); err != nil {
		return err
	}
	if err := r.normaliseRange(); err != nil {
		return err
	}
	if next(r.days(r.first, r.first.AddDate(200, 0, 0))).IsZero() {
		return badRequest("ErrorRecurrenceHasNoOccurrence", "The specified recurrence range has no occurrences.")
	}
	if r.overlaps(c.start.at.In(r.zone), c.end.at.In(r.zone)) {
		return badRequest("ErrorOccurrenceTimeSpanTooBig", "The duration of an occurrence is longer than the time until the next one.")
	}
	raw, err := json.Marshal(wireRecurrence{&r.pattern, &r.span})
	if err != nil {
		return err
	}
	c.rule, c.fields["recurrence"] = r, raw
	return nil
}

// overlaps reports whether an occurrence would last into the next one
// (https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode). It is counted on the wall, as occurrences are. No two
// occurrences are on one day, and after this many the distances between them come again.
func (r *rule) overlaps(begin, end time.Time) bool {
	length := onWall(end).Sub(onWall(begin))
	if length <= 24*time.Hour {
		return false
	}
	var last time.Time
	n := 0
	for day := range r.days(r.first, r.first.AddDate(200, 0, 0)) {
		if !last.IsZero() && day.Sub(last) < length {
			return true
		}
		last = day
		if n++; n > maxCount {
			break
		}
	}
	return false
}

// onWall is the time that the clock shows where t stands, as if it were one of UTC.
func onWall(t time.Time) time.Time {
	return dayOf(t).Add(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond()))
}

// normalise checks all fields, also those that the type has no use for, and then empties the latter.
func (p *wirePattern) normalise() error {
	if p.FirstDayOfWeek == "" {
		p.FirstDayOfWeek = "sunday"
	}
	if p.Index == "" {
		p.Index = "first"
	}
	switch {
	case !slices.Contains([]string{daily, weekly, absoluteMonthly, relativeMonthly, absoluteYearly, relativeYearly}, p.Type):
		return invalidRecurrence("the pattern's type '" + p.Type + "' is not known.")
	case !within(p.Interval, 1, maxInterval) || !within(p.Month, 0, 12) || !within(p.DayOfMonth, 0, 31):
		return invalidRecurrence("the pattern's interval, month or dayOfMonth is out of range.")
	case !slices.Contains(indexes(), p.Index):
		return unreadable("index")
	}
	for _, d := range append(slices.Clone(p.DaysOfWeek), p.FirstDayOfWeek) {
		if !slices.Contains(weekdays(), d) {
			return unreadable("daysOfWeek")
		}
	}
	return p.require()
}

func within(n, least, most int) bool { return least <= n && n <= most }

// uses reports whether the type has a use for daysOfWeek, dayOfMonth and month.
func (p *wirePattern) uses() (days, date, month bool) {
	switch p.Type {
	case weekly, relativeMonthly:
		return true, false, false
	case absoluteMonthly:
		return false, true, false
	case absoluteYearly:
		return false, true, true
	case relativeYearly:
		return true, false, true
	default:
		return false, false, false
	}
}

// require refuses a pattern without what its type needs, and empties the rest.
func (p *wirePattern) require() error {
	byDay, byDate, inYear := p.uses()
	switch {
	case byDay && len(p.DaysOfWeek) == 0:
		return invalidRecurrence("the pattern needs daysOfWeek.")
	case byDate && p.DayOfMonth == 0:
		return invalidRecurrence("the pattern needs dayOfMonth.")
	case inYear && p.Month == 0:
		return invalidRecurrence("the pattern needs month.")
	}
	if !byDay {
		p.DaysOfWeek = []string{}
	}
	if !byDate {
		p.DayOfMonth = 0
	}
	if !inYear {
		p.Month = 0
	}
	p.plain(byDay)
	return nil
}

// plain sets the index and the first day of the week back where nothing depends on them.
func (p *wirePattern) plain(byDay bool) {
	if !byDay || p.Type == weekly {
		p.Index = "first"
	}
	if p.Type != weekly {
		p.FirstDayOfWeek = "sunday"
	}
}

// normaliseRange checks the range against the day on which the event starts.
func (r *rule) normaliseRange() error {
	g := &r.span
	switch {
	case !slices.Contains([]string{untilDate, forever, numbered}, g.Type):
		return invalidRecurrence("the range's type '" + g.Type + "' is not known.")
	case g.StartDate != r.first.Format(time.DateOnly):
		return invalidRecurrence("the range's startDate must be the date on which the event starts.")
	case g.NumberOfOccurrences < 0 || g.NumberOfOccurrences > maxCount || (g.Type == numbered && g.NumberOfOccurrences == 0):
		return invalidRecurrence("the range's numberOfOccurrences is out of range.")
	}
	if g.Type != numbered {
		g.NumberOfOccurrences = 0
	}
	if g.Type != untilDate {
		g.EndDate = noDate
		return nil
	}
	end, err := time.Parse(time.DateOnly, g.EndDate)
	if err != nil || end.Before(r.first) {
		return invalidRecurrence("the range's endDate cannot be read or is before its startDate.")
	}
	r.until = end
	return nil
}

// dayOf is the date of t where it stands, as midnight in UTC.
func dayOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
