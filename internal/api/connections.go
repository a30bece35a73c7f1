package api

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// Accounts keeps connected accounts.
type Accounts interface {
	Connection(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (record.Connection, error)
	Connections(ctx context.Context, tenant cal.TenantID, f record.ConnectionFilter, after cal.ConnectionID, limit int) ([]record.Connection, error)
	// ChooseConnection stores a choice and returns the connection as it is from then on.
	ChooseConnection(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, c record.ConnectionChoice) (record.Connection, error)
	// Disconnect begins to end a connection, unless somebody has, and returns it as it is.
	Disconnect(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, actor string) (record.Connection, error)
}

// Flow connects accounts. Its OwnerErrors are shown to the account's owner. Open and Finish find out whose a request is, and put that on its log
// lines (telemetry.Learn).
type Flow interface {
	// Begin returns no token where nobody has to consent.
	Begin(ctx context.Context, tenant cal.TenantID, r Request) (id cal.ConnectionID, connectToken string, err error)
	Open(ctx context.Context, connectToken, cookie string) (location string, err error)
	// Finish says where the browser goes even if it fails, once the answer is known to belong to this browser.
	Finish(ctx context.Context, a Answer) (Connected, error)
}

// Request asks for an account to be connected.
type Request struct {
	Provider cal.Provider
	// Again is a connection to connect anew; empty for a new one.
	Again cal.ConnectionID
	// App is the tenant's application to connect it by; empty for the installation's own.
	App cal.AppID
	// Mailbox is which one an application that acts by itself is to act for; empty where an owner is asked.
	Mailbox string
	// ReturnURL is where the owner's browser goes in the end; empty for a page of our own.
	ReturnURL string
	Actor     string
}

// Connected is what became of a flow.
type Connected struct {
	ID cal.ConnectionID
	// ReturnURL is where the owner's browser goes; empty for a page of our own.
	ReturnURL string
	// Lacks is what the owner has not allowed.
	Lacks []cal.Ability
}

// ErrNoProvider means that the operator has configured no OAuth client for a provider.
var ErrNoProvider = errors.New("no OAuth client is configured for this provider")

// ErrAppRefused means that a provider does not let an application act for a mailbox.
var ErrAppRefused = errors.New("the provider refuses it")

// ProviderWaitError is a provider that cannot be asked about a mailbox at the moment: it does not answer, or has asked to be left alone. Nothing was
// stored.
type ProviderWaitError struct {
	Err error
	// After is how long to stay away at least; 0 when nothing was said.
	After time.Duration
}

// Error gives the cause.
func (e *ProviderWaitError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *ProviderWaitError) Unwrap() error { return e.Err }

// CreateConnection is POST /v1/connections.
func (s *Server) CreateConnection(ctx context.Context, r gen.CreateConnectionRequestObject) (gen.CreateConnectionResponseObject, error) {
	who, back := identity(ctx), text(r.Body.ReturnURL)
	if back != "" && !slices.Contains(s.ReturnURLs, back) {
		return nil, refuse(record.ReasonInvalid, "the owner's browser may not be sent there", message.Problem{
			Pointer: "/return_url", Detail: "it is none of those that the operator allows (CALWEAVE_RETURN_URLS): write it exactly as it stands there, or leave it out",
		})
	}
	id, token, err := s.Flow.Begin(ctx, who.Tenant, Request{
		Provider: cal.Provider(r.Body.Provider), Again: cal.ConnectionID(text(r.Body.ConnectionID)), App: cal.AppID(text(r.Body.AppID)),
		Mailbox: text(r.Body.Mailbox), ReturnURL: back, Actor: who.KeyID,
	})
	switch {
	case errors.Is(err, ErrNoProvider):
		return nil, refuse(reasonProvider, "the operator has to set this provider's client id and secret first",
			message.Problem{Pointer: "/provider", Detail: "no OAuth client is configured for it"})
	case errors.Is(err, ErrAppRefused):
		return nil, refuse(reasonApplication, err.Error())
	case errors.Is(err, record.ErrNotFound) && r.Body.ConnectionID == nil:
		return nil, refuse(record.ReasonInvalid, "the account cannot be connected like this",
			message.Problem{Pointer: "/app_id", Detail: "there is no such application of this provider: GET /v1/applications lists them"})
	case errors.Is(err, record.ErrNotFound):
		return nil, refuse(record.ReasonInvalid, "the connection cannot be connected anew",
			message.Problem{Pointer: "/connection_id", Detail: "no such connection of this provider: leave it out to make a new one"})
	case err != nil:
		return nil, s.unasked(ctx, err)
	}
	c, err := s.Accounts.Connection(ctx, who.Tenant, id)
	if err != nil {
		return nil, err
	}
	out := gen.CreateConnection201JSONResponse{ID: string(id), Provider: r.Body.Provider, State: gen.ConnectionState(c.State)}
	if token != "" {
		out.ConnectURL = s.PublicURL + "/connect/" + token
	}
	return out, nil
}

// unasked is the problem of a provider that has to be waited for. Other errors stay as they are.
func (s *Server) unasked(ctx context.Context, err error) error {
	wait, ok := errors.AsType[*ProviderWaitError](err)
	if !ok {
		return err
	}
	s.Log.WarnContext(ctx, "a mailbox could not be looked at", slog.String("error", err.Error()))
	return &laterError{refuse(reasonProviderAway, "the provider does not answer, or has asked to be left alone: nothing was stored, send the request again later"), wait.After}
}

// ListConnections is GET /v1/connections.
func (s *Server) ListConnections(ctx context.Context, r gen.ListConnectionsRequestObject) (gen.ListConnectionsResponseObject, error) {
	p := r.Params
	f := record.ConnectionFilter{Provider: cal.Provider(text(p.Provider)), State: cal.ConnectionState(text(p.State))}
	l, err := newListing("connections", p.Limit, p.Cursor, string(f.Provider), string(f.State))
	if err != nil {
		return nil, err
	}
	rows, err := s.Accounts.Connections(ctx, identity(ctx).Tenant, f, cal.ConnectionID(l.after), l.limit+1)
	if err != nil {
		return nil, err
	}
	page := gen.ConnectionPage{Connections: []gen.Connection{}}
	rows, page.NextCursor = cut(l, rows, func(c record.Connection) string { return string(c.ID) })
	for _, c := range rows {
		page.Connections = append(page.Connections, connection(c))
	}
	return gen.ListConnections200JSONResponse(page), nil
}

// GetConnection is GET /v1/connections/{connection_id}.
func (s *Server) GetConnection(ctx context.Context, r gen.GetConnectionRequestObject) (gen.GetConnectionResponseObject, error) {
	c, err := s.Accounts.Connection(ctx, identity(ctx).Tenant, cal.ConnectionID(r.ConnectionID))
	if err != nil {
		return nil, err
	}
	return gen.GetConnection200JSONResponse(connection(c)), nil
}

// ChooseConnection is PATCH /v1/connections/{connection_id}.
func (s *Server) ChooseConnection(ctx context.Context, r gen.ChooseConnectionRequestObject) (gen.ChooseConnectionResponseObject, error) {
	who := identity(ctx)
	choice := record.ConnectionChoice{Backflow: r.Body.Backflow, Actor: who.KeyID}
	c, err := s.Accounts.ChooseConnection(ctx, who.Tenant, cal.ConnectionID(r.ConnectionID), choice)
	if err != nil {
		return nil, err
	}
	return gen.ChooseConnection200JSONResponse(connection(c)), nil
}

// DeleteConnection is DELETE /v1/connections/{connection_id}. A repetition changes nothing.
func (s *Server) DeleteConnection(ctx context.Context, r gen.DeleteConnectionRequestObject) (gen.DeleteConnectionResponseObject, error) {
	who := identity(ctx)
	c, err := s.Accounts.Disconnect(ctx, who.Tenant, cal.ConnectionID(r.ConnectionID), who.KeyID)
	if err != nil {
		return nil, err
	}
	if c.State == cal.ConnectionDisconnected {
		return gen.DeleteConnection200JSONResponse(connection(c)), nil
	}
	return gen.DeleteConnection202JSONResponse(connection(c)), nil
}

func connection(c record.Connection) gen.Connection {
	out := gen.Connection{
		ID: string(c.ID), Provider: gen.Provider(c.Provider), State: gen.ConnectionState(c.State), CreatedAt: c.CreatedAt,
		Backflow: c.Backflow, Capabilities: []gen.Capability{}, Missing: []gen.Capability{},
	}
	for _, a := range cal.Abilities() {
		switch {
		case c.State == cal.ConnectionPending || c.State.Closed(): // nobody knows yet, or nothing is allowed any more
		case c.Can(a):
			out.Capabilities = append(out.Capabilities, gen.Capability(a))
		default:
			out.Missing = append(out.Missing, gen.Capability(a))
		}
	}
	if record.OfTenant(c.AppID) {
		out.AppID = new(string(c.AppID))
	}
	if c.Account != "" {
		out.Account = &c.Account
	}
	if c.Reason != "" {
		out.Reason = &c.Reason
	}
	return out
}
