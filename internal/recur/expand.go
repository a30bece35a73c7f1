package recur

import (
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/zone"
)

// Starts are the instants at which occurrences begin within the window, which has both ends, in order and each once; those of an all-day series are
// the midnights of their dates, read as UTC. It fails with an Error when that would take too many steps, or yield more than MaxStarts, or more of
// either than is left of the budget, which it takes from.
func (s *Series) Starts(within cal.Window, b *Budget) ([]time.Time, error) {
	steps := min(maxSteps, b.Steps)
	e := expansion{Series: s, within: within, left: steps, most: min(MaxStarts, b.Starts), found: map[int64]bool{}}
	all, err := e.starts()
	b.Steps -= steps - max(e.left, 0)
	b.Starts -= len(all)
	return all, err
}

// Budget is what several series may cost together.
type Budget struct {
	// Steps is how many days or hours are looked at, Starts how many occurrences are returned.
	Steps, Starts int
}

func (e *expansion) starts() ([]time.Time, error) {
	s := e.Series
	e.add(s.first)
	for _, at := range s.dates {
		e.add(at)
	}
	if err := e.run(s.rules, e.add); err != nil {
		return nil, err
	}
	if err := e.run(s.except, e.remove); err != nil {
		return nil, err
	}
	for _, at := range s.excluded {
		e.remove(at)
	}
	if len(e.found) > e.most {
		return nil, ErrMany
	}
	all := make([]time.Time, 0, len(e.found))
	for at := range e.found {
		all = append(all, time.Unix(at, 0).UTC())
	}
	slices.SortFunc(all, time.Time.Compare)
	return all, nil
}

// expansion is one expansion under way.
type expansion struct {
	*Series
	within cal.Window
	// left is how many steps may still be taken.
	left int
	// most is how many starts may be found.
	most int
	// asked are those that are looked for, in seconds of Unix time; nil looks for all.
	asked map[int64]bool
	// found are the starts found so far, in seconds of Unix time.
	found map[int64]bool
}

const (
	errSteps = Error("the rule takes more steps than are taken")
	// ErrMany is what an expansion fails with that would yield more than it may.
	ErrMany = Error("the series has more occurrences than are kept")
)

func (e *expansion) add(at time.Time) {
	if !at.Before(e.within.From) && at.Before(e.within.Until) && (e.asked == nil || e.asked[at.Unix()]) {
		e.found[at.Unix()] = true
	}
}

func (e *expansion) remove(at time.Time) { delete(e.found, at.Unix()) }

func (e *expansion) run(rules []rule, visit func(time.Time)) error {
	for i := range rules {
		if err := e.expand(&rules[i], visit); err != nil {
			return err
		}
	}
	return nil
}

// around is how far the wall time of an instant may lie from the instant read as UTC, and more.
const around = 36 * time.Hour

// expand visits what one rule names in the window, period by period. Without COUNT it begins shortly before the window; with it, at the start.
func (e *expansion) expand(r *rule, visit func(time.Time)) error {
	w := walk{expansion: e, rule: r, visit: visit, from: e.within.From.UTC().Add(-around), until: e.within.Until.UTC().Add(around)}
	if !r.until.IsZero() && r.until.Before(w.until) {
		w.until = r.until
	}
	nth := 0
	if r.count == 0 {
		nth = r.before(e.start, w.from)
	}
	for ; ; nth++ {
		begin := r.period(e.start, nth)
		if begin.After(w.until) {
			return nil
		}
		walls, steps := r.walls(begin)
		if e.left -= steps; e.left < 0 {
			return errSteps
		}
		if !w.through(walls) {
			return nil
		}
		if len(e.found) > e.most {
			return ErrMany
		}
	}
}

// walk is the expansion of one rule under way.
type walk struct {
	*expansion
	rule  *rule
	visit func(time.Time)
	// from and until are wall times, a little wider than the window.
	from, until time.Time
	counted     int
}

// through visits those of a period's wall times that count, and reports whether there may be later ones.
func (w *walk) through(walls []time.Time) bool {
	for _, wall := range walls {
		if wall.Before(w.start) {
			continue
		}
		if w.counted++; wall.After(w.until) || w.rule.count > 0 && w.counted > w.rule.count {
			return false
		}
		if wall.Before(w.from) {
			continue
		}
		if at := zone.FromWallOrAfter(wall, w.loc); w.rule.untilAt.IsZero() || !at.After(w.rule.untilAt) {
			w.visit(at)
		}
	}
	return true
}

// period is where the nth period of the rule begins, counted from the one that start is in.
func (r *rule) period(start time.Time, nth int) time.Time {
	n := nth * r.interval
	y, m, d := start.Date()
	switch r.freq {
	case yearly:
		return time.Date(y+n, 1, 1, 0, 0, 0, 0, time.UTC)
	case monthly:
		return time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	case weekly:
		into := (int(start.Weekday()) - int(r.weekStart) + 7) % 7
		return time.Date(y, m, d-into+7*n, 0, 0, 0, 0, time.UTC)
	case daily:
		return time.Date(y, m, d+n, 0, 0, 0, 0, time.UTC)
	default:
		return time.Date(y, m, d, start.Hour()+n, 0, 0, 0, time.UTC)
	}
}

// before is a period that ends before at, counted from the one that start is in, or the first one.
func (r *rule) before(start, at time.Time) int {
	longest := map[frequency]time.Duration{
		yearly: 366 * 24 * time.Hour, monthly: 31 * 24 * time.Hour, weekly: 7 * 24 * time.Hour, daily: 24 * time.Hour, hourly: time.Hour,
	}
	return max(int(at.Sub(start)/longest[r.freq])/r.interval-2, 0)
}

// walls are the wall times that the rule names in the period, in order, and how many steps it took to find them.
func (r *rule) walls(begin time.Time) (all []time.Time, steps int) {
	if r.freq == hourly {
		if (len(r.hours) == 0 || slices.Contains(r.hours, begin.Hour())) && r.passes(begin) {
			all = append(all, begin.Add(time.Duration(r.minute)*time.Minute+time.Duration(r.second)*time.Second))
		}
		return all, 1
	}
	end := begin.AddDate(0, 0, 1)
	switch r.freq {
	case weekly:
		end = begin.AddDate(0, 0, 7)
	case monthly:
		end = begin.AddDate(0, 1, 0)
	case yearly:
		end = begin.AddDate(1, 0, 0)
	case hourly, daily:
	}
	for day := begin; day.Before(end); day = day.AddDate(0, 0, 1) {
		steps++
		if !r.passes(day) {
			continue
		}
		for _, hour := range r.hours {
			all = append(all, time.Date(day.Year(), day.Month(), day.Day(), hour, r.minute, r.second, 0, time.UTC))
		}
	}
	return r.chosen(all), steps + len(all)
}

// chosen are those that BYSETPOS names.
func (r *rule) chosen(all []time.Time) []time.Time {
	if len(r.positions) == 0 {
		return all
	}
	var out []time.Time
	for i, at := range all {
		if among(r.positions, i+1, len(all)) {
			out = append(out, at)
		}
	}
	return out
}
