package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// mark is a row to mark, with the hint that goes out for it if it is due after the commit.
type mark struct {
	record.Mark
	hint *task.Hint
}

// mark asks for work on rows. They are marked at the end of the transaction, in one order for all, so that two transactions that mark the
// same rows queue up instead of blocking each other for ever.
func (t *tx) mark(ms ...record.Mark) {
	for _, m := range ms {
		t.marks = append(t.marks, mark{Mark: m})
	}
}

func (t *tx) flushMarks(ctx context.Context) error {
	slices.SortStableFunc(t.marks, func(a, b mark) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject))
	})
	for i := range t.marks {
		m := &t.marks[i]
		if m.Revive {
			err := t.reviveWork(ctx, m.Kind, m.Subject)
			if err != nil {
				return err
			}
		}
		at := ctx
		if i == len(t.marks)-1 && m.Hold == "" && !t.carries(ctx) {
			at = final(ctx)
		}
		row, err := t.MarkWork(at, db.MarkWorkParams{
			TenantID: t.tenant, Kind: string(m.Kind), Subject: m.Subject, ConnectionID: string(m.ConnectionID), Lane: string(m.Lane),
			Now: t.now, NotBefore: micros(m.NotBefore), Reset: m.Reset, Traceparent: t.traceparent,
		})
		if err != nil {
			return err
		}
		if m.Hold != "" {
			err := t.HoldWork(ctx, db.HoldWorkParams{
				TenantID: t.tenant, Kind: string(m.Kind), Subject: m.Subject, HeldFor: string(m.Hold), LastError: plainText(m.Reason),
			})
			if err != nil {
				return err
			}
			continue
		}
		if record.WorkState(row.State) == record.Ready && row.NotBefore <= t.now {
			m.hint = t.newHint(m.Kind, m.Subject, row.Lane)
		}
	}
	return nil
}

func (t *tx) newHint(kind task.Kind, subject, lane string) *task.Hint {
	return &task.Hint{
		Schema: task.SchemaVersion, Ref: task.Ref{Tenant: t.tenantID(), Kind: kind, Subject: subject},
		Lane: task.Lane(lane), Traceparent: t.traceparent,
	}
}

func (t *tx) reviveWork(ctx context.Context, kind task.Kind, subject string) error {
	n, err := t.ReviveWork(ctx, db.ReviveWorkParams{TenantID: t.tenant, Kind: string(kind), Subject: subject})
	if err != nil || n == 0 {
		return err
	}
	return t.noteWork(ctx, task.Ref{Tenant: t.tenantID(), Kind: kind, Subject: subject}, record.ActorEngine, "work.revived", map[string]any{})
}

// hint tells about the rows that the committed transaction has left due.
func (t *tx) hint() {
	due := t.again
	for _, m := range t.marks {
		if m.hint != nil {
			due = append(due, *m.hint)
		}
	}
	if len(due) > 0 {
		t.Store.notify(due)
	}
}

// updateUnder runs fn in a transaction that holds a lease and prolongs it by d. Unless it commits, the lease is as it was.
func (s *Store) updateUnder(ctx context.Context, l record.Lease, d time.Duration, op string, fn func(context.Context, *tx) error) (record.Lease, error) {
	prolonged := l
	err := s.update(ctx, l.Tenant, op, func(ctx context.Context, t *tx) error {
		if l.Kind == task.LinkPush {
			p := db.LockBookingOfLinkParams{TenantID: t.tenant, LinkID: l.Subject}
			if err := changed(t.LockBookingOfLink(surely(ctx), p)); err != nil {
				return err
			}
		}
		var err error
		if prolonged, err = t.fence(ctx, l, d); err != nil {
			return err
		}
		return fn(ctx, t)
	})
	if err != nil {
		return l, err
	}
	return prolonged, nil
}

// fence fails unless the lease still holds, prolongs it by d, and keeps everybody else from claiming the row until the commit.
func (t *tx) fence(ctx context.Context, l record.Lease, d time.Duration) (record.Lease, error) {
	t.traceparent = l.Traceparent
	until := max(t.now+d.Microseconds(), l.Until.UnixMicro())
	_, err := t.FenceWork(ctx, db.FenceWorkParams{
		TenantID: t.tenant, Kind: string(l.Kind), Subject: l.Subject, Token: l.Token, Now: t.now, LeaseUntil: until,
	})
	if errors.Is(err, sql.ErrNoRows) {
		return l, fenced(l)
	}
	l.Until = instant(until)
	return l, err
}

func fenced(l record.Lease) error {
	return fault.Newf(fault.Fenced, "store: "+l.String(), "the lease was lost to a later claim")
}

// Finish writes the outcome of a claimed row and nothing else.
func (s *Store) Finish(ctx context.Context, l record.Lease, o record.Outcome, marks ...record.Mark) error {
	return s.update(ctx, l.Tenant, "finish work", func(ctx context.Context, t *tx) error {
		t.mark(marks...)
		return t.finish(ctx, l, o)
	})
}

// finish writes an outcome under the fence of its lease, which ends with it.
func (t *tx) finish(ctx context.Context, l record.Lease, o record.Outcome) error {
	t.traceparent = l.Traceparent
	o.Reason = plainText(o.Reason)
	o, err := t.lockFor(ctx, l, o)
	if err != nil {
		return err
	}
	if o.State == record.Dead {
		o.NotBefore = instant(t.now)
	}
	row, err := t.FinishWork(ctx, db.FinishWorkParams{
		TenantID: t.tenant, Kind: string(l.Kind), Subject: l.Subject, Token: l.Token, Now: t.now,
		Served: o.Served, Again: o.Again, Wanted: l.Wanted, State: string(o.State), HeldFor: string(o.HeldFor),
		NotBefore: micros(o.NotBefore), InLine: o.InLine, Attempts: int64(o.Attempts), Crashes: int64(o.Crashes), LastError: o.Reason, Suspect: o.Suspect,
	})
	if errors.Is(err, sql.ErrNoRows) {
		return fenced(l)
	}
	if err != nil {
		return err
	}
	if o.Forget {
		err := t.ForgetWork(ctx, db.ForgetWorkParams{TenantID: t.tenant, Kind: string(l.Kind), Subject: l.Subject, Token: l.Token})
		if err != nil {
			return err
		}
	}
	return t.finished(ctx, l, o, row)
}

// finished does what follows from an outcome that was written.
func (t *tx) finished(ctx context.Context, l record.Lease, o record.Outcome, row db.FinishWorkRow) error {
	state := record.WorkState(row.State)
	if l.Kind == task.DeliverySend && !o.Served {
		if err := t.failedDelivery(ctx, l, o, state); err != nil {
			return err
		}
	}
	switch {
	case o.State != record.Ready && state == o.State:
		return t.stopped(ctx, l, o)
	case state == record.Ready && row.Wanted > row.Done && row.NotBefore <= t.now:
		again := t.newHint(l.Kind, l.Subject, row.Lane)
		again.Again = true
		t.again = append(t.again, *again)
	}
	if l.Kind == task.LinkPush && o.Attempts > l.Attempts {
		return t.noteWork(ctx, l.Ref, record.ActorEngine, "work.failed", failure(o))
	}
	return nil
}

// lockFor locks, before the row of the lease, what an outcome touches besides it: every transaction locks in the same order.
func (t *tx) lockFor(ctx context.Context, l record.Lease, o record.Outcome) (record.Outcome, error) {
	if l.Kind == task.LinkPush && o.State == record.Dead {
		if err := t.lockBookingOf(ctx, cal.LinkID(l.Subject)); err != nil {
			return o, err
		}
	}
	if l.Kind == task.DeliverySend && o.State == record.Dead {
		if err := t.lockDelivery(ctx, l); err != nil {
			return o, err
		}
	}
	if o.HeldFor == record.HeldForReauth {
		return t.unlessActive(ctx, l, o)
	}
	return o, nil
}

// unlessActive turns a hold that waits for a reconnect into another try if the connection is active by now. It locks the connection first, so that
// a reconnect either finds the held row or is found here.
func (t *tx) unlessActive(ctx context.Context, l record.Lease, o record.Outcome) (record.Outcome, error) {
	dead, err := t.LockDeadConnection(ctx, db.LockDeadConnectionParams{TenantID: t.tenant, ConnectionID: string(l.ConnectionID)})
	if err != nil || dead > 0 {
		return o, err
	}
	return record.Outcome{State: record.Ready, Attempts: o.Attempts, Reason: o.Reason}, nil
}

// stopped records that work waits for a person, and tells the core what that means for it.
func (t *tx) stopped(ctx context.Context, l record.Lease, o record.Outcome) error {
	action := "work.held"
	if o.State == record.Dead {
		action = "work.dead"
	}
	detail := failure(o)
	detail["reason"] = o.Reason
	err := t.noteWork(ctx, l.Ref, record.ActorEngine, action, detail)
	if err != nil || o.State != record.Dead {
		return err
	}
	if l.Kind == task.LinkPush {
		return t.failLink(ctx, cal.LinkID(l.Subject), o.Reason)
	}
	return nil
}

func (t *tx) failLink(ctx context.Context, id cal.LinkID, reason string) error {
	link, err := t.link(ctx, id)
	if err != nil {
		return err
	}
	booking, err := t.BookingByID(ctx, db.BookingByIDParams{TenantID: t.tenant, BookingID: string(link.BookingID)})
	if err != nil {
		return found(err)
	}
	err = t.FailLink(ctx, db.FailLinkParams{
		TenantID: t.tenant, LinkID: string(id), State: string(record.LinkFailed), Reason: reason, FailedVersion: booking.Version, Now: t.now,
	})
	if err != nil || link.Failed >= booking.Version {
		return err // the core knows
	}
	return t.report(ctx, link, record.Report{Type: message.BookingFailed, Version: booking.Version, Reason: reason})
}

// Work returns a row of the work table.
func (s *Store) Work(ctx context.Context, ref task.Ref) (record.Work, error) {
	var out record.Work
	err := s.view(ctx, ref.Tenant, "read work", func(ctx context.Context, t *tx) error {
		row, err := t.WorkByRef(ctx, db.WorkByRefParams{TenantID: t.tenant, Kind: string(ref.Kind), Subject: ref.Subject})
		out = workOf(row)
		return found(err)
	})
	return out, err
}

// WorkFilter chooses rows of the work table.
type WorkFilter int

// The filters.
const (
	// StoppedWork is what waits for a person: held and dead rows.
	StoppedWork WorkFilter = iota
	// OpenWork is everything that is wanted and not done.
	OpenWork
)

// ListWork lists rows of the work table that follow after, in the order of kind and subject.
func (s *Store) ListWork(ctx context.Context, tenant cal.TenantID, filter WorkFilter, after task.Ref, limit int) ([]record.Work, error) {
	var out []record.Work
	err := s.view(ctx, tenant, "list work", func(ctx context.Context, t *tx) error {
		p := db.StoppedWorkParams{TenantID: t.tenant, AfterKind: string(after.Kind), AfterSubject: after.Subject, MaxRows: int32(limit)} //nolint:gosec // small
		var rows []db.Work
		var err error
		if filter == OpenWork {
			rows, err = t.OpenWork(ctx, db.OpenWorkParams(p))
		} else {
			rows, err = t.StoppedWork(ctx, p)
		}
		for _, row := range rows {
			out = append(out, workOf(row))
		}
		return err
	})
	return out, err
}

func workOf(row db.Work) record.Work {
	return record.Work{
		Ref:  task.Ref{Tenant: cal.TenantID(row.TenantID), Kind: task.Kind(row.Kind), Subject: row.Subject},
		Lane: task.Lane(row.Lane), State: record.WorkState(row.State), HeldFor: record.HeldFor(row.HeldFor), Wanted: row.Wanted, Done: row.Done,
		WantedAt: instant(row.WantedAt), NotBefore: instant(row.NotBefore), LeaseUntil: instant(row.LeaseUntil),
		Attempts: int(row.Attempts), Crashes: int(row.Crashes), LastError: row.LastError,
	}
}

// Release lets held or dead work run again: an operator's approval or replay. It fails with record.ErrStale when the row is neither.
func (s *Store) Release(ctx context.Context, ref task.Ref, actor string) error {
	return s.release(ctx, ref, actor, false)
}

func (s *Store) release(ctx context.Context, ref task.Ref, actor string, onlyDead bool) error {
	return s.update(ctx, ref.Tenant, "release work", func(ctx context.Context, t *tx) error {
		if ref.Kind == task.LinkPush {
			if err := t.lockBookingOf(ctx, cal.LinkID(ref.Subject)); err != nil {
				return err
			}
		}
		row, err := t.WorkByRef(ctx, db.WorkByRefParams{TenantID: t.tenant, Kind: string(ref.Kind), Subject: ref.Subject})
		if err != nil {
			return found(err)
		}
		if onlyDead && record.WorkState(row.State) != record.Dead {
			return record.ErrNotFound
		}
		if ref.Kind == task.LinkPush && record.HeldFor(row.HeldFor) == record.HeldForGuard {
			if err := t.approveDeletion(ctx, cal.LinkID(ref.Subject), actor); err != nil {
				return err
			}
		}
		err = changed(t.ReviveWork(ctx, db.ReviveWorkParams{TenantID: t.tenant, Kind: string(ref.Kind), Subject: ref.Subject}))
		if err != nil {
			return err
		}
		if err := t.reopen(ctx, ref, record.HeldFor(row.HeldFor)); err != nil {
			return err
		}
		t.mark(record.Mark{Kind: ref.Kind, Subject: ref.Subject, Lane: task.Interactive, ConnectionID: cal.ConnectionID(row.ConnectionID)})
		return t.noteWork(ctx, ref, actor, "work.released", map[string]any{"was": row.State, "held_for": row.HeldFor})
	})
}

// reopen lets what released work is for take part again: a link that was approved, a delivery that had failed.
func (t *tx) reopen(ctx context.Context, ref task.Ref, was record.HeldFor) error {
	switch {
	case ref.Kind == task.LinkPush && was == record.HeldForApproval:
		return t.approveLink(ctx, cal.LinkID(ref.Subject))
	case ref.Kind == task.DeliverySend:
		_, err := t.ReopenDelivery(ctx, db.ReopenDeliveryParams{TenantID: t.tenant, DeliveryID: ref.Subject, Now: t.now})
		return err
	default:
		return nil
	}
}
