package reconcile

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// fate is what becomes of a call to a provider.
type fate int

const (
	// answered calls do what they say.
	answered fate = iota
	// lostBefore and lostAfter are never answered, the latter after they took effect.
	lostBefore
	lostAfter
	// delayed is never answered and takes effect later.
	delayed
	// limited is refused with 429, contested with a conflict that nobody caused.
	limited
	contested
	// died ends the process before the call, diedAfter after it took effect.
	died
	diedAfter
)

// account is a provider's account in memory, with one calendar.
type account struct {
	name cal.Provider
	can  Abilities
	// rewrites changes descriptions as they are stored, blind takes writes on a stale ETag all the same, forgets answers "not found" for what was
	// deleted, hidden does so for whatever stands in the calendar, which is unlisted too, or not.
	rewrites, blind, forgets, hidden, unlisted bool
	// says is what the provider answers for what it does not show.
	says fault.Kind
	// lag is how long a new event cannot be read yet.
	lag time.Duration
	now func() time.Time

	held   map[cal.EventID]*heldEvent
	keys   map[cal.Key]cal.EventID
	etags  int
	calls  []string
	writes []string
	late   []lateWrite
	// version is the one that the next call is about.
	version int64
	// asked looks at every call, fates says what becomes of it; changed runs after every effect.
	asked   func(ctx context.Context, op string)
	fates   func(op string) fate
	changed func(op string, id cal.EventID, notify cal.Notify, guests bool)
	fault   error
	adopted *bool
	// updating and deleting look at every request before it is carried out.
	updating func(provider.UpdateEvent, *heldEvent)
	deleting func(provider.DeleteEvent, *heldEvent)
}

type heldEvent struct {
	event cal.Event
	key   cal.Key
	// byPerson are the fields that a person was the last to write, touched those that one ever wrote. before is what undoing that brings back, and
	// stillTheirs where that is a person's too. strangers are guests that a person has added.
	byPerson, touched, stillTheirs cal.Fields
	before                         cal.Content
	strangers                      []string
	// colour is of no concern to anybody here.
	colour string
	// from is when the event can be read.
	from      time.Time
	deletedBy string
}

// lateWrite is a write whose effect is still to come.
type lateWrite struct {
	op      string
	version int64
	apply   func() bool
}

func newAccount(p cal.Provider) *account {
	a := &account{name: p, held: map[cal.EventID]*heldEvent{}, keys: map[cal.Key]cal.EventID{}, says: fault.NotFound, now: func() time.Time { return began }}
	if p == cal.Google {
		a.can = Abilities{Quiet: true, Conditional: true}
	} else {
		a.can = Abilities{Finds: true}
		a.forgets = true
	}
	return a
}

func (a *account) next(ctx context.Context, op string) (fate, error) {
	a.calls = append(a.calls, op)
	if a.asked != nil {
		a.asked(ctx, op)
	}
	f := answered
	if a.fates != nil {
		f = a.fates(op)
	}
	switch f {
	case limited:
		return f, fault.Newf(fault.RateLimited, op, "too many")
	case died:
		return f, errDead
	case lostBefore:
		return f, fault.Newf(fault.Transient, op, "no answer in time")
	default:
		if a.fault != nil {
			err := a.fault
			a.fault = nil
			return f, err
		}
		return f, nil
	}
}

// unanswered is what a call that has taken effect comes to.
func unanswered(f fate, op string) error {
	switch f {
	case lostAfter, delayed:
		return fault.Newf(fault.Transient, op, "no answer in time")
	case diedAfter:
		return errDead
	default:
		return nil
	}
}

func (a *account) etag() string {
	a.etags++
	return "e" + strconv.Itoa(a.etags)
}

func (a *account) stored(c cal.Content) cal.Content {
	if a.rewrites && c.Description != "" && !strings.HasPrefix(c.Description, "<p>") {
		c.Description = "<p>" + strings.ToUpper(c.Description) + "</p>"
	}
	return copied(c)
}

// Calendars lists the calendar unless it is hidden.
func (a *account) Calendars(ctx context.Context) ([]cal.Calendar, error) {
	if _, err := a.next(ctx, "calendars"); err != nil {
		return nil, err
	}
	if a.hidden && a.unlisted {
		return []cal.Calendar{{ID: "other"}}, nil
	}
	return []cal.Calendar{{ID: "other"}, {ID: "work", Writable: true}}, nil
}

func (a *account) find(id cal.EventID) (*heldEvent, error) {
	h, ok := a.held[id]
	if !ok || h.event.Gone() && a.forgets || a.hidden || !a.readable(h) {
		return nil, fault.Newf(a.says, "read", "no such event")
	}
	return h, nil
}

// readable reports whether an event is not too new to be read.
func (a *account) readable(h *heldEvent) bool { return a.lag == 0 || !h.from.After(a.now()) }

// hide takes the calendar out of sight.
func (a *account) hide(unlisted bool) { a.hidden, a.unlisted = true, unlisted }

// unseen is what a request that names the calendar and no event is answered while the calendar is hidden.
func (a *account) unseen(op string, kind fault.Kind) error {
	if a.hidden {
		return fault.Newf(kind, op, "no such calendar")
	}
	return nil
}

// ReadEvent shows an event as it is.
func (a *account) ReadEvent(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
	f, err := a.next(ctx, "read")
	if err != nil {
		return cal.Event{}, err
	}
	h, err := a.find(ref.ID)
	if err != nil {
		return cal.Event{}, err
	}
	return copied(h.event), unanswered(f, "read")
}

// FindEvent shows the event that carries a key.
func (a *account) FindEvent(ctx context.Context, _ cal.RemoteCalendarID, key cal.Key) (cal.Event, error) {
	f, err := a.next(ctx, "find")
	if err != nil {
		return cal.Event{}, err
	}
	if !a.can.Finds {
		return cal.Event{}, fault.Newf(fault.Unsupported, "find", "this provider cannot do it")
	}
	if err := a.unseen("find", fault.Forbidden); err != nil {
		return cal.Event{}, err
	}
	h, err := a.find(a.keys[key])
	if err != nil {
		return cal.Event{}, fault.Newf(fault.NotFound, "find", "no event carries the key")
	}
	return copied(h.event), unanswered(f, "find")
}

// CreateEvent makes an event once per key.
func (a *account) CreateEvent(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
	f, err := a.next(ctx, "create")
	if err != nil {
		return provider.Created{}, err
	}
	if f == delayed {
		a.late = append(a.late, lateWrite{"create", a.version, func() bool {
			if _, taken := a.keys[req.Key]; taken || a.hidden {
				return false
			}
			a.held[a.create(req)].from = a.now() // late enough to be seen at once
			return true
		}})
		return provider.Created{}, unanswered(f, "create")
	}
	if err := a.unseen("create", fault.NotFound); err != nil {
		return provider.Created{}, err
	}
	id, taken := a.keys[req.Key]
	if !taken {
		id = a.create(req)
	} else if _, err := a.find(id); err != nil {
		return provider.Created{}, &fault.Error{Kind: fault.NotFound, Op: "create", Existing: string(id)}
	}
	adopted := taken
	if a.adopted != nil {
		adopted = *a.adopted
	}
	return provider.Created{Event: copied(a.held[id].event), Adopted: adopted}, unanswered(f, "create")
}

func (a *account) create(req provider.CreateEvent) cal.EventID {
	id := cal.EventID(fmt.Sprintf("ev%d", len(a.held)+1))
	content := a.stored(cal.Content{}.Overlay(req.Content, req.Fields))
	a.held[id] = &heldEvent{key: req.Key, from: a.now().Add(a.lag), event: cal.Event{
		ID: id, ETag: a.etag(), Status: cal.StatusConfirmed, Kind: cal.KindSingle, Stamp: req.Key.String(), Content: content,
	}}
	a.keys[req.Key] = id
	a.wrote("create", id, req.Notify, len(content.Attendees) > 0)
	return id
}

func (a *account) wrote(op string, id cal.EventID, notify cal.Notify, guests bool) {
	a.writes = append(a.writes, op)
	if a.changed != nil {
		a.changed(op, id, notify, guests)
	}
}

// UpdateEvent changes the given fields.
func (a *account) UpdateEvent(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
	f, err := a.next(ctx, "update")
	if err != nil {
		return cal.Event{}, err
	}
	if f == delayed {
		a.late = append(a.late, lateWrite{"update", a.version, func() bool { _, err := a.update(req); return err == nil }})
		return cal.Event{}, unanswered(f, "update")
	}
	if f == contested {
		return cal.Event{}, fault.Newf(fault.Conflict, "update", "changed meanwhile")
	}
	e, err := a.update(req)
	if err != nil {
		return cal.Event{}, err
	}
	return e, unanswered(f, "update")
}

func (a *account) update(req provider.UpdateEvent) (cal.Event, error) {
	h, err := a.writable(req.Ref.ID, req.ETag)
	if err != nil {
		return cal.Event{}, err
	}
	if a.updating != nil {
		a.updating(req, h)
	}
	guests := len(h.event.Content.Attendees) > 0
	next := h.event.Content.Overlay(a.stored(req.Content), req.Fields&^cal.Fields(cal.FieldAttendees))
	next.Attendees = merged(h.event.Content.Attendees, req.Invite, req.Uninvite)
	h.byPerson &^= req.Fields &^ takenOff(h.byPerson, req, next)
	if next.Differences(h.event.Content, cal.AllFields) == 0 {
		return copied(h.event), nil // nothing would change: nothing is written
	}
	h.event.Content, h.event.ETag = copied(next), a.etag()
	a.wrote("update "+strings.Join(req.Fields.Names(), "+"), req.Ref.ID, req.Notify, guests || len(next.Attendees) > 0)
	return copied(h.event), nil
}

// takenOff is the field of guests if a person has taken off one of those that a write counts on.
func takenOff(byPerson cal.Fields, req provider.UpdateEvent, next cal.Content) cal.Fields {
	for _, g := range req.Content.Attendees {
		if !slices.ContainsFunc(next.Attendees, func(a cal.Attendee) bool { return strings.EqualFold(a.Email, g.Email) }) {
			return byPerson & cal.Fields(cal.FieldAttendees)
		}
	}
	return 0
}

func (a *account) writable(id cal.EventID, etag string) (*heldEvent, error) {
	h, err := a.find(id)
	switch {
	case err != nil:
		return nil, err
	case h.event.Gone():
		return nil, fault.Newf(fault.Gone, "write", "deleted")
	case etag != "" && etag != h.event.ETag && !a.blind:
		return nil, fault.Newf(fault.Conflict, "write", "changed meanwhile")
	}
	return h, nil
}

func merged(there, invite []cal.Attendee, uninvite []string) []cal.Attendee {
	var out []cal.Attendee
	same := func(email string) func(cal.Attendee) bool {
		return func(a cal.Attendee) bool { return strings.EqualFold(a.Email, email) }
	}
	for _, g := range there {
		off := slices.ContainsFunc(uninvite, func(u string) bool { return strings.EqualFold(u, g.Email) })
		if i := slices.IndexFunc(invite, same(g.Email)); i >= 0 {
			g.Optional = invite[i].Optional
		}
		if !off {
			out = append(out, g)
		}
	}
	for _, g := range invite {
		if !slices.ContainsFunc(out, same(g.Email)) {
			out = append(out, cal.Attendee{Email: g.Email, Optional: g.Optional, Response: cal.ResponseNone})
		}
	}
	return out
}

// DeleteEvent removes an event.
func (a *account) DeleteEvent(ctx context.Context, req provider.DeleteEvent) error {
	f, err := a.next(ctx, "delete")
	if err != nil {
		return err
	}
	if f == delayed {
		a.late = append(a.late, lateWrite{"delete", a.version, func() bool { return a.remove(req) == nil }})
		return unanswered(f, "delete")
	}
	if f == contested {
		return fault.Newf(fault.Conflict, "delete", "changed meanwhile")
	}
	if err := a.remove(req); err != nil {
		return err
	}
	return unanswered(f, "delete")
}

func (a *account) remove(req provider.DeleteEvent) error {
	h, err := a.writable(req.Ref.ID, req.ETag)
	if err != nil {
		return err
	}
	if a.deleting != nil {
		a.deleting(req, h)
	}
	guests := len(h.event.Content.Attendees) > 0
	h.bury(a.etag(), "core")
	a.wrote("delete", req.Ref.ID, req.Notify, guests)
	return nil
}

func (h *heldEvent) bury(etag, by string) {
	h.event.Status, h.event.ETag, h.deletedBy = cal.StatusCancelled, etag, by
}

// live returns the events that stand.
func (a *account) live() []*heldEvent {
	var out []*heldEvent
	for _, h := range a.held {
		if !h.event.Gone() {
			out = append(out, h)
		}
	}
	return out
}

// person changes an event by hand.
func (a *account) person(id cal.EventID, field cal.Field, c cal.Content) {
	h := a.held[id]
	one := cal.Fields(field)
	if h.byPerson&one == 0 {
		h.before = h.before.Overlay(h.event.Content, one)
		h.stillTheirs &^= one
	}
	h.event.Content = h.event.Content.Overlay(copied(c), one)
	h.byPerson |= one
	h.touched |= one
	h.event.ETag = a.etag()
}

var _ Client = (*account)(nil)
