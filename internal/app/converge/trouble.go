package converge

import (
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/work"
)

// push lets what a provider has to say arrive, twice perhaps, or not at all.
func (p *player) push(s Step) {
	site, times := p.Sites[int(s.A)%len(p.Sites)], int([]byte{1, 1, 2, 0}[s.B%4])
	p.tries("push", func() error { return site.Provides.Push(times) })
	p.note("%s: pushes arrive %d times", site.Provider, times)
}

// due is the work that is due now.
func (p *player) due() []record.Due {
	now := p.Clock.Now()
	all, err := p.App().Store.Due(p.Ctx, now, now, 1000, 1000)
	if err != nil && !p.Dead() {
		p.must(err)
	}
	return all
}

// works does one row.
func (p *player) works(ref task.Ref) {
	r, err := p.App().Engine.Work(p.Ctx, ref)
	if err != nil && !p.Dead() {
		p.must(err)
	}
	if r != work.NotDue {
		p.note("  %s: %s", ref.Kind, r)
	}
	p.Clock.Advance(time.Millisecond) // nothing happens at the very same time
	p.watchEffects()
}

// someWork does some of what is due, in no order.
func (p *player) someWork(s Step) {
	all := p.due()
	for n := range min(len(all), 1+int(s.A)%3) {
		p.works(all[(int(s.B)+n*(1+int(s.C)))%len(all)].Ref)
	}
}

// allWork does what is due, and what comes due by that.
func (p *player) allWork() {
	for range 20 {
		all := p.due()
		for _, d := range all {
			p.works(d.Ref)
		}
		if len(all) == 0 || p.Dead() {
			return
		}
	}
}

// workTwice hands out the same job more than once, the last one first.
func (p *player) workTwice(Step) {
	all := p.due()
	slices.Reverse(all)
	for _, d := range append(all, all...) {
		p.works(d.Ref)
	}
}

// fault lets one of the next calls fail.
func (p *player) fault(s Step) {
	site := p.Sites[int(s.A)%len(p.Sites)]
	kind := []FaultKind{Away, Lost, Lost, Limited, Conflicts, Unauthorized, Hidden}[s.B%7]
	p.note("%s: a call is to come to %d", site.Provider, kind)
	site.Provides.Strike(Fault{Kind: kind})
}

// freeze stops a worker in the middle of a call until its lease is over and others have gone on.
func (p *player) freeze(s Step) {
	site := p.Sites[int(s.A)%len(p.Sites)]
	p.note("%s: a worker is to freeze in a call", site.Provider)
	site.Provides.Strike(Fault{Kind: Frozen, Meanwhile: func() { p.meanwhile(s) }})
}

// meanwhile is what another process does while a worker is frozen.
func (p *player) meanwhile(s Step) {
	if p.frozen || p.Dead() {
		return
	}
	p.frozen = true
	defer func() { p.frozen = false }()
	p.note("{ a worker is frozen")
	p.Clock.Advance(p.Lease + time.Second)
	e := p.App().Engine
	other := &work.Engine{Store: e.Store, Handlers: e.Handlers, Clock: e.Clock, Jitter: e.Jitter, Lease: e.Lease, Trace: e.Trace, Log: e.Log}
	for range 6 {
		all := p.due()
		for _, d := range all {
			if _, err := other.Work(p.Ctx, d.Ref); err != nil && !p.Dead() {
				p.violate("the work of another process ends with %v", err)
			}
		}
		if len(all) == 0 {
			p.Clock.Advance(time.Duration(s.C%4) * time.Second)
		}
	}
	p.note("} and thaws")
}

// crash lets the process end at one of its next statements.
func (p *player) crash(s Step) {
	p.note("the process is to end at statement %d, %t", 1+int(s.A)%60, s.B%2 == 0)
	p.Crash(1+int(s.A)%60, s.B%2 == 0)
	p.allWork()
}

// moveClock lets time pass, or sets a clock back as a machine's is that had run ahead.
func (p *player) moveClock(s Step) {
	by := []time.Duration{
		time.Second, 5 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 12 * time.Minute, time.Hour, 7 * time.Hour, 26 * time.Hour, 40 * time.Minute,
	}[int(s.A)%10]
	if p.SetsBack && s.B%4 == 0 {
		by = []time.Duration{-20 * time.Second, -time.Minute, -10 * time.Minute, -time.Hour}[int(s.C)%4]
	}
	p.Clock.Advance(by)
	p.note("the clock moves by %s", by)
}

// account disconnects an account, or connects it anew.
func (p *player) account(s Step) {
	n := int(s.A) % len(p.Sites)
	if p.closed[n] {
		p.reconnect(n)
		return
	}
	if s.B%2 == 0 {
		return // half as often
	}
	p.note("%s: is disconnected", p.Sites[n].Provider)
	p.closed[n] = p.tries("disconnect", func() error {
		_, err := p.App().Store.Disconnect(p.Ctx, p.Tenant, p.Sites[n].Connection, "core")
		return err
	})
}

// reconnect connects an account anew.
func (p *player) reconnect(n int) {
	site := p.Sites[n]
	ok := p.tries("reconnect", func() error {
		c, err := p.App().Store.Connection(p.Ctx, p.Tenant, site.Connection)
		if err != nil {
			return err
		}
		if c.State == cal.ConnectionActive {
			return nil
		}
		g, err := site.Provides.Consent(site.Connection, c.ClosedAt)
		if err != nil {
			return err
		}
		return p.App().Store.Activate(p.Ctx, p.Tenant, site.Connection, g)
	})
	if ok {
		p.note("%s: is connected again", site.Provider)
		delete(p.closed, n)
	}
}

// policies sets what becomes of persons' changes in a site's calendars.
func (p *player) policies(s Step) {
	site := p.Sites[int(s.B)%len(p.Sites)]
	b := backflow(s.A)
	p.tries("policy", func() error {
		_, err := p.App().Store.ChooseConnection(p.Ctx, p.Tenant, site.Connection, record.ConnectionChoice{Backflow: b, Actor: "core"})
		return err
	})
	p.note("%s: the policy is %v", site.Provider, b)
}

// operate lets an operator allow what is held, bring back what was given up, and let many deletions through or not.
func (p *player) operate(approve bool) {
	p.tries("guards", func() error {
		open, err := p.App().Store.Guards(p.Ctx, p.Tenant, record.GuardFilter{}, "", 100)
		for _, g := range open {
			if err != nil {
				break
			}
			_, err = p.App().Store.DecideGuard(p.Ctx, p.Tenant, g.ID, record.GuardDecision{Approve: approve, Actor: "operator"})
			p.note("operator: lets the deletions at %s through: %t: %v", g.Provider, approve, err)
			if err == nil && !approve {
				p.ledger.restored(g.CalendarID)
			}
		}
		return err
	})
	p.tries("stopped work", func() error {
		all, err := p.App().Store.ListWork(p.Ctx, p.Tenant, store.StoppedWork, task.Ref{}, 1000)
		for _, r := range all {
			if err != nil {
				break
			}
			if r.HeldFor == record.HeldForReauth {
				continue
			}
			p.allow(r)
			err = p.App().Store.Release(p.Ctx, r.Ref, "operator")
			p.note("operator: releases %s, which is %s: %s: %v", r.Kind, r.State, r.LastError, err)
		}
		return err
	})
}

// allow notes that an operator has allowed mails about a booking.
func (p *player) allow(r record.Work) {
	for _, b := range p.bookings() {
		for _, l := range b.Links {
			if string(l.ID) == r.Subject && r.State == record.Held {
				p.specs[b.ID].mails = true
			}
		}
	}
}

// cursors makes a provider forget where its clients were.
func (p *player) cursors(s Step) {
	site := p.Sites[int(s.A)%len(p.Sites)]
	site.Provides.LoseCursors()
	p.note("%s: loses all cursors", site.Provider)
}

// flush empties Redis.
func (p *player) flush() {
	if p.Flush != nil {
		p.Flush()
		p.note("FLUSHALL")
	}
}
