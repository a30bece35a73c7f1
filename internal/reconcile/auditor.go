package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/record"
)

// AuditStore is what scheduled audits need of the store. None of it writes to a link.
type AuditStore interface {
	Cases
	CalendarAudit(ctx context.Context, l record.Lease, limit int) (a record.DriftAudit, next []record.AuditedLink, err error)
	ReportDrift(ctx context.Context, l record.Lease, r record.AuditReport) error
	Finish(ctx context.Context, l record.Lease, o record.Outcome, marks ...record.Mark) error
}

// Auditor compares the links of calendars with their events on a schedule. It reports, and repairs nothing.
type Auditor struct {
	Looker
	Reports AuditStore
	// Interval is how often a calendar is audited; Jitter spreads the calendars over it.
	Interval time.Duration
	Jitter   func(time.Duration) time.Duration
	// Found hears of each finding; nil for nobody.
	Found func(record.Finding)
}

// Work looks at the links of the lease's calendar that come next, as many as half of the lease and one page allow, commits what it has found, and comes
// back for the rest at once, or after the interval.
func (a *Auditor) Work(ctx context.Context, l record.Lease) error {
	audit, next, err := a.Reports.CalendarAudit(ctx, l, auditPage)
	if err != nil {
		return err
	}
	if !audit.Calendar.Targeted {
		return a.Reports.Finish(ctx, l, record.Served()) // whoever books in it again marks this row
	}
	if audit.After == "" {
		audit.StartedAt, audit.Links, audit.Drifted, audit.Unreachable = a.Clock.Now().UTC(), 0, 0, 0
	}
	found, stopped := a.examine(ctx, l, next)
	if len(found) == 0 && stopped != nil {
		return stopped
	}
	audit.Count(found)
	o := record.Served()
	o.Again, o.NotBefore = true, a.Clock.Now().Add(fault.RetryAfter(stopped))
	whole := len(found) == len(next) && len(next) < auditPage
	if whole {
		o.NotBefore = a.Clock.Now().Add(a.Interval - a.Jitter(a.Interval/8))
	}
	if err := a.Reports.ReportDrift(ctx, l, record.AuditReport{Audit: audit, Found: found, Whole: whole, Outcome: o}); err != nil {
		return err
	}
	for _, f := range found {
		if a.Found != nil {
			a.Found(f)
		}
	}
	return nil
}

// examine looks at links until one is left for later: because the time is over, which is no failure, or because of a failure that is about all of them.
func (a *Auditor) examine(ctx context.Context, l record.Lease, next []record.AuditedLink) (found []record.Finding, stopped error) {
	half := l.Until.Sub(a.Clock.Now()) / 2
	for i, link := range next {
		if i > 0 && l.Until.Sub(a.Clock.Now()) < half {
			return found, nil
		}
		f, err := a.Look(ctx, link.Lease(l.Tenant, l.Until), link)
		if err != nil {
			failure, ok := fault.As(err)
			if !ok || errors.Is(err, errStore) || wide(failure.Kind) || failure.Kind == fault.Canceled || failure.Kind == fault.Fenced {
				return found, err
			}
			f = unseenBecause(link, failure)
		}
		found = append(found, f)
	}
	return found, nil
}
