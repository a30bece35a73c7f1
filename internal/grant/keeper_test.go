package grant

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// care is one connection that a keeper looks after, in memory.
type care struct {
	*vault

	clock    *clock.Manual
	of       record.Connection
	storedAt time.Time
	used     bool
	outcomes []record.Outcome
	// heeded are the failures that the provider's pause was read from.
	heeded []error
	fail   map[string]error
	until  time.Time
	// jitter is the share of the longest jitter that every wait gets.
	jitter float64
}

// cared is a connection in use whose access token was issued just now, for an hour.
func cared() *care {
	g := oldGrant()
	g.ExpiresAt = began.Add(time.Hour)
	c := clock.NewManual(began)
	return &care{
		vault: newVault(c, g), clock: c, of: connectionOf(cal.Google), storedAt: began, used: true, fail: map[string]error{}, until: began.AddDate(1, 0, 0),
	}
}

func (c *care) Kept(ctx context.Context, t cal.TenantID, id cal.ConnectionID) (record.Kept, error) {
	if err := c.fail["kept"]; err != nil {
		return record.Kept{}, err
	}
	g, err := c.Grant(ctx, t, id)
	return record.Kept{Connection: c.of, Grant: g, StoredAt: c.storedAt, Used: c.used}, err
}

func (c *care) Rotate(ctx context.Context, t cal.TenantID, g record.Grant, fence int64) (int64, error) {
	version, err := c.vault.Rotate(ctx, t, g, fence)
	if err == nil {
		c.storedAt = c.clock.Now()
	}
	return version, err
}

func (c *care) Finish(_ context.Context, _ record.Lease, o record.Outcome, _ ...record.Mark) error {
	c.outcomes = append(c.outcomes, o)
	return c.fail["finish"]
}

// work lets a keeper look after the connection once, whose token endpoint is e.
func (c *care) work(t *testing.T, e *endpoint) error {
	t.Helper()
	k := &Keeper{
		Store: c, Tokens: NewManager(c, exchange(e, c.clock), c.clock), Clock: c.clock,
		Jitter: func(d time.Duration) time.Duration { return time.Duration(c.jitter * float64(d)) },
		Heed: func(_ context.Context, of cal.TenantID, id cal.ConnectionID, err error) error {
			if of != tenant || id != "con_1" {
				t.Errorf("heeded for %s of %s", id, of)
			}
			c.heeded = append(c.heeded, err)
			return err
		},
	}
	return k.Work(t.Context(), record.Lease{Ref: task.Ref{Tenant: tenant, Kind: task.GrantKeep, Subject: "con_1"}, Token: 1, Until: c.until})
}

// back is when the keeper comes back.
func (c *care) back(t *testing.T) time.Time {
	t.Helper()
	if len(c.outcomes) == 0 {
		t.Fatal("there is no outcome")
	}
	o := c.outcomes[len(c.outcomes)-1]
	if !o.Served || !o.Again || o.State != record.Ready {
		t.Errorf("the schedule ends: %+v", o)
	}
	return o.NotBefore
}

// Followed at its own times for a day, the keeper has refreshed each access token in the second half of its life and before any call would have.
func TestTokensInUseNeverEnd(t *testing.T) {
	t.Parallel()
	for _, jitter := range []float64{0, 0.5, 0.999} {
		c := cared()
		c.jitter = jitter
		e := answering(tokens("next", ""))
		m := NewManager(c, exchange(&endpoint{answer: refuses(t)}, c.clock), c.clock)
		last := c.storedAt
		for c.clock.Now().Before(began.Add(24 * time.Hour)) {
			if err := c.work(t, e); err != nil {
				t.Fatal(err)
			}
			if age := c.storedAt.Sub(last); age != 0 && (age < 30*time.Minute || age > 50*time.Minute) {
				t.Errorf("jitter %g: refreshed after %s", jitter, age)
			}
			last = c.storedAt
			c.clock.Set(c.back(t))
			if _, _, err := m.Token(t.Context(), tenant, c.of); err != nil {
				t.Fatalf("jitter %g: a call had to refresh: %v", jitter, err)
			}
		}
		if n := c.rotated; n < 28 || n > 48 {
			t.Errorf("jitter %g: refreshed %d times in a day", jitter, n)
		}
	}
}

// refuses fails the test when the token endpoint is called.
func refuses(t *testing.T) func(int, *http.Request) (answer, error) {
	t.Helper()
	return func(int, *http.Request) (answer, error) {
		t.Error("a call refreshed")
		return refusing(400, "invalid_grant").answer(0, nil)
	}
}

func TestWhenTheKeeperRefreshes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change    func(*care)
		refreshes int
		back      time.Duration
	}{
		"in the first half":                {func(c *care) { c.clock.Advance(30*time.Minute - time.Second) }, 0, time.Minute + 30*time.Minute - time.Second},
		"in the first quarter":             {func(c *care) { c.clock.Advance(15 * time.Minute) }, 0, 30 * time.Minute},
		"at half its life":                 {func(c *care) { c.clock.Advance(30 * time.Minute) }, 1, time.Hour},
		"refused by the provider":          {func(c *care) { c.expire() }, 1, 30 * time.Minute},
		"ended long ago":                   {func(c *care) { c.clock.Advance(48 * time.Hour) }, 1, 48*time.Hour + 30*time.Minute},
		"of next to no life":               {func(c *care) { c.shorten(time.Second) }, 0, time.Minute},
		"idle":                             {func(c *care) { c.used = false; c.clock.Advance(48 * time.Hour) }, 0, 48*time.Hour + idleLook},
		"idle, refused":                    {func(c *care) { c.used = false; c.expire() }, 0, idleLook},
		"idle for a week less a second":    {func(c *care) { c.used = false; c.clock.Advance(idleLife - time.Second) }, 0, idleLife - time.Second + idleLook},
		"idle for a week":                  {func(c *care) { c.used = false; c.clock.Advance(idleLife) }, 1, idleLife + idleLook},
		"while another process is at it":   {func(c *care) { c.clock.Advance(40 * time.Minute); c.lease() }, 0, 41 * time.Minute},
		"after another process was at it":  {func(c *care) { c.clock.Advance(40 * time.Minute); c.rotateBefore() }, 0, 70 * time.Minute},
		"with a pause that is over by now": {func(c *care) { c.clock.Advance(30 * time.Minute); c.of.Penalty = c.clock.Now() }, 1, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := cared()
			c.change(one)
			e := answering(tokens("next", ""))
			if err := one.work(t, e); err != nil || len(one.heeded) != 0 {
				t.Fatal(err)
			}
			if e.count() != c.refreshes {
				t.Errorf("refreshed %d times, want %d", e.count(), c.refreshes)
			}
			if back := one.back(t).Sub(began); back != c.back {
				t.Errorf("comes back after %s, want %s", back, c.back)
			}
		})
	}
}

// expire is what a provider's 401 comes to.
func (c *care) expire() { c.shorten(-c.storedAt.Sub(time.Time{})) }

func (c *care) shorten(to time.Duration) {
	g := c.now()
	if g.ExpiresAt = c.storedAt.Add(to); to < 0 {
		g.ExpiresAt = time.Time{}
	}
	c.grants[tenant] = g
}

// lease is taken by another process.
func (c *care) lease() {
	g := c.now()
	g.RefreshUntil = c.clock.Now().Add(time.Minute)
	c.grants[tenant] = g
}

// rotateBefore lets another process rotate between the keeper's look and its lease.
func (c *care) rotateBefore() {
	c.before = func(_ context.Context, call string) error {
		if call == "lease" {
			c.before = nil
			c.put("theirs", c.clock.Now().Add(time.Hour))
			c.storedAt = c.clock.Now()
		}
		return nil
	}
}

func TestWhatStopsTheKeeper(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change   func(*care)
		endpoint *endpoint
		want     fault.Kind
		after    time.Duration
		// heeded says that the failure is the provider's.
		heeded  bool
		revoked int
	}{
		"a connection that needs its owner": {func(c *care) { c.of.State = cal.ConnectionNeedsReauth }, nil, fault.NeedsReauth, 0, false, 0},
		"one that is being disconnected":    {func(c *care) { c.of.State = cal.ConnectionDisconnecting }, nil, fault.NeedsReauth, 0, false, 0},
		"a grant that is gone":              {func(c *care) { c.fail["kept"] = record.ErrNotFound }, nil, fault.NeedsReauth, 0, false, 0},
		"a pause":                           {func(c *care) { c.of.Penalty = c.clock.Now().Add(time.Minute) }, nil, fault.RateLimited, time.Minute, false, 0},
		"a dead grant":                      {func(*care) {}, refusing(400, "invalid_grant"), fault.NeedsReauth, 0, true, 1},
		"an overrun server":                 {func(*care) {}, answering(answer{status: 503, body: "{}", header: http.Header{"Retry-After": {"30"}}}), fault.Transient, 30 * time.Second, true, 0},
		"a lease that has ended":            {func(c *care) { c.until = began }, nil, fault.Fenced, 0, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := cared()
			one.clock.Advance(30 * time.Minute)
			c.change(one)
			e := c.endpoint
			if e == nil {
				e = &endpoint{answer: refuses(t)}
			}
			err := one.work(t, e)
			if !fault.Is(err, c.want) || fault.RetryAfter(err) != c.after || len(one.heeded) > 0 != c.heeded || len(one.revoked) != c.revoked || len(one.outcomes) != 0 {
				t.Errorf("%v, heeded %v, revoked for %q, outcomes %+v", err, one.heeded, one.revoked, one.outcomes)
			}
		})
	}
}

func TestStoreEndsTheKeepersRun(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"kept", "finish"} {
		c := cared()
		c.fail[call] = errDown
		if err := c.work(t, answering(tokens("next", ""))); !errors.Is(err, errDown) {
			t.Errorf("%s: %v", call, err)
		}
	}
	c := cared()
	c.clock.Advance(30 * time.Minute)
	c.before = func(_ context.Context, call string) error {
		if call == "rotate" {
			c.fail["kept"] = errDown // it fails from then on
		}
		return nil
	}
	if err := c.work(t, answering(tokens("next", ""))); !errors.Is(err, errDown) || c.rotated != 1 {
		t.Errorf("after %d rotations: %v", c.rotated, err)
	}
}
