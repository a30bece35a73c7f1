package microsoft

import (
	"math"
	"net/url"
	"sync"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

// How Graph treats receivers that take their time (https://learn.microsoft.com/graph/change-notifications-delivery-webhooks#throttling).
const (
	healthWindow = 10 * time.Minute
	slowAnswer   = 3 * time.Second
	deadAnswer   = 10 * time.Second
	// penalty is how long a receiver stays slow, or dropped, and by how much what is sent to a slow one is late.
	penalty = 10 * time.Minute
	// maxAnswers and maxDelayed bound what is remembered of a receiver, and what waits in all.
	maxAnswers = 1000
	maxDelayed = 10_000
	// maxReceivers bounds the hosts that are remembered: the one that was heard of longest ago is forgotten.
	maxReceivers = 1000
)

// health is what is known of the receivers, by host, and what waits for the slow ones. It has a lock of its own: answers come in while the
// server's state is being written.
type health struct {
	mu      sync.Mutex
	hosts   map[string]*receiver
	delayed []late
}

// receiver is one host that notifications go to.
type receiver struct {
	answers []reaction
	// slow and dropped are until when.
	slow, dropped time.Time
}

type reaction struct {
	at   time.Time
	took time.Duration
}

// heard is when the host last answered; one that has just been met is the latest.
func (r *receiver) heard() int64 {
	if len(r.answers) == 0 {
		return math.MaxInt64
	}
	return r.answers[len(r.answers)-1].at.UnixNano()
}

// late is a push that waits.
type late struct {
	due  time.Time
	push stage.Push
}

// took notes how long a receiver took to answer, and judges it once it was asked often enough.
func (h *health) took(host string, now time.Time, took time.Duration, sample int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.hosts[host]
	if r == nil {
		r = &receiver{}
		h.hosts[host] = r
		stage.Trim(h.hosts, maxReceivers, (*receiver).heard)
	}
	r.answers = append(r.answers, reaction{now, took})
	for len(r.answers) > maxAnswers || now.Sub(r.answers[0].at) > healthWindow {
		r.answers = r.answers[1:]
	}
	slow, dead := 0, 0
	for _, a := range r.answers {
		if a.took > slowAnswer {
			slow++
		}
		if a.took > deadAnswer {
			dead++
		}
	}
	all := len(r.answers)
	switch {
	case all < sample:
	case dead*100 > all*15:
		r.dropped = now.Add(penalty)
	case slow*10 > all:
		r.slow = now.Add(penalty)
	}
}

// admit decides about a push: to be sent now, or later, or not at all.
func (h *health) admit(push stage.Push, now time.Time) (send, lost bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.hosts[hostOf(push.URL)]
	switch {
	case r == nil:
		return true, false
	case now.Before(r.dropped):
		return false, true
	case now.Before(r.slow) && len(h.delayed) < maxDelayed:
		h.delayed = append(h.delayed, late{now.Add(penalty), push})
		return false, false
	default:
		return true, false
	}
}

// due takes the pushes that have waited long enough.
func (h *health) due(now time.Time) []stage.Push {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []stage.Push
	rest := h.delayed[:0]
	for _, l := range h.delayed {
		if l.due.After(now) {
			rest = append(rest, l)
			continue
		}
		all = append(all, l.push)
	}
	h.delayed = rest
	return all
}

// shunned reports whether nothing is sent to the address for now.
func (h *health) shunned(address string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.hosts[hostOf(address)]
	return r != nil && now.Before(r.dropped)
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
