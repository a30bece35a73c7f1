package app_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
)

// hard is a world in which something goes wrong on purpose, in a way that has a name. Its bookings have a guest whom nobody is to mail.
type hard struct {
	*walker
	// versions are the last versions of the bookings that were submitted.
	versions map[cal.BookingID]int64
	// mailed is the last mail that a person has caused.
	mailed uint64
}

// both are the simulated providers.
func both() []sim.Provider { return []sim.Provider{sim.Google, sim.Microsoft} }

// submits hands a version over and does nothing more.
func (h *hard) submits(id cal.BookingID, version int64, title, start string) {
	h.tb.Helper()
	b := h.booking(version, title, start)
	b.Attendees = []cal.Attendee{{Email: guest}}
	b.Location = fmt.Sprintf("Room %d", version)
	h.submit(id, b, h.seen(id))
	h.versions[id] = version
}

// books hands a version over, which every calendar is to show instead of what it shows under the old title, and does what is due.
func (h *hard) books(id cal.BookingID, version int64, title, start, old string) {
	h.tb.Helper()
	h.submits(id, version, title, start)
	for _, shown := range h.stands {
		delete(shown, old)
		shown[title] = h.instant(start)
	}
	if _, err := h.step(); err != nil && !h.killer.isDead() {
		h.tb.Fatal(err)
	}
}

// personDeletes lets a host delete an event.
func (h *hard) personDeletes(p sim.Provider, title string) {
	h.tb.Helper()
	h.must(h.sim.DeleteEvent(in(p), h.titled(p, title).ID, false))
	delete(h.stands[p], title)
	h.told[message.BookingRemoved]++
}

// polled lets so much time pass that whatever was missed is found.
func (h *hard) polled() {
	h.tb.Helper()
	h.pass(3 * h.config.PollInterval)
}

// fullPages counts the requests for pages of full listings that were made at a provider.
func (h *hard) fullPages(p sim.Provider) (n int) {
	for _, r := range h.sim.Requests(0) {
		delta := strings.Contains(r.Query, "syncToken=") || strings.Contains(r.Query, "$deltatoken=")
		if r.Provider == p && r.Method == http.MethodGet && strings.HasSuffix(r.Path, listingPath(p)) && !delta {
			n++
		}
	}
	return n
}

func listingPath(p sim.Provider) string {
	if p == sim.Microsoft {
		return "/calendarView/delta()"
	}
	return "/events"
}

// writes are the requests that were made to change events, whatever became of them.
func (h *hard) writes() (all []string) {
	for _, r := range h.sim.Requests(0) {
		if r.Method != http.MethodGet && strings.Contains(r.Path, "/events") && !strings.HasSuffix(r.Path, "/watch") {
			all = append(all, fmt.Sprintf("%s %s %s: %d", r.Provider, r.Method, r.Path, r.Status))
		}
	}
	return all
}

// calm checks, once nothing is left to do, what has to hold after anything: the calendars show what they are to show, once; the core agrees with them and
// has a message for every change; nobody was mailed; and whoever looks at everything once more finds nothing to write and nothing to tell.
func (h *hard) calm() {
	h.tb.Helper()
	h.settle()
	h.check()
	h.agrees()
	writes, told := h.writes(), h.core.types()
	h.lookAgain()
	if again := h.writes(); len(again) > len(writes) {
		h.tb.Errorf("a second pass has written %v", again[len(writes):])
	}
	if again := h.core.types(); !maps.Equal(again, told) {
		h.tb.Errorf("after a second pass the core was told %v, before it %v", again, told)
	}
	h.check()
	for _, m := range h.sim.Mails(h.mailed) {
		h.tb.Errorf("a mail that nobody asked for: %+v", m)
	}
}

// lookAgain lists every calendar in full and reconciles every link, though nothing has happened.
func (h *hard) lookAgain() {
	h.tb.Helper()
	for _, p := range both() {
		h.must(h.sim.ExpireCursors(in(p)))
	}
	conn, err := sql.Open("sqlite", strings.TrimPrefix(h.config.DatabaseURL.Reveal(), "sqlite:"))
	h.must(err)
	defer conn.Close() //nolint:errcheck // what it wrote is committed
	r, err := conn.ExecContext(h.ctx, `UPDATE work SET wanted = wanted + 1, not_before = 0 WHERE kind = 'link:push' AND state = 'ready' AND wanted = done`)
	h.must(err)
	if n, err := r.RowsAffected(); err != nil || n < int64(2*len(h.versions)) {
		h.tb.Fatalf("%d links are looked at again for %d bookings, %v", n, len(h.versions), err)
	}
	h.polled()
}

// agrees compares what the core is told about each booking with what stands.
func (h *hard) agrees() {
	h.tb.Helper()
	told := h.synced()
	for id, version := range h.versions {
		b, err := h.app.Store.Booking(h.ctx, h.tenant, id)
		h.must(err)
		if b.Version != version || len(b.Links) != 2 {
			h.tb.Errorf("%s is at version %d, want %d, with %d links", id, b.Version, version, len(b.Links))
		}
		for _, l := range b.Links {
			h.linkAgrees(b, l)
			if !slices.ContainsFunc(slices.Collect(maps.Keys(told)), func(s syncedTarget) bool { return s.is(id, l) }) {
				h.tb.Errorf("%s: the core was never told that %s shows version %d", id, l.Provider, l.Synced)
			}
		}
	}
	for about, n := range told {
		if n != 1 {
			h.tb.Errorf("the core was told %d times of %+v", n, about)
		}
	}
	if n := h.core.count(message.BookingAccepted); n != h.accepted() {
		h.tb.Errorf("%d versions were accepted, and the core was told %d times", h.accepted(), n)
	}
}

// accepted is how many versions were handed over, each of which was the one before and one.
func (h *hard) accepted() (n int) {
	for _, version := range h.versions {
		n += int(version)
	}
	return n
}

// linkAgrees wants an event to be what the link says, or what a person made of it, and not to be there where a person deleted it.
func (h *hard) linkAgrees(b record.Booking, l record.Link) {
	h.tb.Helper()
	all := h.standing(sim.Provider(l.Provider))
	at := slices.IndexFunc(all, func(e sim.Event) bool { return e.ID == string(l.EventID) })
	want := cal.Content{Title: b.Spec.Title, Location: b.Spec.Location, Slot: b.Slot}
	switch {
	case len(l.InFlight) > 0:
		h.tb.Errorf("%s at %s: %d writes are in flight", b.ID, l.Provider, len(l.InFlight))
		return
	case l.Removed():
		if l.EventID != "" || at >= 0 {
			h.tb.Errorf("%s at %s is removed, and %q stands", b.ID, l.Provider, l.EventID)
		}
		return
	case l.State != record.LinkSynced && l.State != record.LinkDiverged:
		h.tb.Errorf("%s at %s is %s: %s", b.ID, l.Provider, l.State, l.Reason)
	case l.Synced != b.Version:
		h.tb.Errorf("%s at %s shows version %d, want %d", b.ID, l.Provider, l.Synced, b.Version)
	case l.Observed != nil:
		want = *l.Observed
	}
	if at < 0 {
		h.tb.Errorf("%s: its event %q does not stand at %s", b.ID, l.EventID, l.Provider)
		return
	}
	if e := all[at]; e.Title != want.Title || e.Location != want.Location || !e.Start.Equal(want.Slot.Start.Instant) {
		h.tb.Errorf("%s: %s shows %q in %q at %s, want %+v", b.ID, l.Provider, e.Title, e.Location, e.Start, want)
	}
}

// syncedTarget is what a booking.synced is about.
type syncedTarget struct {
	id       cal.BookingID
	calendar cal.CalendarID
	version  int64
	revision int64
}

func (s syncedTarget) is(id cal.BookingID, l record.Link) bool {
	return s.id == id && s.calendar == l.CalendarID && s.version == l.Synced
}

// synced counts the messages that said that a calendar shows a version at a revision.
func (h *hard) synced() map[syncedTarget]int {
	h.tb.Helper()
	h.core.mu.Lock()
	defer h.core.mu.Unlock()
	out := map[syncedTarget]int{}
	for _, m := range h.core.messages {
		if m.Type != message.BookingSynced {
			continue
		}
		var s message.Synced
		h.must(json.Unmarshal(m.Data, &s))
		out[syncedTarget{s.BookingID, s.Target.CalendarID, s.Version, s.Revision}]++
	}
	return out
}

// readersSee fails the test as soon as a reader sees another number of a calendar's events than these.
func (h *hard) readersSee(p sim.Provider, either ...int) {
	h.tb.Helper()
	reader := h.reader()
	h.afterStep = func() {
		rows, err := reader.Events(h.ctx, h.tenant, h.targets[cal.Provider(p)], "", 1000)
		h.must(err)
		if !slices.Contains(either, len(rows)) {
			h.tb.Errorf("a reader saw %d events at %s, want one of %v", len(rows), p, either)
		}
	}
}

// away makes a provider answer 503 to everything about events for a time.
func (h *hard) away(p sim.Provider, d time.Duration, code string) (fault string) {
	h.tb.Helper()
	path := "/calendar/v3/*"
	if p == sim.Microsoft {
		path = "/v1.0/*"
	}
	fault, err := h.sim.AddFault(sim.Fault{
		Provider: p, Path: path, Schedule: sim.Schedule{Minutes: int(d.Minutes())}, Action: sim.ActStatus, Status: http.StatusServiceUnavailable, Code: code,
	})
	h.must(err)
	return fault
}

// struck fails the test unless a fault has done what it was there for.
func (h *hard) struck(fault string) {
	h.tb.Helper()
	if f, ok := h.sim.Fault(fault); !ok || f.Struck == 0 {
		h.tb.Errorf("the fault %+v never struck", f.Fault)
	}
}

// until goes on until a fault has struck: what a place in a mailbox is not free for comes back soon.
func (h *hard) until(fault string) {
	h.tb.Helper()
	for range 100 {
		if f, ok := h.sim.Fault(fault); ok && f.Struck > 0 {
			return
		}
		h.clock.Advance(time.Second)
		_, err := h.step()
		h.must(err)
	}
	h.struck(fault)
}
