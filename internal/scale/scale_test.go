package scale

import (
	"fmt"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/budget"
	"github.com/calweave/calweave/internal/testkit"
)

// latency is how long a call takes, and tenants how many want something.
const (
	latency = 200 * time.Millisecond
	tenants = 20
)

// TestVirtualScale gives 120,000 writes to Google's calendars, unevenly spread, and 60,000 to Microsoft's to one process at once, and wants the
// tightest limit of each provider to be used up, none to be exceeded, and somebody else's meeting to take no notice.
func TestVirtualScale(t *testing.T) {
	if testkit.UnderRace {
		t.Skip("the race detector makes it take half an hour: scripts/test runs it without")
	}
	part := 1
	if testing.Short() {
		part = 20
	}
	synctest.Test(t, func(t *testing.T) {
		p := start(t, settings{workers: 4000, latency: latency, limits: func(of cal.Provider) budget.Limits {
			l := budget.Published(of)
			if of == cal.Microsoft {
				l.Calendar = budget.Rate{} // the places of a mailbox are the tightest limit
			}
			return l
		}})
		p.settleIn()
		before := p.probe(10, 10*time.Second)()
		<-p.table.served
		p.wire.forget()
		began := time.Now()
		p.load(cal.Google, "big", 10, 3000/part)
		p.load(cal.Google, "small", 900/part, 100)
		p.load(cal.Microsoft, "graph", 300/part, 200)
		p.load(cal.Microsoft, "parked", 1, 20)
		// Three mailboxes want to be left alone for a while; those have time to make up for it.
		for i, name := range []string{"big0", "small1", "parked0"} {
			m := p.mailbox(name)
			p.after(time.Duration(i)*time.Second/4, func() { p.wire.park(m.access, 5*time.Second) })
		}
		beside := p.probe(20, 5*time.Second)
		<-p.table.served
		t.Logf("%d rows in %s of virtual time, %.2f claims each", len(p.table.rows), time.Since(began).Round(time.Millisecond),
			float64(p.table.claims)/float64(len(p.table.rows)))
		google, microsoft := budget.Published(cal.Google), budget.Published(cal.Microsoft)
		p.used(cal.Google, perSecond(google.Application))
		places := float64(microsoft.Concurrency) / latency.Seconds()
		p.used(cal.Microsoft, float64(300/part)*math.Min(places, perSecond(microsoft.Mailbox)))
		if now := beside(); now > 2*before {
			t.Errorf("somebody else's change takes up to %s, and %s when nobody else wants anything", now, before)
		} else {
			t.Logf("somebody else's change: at most %s, and %s when nobody else wants anything", now, before)
		}
	})
}

func perSecond(r budget.Rate) float64 { return float64(r.Units) / r.Span.Seconds() }

// settleIn makes the account a day old: a day's use that nobody knows is not trusted to be none.
func (p *process) settleIn() {
	p.t.Helper()
	p.away.Store(int64(-25 * time.Hour))
	p.table.hold(1)
	for _, of := range []cal.Provider{cal.Google, cal.Microsoft} {
		p.want(p.connect(of, "ten_0", "first"+string(of)), 0, task.Interactive)
	}
	p.table.hold(-1)
	<-p.table.served
	p.away.Store(0)
}

// load wants a number of writes to each of some mailboxes, which the tenants share.
func (p *process) load(of cal.Provider, name string, mailboxes, writes int) {
	p.t.Helper()
	for i := range mailboxes {
		m := p.connect(of, cal.TenantID(fmt.Sprintf("ten_%02d", i%tenants)), fmt.Sprint(name, i))
		for n := range writes {
			p.want(m, n, task.Bulk)
		}
	}
}

// after does something later.
func (p *process) after(d time.Duration, what func()) {
	p.wg.Go(func() {
		select {
		case <-time.After(d):
			what()
		case <-p.ctx.Done():
		}
	})
}

// probe lets another tenant want something now and then, as the commit of a change does, and returns what the longest took until it was done.
func (p *process) probe(n int, every time.Duration) (longest func() time.Duration) {
	p.t.Helper()
	id := p.probes.Add(1)
	m := p.connect(cal.Google, "ten_other", fmt.Sprint("other", id))
	p.wire.setAside(m.access)
	var took atomic.Int64
	p.table.hold(1) // until all were made
	done := make(chan struct{})
	p.wg.Go(func() {
		defer close(done)
		defer p.table.hold(-1)
		for i := range n {
			time.Sleep(every)
			hint := p.want(m, i, task.Interactive)
			asked := time.Now()
			p.feeder.Committed([]task.Hint{hint})
			<-p.table.doneOf(hint.Ref)
			took.Store(max(took.Load(), int64(time.Since(asked))))
		}
	})
	return func() time.Duration { <-done; return time.Duration(took.Load()) }
}

// used wants a provider's tightest limit, in writes a second, to be used up, and nothing to be asked for in vain.
func (p *process) used(of cal.Provider, limit float64) {
	p.t.Helper()
	seen := p.wire.seen[of]
	took := seen.last.Sub(seen.first)
	share := float64(seen.writes) / took.Seconds() / limit
	p.t.Logf("%s: %d writes in %s, %.1f %% of the limit of %.1f a second", of, seen.writes, took.Round(time.Millisecond), 100*share, limit)
	if !testing.Short() && (share < 0.95 || share > 1.02) { // a short run is over before all limits are reached
		p.t.Errorf("%s: %.1f %% of the tightest limit", of, 100*share)
	}
	if seen.throttled != 0 {
		p.t.Errorf("%s throttled %d requests", of, seen.throttled)
	}
	if seen.trespasses != 0 || seen.parkings == 0 {
		p.t.Errorf("%s was called %d times while it wanted to be left alone, %d times", of, seen.trespasses, seen.parkings)
	}
}
