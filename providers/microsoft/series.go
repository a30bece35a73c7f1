package microsoft

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/zone"
)

// repeat fills in how a master repeats. A series is kept in the zone of its recurrence: where its times were written in another one, that is what its
// wall time means.
func repeat(out *cal.Event, e models.Eventable) {
	wire := e.GetRecurrence()
	if wire == nil {
		return
	}
	r := readRecurrence(wire)
	if start := &out.Content.Slot.Start; start.Date == "" {
		kept := zoneOf(r.Range.RecurrenceTimeZone)
		ours, _ := zone.Windows(start.Zone)
		theirs, known := zone.Windows(kept)
		if known && ours != theirs {
			start.Zone = kept
		}
	}
	out.Content.Recurrence = recurrenceOf(r, out.Content.Slot.Start)
}

// readRecurrence takes what the SDK has read of a recurrence. What it does not know is left out.
func readRecurrence(wire models.PatternedRecurrenceable) patternedRecurrence {
	var out patternedRecurrence
	if p := wire.GetPattern(); p != nil {
		out.Pattern = pattern{
			Interval: int(number(p.GetInterval())), Month: int(number(p.GetMonth())), DayOfMonth: int(number(p.GetDayOfMonth())),
		}
		if kind := p.GetTypeEscaped(); kind != nil {
			out.Pattern.Type = kind.String()
		}
		for _, day := range p.GetDaysOfWeek() {
			out.Pattern.DaysOfWeek = append(out.Pattern.DaysOfWeek, day.String())
		}
		if day := p.GetFirstDayOfWeek(); day != nil {
			out.Pattern.FirstDayOfWeek = day.String()
		}
		if index := p.GetIndex(); index != nil {
			out.Pattern.Index = index.String()
		}
	}
	if g := wire.GetRangeEscaped(); g != nil {
		out.Range = recurrenceRange{NumberOfOccurrences: int(number(g.GetNumberOfOccurrences())), RecurrenceTimeZone: text(g.GetRecurrenceTimeZone())}
		if kind := g.GetTypeEscaped(); kind != nil {
			out.Range.Type = kind.String()
		}
		if day := g.GetEndDate(); day != nil {
			out.Range.EndDate = day.String()
		}
		if day := g.GetStartDate(); day != nil {
			out.Range.StartDate = day.String()
		}
	}
	return out
}

func number(n *int32) int32 {
	if n == nil {
		return 0
	}
	return *n
}

// ReadOccurrence looks for the place among what the master knows of its exceptions, and then for the instance that follows the series
// (https://learn.microsoft.com/en-us/graph/api/event-list-instances), which is a second
// request and one for each further page.
func (c *client) ReadOccurrence(ctx context.Context, series provider.EventRef, original cal.Moment) (cal.Event, error) {
	const op = "microsoft: read occurrence"
	exceptions, err := c.exceptions(ctx, op, series)
	if err != nil {
		return cal.Event{}, err
	}
	there := func(e cal.Event) bool { return samePlace(e.OriginalStart, original) }
	if i := slices.IndexFunc(exceptions, there); i >= 0 {
		return exceptions[i], nil
	}
	instances, err := c.instances(ctx, op, series, original)
	if err != nil {
		return cal.Event{}, err
	}
	if i := slices.IndexFunc(instances, there); i >= 0 {
		return instances[i], nil
	}
	return cal.Event{}, fault.Newf(fault.NotFound, op, "the series shows no occurrence there")
}

// ListExceptions reads what the master knows of its exceptions and of the occurrences that were deleted, of which nothing else is left
// (https://learn.microsoft.com/en-us/graph/api/resources/event, cancelledOccurrences).
func (c *client) ListExceptions(ctx context.Context, series provider.EventRef) ([]cal.Event, error) {
	return c.exceptions(ctx, "microsoft: list exceptions", series)
}

// exceptions reads a master with what it knows of its occurrences, in the order of their places.
func (c *client) exceptions(ctx context.Context, op string, series provider.EventRef) ([]cal.Event, error) {
	if err := checkRef(op, series); err != nil {
		return nil, err
	}
	info, err := c.event(series).ToGetRequestInformation(ctx, &users.ItemCalendarsItemEventsEventItemRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.ItemCalendarsItemEventsEventItemRequestBuilderGetQueryParameters{
			Select: []string{
				"id", "subject", "type", "isAllDay", "isCancelled", "start", "end", "originalStartTimeZone", "originalEndTimeZone", "recurrence",
				"cancelledOccurrences", "exceptionOccurrences",
			},
			Expand: []string{"exceptionOccurrences"},
		},
	})
	if err != nil {
		return nil, refused(op, "the request cannot be made")
	}
	raw, err := c.send(ctx, call{info: info, prefer: []string{preferUTC, preferText}})
	if err != nil {
		return nil, c.fault(ctx, op, err)
	}
	e, err := decode[models.Eventable](raw, models.CreateEventFromDiscriminatorValue)
	if err != nil {
		return nil, unreadable(op)
	}
	master, err := eventOf(e)
	if err != nil {
		return nil, unreadable(op)
	}
	all := readable(e.GetExceptionOccurrences())
	for i := range all {
		all[i].Series = series.ID
	}
	for _, id := range e.GetCancelledOccurrences() {
		if at, ok := cancelledAt(id, master.Content.Slot.Start); ok {
			all = append(all, cal.Event{Status: cal.StatusCancelled, Kind: cal.KindException, Series: series.ID, OriginalStart: at})
		}
	}
	slices.SortStableFunc(all, byPlace)
	return all, nil
}

// readable are the events that can be read. One that cannot hides no other.
func readable(events []models.Eventable) []cal.Event {
	var all []cal.Event
	for _, e := range events {
		if e == nil {
			continue
		}
		if event, err := eventOf(e); err == nil {
			all = append(all, event)
		}
	}
	return all
}

// cancelledAt is the place of a deleted occurrence: the day at the end of its id ("OID.", the master's id, and a date), at the time of the series.
func cancelledAt(id string, start cal.Moment) (cal.Moment, bool) {
	day, err := time.Parse(time.DateOnly, id[strings.LastIndexByte(id, '.')+1:])
	if err != nil {
		return cal.Moment{}, false
	}
	if start.Date != "" {
		return cal.Moment{Date: day.Format(cal.DateLayout)}, true
	}
	loc, err := locationOf(start.Zone)
	if err != nil {
		return cal.Moment{}, false
	}
	first := start.Instant.In(loc)
	wall := time.Date(day.Year(), day.Month(), day.Day(), first.Hour(), first.Minute(), first.Second(), 0, time.UTC)
	return cal.Moment{Instant: zone.FromWallOrAfter(wall, loc).UTC(), Zone: start.Zone}, true
}

// instances are the occurrences around a place. A day more on either side covers all-day events, which are nowhere in particular.
func (c *client) instances(ctx context.Context, op string, series provider.EventRef, original cal.Moment) ([]cal.Event, error) {
	const around = 36 * time.Hour
	at := original.Instant
	if day, err := time.Parse(cal.DateLayout, original.Date); err == nil {
		at = day
	}
	from, until := wireWindow(cal.Window{From: at.Add(-around), Until: at.Add(around)})
	config := &users.ItemCalendarsItemEventsItemInstancesRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.ItemCalendarsItemEventsItemInstancesRequestBuilderGetQueryParameters{StartDateTime: &from, EndDateTime: &until},
	}
	var all []cal.Event
	builder, link := c.event(series).Instances(), place{}
	for {
		info, err := builder.ToGetRequestInformation(ctx, config)
		if err != nil {
			return nil, refused(op, "the request cannot be made")
		}
		raw, err := c.send(ctx, call{info: info, prefer: []string{preferUTC, preferText}})
		if err != nil {
			return nil, c.fault(ctx, op, err)
		}
		page, err := decode[models.EventCollectionResponseable](raw, models.CreateEventCollectionResponseFromDiscriminatorValue)
		if err != nil || page.GetValue() == nil {
			return nil, unreadable(op)
		}
		all = append(all, readable(page.GetValue())...)
		next := text(page.GetOdataNextLink())
		if next == "" {
			return all, nil
		}
		if link, err = c.follow(link, next); err != nil {
			return nil, fault.New(fault.Invalid, op, err)
		}
		builder, config = builder.WithUrl(link.link), nil
	}
}

func samePlace(a, b cal.Moment) bool { return a.Date == b.Date && a.Instant.Equal(b.Instant) }

func byPlace(a, b cal.Event) int {
	return cmp.Or(strings.Compare(a.OriginalStart.Date, b.OriginalStart.Date), a.OriginalStart.Instant.Compare(b.OriginalStart.Instant))
}
