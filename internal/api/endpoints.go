package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// Endpoints keeps where messages are delivered. What a tenant does not have is record.ErrNotFound.
type Endpoints interface {
	CreateEndpoint(ctx context.Context, tenant cal.TenantID, e record.Endpoint, actor string) (record.Endpoint, error)
	Endpoints(ctx context.Context, tenant cal.TenantID) ([]record.Endpoint, error)
	Endpoint(ctx context.Context, tenant cal.TenantID, id cal.EndpointID) (record.Endpoint, error)
	ReviseEndpoint(ctx context.Context, tenant cal.TenantID, id cal.EndpointID, c record.EndpointChange, actor string) (record.Endpoint, error)
	RotateSecret(ctx context.Context, tenant cal.TenantID, id cal.EndpointID, secret, actor string) (record.Endpoint, error)
	DeleteEndpoint(ctx context.Context, tenant cal.TenantID, id cal.EndpointID, actor string) error
}

// ListEndpoints is GET /v1/endpoints.
func (s *Server) ListEndpoints(ctx context.Context, _ gen.ListEndpointsRequestObject) (gen.ListEndpointsResponseObject, error) {
	all, err := s.Endpoints.Endpoints(ctx, identity(ctx).Tenant)
	if err != nil {
		return nil, err
	}
	out := gen.EndpointList{Endpoints: []gen.Endpoint{}}
	for _, e := range all {
		out.Endpoints = append(out.Endpoints, endpoint(e))
	}
	return gen.ListEndpoints200JSONResponse(out), nil
}

// CreateEndpoint is POST /v1/endpoints.
func (s *Server) CreateEndpoint(ctx context.Context, r gen.CreateEndpointRequestObject) (gen.CreateEndpointResponseObject, error) {
	who := identity(ctx)
	if err := s.usable(ctx, r.Body.URL); err != nil {
		return nil, err
	}
	made := record.Endpoint{URL: r.Body.URL, Secret: s.newSecret()}
	if r.Body.Description != nil {
		made.Description = *r.Body.Description
	}
	if r.Body.Types != nil {
		made.Types = distinct(*r.Body.Types)
	}
	made, err := s.Endpoints.CreateEndpoint(ctx, who.Tenant, made, who.KeyID)
	if errors.Is(err, record.ErrLimit) {
		return nil, refuse(reasonLimit, fmt.Sprintf("a tenant may have %d endpoints: delete one that is not needed, or change its URL", record.MaxEndpoints))
	}
	if err != nil {
		return nil, err
	}
	return gen.CreateEndpoint201JSONResponse(withSecret(made)), nil
}

// GetEndpoint is GET /v1/endpoints/{endpoint_id}.
func (s *Server) GetEndpoint(ctx context.Context, r gen.GetEndpointRequestObject) (gen.GetEndpointResponseObject, error) {
	e, err := s.Endpoints.Endpoint(ctx, identity(ctx).Tenant, cal.EndpointID(r.EndpointID))
	if err != nil {
		return nil, err
	}
	return gen.GetEndpoint200JSONResponse(endpoint(e)), nil
}

// ChangeEndpoint is PATCH /v1/endpoints/{endpoint_id}.
func (s *Server) ChangeEndpoint(ctx context.Context, r gen.ChangeEndpointRequestObject) (gen.ChangeEndpointResponseObject, error) {
	who, c := identity(ctx), record.EndpointChange{URL: r.Body.URL, Description: r.Body.Description}
	if c.URL != nil {
		if err := s.usable(ctx, *c.URL); err != nil {
			return nil, err
		}
	}
	if r.Body.Types != nil {
		c.Types = new(distinct(*r.Body.Types))
	}
	if r.Body.State != nil {
		c.Enabled = new(*r.Body.State == gen.EndpointStateEnabled)
	}
	e, err := s.Endpoints.ReviseEndpoint(ctx, who.Tenant, cal.EndpointID(r.EndpointID), c, who.KeyID)
	if err != nil {
		return nil, err
	}
	return gen.ChangeEndpoint200JSONResponse(endpoint(e)), nil
}

// DeleteEndpoint is DELETE /v1/endpoints/{endpoint_id}.
func (s *Server) DeleteEndpoint(ctx context.Context, r gen.DeleteEndpointRequestObject) (gen.DeleteEndpointResponseObject, error) {
	who := identity(ctx)
	if err := s.Endpoints.DeleteEndpoint(ctx, who.Tenant, cal.EndpointID(r.EndpointID), who.KeyID); err != nil {
		return nil, err
	}
	return gen.DeleteEndpoint204Response{}, nil
}

// RotateSecret is POST /v1/endpoints/{endpoint_id}/rotate.
func (s *Server) RotateSecret(ctx context.Context, r gen.RotateSecretRequestObject) (gen.RotateSecretResponseObject, error) {
	who := identity(ctx)
	e, err := s.Endpoints.RotateSecret(ctx, who.Tenant, cal.EndpointID(r.EndpointID), s.newSecret(), who.KeyID)
	if err != nil {
		return nil, err
	}
	return gen.RotateSecret200JSONResponse(withSecret(e)), nil
}

// usable refuses a URL that messages could not be delivered to.
func (s *Server) usable(ctx context.Context, url string) error {
	if err := s.CheckURL(ctx, url); err != nil {
		return refuse(reasonEndpoint, "messages cannot be delivered to this URL", message.Problem{Pointer: "/url", Detail: err.Error()})
	}
	return nil
}

// newSecret makes a secret in the form of Standard Webhooks.
func (s *Server) newSecret() string { return "whsec_" + base64.StdEncoding.EncodeToString(s.Secret()) }

// distinct are types in one order, each once.
func distinct(types []message.Type) []message.Type {
	return slices.Compact(slices.Sorted(slices.Values(types)))
}

// endpoint shows an endpoint without its secret.
func endpoint(e record.Endpoint) gen.Endpoint {
	out := gen.Endpoint{
		ID: string(e.ID), URL: e.URL, Description: e.Description, Types: append([]message.Type{}, e.Types...), State: gen.EndpointStateDisabled,
		DisabledAt: moment(e.DisabledAt), PreviousSecretUntil: moment(e.PreviousUntil), CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt,
	}
	if e.Enabled {
		out.State = gen.EndpointStateEnabled
	}
	if e.Disabled != "" {
		out.DisabledReason = new(gen.EndpointDisabledReason(e.Disabled))
	}
	return out
}

// withSecret shows an endpoint to whoever has just made its secret.
func withSecret(e record.Endpoint) gen.Endpoint {
	out := endpoint(e)
	out.Secret = e.Secret
	return out
}
