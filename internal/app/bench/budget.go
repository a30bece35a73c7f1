package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/budget"
	"github.com/calweave/calweave/internal/record"
)

// trips counts the round trips of a Redis client.
type trips struct{ n atomic.Int64 }

// DialHook counts nothing.
func (t *trips) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook counts one command.
func (t *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		t.n.Add(1)
		return next(ctx, cmd)
	}
}

// ProcessPipelineHook counts commands that travel together once.
func (t *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		t.n.Add(1)
		return next(ctx, cmds)
	}
}

// check measures what the budget and the breakers add to a call of a server on this machine, one call after the other. The server's own share is in
// both; that of Redis is in none.
func (b *bench) check(ctx context.Context) (err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), ReadHeaderTimeout: waitTime}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	defer func() {
		err = errors.Join(err, server.Close())
		if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
	}()
	address, err := b.redis()
	if err != nil {
		return err
	}
	o, err := redis.ParseURL(address)
	if err != nil {
		return errors.New("the Redis URL is none")
	}
	client, counted := redis.NewClient(o), &trips{}
	client.AddHook(counted)
	defer func() { err = errors.Join(err, client.Close()) }()
	run := &checkRun{bench: b, app: cal.AppID(rand.Text()), url: "http://" + l.Addr().String(), base: &http.Transport{}, trips: counted}
	defer run.base.CloseIdleConnections()
	return errors.Join(run.measure(ctx, "in Redis", client), run.measure(ctx, "in the process", nil))
}

// checkRun makes calls.
type checkRun struct {
	bench *bench
	// app is an application that no other run has used.
	app   cal.AppID
	url   string
	base  *http.Transport
	trips *trips
	calls int
	// reports counts the round trips that told what became of calls.
	reports int64
}

// spent is what calls have cost, each.
type spent struct{ cpu, took time.Duration }

// measure takes turns with bare calls. client is where the account is kept; nil for the process.
func (r *checkRun) measure(ctx context.Context, where string, client redis.UniversalClient) error {
	limiter := r.limiter(client)
	if _, err := r.under(ctx, limiter, 2*reportEvery); err != nil { // the scripts are known and connections open from here on
		return err
	}
	var cpu, cpuFloor, took, tookFloor []float64
	var all int64
	r.reports = 0
	n := r.bench.Scale.Checks
	for range r.bench.Scale.Rounds {
		floor, err := r.timed(n, func() error { return r.get(ctx, r.base) })
		if err != nil {
			return err
		}
		r.trips.n.Store(0)
		value, err := r.under(ctx, limiter, n)
		if err != nil {
			return err
		}
		all += r.trips.n.Load()
		cpu, cpuFloor = append(cpu, micros(value.cpu)), append(cpuFloor, micros(floor.cpu))
		took, tookFloor = append(took, micros(value.took)), append(tookFloor, micros(floor.took))
	}
	note := fmt.Sprintf("%d rounds of %d calls in turn; floor: the bare call", r.bench.Scale.Rounds, n)
	r.bench.report.addCost("a call under the budget "+where+", processor", cpu, cpuFloor, note)
	r.bench.report.addCost("a call under the budget "+where+", time", took, tookFloor, "")
	if client == nil {
		return nil
	}
	each := func(all int64) float64 { return float64(all) / float64(n*r.bench.Scale.Rounds) }
	r.bench.report.add(Figure{
		Name: "round trips to Redis before a call", Unit: "calls", Value: each(all - r.reports), Floor: 1, Ratio: each(all - r.reports), Aim: "1", Met: all-r.reports == int64(n*r.bench.Scale.Rounds),
		Note: fmt.Sprintf("and %.3f after it, with what became of %d calls each", each(r.reports), reportEvery),
	})
	return nil
}

func (r *checkRun) limiter(client redis.UniversalClient) *budget.Limiter {
	const plenty = 1_000_000_000
	return budget.New(client, budget.Options{
		Limits: func(cal.Provider) budget.Limits {
			l := budget.Published(cal.Google)
			l.Application.Units, l.Mailbox.Units, l.Calendar.Units, l.Daily, l.Concurrency = plenty, plenty, plenty, 0, plenty
			return l
		},
		LocalShare: 100, Clock: r.bench.clock, Breakers: true, Log: slog.New(slog.DiscardHandler),
		ID: func() string { r.calls++; return strconv.Itoa(r.calls) },
	})
}

// reportEvery is how many calls are reported together, as they are under load.
const reportEvery = 16

// under makes calls as the gateway does, and reports what became of them.
func (r *checkRun) under(ctx context.Context, l *budget.Limiter, n int) (spent, error) {
	through := budget.Transport(r.base)
	return r.timed(n, func() error {
		made, end := l.Begin(ctx, record.Call{
			Tenant: "bench", Provider: cal.Google, AppID: r.app, Connection: "host", Calendar: "primary", Lane: task.Interactive,
		})
		err := r.get(made, through)
		end(made, nil)
		if r.calls%reportEvery == 0 {
			before := r.trips.n.Load()
			l.Flush(ctx)
			r.reports += r.trips.n.Load() - before
		}
		return err
	})
}

func (r *checkRun) get(ctx context.Context, through http.RoundTripper) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := through.RoundTrip(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// timed does something n times.
func (r *checkRun) timed(n int, do func() error) (spent, error) {
	cpu, err := processor()
	if err != nil {
		return spent{}, err
	}
	began := r.bench.clock.Now()
	for range n {
		if err := do(); err != nil {
			return spent{}, err
		}
	}
	took := r.bench.since(began)
	after, err := processor()
	return spent{cpu: (after - cpu) / time.Duration(n), took: took / time.Duration(n)}, err
}

// processor is how much time of processors this process has used.
func processor() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
