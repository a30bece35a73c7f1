package reconcile

import (
	"context"
	"slices"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/memdriver"
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

// account is a provider's account, with what the tests make of its calls and what they know of its events.
type account struct {
	*memdriver.Account
	// work is the calendar of the link's target.
	work *memdriver.Calendar
	can  Abilities

	calls  []string
	writes []string
	late   []lateWrite
	marks  map[cal.EventID]*mark
	// version is the one that the next call is about.
	version int64
	// asked looks at every call, fates says what becomes of it, and refusal, if set, is the answer to the next one. changed runs after every effect.
	asked   func(ctx context.Context, op string)
	fates   func(op string) fate
	refusal error
	changed func(op string, id cal.EventID, notify cal.Notify, guests bool)
	// updating and deleting look at every request that is accepted, beside the event as it was before.
	updating func(provider.UpdateEvent, *known)
	deleting func(provider.DeleteEvent, *known)
}

// mark is what the tests know of an event.
type mark struct {
	// byPerson are the fields that a person was the last to write, touched those that one ever wrote. before is what undoing that brings back, and
	// stillTheirs where that is a person's too. strangers are guests that a person has added.
	byPerson, touched, stillTheirs cal.Fields
	before                         cal.Content
	strangers                      []string
	deletedBy                      string
}

// known is an event with its mark.
type known struct {
	*mark
	event cal.Event
}

// lateWrite is a write whose effect is still to come.
type lateWrite struct {
	op      string
	version int64
	apply   func() error
}

func newAccount(p cal.Provider, c clock.Clock) *account {
	kind := memdriver.Google()
	if p == cal.Microsoft {
		kind = memdriver.Microsoft()
	}
	a := &account{
		Account: memdriver.New(kind, c, cal.Calendar{ID: "other"}, cal.Calendar{ID: "work", Writable: true}), marks: map[cal.EventID]*mark{},
	}
	a.work = a.Calendar("work")
	a.can = abilities(a.Driver(), a.Client())
	a.Hooks = memdriver.Hooks{Fate: a.fate, Created: a.created, Updated: a.updated, Deleted: a.deleted}
	return a
}

func abilities(d provider.Driver, c provider.Client) Abilities {
	return Abilities{
		Quiet: provider.CanBeQuiet.Claims(d, c), Conditional: provider.CanCondition.Claims(d, c), Finds: provider.CanFind.Claims(d, c),
		Confers: provider.CanConfer.Claims(d, c),
	}
}

// client is what the gateway makes of a provider's client: it has every method, and refuses what the provider lacks.
type client struct {
	provider.Client
	provider.SeriesKeeper // nil where the provider keeps none
}

// FindEvent implements Client.
func (c client) FindEvent(ctx context.Context, calendar cal.RemoteCalendarID, key cal.Key) (cal.Event, error) {
	finder, ok := c.Client.(provider.EventFinder)
	if !ok {
		return cal.Event{}, fault.Newf(fault.Unsupported, "find", "this provider cannot do it")
	}
	return finder.FindEvent(ctx, calendar, key)
}

// open implements Open.
func (a *account) open(context.Context, cal.TenantID, cal.ConnectionID) (Client, Abilities, error) {
	return asClient(a.Client()), a.can, nil
}

func asClient(c provider.Client) client {
	keeper, _ := c.(provider.SeriesKeeper)
	return client{c, keeper}
}

// fate is a hook.
func (a *account) fate(ctx context.Context, op memdriver.Op) memdriver.Fate {
	a.calls = append(a.calls, string(op))
	if a.asked != nil {
		a.asked(ctx, string(op))
	}
	f := answered
	if a.fates != nil {
		f = a.fates(string(op))
	}
	lost := fault.Newf(fault.Transient, string(op), "no answer in time")
	switch f {
	case lostBefore:
		return memdriver.Fate{Err: lost}
	case lostAfter:
		return memdriver.Fate{Err: lost, Done: true}
	case delayed:
		return memdriver.Fate{Err: lost, Later: func(apply func() error) {
			a.late = append(a.late, lateWrite{string(op), a.version, apply})
		}}
	case limited:
		return memdriver.Fate{Err: fault.Newf(fault.RateLimited, string(op), "too many")}
	case contested:
		return memdriver.Fate{Err: fault.Newf(fault.Conflict, string(op), "changed meanwhile")}
	case died, diedAfter:
		return memdriver.Fate{Err: errDead, Done: f == diedAfter}
	default:
		err := a.refusal
		a.refusal = nil
		return memdriver.Fate{Err: err}
	}
}

// created is a hook.
func (a *account) created(req provider.CreateEvent, made cal.Event) {
	a.wrote("create", made.ID, req.Notify, len(made.Content.Attendees) > 0)
}

// updated is a hook.
func (a *account) updated(req provider.UpdateEvent, before, after cal.Event) {
	k := &known{a.mark(after.ID), before}
	if a.updating != nil {
		a.updating(req, k)
	}
	k.byPerson &^= req.Fields &^ takenOff(k.byPerson, req, after.Content)
	if after.ETag != before.ETag {
		guests := len(before.Content.Attendees)+len(after.Content.Attendees) > 0
		a.wrote("update "+strings.Join(req.Fields.Names(), "+"), after.ID, req.Notify, guests)
	}
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

// deleted is a hook.
func (a *account) deleted(req provider.DeleteEvent, before cal.Event) {
	k := &known{a.mark(before.ID), before}
	if a.deleting != nil {
		a.deleting(req, k)
	}
	k.deletedBy = "core"
	a.wrote("delete", before.ID, req.Notify, len(before.Content.Attendees) > 0)
}

func (a *account) wrote(op string, id cal.EventID, notify cal.Notify, guests bool) {
	a.writes = append(a.writes, op)
	if a.changed != nil {
		a.changed(op, id, notify, guests)
	}
}

func (a *account) mark(id cal.EventID) *mark {
	if a.marks[id] == nil {
		a.marks[id] = &mark{}
	}
	return a.marks[id]
}

// known is an event as it is now, or nil.
func (a *account) known(id cal.EventID) *known {
	e, ok := a.work.Event(id)
	if !ok {
		return nil
	}
	return &known{a.mark(id), e}
}

// live returns the events that stand.
func (a *account) live() []*known {
	var out []*known
	for _, e := range a.work.Standing() {
		out = append(out, a.known(e.ID))
	}
	return out
}

// person changes an event by hand.
func (a *account) person(id cal.EventID, field cal.Field, c cal.Content) {
	k := a.known(id)
	one := cal.Fields(field)
	if k.byPerson&one == 0 {
		k.before = k.before.Overlay(k.event.Content, one)
		k.stillTheirs &^= one
	}
	a.work.Edit(id, func(now *cal.Content) { *now = now.Overlay(c, one) })
	k.byPerson |= one
	k.touched |= one
}

// bury deletes an event by hand.
func (a *account) bury(id cal.EventID) {
	a.work.Delete(id)
	a.mark(id).deletedBy = "person"
}
