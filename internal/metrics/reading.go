package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// Sources are what is read when the metrics are.
type Sources struct {
	// Providers are those that the operator has an application at. State is how it goes with it.
	Providers []cal.Provider
	State     func(ctx context.Context, p cal.Provider) (record.Allowance, error)
	// UnderWay counts the calls that this process has under way at a provider, of as many as it may; places is 0 for any number.
	UnderWay func(p cal.Provider) (calls, places int)
	// Alone says that Redis is away; Dropped counts reports that were lost.
	Alone   func() bool
	Dropped func() int64
	// Work counts the work of all tenants, Tenants that of the tenants which have waited longest; nil in a process that does not say.
	Work    func(ctx context.Context) ([]record.WorkCount, error)
	Tenants func(ctx context.Context) ([]record.TenantCount, error)
}

// The bounds of what a scrape may cost others: however many scrape, nothing is read more often than every readEvery, or for longer than readTime.
const (
	readEvery = 10 * time.Second
	readTime  = 2 * time.Second
)

// The readings, which are up or not.
const (
	readingWork   = "work"
	readingBudget = "budget"
)

// series is what a count of work is about.
type series struct {
	kind task.Kind
	lane task.Lane
}

// reading is what was read at one time. What could not be is nil.
type reading struct {
	at      time.Time
	states  map[cal.Provider]record.Allowance
	work    []record.WorkCount
	tenants []record.TenantCount
	up      map[string]bool
}

// readings keep the last reading. They are a prometheus.Collector.
type readings struct {
	sources Sources
	clock   clock.Clock
	descs   map[string]*prometheus.Desc
	// turn is held by whoever reads, and by whoever looks at last and seen.
	turn chan struct{}
	last reading
	// seen are the series of work that have been told of: they fall to 0 rather than vanish.
	seen map[series]bool
}

func newReadings(c clock.Clock, s Sources) *readings {
	r := &readings{sources: s, clock: c, descs: map[string]*prometheus.Desc{}, turn: make(chan struct{}, 1), seen: map[series]bool{}}
	for _, d := range Table() {
		if d.Type == Gauge || d.Name == budgetDropped {
			r.descs[d.Name] = prometheus.NewDesc(d.Name, d.Help, d.Labels, nil)
		}
	}
	return r
}

// refresh reads what has not been read lately.
func (r *readings) refresh(ctx context.Context) {
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return
	}
	defer func() { <-r.turn }()
	now := r.clock.Now()
	if !r.last.at.IsZero() && now.Sub(r.last.at) < readEvery {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	next := reading{at: now, states: map[cal.Provider]record.Allowance{}, up: map[string]bool{readingBudget: true}}
	for _, p := range r.sources.Providers {
		a, err := r.sources.State(ctx, p)
		if err != nil {
			next.up[readingBudget] = false
			continue
		}
		next.states[p] = a
	}
	if r.sources.Work != nil {
		next.up[readingWork] = r.count(ctx, &next) == nil
	}
	r.last = next
}

func (r *readings) count(ctx context.Context, into *reading) error {
	work, err := r.sources.Work(ctx)
	if err != nil {
		return err
	}
	tenants, err := r.sources.Tenants(ctx)
	if err != nil {
		return err
	}
	into.work, into.tenants = work, tenants
	return nil
}

// Describe tells which metrics there may be.
func (r *readings) Describe(out chan<- *prometheus.Desc) {
	for _, d := range r.descs {
		out <- d
	}
}

// Collect tells the last reading. Ages go on between readings.
func (r *readings) Collect(out chan<- prometheus.Metric) {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	tell := func(name string, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(r.descs[name], prometheus.GaugeValue, v, labels...)
	}
	out <- prometheus.MustNewConstMetric(r.descs[budgetDropped], prometheus.CounterValue, float64(r.sources.Dropped()))
	tell(redisAway, truth(r.sources.Alone()))
	for _, p := range r.sources.Providers {
		calls, places := r.sources.UnderWay(p)
		tell(providerActive, float64(calls), string(p))
		if places > 0 {
			tell(providerPlaces, float64(places), string(p))
		}
	}
	for name, up := range r.last.up {
		tell(readingUp, truth(up), name)
	}
	for p, a := range r.last.states {
		r.application(tell, string(p), a)
	}
	r.backlog(tell)
}

// application tells how it goes with an application.
func (r *readings) application(tell func(string, float64, ...string), p string, a record.Allowance) {
	tell(appBreaker, truth(!a.DownUntil.IsZero()), p)
	tell(appPenalty, max(0, a.LimitedUntil.Sub(r.clock.Now()).Seconds()), p)
	tell(appPace, a.Pace, p)
	if a.Unanswered != nil {
		tell(appUnanswered, float64(a.Unanswered.Used), p)
	}
	if a.Rate != nil {
		tell(appRate, float64(a.Rate.Available), p)
		tell(appBurst, float64(a.Rate.Burst), p)
	}
	if a.Day != nil {
		tell(appDayUsed, float64(a.Day.Used), p)
		tell(appDayLimit, float64(a.Day.Limit), p)
		tell(appDay, float64(a.Day.Available), p)
	}
}

// backlog tells how much there is to do, and for how long it has been.
func (r *readings) backlog(tell func(string, float64, ...string)) {
	if !r.last.up[readingWork] {
		return
	}
	now := r.clock.Now()
	rows, oldest := map[series]map[record.CountState]int64{}, map[series]time.Duration{}
	for _, w := range r.last.work {
		s := series{w.Kind, w.Lane}
		r.seen[s] = true
		if rows[s] == nil {
			rows[s] = map[record.CountState]int64{}
		}
		rows[s][w.State] = w.Rows
		if w.State != record.CountHeld && w.State != record.CountGuarded && w.State != record.CountDead {
			oldest[s] = max(oldest[s], now.Sub(w.Oldest))
		}
	}
	for s := range r.seen {
		kind, lane := string(s.kind), string(s.lane)
		tell(workOldest, oldest[s].Seconds(), kind, lane)
		for _, state := range []record.CountState{record.CountDue, record.CountRunning, record.CountWaiting, record.CountHeld, record.CountGuarded, record.CountDead} {
			tell(workRows, float64(rows[s][state]), kind, lane, string(state))
		}
	}
	for _, t := range r.last.tenants {
		tell(tenantRows, float64(t.Rows), string(t.Tenant))
		tell(tenantOldest, max(0, now.Sub(t.Oldest).Seconds()), string(t.Tenant))
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
