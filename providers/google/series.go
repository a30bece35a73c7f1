package google

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/api/calendar/v3"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/recur"
)

// maxUnread bounds how much is kept of lines that cannot be read, in bytes: strangers write them.
const maxUnread = 4 << 10

// recurrenceOf is the recurrence of a series in its one form. Lines that cannot be read stay as they are, so that they differ from every line of ours.
func recurrenceOf(e *calendar.Event, start cal.Moment) (lines []string, excluded []cal.Moment) {
	if len(e.Recurrence) == 0 {
		return nil, nil
	}
	if canonical, err := recur.Canonicalise(e.Recurrence, start); err == nil {
		return canonical.Lines, canonical.Excluded
	}
	if size := len(strings.Join(e.Recurrence, "\n")); size > maxUnread {
		return []string{"RRULE:"}, nil
	}
	return slices.Clone(e.Recurrence), nil
}

// MapRecurrence names what Google refuses: rules finer than daily, and several times on a day. No page says so; its own calendar makes no such rule, and
// clients report that the API refuses them.
func (*Driver) MapRecurrence(c cal.Content) error {
	for _, line := range c.Recurrence {
		_, rule, _ := strings.Cut(line, ":")
		for part := range strings.SplitSeq(rule, ";") {
			switch name, value, _ := strings.Cut(part, "="); {
			case name == "FREQ" && value == "HOURLY":
				return &provider.UnmappableError{Part: name, Why: "Google Calendar repeats nothing more often than daily"}
			case (name == "BYHOUR" || name == "BYMINUTE" || name == "BYSECOND") && strings.Contains(value, ","):
				return &provider.UnmappableError{Part: name, Why: "Google Calendar repeats nothing more than once a day"}
			}
		}
	}
	return nil
}

// ReadOccurrence asks for the one instance with that original start, cancelled or not
// (https://developers.google.com/workspace/calendar/api/v3/reference/events/instances). Where there is none, the series may have left it out by an
// EXDATE of somebody else's, and where it is cancelled, the series may have it no more: to know takes a second request.
func (c *client) ReadOccurrence(ctx context.Context, series provider.EventRef, original cal.Moment) (cal.Event, error) {
	const op = "google: read occurrence"
	if err := checkRef(op, series); err != nil {
		return cal.Event{}, err
	}
	place := original.Date
	if place == "" {
		place = original.Instant.UTC().Format(time.RFC3339)
	}
	got, err := c.service.Events.Instances(string(series.Calendar), string(series.ID)).OriginalStart(place).ShowDeleted(true).Context(ctx).Do()
	if err != nil {
		return cal.Event{}, c.fault(ctx, op, err)
	}
	found, ok := at(got.Items, original)
	if ok && !found.Gone() {
		return found, nil
	}
	master, excluded, err := c.readSeries(ctx, op, series)
	switch {
	case err != nil:
		return cal.Event{}, err
	case ok && len(lasting(master, []cal.Event{found})) == 1:
		return found, nil
	case slices.ContainsFunc(excluded, func(m cal.Moment) bool { return samePlace(m, original) }):
		return leftOut(series.ID, original), nil
	}
	return cal.Event{}, fault.Newf(fault.NotFound, op, "the series shows no occurrence there")
}

// at is the instance at a place of its series.
func at(items []*calendar.Event, original cal.Moment) (cal.Event, bool) {
	for _, item := range items {
		if item == nil {
			continue
		}
		if e, err := eventOf(item); err == nil && samePlace(e.OriginalStart, original) {
			return e, true
		}
	}
	return cal.Event{}, false
}

// lasting drops what is cancelled at places that a series does not have, as far as can be told: an occurrence that was dropped with the rule that had it stays,
// as cancelled.
func lasting(master cal.Event, all []cal.Event) []cal.Event {
	series, err := recur.Parse(master.Content.Recurrence, master.Content.Slot.Start)
	if err != nil {
		return all
	}
	places := make([]cal.Moment, len(all))
	for i, e := range all {
		places[i] = e.OriginalStart
	}
	var out []cal.Event
	has := series.Among(places)
	for i, e := range all {
		if has[i] || !e.Gone() {
			out = append(out, e)
		}
	}
	return out
}

// ListExceptions lists what has the UID of the series (https://developers.google.com/workspace/calendar/api/v3/reference/events/list), which takes two
// requests and one for each further page. What the series leaves out by EXDATE is cancelled without an event of its own.
func (c *client) ListExceptions(ctx context.Context, series provider.EventRef) ([]cal.Event, error) {
	const op = "google: list exceptions"
	if err := checkRef(op, series); err != nil {
		return nil, err
	}
	master, excluded, err := c.readSeries(ctx, op, series)
	if err != nil {
		return nil, err
	}
	all, err := c.partsOf(ctx, op, series, master)
	if err != nil {
		return nil, err
	}
	for _, at := range excluded {
		all = append(all, leftOut(series.ID, at))
	}
	slices.SortStableFunc(all, byPlace)
	return all, nil
}

// partsOf lists the exceptions of a series that have events, but those at places that it has no more.
func (c *client) partsOf(ctx context.Context, op string, series provider.EventRef, master cal.Event) ([]cal.Event, error) {
	var all []cal.Event
	query := listParams()
	query.Set("iCalUID", master.ICalUID)
	for page := ""; ; {
		var got listAnswer
		if err := c.send(ctx, eventsOf(series.Calendar, query), &got); err != nil {
			return nil, c.fault(ctx, op, err)
		}
		for _, item := range itemsOf(got.Items) {
			if item.Withheld == "" && item.Event.Series == series.ID {
				all = append(all, item.Event)
			}
		}
		switch got.NextPageToken {
		case "":
			return lasting(master, all), nil
		case page:
			return nil, unreadable(op)
		}
		page = got.NextPageToken
		query.Set("pageToken", page)
	}
}

func eventsOf(id cal.RemoteCalendarID, query url.Values) call {
	return call{method: http.MethodGet, path: "calendars/{calendarId}/events", ids: map[string]string{"calendarId": string(id)}, query: query}
}

// readSeries reads a series that stands, and what it leaves out.
func (c *client) readSeries(ctx context.Context, op string, ref provider.EventRef) (cal.Event, []cal.Moment, error) {
	got, err := c.service.Events.Get(string(ref.Calendar), string(ref.ID)).Context(ctx).Do()
	if err != nil {
		return cal.Event{}, nil, c.fault(ctx, op, err)
	}
	e, err := answer(op, got)
	switch {
	case err != nil:
		return cal.Event{}, nil, err
	case e.Gone():
		return cal.Event{}, nil, fault.Newf(fault.Gone, op, "the series was deleted")
	case e.ICalUID == "":
		return cal.Event{}, nil, unreadable(op)
	}
	_, excluded := recurrenceOf(got, e.Content.Slot.Start)
	return e, excluded, nil
}

// leftOut is an occurrence that its series leaves out.
func leftOut(series cal.EventID, at cal.Moment) cal.Event {
	return cal.Event{Status: cal.StatusCancelled, Kind: cal.KindException, Series: series, OriginalStart: at}
}

func samePlace(a, b cal.Moment) bool { return a.Date == b.Date && a.Instant.Equal(b.Instant) }

func byPlace(a, b cal.Event) int {
	return cmp.Or(strings.Compare(a.OriginalStart.Date, b.OriginalStart.Date), a.OriginalStart.Instant.Compare(b.OriginalStart.Instant))
}
