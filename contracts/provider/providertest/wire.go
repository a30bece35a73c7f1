package providertest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

func wireCases() []Case {
	return []Case{
		{"wire/throttled", nil, throttled},
		{"wire/every failure of every call", nil, failures},
		{"wire/the context ends", nil, contextEnds},
	}
}

// act is one call of a client, on an event that is there.
type act struct {
	call Call
	do   func(ctx context.Context, r *Run, e cal.Event) error
}

func acts(r *Run) []act {
	all := []act{
		{Reading, func(ctx context.Context, r *Run, e cal.Event) error {
			_, err := r.Client.ReadEvent(ctx, r.ref(e.ID))
			return err
		}},
		{Creating, func(ctx context.Context, r *Run, _ cal.Event) error {
			_, err := r.Client.CreateEvent(ctx, r.create(r.key(), content("Intro call")))
			return err
		}},
		{Updating, func(ctx context.Context, r *Run, e cal.Event) error {
			_, err := r.Client.UpdateEvent(ctx, provider.UpdateEvent{Ref: r.ref(e.ID), ETag: e.ETag, Content: content("Second title"), Fields: cal.Fields(cal.FieldTitle)})
			return err
		}},
		{Deleting, func(ctx context.Context, r *Run, e cal.Event) error {
			return r.Client.DeleteEvent(ctx, provider.DeleteEvent{Ref: r.ref(e.ID), ETag: e.ETag})
		}},
	}
	if lister, ok := r.Client.(provider.DeltaLister); ok {
		all = append(all, act{Listing, func(ctx context.Context, r *Run, _ cal.Event) error {
			_, err := lister.ListEvents(ctx, provider.ListEvents{Calendar: r.Calendar, Window: window()})
			return err
		}})
	}
	return all
}

// failures does each harm to each call: what it is told as, that nothing is tried again below the engine, and that no secret is in any text.
func failures(t T, r *Run) {
	for _, a := range acts(r) {
		for harm, kind := range map[Harm]fault.Kind{
			Unavailable: fault.Transient, HTML: fault.Transient, Truncated: fault.Transient, Throttled: fault.RateLimited, Refused: fault.Unauthorized,
		} {
			if harm == Truncated && a.call == Deleting {
				continue // there is nothing to cut
			}
			e := r.booked("CANARY title")
			before := r.Wire.Requests()
			r.Wire.Harm(a.call, harm, 0)
			err := a.do(t.Context(), r, e)
			r.wants(string(a.call)+", "+string(harm), err, kind)
			if n := r.Wire.Requests() - before; n > 1 {
				t.Errorf("%s, %s: %d requests were made: the driver tries again by itself", a.call, harm, n)
			}
			r.tells(err)
		}
	}
}

// tells fails if an error says what nobody may read.
func (r *Run) tells(err error) {
	r.t.Helper()
	for _, secret := range append(r.Secrets(), "CANARY") {
		if err != nil && strings.Contains(err.Error(), secret) {
			r.t.Errorf("an error tells %q: %v", secret, err)
		}
	}
}

func contextEnds(t T, r *Run) {
	for _, a := range acts(r) {
		e := r.booked("Intro call")
		release := r.Wire.Hold(a.call)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		ended := make(chan error, 1)
		go func() { ended <- a.do(ctx, r, e) }()
		r.Wire.Held()
		cancel()
		err := <-ended
		release()
		if !fault.Is(err, fault.Canceled) && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want canceled", a.call, err)
		}
		over, stop := context.WithCancel(t.Context())
		stop()
		before := r.Wire.Requests()
		if err := a.do(over, r, e); fault.KindOf(err) != fault.Canceled || r.Wire.Requests() != before {
			t.Errorf("%s under a context that is over: %v after %d requests", a.call, err, r.Wire.Requests()-before)
		}
	}
}
