package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/grant"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

// flow fits the connecting of accounts to the API.
type flow struct {
	inner     *grant.Flow
	mailboxes *grant.Mailboxes
}

func (f flow) Begin(ctx context.Context, tenant cal.TenantID, r api.Request) (id cal.ConnectionID, token string, err error) {
	mailbox := r.Mailbox
	if mailbox == "" {
		if mailbox, err = f.mailboxes.Of(ctx, tenant, r.Again); err != nil {
			return "", "", err
		}
	}
	if mailbox != "" {
		id, err = f.mailboxes.Connect(ctx, tenant, grant.Request(r))
	} else {
		id, token, err = f.inner.Begin(ctx, tenant, grant.Request(r))
	}
	if errors.Is(err, grant.ErrNoApp) {
		return "", "", api.ErrNoProvider
	}
	return id, token, probed(err)
}

// probed marks what a provider has said to an application about a mailbox: that it may not, or that it has to wait. What else has failed is calweave's own
// and stays as it is.
func probed(err error) error {
	probe, ok := errors.AsType[*grant.ProbeError](err)
	if !ok {
		return err
	}
	f, ok := fault.As(probe)
	if !ok {
		return err
	}
	switch f.Kind {
	case fault.Transient, fault.RateLimited, fault.QuotaExhausted, fault.Busy:
		return &api.ProviderWaitError{Err: probe, After: f.RetryAfter}
	case fault.Canceled, fault.Fenced, fault.Held:
		return err
	default:
		return fmt.Errorf("%w: %w", api.ErrAppRefused, f)
	}
}

func (f flow) Open(ctx context.Context, token, cookie string) (string, error) {
	location, err := f.inner.Open(ctx, token, cookie)
	return location, forOwner(err)
}

func (f flow) Finish(ctx context.Context, in api.Answer) (api.Connected, error) {
	out, err := f.inner.Finish(ctx, grant.Answer(in))
	return api.Connected(out), forOwner(err)
}

// forOwner marks the failures that the account's owner may be shown, and only in our own words.
func forOwner(err error) error {
	for _, known := range []error{grant.ErrLink, grant.ErrState, grant.ErrPartial, grant.ErrRefused, grant.ErrIssuer} {
		if errors.Is(err, known) {
			owner := &api.OwnerError{Err: known, Expired: errors.Is(err, grant.ErrLink) || errors.Is(err, grant.ErrState)}
			if f, ok := fault.As(err); ok {
				owner.Cause = f
			}
			return owner
		}
	}
	return err
}

// applications fits tenants' applications to the API and to the command line.
type applications struct {
	*store.Store

	exchange *grant.Exchange
}

// CreateApplication refuses an application that could not be used.
func (a applications) CreateApplication(ctx context.Context, tenant cal.TenantID, r record.Application, actor string) (record.Application, error) {
	if err := a.exchange.Check(r); err != nil {
		return record.Application{}, err
	}
	return a.Store.CreateApplication(ctx, tenant, r, actor)
}

// CreateApplication registers a client of a tenant's with a provider.
func (a *App) CreateApplication(ctx context.Context, tenant cal.TenantID, r record.Application) (record.Application, error) {
	return applications{a.Store, a.exchange}.CreateApplication(ctx, tenant, r, record.ActorOperator)
}
