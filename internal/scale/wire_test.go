package scale

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// wire carries requests to the simulators, without a network. Half of a call's time is spent on the way there.
type wire struct {
	t       testing.TB
	handler map[string]http.Handler // by host
	latency time.Duration
	mu      sync.Mutex
	random  *rand.Rand
	seen    map[cal.Provider]*traffic
	// parked is until when a mailbox wants to be left alone, by its access token, and asks what is answered next.
	parked map[string]time.Time
	asks   map[string]time.Duration
	// aside are access tokens whose requests are not counted.
	aside map[string]bool
}

// traffic is what one provider has seen.
type traffic struct {
	// writes are when each was answered.
	writes                          []time.Time
	throttled, parkings, trespasses int
}

// forget begins to count anew.
func (w *wire) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = map[cal.Provider]*traffic{cal.Google: {}, cal.Microsoft: {}}
}

const googleHost, microsoftHost = "google.test", "microsoft.test"

func providerOf(host string) cal.Provider {
	if host == googleHost {
		return cal.Google
	}
	return cal.Microsoft
}

// park lets the next answer to a mailbox be that it wants to be left alone for d.
func (w *wire) park(mailbox string, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asks[mailbox] = d
}

// RoundTrip serves a request.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	mailbox := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
	t, asked := w.begin(req, mailbox)
	half := w.half()
	time.Sleep(half)
	rec := httptest.NewRecorder()
	if asked > 0 {
		rec.Header().Set("Retry-After", fmt.Sprint(int(asked.Seconds())))
		rec.WriteHeader(http.StatusServiceUnavailable)
	} else {
		w.handler[req.URL.Host].ServeHTTP(rec, req)
	}
	time.Sleep(half)
	w.end(t, req, mailbox, rec.Code, asked)
	return rec.Result(), nil
}

// half is half of a call's time, which varies by a tenth.
func (w *wire) half() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.latency*45/100 + time.Duration(w.random.Int64N(int64(w.latency)/10))
}

// setAside lets the requests with an access token not count.
func (w *wire) setAside(access string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.aside[access] = true
}

func (w *wire) begin(req *http.Request, mailbox string) (*traffic, time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t, now := w.seen[providerOf(req.URL.Host)], time.Now()
	if w.aside[mailbox] {
		t = &traffic{}
	}
	if now.Before(w.parked[mailbox]) {
		t.trespasses++
	}
	asked := w.asks[mailbox]
	delete(w.asks, mailbox)
	return t, asked
}

func (w *wire) end(t *traffic, req *http.Request, mailbox string, status int, asked time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case asked > 0:
		t.parkings++
		w.parked[mailbox] = time.Now().Add(asked)
	case status == http.StatusTooManyRequests || status == http.StatusForbidden || status == http.StatusServiceUnavailable:
		t.throttled++
	case req.Method != http.MethodGet && status < http.StatusMultipleChoices:
		t.writes = append(t.writes, time.Now())
	}
}
