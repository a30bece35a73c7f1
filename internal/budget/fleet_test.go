package budget

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/testkit"
)

// The environment of a worker process: where its Redis and its provider are, and which of the workers it is.
const (
	workerRedis    = "CALWEAVE_BUDGET_WORKER_REDIS"
	workerProvider = "CALWEAVE_BUDGET_WORKER_PROVIDER"
	workerNumber   = "CALWEAVE_BUDGET_WORKER_NUMBER"
)

// The fleet of the test: processes, and callers in each.
const (
	fleetProcesses = 20
	fleetCallers   = 8
	// callTime is how long a caller waits for an answer: with all of them waiting for good, nobody would be left to be refused.
	callTime = 5 * time.Second
	// mostLate is how many calls a dead provider is never to cost.
	mostLate = 50
)

// TestWorkerProcess is one process of a fleet: it calls a provider, one request after the other from each of its callers, until it is killed.
func TestWorkerProcess(t *testing.T) {
	t.Parallel()
	url := os.Getenv(workerRedis)
	if url == "" {
		t.Skip("for TestADeadProviderCostsTheFleetLittle, which runs it in other processes")
	}
	number, err := strconv.Atoi(os.Getenv(workerNumber))
	if err != nil {
		t.Fatal(err)
	}
	// Limits that are never reached: what stops the calls is the breaker alone.
	l := New(dial(t, url), Options{
		Limits: func(cal.Provider) Limits { return Limits{Unproven: unproven, Concurrency: 1000} }, LocalShare: 100, Clock: clock.System{}, AskTime: time.Minute,
		Breakers: true, Log: slog.New(slog.DiscardHandler), ID: func() string { return fmt.Sprintf("call_%d_%d", number, names.Add(1)) },
	})
	go l.Run(t.Context())
	var callers sync.WaitGroup
	for i := range fleetCallers {
		callers.Go(func() {
			a := mailbox(number*fleetCallers + i)
			for t.Context().Err() == nil {
				l.call(t, a, os.Getenv(workerProvider))
			}
		})
	}
	callers.Wait()
}

// call makes one call, and waits as it is told after a refusal.
func (l *Limiter) call(t *testing.T, a record.Call, url string) {
	t.Helper()
	patience, cancel := context.WithTimeout(t.Context(), callTime)
	defer cancel()
	ctx, end := l.Begin(patience, a)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody) //nolint:gosec // the test's own server
	if err != nil {
		t.Error(err)
		return
	}
	res, err := Transport(http.DefaultTransport).RoundTrip(req)
	if f, ok := fault.As(err); ok {
		end(ctx, f)
		time.Sleep(min(f.RetryAfter, 50*time.Millisecond)) // a worker that is told to wait does something else
		return
	}
	if err != nil {
		end(ctx, fault.Network(ctx, "x", err))
		return
	}
	_ = res.Body.Close()
	if res.StatusCode >= http.StatusInternalServerError {
		end(ctx, &fault.Error{Kind: fault.Transient, Status: res.StatusCode})
		return
	}
	end(ctx, nil)
}

// A provider that dies costs twenty processes fewer than 50 calls beyond those that were under way, whether it answers with errors or not at all.
func TestADeadProviderCostsTheFleetLittle(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]func(http.ResponseWriter, *http.Request){
		"with errors": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"in silence":  func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &mortal{way: way}
			server := httptest.NewServer(p)
			t.Cleanup(server.Close)
			url := testkit.Redis(t)
			for i := range fleetProcesses {
				spawn(t, url, server.URL, i)
			}
			until(t, func() bool { return p.answered.Load() > 2000 })
			client := dial(t, url)
			inFlight := p.die(func() int { return min(leases(t, client), fleetProcesses*fleetCallers) }) // some have ended and are not reported yet
			// As long as every caller would have called three times over and in silence given up.
			late, died := func() int { return int(p.late.Load()) - inFlight }, time.Now()
			until(t, func() bool { return time.Since(died) > 3*callTime || late() >= mostLate })
			if n := late(); n >= mostLate {
				t.Errorf("%d calls after it died, beyond the %d under way", n, inFlight)
			} else {
				t.Logf("%d calls after it died, beyond the %d under way", n, inFlight)
			}
		})
	}
}

// mortal is a provider that answers well until it dies in its way.
type mortal struct {
	way            http.HandlerFunc
	mu             sync.Mutex
	dead           bool
	answered, late atomic.Int64
}

func (m *mortal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	dead := m.dead
	m.mu.Unlock()
	if dead {
		m.late.Add(1)
		m.way(w, r)
		return
	}
	m.answered.Add(1)
}

// die ends the provider's life, and returns how many calls are under way then. It answers nobody while they are counted.
func (m *mortal) die(underWay func() int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
	return underWay()
}

// leases counts the calls that the fleet's account knows to be under way.
func leases(t *testing.T, client redis.UniversalClient) int {
	t.Helper()
	n := 0
	keys := client.Scan(t.Context(), 0, keyPrefix+"*:mailbox:*", 1000).Iterator()
	for keys.Next(t.Context()) {
		fields, err := client.HKeys(t.Context(), keys.Val()).Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fields {
			if strings.HasPrefix(f, "l:") {
				n++
			}
		}
	}
	return n
}

func spawn(t *testing.T, account, provider string, number int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestWorkerProcess$") //nolint:gosec // this very program
	cmd.Env = append(os.Environ(), workerRedis+"="+account, workerProvider+"="+provider, workerNumber+"="+strconv.Itoa(number))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// until waits for something that other processes do.
func until(t *testing.T, there func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !there() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("it does not happen within a minute")
		}
	}
}
