package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/browser"
	"github.com/calweave/calweave/internal/store"
)

// bubble is one whole calweave, as it runs in production without Redis, whose time is that of a testing/synctest bubble: workers, sweep, budget, breakers
// and both providers run on it, and hours pass in seconds. HTTP does not leave the process, since a connection would hold up time.
type bubble struct {
	tb      testing.TB
	ctx     context.Context
	sim     *sim.Sim
	wishes  *wishes
	app     *app.App
	handler http.Handler
	tenant  cal.TenantID
	key     string
	targets map[cal.Provider]cal.CalendarID
	file    string
	mu      sync.Mutex
	gone    map[string]outage
	// wrote is told each event that was made, while it is set.
	wrote func(at sim.Provider, body string)
}

// outage is how a provider is away; callTime is what a call takes of one that is there.
type outage string

const (
	refusing outage = "refuses connections"
	silent   outage = "never answers"
	failing  outage = "answers 503"

	callTime = 200 * time.Millisecond
)

// The addresses of a bubble.
const (
	googleHost = "google.test"
	graphHost  = "graph.test"
	ownHost    = "calweave.test"
)

// inBubble runs a test of a calweave whose hosts are connected and whose first work is done. A bubble's time begins at midnight, 1 January 2000.
func inBubble(t *testing.T, extra map[string]string, test func(*bubble)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		b := &bubble{tb: t, ctx: ctx, wishes: newWishes(), file: filepath.Join(dir, "calweave.db"), targets: map[cal.Provider]cal.CalendarID{}, gone: map[string]outage{}}
		var err error
		b.sim, err = sim.New(sim.Config{PushTransport: b})
		b.must(err)
		defer func() { b.wishes.check(t, b.sim) }()
		defer b.sim.Close()
		b.start(extra)
		ended := make(chan error, 1)
		go func() { ended <- b.app.Run(ctx, newIdle()) }()
		defer func() {
			cancel()
			if err := errors.Join(<-ended, b.app.Close()); err != nil {
				t.Error(err)
			}
		}()
		b.connect()
		test(b)
	})
}

func (b *bubble) must(err error) {
	b.tb.Helper()
	if err != nil {
		b.tb.Fatal(err)
	}
}

func (b *bubble) start(extra map[string]string) {
	keys, err := seal.Generate()
	b.must(err)
	url := "sqlite:" + b.file
	set := settings(url, "", "http://"+ownHost, string(keys), "http://"+googleHost, "http://"+graphHost)
	for name := range set {
		if len(name) > 6 && (name == "CALWEAVE_CALENDAR_WRITES_PER_MINUTE" || bytes.Contains([]byte(name), []byte("_LIMIT_"))) {
			delete(set, name) // the published limits are in force
		}
	}
	set["CALWEAVE_PUSH"], set["CALWEAVE_POLL_INTERVAL"] = "off", "24h"
	maps.Copy(set, extra)
	c, err := config.Load(config.Source{Purpose: config.ForRun, Presets: set})
	b.must(err)
	migrate(b.ctx, b.tb, url, url)
	b.app, err = app.New(b.ctx, c, app.Outside{Log: logger(), WrapHTTP: func(http.RoundTripper) http.RoundTripper { return b }})
	b.must(err)
	b.handler = b.app.Handler()
}

func (b *bubble) connect() {
	var err error
	b.tenant, err = b.app.CreateTenant(b.ctx, "test")
	b.must(err)
	key, err := b.app.CreateKey(b.ctx, b.tenant, store.PurposeAPI, record.AllScopes())
	b.must(err)
	b.key = key.Secret
	for _, host := range []sim.Person{{Provider: sim.Google, Email: ada, Zone: zone}, {Provider: sim.Microsoft, Email: grace, Zone: zone}} {
		_, err := b.sim.Seed(host)
		b.must(err)
		link, err := b.app.BeginConnection(b.ctx, b.tenant, cal.Provider(host.Provider))
		b.must(err)
		jar, err := cookiejar.New(nil)
		b.must(err)
		page, err := browser.Consent(b.ctx, &http.Client{Jar: jar, Transport: b}, link, browser.Choice{Account: host.Email})
		b.must(err)
		if page.Status != http.StatusOK {
			b.tb.Fatalf("consent of %s ended with %d", host.Email, page.Status)
		}
	}
	b.pass(10 * time.Minute) // until everything is found, and buckets that were new are full
	all, err := b.app.Store.Calendars(b.ctx, b.tenant, record.CalendarFilter{}, "", 10)
	b.must(err)
	for _, c := range all {
		if c.Primary {
			b.targets[c.Provider] = c.ID
		}
	}
	if len(b.targets) != 2 {
		b.tb.Fatalf("primary calendars: %v", b.targets)
	}
}

// pass lets time pass.
func (b *bubble) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// RoundTrip carries a request to whom it is for, as long as that is there.
func (b *bubble) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	b.mu.Lock()
	away := b.gone[r.URL.Host]
	b.mu.Unlock()
	switch away {
	case refusing:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case silent:
		<-ctx.Done()
		return nil, ctx.Err()
	case failing: // below, when the call has taken its time
	}
	select {
	case <-time.After(callTime):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		_ = r.Body.Close()
	}
	in := r.Clone(ctx)
	in.Body, in.RequestURI, in.Host = io.NopCloser(bytes.NewReader(body)), r.URL.RequestURI(), r.URL.Host
	out := httptest.NewRecorder()
	var next http.Handler
	switch r.URL.Host {
	case googleHost:
		next = b.sim.Google()
	case graphHost:
		next = b.sim.Microsoft()
	case ownHost:
		next = b.handler
	default:
		return nil, fmt.Errorf("nobody is at %s", r.URL.Host)
	}
	if away == failing {
		out.WriteHeader(http.StatusServiceUnavailable)
	} else {
		next.ServeHTTP(out, in)
	}
	resp := out.Result()
	resp.Request = r
	if resp.StatusCode/100 == 2 && r.Method == http.MethodPost && isListing(r.URL.Path) {
		b.mu.Lock()
		told := b.wrote
		b.mu.Unlock()
		if told != nil {
			told(map[string]sim.Provider{googleHost: sim.Google, graphHost: sim.Microsoft}[r.URL.Host], string(body))
		}
	}
	return resp, nil
}

// leave takes a provider away, or brings it back with the empty outage.
func (b *bubble) leave(host string, how outage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone[host] = how
}

// put hands a booking for some providers' calendars over to the API and returns how long it took to be accepted.
func (b *bubble) put(id, title string, at ...cal.Provider) time.Duration {
	b.tb.Helper()
	start := time.Now().AddDate(0, 1, 0)
	spec := cal.Booking{
		Version: 1, Title: title,
		Start: cal.When{DateTime: start.Format(cal.WallLayout), TimeZone: "UTC"}, End: cal.When{DateTime: start.Add(30 * time.Minute).Format(cal.WallLayout), TimeZone: "UTC"},
	}
	for _, p := range at {
		spec.Targets = append(spec.Targets, cal.Target{CalendarID: b.targets[p]})
	}
	spec.Attendees = []cal.Attendee{{Email: uninvited}}
	raw, err := json.Marshal(spec)
	b.must(err)
	b.wishes.says(b.tenant, cal.BookingID(id), spec)
	req := httptest.NewRequestWithContext(b.ctx, http.MethodPut, "http://"+ownHost+"/v1/bookings/"+id, bytes.NewReader(raw))
	req.Header.Set("Authorization", "Bearer "+b.key)
	req.Header.Set("Content-Type", "application/json")
	out := httptest.NewRecorder()
	began := time.Now()
	b.handler.ServeHTTP(out, req)
	if out.Code/100 != 2 {
		b.tb.Fatalf("PUT of %s: %d %s", id, out.Code, out.Body)
	}
	return time.Since(began)
}

// idle is a listener to which nobody comes.
type idle struct {
	closed chan struct{}
	once   sync.Once
}

func newIdle() *idle { return &idle{closed: make(chan struct{})} }

// Accept waits for the end.
func (i *idle) Accept() (net.Conn, error) {
	<-i.closed
	return nil, net.ErrClosed
}

// Close ends it.
func (i *idle) Close() error {
	i.once.Do(func() { close(i.closed) })
	return nil
}

// Addr is no address.
func (i *idle) Addr() net.Addr { return &net.TCPAddr{} }
