package microsoft

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/recur"
	"github.com/calweave/calweave/internal/zone"
)

// Limits of Exchange's (https://learn.microsoft.com/exchange/client-developer/web-service-reference/numberedrecurrence).
const (
	maxOccurrences = 999
	maxInterval    = 999
)

// The types of patterns and ranges (https://learn.microsoft.com/en-us/graph/api/resources/recurrencepattern).
const (
	daily           = "daily"
	weekly          = "weekly"
	absoluteMonthly = "absoluteMonthly"
	relativeMonthly = "relativeMonthly"
	absoluteYearly  = "absoluteYearly"
	relativeYearly  = "relativeYearly"

	endDate  = "endDate"
	noEnd    = "noEnd"
	numbered = "numbered"
)

const (
	ruleDate = "20060102"
	ruleUTC  = "20060102T150405Z"
)

// unmappable names a part that Outlook has nothing for.
func unmappable(part, why string) error { return &provider.UnmappableError{Part: part, Why: why} }

// MapRecurrence names the part of a rule that no pattern of Outlook's says.
func (*Driver) MapRecurrence(c cal.Content) error {
	if len(c.Recurrence) == 0 {
		return nil
	}
	_, err := patternOf(c.Recurrence, c.Slot.Start)
	return err
}

// parts are the parts of a canonical rule.
type parts map[string]string

// number is a part that is one number; 0 if it is left out.
func (p parts) number(name string) int {
	n, _ := strconv.Atoi(p[name]) // a canonical rule holds nothing else
	return n
}

// allow refuses the parts that are not among those named.
func (p parts) allow(names ...string) error {
	always := []string{"FREQ", "INTERVAL", "WKST", "COUNT", "UNTIL"}
	for _, name := range []string{"BYSECOND", "BYMINUTE", "BYHOUR", "BYSETPOS", "BYYEARDAY", "BYMONTH", "BYMONTHDAY", "BYDAY"} {
		if p[name] != "" && !slices.Contains(names, name) && !slices.Contains(always, name) {
			return unmappable(name, "Outlook has no pattern for it in a rule with FREQ="+p["FREQ"])
		}
	}
	return nil
}

// patternOf is a recurrence in Outlook's words, or an *provider.UnmappableError.
func patternOf(lines []string, start cal.Moment) (patternedRecurrence, error) {
	rule, err := singleRule(lines, start)
	if err != nil {
		return patternedRecurrence{}, err
	}
	out := patternedRecurrence{Pattern: pattern{Interval: max(rule.number("INTERVAL"), 1)}}
	if out.Pattern.Interval > maxInterval {
		return out, unmappable("INTERVAL", fmt.Sprintf("Outlook counts to %d", maxInterval))
	}
	switch rule["FREQ"] {
	case "DAILY":
		out.Pattern.Type, err = daily, rule.allow()
	case "WEEKLY":
		out.Pattern.Type, err = weekly, rule.allow("BYDAY")
		out.Pattern.DaysOfWeek, _ = daysOfWeek(rule["BYDAY"])
		out.Pattern.FirstDayOfWeek = dayName(rule["WKST"], "monday")
	case "MONTHLY":
		err = out.Pattern.inMonth(rule, absoluteMonthly, relativeMonthly)
	case "YEARLY":
		err = out.Pattern.inYear(rule)
	default:
		err = unmappable("FREQ", "Outlook repeats nothing more often than daily")
	}
	if err == nil {
		out.Range, err = rangeOf(rule, start)
	}
	return out, err
}

// singleRule is the one rule of a recurrence, if there is nothing else in it, and if the series begins with it.
func singleRule(lines []string, start cal.Moment) (parts, error) {
	canonical, err := recur.Canonicalise(lines, start)
	if err != nil {
		return nil, unmappable("RRULE", err.Error())
	}
	for i, line := range canonical.Lines {
		if name, _, _ := strings.Cut(strings.ReplaceAll(line, ":", ";"), ";"); name != "RRULE" || i > 0 {
			return nil, unmappable(name, "Outlook keeps one rule, and no dates beside it")
		}
	}
	if len(canonical.Lines) == 0 {
		return nil, unmappable("RRULE", "there is none")
	}
	series, err := recur.Parse(canonical.Lines, start)
	if err != nil {
		return nil, unmappable("RRULE", err.Error())
	}
	if named, err := series.NamesStart(); err != nil || !named {
		return nil, unmappable("DTSTART", "Outlook begins a series with an occurrence of its rule, and the rule does not name the start")
	}
	rule := parts{}
	for part := range strings.SplitSeq(strings.TrimPrefix(canonical.Lines[0], "RRULE:"), ";") {
		name, value, _ := strings.Cut(part, "=")
		rule[name] = value
	}
	return rule, nil
}

// inYear is a pattern of one month of a year.
func (p *pattern) inYear(rule parts) error {
	if strings.Contains(rule["BYMONTH"], ",") || rule["BYMONTH"] == "" {
		return unmappable("BYMONTH", "Outlook repeats in one month of a year")
	}
	p.Month = rule.number("BYMONTH")
	return p.inMonth(rule, absoluteYearly, relativeYearly)
}

// inMonth is a pattern of a day of a month: by its number, or by the day of the week.
func (p *pattern) inMonth(rule parts, absolute, relative string) error {
	names := []string{"BYMONTHDAY", "BYSETPOS"}
	if p.Month > 0 {
		names = append(names, "BYMONTH")
	}
	if rule["BYMONTHDAY"] == "" {
		names[0] = "BYDAY"
	}
	if err := rule.allow(names...); err != nil {
		return err
	}
	if rule["BYMONTHDAY"] == "" {
		p.Type = relative
		return p.relative(rule)
	}
	p.Type = absolute
	day, ok := dayOfMonth(rule["BYMONTHDAY"], rule["BYSETPOS"], p.Month)
	if !ok {
		return unmappable("BYMONTHDAY", "Outlook repeats on one day of a month, counted from its beginning, and takes the last one of a month that has no such day")
	}
	p.DayOfMonth = day
	return nil
}

// shortest is how many days the month has at least; that of no month is that of every month.
func shortest(month int) int {
	if month == 0 {
		month = int(time.February)
	}
	return time.Date(2001, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// dayOfMonth is the day that a pattern names. A day that a month does not have is its last one
// (https://learn.microsoft.com/exchange/client-developer/web-service-reference/dayofmonth), where a rule leaves the month out.
func dayOfMonth(days, position string, month int) (int, bool) {
	for day := 1; day <= 31; day++ {
		if d, p := daysOfMonth(day, month); d == days && p == position {
			return day, true
		}
	}
	return 0, false
}

// daysOfMonth are the BYMONTHDAY and BYSETPOS of a rule that names the days of a pattern.
func daysOfMonth(day, month int) (days, position string) {
	switch longest := longestOf(month); {
	case day <= shortest(month):
		return strconv.Itoa(day), ""
	case shortest(month) == longest:
		return strconv.Itoa(longest), "" // of a month that is always as long
	case day >= longest:
		return "-1", ""
	}
	all := []string{}
	for d := shortest(month); d <= day; d++ {
		all = append(all, strconv.Itoa(d))
	}
	return strings.Join(all, ","), "-1"
}

func longestOf(month int) int {
	if month == 0 {
		return 31
	}
	return time.Date(2000, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// relative is a day of the week, or the first or last of several.
func (p *pattern) relative(rule parts) error {
	days, nth := daysOfWeek(rule["BYDAY"])
	position := rule["BYSETPOS"]
	if position != "" && slices.ContainsFunc(nth, func(n string) bool { return n != "" }) {
		return unmappable("BYSETPOS", "Outlook counts once in a month")
	}
	if position == "" {
		position = nth[0]
		if len(days) > 1 || position == "" {
			return unmappable("BYDAY", "Outlook repeats on one day of a month")
		}
	}
	index := slices.Index([]string{"1", "2", "3", "4", "-1"}, position)
	if index < 0 {
		part := "BYDAY"
		if rule["BYSETPOS"] != "" {
			part = "BYSETPOS"
		}
		return unmappable(part, "Outlook knows the first, second, third, fourth and last of a month")
	}
	p.DaysOfWeek, p.Index = days, indexes()[index]
	return nil
}

func indexes() []string { return []string{"first", "second", "third", "fourth", "last"} }

// ruleDays are the days of the week as rules write them, wireDays as Outlook does.
func ruleDays() []string { return []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"} }

func wireDays() []string {
	return []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
}

// daysOfWeek are the days of BYDAY in Outlook's words, and the number before each.
func daysOfWeek(text string) (days, nth []string) {
	for day := range strings.SplitSeq(text, ",") {
		at := max(len(day)-2, 0)
		days, nth = append(days, dayName(day[at:], "")), append(nth, day[:at])
	}
	return days, nth
}

// dayName is a day of the week in Outlook's words.
func dayName(day, otherwise string) string {
	if i := slices.Index(ruleDays(), day); i >= 0 {
		return wireDays()[i]
	}
	return otherwise
}

// rangeOf is how long a series goes on. Its days are those of the start's own zone, which Outlook has to know.
func rangeOf(rule parts, start cal.Moment) (recurrenceRange, error) {
	out := recurrenceRange{Type: noEnd, StartDate: start.Date, RecurrenceTimeZone: utc}
	loc := time.UTC
	if start.Date == "" {
		named, err := zoneToWrite(start)
		if err != nil {
			return out, err
		}
		if loc, err = locationOf(named); err != nil {
			return out, unmappable("TZID", "Outlook does not know the zone")
		}
		out.RecurrenceTimeZone, out.StartDate = named, start.Instant.In(loc).Format(time.DateOnly)
	}
	switch {
	case rule["COUNT"] != "":
		out.Type, out.NumberOfOccurrences = numbered, rule.number("COUNT")
		if out.NumberOfOccurrences > maxOccurrences {
			return out, unmappable("COUNT", fmt.Sprintf("Outlook counts to %d", maxOccurrences))
		}
	case rule["UNTIL"] != "":
		last, err := lastDay(rule["UNTIL"], loc)
		if err != nil || last < out.StartDate {
			return out, unmappable("UNTIL", "the series ends before it begins")
		}
		out.Type, out.EndDate = endDate, last
	}
	return out, nil
}

// zoneToWrite is the name of the zone that a series is kept in. One whose start Outlook would be told in UTC could not keep its wall time.
func zoneToWrite(start cal.Moment) (string, error) {
	if start.Zone == "" {
		return utc, nil
	}
	wire, exact := wireMoment(start)
	if exact {
		return wire.TimeZone, nil
	}
	if loc, err := zone.Load(start.Zone); err == nil && zone.Ambiguous(start.Instant, loc) {
		return "", unmappable("DTSTART", "the series begins in an hour that happens twice, and Outlook cannot be told which")
	}
	return "", unmappable("TZID", "Outlook does not know the zone")
}

// lastDay is the date of UNTIL where the series takes place.
func lastDay(until string, loc *time.Location) (string, error) {
	at, err1 := time.Parse(ruleUTC, until)
	day, err2 := time.Parse(ruleDate, until)
	switch {
	case err1 == nil:
		return at.In(loc).Format(time.DateOnly), nil
	case err2 == nil:
		return day.Format(time.DateOnly), nil
	default:
		return "", errors.New("UNTIL cannot be read")
	}
}

// recurrenceOf is what Outlook keeps as lines of RFC 5545, in their one form. What cannot be read as that stays as it is, so that it differs from
// every line of ours.
func recurrenceOf(r patternedRecurrence, start cal.Moment) []string {
	line := []string{"RRULE:" + r.line()}
	if canonical, err := recur.Canonicalise(line, start); err == nil {
		return canonical.Lines
	}
	return line
}

// line is the value of an RRULE.
func (r patternedRecurrence) line() string {
	p := r.Pattern
	freq := map[string]string{
		daily: "DAILY", weekly: "WEEKLY", absoluteMonthly: "MONTHLY", relativeMonthly: "MONTHLY", absoluteYearly: "YEARLY", relativeYearly: "YEARLY",
	}[p.Type]
	all := []string{"FREQ=" + freq, "INTERVAL=" + strconv.Itoa(p.Interval)}
	add := func(name, value string) {
		if value != "" {
			all = append(all, name+"="+value)
		}
	}
	switch p.Type {
	case weekly:
		add("BYDAY", ruleDaysOf(p.DaysOfWeek))
		add("WKST", ruleDaysOf([]string{p.FirstDayOfWeek}))
	case absoluteMonthly:
		days, position := daysOfMonth(p.DayOfMonth, 0)
		add("BYMONTHDAY", days)
		add("BYSETPOS", position)
	case absoluteYearly:
		days, position := daysOfMonth(p.DayOfMonth, p.Month)
		add("BYMONTH", strconv.Itoa(p.Month))
		add("BYMONTHDAY", days)
		add("BYSETPOS", position)
	case relativeYearly, relativeMonthly:
		if p.Type == relativeYearly {
			add("BYMONTH", strconv.Itoa(p.Month))
		}
		add("BYDAY", ruleDaysOf(p.DaysOfWeek))
		add("BYSETPOS", []string{"1", "2", "3", "4", "-1"}[max(slices.Index(indexes(), p.Index), 0)])
	}
	switch r.Range.Type {
	case numbered:
		add("COUNT", strconv.Itoa(r.Range.NumberOfOccurrences))
	case endDate:
		add("UNTIL", strings.ReplaceAll(r.Range.EndDate, "-", ""))
	}
	return strings.Join(all, ";")
}

func ruleDaysOf(days []string) string {
	var all []string
	for _, day := range days {
		if i := slices.Index(wireDays(), strings.ToLower(day)); i >= 0 {
			all = append(all, ruleDays()[i])
		}
	}
	return strings.Join(all, ",")
}
