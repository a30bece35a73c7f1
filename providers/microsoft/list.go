package microsoft

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// ListEvents returns one page of a calendar view's delta: masters, exceptions, single events and stubs of occurrences
// (https://learn.microsoft.com/en-us/graph/api/event-delta). Links are followed as they came, and only to the API itself. The window is in
// the links; a snapshot of an open one cannot be had. An event that leaves the window shows as cancelled, like a deleted one.
func (c *client) ListEvents(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
	const op = "microsoft: list events"
	if err := checkCalendar(op, req.Calendar); err != nil {
		return cal.Page{}, err
	}
	at, err := c.startOf(req)
	if err != nil {
		return cal.Page{}, fault.New(fault.CursorLost, op, err)
	}
	if at.link == "" && (req.Window.From.IsZero() || req.Window.Until.IsZero()) {
		return cal.Page{}, fault.Newf(fault.Unsupported, op, "a window with both ends is needed")
	}
	info, err := c.listRequest(ctx, req, at.link)
	if err != nil {
		return cal.Page{}, refused(op, "the request cannot be made")
	}
	raw, err := c.send(ctx, call{info: info, prefer: listPrefer(req.PageSize)})
	if err != nil {
		return cal.Page{}, c.listFault(ctx, op, at.link != "", err)
	}
	var got deltaAnswer
	if json.Unmarshal(raw, &got) != nil || got.Value == nil {
		return cal.Page{}, unreadable(op)
	}
	return c.pageOf(op, req, at, got)
}

// startOf is where the page is: the place that the last one led to, or the cursor's link, or the zero place for a snapshot.
func (c *client) startOf(req provider.ListEvents) (place, error) {
	if req.Cursor.Token != "" && fixedScope(req.Cursor.Scope) != fixedScope(scopeOf(req)) {
		return place{}, errors.New("the cursor was made by other parameters")
	}
	at, err := parsePlace(req.Page)
	if err != nil {
		return place{}, err
	}
	if at.link == "" {
		at.link = req.Cursor.Token
	}
	if at.link == "" {
		return at, nil
	}
	return at, checkLink(c.base, at.link)
}

func (c *client) listRequest(ctx context.Context, req provider.ListEvents, link string) (*abstractions.RequestInformation, error) {
	builder := c.me().Calendars().ByCalendarId(string(req.Calendar)).CalendarView().Delta()
	if link != "" {
		return builder.WithUrl(link).ToGetRequestInformation(ctx, nil)
	}
	from, until := wireWindow(req.Window)
	return builder.ToGetRequestInformation(ctx, &users.ItemCalendarsItemCalendarViewDeltaRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.ItemCalendarsItemCalendarViewDeltaRequestBuilderGetQueryParameters{StartDateTime: &from, EndDateTime: &until},
	})
}

func wireWindow(w cal.Window) (from, until string) {
	return w.From.UTC().Format(time.RFC3339), w.Until.UTC().Format(time.RFC3339)
}

// listPrefer has to be sent with every page of a round.
func listPrefer(pageSize int) []string {
	prefer := []string{preferUTC, preferText}
	if pageSize > 0 {
		prefer = append(prefer, fmt.Sprintf("odata.maxpagesize=%d", min(pageSize, maxPage)))
	}
	return prefer
}

func (c *client) pageOf(op string, req provider.ListEvents, at place, got deltaAnswer) (cal.Page, error) {
	page := cal.Page{Kind: cal.Delta}
	scope := req.Cursor.Scope
	if req.Cursor.Token == "" {
		page.Kind, page.Coverage, scope = cal.Snapshot, req.Window, scopeOf(req)
	}
	switch {
	case got.NextLink != "":
		next, err := c.follow(at, got.NextLink)
		if errors.Is(err, errCycle) {
			return cal.Page{}, fault.New(fault.CursorLost, op, err)
		}
		if err != nil {
			return cal.Page{}, fault.New(fault.Invalid, op, err)
		}
		page.Next = next.String()
	case got.DeltaLink == "":
		return cal.Page{}, fault.Newf(fault.CursorLost, op, "the last page has no delta link")
	default:
		if err := checkLink(c.base, got.DeltaLink); err != nil {
			return cal.Page{}, fault.New(fault.Invalid, op, err)
		}
		page.Cursor = cal.Cursor{Token: got.DeltaLink, Scope: scope}
	}
	page.Items = make([]cal.Item, 0, len(got.Value))
	for _, row := range got.Value {
		page.Items = append(page.Items, itemOf(row))
	}
	return page, nil
}

// scopeOf names everything that a cursor is bound to. The window comes last: the link itself carries it, so that it is kept for people to
// see and not compared.
func scopeOf(req provider.ListEvents) string {
	from, until := wireWindow(req.Window)
	return "calendarView.delta ids=immutable times=UTC body=text calendar=" + string(req.Calendar) + scopeWindow + from + "/" + until
}

const scopeWindow = " window="

func fixedScope(scope string) string {
	if i := strings.LastIndex(scope, scopeWindow); i >= 0 {
		return scope[:i]
	}
	return scope
}

// listFault adds to the table what a refusal means while a link is being followed: what Graph cannot read or no longer knows is lost,
// whatever its code (https://learn.microsoft.com/en-us/graph/delta-query-overview#synchronization-reset).
func (c *client) listFault(ctx context.Context, op string, followed bool, err error) *fault.Error {
	f := c.fault(ctx, op, err)
	unknown := f.Kind == fault.Invalid || f.Kind == fault.NotFound
	if f.Status == http.StatusGone || followed && unknown && (f.Status == http.StatusBadRequest || f.Status == http.StatusNotFound) {
		f.Kind = fault.CursorLost
	}
	return f
}

// itemOf reads one row. What cannot be read is withheld under its id, or under a name made from its bytes when it has none.
func itemOf(row json.RawMessage) cal.Item {
	var head rowHead
	if json.Unmarshal(row, &head) != nil || head.ID == "" {
		sum := sha256.Sum256(row)
		id := cal.EventID("unreadable-" + hex.EncodeToString(sum[:8]))
		return cal.Item{Event: cal.Event{ID: id}, Withheld: errNoID.Error()}
	}
	if head.Removed != nil {
		return cal.Item{Event: cal.Event{ID: cal.EventID(head.ID), Status: cal.StatusCancelled}}
	}
	e, err := decode[models.Eventable](row, models.CreateEventFromDiscriminatorValue)
	if err != nil {
		return cal.Item{Event: cal.Event{ID: cal.EventID(head.ID)}, Withheld: "a field has another form than documented"}
	}
	event, err := eventOf(e)
	if err != nil {
		return cal.Item{Event: cal.Event{ID: cal.EventID(head.ID)}, Withheld: err.Error()}
	}
	return cal.Item{Event: event}
}
