package budget

import (
	"net/http"
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// Rate is how many units may be used in any span of a length. No units are no limit.
type Rate struct {
	Units int
	Span  time.Duration
}

// Limits are what one application of a provider may do, counted in requests; some requests cost more than one.
type Limits struct {
	// Application, Tenant and Mailbox are rates of requests; Calendar is one of writes to a calendar, and adapts to what the provider says.
	Application, Tenant, Mailbox, Calendar Rate
	// Daily is how many requests the application may send in any 24 hours; 0 for any number.
	Daily int
	// Concurrency is how many calls may be under way for one mailbox; 0 for any number.
	Concurrency int
	// Unproven is how many calls the fleet begins without a sign of life from the provider; 0 for any number.
	Unproven int
	// Costs are the units that a request costs by its method, where that is not one.
	Costs map[string]int
}

// headroom is the share of a published limit that is left to clocks that differ and to what others do with the same application.
const headroom = 0.05

// unproven keeps what a provider that has just died costs the fleet far below 50 calls, whatever way it died.
const unproven = 24

// Published are a provider's published limits less 5 %. A provider that is not known has none.
//
// Google: 10,000 requests a minute and project, 600 a minute, user and project, in a sliding minute, and 1,000,000 a day and project
// (https://developers.google.com/workspace/calendar/api/guides/quota); a patch costs three
// (https://developers.google.com/workspace/calendar/api/v3/reference/events/patch). Microsoft: 130,000 requests in 10 s and application, 10,000 in
// 10 min and 4 at once for one mailbox (https://learn.microsoft.com/en-us/graph/throttling-limits), of which one is left to others. Google says that
// writing to one calendar in quick succession is limited, and gives no figure: five a second is where the pacing begins.
func Published(p cal.Provider) Limits {
	calendar := Rate{Units: 300, Span: time.Minute}
	switch p {
	case cal.Google:
		return Limits{
			Application: less(10_000, time.Minute), Mailbox: less(600, time.Minute), Calendar: calendar, Daily: less(1_000_000, 0).Units,
			Unproven: unproven, Costs: map[string]int{http.MethodPatch: 3},
		}
	case cal.Microsoft:
		return Limits{
			Application: less(130_000, 10*time.Second), Mailbox: less(10_000, 10*time.Minute), Calendar: calendar, Concurrency: 3, Unproven: unproven,
		}
	default:
		return Limits{Calendar: calendar, Unproven: unproven}
	}
}

func less(units int, span time.Duration) Rate {
	return Rate{Units: units - int(float64(units)*headroom), Span: span}
}

// share are the limits of a process that does not know what the others do: a percentage of what is shared, and at least one.
func (l Limits) share(percent int) Limits {
	part := func(n int) int {
		if n == 0 {
			return 0
		}
		return max(1, n*percent/100)
	}
	for _, r := range []*Rate{&l.Application, &l.Tenant, &l.Mailbox, &l.Calendar} {
		r.Units = part(r.Units)
	}
	l.Daily, l.Concurrency = part(l.Daily), part(l.Concurrency)
	return l
}

// cost is what a request costs.
func (l Limits) cost(method string) int { return max(1, l.Costs[method]) }

// burstShare is the part of a rate that may be used at once. What is used at once plus what comes back in the span is the whole, so that no span of
// that length ever sees more: the more at once, the less in the long run.
const burstShare = 0.025

// bucket is a rate as the script takes it, in microseconds: the time that one unit takes to come back, and the burst. A burst has room for the
// dearest request.
func (l Limits) bucket(r Rate) (every, burst int64) {
	if r.Units == 0 {
		return 0, 0
	}
	dearest := 1
	for _, n := range l.Costs {
		dearest = max(dearest, n)
	}
	units := float64(r.Units)
	atOnce := min(max(units*burstShare, 2*float64(dearest)), units/2)
	every = int64(float64(r.Span.Microseconds())/(units-atOnce)) + 1
	return every, int64(atOnce * float64(every))
}
