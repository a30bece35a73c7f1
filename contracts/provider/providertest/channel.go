package providertest

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

func channelCases() []Case {
	pushes := []provider.Capability{provider.CanPush, provider.CanDecode}
	return []Case{
		{"channel/life", pushes, channelLife},
		{"channel/its opening is not answered", pushes, channelStray},
		{"channel/two of them", pushes, twoChannels},
		{"channel/renewed", append(pushes, provider.CanRenew), channelRenewed},
		{"channel/not there", pushes, channelUnknown},
		{"push/what is no push", []provider.Capability{provider.CanDecode}, noPushes},
	}
}

// secret comes with every push of the cases' channels.
const secret = "CANARY-secret-of-a-channel"

// inbox takes pushes as a receiver does.
type inbox struct {
	mu      sync.Mutex
	decoder provider.NotificationDecoder
	notices []provider.Notice
	wrong   []error
}

// inbox makes a receiver and the address that it listens at.
func (r *Run) inbox() (in *inbox, address string) {
	r.t.Helper()
	if r.Receive == nil {
		r.t.Skipf("nothing can be pushed")
	}
	in = &inbox{decoder: r.Driver.(provider.NotificationDecoder)} //nolint:forcetypeassert // the case needs it
	return in, r.Receive(in.take)
}

func (in *inbox) take(p provider.Push) (status int, text string) {
	n, err := in.decoder.DecodeNotification(p)
	in.mu.Lock()
	defer in.mu.Unlock()
	if err != nil {
		in.wrong = append(in.wrong, err)
		return http.StatusBadRequest, ""
	}
	in.notices = append(in.notices, n.Notices...)
	return http.StatusOK, n.Handshake
}

// taken are the notices so far, which it forgets.
func (in *inbox) taken(t T) []provider.Notice {
	t.Helper()
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, err := range in.wrong {
		t.Errorf("a push cannot be read: %v", err)
	}
	all := in.notices
	in.notices, in.wrong = nil, nil
	return all
}

func (r *Run) keeper() provider.ChannelKeeper {
	return r.Client.(provider.ChannelKeeper) //nolint:forcetypeassert // the case needs it
}

func (r *Run) opening(id cal.ChannelID, address string, life time.Duration) provider.OpenChannel {
	return provider.OpenChannel{ID: id, Calendar: r.Calendar, Address: address, Secret: secret, Expires: r.Now().Add(life)}
}

// changed lets a person change an event, and returns what was pushed until everything was.
func (r *Run) changed(in *inbox) []provider.Notice {
	r.t.Helper()
	r.Settle()
	in.taken(r.t)
	r.Person.Create(draft(0))
	r.Settle()
	return in.taken(r.t)
}

// wantNotices wants at least one notice of a change, and each to name the channel and prove it.
func (r *Run) wantNotices(when string, all []provider.Notice, id cal.ChannelID) {
	r.t.Helper()
	changes := 0
	for _, n := range all {
		if n.Channel != id || n.Secret != secret {
			r.t.Errorf("%s: a notice is of channel %q, and its secret is right: %t", when, n.Channel, n.Secret == secret)
		}
		if n.Kind == provider.NoticeChanged {
			changes++
		}
	}
	if changes == 0 {
		r.t.Errorf("%s: no notice of a change among %d", when, len(all))
	}
}

func channelLife(t T, r *Run) {
	in, address := r.inbox()
	ch, err := r.keeper().OpenChannel(t.Context(), r.opening("chn_1", address, 24*time.Hour))
	r.must("open", err)
	if ch.ID != "chn_1" || !ch.Expires.After(r.Now()) || ch.Expires.After(r.Now().Add(24*time.Hour+time.Second)) {
		t.Errorf("open for a day: %+v", ch)
	}
	r.Settle()
	for _, n := range in.taken(t) { // some come before the answer does
		if n.Kind != provider.NoticeOpened || n.Channel != ch.ID || n.Secret != secret {
			t.Errorf("nothing has changed yet, and a notice says %+v", n)
		}
	}
	r.wantNotices("open", r.changed(in), ch.ID)
	r.must("close", r.keeper().CloseChannel(t.Context(), ch))
	r.wantSilence(in)
	if err := r.keeper().CloseChannel(t.Context(), ch); err != nil && !missing(err) {
		t.Errorf("close again: %v", err)
	}
}

// wantSilence wants nothing to be pushed of what changes from now on, once what lingers is over.
func (r *Run) wantSilence(in *inbox) {
	r.t.Helper()
	r.Settle()
	r.Pass(2 * time.Hour)
	if late := r.changed(in); len(late) > 0 {
		r.t.Errorf("after the channel was closed: %+v", late)
	}
}

// channelStray closes a channel of which nothing is known but what its pushes say.
func channelStray(t T, r *Run) {
	in, address := r.inbox()
	r.Wire.Harm(Opening, LostAnswer, 0)
	_, err := r.keeper().OpenChannel(t.Context(), r.opening("chn_1", address, 24*time.Hour))
	r.wants("an opening whose answer is lost", err, fault.Transient)
	all := r.changed(in)
	r.wantNotices("a stray", all, "chn_1")
	if len(all) == 0 {
		return
	}
	stray := cal.Channel{ID: all[0].Channel, Remote: all[0].Remote, Resource: all[0].Resource}
	r.must("close", r.keeper().CloseChannel(t.Context(), stray))
	r.wantSilence(in)
}

// twoChannels opens a second channel beside a first, as a renewal by replacement does, or is told which one is in the way.
func twoChannels(t T, r *Run) {
	in, address := r.inbox()
	first, err := r.keeper().OpenChannel(t.Context(), r.opening("chn_1", address, 24*time.Hour))
	r.must("open", err)
	second, err := r.keeper().OpenChannel(t.Context(), r.opening("chn_2", address, 24*time.Hour))
	if f, ok := fault.As(err); ok && f.Kind == fault.Duplicate {
		if f.Existing != first.Remote {
			t.Errorf("in the way is %q, not %q", first.Remote, f.Existing)
		}
		r.must("close the one in the way", r.keeper().CloseChannel(t.Context(), cal.Channel{Remote: f.Existing}))
		second, err = r.keeper().OpenChannel(t.Context(), r.opening("chn_2", address, 24*time.Hour))
		r.must("open then", err)
	} else {
		r.must("open another", err)
		r.must("close the first", r.keeper().CloseChannel(t.Context(), first))
	}
	all := slices.DeleteFunc(r.changed(in), func(n provider.Notice) bool { return n.Channel == first.ID }) // it may linger
	r.wantNotices("the second", all, second.ID)
}

func channelRenewed(t T, r *Run) {
	in, address := r.inbox()
	first, err := r.keeper().OpenChannel(t.Context(), r.opening("chn_1", address, 2*time.Hour))
	r.must("open", err)
	r.Settle()
	r.Pass(time.Hour)
	renewer := r.Client.(provider.ChannelRenewer) //nolint:forcetypeassert // the case needs it
	later, err := renewer.RenewChannel(t.Context(), first, r.Now().Add(24*time.Hour))
	r.must("renew", err)
	if !later.Expires.After(first.Expires) || later.ID != first.ID || later.Remote != first.Remote || later.Resource != first.Resource {
		t.Errorf("%+v was renewed to %+v", first, later)
	}
	for range 5 {
		r.Settle()
		r.Pass(time.Hour)
		r.Settle()
		if slices.ContainsFunc(in.taken(t), func(n provider.Notice) bool { return n.Kind == provider.NoticeExpiring }) {
			later, err = renewer.RenewChannel(t.Context(), later, r.Now().Add(24*time.Hour))
			r.must("renew as asked", err)
		}
	}
	r.wantNotices("after its first end", r.changed(in), first.ID)
	r.must("close", r.keeper().CloseChannel(t.Context(), later))
	_, err = renewer.RenewChannel(t.Context(), later, r.Now().Add(24*time.Hour))
	r.wants("renew what is closed", err, fault.NotFound)
}

func channelUnknown(t T, r *Run) {
	for _, ch := range []cal.Channel{{ID: "chn_9"}, {ID: "chn_9", Remote: "nobody-knows", Resource: "nobody-knows"}, {ID: "..", Remote: "..", Resource: ".."}} {
		if err := r.keeper().CloseChannel(t.Context(), ch); err != nil && !missing(err) {
			t.Errorf("close %+v: %v", ch, err)
		}
		if renewer, ok := r.Client.(provider.ChannelRenewer); ok {
			_, err := renewer.RenewChannel(t.Context(), ch, r.Now().Add(time.Hour))
			r.wants("renew what is not there", err, fault.NotFound)
		}
	}
}

// noPushes sends what anybody may send.
func noPushes(t T, r *Run) {
	decoder := r.Driver.(provider.NotificationDecoder) //nolint:forcetypeassert // the case needs it
	bodies := []string{
		"", "<html>", "{}", "null", "[]", `{"value":null}`, `{"value":[]}`, `{"value":[null,1,"x",[],{}]}`, `{"value":{"clientState":"CANARY"}}`,
		`{"value":[{"clientState":"."},{"clientState":"a."},{"clientState":".b"},{"clientState":7}]}`,
	}
	for _, body := range bodies {
		for _, header := range []http.Header{{}, {"X-Goog-Channel-Id": {"chn_1"}}, {"X-Goog-Channel-Token": {"CANARY"}, "X-Goog-Resource-State": {"exists"}}} {
			n, err := decoder.DecodeNotification(provider.Push{Header: header, Body: []byte(body)})
			for _, notice := range n.Notices {
				if notice.Channel == "" || notice.Secret == "" {
					t.Errorf("%v %q: a notice of channel %q, with a secret: %t", header, body, notice.Channel, notice.Secret != "")
				}
			}
			r.tells(err)
		}
	}
}

// channelActs are the calls about channels.
func channelActs(r *Run) []act {
	keeper, ok := r.Client.(provider.ChannelKeeper)
	if _, decodes := r.Driver.(provider.NotificationDecoder); !ok || !decodes || r.Receive == nil {
		return nil
	}
	_, address := r.inbox()
	opening := func() provider.OpenChannel {
		return r.opening(cal.ChannelID("chn_"+r.key().UUID()), address, time.Hour)
	}
	// opened is a new channel, alone.
	opened := func(t T) cal.Channel {
		ch, err := keeper.OpenChannel(t.Context(), opening())
		if f, ok := fault.As(err); ok && f.Kind == fault.Duplicate {
			r.must("close what is in the way", keeper.CloseChannel(t.Context(), cal.Channel{Remote: f.Existing}))
			ch, err = keeper.OpenChannel(t.Context(), opening())
		}
		r.must("open", err)
		return ch
	}
	all := []act{
		{Opening, func(t T) func(context.Context) error {
			r.must("close", keeper.CloseChannel(t.Context(), opened(t)))
			return func(ctx context.Context) error {
				_, err := keeper.OpenChannel(ctx, opening())
				return err
			}
		}},
		{Closing, func(t T) func(context.Context) error {
			ch := opened(t)
			return func(ctx context.Context) error { return keeper.CloseChannel(ctx, ch) }
		}},
	}
	if renewer, ok := r.Client.(provider.ChannelRenewer); ok {
		all = append(all, act{Renewing, func(t T) func(context.Context) error {
			ch := opened(t)
			return func(ctx context.Context) error {
				_, err := renewer.RenewChannel(ctx, ch, r.Now().Add(2*time.Hour))
				return err
			}
		}})
	}
	return all
}
