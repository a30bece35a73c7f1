package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
)

// A first sync takes as many calls as its rows fill pages, reads no event by itself, and it shows every one of them.
func TestFirstSyncReadsEachPageOnce(t *testing.T) {
	t.Parallel()
	const events, pages = 1100, 3 // of 500
	h := newHard(t, "")
	start := h.clock.Now().Add(24 * time.Hour).Truncate(time.Hour)
	level := cal.SyncFull
	for _, p := range both() {
		for i := range events {
			at := start.Add(time.Duration(i) * time.Hour)
			_, err := h.sim.CreateEvent(in(p), sim.Draft{Title: fmt.Sprint("Meeting ", i), Start: at, End: at.Add(time.Hour)})
			h.must(err)
		}
	}
	asked := func(p sim.Provider) (all []string) {
		for _, r := range h.sim.Requests(0) {
			if r.Provider == p && r.Method == http.MethodGet && (strings.Contains(r.Path, "/events") || strings.Contains(r.Path, "/calendarView")) {
				all = append(all, r.Path+"?"+r.Query)
			}
		}
		return all
	}
	for _, p := range both() {
		id, before := h.targets[cal.Provider(p)], len(asked(p))
		_, err := h.app.Store.ChooseCalendar(h.ctx, h.tenant, id, record.CalendarChoice{Sync: &level, Actor: "test"})
		h.must(err)
		_, err = h.app.Engine.Work(h.ctx, h.syncOf(id))
		h.must(err)
		if all := asked(p)[before:]; len(all) != pages {
			t.Errorf("%d events of %s took %d calls, want %d: %v", events, p, len(all), pages, all)
		}
		if n := h.mirrored(id); n != events {
			t.Errorf("the mirror of %s shows %d events, want %d", p, n, events)
		}
	}
}

// mirrored is how many events of a calendar the mirror shows.
func (w *world) mirrored(id cal.CalendarID) (n int) {
	w.tb.Helper()
	const page = 1000
	for after := cal.EventID(""); ; {
		rows, err := w.app.Store.Events(w.ctx, w.tenant, id, after, page)
		w.must(err)
		if n += len(rows); len(rows) < page {
			return n
		}
		after = rows[len(rows)-1].EventID
	}
}

// syncOf is the work of listing a calendar.
func (w *world) syncOf(id cal.CalendarID) task.Ref {
	return task.Ref{Tenant: w.tenant, Kind: task.CalendarSync, Subject: string(id)}
}
