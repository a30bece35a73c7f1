package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
)

// hosts are the mailboxes of both hosts.
func hosts() []sim.In {
	return []sim.In{{Provider: sim.Google, Email: ada}, {Provider: sim.Microsoft, Email: grace}}
}

// book makes n bookings that stand in both calendars.
func (w *world) book(n int) {
	w.tb.Helper()
	for i := range n {
		w.submit(cal.BookingID(fmt.Sprint("b", i)), w.booking(1, fmt.Sprint("Meeting ", i), fmt.Sprintf("2027-03-%02dT10:00:00", i+1)), nil)
	}
	w.settle()
}

// titled is the event of a title that stands at a host.
func (w *world) titled(in sim.In, title string) sim.Event {
	w.tb.Helper()
	for _, e := range w.standing(in.Provider) {
		if e.Title == title {
			return e
		}
	}
	w.tb.Fatalf("%s shows no event %q", in.Provider, title)
	return sim.Event{}
}

// loses lets a host lose the events of some meetings, all before anybody looks.
func (w *world) loses(in sim.In, from, until int) {
	w.tb.Helper()
	for i := from; i < until; i++ {
		w.must(w.sim.DeleteEvent(in, w.titled(in, fmt.Sprint("Meeting ", i)).ID, false))
	}
}

func (w *world) holds(state record.GuardState) []record.Guard {
	w.tb.Helper()
	all, err := w.app.Store.Guards(w.ctx, w.tenant, record.GuardFilter{State: state}, "", 100)
	w.must(err)
	return all
}

func (w *world) says(approve bool) {
	w.tb.Helper()
	for _, g := range w.holds(record.GuardOpen) {
		_, err := w.app.Store.DecideGuard(w.ctx, w.tenant, g.ID, record.GuardDecision{Approve: approve, Seen: g.Revision, Actor: "operator"})
		w.must(err)
	}
	w.settle()
}

// told fails unless the core has so many messages of each type.
func (w *world) told(when string, want map[message.Type]int) {
	w.tb.Helper()
	for kind, n := range want {
		if got := w.core.count(kind); got != n {
			w.tb.Errorf("%s: %d messages %s, want %d", when, got, kind, n)
		}
	}
}

// Both calendars lose six bookings at once. That waits for a person, over a restart, and nothing else waits with it: an edit and a new booking go
// through. Rejected, the events are made anew and the core hears of no deletion; lost again and approved, it hears of each.
func TestManyDeletionsWaitForAPerson(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.book(9)
	for _, in := range hosts() {
		w.loses(in, 0, 6)
		e := w.titled(in, "Meeting 7")
		_, err := w.sim.MoveEvent(in, e.ID, e.Start.Add(time.Hour))
		w.must(err)
	}
	w.settle()
	w.submit("new", w.booking(1, "New", wall), nil)
	w.settle()
	w.told("held", map[message.Type]int{message.CalendarGuarded: 2, message.BookingMoved: 2, message.BookingRemoved: 0})
	if n := len(w.standing(sim.Google)) + len(w.standing(sim.Microsoft)); n != 8 {
		t.Errorf("%d events stand, want three and the new one on either side", n)
	}
	_ = w.app.Close()
	w.seed++
	w.start()
	for _, in := range hosts() { // a listing of what is held already, and of one more
		w.loses(in, 6, 7)
	}
	w.settle()
	for _, g := range w.holds(record.GuardOpen) {
		if g.Events != 7 || g.Direction != record.Inbound {
			t.Errorf("after a restart and one more: %+v", g)
		}
	}
	w.told("grown", map[message.Type]int{message.CalendarGuarded: 2, message.BookingRemoved: 0})
	w.says(false)
	w.told("rejected", map[message.Type]int{message.BookingRemoved: 0})
	for _, in := range hosts() {
		if n := len(w.standing(in.Provider)); n != 10 {
			t.Errorf("%s: %d events stand after the rejection, want all 10", in.Provider, n)
		}
		w.loses(in, 0, 6)
	}
	w.settle()
	w.told("lost again", map[message.Type]int{message.CalendarGuarded: 4, message.BookingRemoved: 0})
	w.says(true)
	w.told("approved", map[message.Type]int{message.BookingRemoved: 12})
	if n := len(w.sim.Mails(0)); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
}

// Deletions that trickle in, one listing each, are believed one by one until there are more in a day than a person has to vouch for.
func TestDeletionsThatTrickleCount(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.book(14)
	for i := range 7 {
		for _, in := range hosts() {
			w.loses(in, i, i+1)
		}
		w.settle()
		w.clock.Advance(time.Hour)
		w.told(fmt.Sprint("after ", i+1), map[message.Type]int{message.BookingRemoved: 2 * min(i+1, 5), message.CalendarGuarded: 2 * max(0, min(i-4, 1))})
	}
	for _, g := range w.holds(record.GuardOpen) {
		if g.Events != 2 {
			t.Errorf("%+v", g)
		}
	}
	w.clock.Advance(24 * time.Hour)
	w.says(true)
	w.told("approved", map[message.Type]int{message.BookingRemoved: 14})
	for _, in := range hosts() {
		w.loses(in, 7, 8)
	}
	w.settle()
	w.told("a quiet day", map[message.Type]int{message.BookingRemoved: 16, message.CalendarGuarded: 2})
}

// A run that finds an event gone while it writes a new version is one witness more, and counts like a listing: here no listing has shown anything.
func TestDeletionsThatRunsFindCount(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.book(14)
	for _, in := range hosts() {
		_, err := w.sim.AddPushFault(sim.PushFault{Provider: in.Provider, Action: stage.PushDrop})
		w.must(err)
		w.loses(in, 0, 7)
	}
	for i := range 7 {
		w.submit(cal.BookingID(fmt.Sprint("b", i)), w.booking(2, fmt.Sprint("Changed ", i), fmt.Sprintf("2027-03-%02dT11:00:00", i+1)), nil)
		w.settle()
	}
	w.told("found by runs", map[message.Type]int{message.BookingRemoved: 10, message.CalendarGuarded: 2})
	w.says(false)
	for _, in := range hosts() {
		for i := 5; i < 7; i++ {
			w.titled(in, fmt.Sprint("Changed ", i)) // made anew as the core wants it now
		}
	}
	w.told("rejected", map[message.Type]int{message.BookingRemoved: 10})
}

// A calendar whose listing comes back empty once loses nothing: what is missing waits, and the next listing ends the hold by itself.
func TestEmptyListingEndsByItself(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.book(8)
	graph := w.config.Microsoft.APIURL + "/me/calendarView/delta?$deltatoken=x"
	for _, f := range []sim.Fault{
		{Provider: sim.Google, Path: "*/events", Body: `{"kind":"calendar#events","items":[],"nextSyncToken":"x"}`},
		{Provider: sim.Microsoft, Path: "*delta*", Body: `{"value":[],"@odata.deltaLink":"` + graph + `"}`},
	} {
		// The listing from the cursor finds it lost; the whole one that follows is empty.
		f.Method, f.Skip, f.Count, f.Action, f.Status, f.ContentType = http.MethodGet, 1, 1, stage.ActStatus, http.StatusOK, "application/json"
		_, err := w.sim.AddFault(f)
		w.must(err)
	}
	lists := func(title string) {
		for _, in := range hosts() {
			_, err := w.sim.CreateEvent(in, sim.Draft{Title: title, Start: w.clock.Now(), End: w.clock.Now().Add(time.Hour)})
			w.must(err)
		}
		w.settle()
	}
	for _, in := range hosts() {
		w.must(w.sim.ExpireCursors(in))
	}
	lists("One")
	for _, f := range w.sim.Faults() {
		if f.Struck != 1 {
			t.Errorf("%s: the listing was not empty: %+v", f.Provider, f)
		}
	}
	w.told("empty", map[message.Type]int{message.CalendarGuarded: 2, message.BookingRemoved: 0})
	for _, g := range w.holds(record.GuardOpen) {
		if g.Events != 8 || !strings.HasPrefix(g.Reason, "8 booked events vanished") {
			t.Errorf("%+v", g)
		}
	}
	seen := uint64(0)
	for _, r := range w.sim.Requests(0) {
		seen = r.N
	}
	lists("Two")
	if open, ended := len(w.holds(record.GuardOpen)), len(w.holds(record.GuardEnded)); open != 0 || ended != 2 {
		t.Errorf("%d holds are open and %d ended by themselves", open, ended)
	}
	w.told("back", map[message.Type]int{message.BookingRemoved: 0, message.BookingSynced: 16})
	for _, r := range w.sim.Requests(seen) {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s: nothing had to be written", r.Method, r.Path)
		}
	}
}

// For a while Google does not find events that are there. Runs that write new versions believe as many as they may, and hold the rest; no listing ever
// showed a deletion, so none can show that it was none. The hold ends by itself all the same, and what was held is written. (At Microsoft a search
// shows such events, and nothing is believed.)
func TestHoldOfRunsOnlyEndsByItself(t *testing.T) {
	t.Parallel()
	w := newWalker(t, plan{switches: sim.DefaultSwitches()})
	books := func(version int64, title, at string) {
		for i := range 9 {
			b := w.booking(version, fmt.Sprint(title, i), fmt.Sprintf("2027-03-%02dT%s:00:00", i+1, at))
			b.Targets = []cal.Target{{CalendarID: w.targets[cal.Google], Authoritative: true}}
			w.submit(cal.BookingID(fmt.Sprint("b", i)), b, nil)
		}
		w.settle()
	}
	books(1, "Meeting ", "10")
	var faults []string
	for _, method := range []string{http.MethodGet, http.MethodPatch} {
		id, err := w.sim.AddFault(sim.Fault{
			Provider: sim.Google, Method: method, Path: "*/events/*", Action: sim.ActStatus, Status: http.StatusNotFound, Code: "notFound",
		})
		w.must(err)
		faults = append(faults, id)
	}
	books(2, "Changed ", "11")
	w.pass(5 * time.Minute)
	held := w.holds(record.GuardOpen)
	if len(held) != 1 || held[0].Events != 5 { // more than half of 9
		t.Fatalf("%+v is held; the core was told %v", held, w.core.types())
	}
	w.pass(2 * w.config.PollInterval)
	if again := w.holds(record.GuardOpen); len(again) != 1 || again[0].Events != 5 {
		t.Errorf("while the events are not found the holds are %+v", again)
	}
	for _, id := range faults {
		if !w.sim.RemoveFault(id) {
			t.Errorf("there is no fault %s", id)
		}
	}
	w.pass(2 * w.config.PollInterval)
	if open, ended := w.holds(record.GuardOpen), w.holds(record.GuardEnded); len(open) != 0 || len(ended) != 1 {
		t.Errorf("%+v are open and %+v have ended", open, ended)
	}
	changed := 0
	for _, e := range w.standing(sim.Google) {
		if strings.HasPrefix(e.Title, "Changed ") {
			changed++
		}
	}
	if changed != 5 {
		t.Errorf("%d events show their new versions, want the 5 that were held", changed)
	}
	w.world.told("in the end", map[message.Type]int{message.BookingRemoved: 4, message.CalendarGuarded: 1})
}
