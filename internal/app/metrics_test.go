package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/budget"
	"github.com/calweave/calweave/internal/metrics"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
)

// scraped is what a process says about itself.
type scraped struct {
	tb   testing.TB
	raw  []byte
	told map[string]*dto.MetricFamily
}

// scrape asks the process whose log it is.
func (l *live) scrape(log *journal) scraped {
	l.tb.Helper()
	status, raw := l.ask(http.MethodGet, l.monitoring(log)+"/metrics")
	if status != http.StatusOK {
		l.tb.Fatalf("GET /metrics: %d %s", status, raw)
	}
	return read(l.tb, raw)
}

// read reads an exposition, which has to be as Prometheus wants it.
func read(tb testing.TB, raw []byte) scraped {
	tb.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	told, err := parser.TextToMetricFamilies(bytes.NewReader(raw))
	if err != nil {
		tb.Fatal(err)
	}
	problems, err := promlint.New(bytes.NewReader(raw)).Lint()
	if err != nil || len(problems) > 0 {
		tb.Errorf("lint: %v %v", problems, err)
	}
	return scraped{tb, raw, told}
}

// monitoring is where metrics are served, once the log says so.
func (l *live) monitoring(log *journal) (at string) {
	l.tb.Helper()
	l.until("metrics are served", func() bool {
		for line := range strings.Lines(log.String()) {
			var said struct{ Msg, Listen string }
			if json.Unmarshal([]byte(line), &said) == nil && said.Msg == "metrics are served" {
				at = "http://" + said.Listen
			}
		}
		return at != ""
	})
	return at
}

// ask makes a request without a key.
func (l *live) ask(method, url string) (status int, body []byte) {
	l.tb.Helper()
	req, err := http.NewRequestWithContext(l.ctx, method, url, http.NoBody)
	l.must(err)
	resp, err := l.http.Do(req)
	l.must(err)
	body, err = io.ReadAll(resp.Body)
	l.must(errors.Join(err, resp.Body.Close()))
	return resp.StatusCode, body
}

// sum adds all values of a metric up that have the labels, given as name, value, name, value; of a histogram it counts observations.
func (s scraped) sum(name string, labels ...string) float64 {
	s.tb.Helper()
	total := 0.0
	for _, m := range s.told[name].GetMetric() {
		has := map[string]string{}
		for _, l := range m.GetLabel() {
			has[l.GetName()] = l.GetValue()
		}
		fits := true
		for pair := range slices.Chunk(labels, 2) {
			fits = fits && has[pair[0]] == pair[1]
		}
		if fits {
			total += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return total
}

// is wants a sum to be what it has to be.
func (s scraped) is(want float64, name string, labels ...string) {
	s.tb.Helper()
	if got := s.sum(name, labels...); got != want {
		s.tb.Errorf("%s%v is %g, want %g", name, labels, got, want)
	}
}

// moves wants a sum to be above 0.
func (s scraped) moves(name string, labels ...string) {
	s.tb.Helper()
	if s.sum(name, labels...) <= 0 {
		s.tb.Errorf("%s%v has not moved", name, labels)
	}
}

// What happened is counted, each time once, under the names that docs/metrics.md has.
func TestMetricsTell(t *testing.T) {
	t.Parallel()
	for name, back := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLive(t, back(t))
			// A first request of Google's has to wait for longer than a call waits in place.
			l.settings["CALWEAVE_METRICS_LISTEN"], l.settings["CALWEAVE_GOOGLE_LIMIT_PER_MINUTE"] = "127.0.0.1:0", "240"
			log := l.runLogged(app.Outside{})
			l.traffic(log)
			l.counted(l.scrape(log))
			l.late(log)
			l.backlog()
			l.alone(log)
		})
	}
}

// traffic makes something of everything happen.
func (l *live) traffic(log *journal) {
	l.tb.Helper()
	before := l.scrape(log)
	before.is(0, "calweave_provider_calls_total")
	before.is(0, "calweave_http_requests_total")
	l.connect()
	l.put("counted", 1, "Counted", wall)
	l.synced("counted", 1)
	l.watched()
	l.must(l.sim.ExpireAccess(sim.Microsoft, grace))
	l.put("counted", 2, "Counted again", wall)
	l.synced("counted", 2)
	_, err := l.sim.AddFault(sim.Fault{Provider: sim.Google, Method: http.MethodPost, Path: "*/events", Action: stage.ActStatus, Status: http.StatusBadRequest, Count: 1})
	l.must(err)
	l.targets = slices.DeleteFunc(l.targets, func(t cal.Target) bool { return !t.Authoritative })
	l.put("dies", 1, "Dies", wall)
	l.must(l.core.wait(l.ctx, message.BookingFailed, 1))
	l.idle()
	for range 3 {
		l.call(http.MethodGet, "/v1/messages", nil, &gen.MessagePage{})
	}
	for _, path := range []string{"/v1/messages", "/nowhere/canary", "/v1/canary"} {
		l.ask(http.MethodGet, l.url+path)
	}
	l.call(http.MethodGet, "/v1/bookings/counted", nil, &gen.Booking{})
	l.try(http.MethodGet, "/v1/canary", nil)
	stray, err := http.NewRequestWithContext(l.ctx, http.MethodPost, l.url+"/hooks/google", http.NoBody)
	l.must(err)
	for name, value := range map[string]string{"Id": "canary", "Token": "canary", "Resource-State": "exists", "Resource-Id": "canary", "Message-Number": "1"} {
		stray.Header.Set("X-Goog-Channel-"+name, value)
		stray.Header.Set("X-Goog-"+name, value)
	}
	resp, err := l.http.Do(stray)
	l.must(err)
	l.must(resp.Body.Close())
	l.ask(http.MethodPost, l.url+"/hooks/microsoft")
}

// counted is what the traffic has to have led to.
func (l *live) counted(s scraped) {
	l.tb.Helper()
	for _, p := range []string{"google", "microsoft"} {
		s.moves("calweave_provider_calls_total", "provider", p, "outcome", "ok")
		s.is(s.sum("calweave_provider_calls_total", "provider", p), "calweave_provider_call_duration_seconds", "provider", p)
		s.is(0, "calweave_provider_calls_in_progress", "provider", p)
		s.is(12, "calweave_provider_call_places", "provider", p)
		s.is(0, "calweave_application_breaker_open", "provider", p)
		s.is(1, "calweave_application_pace_ratio", "provider", p)
		s.moves("calweave_notifications_total", "provider", p, "verdict", "accepted")
	}
	s.is(1, "calweave_provider_calls_total", "provider", "google", "outcome", "invalid")
	s.moves("calweave_provider_calls_total", "provider", "microsoft", "outcome", "unauthorized")
	s.moves("calweave_budget_refusals_total", "provider", "google", "reason", "application-rate")
	for _, m := range s.told["calweave_budget_refusals_total"].GetMetric() {
		if reason := m.GetLabel()[1].GetValue(); !slices.Contains(budget.Reasons(), reason) {
			l.tb.Errorf("refused because of %q", reason)
		}
	}
	s.moves("calweave_application_rate_burst", "provider", "google")
	s.is(1, "calweave_token_refreshes_total")
	s.is(1, "calweave_token_refreshes_total", "provider", "microsoft", "outcome", "ok")
	s.is(1, "calweave_notifications_total", "verdict", "stray")
	s.is(1, "calweave_notifications_total", "verdict", "malformed")
	s.moves("calweave_notifications_total", "verdict", "handshake")
	s.is(1, "calweave_work_runs_total", "kind", "link:push", "decision", "dead", "failure", "invalid")
	s.is(1, "calweave_work_runs_total", "decision", "dead")
	s.moves("calweave_work_runs_total", "decision", "wait", "failure", "rate_limited")
	s.moves("calweave_work_runs_total", "kind", "link:push", "decision", "done", "failure", "")
	s.is(s.sum("calweave_work_runs_total", "kind", "link:push"), "calweave_work_run_duration_seconds", "kind", "link:push")
	s.is(float64(l.core.received()), "calweave_delivery_attempts_total", "outcome", "ok")
	s.is(s.sum("calweave_delivery_attempts_total"), "calweave_delivery_attempt_duration_seconds")
	s.is(3, "calweave_http_requests_total", "route", "GET /v1/messages", "status", "200")
	s.is(2, "calweave_http_requests_total", "route", "/v1/", "status", "401")
	s.is(2, "calweave_http_requests_total", "route", "unmatched", "status", "404")
	s.moves("calweave_http_requests_total", "route", "GET /v1/bookings/{booking_id}", "status", "200")
	s.is(1, "calweave_http_requests_total", "route", "/hooks/microsoft", "status", "400")
	s.is(0, "calweave_redis_away")
	s.moves("process_start_time_seconds")
	s.moves("go_build_info")
	if bytes.Contains(s.raw, []byte("canary")) {
		l.tb.Error("what a stranger has sent is a label")
	}
	for _, d := range metrics.Table() {
		elsewhere := strings.HasPrefix(d.Name, "calweave_application_day_") || strings.HasPrefix(d.Name, "calweave_tenant_") || // no such limit, and see backlog
			slices.Contains([]string{"calweave_audited_links_total", "calweave_unannounced_listings_total"}, d.Name) // tests of their own wait for them
		if _, ok := s.told[d.Name]; !ok && !elsewhere {
			l.tb.Errorf("%s is not told", d.Name)
		}
	}
	for name := range maps.Keys(s.told) {
		if strings.HasPrefix(name, "calweave_") && !slices.ContainsFunc(metrics.Table(), func(d metrics.Definition) bool { return d.Name == name }) {
			l.tb.Errorf("%s is told, and stands in no table", name)
		}
	}
}

// received counts the deliveries that the core has taken.
func (c *core) received() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.deliveries
}

// late leaves a message waiting for an endpoint that does not take it.
func (l *live) late(log *journal) {
	l.tb.Helper()
	refuses := serve(l.tb, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	l.call(http.MethodPost, "/v1/endpoints", gen.NewEndpoint{URL: refuses}, &gen.Endpoint{})
	l.put("late", 1, "Nobody hears of it", wall)
	l.until("an attempt has failed", func() bool {
		s := l.scrape(log)
		return s.sum("calweave_delivery_attempts_total", "outcome", "status") > 0 &&
			s.sum("calweave_work_runs_total", "kind", "delivery:send", "decision", "retry", "failure", "transient") > 0
	})
}

// backlog looks at the work of all tenants through a process that has not looked before.
func (l *live) backlog() {
	l.tb.Helper()
	answer := httptest.NewRecorder()
	l.admin.MetricsHandler().ServeHTTP(answer, httptest.NewRequestWithContext(l.ctx, http.MethodGet, "/metrics", http.NoBody))
	s := read(l.tb, answer.Body.Bytes())
	s.is(1, "calweave_reading_up", "reading", "work")
	s.is(1, "calweave_reading_up", "reading", "budget")
	s.is(1, "calweave_work_rows", "state", "dead")
	s.is(1, "calweave_work_rows", "kind", "link:push", "state", "dead")
	s.moves("calweave_work_rows", "kind", "delivery:send")
	s.moves("calweave_work_oldest_seconds", "kind", "delivery:send")
	s.moves("calweave_tenant_work_rows", "tenant", string(l.tenant))
	s.moves("calweave_tenant_work_oldest_seconds", "tenant", string(l.tenant))
	s.moves("calweave_work_rows", "kind", "calendar:poll", "state", "waiting")
}

// alone wants metrics to be nowhere but on their own address, and nothing else to be there.
func (l *live) alone(log *journal) {
	l.tb.Helper()
	at := l.monitoring(log)
	for url, want := range map[string]int{
		l.url + "/metrics": http.StatusNotFound, l.url + "/v1/metrics": http.StatusUnauthorized, l.url + "/hooks/metrics": http.StatusNotFound,
		at + "/": http.StatusNotFound, at + "/v1/bookings": http.StatusNotFound, at + "/healthz": http.StatusNotFound,
	} {
		if status, _ := l.ask(http.MethodGet, url); status != want {
			l.tb.Errorf("GET %s: %d, want %d", url, status, want)
		}
	}
	receiver, err := app.New(l.ctx, l.config(map[string]string{"CALWEAVE_ROLES": "receiver"}), app.Outside{Log: logger()})
	l.must(err)
	l.tb.Cleanup(func() { l.must(receiver.Close()) })
	if status, _ := l.ask(http.MethodGet, serve(l.tb, receiver.Handler())+"/metrics"); status != http.StatusNotFound {
		l.tb.Errorf("GET /metrics of a receiver: %d", status)
	}
	answer := httptest.NewRecorder()
	receiver.MetricsHandler().ServeHTTP(answer, httptest.NewRequestWithContext(l.ctx, http.MethodGet, "/metrics", http.NoBody))
	read(l.tb, answer.Body.Bytes()).is(0, "calweave_work_rows") // it is no scheduler
	if status, _ := l.ask(http.MethodPost, at+"/metrics"); status != http.StatusMethodNotAllowed {
		l.tb.Errorf("POST /metrics: %d", status)
	}
}

// A process whose address for metrics is taken does not start, and says which setting is to be mended.
func TestMetricsAddressIsTaken(t *testing.T) {
	t.Parallel()
	l := newLive(t, embedded(t))
	a, err := app.New(l.ctx, l.config(map[string]string{"CALWEAVE_METRICS_LISTEN": l.listener.Addr().String()}), app.Outside{Log: logger()})
	l.must(err)
	t.Cleanup(func() { l.must(errors.Join(a.Close(), l.listener.Close())) })
	if err := a.Run(l.ctx, l.listener); err == nil || !strings.Contains(err.Error(), "CALWEAVE_METRICS_LISTEN: ") {
		t.Errorf("%v", err)
	}
}
