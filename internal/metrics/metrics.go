package metrics

import (
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// Metrics are those of one process. It is safe for concurrent use.
type Metrics struct {
	registry   *prometheus.Registry
	clock      clock.Clock
	counters   map[string]*prometheus.CounterVec
	histograms map[string]*prometheus.HistogramVec
	readings   *readings
}

// New makes the metrics of a process that has counted nothing. What sources give is read when the metrics are.
func New(c clock.Clock, s Sources) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), clock: c, counters: map[string]*prometheus.CounterVec{}, histograms: map[string]*prometheus.HistogramVec{},
		readings: newReadings(c, s),
	}
	for _, d := range Table() {
		switch {
		case d.Name == budgetDropped, d.Type == Gauge: // they are read
		case d.Type == Counter:
			m.counters[d.Name] = prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.Name, Help: d.Help}, d.Labels)
			m.registry.MustRegister(m.counters[d.Name])
		default:
			m.histograms[d.Name] = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: d.Name, Help: d.Help, Buckets: d.Buckets}, d.Labels)
			m.registry.MustRegister(m.histograms[d.Name])
		}
	}
	m.registry.MustRegister(m.readings, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector())
	return m
}

func (m *Metrics) count(name string, n int, labels ...string) {
	m.counters[name].WithLabelValues(labels...).Add(float64(n))
}

func (m *Metrics) time(name string, took time.Duration, labels ...string) {
	m.histograms[name].WithLabelValues(labels...).Observe(took.Seconds())
}

// outcomeOK is what went well.
const outcomeOK = "ok"

// kinds are the kinds of failure. A driver may invent one, which counts as what the engine takes it for.
func kinds() []fault.Kind {
	return []fault.Kind{
		fault.Transient, fault.RateLimited, fault.QuotaExhausted, fault.Busy, fault.Unauthorized, fault.NeedsReauth, fault.NeedsConsent, fault.Forbidden,
		fault.NotFound, fault.Gone, fault.Conflict, fault.Duplicate, fault.CursorLost, fault.Invalid, fault.Misconfigured, fault.Unsupported, fault.Canceled,
		fault.Fenced, fault.Held,
	}
}

func known(k fault.Kind) string {
	if slices.Contains(kinds(), k) {
		return string(k)
	}
	return string(fault.Transient)
}

// outcome is what became of something that failed with err, if with anything.
func outcome(err error) string {
	if err == nil {
		return outcomeOK
	}
	return known(fault.KindOf(err))
}

// Called counts a call of a provider that was sent, failed with f, if with anything, and took so long.
func (m *Metrics) Called(p cal.Provider, f *fault.Error, took time.Duration) {
	what := outcomeOK
	if f != nil {
		what = known(f.Kind)
	}
	m.count(providerCalls, 1, string(p), what)
	m.time(providerDuration, took, string(p))
}

// Refused counts a request that the budget sent back. The reasons are the budget's.
func (m *Metrics) Refused(p cal.Provider, reason string) {
	m.count(budgetRefusals, 1, string(p), reason)
}

// Ran counts a claim that has ended. The decisions are the engine's; failure is empty for work that was done.
func (m *Metrics) Ran(kind task.Kind, decision string, failure fault.Kind, took time.Duration) {
	why := ""
	if failure != "" {
		why = known(failure)
	}
	m.count(workRuns, 1, string(kind), decision, why)
	m.time(workDuration, took, string(kind))
}

// Refreshed counts an access token that was asked for.
func (m *Metrics) Refreshed(p cal.Provider, err error) {
	m.count(tokenRefreshes, 1, string(p), outcome(err))
}

// Notified counts n notices of a provider's push. The verdicts are the receiver's.
func (m *Metrics) Notified(p cal.Provider, verdict string, n int) {
	m.count(notifications, n, string(p), verdict)
}

// Audited counts a link that an audit has compared with its event.
func (m *Metrics) Audited(f record.Finding) {
	m.count(audited, 1, string(f.Provider), string(f.Verdict))
}

// Polled counts a poll of a calendar, by whether changes of it are pushed.
func (m *Metrics) Polled(p cal.Provider, s record.PushState) {
	m.count(polls, 1, string(p), string(s))
}

// Missed counts a listing that found what a channel should have pushed.
func (m *Metrics) Missed(p cal.Provider) {
	m.count(missedChanges, 1, string(p))
}

// Kept counts what became of a push channel. The verdicts are the keeper's.
func (m *Metrics) Kept(p cal.Provider, verdict string) {
	m.count(channels, 1, string(p), verdict)
}

// Delivered counts an attempt to deliver a message. failure is empty for one that was taken.
func (m *Metrics) Delivered(failure string, took time.Duration) {
	if failure == "" {
		failure = outcomeOK
	}
	m.count(deliveries, 1, failure)
	m.time(deliveryDuration, took)
}

// Request begins to measure a request. What it returns is called once it is answered, with a pattern of ours that it matched.
func (m *Metrics) Request() (answered func(route string, status int)) {
	began := m.clock.Now()
	return func(route string, status int) {
		m.count(requests, 1, route, strconv.Itoa(status))
		m.time(requestDuration, m.clock.Now().Sub(began), route)
	}
}
