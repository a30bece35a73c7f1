package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/record"
)

// Client acts for one connection and watches what its calls say about it.
type Client struct {
	provider.Client
	gateway    *Gateway
	tenant     cal.TenantID
	connection cal.ConnectionID
	provider   cal.Provider
	app        cal.AppID
	version    int64
	read       time.Time
	caps       Capabilities
	finder     provider.EventFinder
	lister     provider.DeltaLister
	keeper     provider.ChannelKeeper
	renewer    provider.ChannelRenewer
	series     provider.SeriesKeeper
}

// Capabilities returns what this client can do.
func (c *Client) Capabilities() Capabilities { return c.caps }

// Calendars lists all calendars that the account sees.
func (c *Client) Calendars(ctx context.Context) ([]cal.Calendar, error) {
	return ask(ctx, c, request{op: "list calendars"}, c.Client.Calendars)
}

// ReadEvent returns an event as it is now.
func (c *Client) ReadEvent(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
	return ask(ctx, c, request{op: "read event"}, func(ctx context.Context) (cal.Event, error) { return c.Client.ReadEvent(ctx, ref) })
}

// CreateEvent makes an event once per key.
func (c *Client) CreateEvent(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
	return ask(ctx, c, request{"create event", req.Calendar}, func(ctx context.Context) (provider.Created, error) { return c.Client.CreateEvent(ctx, req) })
}

// UpdateEvent changes the given fields of an event.
func (c *Client) UpdateEvent(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
	return ask(ctx, c, request{"update event", req.Ref.Calendar}, func(ctx context.Context) (cal.Event, error) { return c.Client.UpdateEvent(ctx, req) })
}

// DeleteEvent removes an event.
func (c *Client) DeleteEvent(ctx context.Context, req provider.DeleteEvent) error {
	return tell(ctx, c, request{"delete event", req.Ref.Calendar}, func(ctx context.Context) error { return c.Client.DeleteEvent(ctx, req) })
}

// FindEvent finds an event by its key, where the provider can.
func (c *Client) FindEvent(ctx context.Context, calendar cal.RemoteCalendarID, key cal.Key) (cal.Event, error) {
	if c.finder == nil {
		return cal.Event{}, unsupported("find event")
	}
	return ask(ctx, c, request{op: "find event"}, func(ctx context.Context) (cal.Event, error) { return c.finder.FindEvent(ctx, calendar, key) })
}

// ReadOccurrence returns one occurrence of a series, where the provider keeps any.
func (c *Client) ReadOccurrence(ctx context.Context, series provider.EventRef, original cal.Moment) (cal.Event, error) {
	if c.series == nil {
		return cal.Event{}, unsupported("read occurrence")
	}
	return ask(ctx, c, request{op: "read occurrence"}, func(ctx context.Context) (cal.Event, error) {
		return c.series.ReadOccurrence(ctx, series, original)
	})
}

// ListExceptions returns the occurrences that differ from their series, where the provider keeps any.
func (c *Client) ListExceptions(ctx context.Context, series provider.EventRef) ([]cal.Event, error) {
	if c.series == nil {
		return nil, unsupported("list exceptions")
	}
	return ask(ctx, c, request{op: "list exceptions"}, func(ctx context.Context) ([]cal.Event, error) {
		return c.series.ListExceptions(ctx, series)
	})
}

// ListEvents returns one page of a listing, where the provider can.
func (c *Client) ListEvents(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
	if c.lister == nil {
		return cal.Page{}, unsupported("list events")
	}
	return ask(ctx, c, request{op: "list events"}, func(ctx context.Context) (cal.Page, error) { return c.lister.ListEvents(ctx, req) })
}

// OpenChannel asks for pushes, where the provider can.
func (c *Client) OpenChannel(ctx context.Context, req provider.OpenChannel) (cal.Channel, error) {
	if c.keeper == nil {
		return cal.Channel{}, unsupported("open channel")
	}
	return ask(ctx, c, request{op: "open channel"}, func(ctx context.Context) (cal.Channel, error) { return c.keeper.OpenChannel(ctx, req) })
}

// CloseChannel ends pushes, where the provider can.
func (c *Client) CloseChannel(ctx context.Context, ch cal.Channel) error {
	if c.keeper == nil {
		return unsupported("close channel")
	}
	return tell(ctx, c, request{op: "close channel"}, func(ctx context.Context) error { return c.keeper.CloseChannel(ctx, ch) })
}

// RenewChannel prolongs a channel in place, where the provider can.
func (c *Client) RenewChannel(ctx context.Context, ch cal.Channel, until time.Time) (cal.Channel, error) {
	if c.renewer == nil {
		return cal.Channel{}, unsupported("renew channel")
	}
	return ask(ctx, c, request{op: "renew channel"}, func(ctx context.Context) (cal.Channel, error) { return c.renewer.RenewChannel(ctx, ch, until) })
}

func unsupported(op string) error {
	return fault.Newf(fault.Unsupported, "gateway: "+op, "this provider cannot do it")
}

// request is what a call is for, and which calendar it writes to.
type request struct {
	op     string
	writes cal.RemoteCalendarID
}

// ask makes a call under the fleet's budget, and watches what comes of it.
func ask[T any](ctx context.Context, c *Client, r request, call func(context.Context) (T, error)) (T, error) {
	out, f, ours, unwritten := budgeted(ctx, c, r, call)
	switch {
	case f == nil:
		return out, nil
	case ours:
		return out, f
	default:
		return out, errors.Join(c.watch(ctx, f), unwritten)
	}
}

// budgeted makes a call under the fleet's budget, and tells a refusal of the budget's own from what the provider has said. unwritten is why that could
// not be recorded.
func budgeted[T any](ctx context.Context, c *Client, r request, call func(context.Context) (T, error)) (out T, f *fault.Error, ours bool, unwritten error) {
	made, end := c.begin(ctx, r)
	f = fault.New(fault.Canceled, "gateway: "+r.op, errUnfinished) // what is reported if the driver panics
	defer func() {
		if f != nil && errors.Is(f, errUnfinished) {
			end(ctx, f)
		}
	}()
	out, err := call(made)
	f = asFault(ctx, r.op, err)
	unwritten = c.park(ctx, f)
	return out, f, end(ctx, f), unwritten
}

// park records that a whole application is to be left alone. It does so before the fleet's account hears of it: whoever finds that account empty
// looks into the database next.
func (c *Client) park(ctx context.Context, f *fault.Error) error {
	if f == nil || f.Scope != fault.ScopeApplication {
		return nil
	}
	asked := patience(f)
	if asked <= 0 {
		return nil
	}
	until := c.gateway.Clock.Now().Add(asked)
	ctx, cancel := recording(ctx)
	defer cancel()
	return c.gateway.Store.PenaliseApplication(ctx, c.tenant, c.app, until)
}

// errUnfinished stands for a call that did not return.
var errUnfinished = errors.New("the call did not return")

// tell is ask for a call without an answer.
func tell(ctx context.Context, c *Client, r request, call func(context.Context) error) error {
	_, err := ask(ctx, c, r, func(ctx context.Context) (struct{}, error) { return struct{}{}, call(ctx) })
	return err
}

// begin begins a call. Without a budget nothing bounds it.
func (c *Client) begin(ctx context.Context, r request) (context.Context, func(context.Context, *fault.Error) bool) {
	if c.gateway.Budget == nil {
		return ctx, func(context.Context, *fault.Error) bool { return false }
	}
	turn := record.TurnOf(ctx)
	return c.gateway.Budget.Begin(ctx, record.Call{
		Tenant: c.tenant, Provider: c.provider, AppID: c.app, Connection: c.connection, Calendar: r.writes,
		Lane: turn.Lane, InLine: turn.InLine, Read: c.read,
	})
}

// asFault is a failure as a fault, whatever the driver returned.
func asFault(ctx context.Context, op string, err error) *fault.Error {
	if err == nil {
		return nil
	}
	if f, ok := fault.As(err); ok {
		return f
	}
	return fault.Network(ctx, "gateway: "+op, err)
}

// watch records what a failure says about the connection, and returns it.
func (c *Client) watch(ctx context.Context, f *fault.Error) error {
	if f.Kind == fault.Unauthorized {
		ctx, cancel := recording(ctx)
		defer cancel()
		return errors.Join(f, c.gateway.Tokens.Refused(ctx, c.tenant, c.connection, c.version))
	}
	if f.Scope == fault.ScopeApplication {
		return f
	}
	return c.gateway.heed(ctx, c.tenant, c.connection, f)
}
