package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/recur"
)

// Cases is what a look needs of the store.
type Cases interface {
	Case(ctx context.Context, l record.Lease) (record.Case, error)
}

// Looker says what a Reconciler would do, and does none of it.
type Looker struct {
	Store Cases
	Open  Open
	Clock clock.Clock
	Quiet func(cal.Provider) bool
	// Taken is the Reconciler's.
	Taken func(record.Booking, record.Link, cal.Fields) (record.Booking, error)
	// Occurrence is the Reconciler's.
	Occurrence func(b record.Booking, part string) (recur.Occurrence, error)
}

// Look compares a link with its event, which it reads whether or not anything gives reason to, and says what the reconciler would do: it plans as
// that does, takes the steps that only read, and stops at the first that would write or commit. l bounds the calls and is never written under. It
// fails as the reads do; a link that needs no event is told about without any.
func (k *Looker) Look(ctx context.Context, l record.Lease, is record.AuditedLink) (record.Finding, error) {
	c, err := k.Store.Case(ctx, l)
	if err != nil {
		return record.Finding{}, errors.Join(errStore, err)
	}
	w := &run{Reconciler: &Reconciler{Store: unwritten{k.Store}, Clock: k.Clock, Quiet: k.Quiet, Taken: k.Taken, Occurrence: k.Occurrence}, lease: l}
	if err := w.begin(c); err != nil {
		return record.Finding{}, errors.Join(errStore, err)
	}
	if w.s.Link.EventID == "" && settled(w.s) {
		return w.finding(is, Plan(w.s))
	}
	client, can, err := k.Open(ctx, l.Tenant, c.Link.ConnectionID)
	if err != nil {
		return record.Finding{}, err
	}
	w.client, w.s.Can = reading{client}, can
	if err := w.lookFirst(ctx); err != nil {
		return record.Finding{}, err
	}
	for range rounds {
		step := Plan(w.s)
		if step.Action != Read && step.Action != Find {
			return w.finding(is, step)
		}
		if _, err := w.take(ctx, step); err != nil {
			return record.Finding{}, err
		}
	}
	return record.Finding{}, fault.Newf(fault.Conflict, "reconcile", "the event kept changing over %d steps", rounds)
}

// lookFirst reads what there may be to see before anything is planned: an audit takes nothing for granted.
func (w *run) lookFirst(ctx context.Context) error {
	if p := w.s.Place; p != nil {
		step, ok := planPlace(w.s)
		if ok && step.Action != Read {
			return nil // it waits for its series, or there is nothing to see
		}
		return w.read(ctx)
	}
	if w.s.Link.EventID != "" {
		return w.read(ctx)
	}
	if _, unanswered := w.s.Link.Pending(record.OpCreate); unanswered && w.s.Can.Finds {
		return w.find(ctx)
	}
	return nil
}

// finding is what a step comes to.
func (w *run) finding(is record.AuditedLink, step Step) (record.Finding, error) {
	f := record.Finding{AuditedLink: is, Fields: step.Fields, Person: step.Person, Why: step.Why}
	for field, by := range whose(w.s) {
		if f.By == nil {
			f.By = map[string]string{}
		}
		f.By[field] = string(by)
	}
	switch step.Action {
	case Create:
		f.Would = record.WouldCreate
	case Update:
		f.Would = record.WouldPush
	case Delete:
		f.Would = record.WouldDelete
	default:
		d, err := w.decide(step)
		if err != nil {
			return record.Finding{}, err
		}
		for _, r := range d.Reports {
			f.Messages = append(f.Messages, r.Type)
		}
		f.Would = w.would(step, d)
	}
	f.Judge()
	if step.Action == Wait && w.s.Now.Sub(is.ChangedAt) < straggling {
		f.Verdict = record.Pending // it may be too new to be seen, and proves nothing
	}
	return f, nil
}

// would is what a decision that writes nothing to the provider comes to.
func (w *run) would(step Step, d record.Decision) record.Would {
	switch step.Action {
	case Hold:
		return record.WouldHold
	case Wait:
		return record.WouldLookAgain
	case Bury:
		return buried(d)
	default:
		return leaves(w.c.Link, d)
	}
}

// buried is what a proven tombstone comes to.
func buried(d record.Decision) record.Would {
	switch d.Link.State {
	case record.LinkDiverged:
		return record.WouldReport
	case record.LinkPending:
		return record.WouldCreate
	default:
		return record.WouldSettle
	}
}

// leaves is what a decision comes to that leaves the event as it is.
func leaves(before record.Link, d record.Decision) record.Would {
	synced := false
	for _, r := range d.Reports {
		if r.Type != message.BookingSynced {
			return record.WouldReport
		}
		synced = true
	}
	switch {
	case synced && d.Link.State == record.LinkRemoved:
		return record.WouldSettle
	case synced, before.EventID == "" && d.Link.EventID != "":
		return record.WouldAdopt
	case d.Link.Undecided():
		return record.WouldAwaitCore
	default:
		return record.WouldNothing
	}
}

// errLooking is what a write would meet. None is tried: this is the second lock.
func errLooking() error {
	return fault.Newf(fault.Unsupported, "reconcile: look", "a look writes nothing")
}

// unwritten is a store that is only read.
type unwritten struct{ Cases }

// Intend refuses.
func (unwritten) Intend(_ context.Context, lease record.Lease, _ record.Link, _ time.Duration, _ record.Note) (record.Lease, error) {
	return lease, errLooking()
}

// Settle refuses.
func (unwritten) Settle(context.Context, record.Lease, record.Decision) error { return errLooking() }

// reading is a client that only reads.
type reading struct{ Client }

// CreateEvent refuses.
func (reading) CreateEvent(context.Context, provider.CreateEvent) (provider.Created, error) {
	return provider.Created{}, errLooking()
}

// UpdateEvent refuses.
func (reading) UpdateEvent(context.Context, provider.UpdateEvent) (cal.Event, error) {
	return cal.Event{}, errLooking()
}

// DeleteEvent refuses.
func (reading) DeleteEvent(context.Context, provider.DeleteEvent) error { return errLooking() }
