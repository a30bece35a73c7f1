package app_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
)

// Two calendars that follow each other through the core: what a person does in one goes to the other with one write, and what comes back from there goes
// nowhere.
func TestRingComesToRest(t *testing.T) {
	t.Parallel()
	h := newHard(t, "")
	h.books("b1", 1, "Intro call", wall, "")
	h.settle()
	for n := range 4 {
		from, to := both()[n%2], both()[1-n%2]
		h.clock.Advance(time.Minute)
		h.personMoves(from, "Intro call")
		h.settle()
		before := len(h.writes())
		if status := h.call(http.MethodPost, "/v1/bookings/b1/divergence:accept", "", nil); status != http.StatusAccepted {
			t.Fatalf("accept answered %d", status)
		}
		h.stands[to]["Intro call"] = h.stands[from]["Intro call"]
		h.settle()
		h.polled()
		if wrote := h.writes()[before:]; len(wrote) != 1 {
			t.Errorf("a change that was accepted took %v", wrote)
		}
	}
	if n := h.core.count(message.BookingDecided); n != 4 {
		t.Errorf("the core was told of %d decisions, want 4", n)
	}
	h.calm()
}

// A guest of a booking has connected a mailbox to the same tenant. Its copy of the event, which at Google has the same id and everywhere the same
// iCalendar UID, is the guest's: nothing that becomes of it is taken for the event's, and what becomes of the event is told once.
func TestEventInSeveralMailboxes(t *testing.T) {
	t.Parallel()
	for p, guest := range map[sim.Provider]string{sim.Google: "eve@example.com", sim.Microsoft: "heidi@contoso.example"} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			w := newWalker(t, plan{switches: sim.DefaultSwitches()})
			w.alsoFollows(p, guest)
			b := w.booking(1, "Intro call", wall)
			b.Attendees, b.Notify = []cal.Attendee{{Email: guest}}, cal.NotifyAll
			w.guestsStand(&b, p)
			w.book("b1", b, "")
			w.pass(2 * w.config.PollInterval)
			w.check()
			w.copyStands(p, "b1", "Intro call")
			w.personMoves(p, "Intro call")
			w.pass(2 * w.config.PollInterval)
			w.check()
			w.copyStands(p, "b1", "Intro call")
			theirs := sim.In{Provider: p, Email: guest}
			copies, err := w.sim.Standing(theirs)
			w.must(err)
			if len(copies) != 1 || copies[0].Title != "Intro call" {
				t.Fatalf("the guest has %+v", copies)
			}
			w.must(w.sim.DeleteEvent(theirs, copies[0].ID, false))
			w.pass(2 * w.config.PollInterval)
			w.check()
			if now, err := w.sim.Standing(theirs); err != nil || len(now) > 0 {
				t.Errorf("the guest has %+v again, %v", now, err)
			}
			if left := w.copiesOf("b1"); len(left) > 0 {
				t.Errorf("the guest's copy is gone, and %+v is shown", left)
			}
			w.meet(p, guest)
		})
	}
}

// alsoFollows connects another host of the tenant and keeps their calendar in full.
func (w *world) alsoFollows(p sim.Provider, email string) {
	w.tb.Helper()
	_, err := w.sim.Seed(sim.Person{Provider: p, Email: email, Zone: zone})
	w.must(err)
	link, err := w.app.BeginConnection(w.ctx, w.tenant, cal.Provider(p))
	w.must(err)
	w.consent(link, email)
	w.settle()
	all, err := w.app.Store.Calendars(w.ctx, w.tenant, record.CalendarFilter{}, "", 10)
	w.must(err)
	level, followed := cal.SyncFull, 0
	for _, c := range all {
		if c.Primary && c.ID != w.targets[c.Provider] {
			_, err := w.app.Store.ChooseCalendar(w.ctx, w.tenant, c.ID, record.CalendarChoice{Sync: &level, Actor: "test"})
			w.must(err)
			followed++
		}
	}
	if followed != 1 {
		w.tb.Fatalf("%d calendars of %s are followed", followed, email)
	}
	w.settle()
}
