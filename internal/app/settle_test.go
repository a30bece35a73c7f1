package app_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

// settle steps until nothing is left to do: pushes have arrived, due work is done, waits of failed work are over. It starts the App anew when the
// killer has struck.
func (w *world) settle() {
	w.tb.Helper()
	for range 10_000 {
		if w.killer.isDead() {
			w.restart()
		}
		died := w.killer.died
		w.sim.CatchUp()
		w.must(w.sim.Wait(w.ctx, func() bool { return w.sim.PushesPending() == 0 || closed(died) }))
		if closed(died) {
			continue
		}
		worked, err := w.step()
		if w.afterStep != nil {
			w.afterStep()
		}
		if err != nil {
			if !w.killer.isDead() {
				w.tb.Fatal(err)
			}
			continue
		}
		if !worked && w.sim.PushesPending() == 0 && !w.wait() {
			return
		}
	}
	w.tb.Fatalf("it does not settle: %s", w.describe())
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// step does everything that is due now.
func (w *world) step() (worked bool, err error) {
	w.stepping.Lock()
	defer w.stepping.Unlock()
	if w.beforeStep != nil {
		w.beforeStep()
	}
	due, err := w.app.Store.Due(w.ctx, w.clock.Now(), w.clock.Now(), 1000, 1000)
	for _, h := range due {
		if _, err := w.app.Engine.Work(w.ctx, h.Ref); err != nil {
			return worked, err
		}
		worked = true
	}
	return worked, err
}

// wait moves the clock to the next moment at which unfinished work comes due, and reports false when there is none but schedules.
func (w *world) wait() bool {
	var next time.Time
	for _, r := range w.open() {
		at := r.NotBefore
		if r.LeaseUntil.After(at) {
			at = r.LeaseUntil
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	if next.IsZero() {
		return w.killer.isDead()
	}
	if next.After(w.clock.Now()) {
		w.clock.Set(next)
	}
	return true
}

// open is the ready work that is not done, without the schedules.
func (w *world) open() []record.Work {
	rows, err := w.app.Store.ListWork(w.ctx, w.tenant, store.OpenWork, task.Ref{}, 1000)
	if err != nil {
		if w.killer.isDead() {
			return nil
		}
		w.tb.Fatal(err)
	}
	var out []record.Work
	for _, r := range rows {
		if r.State == record.Ready && !isSchedule(r) && (!w.polls || !isRefusedChannel(r)) {
			out = append(out, r)
		}
	}
	return out
}

// isSchedule reports whether a row only waits for its time, as schedules do for ever. A connection's calendars are listed as soon as it is
// connected, and daily from then on.
func isSchedule(r record.Work) bool {
	switch r.Kind {
	case task.CalendarPoll, task.CalendarAudit, task.CalendarRenew, task.GrantKeep, task.TenantPrune:
		return true
	case task.ConnectionDiscover:
		return r.Done > 0
	default:
		return false
	}
}

func isRefusedChannel(r record.Work) bool {
	return r.Kind == task.CalendarWatch && slices.ContainsFunc([]fault.Kind{fault.Invalid, fault.Misconfigured, fault.Unsupported}, func(k fault.Kind) bool {
		return strings.Contains(r.LastError, ": "+string(k)+" (")
	})
}

func (w *world) describe() string {
	s := ""
	for _, r := range w.open() {
		s += fmt.Sprintf("%s wanted %d done %d not before %s: %s; ", r.Ref, r.Wanted, r.Done, r.NotBefore, r.LastError)
	}
	return s
}
