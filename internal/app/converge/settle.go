package converge

import (
	"fmt"
	"time"

	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

const (
	// rounds is how often a history may need an operator before it is calm.
	rounds = 6
	// turns is how many times anything may come due before that counts as never ending.
	turns = 400
	// rows is more than the work of any history.
	rows = 1000
)

// quiesce ends all trouble, connects everything again and does what is left to do.
func (p *player) quiesce() {
	p.note("all trouble ends")
	p.calm = true
	p.Crash(0, false)
	p.revive()
	for n, site := range p.Sites {
		site.Provides.Heal()
		if p.closed[n] {
			p.settle()
			p.reconnect(n)
		}
	}
	for range rounds {
		p.settle()
		p.polled()
		if p.decidesSeries() {
			continue
		}
		if len(p.stopped()) == 0 {
			p.Clock.Advance(25 * time.Hour)
			p.settle()
			p.settle()
			return
		}
		p.operate(true)
	}
	p.violate("work stays stopped: %v", p.stopped())
}

// polled lets so much time pass that what was missed is found.
func (p *player) polled() {
	for range 3 {
		p.Clock.Advance(p.Poll + p.Poll/4)
		p.settle()
	}
}

// settle does what is due and waits for what comes due, until only schedules are left.
func (p *player) settle() {
	for range turns {
		all := p.due()
		for _, d := range all {
			p.works(d.Ref)
		}
		if len(all) > 0 {
			continue
		}
		next := p.next()
		if next.IsZero() {
			return
		}
		if next.After(p.Clock.Now()) {
			p.Clock.Set(next)
		}
	}
	var left []string
	for _, r := range p.open() {
		left = append(left, fmt.Sprintf("%s: %s", r.Ref, r.LastError))
	}
	panic(failed{fmt.Errorf("it does not settle: %v", left)})
}

// next is when unfinished work comes due; the zero time if there is none but schedules.
func (p *player) next() (next time.Time) {
	for _, r := range p.open() {
		at := r.NotBefore
		if r.LeaseUntil.After(at) {
			at = r.LeaseUntil
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}

// open is the ready work that is not done, without schedules.
func (p *player) open() (out []record.Work) {
	all, err := p.App().Store.ListWork(p.Ctx, p.Tenant, store.OpenWork, task.Ref{}, rows)
	p.must(err)
	for _, r := range all {
		if r.State == record.Ready && !isSchedule(r) {
			out = append(out, r)
		}
	}
	return out
}

// stopped is what waits for a person.
func (p *player) stopped() []record.Work {
	all, err := p.App().Store.ListWork(p.Ctx, p.Tenant, store.StoppedWork, task.Ref{}, rows)
	p.must(err)
	return all
}

// isSchedule reports whether a row only waits for its time, as schedules do for ever.
func isSchedule(r record.Work) bool {
	switch r.Kind {
	case task.CalendarPoll, task.CalendarAudit, task.CalendarRenew, task.GrantKeep, task.TenantPrune:
		return true
	case task.CalendarWatch:
		return r.LastError != "" // a calendar without a channel is polled, and may stay one
	case task.ConnectionDiscover:
		return r.Done > 0
	default:
		return false
	}
}
