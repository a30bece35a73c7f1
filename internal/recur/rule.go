package recur

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// frequency is the period that a rule repeats by.
type frequency int

const (
	hourly frequency = iota + 1
	daily
	weekly
	monthly
	yearly
)

// String is the frequency as rules write it.
func (f frequency) String() string {
	return []string{"", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"}[f]
}

// dayNames are the days of the week as rules write them, from Sunday on.
func dayNames() []string { return []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"} }

// weekday is one entry of BYDAY: a day of the week, or the nth one of a month or year (negative from its end).
type weekday struct {
	day time.Weekday
	nth int
}

// rule is one RRULE or EXRULE.
type rule struct {
	freq            frequency
	interval, count int
	// until is the last wall time that counts, and untilAt the last instant; the zero time where the rule names none.
	until, untilAt              time.Time
	months, monthDays, yearDays []int
	weekdays                    []weekday
	hours, positions            []int
	minute, second              int
	weekStart                   time.Weekday
}

// parseRule reads the value of a line, in capitals, and fills in from the start what the rule leaves open.
func parseRule(text string, start time.Time, loc *time.Location) (rule, error) {
	r := rule{interval: 1, weekStart: time.Monday, minute: start.Minute(), second: start.Second()}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(strings.TrimSuffix(text, ";"), ";") {
		name, value, ok := strings.Cut(part, "=")
		if !ok || value == "" || seen[name] {
			return rule{}, refuse("a part of the rule cannot be read")
		}
		seen[name] = true
		if err := r.part(name, value, loc); err != nil {
			return rule{}, err
		}
	}
	if err := r.check(); err != nil {
		return rule{}, err
	}
	r.complete(start)
	return r, nil
}

func (r *rule) part(name, value string, loc *time.Location) (err error) {
	switch name {
	case "FREQ":
		r.freq, err = parseFrequency(value)
	case "INTERVAL":
		r.interval, err = number(name, value, 1, maxInterval)
	case "COUNT":
		r.count, err = number(name, value, 1, maxCount)
	case "UNTIL":
		err = r.parseUntil(value, loc)
	case "WKST":
		if r.weekStart, err = parseWeekday(value); err != nil {
			return err
		}
	case "BYDAY":
		r.weekdays, err = parseWeekdays(value)
	default:
		err = r.list(name, value)
	}
	return err
}

// list reads a part that is a list of numbers.
func (r *rule) list(name, value string) (err error) {
	switch name {
	case "BYMONTH":
		r.months, err = numbers(name, value, 1, 12)
	case "BYMONTHDAY":
		r.monthDays, err = signed(name, value, 31)
	case "BYYEARDAY":
		r.yearDays, err = signed(name, value, 366)
	case "BYSETPOS":
		r.positions, err = signed(name, value, 366)
	case "BYHOUR":
		r.hours, err = numbers(name, value, 0, 23)
	case "BYMINUTE":
		r.minute, err = number(name, value, 0, 59)
	case "BYSECOND":
		r.second, err = number(name, value, 0, 59)
	default:
		err = refuse("the rule has a part that is not read")
	}
	return err
}

func parseFrequency(value string) (frequency, error) {
	known := map[string]frequency{"HOURLY": hourly, "DAILY": daily, "WEEKLY": weekly, "MONTHLY": monthly, "YEARLY": yearly}
	if f := known[value]; f != 0 {
		return f, nil
	}
	if value == "SECONDLY" || value == "MINUTELY" {
		return 0, refuse("FREQ=%s is finer than any series is expanded", value)
	}
	return 0, refuse("the rule has no frequency of RFC 5545")
}

func (r *rule) parseUntil(value string, loc *time.Location) error {
	if at, err := time.Parse(utcForm, value); err == nil {
		r.untilAt, r.until = at, wallOf(at, loc)
		return nil
	}
	if at, err := time.Parse(wallForm, value); err == nil {
		r.until = at
		return nil
	}
	day, err := time.Parse(dateForm, value)
	if err != nil {
		return refuse("UNTIL cannot be read")
	}
	r.until = day.AddDate(0, 0, 1).Add(-time.Second)
	return nil
}

func parseWeekday(value string) (time.Weekday, error) {
	i := slices.Index(dayNames(), value)
	if i < 0 {
		return 0, refuse("a day of the week cannot be read")
	}
	return time.Weekday(i), nil
}

func parseWeekdays(value string) ([]weekday, error) {
	const most = 53 * 7
	var all []weekday
	for text := range strings.SplitSeq(value, ",") {
		if len(text) < 2 || len(all) == most {
			return nil, refuse("BYDAY cannot be read")
		}
		day, err := parseWeekday(text[len(text)-2:])
		if err != nil {
			return nil, err
		}
		w := weekday{day: day}
		if nth := text[:len(text)-2]; nth != "" {
			if w.nth, err = strconv.Atoi(nth); err != nil || w.nth == 0 || w.nth < -53 || w.nth > 53 {
				return nil, refuse("BYDAY cannot be read")
			}
		}
		if !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	return all, nil
}

func number(name, value string, least, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return 0, refuse("%s has to be one number from %d to %d", name, least, most)
	}
	return n, nil
}

func numbers(name, value string, least, most int) ([]int, error) {
	if strings.Count(value, ",") > most {
		return nil, refuse("%s has more entries than there are", name)
	}
	var all []int
	for text := range strings.SplitSeq(value, ",") {
		n, err := number(name, text, least, most)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// signed is numbers for a part that counts from either end.
func signed(name, value string, most int) ([]int, error) {
	if strings.Count(value, ",") > 2*most {
		return nil, refuse("%s has more entries than there are", name)
	}
	var all []int
	for text := range strings.SplitSeq(value, ",") {
		n, err := number(name, text, -most, most)
		if err != nil || n == 0 {
			return nil, refuse("%s has to be numbers from 1 to %d, or from -%d to -1", name, most, most)
		}
		all = append(all, n)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// check refuses combinations that RFC 5545 forbids (section 3.3.10).
func (r *rule) check() error {
	nth := slices.ContainsFunc(r.weekdays, func(w weekday) bool { return w.nth != 0 })
	switch {
	case r.freq == 0:
		return refuse("the rule has no frequency")
	case r.count > 0 && !r.until.IsZero():
		return refuse("COUNT and UNTIL stand together")
	case nth && r.freq < monthly:
		return refuse("BYDAY counts days where there is no month or year")
	case r.freq == weekly && len(r.monthDays) > 0, len(r.yearDays) > 0 && r.freq != yearly && r.freq != hourly:
		return refuse("the rule's parts do not go together")
	case r.freq == hourly && len(r.positions) > 0:
		return refuse("BYSETPOS of hours is not read")
	}
	return nil
}

// complete takes from the start what the rule leaves open.
func (r *rule) complete(start time.Time) {
	if len(r.hours) == 0 && r.freq != hourly {
		r.hours = []int{start.Hour()}
	}
	if len(r.monthDays)+len(r.yearDays)+len(r.weekdays) > 0 {
		return
	}
	switch r.freq {
	case weekly:
		r.weekdays = []weekday{{day: start.Weekday()}}
	case monthly:
		r.monthDays = []int{start.Day()}
	case yearly:
		if len(r.months) == 0 {
			r.months = []int{int(start.Month())}
		}
		r.monthDays = []int{start.Day()}
	case hourly, daily:
	}
}

// passes reports whether the rule lets a day pass.
func (r *rule) passes(day time.Time) bool {
	if len(r.months) > 0 && !slices.Contains(r.months, int(day.Month())) {
		return false
	}
	return among(r.monthDays, day.Day(), daysIn(day.Year(), day.Month())) &&
		among(r.yearDays, day.YearDay(), daysOf(day.Year())) && r.passesWeekday(day)
}

// among reports whether the nth of all is in a list that counts from either end; an empty list lets everything pass.
func among(list []int, nth, all int) bool {
	return len(list) == 0 || slices.Contains(list, nth) || slices.Contains(list, nth-all-1)
}

func (r *rule) passesWeekday(day time.Time) bool {
	if len(r.weekdays) == 0 {
		return true
	}
	nth, all := day.Day(), daysIn(day.Year(), day.Month())
	if r.freq == yearly && len(r.months) == 0 {
		nth, all = day.YearDay(), daysOf(day.Year())
	}
	for _, w := range r.weekdays {
		if w.day == day.Weekday() && (w.nth == 0 || w.nth == (nth-1)/7+1 || w.nth == -((all-nth)/7+1)) {
			return true
		}
	}
	return false
}

func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func daysOf(year int) int { return time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC).YearDay() }
