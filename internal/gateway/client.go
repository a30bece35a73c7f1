package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// Client acts for one connection and watches what its calls say about it.
type Client struct {
	provider.Client
	gateway    *Gateway
	tenant     cal.TenantID
	connection cal.ConnectionID
	version    int64
	caps       Capabilities
	finder     provider.EventFinder
	lister     provider.DeltaLister
	keeper     provider.ChannelKeeper
	renewer    provider.ChannelRenewer
}

// Capabilities returns what this client can do.
func (c *Client) Capabilities() Capabilities { return c.caps }

// Calendars lists all calendars that the account sees.
func (c *Client) Calendars(ctx context.Context) ([]cal.Calendar, error) {
	out, err := c.Client.Calendars(ctx)
	return out, c.watch(ctx, "list calendars", err)
}

// ReadEvent returns an event as it is now.
func (c *Client) ReadEvent(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
	out, err := c.Client.ReadEvent(ctx, ref)
	return out, c.watch(ctx, "read event", err)
}

// CreateEvent makes an event once per key.
func (c *Client) CreateEvent(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
	out, err := c.Client.CreateEvent(ctx, req)
	return out, c.watch(ctx, "create event", err)
}

// UpdateEvent changes the given fields of an event.
func (c *Client) UpdateEvent(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
	out, err := c.Client.UpdateEvent(ctx, req)
	return out, c.watch(ctx, "update event", err)
}

// DeleteEvent removes an event.
func (c *Client) DeleteEvent(ctx context.Context, req provider.DeleteEvent) error {
	return c.watch(ctx, "delete event", c.Client.DeleteEvent(ctx, req))
}

// FindEvent finds an event by its key, where the provider can.
func (c *Client) FindEvent(ctx context.Context, calendar cal.RemoteCalendarID, key cal.Key) (cal.Event, error) {
	if c.finder == nil {
		return cal.Event{}, unsupported("find event")
	}
	out, err := c.finder.FindEvent(ctx, calendar, key)
	return out, c.watch(ctx, "find event", err)
}

// ListEvents returns one page of a listing, where the provider can.
func (c *Client) ListEvents(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
	if c.lister == nil {
		return cal.Page{}, unsupported("list events")
	}
	out, err := c.lister.ListEvents(ctx, req)
	return out, c.watch(ctx, "list events", err)
}

// OpenChannel asks for pushes, where the provider can.
func (c *Client) OpenChannel(ctx context.Context, req provider.OpenChannel) (cal.Channel, error) {
	if c.keeper == nil {
		return cal.Channel{}, unsupported("open channel")
	}
	out, err := c.keeper.OpenChannel(ctx, req)
	return out, c.watch(ctx, "open channel", err)
}

// CloseChannel ends pushes, where the provider can.
func (c *Client) CloseChannel(ctx context.Context, ch cal.Channel) error {
	if c.keeper == nil {
		return unsupported("close channel")
	}
	return c.watch(ctx, "close channel", c.keeper.CloseChannel(ctx, ch))
}

// RenewChannel prolongs a channel in place, where the provider can.
func (c *Client) RenewChannel(ctx context.Context, ch cal.Channel, until time.Time) (cal.Channel, error) {
	if c.renewer == nil {
		return cal.Channel{}, unsupported("renew channel")
	}
	out, err := c.renewer.RenewChannel(ctx, ch, until)
	return out, c.watch(ctx, "renew channel", err)
}

func unsupported(op string) error {
	return fault.Newf(fault.Unsupported, "gateway: "+op, "this provider cannot do it")
}

// watch records what a failure says about the connection and returns it as a fault, whatever the driver returned.
func (c *Client) watch(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	f, ok := fault.As(err)
	if !ok {
		f = fault.Network(ctx, "gateway: "+op, err)
	}
	if f.Kind == fault.Unauthorized {
		ctx, cancel := recording(ctx)
		defer cancel()
		return errors.Join(f, c.gateway.Tokens.Refused(ctx, c.tenant, c.connection, c.version))
	}
	return c.gateway.heed(ctx, c.tenant, c.connection, f)
}
