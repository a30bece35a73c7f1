package api

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// Endpoints keeps where messages are delivered.
type Endpoints interface {
	CreateEndpoint(ctx context.Context, tenant cal.TenantID, url, secret, actor string) (record.Endpoint, error)
	CountEndpoints(ctx context.Context, tenant cal.TenantID) (int64, error)
}

// endpointLimit bounds how many endpoints a tenant has: each message is delivered to all of them.
const endpointLimit = 20

// CreateEndpoint is POST /v1/endpoints.
func (s *Server) CreateEndpoint(ctx context.Context, r gen.CreateEndpointRequestObject) (gen.CreateEndpointResponseObject, error) {
	who := identity(ctx)
	if err := s.CheckURL(ctx, r.Body.URL); err != nil {
		return nil, refuse(reasonEndpoint, "messages cannot be delivered to this URL", message.Problem{Pointer: "/url", Detail: err.Error()})
	}
	n, err := s.Endpoints.CountEndpoints(ctx, who.Tenant)
	if err != nil {
		return nil, err
	}
	if n >= endpointLimit {
		return nil, refuse(reasonLimit, fmt.Sprintf("a tenant may have %d endpoints", endpointLimit))
	}
	secret := "whsec_" + base64.StdEncoding.EncodeToString(s.Secret())
	e, err := s.Endpoints.CreateEndpoint(ctx, who.Tenant, r.Body.URL, secret, who.KeyID)
	if err != nil {
		return nil, err
	}
	return gen.CreateEndpoint201JSONResponse{ID: string(e.ID), URL: e.URL, Secret: secret, CreatedAt: e.CreatedAt}, nil
}
