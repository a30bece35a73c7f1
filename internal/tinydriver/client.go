package tinydriver

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/zone"
)

// client acts for one account.
type client struct {
	base  string
	http  *http.Client
	clock clock.Clock
}

// Calendars lists what the account sees, in one answer.
func (c *client) Calendars(ctx context.Context) ([]cal.Calendar, error) {
	var got struct {
		Calendars []cal.Calendar `json:"calendars"`
	}
	if _, err := c.send(ctx, call{op: "tiny: list calendars", method: http.MethodGet, path: []string{"calendars"}}, &got); err != nil {
		return nil, err
	}
	for i, one := range got.Calendars {
		got.Calendars[i].Zone, _ = zone.Canonical(one.Zone) // none, if nobody knows the zone
	}
	return got.Calendars, nil
}

// events is where a calendar's events are, and below it one of them.
func events(calendar cal.RemoteCalendarID, id ...string) []string {
	return append([]string{"calendars", string(calendar), "events"}, id...)
}

// one makes a call that is answered with an event.
func (c *client) one(ctx context.Context, r call) (e cal.Event, status int, err error) {
	var got event
	if status, err = c.send(ctx, r, &got); err != nil {
		return cal.Event{}, 0, err
	}
	if e, err = got.event(); err != nil {
		return cal.Event{}, 0, unreadable(r.op)
	}
	return e, status, nil
}

// ReadEvent reads an event. The server shows a deleted one as cancelled.
func (c *client) ReadEvent(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
	e, _, err := c.one(ctx, call{op: "tiny: read event", method: http.MethodGet, path: events(ref.Calendar, string(ref.ID))})
	return e, err
}

// CreateEvent sends the key along, which the server keeps for good: under a key that it knows it makes nothing, and answers 200 instead of 201 with
// the event that is there.
func (c *client) CreateEvent(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
	const op = "tiny: create event"
	if !req.Fields.Has(cal.FieldSlot) {
		return provider.Created{}, fault.Newf(fault.Invalid, op, "an event needs a start and an end")
	}
	body := bodyOf(req.Content, req.Fields)
	body["key"] = req.Key.String()
	if req.Fields.Has(cal.FieldAttendees) {
		body["invite"] = invited(req.Content.Attendees)
	}
	e, status, err := c.one(ctx, call{op: op, method: http.MethodPost, path: events(req.Calendar), query: mail(req.Notify), body: body})
	if err != nil {
		return provider.Created{}, err
	}
	return provider.Created{Event: e, Adopted: status == http.StatusOK}, nil
}

// UpdateEvent sends the fields that are asked for: the server keeps all others, and whoever is neither invited nor uninvited.
func (c *client) UpdateEvent(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
	body := bodyOf(req.Content, req.Fields)
	if len(req.Invite) > 0 {
		body["invite"] = invited(req.Invite)
	}
	if len(req.Uninvite) > 0 {
		body["uninvite"] = req.Uninvite
	}
	e, _, err := c.one(ctx, call{
		op: "tiny: update event", method: http.MethodPatch, path: events(req.Ref.Calendar, string(req.Ref.ID)),
		query: mail(req.Notify), etag: req.ETag, body: body,
	})
	return e, err
}

// DeleteEvent deletes an event. Of one that is deleted already the server says 410, which proves it.
func (c *client) DeleteEvent(ctx context.Context, req provider.DeleteEvent) error {
	_, err := c.send(ctx, call{
		op: "tiny: delete event", method: http.MethodDelete, path: events(req.Ref.Calendar, string(req.Ref.ID)),
		query: mail(req.Notify), etag: req.ETag,
	}, nil)
	return err
}

// mail says who is to be told.
func mail(n cal.Notify) url.Values {
	return url.Values{"mail": {string(cmp.Or(n, cal.NotifyNone))}}
}

// ListEvents returns one page. The server knows no windows: a snapshot covers all there is, and so does what follows from its cursor.
func (c *client) ListEvents(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
	const op = "tiny: list events"
	scope := "events of " + string(req.Calendar)
	if req.Cursor.Token != "" && req.Cursor.Scope != scope {
		return cal.Page{}, fault.Newf(fault.CursorLost, op, "the cursor was made by other parameters")
	}
	query := url.Values{"limit": {strconv.Itoa(req.PageSize)}, "since": {req.Cursor.Token}, "page": {req.Page}}
	var got struct {
		Events []json.RawMessage `json:"events"`
		Next   string            `json:"next"`
		Cursor string            `json:"cursor"`
	}
	if _, err := c.send(ctx, call{op: op, method: http.MethodGet, path: events(req.Calendar), query: query}, &got); err != nil {
		return cal.Page{}, err
	}
	if got.Next != "" && got.Next == req.Page || got.Next == "" && got.Cursor == "" {
		return cal.Page{}, fault.Newf(fault.CursorLost, op, "the listing neither goes on nor ends")
	}
	page := cal.Page{Kind: cal.Delta, Next: got.Next}
	if req.Cursor.Token == "" {
		page.Kind = cal.Snapshot
	}
	for _, row := range got.Events {
		page.Items = append(page.Items, itemOf(row))
	}
	if page.Next == "" {
		page.Cursor = cal.Cursor{Token: got.Cursor, Scope: scope}
	}
	return page, nil
}
