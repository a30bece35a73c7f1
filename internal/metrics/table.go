package metrics

import (
	"fmt"
	"strings"
)

// Type is how a metric behaves.
type Type string

// The types.
const (
	Counter   Type = "counter"
	Gauge     Type = "gauge"
	Histogram Type = "histogram"
)

// Definition is one metric. Those of the Go runtime and of the process are Prometheus's own.
type Definition struct {
	Name   string   `json:"name"`
	Type   Type     `json:"type"`
	Labels []string `json:"labels"`
	Help   string   `json:"help"`
	// Buckets are the upper bounds of a histogram, in seconds.
	Buckets []float64 `json:"buckets,omitempty"`
}

// The names.
const (
	providerCalls    = "calweave_provider_calls_total"
	providerDuration = "calweave_provider_call_duration_seconds"
	providerActive   = "calweave_provider_calls_in_progress"
	providerPlaces   = "calweave_provider_call_places"
	budgetRefusals   = "calweave_budget_refusals_total"
	budgetDropped    = "calweave_budget_reports_dropped_total"
	redisAway        = "calweave_redis_away"
	appBreaker       = "calweave_application_breaker_open"
	appPenalty       = "calweave_application_penalty_seconds"
	appPace          = "calweave_application_pace_ratio"
	appUnanswered    = "calweave_application_unanswered_calls"
	appRate          = "calweave_application_rate_available"
	appBurst         = "calweave_application_rate_burst"
	appDayUsed       = "calweave_application_day_used"
	appDayLimit      = "calweave_application_day_limit"
	appDay           = "calweave_application_day_available"
	workRows         = "calweave_work_rows"
	workOldest       = "calweave_work_oldest_seconds"
	tenantRows       = "calweave_tenant_work_rows"
	tenantOldest     = "calweave_tenant_work_oldest_seconds"
	workRuns         = "calweave_work_runs_total"
	workDuration     = "calweave_work_run_duration_seconds"
	tokenRefreshes   = "calweave_token_refreshes_total" //nolint:gosec // a metric's name, and no token
	notifications    = "calweave_notifications_total"
	audited          = "calweave_audited_links_total"
	polls            = "calweave_polls_total"
	missedChanges    = "calweave_unannounced_listings_total"
	channels         = "calweave_channel_outcomes_total"
	deliveries       = "calweave_delivery_attempts_total"
	deliveryDuration = "calweave_delivery_attempt_duration_seconds"
	requests         = "calweave_http_requests_total"
	requestDuration  = "calweave_http_request_duration_seconds"
	readingUp        = "calweave_reading_up"
)

// The labels.
const (
	labelProvider = "provider"
	labelOutcome  = "outcome"
	labelReason   = "reason"
	labelKind     = "kind"
	labelLane     = "lane"
	labelState    = "state"
	labelTenant   = "tenant"
	labelDecision = "decision"
	labelFailure  = "failure"
	labelVerdict  = "verdict"
	labelPush     = "push"
	labelRoute    = "route"
	labelStatus   = "status"
	labelReading  = "reading"
)

// Table returns every metric of calweave's own.
func Table() []Definition {
	exchange := []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 20, 30}
	return []Definition{
		{providerCalls, Counter, []string{labelProvider, labelOutcome}, "Calls of a provider that were sent, by what became of them: ok, or the kind of failure.", nil},
		{providerDuration, Histogram, []string{labelProvider}, "How long calls took from their first request to their last answer.", exchange},
		{providerActive, Gauge, []string{labelProvider}, "Calls under way in this process.", nil},
		{providerPlaces, Gauge, []string{labelProvider}, "How many calls this process may have under way.", nil},
		{budgetRefusals, Counter, []string{labelProvider, labelReason}, "Requests that the budget sent back to wait, by what was used up.", nil},
		{budgetDropped, Counter, nil, "Reports of calls that found no room while the budget's account was away.", nil},
		{redisAway, Gauge, nil, "1 while Redis does not answer and this process keeps to its own share of the limits.", nil},
		{appBreaker, Gauge, []string{labelProvider}, "1 while the fleet's breaker of the operator's application is open.", nil},
		{appPenalty, Gauge, []string{labelProvider}, "For how long the provider still wants the operator's application to be left alone.", nil},
		{appPace, Gauge, []string{labelProvider}, "The share of the application's rate that is used since the provider asked for less; 1 is all of it.", nil},
		{appUnanswered, Gauge, []string{labelProvider}, "Calls that the fleet has begun since the provider's last sign of life.", nil},
		{appRate, Gauge, []string{labelProvider}, "Units of the application's rate that may be used at this moment. Absent without a limit.", nil},
		{appBurst, Gauge, []string{labelProvider}, "The most units of the rate that can be available at once.", nil},
		{appDayUsed, Gauge, []string{labelProvider}, "Units of the application's day that count now. Absent without a limit.", nil},
		{appDayLimit, Gauge, []string{labelProvider}, "Units that the application may use in any 24 hours.", nil},
		{appDay, Gauge, []string{labelProvider}, "Units of the application's day that may be used at this moment.", nil},
		{workRows, Gauge, []string{labelKind, labelLane, labelState}, "Work of all tenants that is not done: due, running, waiting for its time, held for a person, guarded (a deletion that waits for one), or dead. Schedulers only.", nil},
		{workOldest, Gauge, []string{labelKind, labelLane}, "For how long the oldest work that is due, running or waiting has been wanted, throttled work included. " +
			"A schedule counts from its time on. Schedulers only.", nil},
		{tenantRows, Gauge, []string{labelTenant}, "Work that follows changes and is not done, of the tenants that have waited longest. Schedulers only.", nil},
		{tenantOldest, Gauge, []string{labelTenant}, "For how long the oldest of it has been wanted. Schedulers only.", nil},
		{workRuns, Counter, []string{labelKind, labelDecision, labelFailure}, "Claims that have ended, by what becomes of the work: done, retry (an attempt was spent), wait, held, dead or lost.", nil},
		{workDuration, Histogram, []string{labelKind}, "How long work took from its claim to its outcome.", []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 600}},
		{tokenRefreshes, Counter, []string{labelProvider, labelOutcome}, "Access tokens that were asked for at a token endpoint: ok, or the kind of failure.", nil},
		{audited, Counter, []string{labelProvider, labelVerdict}, "Links that the daily audit has compared with their events: agreed, pending (work is under way), drift, unreachable.", nil},
		{notifications, Counter, []string{labelProvider, labelVerdict}, "Notices in providers' pushes: accepted, stray (no open channel), failed or refused (answered 503); and pushes that were " +
			"a handshake or malformed.", nil},
		{polls, Counter, []string{labelProvider, labelPush}, "Polls of calendars, by whether their changes are pushed: open, silent (a channel that does not tell of changes), refused (none could be opened), " +
			"opening, none.", nil},
		{missedChanges, Counter, []string{labelProvider}, "Listings that found changes which an open channel should have pushed and had not.", nil},
		{channels, Counter, []string{labelProvider, labelOutcome}, "What became of push channels: opened, renewed, replaced, stray_ended (one of an opening that was never answered, or that went on " +
			"after its end), failed.", nil},
		{deliveries, Counter, []string{labelOutcome}, "Attempts to deliver a message: ok, or how they failed.", nil},
		{deliveryDuration, Histogram, nil, "How long endpoints took to answer.", exchange},
		{requests, Counter, []string{labelRoute, labelStatus}, "HTTP requests that were answered. The route /v1/ stands for those refused before theirs was known, unmatched for no route.", nil},
		{requestDuration, Histogram, []string{labelRoute}, "How long they took.", []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}},
		{readingUp, Gauge, []string{labelReading}, "0 while what is read at a scrape cannot be: work (the database) or budget. What could not be read is absent.", nil},
	}
}

// Markdown writes the table as docs/metrics.md has it.
func Markdown(all []Definition) string {
	var b strings.Builder
	b.WriteString("| Metric | Type | Labels | What it tells |\n|---|---|---|---|\n")
	for _, d := range all {
		labels := ""
		if len(d.Labels) > 0 {
			labels = "`" + strings.Join(d.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Name, d.Type, labels, d.Help)
	}
	return b.String()
}
