package google

import (
	"context"
	"time"

	"google.golang.org/api/calendar/v3"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// OpenChannel watches a calendar's events. The channel has our id, Google may send its first message before it answers, and what it grants
// may be less than what was asked (https://developers.google.com/workspace/calendar/api/guides/push).
func (c *client) OpenChannel(ctx context.Context, req provider.OpenChannel) (cal.Channel, error) {
	const op = "google: open channel"
	if err := checkCalendar(op, req.Calendar); err != nil {
		return cal.Channel{}, err
	}
	if len(req.ID) == 0 || len(req.ID) > maxChannelID || len(req.Secret) == 0 || len(req.Secret) > maxSecret {
		return cal.Channel{}, refused(op, "the channel's id or secret is empty or too long")
	}
	ask := &calendar.Channel{Id: string(req.ID), Type: "web_hook", Address: req.Address, Token: req.Secret}
	if !req.Expires.IsZero() {
		ask.Expiration = req.Expires.UnixMilli()
	}
	got, err := c.service.Events.Watch(string(req.Calendar), ask).Context(ctx).Do()
	if err != nil {
		return cal.Channel{}, c.fault(ctx, op, err)
	}
	ch := cal.Channel{ID: req.ID, Resource: got.ResourceId, Expires: c.clock.Now().Add(defaultChannelLife).UTC()}
	if got.Expiration > 0 {
		ch.Expires = time.UnixMilli(got.Expiration).UTC()
	}
	return ch, nil
}

// CloseChannel stops a channel. Google wants the name of the resource too, so a channel whose opening was never answered, and of which no
// message came either, cannot be stopped: that is fault.NotFound, and the channel ends by itself. What the answer is about a channel that is not
// there is not documented (https://developers.google.com/workspace/calendar/api/v3/reference/channels/stop): 400 is taken for that, too.
func (c *client) CloseChannel(ctx context.Context, ch cal.Channel) error {
	const op = "google: close channel"
	if ch.Resource == "" {
		return fault.Newf(fault.NotFound, op, "the watched resource is not known")
	}
	err := c.service.Channels.Stop(&calendar.Channel{Id: string(ch.ID), ResourceId: ch.Resource}).Context(ctx).Do()
	if err != nil {
		f := c.fault(ctx, op, err)
		if f.Kind == fault.Invalid {
			f.Kind = fault.NotFound
		}
		return f
	}
	return nil
}
