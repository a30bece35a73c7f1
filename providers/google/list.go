package google

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"google.golang.org/api/calendar/v3"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// listParams are the parameters that a sync token is bound to; every listing has them
// (https://developers.google.com/workspace/calendar/api/guides/sync).
func listParams() url.Values {
	return url.Values{"singleEvents": {"false"}, "showDeleted": {"true"}}
}

// ListEvents returns one page of masters, exceptions and single events. A snapshot has no end, so that its token goes on to show events
// that are moved far ahead. Google sends the next token with the last page only; a last page without one proves nothing and loses the cursor.
func (c *client) ListEvents(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
	const op = "google: list events"
	if err := checkCalendar(op, req.Calendar); err != nil {
		return cal.Page{}, err
	}
	scope := scopeOf(req)
	if req.Cursor.Token != "" && fixedScope(req.Cursor.Scope) != fixedScope(scope) {
		return cal.Page{}, fault.Newf(fault.CursorLost, op, "the cursor was made by other parameters")
	}
	var got listAnswer
	err := c.send(ctx, call{
		method: http.MethodGet, path: "calendars/{calendarId}/events",
		ids: map[string]string{"calendarId": string(req.Calendar)}, query: listQuery(req),
	}, &got)
	if err != nil {
		return cal.Page{}, c.listFault(ctx, op, req, err)
	}
	page := cal.Page{Kind: cal.Delta, Items: itemsOf(got.Items), Next: got.NextPageToken}
	if req.Cursor.Token == "" {
		page.Kind, page.Coverage = cal.Snapshot, cal.Window{From: req.Window.From}
	} else {
		scope = req.Cursor.Scope
	}
	switch {
	case page.Next == "" && got.NextSyncToken == "":
		return cal.Page{}, fault.Newf(fault.CursorLost, op, "the last page has no sync token")
	case page.Next != "" && page.Next == req.Page:
		return cal.Page{}, fault.Newf(fault.CursorLost, op, "a page names itself as the next")
	case page.Next == "":
		page.Cursor = cal.Cursor{Token: got.NextSyncToken, Scope: scope}
	}
	return page, nil
}

// listQuery sets what the reference page of events.list allows together: timeMin only without a sync token.
func listQuery(req provider.ListEvents) url.Values {
	q := listParams()
	if req.PageSize > 0 {
		q.Set("maxResults", strconv.Itoa(min(req.PageSize, maxPage)))
	}
	if req.Page != "" {
		q.Set("pageToken", req.Page)
	}
	if req.Cursor.Token != "" {
		q.Set("syncToken", req.Cursor.Token)
	} else if from := timeMin(req.Window); from != "" {
		q.Set("timeMin", from)
	}
	return q
}

func timeMin(w cal.Window) string {
	if w.From.IsZero() {
		return ""
	}
	return w.From.UTC().Format(time.RFC3339)
}

// scopeOf names everything that a cursor is bound to. The window's begin comes last: the token itself carries it, so that it is kept for
// people to see and not compared.
func scopeOf(req provider.ListEvents) string {
	return "events.list " + listParams().Encode() + " calendar=" + string(req.Calendar) + scopeWindow + timeMin(req.Window)
}

const scopeWindow = " timeMin="

func fixedScope(scope string) string {
	if i := strings.LastIndex(scope, scopeWindow); i >= 0 {
		return scope[:i]
	}
	return scope
}

// listFault adds to the table what a refusal means while a token is being followed: one that Google cannot read or no longer knows is lost.
func (c *client) listFault(ctx context.Context, op string, req provider.ListEvents, err error) *fault.Error {
	f := c.fault(ctx, op, err)
	followed := req.Cursor.Token != "" || req.Page != ""
	if f.Status == http.StatusGone || followed && f.Status == http.StatusBadRequest {
		f.Kind = fault.CursorLost
	}
	return f
}

func itemsOf(rows []json.RawMessage) []cal.Item {
	items := make([]cal.Item, 0, len(rows))
	for _, row := range rows {
		if !isNote(row) {
			items = append(items, itemOf(row))
		}
	}
	return items
}

// isNote reports whether a row is a birthday or a working location: Google keeps them among the events, but they take nobody's time and
// cannot be booked (https://developers.google.com/workspace/calendar/api/v3/reference/events, eventType).
func isNote(row json.RawMessage) bool {
	var head struct {
		Type string `json:"eventType"`
	}
	return json.Unmarshal(row, &head) == nil && (head.Type == "birthday" || head.Type == "workingLocation")
}

// itemOf reads one row. What cannot be read is withheld under its id, or under a name made from its bytes when it has none; a tombstone is
// one as long as its id and its status can be read.
func itemOf(row json.RawMessage) cal.Item {
	var e calendar.Event
	err := json.Unmarshal(row, &e)
	if err == nil {
		var event cal.Event
		if event, err = eventOf(&e); err == nil {
			return cal.Item{Event: event}
		}
	}
	var head struct {
		ID     string `json:"id"`
		Status string `json:"status"`
		Series string `json:"recurringEventId"`
	}
	if json.Unmarshal(row, &head) != nil || head.ID == "" {
		sum := sha256.Sum256(row)
		return cal.Item{Event: cal.Event{ID: cal.EventID("unreadable-" + hex.EncodeToString(sum[:8]))}, Withheld: reasonOf(err)}
	}
	if statusOf(head.Status) == cal.StatusCancelled {
		return cal.Item{Event: cal.Event{ID: cal.EventID(head.ID), Status: cal.StatusCancelled, Series: cal.EventID(head.Series)}}
	}
	return cal.Item{Event: cal.Event{ID: cal.EventID(head.ID)}, Withheld: reasonOf(err)}
}

// reasonOf says why a row is withheld, in words that hold nothing of the row.
func reasonOf(err error) string {
	if f, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return "a field has another type than documented: " + code(f.Field)
	}
	return err.Error()
}
