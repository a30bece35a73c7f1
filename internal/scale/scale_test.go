package scale

import (
	"fmt"
	"runtime/debug"
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

// TestVirtualScale gives one process tens of thousands of writes at once, for many tenants' mailboxes, and wants the tightest limit of the provider to
// be used up, none to be exceeded, nobody to be called who wants to be left alone, and somebody else's meeting to take no notice. It is 120,000 writes
// to Google, 60,000 to Microsoft, and a part of both by the workers of one process.
func TestVirtualScale(t *testing.T) {
	t.Parallel()
	if testkit.UnderRace {
		t.Skip("the race detector makes it take many times as long: scripts/test runs it without")
	}
	// Much of the time would go into looking again and again at the same rows, events and goroutines, which all stay to the end.
	before := debug.SetGCPercent(400)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	for name, c := range map[string]struct {
		part int
		load func(p *process, part int)
		// least is the share of Google's limit that is used.
		least float64
	}{
		// 10,000 requests a minute for all of Google is the tightest limit there.
		"Google": {1, func(p *process, part int) { p.loadGoogle(part, 3000) }, 0.95},
		// Three calls at once for a mailbox are the tightest limit at Microsoft.
		"Microsoft": {1, (*process).loadMicrosoft, 0},
		"both":      {6, func(p *process, part int) { p.loadGoogle(part, 3000); p.loadMicrosoft(part) }, 0.95},
	} {
		if testing.Short() {
			c.part = 30
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := start(t, settings{workers: 4000, latency: latency, limits: limits})
				p.settleIn()
				before := p.probe(10, 10*time.Second)()
				<-p.table.served
				p.wire.forget()
				began := time.Now()
				c.load(p, c.part)
				beside := p.probe(20, 5*time.Second)
				<-p.table.served
				t.Logf("%d rows in %s of virtual time, %.2f claims each", len(p.table.rows), time.Since(began).Round(time.Millisecond),
					float64(p.table.claims)/float64(len(p.table.rows)))
				p.kept(cal.Google)
				p.kept(cal.Microsoft)
				if !testing.Short() { // a short run is over before all limits are reached
					p.usedGoogle(c.part, c.least)
					p.usedMicrosoft(float64(300 / c.part))
				}
				now := beside()
				t.Logf("somebody else's change: at most %s, and %s when nobody else wants anything", now, before)
				if now > 2*before {
					t.Error("that is more than twice as long")
				}
			})
		})
	}
}

// limits are the published ones. At Microsoft no calendar is paced, so that the places of a mailbox are the tightest limit.
func limits(of cal.Provider) budget.Limits {
	l := budget.Published(of)
	if of == cal.Microsoft {
		l.Calendar = budget.Rate{}
	}
	return l
}

// loadGoogle wants writes in ten large mailboxes and 90,000 or a part of them in many small ones, of which two want to be left alone for a while.
func (p *process) loadGoogle(part, large int) {
	p.t.Helper()
	p.load(cal.Google, "big", 10, large/part)
	p.load(cal.Google, "small", 900/part, 100)
	p.parkSoon("big0", "small1")
}

// loadMicrosoft wants 60,000 writes or a part of them, and a few in a mailbox that wants to be left alone for a while.
func (p *process) loadMicrosoft(part int) {
	p.t.Helper()
	p.load(cal.Microsoft, "graph", 300/part, 200)
	p.load(cal.Microsoft, "parked", 1, 20)
	p.parkSoon("parked0")
}

// parkSoon lets mailboxes want to be left alone for a while; they have time to make up for it.
func (p *process) parkSoon(names ...string) {
	p.t.Helper()
	for i, name := range names {
		m := p.mailbox(name)
		p.after(time.Duration(i)*time.Second/4, func() { p.wire.park(m.access, 5*time.Second) })
	}
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

// kept wants nothing to have been asked for in vain.
func (p *process) kept(of cal.Provider) {
	p.t.Helper()
	seen := p.wire.seen[of]
	if seen.throttled != 0 {
		p.t.Errorf("%s throttled %d requests", of, seen.throttled)
	}
	if seen.trespasses != 0 || len(seen.writes) > 0 && seen.parkings == 0 {
		p.t.Errorf("%s was called %d times while it wanted to be left alone, %d times", of, seen.trespasses, seen.parkings)
	}
}

// usedGoogle wants the limit of the application to be used up, from the first write to the last. Of a part of the load the last writes are not counted:
// they are those of a mailbox that wanted to be left alone, which alone has a lower limit.
func (p *process) usedGoogle(part int, least float64) {
	p.t.Helper()
	all := p.wire.seen[cal.Google].writes
	if part > 1 {
		all = all[:len(all)*19/20]
	}
	p.used("Google", all, perSecond(budget.Published(cal.Google).Application), least)
}

// usedMicrosoft wants the places of the mailboxes to be used up, once there was an answer for each of them and until the first has no more.
func (p *process) usedMicrosoft(mailboxes float64) {
	p.t.Helper()
	all := p.wire.seen[cal.Microsoft].writes
	limit := mailboxes * float64(budget.Published(cal.Microsoft).Concurrency) / latency.Seconds()
	p.used("Microsoft", all[len(all)/4:len(all)*3/4], limit, 0.95)
}

func (p *process) used(name string, writes []time.Time, limit, least float64) {
	p.t.Helper()
	if len(writes) == 0 {
		return
	}
	took := writes[len(writes)-1].Sub(writes[0])
	share := float64(len(writes)) / took.Seconds() / limit
	p.t.Logf("%s: %d writes in %s, %.1f %% of the limit of %.1f a second", name, len(writes), took.Round(time.Millisecond), 100*share, limit)
	if share < least || share > 1.02 {
		p.t.Error("that is not what the limit allows")
	}
}
