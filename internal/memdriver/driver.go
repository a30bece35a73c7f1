package memdriver

import (
	"context"
	"net/http"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// Driver is the account's provider as calweave knows it. Since nothing goes over HTTP, it is this account that all of its clients act for.
func (a *Account) Driver() provider.Driver {
	d := driver{a}
	switch {
	case a.Kind.Quiet && a.Kind.Conditional:
		return struct {
			driver
			quiet
			conditional
		}{driver: d}
	case a.Kind.Quiet:
		return struct {
			driver
			quiet
		}{driver: d}
	case a.Kind.Conditional:
		return struct {
			driver
			conditional
		}{driver: d}
	default:
		return d
	}
}

// Client is a client of the account with the capabilities that its kind claims.
func (a *Account) Client() provider.Client {
	if a.Kind.Recurs {
		return a.recurring()
	}
	c := client{a}
	switch {
	case a.Kind.Lists && a.Kind.Finds:
		return struct {
			client
			lister
			finder
		}{c, lister{a}, finder{a}}
	case a.Kind.Lists:
		return struct {
			client
			lister
		}{c, lister{a}}
	case a.Kind.Finds:
		return struct {
			client
			finder
		}{c, finder{a}}
	default:
		return c
	}
}

// recurring is Client for a kind that keeps series.
func (a *Account) recurring() provider.Client {
	c, k := client{a}, keeper{a}
	switch {
	case a.Kind.Lists && a.Kind.Finds:
		return struct {
			client
			keeper
			lister
			finder
		}{c, k, lister{a}, finder{a}}
	case a.Kind.Lists:
		return struct {
			client
			keeper
			lister
		}{c, k, lister{a}}
	case a.Kind.Finds:
		return struct {
			client
			keeper
			finder
		}{c, k, finder{a}}
	default:
		return struct {
			client
			keeper
		}{c, k}
	}
}

type driver struct{ account *Account }

// Name implements provider.Driver.
func (d driver) Name() cal.Provider { return d.account.Kind.Name }

// OAuth implements provider.Driver. Nobody has to sign in.
func (driver) OAuth() provider.OAuth { return provider.OAuth{} }

// TokenFault implements provider.Driver. There is no token endpoint whose answer could mean anything.
func (driver) TokenFault(status int, _ http.Header, _ []byte) *fault.Error {
	return &fault.Error{Kind: fault.Transient, Op: "memory: token", Status: status}
}

// Open implements provider.Driver.
func (d driver) Open(*http.Client) (provider.Client, error) { return d.account.Client(), nil }

type quiet struct{}

// QuietWrites implements provider.QuietWriter.
func (quiet) QuietWrites() {}

type conditional struct{}

// ConditionalWrites implements provider.ConditionalWriter.
func (conditional) ConditionalWrites() {}

type client struct{ account *Account }

// Calendars implements provider.Client.
func (c client) Calendars(ctx context.Context) ([]cal.Calendar, error) {
	return do(ctx, c.account, Browse, func() ([]cal.Calendar, error) {
		c.account.mu.Lock()
		defer c.account.mu.Unlock()
		var all []cal.Calendar
		for _, each := range c.account.calendars {
			if !each.hidden || !each.unlisted {
				all = append(all, each.about)
			}
		}
		return all, nil
	})
}

// ReadEvent implements provider.Client.
func (c client) ReadEvent(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
	return do(ctx, c.account, Read, func() (cal.Event, error) {
		c.account.mu.Lock()
		defer c.account.mu.Unlock()
		e, err := c.account.shown(Read, ref)
		if err != nil {
			return cal.Event{}, err
		}
		return copyOf(e.event), nil
	})
}

// shown is the entry that a reference names if clients are shown it.
func (a *Account) shown(op Op, ref provider.EventRef) (*entry, error) {
	c := a.Calendar(ref.Calendar)
	if c == nil {
		return nil, refused(fault.NotFound, op, "no such calendar")
	}
	return c.shown(op, ref.ID)
}

// CreateEvent implements provider.Client.
func (c client) CreateEvent(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
	sent := c.account.clock.Now()
	return do(ctx, c.account, Create, func() (provider.Created, error) { return c.account.create(req, sent) })
}

// UpdateEvent implements provider.Client.
func (c client) UpdateEvent(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
	return do(ctx, c.account, Update, func() (cal.Event, error) { return c.account.update(req) })
}

// DeleteEvent implements provider.Client.
func (c client) DeleteEvent(ctx context.Context, req provider.DeleteEvent) error {
	_, err := do(ctx, c.account, Delete, func() (struct{}, error) { return struct{}{}, c.account.remove(req) })
	return err
}

type lister struct{ account *Account }

// ListEvents implements provider.DeltaLister.
func (l lister) ListEvents(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
	return do(ctx, l.account, List, func() (cal.Page, error) {
		l.account.mu.Lock()
		defer l.account.mu.Unlock()
		c, err := l.account.visible(List, req.Calendar, fault.NotFound)
		if err != nil {
			return cal.Page{}, err
		}
		return c.list(req)
	})
}

type finder struct{ account *Account }

// FindEvent implements provider.EventFinder.
func (f finder) FindEvent(ctx context.Context, calendar cal.RemoteCalendarID, key cal.Key) (cal.Event, error) {
	return do(ctx, f.account, Find, func() (cal.Event, error) {
		f.account.mu.Lock()
		defer f.account.mu.Unlock()
		c, err := f.account.visible(Find, calendar, fault.Forbidden)
		if err != nil {
			return cal.Event{}, err
		}
		e, err := c.shown(Find, c.holders[key.String()])
		if err != nil {
			return cal.Event{}, refused(fault.NotFound, Find, "no event carries the key")
		}
		return copyOf(e.event), nil
	})
}
