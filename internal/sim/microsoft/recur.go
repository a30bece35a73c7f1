package microsoft

import (
	"iter"
	"slices"
	"time"
)

// days yields the days of the rule from one day to another, both included. It looks at no more periods than lie between the two, unless
// occurrences have to be counted, of which there are few.
func (r *rule) days(from, to time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for n, d := range r.counted(r.near(from), to) {
			if r.over(d, n) || (!d.Before(from) && !yield(d)) {
				return
			}
		}
	}
}

// counted yields the days of all periods from the k-th on and up to the day, without a look at the rule's own end, with their number in that row.
func (r *rule) counted(k int, to time.Time) iter.Seq2[int, time.Time] {
	return func(yield func(int, time.Time) bool) {
		n := 0
		for ; ; k++ {
			begin, days := r.period(k)
			if begin.After(to) {
				return
			}
			for _, d := range days {
				if d.Before(r.first) {
					continue
				}
				if n++; d.After(to) || !yield(n, d) {
					return
				}
			}
		}
	}
}

// over reports whether the series has ended before its n-th occurrence on the day.
func (r *rule) over(day time.Time, n int) bool {
	return (!r.until.IsZero() && day.After(r.until)) || (r.span.Type == numbered && n > r.span.NumberOfOccurrences)
}

// has reports whether the rule has the day.
func (r *rule) has(day time.Time) bool { return !next(r.days(day, day)).IsZero() }

// next returns the first day; zero if there is none.
func next(days iter.Seq[time.Time]) time.Time {
	for d := range days {
		return d
	}
	return time.Time{}
}

// before returns the rule's last day before the one given; zero if there is none.
func (r *rule) before(day time.Time) time.Time {
	for back := 40; ; back *= 10 {
		from := day.AddDate(0, 0, -back)
		var last time.Time
		for d := range r.days(from, day.AddDate(0, 0, -1)) {
			last = d
		}
		if !last.IsZero() || from.Before(r.first) {
			return last
		}
	}
}

// after returns the rule's first day after the one given; zero if there is none.
func (r *rule) after(day time.Time) time.Time {
	return next(r.days(day.AddDate(0, 0, 1), day.AddDate(maxInterval+1, 0, 0)))
}

// end is the last day of the series, or a day that nobody asks for.
func (r *rule) end() time.Time {
	switch r.span.Type {
	case untilDate:
		return r.until
	case numbered:
		last := r.first
		for d := range r.days(r.first, r.first.AddDate(maxInterval*maxCount, 0, 0)) {
			last = d
		}
		return last
	default:
		return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
}

// near is a period that lies before the day, and not by much.
func (r *rule) near(day time.Time) int {
	if r.span.Type == numbered || !day.After(r.first) {
		return 0
	}
	passed := int(day.Sub(r.first).Hours() / 24)
	length := map[string]int{daily: 1, weekly: 7, absoluteMonthly: 31, relativeMonthly: 31}[r.pattern.Type]
	if length == 0 {
		length = 366
	}
	return max(passed/(length*r.pattern.Interval)-1, 0)
}

// period returns the k-th day, week, month or year that the rule looks at: its first day and those that the rule has in it.
func (r *rule) period(k int) (time.Time, []time.Time) {
	n := k * r.pattern.Interval
	switch r.pattern.Type {
	case daily:
		d := r.first.AddDate(0, 0, n)
		return d, []time.Time{d}
	case weekly:
		back := (int(r.first.Weekday()) - int(weekday(r.pattern.FirstDayOfWeek)) + 7) % 7
		begin := r.first.AddDate(0, 0, 7*n-back)
		return begin, r.matching(begin, 7)
	case absoluteMonthly, relativeMonthly:
		return r.inMonth(time.Date(r.first.Year(), r.first.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC))
	default:
		return r.inMonth(time.Date(r.first.Year()+n, time.Month(r.pattern.Month), 1, 0, 0, 0, 0, time.UTC))
	}
}

// inMonth returns the month's day. A day that the month does not have is its last one
// (https://learn.microsoft.com/exchange/client-developer/web-service-reference/dayofmonth).
func (r *rule) inMonth(begin time.Time) (time.Time, []time.Time) {
	length := begin.AddDate(0, 1, -1).Day()
	if r.pattern.Type == absoluteMonthly || r.pattern.Type == absoluteYearly {
		return begin, []time.Time{begin.AddDate(0, 0, min(r.pattern.DayOfMonth, length)-1)}
	}
	days := r.matching(begin, length)
	i := slices.Index(indexes(), r.pattern.Index)
	if r.pattern.Index == "last" {
		i = len(days) - 1
	}
	return begin, days[i : i+1]
}

// matching are those of the n days from begin on that are one of the pattern's days of the week.
func (r *rule) matching(begin time.Time, n int) []time.Time {
	var days []time.Time
	for i := range n {
		d := begin.AddDate(0, 0, i)
		if slices.Contains(r.pattern.DaysOfWeek, weekdays()[d.Weekday()]) {
			days = append(days, d)
		}
	}
	return days
}
