package reconcile

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// desk is what an auditor has of the store: n links, which are the bench's one under as many ids.
type desk struct {
	Cases
	pages

	audit    record.DriftAudit
	reports  []record.AuditReport
	finished []record.Outcome
}

// CalendarAudit returns what comes next.
func (d *desk) CalendarAudit(ctx context.Context, _ record.Lease, limit int) (record.DriftAudit, []record.AuditedLink, error) {
	next, err := d.AuditedLinks(ctx, tenant, record.AuditFilter{}, d.audit.After, limit)
	return d.audit, next, err
}

// ReportDrift keeps a report.
func (d *desk) ReportDrift(_ context.Context, _ record.Lease, r record.AuditReport) error {
	d.reports = append(d.reports, r)
	if d.audit = r.Audit; r.Whole {
		d.audit.After = ""
	}
	return nil
}

// Finish keeps an outcome.
func (d *desk) Finish(_ context.Context, _ record.Lease, o record.Outcome, _ ...record.Mark) error {
	d.finished = append(d.finished, o)
	return nil
}

// auditor is an auditor of n links of the bench's calendar, with its desk.
func (b *bench) auditor(n int) (*Auditor, *desk) {
	_, p := b.audit(n)
	d := &desk{Cases: b.shelf, pages: *p, audit: record.DriftAudit{Calendar: b.shelf.calendar}}
	return &Auditor{
		Looker:  Looker{Store: b.shelf, Open: b.r.Open, Clock: b.clock, Quiet: b.r.Quiet, Taken: b.r.Taken},
		Reports: d, Interval: 24 * time.Hour, Jitter: func(time.Duration) time.Duration { return time.Hour },
	}, d
}

// audits runs an auditor once.
func (b *bench) audits(a *Auditor) error {
	return a.Work(b.t.Context(), record.Lease{
		Ref: task.Ref{Tenant: tenant, Kind: task.CalendarAudit, Subject: "cal_1"}, Lane: task.Bulk, ConnectionID: "con_1", Until: b.clock.Now().Add(leaseTime),
	})
}

// A scheduled audit goes through all links in as many runs as it takes, counts them, and comes back after the interval.
func TestAnAuditOnSchedule(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.account.person(b.event().ID, cal.FieldSlot, cal.Content{Slot: slotAt(3)})
	writes, ops := len(b.account.writes), len(b.shelf.ops)
	a, d := b.auditor(auditPage + 2)
	heard := 0
	a.Found = func(f record.Finding) {
		if heard++; f.Would != record.WouldReport || f.Verdict != record.Drifted {
			t.Errorf("%+v", f)
		}
	}
	for range 2 {
		if err := b.audits(a); err != nil {
			t.Fatal(err)
		}
	}
	first, second := d.reports[0], d.reports[1]
	if first.Whole || !first.Outcome.Again || first.Outcome.NotBefore.After(b.clock.Now()) || first.Audit.Links != auditPage {
		t.Errorf("the first page ends with %+v after %d links", first.Outcome, first.Audit.Links)
	}
	if !second.Whole || !second.Outcome.Again || !second.Outcome.NotBefore.Equal(b.clock.Now().Add(23*time.Hour)) {
		t.Errorf("the last page ends with %+v", second.Outcome)
	}
	if n := second.Audit; n.Links != auditPage+2 || n.Drifted != auditPage+2 || n.Unreachable != 0 || heard != auditPage+2 || !n.StartedAt.Equal(began) {
		t.Errorf("%+v, and heard of %d", n, heard)
	}
	if len(b.account.writes) != writes || slices.ContainsFunc(b.shelf.ops[ops:], func(op string) bool { return op != "case" }) {
		t.Errorf("it wrote %v, %v", b.account.writes[writes:], b.shelf.ops[ops:])
	}
	if err := b.audits(a); err != nil || d.reports[2].Audit.Links != auditPage {
		t.Errorf("the next audit counts from the beginning: %+v, %v", d.reports[2].Audit, err)
	}
}

// A run ends before its lease does, whatever a call takes.
func TestAnAuditKeepsToItsLease(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	a, d := b.auditor(10)
	b.account.asked = func(context.Context, string) { b.clock.Advance(leaseTime / 5) }
	if err := b.audits(a); err != nil || len(d.reports) != 1 || len(d.reports[0].Found) != 3 || d.reports[0].Whole {
		t.Fatalf("%+v: %v", d.reports, err)
	}
	if d.audit.After != d.all[2].ID {
		t.Errorf("it goes on after %s", d.audit.After)
	}
}

// A failure that is about the whole connection ends the run: with what it has found so far, or as the engine has to see it.
func TestAnAuditStopsWhereAllWouldFail(t *testing.T) {
	t.Parallel()
	limited := fault.Newf(fault.RateLimited, "read event", "slower")
	limited.RetryAfter = time.Minute
	b := booked(t, cal.Google)
	a, d := b.auditor(3)
	b.account.refusal = limited
	if err := b.audits(a); !fault.Is(err, fault.RateLimited) || len(d.reports) != 0 {
		t.Errorf("at the first link: %+v: %v", d.reports, err)
	}
	calls := 0
	b.account.asked = func(context.Context, string) {
		if calls++; calls == 2 {
			b.account.refusal = limited
		}
	}
	if err := b.audits(a); err != nil || len(d.reports) != 1 {
		t.Fatalf("at the second link: %+v: %v", d.reports, err)
	}
	if r := d.reports[0]; len(r.Found) != 1 || r.Whole || !r.Outcome.Again || !r.Outcome.NotBefore.Equal(b.clock.Now().Add(time.Minute)) {
		t.Errorf("%+v", r)
	}
}

// One link that cannot be looked at keeps no other from being looked at.
func TestAnAuditPassesOneThatFails(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	a, d := b.auditor(3)
	b.account.refusal = fault.Newf(fault.Forbidden, "read event", "no")
	if err := b.audits(a); err != nil {
		t.Fatal(err)
	}
	if n := d.reports[0].Audit; n.Links != 3 || n.Unreachable != 1 || n.Drifted != 0 || !d.reports[0].Whole {
		t.Errorf("%+v", n)
	}
}

// Where no booking stands any more, the schedule ends.
func TestAnAuditEndsWithItsTargets(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	a, d := b.auditor(1)
	d.audit.Calendar.Targeted = false
	if err := b.audits(a); err != nil || len(d.reports) != 0 || len(d.finished) != 1 || d.finished[0].Again || !d.finished[0].Served {
		t.Errorf("%+v, %+v: %v", d.reports, d.finished, err)
	}
}
