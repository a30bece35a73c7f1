package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/recur"
	"github.com/calweave/calweave/internal/store/db"
)

// What the series of one page may cost together: some 100 ms, and a transaction of a second or two. A series beyond it is told as unexpanded.
const (
	pageSteps       = 1_000_000
	pageOccurrences = 100_000
)

// takes says when the series of a page take place, by their place on the page.
type takes map[int]occurrences

// occurrences are when one series takes place.
type occurrences struct {
	starts []time.Time
	// unexpanded says why that is not known.
	unexpanded string
}

// expand works out when the series of a page take place within a window. It is done before a transaction begins: rules are written by strangers.
func expand(items []cal.Item, window cal.Window) takes {
	budget := recur.Budget{Steps: pageSteps, Starts: pageOccurrences}
	out := takes{}
	for i, item := range items {
		if len(item.Event.Recurrence) > 0 && !item.Event.Gone() {
			out[i] = expandSeries(item.Event, window, &budget)
		}
	}
	return out
}

func expandSeries(e cal.Event, window cal.Window, budget *recur.Budget) occurrences {
	if window.From.IsZero() || window.Until.IsZero() {
		return occurrences{unexpanded: "the listing has no window"}
	}
	from, until := span(e.Content.Slot)
	length := until - from
	if length < 0 || length > window.Until.Sub(window.From).Microseconds() {
		return occurrences{unexpanded: "an occurrence is longer than the window"}
	}
	series, err := recur.Parse(e.Recurrence, e.Content.Slot.Start)
	if err != nil {
		return occurrences{unexpanded: err.Error()}
	}
	window.From = window.From.Add(-time.Duration(length) * time.Microsecond)
	window.Until = window.Until.Add(margin(e.Content.Slot))
	starts, err := series.Starts(window, budget)
	if err != nil {
		return occurrences{unexpanded: err.Error()}
	}
	return occurrences{starts: starts}
}

// margin is how much wider span makes a slot at each end.
func margin(s cal.Slot) time.Duration {
	if s.AllDay() {
		return 24 * time.Hour
	}
	return 0
}

// stageOccurrences keeps when a series takes place where no reader sees it.
func (t *tx) stageOccurrences(ctx context.Context, calendar cal.CalendarID, listing string, e cal.Event, starts []time.Time) error {
	err := t.DropStagedOccurrences(ctx, db.DropStagedOccurrencesParams{
		TenantID: t.tenant, CalendarID: string(calendar), ListingID: listing, SeriesID: string(e.ID),
	})
	if err != nil || len(starts) == 0 {
		return err
	}
	from, until := span(e.Content.Slot)
	earlier := margin(e.Content.Slot).Microseconds()
	return t.StageOccurrences(ctx, db.StageOccurrencesParams{
		TenantID: t.tenant, CalendarID: string(calendar), ListingID: listing, SeriesID: string(e.ID), Starts: instants(starts),
		Earlier: earlier, Later: until - from - earlier,
	})
}

// instants are the keys of a JSON object, which json_each makes rows of in the same way on both databases.
func instants(all []time.Time) string {
	var text strings.Builder
	for i, at := range all {
		text.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(&text, `"%d":0`, micros(at))
	}
	text.WriteByte('}')
	return text.String()
}

// publishOccurrences lets the series that a listing shows take place as it says, and ends what belonged to those that it shows as gone.
func (t *tx) publishOccurrences(ctx context.Context, calendar, listing string) error {
	err := t.CancelParts(ctx, db.CancelPartsParams{TenantID: t.tenant, CalendarID: calendar, ListingID: listing, Now: t.now})
	if err != nil {
		return err
	}
	if err := t.RetireOccurrences(ctx, db.RetireOccurrencesParams{TenantID: t.tenant, CalendarID: calendar, ListingID: listing}); err != nil {
		return err
	}
	return t.PublishOccurrences(ctx, db.PublishOccurrencesParams{TenantID: t.tenant, CalendarID: calendar, ListingID: listing})
}
