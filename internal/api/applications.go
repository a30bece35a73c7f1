package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// Applications keeps tenants' clients at providers. What a tenant does not have is record.ErrNotFound.
type Applications interface {
	// CreateApplication fails with a record.RefusalError when the application could not be used.
	CreateApplication(ctx context.Context, tenant cal.TenantID, a record.Application, actor string) (record.Application, error)
	Applications(ctx context.Context, tenant cal.TenantID) ([]record.Application, error)
	Application(ctx context.Context, tenant cal.TenantID, id cal.AppID) (record.Application, error)
	DeleteApplication(ctx context.Context, tenant cal.TenantID, id cal.AppID, actor string) error
}

// ListApplications is GET /v1/applications.
func (s *Server) ListApplications(ctx context.Context, _ gen.ListApplicationsRequestObject) (gen.ListApplicationsResponseObject, error) {
	all, err := s.Applications.Applications(ctx, identity(ctx).Tenant)
	if err != nil {
		return nil, err
	}
	out := gen.ApplicationList{Applications: []gen.Application{}}
	for _, a := range all {
		out.Applications = append(out.Applications, application(a))
	}
	return gen.ListApplications200JSONResponse(out), nil
}

// CreateApplication is POST /v1/applications.
func (s *Server) CreateApplication(ctx context.Context, r gen.CreateApplicationRequestObject) (gen.CreateApplicationResponseObject, error) {
	who := identity(ctx)
	a, err := s.Applications.CreateApplication(ctx, who.Tenant, record.Application{
		Provider: cal.Provider(r.Body.Provider), Kind: record.AppKind(r.Body.Kind), Name: r.Body.Name, ClientID: r.Body.ClientID,
		EntraTenant: text(r.Body.EntraTenant), Credential: r.Body.Credential,
	}, who.KeyID)
	if errors.Is(err, record.ErrLimit) {
		return nil, refuse(reasonLimit, fmt.Sprintf("a tenant may have %d applications: delete one that is not needed", record.MaxApplications))
	}
	if err != nil {
		return nil, err
	}
	return gen.CreateApplication201JSONResponse(application(a)), nil
}

// GetApplication is GET /v1/applications/{app_id}.
func (s *Server) GetApplication(ctx context.Context, r gen.GetApplicationRequestObject) (gen.GetApplicationResponseObject, error) {
	a, err := s.Applications.Application(ctx, identity(ctx).Tenant, cal.AppID(r.AppID))
	if err != nil {
		return nil, err
	}
	return gen.GetApplication200JSONResponse(application(a)), nil
}

// DeleteApplication is DELETE /v1/applications/{app_id}.
func (s *Server) DeleteApplication(ctx context.Context, r gen.DeleteApplicationRequestObject) (gen.DeleteApplicationResponseObject, error) {
	who := identity(ctx)
	err := s.Applications.DeleteApplication(ctx, who.Tenant, cal.AppID(r.AppID), who.KeyID)
	if errors.Is(err, record.ErrInUse) {
		return nil, refuse(reasonInUse, "accounts are connected by it: disconnect them first")
	}
	if err != nil {
		return nil, err
	}
	return gen.DeleteApplication204Response{}, nil
}

// application shows an application without its credential.
func application(a record.Application) gen.Application {
	out := gen.Application{
		ID: string(a.ID), Provider: gen.Provider(a.Provider), Kind: gen.AppKind(a.Kind), Name: a.Name, ClientID: a.ClientID, CreatedAt: a.CreatedAt,
	}
	if a.EntraTenant != "" {
		out.EntraTenant = &a.EntraTenant
	}
	return out
}
