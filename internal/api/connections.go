package api

import (
	"context"
	"errors"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// Accounts shows connected accounts.
type Accounts interface {
	Connection(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (record.Connection, error)
	Calendars(ctx context.Context, tenant cal.TenantID, after cal.CalendarID, limit int) ([]record.Calendar, error)
}

// Flow connects accounts. Its OwnerErrors are shown to the account's owner. Open and Finish find out whose a request is, and put that on its log
// lines (telemetry.Learn).
type Flow interface {
	Begin(ctx context.Context, tenant cal.TenantID, p cal.Provider, again cal.ConnectionID, actor string) (cal.ConnectionID, string, error)
	Open(ctx context.Context, connectToken, cookie string) (location string, err error)
	Finish(ctx context.Context, a Answer) (cal.ConnectionID, error)
}

// ErrNoProvider means that the operator has configured no OAuth client for a provider.
var ErrNoProvider = errors.New("no OAuth client is configured for this provider")

// CreateConnection is POST /v1/connections.
func (s *Server) CreateConnection(ctx context.Context, r gen.CreateConnectionRequestObject) (gen.CreateConnectionResponseObject, error) {
	who, again := identity(ctx), cal.ConnectionID("")
	if r.Body.ConnectionID != nil {
		again = cal.ConnectionID(*r.Body.ConnectionID)
	}
	id, token, err := s.Flow.Begin(ctx, who.Tenant, cal.Provider(r.Body.Provider), again, who.KeyID)
	switch {
	case errors.Is(err, ErrNoProvider):
		return nil, refuse(reasonProvider, "the operator has to set this provider's client id and secret first",
			message.Problem{Pointer: "/provider", Detail: "no OAuth client is configured for it"})
	case errors.Is(err, record.ErrNotFound):
		return nil, refuse(record.ReasonInvalid, "the connection cannot be connected anew",
			message.Problem{Pointer: "/connection_id", Detail: "no such connection of this provider: leave it out to make a new one"})
	case err != nil:
		return nil, err
	}
	c, err := s.Accounts.Connection(ctx, who.Tenant, id)
	if err != nil {
		return nil, err
	}
	return gen.CreateConnection201JSONResponse{
		ID: string(id), Provider: r.Body.Provider, State: gen.ConnectionState(c.State), ConnectURL: s.PublicURL + "/connect/" + token,
	}, nil
}

// ListCalendars is GET /v1/calendars.
func (s *Server) ListCalendars(ctx context.Context, r gen.ListCalendarsRequestObject) (gen.ListCalendarsResponseObject, error) {
	limit, err := pageSize(r.Params.Limit)
	if err != nil {
		return nil, err
	}
	after, err := cursor(r.Params.Cursor, "cal_")
	if err != nil {
		return nil, err
	}
	all, err := s.Accounts.Calendars(ctx, identity(ctx).Tenant, cal.CalendarID(after), limit+1)
	if err != nil {
		return nil, err
	}
	page := gen.CalendarPage{Calendars: []gen.Calendar{}}
	if len(all) > limit {
		all = all[:limit]
		next := string(all[limit-1].ID)
		page.NextCursor = &next
	}
	for _, c := range all {
		page.Calendars = append(page.Calendars, gen.Calendar{
			ID: string(c.ID), ConnectionID: string(c.ConnectionID), Provider: gen.Provider(c.Provider), Name: c.Name, Primary: c.Primary,
			Writable: c.Writable, TimeZone: c.Zone, Sync: gen.CalendarSync(c.Level()), ConnectionState: gen.CalendarConnectionState(c.ConnectionState),
		})
	}
	return gen.ListCalendars200JSONResponse(page), nil
}
