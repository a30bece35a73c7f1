package google

import (
	"context"

	"google.golang.org/api/calendar/v3"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/zone"
)

// Calendars lists what the account has in its list of calendars, one request a page
// (https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/list).
func (c *client) Calendars(ctx context.Context) ([]cal.Calendar, error) {
	const op = "google: list calendars"
	var out []cal.Calendar
	token := ""
	for {
		request := c.service.CalendarList.List().MaxResults(maxCalendars).Context(ctx)
		if token != "" {
			request = request.PageToken(token)
		}
		page, err := request.Do()
		if err != nil {
			return nil, c.fault(ctx, op, err)
		}
		for _, entry := range page.Items {
			if entry != nil && entry.Id != "" && !entry.Deleted {
				out = append(out, calendarOf(entry))
			}
		}
		switch page.NextPageToken {
		case "":
			return out, nil
		case token:
			return nil, unreadable(op)
		}
		token = page.NextPageToken
	}
}

func calendarOf(entry *calendar.CalendarListEntry) cal.Calendar {
	out := cal.Calendar{ID: cal.RemoteCalendarID(entry.Id), Name: entry.Summary, Primary: entry.Primary, Owner: entry.DataOwner}
	if entry.SummaryOverride != "" {
		out.Name = entry.SummaryOverride
	}
	if entry.Primary {
		out.Owner = entry.Id // the id of a primary calendar is its account's address
	}
	switch entry.AccessRole {
	case "owner", "writer", "writerWithoutPrivateAccess":
		out.Writable = true
	}
	if name, err := zone.Canonical(entry.TimeZone); err == nil {
		out.Zone = name
	}
	return out
}

// ReadEvent reads one event. Google keeps showing a deleted one as cancelled.
func (c *client) ReadEvent(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
	const op = "google: read event"
	if err := checkRef(op, ref); err != nil {
		return cal.Event{}, err
	}
	got, err := c.service.Events.Get(string(ref.Calendar), string(ref.ID)).Context(ctx).Do()
	if err != nil {
		return cal.Event{}, c.fault(ctx, op, err)
	}
	return answer(op, got)
}

// answer maps the event that a call returned.
func answer(op string, got *calendar.Event) (cal.Event, error) {
	event, err := eventOf(got)
	if err != nil {
		return cal.Event{}, unreadable(op)
	}
	return event, nil
}

// checkRef refuses an id that would make the path another one.
func checkRef(op string, ref provider.EventRef) error {
	if err := checkCalendar(op, ref.Calendar); err != nil {
		return err
	}
	if !segment(string(ref.ID)) {
		return refused(op, "the event's id is no id")
	}
	return nil
}

func checkCalendar(op string, id cal.RemoteCalendarID) error {
	if !segment(string(id)) {
		return refused(op, "the calendar's id is no id")
	}
	return nil
}

// segment reports whether s can stand as one segment of a path once it is escaped.
func segment(s string) bool { return s != "" && s != "." && s != ".." }
