package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/testkit"
)

func TestMain(m *testing.M) {
	app.QuietRedis()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	child, err := Child(ctx)
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if child {
		os.Exit(0)
	}
	goleak.VerifyTestMain(m, testkit.RedisProbe())
}

// tiny runs parts on real servers as small as they can be.
func tiny(t *testing.T, names ...string) Report {
	t.Helper()
	var out bytes.Buffer
	err := Run(t.Context(), Options{
		Postgres: testkit.Postgres(t), Redis: testkit.Redis(t), Parts: names, Scale: TinyScale(), JSON: true, Out: &out, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	var r Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v in %s", err, &out)
	}
	return r
}

// Each part measures what it promises, on PostgreSQL and Redis, and stops by itself. How fast is not asked.
func TestParts(t *testing.T) {
	t.Parallel()
	var degraded []string
	for _, w := range []way{refuses, hangs, fails} {
		for _, what := range []string{"PUT -> event at the other", "PUT accepted"} {
			for _, p := range []string{"p50", "p95", "p99"} {
				degraded = append(degraded, "one "+string(w)+": "+what+", "+p)
			}
		}
	}
	const exchanged = "database exchanges for each of them"
	var poisoned []string
	for _, how := range []string{panics, neverEnds, kills} {
		for _, p := range []string{"p50", "p95", "p99"} {
			poisoned = append(poisoned, "beside a row that "+how+": PUT -> event, "+p)
		}
	}
	for name, want := range map[string][]string{
		"intake": {"notifications over 1 calendars", exchanged, "notifications over 8 calendars", exchanged},
		"push":   {"bookings written by link:push", exchanged, "database exchanges to accept a booking"},
		"latency": {
			"PUT sent -> event at the provider, p50", "PUT sent -> event at the provider, p95", "PUT sent -> event at the provider, p99",
			"provider calls for each booking and target", "listings of the echo, beside them", "moved at the provider -> webhook at the core, p50",
			"moved at the provider -> webhook at the core, p95", "moved at the provider -> webhook at the core, p99",
		},
		"degrade": degraded, "poison": poisoned,
		"check": {
			"a call under the budget in Redis, processor", "a call under the budget in Redis, time", "round trips to Redis before a call",
			"a call under the budget in the process, processor", "a call under the budget in the process, time",
		},
		"economy": {
			"provider writes per booking and target, created", "provider writes per booking and target, moved",
			"provider writes per booking and target, cancelled", "listings after 50 pushes",
		},
		"first":  {"pages of a first sync of 600 events", "all calls of it", "its memory above idle", "its time"},
		"accept": {"PUT of a booking, accepted, p50", "PUT of a booking, accepted, p95", "PUT of a booking, accepted, p99", "of these, answered 503"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := tiny(t, name)
			var got []string
			for _, f := range r.Figures {
				got = append(got, f.Name)
				if f.Value <= 0 && f.Name != "of these, answered 503" || f.Floor < 0 || (f.Aim != "" && f.Floor > 0 && f.Ratio <= 0) {
					t.Errorf("%+v", f)
				}
				if f.Name == "provider calls for each booking and target" && f.Value != 1 {
					t.Errorf("a booking costs %v calls: %s", f.Value, f.Note)
				}
				if f.Unit == "calls" && f.Aim != "" && !f.Met { // counts are the same on every machine
					t.Errorf("%s: %v, want %s (%s)", f.Name, f.Value, f.Aim, f.Note)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			if !strings.Contains(r.Server, "synchronous_commit=on") {
				t.Errorf("on %s", r.Server)
			}
		})
	}
}

func TestUnknownPart(t *testing.T) {
	t.Parallel()
	if err := Run(t.Context(), Options{Parts: []string{"intake", "speed"}}); !errors.Is(err, ErrUnknownPart) {
		t.Error(err)
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	var values []time.Duration
	for i := range 200 {
		values = append(values, time.Duration(200-i))
	}
	for p, want := range map[int]time.Duration{50: 100, 95: 190, 99: 198, 100: 200} {
		if got := percentile(values, p); got != want {
			t.Errorf("%d %% of 1 to 200: %d", p, got)
		}
	}
	if got := percentile(values[:1], 50); got != 200 {
		t.Errorf("of one value: %d", got)
	}
	if got := middle([]float64{3, 1, 2}); got != 2 {
		t.Errorf("the middle of three: %v", got)
	}
}

// What hangs for a second delays what was meant to begin meanwhile by what is left of the second, and that is counted: the loop does not wait with it.
func TestOpenLoopCountsWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{clock: clock.System{}}
		turn := make(chan struct{}, 1)
		took, err := b.openLoop(t.Context(), 10, time.Second, func(_ context.Context, n int) error {
			turn <- struct{}{} // as a server does that serves one after the other
			if n == 0 {
				time.Sleep(time.Second)
			}
			<-turn
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range took {
			if want := time.Second - time.Duration(i)*100*time.Millisecond; got != want {
				t.Errorf("request %d took %s, want %s", i, got, want)
			}
		}
	})
}

// A loop tells of what failed.
func TestLoopsFail(t *testing.T) {
	t.Parallel()
	b := &bench{clock: clock.System{}}
	broken := errors.New("it does not work")
	var calls atomic.Int64
	third := func(context.Context, int) error {
		if calls.Add(1) == 3 {
			return broken
		}
		return nil
	}
	_, closed := b.closedLoop(t.Context(), 1, time.Minute, third)
	calls.Store(0)
	_, batch := b.batch(t.Context(), 1, 100, third)
	calls.Store(0)
	_, open := b.openLoop(t.Context(), 1000, 10*time.Millisecond, third)
	for name, err := range map[string]error{"closed": closed, "batch": batch, "open": open} {
		if !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
