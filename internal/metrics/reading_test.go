package metrics_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/metrics"
	"github.com/calweave/calweave/internal/record"
)

var began = time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)

// fleet is what metrics are read of.
type fleet struct {
	clock *clock.Manual
	reads atomic.Int64
	// down fails all readings; block holds them up until it is closed, or they are given up.
	down  bool
	block chan struct{}
	state record.Allowance
	work  []record.WorkCount
}

func newFleet() *fleet {
	return &fleet{clock: clock.NewManual(began), state: record.Allowance{Pace: 1}}
}

func (f *fleet) read(ctx context.Context) error {
	f.reads.Add(1)
	if f.block != nil {
		select {
		case <-f.block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if f.down {
		return errors.New("CANARY")
	}
	return nil
}

func (f *fleet) metrics() *metrics.Metrics {
	return metrics.New(f.clock, metrics.Sources{
		Providers: []cal.Provider{cal.Google},
		State:     func(ctx context.Context, _ cal.Provider) (record.Allowance, error) { return f.state, f.read(ctx) },
		UnderWay:  func(cal.Provider) (int, int) { return 2, 3 },
		Alone:     func() bool { return true },
		Dropped:   func() int64 { return 7 },
		Work:      func(ctx context.Context) ([]record.WorkCount, error) { return f.work, f.read(ctx) },
		Tenants: func(context.Context) ([]record.TenantCount, error) {
			return []record.TenantCount{{Tenant: "ten_1", Rows: 4, Oldest: began.Add(-time.Minute)}}, nil
		},
	})
}

// scrape returns all samples by name and labels.
func scrape(t *testing.T, m *metrics.Metrics) map[string]float64 {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	if answer.Code != http.StatusOK || strings.Contains(answer.Body.String(), "CANARY") {
		t.Fatalf("%d %s", answer.Code, answer.Body)
	}
	out := map[string]float64{}
	for line := range strings.Lines(answer.Body.String()) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if v, err := strconv.ParseFloat(value, 64); err == nil && name != "#" {
			out[name] = v
		}
	}
	return out
}

func wants(t *testing.T, got, want map[string]float64) {
	t.Helper()
	for name, w := range want {
		if v, ok := got[name]; !ok || v != w {
			t.Errorf("%s is %g (%t), want %g", name, v, ok, w)
		}
	}
}

func lacks(t *testing.T, got map[string]float64, names ...string) {
	t.Helper()
	for _, name := range names {
		for sample := range got {
			if strings.HasPrefix(sample, name) {
				t.Errorf("%s is told", sample)
			}
		}
	}
}

// What is read is told as it is; what does not exist is absent.
func TestReadings(t *testing.T) {
	t.Parallel()
	f := newFleet()
	m := f.metrics()
	wants(t, scrape(t, m), map[string]float64{
		`calweave_provider_calls_in_progress{provider="google"}`: 2, `calweave_provider_call_places{provider="google"}`: 3, `calweave_redis_away`: 1,
		`calweave_budget_reports_dropped_total`: 7, `calweave_application_breaker_open{provider="google"}`: 0,
		`calweave_application_penalty_seconds{provider="google"}`: 0, `calweave_tenant_work_rows{tenant="ten_1"}`: 4,
		`calweave_tenant_work_oldest_seconds{tenant="ten_1"}`: 60, `calweave_reading_up{reading="work"}`: 1, `calweave_reading_up{reading="budget"}`: 1,
	})
	lacks(t, scrape(t, m), "calweave_application_rate", "calweave_application_day", "calweave_application_unanswered", "calweave_work_rows")
	f.state = record.Allowance{
		DownUntil: began.Add(-time.Second), LimitedUntil: began.Add(time.Minute), Pace: 0.5, Rate: &record.RateLeft{Available: 5, Burst: 9},
		Day: &record.DayLeft{Limit: 100, Used: 30, Available: 70}, Unanswered: &record.Unanswered{Limit: 24, Used: 3},
	}
	f.clock.Advance(10 * time.Second)
	wants(t, scrape(t, m), map[string]float64{
		`calweave_application_breaker_open{provider="google"}`: 1, `calweave_application_penalty_seconds{provider="google"}`: 50,
		`calweave_application_pace_ratio{provider="google"}`: 0.5, `calweave_application_rate_available{provider="google"}`: 5,
		`calweave_application_rate_burst{provider="google"}`: 9, `calweave_application_day_used{provider="google"}`: 30,
		`calweave_application_day_limit{provider="google"}`: 100, `calweave_application_day_available{provider="google"}`: 70,
		`calweave_application_unanswered_calls{provider="google"}`: 3,
	})
}

// The oldest work counts whether it is due, runs or waits, and not when a person has to do something; its age goes on between readings, and work that is
// done is 0 and not gone.
func TestBacklogIsTold(t *testing.T) {
	t.Parallel()
	f := newFleet()
	m := f.metrics()
	of := func(state record.CountState, rows int64, ago time.Duration) record.WorkCount {
		return record.WorkCount{Kind: task.LinkPush, Lane: task.Bulk, State: state, Rows: rows, Oldest: began.Add(-ago)}
	}
	f.work = []record.WorkCount{
		of(record.CountDue, 1, time.Second), of(record.CountRunning, 2, 2*time.Second), of(record.CountWaiting, 3, time.Minute), of(record.CountHeld, 4, time.Hour),
		of(record.CountDead, 5, 2*time.Hour), of(record.CountGuarded, 7, 3*time.Hour),
		{Kind: task.DeliverySend, Lane: task.Interactive, State: record.CountDue, Rows: 6, Oldest: began},
	}
	const rows, oldest = `calweave_work_rows{kind="link:push",lane="bulk",state="`, `calweave_work_oldest_seconds{kind="link:push",lane="bulk"}`
	wants(t, scrape(t, m), map[string]float64{rows + `due"}`: 1, rows + `running"}`: 2, rows + `waiting"}`: 3, rows + `held"}`: 4, rows + `dead"}`: 5, rows + `guarded"}`: 7, oldest: 60})
	f.clock.Advance(9 * time.Second)
	wants(t, scrape(t, m), map[string]float64{oldest: 69})
	f.work = nil
	f.clock.Advance(time.Second)
	wants(t, scrape(t, m), map[string]float64{
		rows + `due"}`: 0, rows + `dead"}`: 0, oldest: 0, `calweave_work_rows{kind="delivery:send",lane="interactive",state="due"}`: 0,
	})
	f.work = []record.WorkCount{of(record.CountWaiting, 1, -time.Hour)} // a schedule whose time has not come
	f.clock.Advance(10 * time.Second)
	wants(t, scrape(t, m), map[string]float64{oldest: 0})
}

// However many scrape, what costs others is read once in ten seconds.
func TestReadingsAreShared(t *testing.T) {
	t.Parallel()
	f := newFleet()
	m := f.metrics()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			answer := httptest.NewRecorder()
			m.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
		})
	}
	all.Wait()
	if n := f.reads.Load(); n != 2 {
		t.Errorf("%d readings, want one of the budget and one of the work", n)
	}
	f.clock.Advance(10*time.Second - time.Nanosecond)
	scrape(t, m)
	if n := f.reads.Load(); n != 2 {
		t.Errorf("%d readings within ten seconds", n)
	}
	f.clock.Advance(time.Nanosecond)
	scrape(t, m)
	if n := f.reads.Load(); n != 4 {
		t.Errorf("%d readings after ten seconds, want 4", n)
	}
}

// What cannot be read is absent rather than old, and said so; what was counted is told all the same.
func TestReadingsThatFail(t *testing.T) {
	t.Parallel()
	f := newFleet()
	f.work = []record.WorkCount{{Kind: task.LinkPush, Lane: task.Bulk, State: record.CountDue, Rows: 1, Oldest: began}}
	m := f.metrics()
	m.Refreshed(cal.Google, nil)
	scrape(t, m)
	f.down = true
	f.clock.Advance(time.Minute)
	got := scrape(t, m)
	wants(t, got, map[string]float64{
		`calweave_reading_up{reading="work"}`: 0, `calweave_reading_up{reading="budget"}`: 0,
		`calweave_token_refreshes_total{outcome="ok",provider="google"}`: 1, `calweave_redis_away`: 1,
	})
	lacks(t, got, "calweave_work_rows", "calweave_work_oldest", "calweave_tenant", "calweave_application")
	f.down = false
	f.clock.Advance(time.Minute)
	wants(t, scrape(t, m), map[string]float64{`calweave_reading_up{reading="work"}`: 1, `calweave_work_rows{kind="link:push",lane="bulk",state="due"}`: 1})
}

// A database that does not answer holds a scrape up for two seconds.
func TestReadingsAreGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet()
		f.block = make(chan struct{})
		before := time.Now()
		wants(t, scrape(t, f.metrics()), map[string]float64{`calweave_reading_up{reading="work"}`: 0})
		if took := time.Since(before); took != 2*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// A failure of a kind that nobody knows makes no series of its own.
func TestUnknownKinds(t *testing.T) {
	t.Parallel()
	m := newFleet().metrics()
	m.Called(cal.Google, fault.Newf("CANARY", "x", "x"), time.Second)
	m.Refreshed(cal.Google, fault.Newf("CANARY", "x", "x"))
	m.Refreshed(cal.Google, errors.New("CANARY"))
	m.Ran(task.LinkPush, "retry", "CANARY", time.Second)
	wants(t, scrape(t, m), map[string]float64{
		`calweave_provider_calls_total{outcome="transient",provider="google"}`:            1,
		`calweave_provider_call_duration_seconds_sum{provider="google"}`:                  1,
		`calweave_token_refreshes_total{outcome="transient",provider="google"}`:           2,
		`calweave_work_runs_total{decision="retry",failure="transient",kind="link:push"}`: 1,
		`calweave_work_run_duration_seconds_bucket{kind="link:push",le="1"}`:              1,
		`calweave_work_run_duration_seconds_bucket{kind="link:push",le="0.5"}`:            0,
		`calweave_provider_call_duration_seconds_bucket{provider="google",le="1"}`:        1,
		`calweave_provider_call_duration_seconds_bucket{provider="google",le="0.5"}`:      0,
	})
}
