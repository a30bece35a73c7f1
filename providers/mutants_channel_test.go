package providers_test

import (
	"context"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/drivertest"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
)

// opened changes what a channel that was opened is called.
func opened(change func(ch *cal.Channel)) func(*wrong) {
	return func(w *wrong) {
		w.open = func(ctx context.Context, req provider.OpenChannel) (cal.Channel, error) {
			ch, err := w.full.OpenChannel(ctx, req)
			if err == nil {
				change(&ch)
			}
			return ch, err
		}
	}
}

// noticed changes every notice.
func noticed(change func(n *provider.Notice)) func(*wrong) {
	return func(w *wrong) {
		decode := w.decode
		w.decode = func(req provider.Push) (provider.Notification, error) {
			n, err := decode(req)
			for i := range n.Notices {
				change(&n.Notices[i])
			}
			return n, err
		}
	}
}

func channelMutants() []mutant {
	shut := func(instead func(ctx context.Context, w *wrong, ch cal.Channel) error) func(*wrong) {
		return func(w *wrong) {
			w.shut = func(ctx context.Context, ch cal.Channel) error { return instead(ctx, w, ch) }
		}
	}
	return []mutant{
		{name: "channel without an end", by: "channel/life", harm: opened(func(ch *cal.Channel) { ch.Expires = time.Time{} })},
		{name: "the wish taken for what was granted", by: "channel/life", harm: opened(func(ch *cal.Channel) { ch.Expires = ch.Expires.AddDate(1, 0, 0) })},
		{name: "a secret of its own", by: "channel/life", harm: func(w *wrong) {
			w.open = func(ctx context.Context, req provider.OpenChannel) (cal.Channel, error) {
				req.Secret = "own"
				return w.full.OpenChannel(ctx, req)
			}
		}},
		{name: "closing pretended", by: "channel/life", harm: shut(func(context.Context, *wrong, cal.Channel) error { return nil })},
		{name: "opening taken for a change", by: "channel/life", harm: noticed(func(n *provider.Notice) { n.Kind = provider.NoticeChanged })},
		{name: "changes taken for an opening", by: "channel/life", harm: noticed(func(n *provider.Notice) { n.Kind = provider.NoticeOpened })},
		{name: "stray without a resource", by: "channel/its opening is not answered", harm: noticed(func(n *provider.Notice) { n.Resource = "" })},
		{name: "stray without a name", by: "channel/its opening is not answered", on: onMicrosoft, harm: noticed(func(n *provider.Notice) { n.Remote = "" })},
		{name: "what is in the way not named", by: "channel/two of them", on: onMicrosoft, harm: func(w *wrong) {
			w.open = func(ctx context.Context, req provider.OpenChannel) (cal.Channel, error) {
				ch, err := w.full.OpenChannel(ctx, req)
				if fault.Is(err, fault.Duplicate) {
					err = fault.Newf(fault.Duplicate, "open", "there is one")
				}
				return ch, err
			}
		}},
		{name: "notices of whichever channel", by: "channel/two of them", harm: noticed(func(n *provider.Notice) { n.Channel = "chn_1" })},
		{name: "renewal pretended", by: "channel/renewed", on: onMicrosoft, harm: func(w *wrong) {
			w.renews = func(_ context.Context, ch cal.Channel, until time.Time) (cal.Channel, error) {
				ch.Expires = until
				return ch, nil
			}
		}},
		{name: "renewal called something else", by: "channel/renewed", on: onMicrosoft, harm: func(w *wrong) {
			renew := w.renews
			w.renews = func(ctx context.Context, ch cal.Channel, until time.Time) (cal.Channel, error) {
				later, err := renew(ctx, ch, until)
				later.ID = cal.ChannelID(later.Remote)
				return later, err
			}
		}},
		{name: "what is not there called wrong", by: "channel/not there", harm: shut(func(ctx context.Context, w *wrong, ch cal.Channel) error {
			if err := w.full.CloseChannel(ctx, ch); err != nil {
				return fault.New(fault.Invalid, "close", err)
			}
			return nil
		})},
		{name: "anything taken for a push", by: "push/what is no push", harm: func(w *wrong) {
			w.decode = func(provider.Push) (provider.Notification, error) {
				return provider.Notification{Notices: []provider.Notice{{Kind: provider.NoticeChanged}}}, nil
			}
		}},
		{name: "falls over what is no push", by: "push/what is no push", harm: func(w *wrong) {
			decode := w.decode
			w.decode = func(req provider.Push) (provider.Notification, error) {
				n, err := decode(req)
				if err != nil {
					panic(err)
				}
				return n, nil
			}
		}},
	}
}

// claimMutants claim what they lack.
func claimMutants() []mutant {
	lacks := fault.Newf(fault.Unsupported, "call", "not implemented")
	return []mutant{
		{name: "claims to list", by: "listing/pages", harm: func(w *wrong) {
			w.list = func(context.Context, provider.ListEvents) (cal.Page, error) { return cal.Page{}, lacks }
		}},
		{name: "claims to find", by: "find/by key", harm: func(w *wrong) {
			w.finds = func(context.Context, cal.RemoteCalendarID, cal.Key) (cal.Event, error) { return cal.Event{}, lacks }
		}},
		{name: "claims to push", by: "channel/life", harm: func(w *wrong) {
			w.open = func(context.Context, provider.OpenChannel) (cal.Channel, error) { return cal.Channel{}, lacks }
		}},
		{name: "claims to renew", by: "channel/renewed", harm: func(w *wrong) {
			w.renews = func(context.Context, cal.Channel, time.Time) (cal.Channel, error) { return cal.Channel{}, lacks }
		}},
		{name: "claims to decode", by: "channel/life", harm: func(w *wrong) {
			w.decode = func(provider.Push) (provider.Notification, error) { return provider.Notification{}, lacks }
		}},
		{name: "claims to be quiet", by: "mail/nobody is mailed", on: onMicrosoft, harm: func(w *wrong) { w.quiet = true }},
		{name: "claims conditional writes", by: "update/on an older state", on: heedless, harm: func(w *wrong) { w.conditional = true }},
	}
}

// heedless is a Microsoft that does not look at If-Match.
func heedless() drivertest.Provider {
	p := onMicrosoft()
	p.Switches = func(s *sim.Switches) {
		s.Microsoft.PatchIfMatch, s.Microsoft.DeleteIfMatch = stage.Ignored, stage.Ignored
	}
	return p
}
