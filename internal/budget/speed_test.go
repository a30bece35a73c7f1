package budget

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/testkit"
)

// trips counts the round trips of a Redis client.
type trips struct{ n atomic.Int64 }

func (t *trips) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (t *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		t.n.Add(1)
		return next(ctx, cmd)
	}
}

func (t *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		t.n.Add(1)
		return next(ctx, cmds)
	}
}

// A call of one request makes one round trip before it, and its report travels with others.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	client, counted := dial(t, testkit.Redis(t)), &trips{}
	b := newBench(t, client)
	b.limits = Limits{Mailbox: Rate{Units: 1_000_000, Span: time.Minute}, Concurrency: 1000}
	b.begun(time.Hour)
	_ = b.once(ask()) // the scripts are known from here on
	client.AddHook(counted)
	const calls = 100
	for range calls {
		ctx, end := b.Begin(t.Context(), ask())
		if err := send(ctx, t, http.MethodGet); err != nil {
			t.Fatal(err)
		}
		end(ctx, nil)
	}
	if n := counted.n.Load(); n != calls {
		t.Errorf("%d round trips before %d calls", n, calls)
	}
	b.Flush(t.Context())
	if n := counted.n.Load(); n != calls+1 {
		t.Errorf("%d round trips for %d reports, want 1", n-calls, calls)
	}
}

// BenchmarkCall compares a call of an HTTP server on this machine, bare and under a budget.
func BenchmarkCall(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	b.Cleanup(server.Close)
	for name, dialled := range map[string]func(b *testing.B) redis.UniversalClient{
		"Redis":   func(b *testing.B) redis.UniversalClient { b.Helper(); return dial(b, testkit.Redis(b)) },
		"process": func(*testing.B) redis.UniversalClient { return nil },
	} {
		b.Run(name, func(b *testing.B) {
			client, counted := dialled(b), &trips{}
			if client != nil {
				client.AddHook(counted)
			}
			l := New(client, Options{
				Limits: func(cal.Provider) Limits {
					return Limits{Mailbox: Rate{Units: 1_000_000_000, Span: time.Minute}, Concurrency: 1000}
				},
				LocalShare: 100, Clock: clock.System{}, Breakers: true, Log: slog.New(slog.DiscardHandler),
				ID: func() string { return fmt.Sprintf("call_%d", names.Add(1)) },
			})
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan struct{})
			go func() { defer close(ended); l.Run(ctx) }()
			urgent := ask()
			urgent.Lane = task.Interactive
			for b.Loop() {
				ctx, end := l.Begin(b.Context(), urgent)
				get(ctx, b, Transport(http.DefaultTransport), server.URL)
				end(ctx, nil)
			}
			cancel()
			<-ended
			b.ReportMetric(float64(counted.n.Load())/float64(b.N), "trips/op")
		})
	}
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			get(b.Context(), b, http.DefaultTransport, server.URL)
		}
	})
}

func get(ctx context.Context, b *testing.B, through http.RoundTripper, url string) {
	b.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	for {
		res, err := through.RoundTrip(req)
		if err == nil {
			_ = res.Body.Close()
			return
		}
		time.Sleep(10 * time.Millisecond) // the first finds empty buckets
	}
}
