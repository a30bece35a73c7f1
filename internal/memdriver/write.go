package memdriver

import (
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// create carries out a create that was sent at a time.
func (a *Account) create(req provider.CreateEvent, sent time.Time) (provider.Created, error) {
	made, err := a.insert(req, sent)
	if err == nil && !made.Adopted && a.Hooks.Created != nil {
		a.Hooks.Created(req, copyOf(made.Event))
	}
	return made, err
}

// insert makes the event of a key, or returns it if there is one.
func (a *Account) insert(req provider.CreateEvent, sent time.Time) (provider.Created, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, err := a.visible(Create, req.Calendar, fault.NotFound)
	switch {
	case err != nil:
		return provider.Created{}, err
	case !c.about.Writable:
		return provider.Created{}, refused(fault.Forbidden, Create, "the calendar is not the account's to write to")
	case !req.Fields.Has(cal.FieldSlot):
		return provider.Created{}, refused(fault.Invalid, Create, "an event needs a start and an end")
	}
	if id, taken := c.holders[req.Key.String()]; taken {
		e, err := c.shown(Create, id)
		if err != nil { // it was deleted, or is too new
			return provider.Created{}, &fault.Error{Kind: fault.NotFound, Op: "memory: create", Existing: string(id)}
		}
		return provider.Created{Event: copyOf(e.event), Adopted: true}, nil
	}
	content := cal.Content{}.Overlay(req.Content, req.Fields)
	content.Attendees = merged(nil, content.Attendees, nil)
	e := &entry{from: sent.Add(a.Kind.Lag), event: cal.Event{
		ID: c.newID(), Status: cal.StatusConfirmed, Stamp: req.Key.String(), Content: a.Kind.Stored(content),
	}}
	c.confer(e, req.Conference)
	c.change(e)
	a.mail(req.Notify, nil, content.Attendees)
	return provider.Created{Event: a.passedOver(copyOf(e.event), req.Conference)}, nil
}

// update carries out an update.
func (a *Account) update(req provider.UpdateEvent) (cal.Event, error) {
	before, after, err := a.overwrite(req)
	if err != nil {
		return cal.Event{}, err
	}
	if a.Hooks.Updated != nil {
		a.Hooks.Updated(req, before, copyOf(after))
	}
	return after, nil
}

// overwrite changes an event in the fields that were asked for. What would change nothing is not written.
func (a *Account) overwrite(req provider.UpdateEvent) (before, after cal.Event, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, e, err := a.writable(Update, req.Ref, req.ETag)
	if err != nil {
		return before, after, err
	}
	before = copyOf(e.event)
	next := before.Content.Overlay(a.Kind.Stored(req.Content), req.Fields&^cal.Fields(cal.FieldAttendees))
	next.Attendees = merged(before.Content.Attendees, req.Invite, req.Uninvite)
	if before.Series != "" {
		next.Recurrence = nil
	}
	if c.confer(e, req.Conference) || next.Differences(before.Content, cal.AllFields) != 0 {
		e.event.Content = next
		c.change(e)
		c.resettle(e, before.Content)
		a.mail(req.Notify, before.Content.Attendees, next.Attendees)
	}
	return before, a.passedOver(copyOf(e.event), req.Conference), nil
}

// remove carries out a delete.
func (a *Account) remove(req provider.DeleteEvent) error {
	before, err := a.cancel(req)
	if err == nil && a.Hooks.Deleted != nil {
		a.Hooks.Deleted(req, before)
	}
	return err
}

// cancel deletes an event.
func (a *Account) cancel(req provider.DeleteEvent) (before cal.Event, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, e, err := a.writable(Delete, req.Ref, req.ETag)
	if err != nil {
		return before, err
	}
	before = copyOf(e.event)
	c.bury(e)
	a.mail(req.Notify, before.Content.Attendees, nil)
	return before, nil
}

// writable is the entry that a reference names if it may be written to on the strength of an ETag.
func (a *Account) writable(op Op, ref provider.EventRef, etag string) (*Calendar, *entry, error) {
	e, err := a.shown(op, ref)
	if err != nil {
		return nil, nil, err
	}
	c := a.Calendar(ref.Calendar)
	switch {
	case e.event.Gone():
		return nil, nil, refused(fault.Gone, op, "deleted")
	case !c.about.Writable:
		return nil, nil, refused(fault.Forbidden, op, "the calendar is not the account's to write to")
	case etag != "" && etag != e.event.ETag && !a.Kind.Blind:
		return nil, nil, refused(fault.Conflict, op, "changed meanwhile")
	}
	return c, e, nil
}

// bury makes a tombstone of an entry. Nothing is left of a series without its master.
func (c *Calendar) bury(e *entry) {
	e.event.Status = cal.StatusCancelled
	c.change(e)
	if series := c.entries[e.event.Series]; series != nil && c.account.Kind.Forgets {
		c.change(series)
	}
	for _, x := range c.exceptions(e) {
		if !x.event.Gone() {
			x.event.Status = cal.StatusCancelled
			c.change(x)
		}
	}
}

// mail counts the mails that a write sends to those who were or are guests.
func (a *Account) mail(notify cal.Notify, before, after []cal.Attendee) {
	if a.Kind.Quiet && notify == cal.NotifyNone {
		return
	}
	a.mails += len(after)
	for _, g := range before {
		if !slices.ContainsFunc(after, sameGuest(g.Email)) {
			a.mails++
		}
	}
}
