package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// Links is what an audit needs of the store.
type Links interface {
	AuditedLinks(ctx context.Context, tenant cal.TenantID, f record.AuditFilter, after cal.LinkID, limit int) ([]record.AuditedLink, error)
}

// Audit compares links with their events, one after another, in the bulk lane. It holds one page of links at a time.
type Audit struct {
	Looker
	Links Links
	// Lease bounds what the calls for one link may take.
	Lease time.Duration
	// Patience is the longest wait that a provider, or the fleet's budget, is granted for one link; 0 for none.
	Patience time.Duration
	// Wait waits for a time, or until the context ends.
	Wait func(ctx context.Context, d time.Duration) error
}

// auditPage is how many links are read from the store at once.
const auditPage = 100

// Walk hands over a finding for each link of the filter that follows after, in the order of their ids. It returns the last link that it has looked
// at: an audit that ended early goes on after that one. It fails with the store's error, the context's end, or what each says.
func (a *Audit) Walk(
	ctx context.Context, tenant cal.TenantID, f record.AuditFilter, after cal.LinkID, each func(record.Finding) error,
) (last cal.LinkID, err error) {
	ctx = record.WithTurn(ctx, record.Turn{Lane: task.Bulk})
	left := map[cal.ConnectionID]error{} // connections that are left alone, and why
	for {
		page, err := a.Links.AuditedLinks(ctx, tenant, f, after, auditPage)
		if err != nil {
			return after, err
		}
		for _, l := range page {
			found, err := a.examine(ctx, tenant, l, left)
			if err == nil {
				err = each(found)
			}
			if err != nil {
				return after, err
			}
			after = l.ID
		}
		if len(page) < auditPage {
			return after, nil
		}
	}
}

// examine looks at one link. What keeps it from seeing the event is a finding too, unless it is the store or the end of the context.
func (a *Audit) examine(ctx context.Context, tenant cal.TenantID, l record.AuditedLink, left map[cal.ConnectionID]error) (record.Finding, error) {
	err := left[l.ConnectionID]
	if err == nil {
		var found record.Finding
		if found, err = a.patiently(ctx, tenant, l); err == nil {
			return found, nil
		}
	}
	if ctx.Err() != nil {
		return record.Finding{}, ctx.Err()
	}
	f, ok := fault.As(err)
	if !ok || errors.Is(err, errStore) {
		return record.Finding{}, err
	}
	if wide(f.Kind) {
		left[l.ConnectionID] = err
	}
	return unseenBecause(l, f), nil
}

// errStore marks a failure of the store, which says nothing about any event.
var errStore = errors.New("the store failed")

// unseenBecause is the finding about an event that cannot be looked at.
func unseenBecause(l record.AuditedLink, f *fault.Error) record.Finding {
	out := record.Finding{AuditedLink: l, Would: record.WouldFail, Fault: f.Kind, Why: f.Error()}
	out.Judge()
	return out
}

// wide reports whether a failure is about everything of its connection, so that the rest need not be tried.
func wide(k fault.Kind) bool {
	switch k {
	case fault.RateLimited, fault.QuotaExhausted, fault.Busy, fault.Unauthorized, fault.NeedsReauth, fault.NeedsConsent, fault.Misconfigured, fault.Unsupported:
		return true
	default:
		return false
	}
}

// patiently looks at a link, and waits as it is told for as long as Patience allows.
func (a *Audit) patiently(ctx context.Context, tenant cal.TenantID, l record.AuditedLink) (record.Finding, error) {
	for patience := a.Patience; ; {
		found, err := a.Look(ctx, l.Lease(tenant, a.Clock.Now().Add(a.Lease)), l)
		asked := fault.RetryAfter(err)
		if err == nil || asked <= 0 || asked > patience {
			return found, err
		}
		patience -= asked
		if err := a.Wait(ctx, asked); err != nil {
			return record.Finding{}, err
		}
	}
}
