package api

import (
	"context"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// Deliveries shows what became of messages, and sends them again. What a tenant does not have is record.ErrNotFound.
type Deliveries interface {
	Deliveries(
		ctx context.Context, tenant cal.TenantID, f record.DeliveryFilter, before cal.DeliveryID, limit int,
	) ([]record.DeliveryReport, error)
	DeliveryReport(ctx context.Context, tenant cal.TenantID, id cal.DeliveryID) (record.DeliveryReport, error)
	Redeliver(ctx context.Context, tenant cal.TenantID, id cal.DeliveryID, actor string) error
	RedeliverSince(ctx context.Context, tenant cal.TenantID, id cal.EndpointID, since time.Time, actor string) (int64, error)
	TestEndpoint(ctx context.Context, tenant cal.TenantID, id cal.EndpointID, actor string) (cal.DeliveryID, error)
}

// ListDeliveries is GET /v1/deliveries.
func (s *Server) ListDeliveries(ctx context.Context, r gen.ListDeliveriesRequestObject) (gen.ListDeliveriesResponseObject, error) {
	f := record.DeliveryFilter{Endpoint: cal.EndpointID(text(r.Params.Endpoint)), State: record.DeliveryState(text(r.Params.State))}
	l, err := newListing("deliveries", r.Params.Limit, r.Params.Cursor, string(f.Endpoint), string(f.State))
	if err != nil {
		return nil, err
	}
	all, err := s.Deliveries.Deliveries(ctx, identity(ctx).Tenant, f, cal.DeliveryID(l.after), l.limit+1)
	if err != nil {
		return nil, err
	}
	page := gen.DeliveryPage{Deliveries: []gen.Delivery{}}
	all, page.NextCursor = cut(l, all, func(d record.DeliveryReport) string { return string(d.ID) })
	for _, d := range all {
		page.Deliveries = append(page.Deliveries, delivery(d))
	}
	return gen.ListDeliveries200JSONResponse(page), nil
}

// GetDelivery is GET /v1/deliveries/{delivery_id}.
func (s *Server) GetDelivery(ctx context.Context, r gen.GetDeliveryRequestObject) (gen.GetDeliveryResponseObject, error) {
	d, err := s.Deliveries.DeliveryReport(ctx, identity(ctx).Tenant, cal.DeliveryID(r.DeliveryID))
	if err != nil {
		return nil, err
	}
	return gen.GetDelivery200JSONResponse(delivery(d)), nil
}

// Redeliver is POST /v1/deliveries/{delivery_id}/redeliver.
func (s *Server) Redeliver(ctx context.Context, r gen.RedeliverRequestObject) (gen.RedeliverResponseObject, error) {
	who, id := identity(ctx), cal.DeliveryID(r.DeliveryID)
	if err := s.Deliveries.Redeliver(ctx, who.Tenant, id, who.KeyID); err != nil {
		return nil, err
	}
	d, err := s.Deliveries.DeliveryReport(ctx, who.Tenant, id)
	if err != nil {
		return nil, err
	}
	return gen.Redeliver202JSONResponse(delivery(d)), nil
}

// RedeliverSince is POST /v1/endpoints/{endpoint_id}/redeliver.
func (s *Server) RedeliverSince(ctx context.Context, r gen.RedeliverSinceRequestObject) (gen.RedeliverSinceResponseObject, error) {
	who := identity(ctx)
	since, err := time.Parse(time.RFC3339, r.Params.Since)
	if err != nil {
		return nil, refuse(record.ReasonInvalid, wrongParameter,
			message.Problem{Pointer: "query: since", Detail: "it cannot be read: give a time as 2026-10-01T10:00:00Z"})
	}
	n, err := s.Deliveries.RedeliverSince(ctx, who.Tenant, cal.EndpointID(r.EndpointID), since, who.KeyID)
	if err != nil {
		return nil, err
	}
	return gen.RedeliverSince202JSONResponse{Deliveries: n}, nil
}

// TestEndpoint is POST /v1/endpoints/{endpoint_id}/test.
func (s *Server) TestEndpoint(ctx context.Context, r gen.TestEndpointRequestObject) (gen.TestEndpointResponseObject, error) {
	who := identity(ctx)
	id, err := s.Deliveries.TestEndpoint(ctx, who.Tenant, cal.EndpointID(r.EndpointID), who.KeyID)
	if err != nil {
		return nil, err
	}
	d, err := s.Deliveries.DeliveryReport(ctx, who.Tenant, id)
	if err != nil {
		return nil, err
	}
	return gen.TestEndpoint202JSONResponse(delivery(d)), nil
}

func delivery(d record.DeliveryReport) gen.Delivery {
	out := gen.Delivery{
		ID: string(d.ID), EndpointID: string(d.Endpoint), MessageID: string(d.Message), Type: d.Type, State: gen.DeliveryState(d.State),
		Attempts: []gen.Attempt{}, NextAttemptAt: moment(d.NextAt), CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}
	for _, a := range d.Attempts {
		out.Attempts = append(out.Attempts, attempt(a))
	}
	return out
}

func attempt(a record.Attempt) gen.Attempt {
	out := gen.Attempt{At: a.At, LatencyMs: a.Latency.Milliseconds()}
	if a.Status != 0 {
		out.Status = &a.Status
	}
	if a.Failure != "" {
		out.Error = new(gen.AttemptError(a.Failure))
	}
	if a.Answer != nil {
		out.Answer = new(strings.ToValidUTF8(string(a.Answer), "\ufffd"))
	}
	return out
}

// moment is a time that may be none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
