package api

import (
	"context"
	"errors"
	"strconv"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// Guards shows deletions that wait for a person's word, and takes it. What a tenant does not have is record.ErrNotFound.
type Guards interface {
	Guards(ctx context.Context, tenant cal.TenantID, f record.GuardFilter, after string, limit int) ([]record.Guard, error)
	Guard(ctx context.Context, tenant cal.TenantID, id string) (record.Guard, error)
	GuardedDeletions(ctx context.Context, tenant cal.TenantID, id string, after cal.LinkID, limit int) ([]record.GuardedDeletion, error)
	DecideGuard(ctx context.Context, tenant cal.TenantID, id string, g record.GuardDecision) (record.Guard, error)
}

// ListGuards is GET /v1/guards.
func (s *Server) ListGuards(ctx context.Context, r gen.ListGuardsRequestObject) (gen.ListGuardsResponseObject, error) {
	f := record.GuardFilter{State: record.GuardState(text(r.Params.State)), Calendar: cal.CalendarID(text(r.Params.CalendarID))}
	l, err := newListing("guards", r.Params.Limit, r.Params.Cursor, string(f.State), string(f.Calendar))
	if err != nil {
		return nil, err
	}
	all, err := s.Guards.Guards(ctx, identity(ctx).Tenant, f, l.after, l.limit+1)
	if err != nil {
		return nil, err
	}
	page := gen.GuardPage{Guards: []gen.Guard{}}
	all, page.NextCursor = cut(l, all, func(g record.Guard) string { return g.ID })
	for _, g := range all {
		page.Guards = append(page.Guards, guardOf(g))
	}
	return gen.ListGuards200JSONResponse(page), nil
}

// GetGuard is GET /v1/guards/{guard_id}.
func (s *Server) GetGuard(ctx context.Context, r gen.GetGuardRequestObject) (gen.GetGuardResponseObject, error) {
	g, err := s.Guards.Guard(ctx, identity(ctx).Tenant, r.GuardID)
	if err != nil {
		return nil, err
	}
	return gen.GetGuard200JSONResponse{Body: guardOf(g), Headers: gen.GetGuard200ResponseHeaders{ETag: guardTag(g)}}, nil
}

// ListGuardedDeletions is GET /v1/guards/{guard_id}/deletions.
func (s *Server) ListGuardedDeletions(ctx context.Context, r gen.ListGuardedDeletionsRequestObject) (gen.ListGuardedDeletionsResponseObject, error) {
	l, err := newListing("guarded deletions", r.Params.Limit, r.Params.Cursor, r.GuardID)
	if err != nil {
		return nil, err
	}
	tenant := identity(ctx).Tenant
	if _, err := s.Guards.Guard(ctx, tenant, r.GuardID); err != nil {
		return nil, err
	}
	all, err := s.Guards.GuardedDeletions(ctx, tenant, r.GuardID, cal.LinkID(l.after), l.limit+1)
	if err != nil {
		return nil, err
	}
	page := gen.GuardedDeletionPage{Deletions: []gen.GuardedDeletion{}}
	all, page.NextCursor = cut(l, all, func(d record.GuardedDeletion) string { return string(d.LinkID) })
	for _, d := range all {
		page.Deletions = append(page.Deletions, gen.GuardedDeletion{
			BookingID: string(d.BookingID), Verdict: gen.GuardedDeletionVerdict(d.Verdict), SeenAt: d.SeenAt,
		})
	}
	return gen.ListGuardedDeletions200JSONResponse(page), nil
}

// ApproveGuard is POST /v1/guards/{guard_id}/approve.
func (s *Server) ApproveGuard(ctx context.Context, r gen.ApproveGuardRequestObject) (gen.ApproveGuardResponseObject, error) {
	g, err := s.decideGuard(ctx, r.GuardID, r.Params.IfMatch, true)
	if err != nil {
		return nil, err
	}
	return gen.ApproveGuard202JSONResponse{Body: guardOf(g), Headers: gen.ApproveGuard202ResponseHeaders{ETag: guardTag(g)}}, nil
}

// RejectGuard is POST /v1/guards/{guard_id}/reject.
func (s *Server) RejectGuard(ctx context.Context, r gen.RejectGuardRequestObject) (gen.RejectGuardResponseObject, error) {
	g, err := s.decideGuard(ctx, r.GuardID, r.Params.IfMatch, false)
	if err != nil {
		return nil, err
	}
	return gen.RejectGuard202JSONResponse{Body: guardOf(g), Headers: gen.RejectGuard202ResponseHeaders{ETag: guardTag(g)}}, nil
}

func (s *Server) decideGuard(ctx context.Context, id string, ifMatch *string, approve bool) (record.Guard, error) {
	o, err := s.options(ctx, ifMatch)
	if err != nil {
		return record.Guard{}, err
	}
	who := identity(ctx)
	d := record.GuardDecision{Approve: approve, Actor: who.KeyID}
	if o.IfMatch != nil {
		d.Seen = *o.IfMatch
	}
	g, err := s.Guards.DecideGuard(ctx, who.Tenant, id, d)
	switch {
	case errors.Is(err, record.ErrDecided):
		return g, refuse(reasonGuardDecided, "the hold is not open any more: read it to see what became of it")
	case errors.Is(err, record.ErrStale):
		return g, refuse(reasonGuardChanged, "the hold has changed since revision "+strconv.FormatInt(d.Seen, 10)+": read it again, with its deletions, and decide anew")
	default:
		return g, err
	}
}

func guardTag(g record.Guard) *string {
	return new(strconv.Quote(strconv.FormatInt(g.Revision, 10)))
}

func guardOf(g record.Guard) gen.Guard {
	out := gen.Guard{
		ID: g.ID, CalendarID: string(g.CalendarID), ConnectionID: string(g.ConnectionID), Provider: gen.Provider(g.Provider),
		Direction: gen.GuardDirection(g.Direction), State: gen.GuardState(g.State), Reason: g.Reason, Events: g.Events, Revision: g.Revision,
		OpenedAt: g.OpenedAt, ChangedAt: g.ChangedAt,
	}
	if g.DecidedBy != "" {
		out.DecidedBy = new(g.DecidedBy)
	}
	return out
}
