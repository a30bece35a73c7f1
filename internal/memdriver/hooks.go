package memdriver

import (
	"context"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// Op is one kind of call.
type Op string

// The calls.
const (
	Browse Op = "calendars"
	List   Op = "list"
	Read   Op = "read"
	Find   Op = "find"
	Create Op = "create"
	Update Op = "update"
	Delete Op = "delete"

	ReadOccurrence Op = "read occurrence"
	ListExceptions Op = "list exceptions"
)

// Hooks take part in calls; a nil one does not. They run outside the account's lock and may act upon it.
type Hooks struct {
	// Fate is asked before a call does anything. It may keep the call waiting until its context ends.
	Fate func(ctx context.Context, op Op) Fate
	// Created, Updated and Deleted look at writes that were carried out, late ones among them, before they are answered. An update that would
	// change nothing leaves the event and its ETag as they are.
	Created func(req provider.CreateEvent, made cal.Event)
	Updated func(req provider.UpdateEvent, before, after cal.Event)
	Deleted func(req provider.DeleteEvent, before cal.Event)
}

// Fate is what becomes of a call. The zero Fate carries it out and answers it.
type Fate struct {
	// Err is what the caller hears instead of the answer. The call does nothing, unless one of the others says that it does.
	Err error
	// Done carries the call out at once.
	Done bool
	// Later is handed what carries the call out, for whenever it likes.
	Later func(apply func() error)
}

// do makes a call.
func do[T any](ctx context.Context, a *Account, op Op, apply func() (T, error)) (T, error) {
	var none T
	var fate Fate
	if a.Hooks.Fate != nil && ctx.Err() == nil {
		fate = a.Hooks.Fate(ctx, op)
	}
	if err := ctx.Err(); err != nil && fate.Err == nil { // before the call was made, or while it waited
		fate.Err = fault.Network(ctx, "memory: "+string(op), err)
	}
	a.mu.Lock()
	a.complete()
	a.mu.Unlock()
	if fate.Err == nil {
		return apply()
	}
	discard := func() error { _, err := apply(); return err }
	switch {
	case fate.Later != nil:
		fate.Later(discard)
	case fate.Done:
		_ = discard() // a refusal is lost with the answer
	}
	return none, fate.Err
}

// refused is a refusal of the provider's own.
func refused(kind fault.Kind, op Op, why string) *fault.Error {
	return fault.Newf(kind, "memory: "+string(op), "%s", why)
}
