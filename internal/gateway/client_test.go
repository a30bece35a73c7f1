package gateway

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// methods are those of the contract, by name, and whether a client may lack them.
func methods() map[string]bool {
	out := map[string]bool{}
	for t, optional := range map[reflect.Type]bool{
		reflect.TypeFor[provider.Client](): false, reflect.TypeFor[provider.DeltaLister](): true, reflect.TypeFor[provider.EventFinder](): true,
		reflect.TypeFor[provider.ChannelKeeper](): true, reflect.TypeFor[provider.ChannelRenewer](): true,
	} {
		for m := range t.Methods() {
			out[m.Name] = optional
		}
	}
	return out
}

// invoke calls a client's method with a context and zero values, and returns its results and its error.
func invoke(ctx context.Context, c any, name string) (results []any, err error) {
	m := reflect.ValueOf(c).MethodByName(name)
	args := []reflect.Value{reflect.ValueOf(ctx)}
	for i := 1; i < m.Type().NumIn(); i++ {
		args = append(args, reflect.Zero(m.Type().In(i)))
	}
	out := m.Call(args)
	for _, v := range out[:len(out)-1] {
		results = append(results, v.Interface())
	}
	err, _ = reflect.TypeAssert[error](out[len(out)-1])
	return results, err
}

func TestEveryCallReachesTheDriver(t *testing.T) {
	t.Parallel()
	for name := range methods() {
		b := newBench()
		out, err := invoke(t.Context(), b.open(t), name)
		if err != nil || !slices.Equal(b.calls, []string{name}) || len(b.refused)+len(b.penalties) != 0 {
			t.Errorf("%s: %v, called %v", name, err, b.calls)
		}
		if inner, _ := invoke(t.Context(), b.client, name); !reflect.DeepEqual(out, inner) {
			t.Errorf("%s: %v, want what the driver answered: %v", name, out, inner)
		}
	}
}

// A token that was refused is expired in the version that the call went out with, once, by whichever method heard of it.
func TestEveryCallIsWatched(t *testing.T) {
	t.Parallel()
	for name := range methods() {
		b := newBench().failing(fault.New(fault.Unauthorized, "driver", nil))
		c := b.open(t)
		b.tokens = append(b.tokens, "access-2") // somebody else has refreshed meanwhile
		if _, err := invoke(t.Context(), c, name); !fault.Is(err, fault.Unauthorized) || !slices.Equal(b.refused, []int64{1}) || len(b.calls) != 1 {
			t.Errorf("%s: %v, refused %v, called %v", name, err, b.refused, b.calls)
		}
	}
}

func TestWhatAProviderLacksIsNotCalled(t *testing.T) {
	t.Parallel()
	for name, optional := range methods() {
		b := newBench()
		b.client = &bare{bench: b}
		_, err := invoke(t.Context(), b.open(t), name)
		if fault.Is(err, fault.Unsupported) != optional || (err == nil) == optional {
			t.Errorf("%s: %v", name, err)
		}
		if optional && (!strings.HasPrefix(err.Error(), "gateway: ") || !strings.HasSuffix(err.Error(), ": unsupported: this provider cannot do it")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind   fault.Kind
		after  time.Duration
		record bool
	}{
		"too many calls":             {fault.RateLimited, time.Second, true},
		"over the quota":             {fault.QuotaExhausted, time.Hour, true},
		"overrun (503)":              {fault.Transient, time.Minute, true},
		"too many, nothing asked":    {fault.RateLimited, 0, false},
		"overrun, nothing asked":     {fault.Transient, 0, false},
		"busy with a refresh":        {fault.Busy, time.Second, false},
		"changed":                    {fault.Conflict, 0, false},
		"locked, about one event":    {fault.Conflict, time.Second, false},
		"gone":                       {fault.Gone, 0, false},
		"the account may not":        {fault.Forbidden, 0, false},
		"a verdict about the grant":  {fault.NeedsReauth, 0, false},
		"a kind from another future": {"unheard_of", time.Second, false},
	} {
		want := &fault.Error{Kind: c.kind, Op: "driver", Status: 418, Code: "teapot", RetryAfter: c.after, Existing: "event"}
		b := newBench().failing(fmt.Errorf("driver: %w", want))
		_, err := b.open(t).ReadEvent(t.Context(), provider.EventRef{})
		got, _ := fault.As(err)
		if got != want || fault.KindOf(err) != c.kind {
			t.Errorf("%s: %v, want the driver's fault as it is", name, err)
		}
		recorded := []time.Time(nil)
		if c.record {
			recorded = []time.Time{began.Add(c.after)}
		}
		if !slices.Equal(b.penalties, recorded) || len(b.refused) != 0 {
			t.Errorf("%s: recorded %v, want %v", name, b.penalties, recorded)
		}
	}
}

func TestWaitHoldsTheNextCallBack(t *testing.T) {
	t.Parallel()
	b := newBench().failing(&fault.Error{Kind: fault.RateLimited, Op: "driver", RetryAfter: 90 * time.Second})
	_, _ = b.open(t).Calendars(t.Context())
	b.clock.Advance(time.Minute)
	_, err := b.gateway().Open(t.Context(), tenant, connection)
	if !fault.Is(err, fault.RateLimited) || fault.RetryAfter(err) != 30*time.Second || len(b.calls) != 1 {
		t.Errorf("%v after %v", err, b.calls)
	}
	b.clock.Advance(30 * time.Second)
	b.open(t)
}

// What the provider said outlasts the call that heard it.
func TestVerdictIsRecordedThoughTheCallHasEnded(t *testing.T) {
	t.Parallel()
	for _, kind := range []fault.Kind{fault.RateLimited, fault.Unauthorized} {
		ctx, cancel := context.WithCancel(t.Context())
		b := newBench().answering(func(context.Context) error {
			cancel()
			return &fault.Error{Kind: kind, Op: "driver", RetryAfter: time.Second}
		})
		_, err := b.open(t).Calendars(ctx)
		if !fault.Is(err, kind) || b.written != nil || len(b.penalties)+len(b.refused) != 1 {
			t.Errorf("%s: %v, recorded %v %v (%v)", kind, err, b.penalties, b.refused, b.written)
		}
	}
}

func TestFailureToRecordKeepsTheKind(t *testing.T) {
	t.Parallel()
	down := errors.New("the database is down")
	b := newBench().failing(&fault.Error{Kind: fault.RateLimited, Op: "driver", RetryAfter: time.Minute})
	b.storeErr = down
	if _, err := b.open(t).Calendars(t.Context()); !fault.Is(err, fault.RateLimited) || fault.RetryAfter(err) != time.Minute || !errors.Is(err, down) {
		t.Errorf("%v", err)
	}
	b = newBench().failing(fault.New(fault.Unauthorized, "driver", nil))
	b.refuseErr = down
	if _, err := b.open(t).Calendars(t.Context()); !fault.Is(err, fault.Unauthorized) || !errors.Is(err, down) {
		t.Errorf("%v", err)
	}
}

// A driver that breaks its promise gives nothing away: its error becomes a fault, and its text is left out.
func TestDriversOtherErrorsBecomeFaults(t *testing.T) {
	t.Parallel()
	for name := range methods() {
		b := newBench().failing(fmt.Errorf("GET https://api.test/?access_token=%s", canary))
		_, err := invoke(t.Context(), b.open(t), name)
		if f, ok := fault.As(err); !ok || f.Kind != fault.Transient || !strings.HasPrefix(f.Op, "gateway: ") || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCallsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	for name := range methods() {
		b := newBench().answering(func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		c := b.open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := invoke(ctx, c, name); !fault.Is(err, fault.Canceled) || len(b.refused)+len(b.penalties) != 0 {
			t.Errorf("%s: %v", name, err)
		}
		ctx, cancel = context.WithDeadline(t.Context(), time.Unix(0, 0))
		defer cancel()
		if _, err := invoke(ctx, c, name); !fault.Is(err, fault.Transient) || !strings.HasSuffix(err.Error(), "no answer in time") {
			t.Errorf("%s at its deadline: %v", name, err)
		}
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	b := newBench()
	c, ctx := b.open(t), t.Context()
	if e, _ := c.ReadEvent(ctx, provider.EventRef{ID: "e1"}); e.ID != "e1" {
		t.Errorf("read %q", e.ID)
	}
	if e, _ := c.UpdateEvent(ctx, provider.UpdateEvent{Ref: provider.EventRef{ID: "e2"}}); e.ID != "e2" {
		t.Errorf("updated %q", e.ID)
	}
	if p, _ := c.ListEvents(ctx, provider.ListEvents{Page: "p2"}); p.Next != "p2" {
		t.Errorf("listed %q", p.Next)
	}
	if ch, _ := c.OpenChannel(ctx, provider.OpenChannel{ID: "chn_1"}); ch.ID != "chn_1" {
		t.Errorf("opened %q", ch.ID)
	}
	if ch, _ := c.RenewChannel(ctx, cal.Channel{ID: "chn_1"}, began); ch.ID != "chn_1" || !ch.Expires.Equal(began) {
		t.Errorf("renewed %+v", ch)
	}
}
