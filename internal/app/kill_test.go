package app_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/testkit"
)

// TestKillAtEveryStatement ends the process at each statement and call of a booking's way out and of a person's change on its way back, before
// and after the statement takes effect. Whatever is left must be brought to the same end by the next process.
func TestKillAtEveryStatement(t *testing.T) {
	t.Parallel()
	everyCall(t, "a booking's round trip", 1, func(t *testing.T, at int, after bool) int {
		t.Helper()
		return roundTrip(t, sqliteWorld(t), at, after)
	})
}

// everyCall runs a test for each of its calls, killed before and after it. run returns how many calls it made: as many each time, or the last ones
// would be passed over. stride is how many it takes at a time, where others walk most of the way as well. With -short it leaves most of them out, and
// under the race detector more: all of them run without it, in a pass of their own.
func everyCall(t *testing.T, what string, stride int, run func(t *testing.T, at int, after bool) (calls int)) {
	t.Helper()
	calls := run(t, 0, false)
	if again := run(t, 0, false); again != calls {
		t.Fatalf("%s makes %d statements and calls, and another time %d", what, calls, again)
	}
	t.Logf("%s makes %d statements and calls", what, calls)
	switch {
	case testkit.UnderRace:
		stride *= 23
	case testing.Short():
		stride *= 7
	}
	for at := 1; at <= calls; at += stride {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d after=%t", at, after), func(t *testing.T) {
				t.Parallel()
				run(t, at, after)
			})
		}
	}
}

// roundTrip takes a booking out to both calendars and a move back, killed at one call, and checks the end. It returns how many calls it made.
func roundTrip(t *testing.T, w *world, at int, after bool) int {
	t.Helper()
	w.killer.arm(at, after)
	armed := w.killer
	w.submit("b1", w.booking(1, "Intro call", wall), nil)
	w.settle()
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		if events := w.standing(p); len(events) != 1 {
			t.Fatalf("killed at %q: %d events at %s: %+v", armed.what, len(events), p, events)
		}
	}
	moved := w.standing(sim.Google)[0]
	_, err := w.sim.MoveEvent(sim.In{Provider: sim.Google, Email: ada}, moved.ID, moved.Start.Add(time.Hour))
	w.must(err)
	w.settle()
	calls := struck(t, armed, at)
	checkRoundTrip(t, w, armed.what)
	return calls
}

// struck disarms a killer, which must have struck if it was to, and returns how many calls were made.
func struck(t *testing.T, armed *killer, at int) (calls int) {
	t.Helper()
	calls = armed.disarm()
	if at > 0 && !armed.isDead() {
		t.Fatalf("call %d was never made", at)
	}
	return calls
}

func checkRoundTrip(t *testing.T, w *world, what string) {
	t.Helper()
	want := map[message.Type]int{
		message.ConnectionActivated: 2, message.BookingAccepted: 1, message.BookingSynced: 2, message.BookingMoved: 1,
	}
	if got := w.core.types(); !maps.Equal(got, want) {
		t.Errorf("killed at %q: messages %v, want %v", what, got, want)
	}
	if w.core.forged > 0 {
		t.Errorf("%d deliveries were not signed by us", w.core.forged)
	}
	b, err := w.app.Store.Booking(w.ctx, w.tenant, "b1")
	w.must(err)
	states := map[cal.Provider]record.LinkState{}
	for _, l := range b.Links {
		states[l.Provider] = l.State
		if l.Generation != 1 || l.Synced != 1 || len(l.InFlight) != 0 {
			t.Errorf("killed at %q: link %s: generation %d, synced %d, in flight %d", what, l.Provider, l.Generation, l.Synced, len(l.InFlight))
		}
	}
	if want := (map[cal.Provider]record.LinkState{cal.Google: record.LinkDiverged, cal.Microsoft: record.LinkSynced}); !maps.Equal(states, want) {
		t.Errorf("killed at %q: links %v, want %v", what, states, want)
	}
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		if events := w.standing(p); len(events) != 1 || events[0].Title != "Intro call" {
			t.Errorf("killed at %q: %s shows %+v", what, p, events)
		}
	}
	w.checkNothingStopped(what)
}

// checkNothingStopped fails if any work waits for a person, or a calendar is left without a channel.
func (w *world) checkNothingStopped(what string) {
	w.tb.Helper()
	w.checkNoWorkStopped(what)
	for p, email := range map[sim.Provider]string{sim.Google: ada, sim.Microsoft: grace} {
		channels, err := w.sim.Channels(p, email)
		w.must(err)
		if len(channels) == 0 {
			w.tb.Errorf("killed at %q: nothing is pushed by %s", what, p)
		}
	}
}

// checkNoWorkStopped fails if any work waits for a person.
func (w *world) checkNoWorkStopped(what string) {
	w.tb.Helper()
	stopped, err := w.app.Store.ListWork(w.ctx, w.tenant, store.StoppedWork, task.Ref{}, 100)
	w.must(err)
	for _, r := range stopped {
		w.tb.Errorf("killed at %q: %s is %s: %s", what, r.Ref, r.State, r.LastError)
	}
}

// TestKillDuringListing ends the process at each statement and call of a listing of three pages, as a delta and as the snapshot that follows a
// lost cursor. No reader may ever see fewer events than before.
func TestKillDuringListing(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		t.Run(fmt.Sprintf("cursor lost=%t", lost), func(t *testing.T) {
			t.Parallel()
			everyCall(t, "a listing of three pages", 1, func(t *testing.T, at int, after bool) int {
				t.Helper()
				return listing(t, sqliteWorld(t), lost, at, after)
			})
		})
	}
}

const (
	people   = 25 // events that people have made
	pageRows = 10
)

// listing changes three pages' worth of events by hand and lists them, killed at one call. It returns how many calls the listing made.
func listing(t *testing.T, w *world, lost bool, at int, after bool) int {
	t.Helper()
	in := sim.In{Provider: sim.Google, Email: ada}
	w.must(w.sim.SetSwitches(func(s *sim.Switches) { s.PageCap = pageRows }))
	var ids []string
	for i := range people {
		start := time.Date(2027, 3, 2, 8, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Hour)
		e, err := w.sim.CreateEvent(in, sim.Draft{Title: fmt.Sprintf("private %d", i), Start: start, End: start.Add(time.Hour)})
		w.must(err)
		ids = append(ids, e.ID)
	}
	w.submit("b1", w.booking(1, "Intro call", wall), nil)
	w.settle()
	before := w.mirror()
	if len(before) != people+1 {
		t.Fatalf("the mirror shows %d events, want %d", len(before), people+1)
	}
	for _, id := range ids {
		_, err := w.sim.MoveEvent(in, id, time.Date(2027, 3, 5, 8, 0, 0, 0, time.UTC))
		w.must(err)
	}
	if lost {
		w.must(w.sim.ExpireCursors(in))
	}
	w.must(w.sim.Wait(w.ctx, func() bool { return w.sim.PushesPending() == 0 }))
	w.clock.Advance(time.Minute)
	w.killer.arm(at, after)
	armed := w.killer
	w.watchMirror(len(before))
	w.settle()
	calls := struck(t, armed, at)
	for id, start := range w.mirror() {
		if id != "" && start.Day() != 5 && start.Day() != 1 {
			t.Errorf("killed at %q: the mirror still shows %s at %s", armed.what, id, start)
		}
	}
	if got := len(w.mirror()); got != people+1 {
		t.Errorf("killed at %q: the mirror shows %d events, want %d", armed.what, got, people+1)
	}
	if n := w.core.types(); n[message.BookingRemoved]+n[message.BookingMoved]+n[message.BookingEdited]+n[message.CalendarGuarded] > 0 {
		t.Errorf("killed at %q: the core was told %v", armed.what, n)
	}
	w.checkNothingStopped(armed.what)
	return calls
}

// mirror is what readers see of the Google calendar: the start of each event.
func (w *world) mirror() map[cal.EventID]time.Time {
	w.tb.Helper()
	rows, err := w.app.Store.Events(w.ctx, w.tenant, w.targets[cal.Google], "", 1000)
	w.must(err)
	out := map[cal.EventID]time.Time{}
	for _, r := range rows {
		out[r.EventID] = r.Start
	}
	return out
}

// reader is a store of its own, which the killer leaves alone.
func (w *world) reader() *store.Store {
	w.tb.Helper()
	sealer, err := seal.Parse([]byte(w.config.SealKeys.Reveal()))
	w.must(err)
	reader, err := store.Open(w.ctx, w.config.DatabaseURL.Reveal(), "", store.Options{Sealer: sealer, Clock: w.clock, IDs: ident.New(w.clock, seeded(7))})
	w.must(err)
	w.tb.Cleanup(func() { w.must(reader.Close()) })
	return reader
}

// watchMirror checks after each step, and after the killer has struck, that no reader sees fewer than least events.
func (w *world) watchMirror(least int) {
	reader := w.reader()
	w.afterStep = func() {
		rows, err := reader.Events(w.ctx, w.tenant, w.targets[cal.Google], "", 1000)
		w.must(err)
		if len(rows) < least {
			w.tb.Errorf("a reader saw %d events, where %d had been", len(rows), least)
		}
	}
}
