package app_test

import (
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
)

// A calendar that is turned off is pushed by its provider no more, and one that live bookings stand in goes on as it was.
func TestCalendarTurnedOff(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	channels := func() int {
		n := 0
		for p, email := range map[sim.Provider]string{sim.Google: ada, sim.Microsoft: grace} {
			open, err := w.sim.Channels(p, email)
			w.must(err)
			n += len(open)
		}
		return n
	}
	choose := func(level cal.SyncLevel) {
		for _, id := range w.targets {
			_, err := w.app.Store.ChooseCalendar(w.ctx, w.tenant, id, record.CalendarChoice{Sync: &level, Actor: "test"})
			w.must(err)
		}
		w.settle()
	}
	choose(cal.SyncFull)
	if n := channels(); n != 2 {
		t.Errorf("turned on: %d channels", n)
	}
	w.submit("b1", w.booking(1, "Intro call", wall), nil)
	w.settle()
	choose(cal.SyncOff)
	if n := channels(); n != 2 {
		t.Errorf("with a booking in them: %d channels", n)
	}
	cancelled := int64(2)
	_, err := w.app.Intake.Submit(w.ctx, w.tenant, intake.Submission{ID: "b1", Cancel: &cancelled, Actor: "test", Via: "test"})
	w.must(err)
	w.settle()
	choose(cal.SyncOff)
	if n := channels(); n != 0 {
		t.Errorf("turned off: %d channels", n)
	}
}
