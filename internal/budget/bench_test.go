package budget

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/testkit"
)

var began = time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)

// bench is a limiter on a clock that stands still, with the limits that a test sets.
type bench struct {
	*Limiter
	tb     testing.TB
	t      *testing.T // of a test that runs on every engine
	clock  *clock.Manual
	limits Limits
	client redis.UniversalClient
	slept  time.Duration
}

// engines runs a test on both places where the script runs.
func engines(t *testing.T, test func(b *bench)) {
	t.Helper()
	t.Run("in memory", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, nil)
		b.t = t
		test(b)
	})
	t.Run("in Redis", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, dial(t, testkit.Redis(t)))
		b.t = t
		test(b)
	})
}

func dial(tb testing.TB, url string) redis.UniversalClient {
	tb.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		tb.Fatal(err)
	}
	o.ContextTimeoutEnabled = true
	client := redis.NewClient(o)
	tb.Cleanup(func() { _ = client.Close() })
	return client
}

func newBench(tb testing.TB, client redis.UniversalClient) *bench {
	tb.Helper()
	b := &bench{tb: tb, clock: clock.NewManual(began), client: client}
	b.Limiter = b.another()
	return b
}

// names counts the identifiers that tests make.
var names atomic.Int64

// another makes a limiter of another process: it shares nothing but the account.
func (b *bench) another() *Limiter {
	b.tb.Helper()
	l := New(b.client, Options{
		Limits: func(cal.Provider) Limits { return b.limits }, LocalShare: 100, Clock: b.clock, AskTime: time.Minute, Told: true, Log: slog.New(slog.DiscardHandler),
		ID: func() string { return fmt.Sprintf("call_%d", names.Add(1)) },
		Sleep: func(_ context.Context, d time.Duration) error {
			b.slept += d
			b.clock.Advance(d)
			return nil
		},
	})
	if b.client == nil && b.Limiter != nil {
		l.local = b.local
	}
	return l
}

// flush makes the account forget everything.
func (b *bench) flush() {
	b.tb.Helper()
	if b.client == nil {
		memory, ok := b.local.(*memoryEngine)
		if !ok {
			b.tb.Fatal("no engine in memory")
		}
		memory.flush()
	} else if err := b.client.FlushAll(b.tb.Context()).Err(); err != nil {
		b.tb.Fatal(err)
	}
}

// ask is a call of tenant ten_1's mailbox con_1, in the lane that gives its work back at once.
func ask() record.Call {
	return record.Call{Tenant: "ten_1", Provider: cal.Google, AppID: "app", Connection: "con_1", Lane: task.Background}
}

// opened is a call that was begun and has sent one request.
type opened struct {
	end func(*fault.Error) bool
	err error
}

// begin begins a call and sends one request of it. A request that is sent is answered by whatever the test makes of it.
func (b *bench) begin(l *Limiter, a record.Call, method string) opened {
	b.tb.Helper()
	ctx, end := l.Begin(b.tb.Context(), a)
	return opened{
		err: send(ctx, b.tb, method),
		end: func(f *fault.Error) bool {
			ours := end(ctx, f)
			l.Flush(ctx)
			return ours
		},
	}
}

// errSent is what the far end of the transport answers.
var errSent = errors.New("sent")

func send(ctx context.Context, tb testing.TB, method string) error {
	tb.Helper()
	req, err := http.NewRequestWithContext(ctx, method, "https://provider.test/", http.NoBody)
	if err != nil {
		tb.Fatal(err)
	}
	res, err := Transport(roundTripper(func(*http.Request) (*http.Response, error) { return nil, errSent })).RoundTrip(req)
	if err == nil {
		_ = res.Body.Close()
		tb.Fatal("an answer from nowhere")
	}
	if errors.Is(err, errSent) {
		return nil
	}
	return err
}

// once makes a call of one request that goes well, and returns why it was refused, if it was.
func (b *bench) once(a record.Call) error {
	b.tb.Helper()
	o := b.begin(b.Limiter, a, http.MethodGet)
	f, _ := fault.As(o.err)
	o.end(f)
	return o.err
}

// admits counts how many calls are admitted until one is refused.
func (b *bench) admits(a record.Call, most int) int {
	b.tb.Helper()
	for n := range most {
		if b.once(a) != nil {
			return n
		}
	}
	return most
}

// begun makes the account know the application, and gives its buckets time to fill.
func (b *bench) begun(fill time.Duration) {
	b.tb.Helper()
	_ = b.once(record.Call{Tenant: "ten_0", Provider: cal.Google, AppID: "app", Connection: "con_0", Lane: task.Background})
	b.clock.Advance(fill)
}

// wants checks why a call was refused, and for how long at least.
func wants(tb testing.TB, err error, kind fault.Kind, reason string, least, most time.Duration) {
	tb.Helper()
	f, ok := fault.As(err)
	if !ok {
		tb.Fatalf("got %v, want %s because of %s", err, kind, reason)
	}
	if f.Kind != kind || f.Err.Error() != reason || f.RetryAfter < least || f.RetryAfter > most {
		tb.Fatalf("got %v, want %s because of %s with a wait from %s to %s", f, kind, reason, least, most)
	}
}
