package gateway

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/record"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.tokens = []string{"access-1", "access-2"}
	c := b.open(t)
	if !slices.Equal(b.given, []string{"access-2"}) || len(b.calls) != 0 {
		t.Errorf("made clients for %v and called %v", b.given, b.calls)
	}
	if all := (Capabilities{Quiet: true, Conditional: true, Finds: true, Lists: true, Pushes: true, Renews: true}); c.Capabilities() != all {
		t.Errorf("%+v, want everything", c.Capabilities())
	}
	b.client, b.connection.Provider = &bare{bench: b}, cal.Microsoft
	if c := b.open(t); c.Capabilities() != (Capabilities{}) {
		t.Errorf("%+v, want nothing", c.Capabilities())
	}
}

func TestCapabilitiesAreApart(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.client = &replacing{bare{bench: b}}
	g := b.gateway()
	g.Drivers[cal.Google] = quiet{driver{bench: b, name: cal.Google}}
	c, err := g.Open(t.Context(), tenant, connection)
	if err != nil || c.Capabilities() != (Capabilities{Quiet: true, Pushes: true}) {
		t.Fatalf("%+v, %v", c.Capabilities(), err)
	}
	if _, err := c.RenewChannel(t.Context(), cal.Channel{}, began); !fault.Is(err, fault.Unsupported) {
		t.Errorf("renewed: %v", err)
	}
}

func TestQuiet(t *testing.T) {
	t.Parallel()
	g := newBench().gateway()
	for p, want := range map[cal.Provider]bool{cal.Google: true, cal.Microsoft: false, "caldav": false} {
		if g.Quiet(p) != want {
			t.Errorf("%s: %t", p, !want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	down := errors.New("the database is down")
	for name, c := range map[string]struct {
		set   func(*bench)
		kind  fault.Kind
		text  string
		after time.Duration
		cause error
	}{
		"pending": {
			set:  func(b *bench) { b.connection.State = cal.ConnectionPending },
			kind: fault.NeedsReauth, text: "gateway: open: needs_reauth: the connection is pending",
		},
		"dead": {
			set:  func(b *bench) { b.connection.State = cal.ConnectionNeedsReauth },
			kind: fault.NeedsReauth, text: "gateway: open: needs_reauth: the connection is needs_reauth",
		},
		"dead and punished": {
			set: func(b *bench) {
				b.connection.State, b.connection.Penalty = cal.ConnectionNeedsReauth, began.Add(time.Hour)
			},
			kind: fault.NeedsReauth, text: "gateway: open: needs_reauth: the connection is needs_reauth",
		},
		"left alone": {
			set:  func(b *bench) { b.connection.Penalty = began.Add(time.Nanosecond) },
			kind: fault.RateLimited, after: time.Nanosecond,
			text: "gateway: open: rate_limited, retry after 1ns: the provider has asked to be left alone",
		},
		"no driver": {
			set:  func(b *bench) { b.connection.Provider = "caldav" },
			kind: fault.Unsupported, text: "gateway: open: unsupported: this build has no driver for caldav",
		},
		"no connection":     {set: func(b *bench) { b.readErr = record.ErrNotFound }, kind: fault.Transient, text: "not found", cause: record.ErrNotFound},
		"no database":       {set: func(b *bench) { b.readErr = down }, kind: fault.Transient, text: down.Error(), cause: down},
		"no token":          {set: func(b *bench) { b.tokenErr = down }, kind: fault.Transient, text: down.Error(), cause: down},
		"a dead grant":      {set: func(b *bench) { b.tokenErr = fault.New(fault.NeedsReauth, "grant", nil) }, kind: fault.NeedsReauth, text: "grant: needs_reauth"},
		"a driver's fault":  {set: func(b *bench) { b.openErr = fault.New(fault.Unsupported, "driver: open", nil) }, kind: fault.Unsupported, text: "driver: open: unsupported"},
		"a driver's secret": {set: func(b *bench) { b.openErr = errors.New(canary) }, kind: fault.Misconfigured, text: "gateway: open: misconfigured: the driver can make no client"},
	} {
		b := newBench()
		c.set(b)
		client, err := b.gateway().Open(t.Context(), tenant, connection)
		if client != nil || !fault.Is(err, c.kind) || err.Error() != c.text || fault.RetryAfter(err) != c.after || c.cause != nil && !errors.Is(err, c.cause) {
			t.Errorf("%s: %v, want %s", name, err, c.text)
		}
		if len(b.calls) != 0 || len(b.penalties) != 0 || b.openErr == nil && len(b.given) != 0 {
			t.Errorf("%s: called %v, clients for %v, recorded %v", name, b.calls, b.given, b.penalties)
		}
	}
}

// The one work that ends a connection may call its provider while nothing else may, and at no other time.
func TestOnlyAConnectionThatIsBeingClosedIsOpenedForThat(t *testing.T) {
	t.Parallel()
	for _, state := range []cal.ConnectionState{
		cal.ConnectionPending, cal.ConnectionActive, cal.ConnectionNeedsReauth, cal.ConnectionDisconnecting, cal.ConnectionDisconnected,
	} {
		b := newBench()
		b.connection.State = state
		_, open := b.gateway().Open(t.Context(), tenant, connection)
		if (open == nil) != (state == cal.ConnectionActive) || open != nil && !fault.Is(open, fault.NeedsReauth) {
			t.Errorf("%s: %v", state, open)
		}
		_, closing := b.gateway().OpenClosing(t.Context(), tenant, connection)
		if (closing == nil) != (state == cal.ConnectionDisconnecting) || closing != nil && !fault.Is(closing, fault.NeedsReauth) {
			t.Errorf("%s, to close it: %v", state, closing)
		}
	}
}

func TestPenaltyEndsToTheInstant(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.connection.Penalty = began
	b.open(t)
}

// The token endpoint asks to be left alone as the API does.
func TestTokenEndpointsWaitIsHeeded(t *testing.T) {
	t.Parallel()
	b := newBench()
	limited := &fault.Error{Kind: fault.RateLimited, Op: "google: token", Status: 429, RetryAfter: time.Minute}
	b.tokenErr = errors.Join(limited, errors.New("the lease stays"))
	_, err := b.gateway().Open(t.Context(), tenant, connection)
	if !errors.Is(err, limited) || !strings.Contains(err.Error(), "the lease stays") || !slices.Equal(b.penalties, []time.Time{began.Add(time.Minute)}) {
		t.Errorf("%v, recorded %v", err, b.penalties)
	}
	b.tokenErr = nil
	if _, err := b.gateway().Open(t.Context(), tenant, connection); !fault.Is(err, fault.RateLimited) || fault.RetryAfter(err) != time.Minute {
		t.Errorf("asked again at once: %v", err)
	}
	b.clock.Advance(time.Minute)
	b.open(t)
}

// Those who wait for a refresh of ours are not told to stay away by the provider.
func TestRefreshOfOthersIsNoPenalty(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.tokenErr = &fault.Error{Kind: fault.Busy, Op: "grant", RetryAfter: time.Minute}
	if _, err := b.gateway().Open(t.Context(), tenant, connection); !fault.Is(err, fault.Busy) || len(b.penalties) != 0 {
		t.Errorf("%v, recorded %v", err, b.penalties)
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := newBench()
	if _, err := b.gateway().Open(ctx, tenant, connection); !fault.Is(err, fault.Canceled) || len(b.given) != 0 {
		t.Errorf("%v", err)
	}
}

// What a call apart from a client was told holds for everybody, too.
func TestHeededFailureIsRecorded(t *testing.T) {
	t.Parallel()
	for kind, want := range map[fault.Kind]int{fault.RateLimited: 1, fault.Transient: 1, fault.Busy: 0, fault.NeedsReauth: 0} {
		b := newBench()
		f := fault.New(kind, "grant: refresh", nil)
		f.RetryAfter = time.Minute
		if err := b.gateway().Heed(t.Context(), tenant, connection, f); !errors.Is(err, f) || len(b.penalties) != want {
			t.Errorf("%s: %v, penalties %v", kind, err, b.penalties)
		}
		if want == 1 && !b.penalties[0].Equal(began.Add(time.Minute)) {
			t.Errorf("%s: until %s", kind, b.penalties[0])
		}
	}
}
