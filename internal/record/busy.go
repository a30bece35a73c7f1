package record

import (
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// Busy is when a calendar's time is taken, as the mirror knows it.
type Busy struct {
	// Spans are in order, apart from each other, and within what was asked for.
	Spans []cal.Window
	// Coverage is the window that the mirror is proven for; zero before the first snapshot is published.
	Coverage cal.Window
	// AsOf is when the last listing was published, and Age how long ago that is.
	AsOf time.Time
	Age  time.Duration
	// Interval is how often the calendar is polled; zero before that is known.
	Interval time.Duration
	// Listing says that a listing is under way.
	Listing bool
	// Unexpanded is how many series there are whose occurrences are not known.
	Unexpanded int64
	// TooMany says that more events than the limit lie in the window; Spans are empty then.
	TooMany bool
}

// Merge puts spans into order, cuts them to a window, and makes one of those that overlap or touch. What is left empty is left out.
func Merge(spans []cal.Window, within cal.Window) []cal.Window {
	slices.SortFunc(spans, func(a, b cal.Window) int { return a.From.Compare(b.From) })
	var out []cal.Window
	for _, s := range spans {
		if s.From.Before(within.From) {
			s.From = within.From
		}
		if s.Until.After(within.Until) {
			s.Until = within.Until
		}
		switch last := len(out) - 1; {
		case !s.From.Before(s.Until):
		case last >= 0 && !s.From.After(out[last].Until):
			if s.Until.After(out[last].Until) {
				out[last].Until = s.Until
			}
		default:
			out = append(out, s)
		}
	}
	return out
}
