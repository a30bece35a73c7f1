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
		{"wire/throttled until a time", nil, throttledUntil},
		{"wire/every failure of every call", nil, failures},
		{"wire/the context ends", nil, contextEnds},
		{"wire/what the transport says", nil, barred},
		{"wire/strange answers", nil, strange},
		{"wire/ids that are no ids", nil, noIDs},
	}
}

func throttled(t T, r *Run) {
	before := r.Wire.Requests()
	r.Wire.Harm(Creating, Throttled, 0)
	_, err := r.Client.CreateEvent(t.Context(), r.create(r.key(), content("Intro call")))
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.RateLimited || f.RetryAfter != 17*time.Second {
		t.Errorf("a 429 that asks for 17 seconds: %v", err)
	}
	if n := r.Wire.Requests() - before; n != 1 {
		t.Errorf("%d requests were made: the driver tries again by itself", n)
	}
}

func throttledUntil(t T, r *Run) {
	e := r.booked("Intro call")
	for _, a := range acts(r) {
		do := a.prepare(t)
		until := r.Now().Add(23 * time.Second)
		r.Wire.Harm(a.call, ThrottledUntil, 0)
		err := do(t.Context())
		f, ok := fault.As(err)
		if least := until.Sub(r.Now()) - time.Second; !ok || f.Kind != fault.RateLimited || f.RetryAfter < least || f.RetryAfter > 23*time.Second {
			t.Errorf("%s: a 429 that names a time in 23 seconds: %v", a.call, err)
		}
	}
	if got, err := r.Client.ReadEvent(t.Context(), r.ref(e.ID)); err != nil || got.ETag != e.ETag {
		t.Errorf("afterwards: %+v, %v", got, err)
	}
}

// act is one call of a client.
type act struct {
	call Call
	// prepare makes what the call needs, and returns the call.
	prepare func(t T) func(context.Context) error
}

// acts are all calls that the client has.
func acts(r *Run) []act {
	all := []act{
		{Browsing, func(T) func(context.Context) error {
			return func(ctx context.Context) error {
				_, err := r.Client.Calendars(ctx)
				return err
			}
		}},
		{Reading, func(T) func(context.Context) error {
			e := r.booked("CANARY title")
			return func(ctx context.Context) error {
				_, err := r.Client.ReadEvent(ctx, r.ref(e.ID))
				return err
			}
		}},
		{Creating, func(T) func(context.Context) error {
			return func(ctx context.Context) error {
				_, err := r.Client.CreateEvent(ctx, r.create(r.key(), content("CANARY title")))
				return err
			}
		}},
		{Updating, func(T) func(context.Context) error {
			e := r.booked("CANARY title")
			return func(ctx context.Context) error {
				_, err := r.Client.UpdateEvent(ctx, r.update(e, content("CANARY second"), cal.Fields(cal.FieldTitle)))
				return err
			}
		}},
		{Deleting, func(T) func(context.Context) error {
			e := r.booked("CANARY title")
			return func(ctx context.Context) error {
				return r.Client.DeleteEvent(ctx, provider.DeleteEvent{Ref: r.ref(e.ID), ETag: e.ETag})
			}
		}},
	}
	if lister, ok := r.Client.(provider.DeltaLister); ok {
		all = append(all, act{Listing, func(T) func(context.Context) error {
			return func(ctx context.Context) error {
				_, err := lister.ListEvents(ctx, provider.ListEvents{Calendar: r.Calendar, Window: window()})
				return err
			}
		}})
	}
	if finder, ok := r.Client.(provider.EventFinder); ok {
		all = append(all, act{Finding, func(T) func(context.Context) error {
			return func(ctx context.Context) error {
				_, err := finder.FindEvent(ctx, r.Calendar, r.key())
				return err
			}
		}})
	}
	return append(all, channelActs(r)...)
}

// failures does each harm to each call: what it is told as, that nothing is tried again below the engine, and that no secret is in any text.
func failures(t T, r *Run) {
	for _, a := range acts(r) {
		for harm, kind := range map[Harm]fault.Kind{
			Unavailable: fault.Transient, HTML: fault.Transient, Truncated: fault.Transient, Throttled: fault.RateLimited, Refused: fault.Unauthorized,
		} {
			if harm == Truncated && (a.call == Deleting || a.call == Closing) {
				continue // there is nothing to cut
			}
			do := a.prepare(t)
			before := r.Wire.Requests()
			r.Wire.Harm(a.call, harm, 0)
			err := do(t.Context())
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
		do := a.prepare(t)
		release := r.Wire.Hold(a.call)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		ended := make(chan error, 1)
		go func() { ended <- do(ctx) }()
		r.Wire.Held()
		cancel()
		err := <-ended
		release()
		if !fault.Is(err, fault.Canceled) && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want canceled", a.call, err)
		}
		do = a.prepare(t)
		over, stop := context.WithCancel(t.Context())
		stop()
		before := r.Wire.Requests()
		if err := do(over); fault.KindOf(err) != fault.Canceled || r.Wire.Requests() != before {
			t.Errorf("%s under a context that is over: %v after %d requests", a.call, err, r.Wire.Requests()-before)
		}
	}
}

// barred ends calls as the gateway does, which knows about tokens, budgets and breakers: what it says is passed on.
func barred(t T, r *Run) {
	if r.Bar == nil {
		t.Skipf("%s has no transport", r.Driver.Name())
	}
	for _, a := range acts(r) {
		for _, kind := range []fault.Kind{fault.Busy, fault.RateLimited, fault.NeedsReauth} {
			do := a.prepare(t)
			before := r.Wire.Requests()
			r.Bar(&fault.Error{Kind: kind, Op: "transport", RetryAfter: 5 * time.Second})
			err := do(t.Context())
			r.wants(string(a.call), err, kind)
			if fault.RetryAfter(err) != 5*time.Second || r.Wire.Requests() != before {
				t.Errorf("%s: %v after %d requests", a.call, err, r.Wire.Requests()-before)
			}
		}
	}
}

// strange meets fields and values that the provider came up with after the driver was written.
func strange(t T, r *Run) {
	if r.Strange == nil {
		t.Skipf("%s has no answers that could be strange", r.Driver.Name())
	}
	one := r.booked("Intro call")
	guests := draft(1)
	guests.Guests = []string{Guest}
	two := r.Person.Create(guests)
	r.Strange()
	want := content("Second title")
	updated, err := r.Client.UpdateEvent(t.Context(), r.update(one, want, cal.Fields(cal.FieldTitle)))
	r.must("update", err)
	read, err := r.Client.ReadEvent(t.Context(), r.ref(one.ID))
	r.must("read", err)
	made, err := r.Client.CreateEvent(t.Context(), r.create(r.key(), want))
	r.must("create", err)
	for what, e := range map[string]cal.Event{"updated": updated, "read": read, "created": made.Event} {
		if e.Content.Differences(want, cal.AllFields) != 0 || e.Gone() || e.Kind != cal.KindSingle {
			t.Errorf("%s is %+v", what, e)
		}
	}
	if e, err := r.Client.ReadEvent(t.Context(), r.ref(two)); err != nil || len(e.Content.Attendees) != 1 || e.Content.Attendees[0].Response != cal.ResponseNone {
		t.Errorf("an answer that nobody knows is read as %+v, %v", e.Content.Attendees, err)
	}
	if _, ok := r.Client.(provider.DeltaLister); ok {
		rows, _, err := r.list(cal.Cursor{}, 2)
		if err != nil || len(rows) != 3 || rows[two].Gone() || rows[two].Content.Title != guests.Title {
			t.Errorf("%d rows are listed, %v: %+v", len(rows), err, rows[two])
		}
	}
	if all, err := r.Client.Calendars(t.Context()); err != nil || len(all) == 0 {
		t.Errorf("calendars: %v, %v", all, err)
	}
}

// noIDs asks for what would be another path if it stood there as it is.
func noIDs(t T, r *Run) {
	kept := r.booked("Intro call")
	for _, id := range []cal.EventID{"", ".", "..", "../../calendars", "a/b", "a?b=c", "%2e%2e", "é/\x00", kept.ID + "/../" + kept.ID} {
		ref := r.ref(id)
		_, err := r.Client.ReadEvent(t.Context(), ref)
		r.refused("read", id, err)
		_, err = r.Client.UpdateEvent(t.Context(), provider.UpdateEvent{Ref: ref, Content: content("other"), Fields: cal.Fields(cal.FieldTitle)})
		r.refused("update", id, err)
		r.refused("delete", id, r.Client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: ref}))
	}
	if now, err := r.Client.ReadEvent(t.Context(), r.ref(kept.ID)); err != nil || now.ETag != kept.ETag {
		t.Errorf("what stands has become %+v, %v", now, err)
	}
}

// refused wants an id to be called wrong or unknown.
func (r *Run) refused(what string, id cal.EventID, err error) {
	r.t.Helper()
	if k := fault.KindOf(err); err == nil || k != fault.Invalid && k != fault.NotFound {
		r.t.Errorf("%s %q: %v, want invalid or not found", what, id, err)
	}
}
