package microsoft

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// OpenChannel subscribes to a calendar's events. Graph calls the address with its handshake before it answers, and tells the same address
// about the subscription itself (https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks). It refuses a subscription
// that stands already, as one does whose answer was lost; then a second request looks for it.
func (c *client) OpenChannel(ctx context.Context, req provider.OpenChannel) (cal.Channel, error) {
	const op = "microsoft: open channel"
	if err := checkCalendar(op, req.Calendar); err != nil {
		return cal.Channel{}, err
	}
	state, ok := clientState(req.ID, req.Secret)
	if !ok {
		return cal.Channel{}, refused(op, "the channel's id or secret is empty, too long, or has a dot where none may be")
	}
	resource := c.user + "/calendars/" + url.PathEscape(string(req.Calendar)) + "/events"
	info, err := c.subscriptions().ToPostRequestInformation(ctx, models.NewSubscription(), nil)
	if err != nil {
		return cal.Channel{}, refused(op, "the request cannot be made")
	}
	raw, err := c.send(ctx, call{info: info, body: subscription{
		ChangeType: "created,updated,deleted", Resource: resource, ClientState: state,
		NotificationURL: req.Address, LifecycleNotificationURL: req.Address,
		ExpirationDateTime: c.expiry(req.Expires), LatestSupportedTLS: "v1_2",
	}})
	if err != nil {
		f := c.fault(ctx, op, err)
		if f.Kind == fault.Conflict {
			f.Kind = fault.Duplicate
			f.Existing, err = c.standing(ctx, op, resource, req.Address)
			if err != nil {
				return cal.Channel{}, err
			}
		}
		return cal.Channel{}, f
	}
	return granted(op, cal.Channel{ID: req.ID, Resource: resource}, raw)
}

// standing returns the id of the subscription to a resource that tells an address, or nothing: one that tells another address is another
// installation's (https://learn.microsoft.com/en-us/graph/api/subscription-list). One request a page.
func (c *client) standing(ctx context.Context, op, resource, address string) (string, error) {
	builder, at := c.subscriptions(), place{}
	for {
		info, err := builder.ToGetRequestInformation(ctx, nil)
		if err != nil {
			return "", refused(op, "the request cannot be made")
		}
		raw, err := c.send(ctx, call{info: info})
		if err != nil {
			return "", c.fault(ctx, op, err)
		}
		page, err := decode[models.SubscriptionCollectionResponseable](raw, models.CreateSubscriptionCollectionResponseFromDiscriminatorValue)
		if err != nil {
			return "", unreadable(op)
		}
		for _, s := range page.GetValue() {
			if s != nil && text(s.GetNotificationUrl()) == address && strings.EqualFold(text(s.GetResource()), resource) {
				return text(s.GetId()), nil
			}
		}
		link := text(page.GetOdataNextLink())
		if link == "" {
			return "", nil
		}
		if at, err = c.follow(at, link); err != nil {
			return "", fault.New(fault.Invalid, op, err)
		}
		builder = builder.WithUrl(at.link)
	}
}

// RenewChannel prolongs a subscription (https://learn.microsoft.com/en-us/graph/api/subscription-update).
func (c *client) RenewChannel(ctx context.Context, ch cal.Channel, until time.Time) (cal.Channel, error) {
	const op = "microsoft: renew channel"
	if !segment(ch.Remote) {
		return cal.Channel{}, fault.Newf(fault.NotFound, op, "the subscription's id is not known")
	}
	info, err := c.subscriptions().BySubscriptionId(ch.Remote).ToPatchRequestInformation(ctx, models.NewSubscription(), nil)
	if err != nil {
		return cal.Channel{}, refused(op, "the request cannot be made")
	}
	raw, err := c.send(ctx, call{info: info, body: subscription{ExpirationDateTime: c.expiry(until)}})
	if err != nil {
		return cal.Channel{}, c.fault(ctx, op, err)
	}
	return granted(op, ch, raw)
}

// CloseChannel ends a subscription. One whose opening was never answered, and of which no message came either, cannot be named: that is
// fault.NotFound, and it ends by itself.
func (c *client) CloseChannel(ctx context.Context, ch cal.Channel) error {
	const op = "microsoft: close channel"
	if !segment(ch.Remote) {
		return fault.Newf(fault.NotFound, op, "the subscription's id is not known")
	}
	info, err := c.subscriptions().BySubscriptionId(ch.Remote).ToDeleteRequestInformation(ctx, nil)
	if err != nil {
		return refused(op, "the request cannot be made")
	}
	if _, err := c.send(ctx, call{info: info}); err != nil {
		return c.fault(ctx, op, err)
	}
	return nil
}

// expiry is when to let a subscription end: as wished, but no later than Graph allows, and then too when nothing is wished.
func (c *client) expiry(wished time.Time) string {
	latest := c.clock.Now().Add(maxSubscription - expiryMargin)
	if wished.IsZero() || wished.After(latest) {
		wished = latest
	}
	return wished.UTC().Format(time.RFC3339)
}

// granted is ch as the answer describes it. A subscription without an id or an end cannot be kept.
func granted(op string, ch cal.Channel, raw []byte) (cal.Channel, error) {
	got, err := decode[models.Subscriptionable](raw, models.CreateSubscriptionFromDiscriminatorValue)
	if err != nil || text(got.GetId()) == "" || got.GetExpirationDateTime() == nil {
		return cal.Channel{}, unreadable(op)
	}
	ch.Remote, ch.Expires = text(got.GetId()), got.GetExpirationDateTime().UTC()
	return ch, nil
}

// clientState is how a channel's id and secret travel: "<id>.<secret>". It is split at its last dot, so that an id may hold dots and a secret
// may not.
func clientState(id cal.ChannelID, secret string) (string, bool) {
	state := string(id) + "." + secret
	ok := id != "" && secret != "" && !strings.Contains(secret, ".") && len(state) <= maxClientState
	return state, ok
}

// splitClientState undoes clientState.
func splitClientState(state string) (id cal.ChannelID, secret string, ok bool) {
	i := strings.LastIndexByte(state, '.')
	if i < 1 || i == len(state)-1 || len(state) > maxClientState {
		return "", "", false
	}
	return cal.ChannelID(state[:i]), state[i+1:], true
}
