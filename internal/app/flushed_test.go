package app_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
)

// What the test below does: so many accounts of each provider, bookings in each of their calendars, and how long a provider wants to be left alone.
const (
	flushedHosts    = 3
	flushedBookings = 12
	flushedPenalty  = 6 * time.Second
	// underWay is how long what has left may take to arrive, and what was answered to be written down, on a machine that is busy.
	underWay = 1500 * time.Millisecond
)

// flushing forgets all that is in Redis, each second until the test ends, and counts how often it has.
func (l *live) flushing() *atomic.Int64 {
	l.tb.Helper()
	client, flushed := l.redis(), &atomic.Int64{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := client.FlushAll(ctx).Err(); err != nil && ctx.Err() == nil {
				l.tb.Error(err)
			}
			flushed.Add(1)
		}
	}()
	l.tb.Cleanup(func() { cancel(); <-ended })
	return flushed
}

// throttled makes a provider ask for patience in the middle of an account's work.
func (l *live) throttled(p sim.Provider, host, skip int, code string) {
	l.tb.Helper()
	path := "/calendar/v3/*"
	if p == sim.Microsoft {
		path = "/v1.0/*"
	}
	_, err := l.sim.AddFault(sim.Fault{
		Provider: p, Account: hostOf(p, host), Path: path, Skip: skip, Count: 1,
		Action: stage.ActStatus, Status: http.StatusTooManyRequests, Code: code, RetryAfter: strconv.Itoa(int(flushedPenalty.Seconds())),
	})
	l.must(err)
}

// heeded fails the test for each request inside a penalty that its account was told, and returns how many penalties there were.
func (l *live) heeded() int {
	l.tb.Helper()
	all := append(l.called(sim.Google, 0), l.called(sim.Microsoft, 0)...)
	penalties := l.toldToStayAway()
	for _, told := range penalties {
		for _, r := range all {
			if since := r.At.Sub(told.At); r.Account == told.Account && since > underWay && since < flushedPenalty {
				l.tb.Errorf("%s %s of %s, %s after it was told to stay away for %s", r.Method, r.Path, r.Account, since, flushedPenalty)
			}
		}
	}
	return len(penalties)
}

// toldToStayAway are the calls whose answers asked for patience.
func (l *live) toldToStayAway() []sim.Request {
	return slices.DeleteFunc(append(l.called(sim.Google, 0), l.called(sim.Microsoft, 0)...), func(r sim.Request) bool {
		return r.Fault != stage.ActStatus || r.Status != http.StatusTooManyRequests
	})
}

// once fails unless each calendar of a provider's accounts shows each of the titles once, and ever did.
func (l *live) once(p sim.Provider, titles []string) {
	l.tb.Helper()
	ever := map[string]int{}
	for host := range flushedHosts {
		events, err := l.sim.Events(sim.In{Provider: p, Email: hostOf(p, host)})
		l.must(err)
		for _, e := range events {
			ever[e.Title]++
			if e.Deleted {
				l.tb.Errorf("%s: %q was deleted", p, e.Title)
			}
		}
	}
	for _, title := range titles {
		if ever[title] != 1 {
			l.tb.Errorf("%s: %d events %q", p, ever[title], title)
		}
	}
	if len(ever) != len(titles) {
		l.tb.Errorf("%s: %d events, want %d", p, len(ever), len(titles))
	}
}

// Redis forgets everything each second, while processes book at both providers, which ask for patience meanwhile: no wait is undercut, nothing is lost,
// and nothing is done twice.
func TestFlushAllEverySecond(t *testing.T) {
	t.Parallel()
	l := newLive(t, servers(t))
	l.must(l.listener.Close())
	for name, value := range map[string]string{ // the published limits: buckets start empty, each second
		"GOOGLE_LIMIT_PER_MINUTE": "9500", "GOOGLE_LIMIT_PER_DAY": "950000", "GOOGLE_MAILBOX_LIMIT_PER_MINUTE": "570",
		"MICROSOFT_LIMIT_PER_10S": "123500", "MICROSOFT_MAILBOX_LIMIT_PER_10M": "9500", "CALENDAR_WRITES_PER_MINUTE": "300",
	} {
		l.settings["CALWEAVE_"+name] = value
	}
	l.spawn("api,receiver,worker,scheduler")
	l.spawn("worker")
	l.alive()
	l.accounts(flushedHosts)
	calendars := l.primaries(2 * flushedHosts)
	var titles []string
	book := func(host int) {
		title := fmt.Sprintf("Call %d", len(titles))
		titles = append(titles, title)
		l.targets = []cal.Target{
			{CalendarID: calendars[cal.Google][host], Authoritative: true}, {CalendarID: calendars[cal.Microsoft][host]},
		}
		l.put(strings.ReplaceAll(title, " ", "-"), 1, title, wall)
	}
	for host := range flushedHosts { // a first listing is bulk work, which waits for half of a burst that has no time to fill
		book(host)
	}
	l.must(l.core.wait(l.ctx, message.BookingSynced, 2*len(titles)))
	l.idle()
	flushed := l.flushing()
	for host, code := range []string{"rateLimitExceeded", "userRateLimitExceeded"} {
		l.throttled(sim.Google, host, 4+3*host, code)
		l.throttled(sim.Microsoft, host, 4+3*host, "ApplicationThrottled")
	}
	for i := range flushedHosts * flushedBookings {
		book(i % flushedHosts)
	}
	// New work for those who have to stay away, once Redis has forgotten that they have.
	l.until("all four are told to stay away", func() bool { return len(l.toldToStayAway()) == 4 })
	enough := flushed.Load() + 2
	l.until("Redis was flushed twice since", func() bool { return flushed.Load() >= enough })
	book(0)
	book(1)
	l.must(l.core.wait(l.ctx, message.BookingSynced, 2*len(titles)))
	l.idle()
	if n := l.heeded(); n != 4 {
		t.Errorf("%d penalties, want 4", n)
	}
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		l.once(p, titles)
	}
	if n := l.core.types(); n[message.BookingAccepted] != len(titles) || n[message.BookingSynced] != 2*len(titles) || len(n) != 3 { // and connection.activated
		t.Errorf("messages %v for %d bookings", n, len(titles))
	}
	for _, r := range l.stopped() {
		t.Errorf("%s is %s: %s", r.Ref, r.State, r.LastError)
	}
	l.applicationIsLeftAlone(flushed, func() {
		for host := range flushedHosts {
			book(host)
		}
	})
	l.until("Microsoft's events are there", func() bool {
		n := 0
		for host := range flushedHosts {
			events, err := l.sim.Standing(sim.In{Provider: sim.Microsoft, Email: hostOf(sim.Microsoft, host)})
			l.must(err)
			n += len(events)
		}
		return n == len(titles)
	})
	l.once(sim.Microsoft, titles)
}

// applicationIsLeftAlone makes Google ask for patience about the whole application, and books: Google is called no more, though Redis forgets everything
// several times.
func (l *live) applicationIsLeftAlone(flushed *atomic.Int64, book func()) {
	l.tb.Helper()
	_, err := l.sim.AddFault(sim.Fault{
		Provider: sim.Google, Method: http.MethodPost, Path: "*/events", Count: 1,
		Action: stage.ActStatus, Status: http.StatusForbidden, Code: "dailyLimitExceeded",
	})
	l.must(err)
	book()
	book()
	const seconds = 4
	until := int64(0)
	l.until("the wish is written down", func() bool {
		_, wish, err := l.admin.Store.Penalties(l.ctx, l.tenant, "", "google")
		l.must(err)
		until = flushed.Load() + seconds
		return !wish.IsZero()
	})
	book()
	l.until("Redis was flushed again and again", func() bool { return flushed.Load() >= until })
	all, told := l.called(sim.Google, 0), time.Time{}
	for _, r := range all {
		if r.Fault == stage.ActStatus && r.Status == http.StatusForbidden {
			told = r.At
		}
	}
	for _, r := range all {
		if since := r.At.Sub(told); since > underWay {
			l.tb.Errorf("%s %s of %s, %s after Google wants no more of the application", r.Method, r.Path, r.Account, since)
		}
	}
	if told.IsZero() {
		l.tb.Error("Google never asked for patience")
	}
}
