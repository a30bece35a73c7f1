package reconcile

import (
	"context"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/record"
)

// intend records a write of content before it is made, and with it that the lease still holds.
func (w *run) intend(ctx context.Context, op record.Op, content cal.Content, step Step) error {
	write := record.Write{Op: op, Version: w.s.Desired.Version, Content: content, At: w.Clock.Now().UTC()}
	if w.added = !w.pending(write); w.added {
		w.s.Link.InFlight = append(w.s.Link.InFlight, write)
	} else if op == record.OpCreate {
		w.s.Link.InFlight = tried(w.s.Link.InFlight, write)
	}
	detail := w.detail(step, map[string]any{"operation": op, "fields": step.Fields.Names()})
	if step.Confer {
		detail["conference"] = true
	}
	lease, err := w.Store.Intend(ctx, w.lease, w.s.Link, w.Lease, record.Note{
		Actor: record.ActorEngine, Action: "link.writing", Subject: string(w.s.Link.ID), BookingID: w.s.Link.BookingID,
		Detail: detail,
	})
	w.lease = lease
	return err
}

// pending reports whether the very same write is in flight already, so that retries do not pile up.
func (w *run) pending(write record.Write) bool {
	for _, p := range w.s.Link.InFlight {
		if p.Op == write.Op && p.Version == write.Version && p.Content.Differences(write.Content, cal.AllFields) == 0 {
			return true
		}
	}
	return false
}

// tried keeps of several attempts at the same create the first, since when its key is in use, and the last, after which it may yet take effect.
func tried(all []record.Write, write record.Write) []record.Write {
	var out []record.Write
	same := 0
	for _, p := range all {
		if p.Op == write.Op && p.Version == write.Version {
			same++
		}
		if p.Op != write.Op || p.Version != write.Version || same == 1 {
			out = append(out, p)
		}
	}
	return append(out, write)
}

func (w *run) create(ctx context.Context, step Step) error {
	_, again := w.s.Link.Pending(record.OpCreate)
	content := cal.Content{}.Overlay(w.s.Desired.Content, step.Fields)
	if err := w.intend(ctx, record.OpCreate, content, step); err != nil {
		return err
	}
	req := provider.CreateEvent{
		Calendar: w.c.Calendar.Remote, Key: w.s.Link.Key(w.lease.Tenant), Content: content, Fields: step.Fields, Notify: w.s.Desired.Notify,
	}
	if !w.s.Desired.Present {
		req.Notify = cal.NotifyNone
	}
	if step.Confer {
		req.Conference = w.wish()
	}
	return w.call(ctx, func(ctx context.Context) error {
		made, err := w.client.CreateEvent(ctx, req)
		if f, ok := fault.As(err); ok && f.Existing != "" && unseen(err) {
			w.s.Link.EventID = cal.EventID(f.Existing) // it was made for the key, and is not to be seen
			return w.confirm(ctx)
		}
		if err != nil {
			return err
		}
		w.conferredBy(step, made)
		if again || made.Adopted || made.Event.Gone() {
			// The event may be of an earlier attempt, and somebody may have changed it since.
			w.show(made.Event)
		} else {
			w.answered(made.Event, step.Fields)
		}
		return nil
	})
}

func (w *run) update(ctx context.Context, step Step) error {
	content := w.s.Link.Agreed().Sent.Overlay(w.s.Desired.Content, step.Fields)
	content = cal.Content{}.Overlay(content, w.s.Desired.Fields)
	if err := w.intend(ctx, record.OpUpdate, content, step); err != nil {
		return err
	}
	req := provider.UpdateEvent{
		Ref: w.ref(), ETag: w.s.Remote.Event.ETag, Content: w.s.Desired.Content, Fields: step.Fields, Notify: w.s.Desired.Notify,
	}
	if step.Confer {
		req.Conference = w.wish()
	}
	if step.Fields.Has(cal.FieldAttendees) {
		req.Invite, req.Uninvite = guests(w.s)
	}
	return w.call(ctx, func(ctx context.Context) error {
		e, err := w.client.UpdateEvent(ctx, req)
		if moved(err) {
			return w.again(ctx, err)
		}
		if err == nil {
			w.merged |= step.Person & step.Fields
			w.answered(e, step.Fields)
		}
		if err == nil && step.Confer {
			w.conferred(e)
		}
		return err
	})
}

func (w *run) remove(ctx context.Context, step Step) error {
	if err := w.intend(ctx, record.OpDelete, cal.Content{}, step); err != nil {
		return err
	}
	return w.call(ctx, func(ctx context.Context) error {
		err := w.client.DeleteEvent(ctx, provider.DeleteEvent{Ref: w.ref(), ETag: w.s.Remote.Event.ETag, Notify: w.s.Desired.Notify})
		switch {
		case err == nil:
			w.s.Remote = Remote{Seen: Gone}
			return nil
		case moved(err):
			return w.again(ctx, err)
		default:
			return err
		}
	})
}

// again reads the event after a write that found it changed. A conflict proves that the write has changed nothing.
func (w *run) again(ctx context.Context, cause error) error {
	if fault.Is(cause, fault.Conflict) {
		w.withdraw()
	}
	return w.read(ctx)
}

// moved reports whether a write found another event than the one that it was decided on.
func moved(err error) bool {
	return unseen(err) || fault.Is(err, fault.Conflict)
}
