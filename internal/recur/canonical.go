package recur

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/zone"
)

// Canonical is a recurrence in the one form in which two of them are compared.
type Canonical struct {
	// Lines are RRULE, EXRULE and RDATE lines, in this order: in capitals, each part once and in one order, without what goes without saying, and with
	// what a rule would take from the day of its start. UNTIL is the last day that counts, of a timed series as the last second of it in UTC; dates are
	// instants in UTC, or days of an all-day series.
	Lines []string
	// Excluded are the starts that EXDATE lines left out, in order, in the zone of the start.
	Excluded []cal.Moment
}

// Canonicalise reads the recurrence lines of a series that begins at start. It refuses what Parse refuses.
func Canonicalise(lines []string, start cal.Moment) (Canonical, error) {
	s, err := Parse(lines, start)
	if err != nil {
		return Canonical{}, err
	}
	var out Canonical
	for _, r := range s.rules {
		out.Lines = append(out.Lines, "RRULE:"+s.text(r))
	}
	for _, r := range s.except {
		out.Lines = append(out.Lines, "EXRULE:"+s.text(r))
	}
	slices.SortFunc(out.Lines, func(a, b string) int {
		return cmp.Or(-strings.Compare(a[:1], b[:1]), strings.Compare(a, b)) // RRULE before EXRULE
	})
	out.Lines = slices.Compact(out.Lines)
	if line := s.dateLine(); line != "" {
		out.Lines = append(out.Lines, line)
	}
	out.Excluded = s.Excluded(start)
	return out, nil
}

// Submitted is Canonicalise for what a booking core submits: exactly one RRULE, and no EXRULE.
func Submitted(lines []string, start cal.Moment) (Canonical, error) {
	out, err := Canonicalise(lines, start)
	if err != nil {
		return Canonical{}, err
	}
	rules := 0
	for _, line := range lines {
		name, _, _ := strings.Cut(strings.ReplaceAll(strings.ToUpper(strings.TrimSpace(line)), ":", ";"), ";")
		switch name {
		case "EXRULE":
			return Canonical{}, refuse("EXRULE is not taken: name the dates to leave out with EXDATE")
		case "RRULE":
			rules++
		}
	}
	if rules != 1 {
		return Canonical{}, refuse("there has to be one RRULE, not %d", rules)
	}
	return out, nil
}

// NamesStart reports whether a rule names the start of the series, or an RDATE does. It takes place in any case.
func (s *Series) NamesStart() (bool, error) {
	for _, at := range s.dates {
		if at.Equal(s.first) {
			return true, nil
		}
	}
	e := expansion{Series: s, within: cal.Window{From: s.first, Until: s.first.Add(time.Second)}, left: maxSteps, most: 1, found: map[int64]bool{}}
	err := e.run(s.rules, e.add)
	return len(e.found) > 0, err
}

func sorted(all []time.Time) []time.Time {
	all = slices.Clone(all)
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}

// dateLine is the RDATE line. The start takes place anyway.
func (s *Series) dateLine() string {
	var texts []string
	for _, at := range sorted(s.dates) {
		switch {
		case at.Equal(s.first):
		case s.allDay:
			texts = append(texts, at.Format(dateForm))
		default:
			texts = append(texts, at.UTC().Format(utcForm))
		}
	}
	switch {
	case len(texts) == 0:
		return ""
	case s.allDay:
		return "RDATE;VALUE=DATE:" + strings.Join(texts, ",")
	default:
		return "RDATE:" + strings.Join(texts, ",")
	}
}

// Excluded are the starts that EXDATE lines leave out, in order, in the zone of the start.
func (s *Series) Excluded(start cal.Moment) []cal.Moment {
	var all []cal.Moment
	for _, at := range sorted(s.excluded) {
		all = append(all, s.moment(at, start))
	}
	return all
}

// moment is a start as a moment of the series.
func (s *Series) moment(at time.Time, start cal.Moment) cal.Moment {
	if s.allDay {
		return cal.Moment{Date: at.Format(cal.DateLayout)}
	}
	return cal.Moment{Instant: at.UTC(), Zone: start.Zone}
}

// text is the canonical value of a rule's line.
func (s *Series) text(r rule) string {
	r.settle(s)
	parts := []string{"FREQ=" + r.freq.String()}
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	if r.interval > 1 {
		add("INTERVAL", strconv.Itoa(r.interval))
	}
	if r.weekStart != time.Monday {
		add("WKST", dayNames()[r.weekStart])
	}
	add("BYMONTH", joined(r.months))
	add("BYMONTHDAY", joined(r.monthDays))
	add("BYYEARDAY", joined(r.yearDays))
	add("BYDAY", weekdayText(r.weekdays))
	add("BYHOUR", joined(r.hours))
	if r.minute != s.start.Minute() {
		add("BYMINUTE", strconv.Itoa(r.minute))
	}
	if r.second != s.start.Second() {
		add("BYSECOND", strconv.Itoa(r.second))
	}
	add("BYSETPOS", joined(r.positions))
	if r.count > 0 {
		add("COUNT", strconv.Itoa(r.count))
	}
	add("UNTIL", s.untilText(r))
	return strings.Join(parts, ";")
}

// settle takes out of a rule what changes nothing, and makes one of forms that mean the same.
func (r *rule) settle(s *Series) {
	if r.freq != hourly && slices.Equal(r.hours, []int{s.start.Hour()}) {
		r.hours = nil
	}
	r.weekdays = slices.Clone(r.weekdays)
	r.settlePosition()
	r.settleMonthDays()
	if r.freq == daily && r.interval == 1 && len(r.weekdays) > 0 && len(r.monthDays)+len(r.positions) == 0 {
		r.freq = weekly // each working day
	}
	if !r.weeks() {
		r.weekStart = time.Monday
	}
	slices.SortFunc(r.weekdays, func(a, b weekday) int {
		monday := func(w weekday) int { return (int(w.day) + 6) % 7 }
		return cmp.Or(cmp.Compare(a.nth, b.nth), cmp.Compare(monday(a), monday(b)))
	})
}

// settlePosition writes "the first of all Mondays of the month" as "the first Monday".
func (r *rule) settlePosition() {
	inMonth := r.freq == monthly || r.freq == yearly && len(r.months) == 1
	if !inMonth || len(r.weekdays) != 1 || r.weekdays[0].nth != 0 || len(r.positions) != 1 || len(r.monthDays)+len(r.yearDays)+len(r.hours) > 0 {
		return
	}
	if nth := r.positions[0]; -5 <= nth && nth <= 5 {
		r.weekdays[0].nth, r.positions = nth, nil
	}
}

// settleMonthDays counts the days of a month that is always as long from its beginning.
func (r *rule) settleMonthDays() {
	if r.freq != yearly || len(r.months) != 1 || r.months[0] == int(time.February) {
		return
	}
	length := daysIn(2001, time.Month(r.months[0]))
	r.monthDays = slices.Clone(r.monthDays)
	for i, day := range r.monthDays {
		if day < 0 && length+day+1 > 0 {
			r.monthDays[i] = length + day + 1
		}
	}
	slices.Sort(r.monthDays)
	r.monthDays = slices.Compact(r.monthDays)
}

// weeks reports whether it matters on which day a week begins.
func (r *rule) weeks() bool {
	return r.freq == weekly && (r.interval > 1 || len(r.positions) > 0)
}

// untilText is UNTIL: the last day that counts. Where a rule names several times of a day it is the last instant, to the second.
func (s *Series) untilText(r rule) string {
	if r.until.IsZero() {
		return ""
	}
	day := time.Date(r.until.Year(), r.until.Month(), r.until.Day(), 0, 0, 0, 0, time.UTC)
	switch {
	case s.allDay:
		return day.Format(dateForm)
	case r.freq == hourly || len(r.hours) > 0:
		return s.untilInstant(r).Format(utcForm)
	}
	// An occurrence of that day counts if it is no later.
	at := time.Date(day.Year(), day.Month(), day.Day(), s.start.Hour(), r.minute, r.second, 0, time.UTC)
	if zone.FromWallOrAfter(at, s.loc).After(s.untilInstant(r)) {
		day = day.AddDate(0, 0, -1)
	}
	return zone.FromWallOrAfter(day.AddDate(0, 0, 1).Add(-time.Second), s.loc).UTC().Format(utcForm)
}

// untilInstant is the last instant that counts.
func (s *Series) untilInstant(r rule) time.Time {
	if !r.untilAt.IsZero() {
		return r.untilAt.UTC()
	}
	return zone.FromWallOrAfter(r.until, s.loc).UTC()
}

func joined(all []int) string {
	texts := make([]string, 0, len(all))
	for _, n := range all {
		texts = append(texts, strconv.Itoa(n))
	}
	return strings.Join(texts, ",")
}

func weekdayText(all []weekday) string {
	texts := make([]string, 0, len(all))
	for _, w := range all {
		nth := ""
		if w.nth != 0 {
			nth = strconv.Itoa(w.nth)
		}
		texts = append(texts, nth+dayNames()[w.day])
	}
	return strings.Join(texts, ",")
}
