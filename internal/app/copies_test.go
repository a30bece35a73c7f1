package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
)

// copiesOf is what the API shows of a booking in other mailboxes.
func (w *world) copiesOf(id string) []gen.Copy {
	w.tb.Helper()
	var page gen.CopyPage
	if status := w.call(http.MethodGet, "/v1/bookings/"+id+"/copies", "", &page); status != http.StatusOK {
		w.tb.Fatalf("copies of %s: %d", id, status)
	}
	return page.Copies
}

// copyStands wants one copy of a booking, in the mailbox of a guest, at the time that the host's event has.
func (w *walker) copyStands(p sim.Provider, id, title string) {
	w.tb.Helper()
	all, host := w.copiesOf(id), w.titled(p, title)
	if len(all) != 1 {
		w.tb.Fatalf("%s has the copies %+v", id, all)
	}
	start, err := time.Parse(time.RFC3339, all[0].Start.DateTime)
	w.must(err)
	if all[0].CalendarID == string(w.targets[cal.Provider(p)]) || all[0].Provider != gen.Provider(p) || !start.Equal(host.Start) {
		w.tb.Errorf("%+v is shown for a copy of %+v", all[0], host)
	}
}

// meet has a host invite somebody to what is no booking, and wants the mirror to show one meeting and nothing to be told.
func (w *walker) meet(p sim.Provider, guest string) {
	w.tb.Helper()
	start := w.clock.Now().Add(48 * time.Hour).Truncate(time.Hour)
	_, err := w.sim.CreateEvent(in(p), sim.Draft{Title: "Lunch", Start: start, End: start.Add(time.Hour), Attendees: []sim.Attendee{{Email: guest}}})
	w.must(err)
	w.stands[p]["Lunch"] = start
	w.pass(2 * w.config.PollInterval)
	w.check()
	all, err := w.app.Store.Calendars(w.ctx, w.tenant, record.CalendarFilter{}, "", 10)
	w.must(err)
	found := map[string]int{}
	for _, c := range all {
		rows, err := w.app.Store.Events(w.ctx, w.tenant, c.ID, "", 100)
		w.must(err)
		for _, r := range rows {
			if r.Start.Equal(start) {
				found[r.Meeting]++
			}
		}
	}
	if len(found) != 1 || found[""] > 0 {
		w.tb.Errorf("one lunch in two mailboxes is the meetings %v", found)
	}
	for _, n := range found {
		if n != 2 {
			w.tb.Errorf("the mirror shows the lunch %d times", n)
		}
	}
}

// duplicate makes an event again by the provider's API, in the same calendar, with everything that a copying tool takes along: our stamp too.
func (w *world) duplicate(p sim.Provider, e sim.Event, title string) {
	w.tb.Helper()
	url := strings.TrimSuffix(w.config.Google.APIURL, "/") + "/calendars/primary/events"
	at := func(t time.Time) map[string]any {
		return map[string]any{"dateTime": t.Format(time.RFC3339), "timeZone": zone}
	}
	properties := map[string]string{}
	body := map[string]any{"summary": title, "extendedProperties": map[string]any{"private": properties}}
	for name, value := range e.Properties {
		properties[strings.TrimPrefix(name, "private.")] = value
	}
	if p == sim.Microsoft {
		url = w.config.Microsoft.APIURL + "/me/events"
		at = func(t time.Time) map[string]any {
			return map[string]any{"dateTime": t.UTC().Format(cal.WallLayout), "timeZone": "UTC"}
		}
		var all []map[string]string
		for id, value := range e.Properties {
			all = append(all, map[string]string{"id": id, "value": value})
		}
		body = map[string]any{"subject": title, "singleValueExtendedProperties": all}
	}
	if len(e.Properties) == 0 {
		w.tb.Fatalf("%+v bears no stamp", e)
	}
	body["start"], body["end"] = at(e.Start), at(e.End)
	token, err := w.sim.IssueToken(p, in(p).Email, "a-tool")
	w.must(err)
	raw, err := json.Marshal(body)
	w.must(err)
	req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, url, strings.NewReader(string(raw)))
	w.must(err)
	req.Header.Set("Authorization", "Bearer "+token.Access)
	req.Header.Set("Content-Type", "application/json")
	if status, answer := w.do(req); status/100 != 2 {
		w.tb.Fatalf("POST %s: %d %s", url, status, answer)
	}
}

// A tool of the hosts' copies what calweave writes: within each calendar, with our own stamp, and from each into the other, whenever something has
// changed. Nothing of that is followed, written or told, and what the tool does to its copies is not taken for a change of the booking.
func TestToolsThatCopyInARing(t *testing.T) {
	t.Parallel()
	h := newHard(t, "")
	h.books("b1", 1, "Intro call", wall, "")
	h.settle()
	wrote := len(h.writes())
	for n, p := range both() {
		e, other := h.titled(p, "Intro call"), both()[1-n]
		h.duplicate(p, e, "Intro call (copy)")
		h.stands[p]["Intro call (copy)"] = e.Start.UTC()
		_, err := h.sim.CreateEvent(in(other), sim.Draft{Title: "From " + string(p), Start: e.Start, End: e.End})
		h.must(err)
		h.stands[other]["From "+string(p)] = e.Start.UTC()
	}
	byTool := len(h.writes()) - wrote
	h.polled()
	h.check()
	for n, p := range both() {
		other := both()[1-n]
		h.clock.Advance(time.Minute)
		h.personMoves(p, "Intro call")
		moved := h.titled(p, "Intro call").Start
		for at, title := range map[sim.Provider]string{p: "Intro call (copy)", other: "From " + string(p)} {
			_, err := h.sim.MoveEvent(in(at), h.titled(at, title).ID, moved)
			h.must(err)
			h.stands[at][title] = moved.UTC()
		}
		h.settle()
		if status := h.call(http.MethodPost, "/v1/bookings/b1/divergence:accept", "", nil); status != http.StatusAccepted {
			t.Fatalf("accept answered %d", status)
		}
		h.stands[other]["Intro call"] = moved.UTC()
		h.polled()
		h.check()
		must := 2 + byTool + n + 1 // two creations, what the tool did by the API, and one write for each move that was accepted
		if all := h.writes(); len(all) != must {
			t.Errorf("after %d moves there were %d writes, want %d: %v", n+1, len(all), must, all)
		}
	}
	for p := range h.stands {
		h.must(h.sim.DeleteEvent(in(p), h.titled(p, "Intro call (copy)").ID, false))
		delete(h.stands[p], "Intro call (copy)")
	}
	h.calm()
}

// A core keeps two hosts' calendars alike by a booking in each, and books in either what it hears of the other. A person's change takes one write, and
// what comes back of that takes none, for any number of changes.
func TestCoreThatCopiesInARing(t *testing.T) {
	t.Parallel()
	h := newHard(t, "")
	ids := map[sim.Provider]cal.BookingID{sim.Google: "at-google", sim.Microsoft: "at-microsoft"}
	versions, heard := map[cal.BookingID]int64{}, 0
	book := func(p sim.Provider, start string) {
		versions[ids[p]]++
		b := h.booking(versions[ids[p]], "Intro call", start)
		b.Targets = []cal.Target{{CalendarID: h.targets[cal.Provider(p)], Authoritative: true}}
		h.submit(ids[p], b, h.seen(ids[p]))
		h.stands[p]["Intro call"] = h.instant(start)
	}
	hears := func() {
		h.core.mu.Lock()
		all := h.core.messages[heard:]
		heard = len(h.core.messages)
		h.core.mu.Unlock()
		for _, m := range all {
			if m.Type != message.BookingMoved {
				continue
			}
			var c message.Changed
			h.must(json.Unmarshal(m.Data, &c))
			for _, p := range both() {
				book(p, c.Event.Start.DateTime[:len(cal.WallLayout)])
			}
		}
	}
	for _, p := range both() {
		book(p, wall)
	}
	for round := range 4 {
		h.polled()
		hears()
		h.polled()
		h.check()
		if all := h.writes(); len(all) != 2+round {
			t.Fatalf("after %d changes there were %d writes: %v", round, len(all), all)
		}
		h.clock.Advance(time.Minute)
		h.personMoves(both()[round%2], "Intro call")
	}
	h.polled()
	hears()
	h.polled()
	if at := h.titled(sim.Google, "Intro call").Start; !at.Equal(h.instant(wall).Add(4 * time.Hour)) {
		t.Errorf("after 4 moves by an hour it is %s", at)
	}
	told := h.core.count(message.BookingMoved)
	h.lookAgain()
	hears()
	h.polled()
	h.check()
	if n := h.core.count(message.BookingMoved); n != 4 || told != 4 || len(h.writes()) != 2+4 {
		t.Errorf("4 changes were told %d times, then %d, and took %v", told, n, h.writes())
	}
}
