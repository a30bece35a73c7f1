package microsoft

import (
	"context"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// expandStamp asks for the extended property that holds an event's key
// (https://learn.microsoft.com/en-us/graph/api/singlevaluelegacyextendedproperty-get).
const expandStamp = "singleValueExtendedProperties($filter=id eq '" + stampID + "')"

// Calendars lists the account's calendars, one request a page. Graph keeps no zone with a calendar
// (https://learn.microsoft.com/en-us/graph/api/user-list-calendars).
func (c *client) Calendars(ctx context.Context) ([]cal.Calendar, error) {
	const op = "microsoft: list calendars"
	var out []cal.Calendar
	top := int32(maxCalendars)
	config := &users.ItemCalendarsRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.ItemCalendarsRequestBuilderGetQueryParameters{Top: &top},
	}
	builder, at := c.me().Calendars(), place{}
	for {
		info, err := builder.ToGetRequestInformation(ctx, config)
		if err != nil {
			return nil, refused(op, "the request cannot be made")
		}
		raw, err := c.send(ctx, call{info: info})
		if err != nil {
			return nil, c.fault(ctx, op, err)
		}
		page, err := decode[models.CalendarCollectionResponseable](raw, models.CreateCalendarCollectionResponseFromDiscriminatorValue)
		if err != nil || page.GetValue() == nil {
			return nil, unreadable(op)
		}
		for _, entry := range page.GetValue() {
			if entry != nil && text(entry.GetId()) != "" {
				out = append(out, calendarOf(entry))
			}
		}
		link := text(page.GetOdataNextLink())
		if link == "" {
			return out, nil
		}
		if at, err = c.follow(at, link); err != nil {
			return nil, fault.New(fault.Invalid, op, err)
		}
		builder, config = builder.WithUrl(at.link), nil
	}
}

// follow is the place that a link of an answer leads to.
func (c *client) follow(at place, link string) (place, error) {
	if err := checkLink(c.base, link); err != nil {
		return place{}, err
	}
	return at.next(link)
}

func calendarOf(entry models.Calendarable) cal.Calendar {
	out := cal.Calendar{
		ID: cal.RemoteCalendarID(text(entry.GetId())), Name: text(entry.GetName()),
		Primary: is(entry.GetIsDefaultCalendar()), Writable: is(entry.GetCanEdit()),
	}
	if owner := entry.GetOwner(); owner != nil {
		out.Owner = text(owner.GetAddress())
	}
	return out
}

// ReadEvent reads one event with its stamp. Graph forgets a deleted event, and answers 404 with ErrorItemNotFound for it as for one in a calendar
// that the account may not see, or that is too new: that proves nothing (https://learn.microsoft.com/en-us/graph/api/event-get).
func (c *client) ReadEvent(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
	const op = "microsoft: read event"
	if err := checkRef(op, ref); err != nil {
		return cal.Event{}, err
	}
	raw, err := c.get(ctx, op, ref, preferText)
	if err != nil {
		return cal.Event{}, err
	}
	return answer(op, raw)
}

// get returns an event as Graph sends it, with its stamp and with its body as preferred.
func (c *client) get(ctx context.Context, op string, ref provider.EventRef, body string) ([]byte, error) {
	info, err := c.event(ref).ToGetRequestInformation(ctx, &users.ItemCalendarsItemEventsEventItemRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.ItemCalendarsItemEventsEventItemRequestBuilderGetQueryParameters{Expand: []string{expandStamp}},
	})
	if err != nil {
		return nil, refused(op, "the request cannot be made")
	}
	raw, err := c.send(ctx, call{info: info, prefer: []string{preferUTC, body}})
	if err != nil {
		return nil, c.fault(ctx, op, err)
	}
	return raw, nil
}

// FindEvent returns the event that carries the key (https://learn.microsoft.com/en-us/graph/api/singlevaluelegacyextendedproperty-get). It is
// fault.NotFound only if the calendar has answered; one that is not found itself is fault.Forbidden, since nothing is known of its events.
func (c *client) FindEvent(ctx context.Context, calendar cal.RemoteCalendarID, key cal.Key) (cal.Event, error) {
	const op = "microsoft: find event"
	if err := checkCalendar(op, calendar); err != nil {
		return cal.Event{}, err
	}
	filter := "singleValueExtendedProperties/Any(ep: ep/id eq '" + stampID + "' and ep/value eq '" + key.String() + "')"
	info, err := c.events(calendar).ToGetRequestInformation(ctx, &users.ItemCalendarsItemEventsRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.ItemCalendarsItemEventsRequestBuilderGetQueryParameters{Filter: &filter, Expand: []string{expandStamp}},
	})
	if err != nil {
		return cal.Event{}, refused(op, "the request cannot be made")
	}
	raw, err := c.send(ctx, call{info: info, prefer: []string{preferUTC, preferText}})
	if err != nil {
		f := c.fault(ctx, op, err)
		if f.Kind == fault.NotFound {
			f.Kind = fault.Forbidden
		}
		return cal.Event{}, f
	}
	page, err := decode[models.EventCollectionResponseable](raw, models.CreateEventCollectionResponseFromDiscriminatorValue)
	if err != nil || page.GetValue() == nil {
		return cal.Event{}, unreadable(op)
	}
	for _, e := range page.GetValue() {
		if e == nil {
			continue
		}
		event, err := eventOf(e)
		if err != nil {
			return cal.Event{}, unreadable(op)
		}
		if event.Stamp == key.String() {
			return event, nil
		}
	}
	return cal.Event{}, fault.Newf(fault.NotFound, op, "no event carries the key")
}

// answer maps the event that a call returned.
func answer(op string, raw []byte) (cal.Event, error) {
	e, err := decode[models.Eventable](raw, models.CreateEventFromDiscriminatorValue)
	if err != nil {
		return cal.Event{}, unreadable(op)
	}
	event, err := eventOf(e)
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
