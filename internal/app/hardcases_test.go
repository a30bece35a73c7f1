package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
	"github.com/calweave/calweave/internal/testkit"
)

// What has been the end of other integrations, by name. However hard it is, in the end everybody agrees: see calm. Under the race detector the one runs
// in which two processes are at work; all of them run without it, in a pass of their own.
func TestHardCases(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		run  func(*hard)
	}{
		{"a worker is frozen and thaws after a newer version", (*hard).thaws},
		{"pushes are dropped, three in ten", (*hard).pushesAreDropped},
		{"a mailbox is moved", (*hard).mailboxIsMoved},
		{"an account is disconnected and connected again", (*hard).connectedAgain},
		{"an event is moved out of the window", (*hard).leavesTheWindow},
		{"a listing comes back empty once", (*hard).emptyOnce},
	}
	if testkit.UnderRace {
		cases = cases[:1]
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHard(t, "")
			c.run(h)
			h.calm()
		})
	}
	if testkit.UnderRace {
		return
	}
	t.Run("a create is not answered, then a new version, a move, FLUSHALL and an hour of outage", func(t *testing.T) {
		t.Parallel()
		redis := miniredis.RunT(t)
		h := newHard(t, "redis://"+redis.Addr())
		h.beforeStep = func() {
			redis.FlushAll()
			redis.SetTime(h.clock.Now())
		}
		h.unanswered()
		h.calm()
	})
	t.Run("a first listing dies", func(t *testing.T) {
		t.Parallel()
		for _, at := range [][2]int{{1, 3}, {2, 3}, {3, 3}, {7, 9}} {
			for _, p := range both() {
				for _, answered := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s, on page %d of %d, answered %t", p, at[0], at[1], answered), func(t *testing.T) {
						t.Parallel()
						h := newHard(t, "")
						h.diesOnPage(p, at[0], at[1], answered)
						h.calm()
					})
				}
			}
		}
	})
}

func newHard(t *testing.T, redisURL string) *hard {
	t.Helper()
	return &hard{walker: newWalker(t, plan{switches: sim.DefaultSwitches(), redisURL: redisURL}), versions: map[cal.BookingID]int64{}}
}

// thaws freezes a process after it has decided on its writes and before they are sent. Another process finishes that version and a newer one; then the
// writes arrive after all, where nothing looks at If-Match.
func (h *hard) thaws() {
	h.must(h.sim.SetSwitches(func(s *sim.Switches) {
		s.Microsoft.PatchIfMatch, s.Microsoft.DeleteIfMatch = stage.Ignored, stage.Ignored
	}))
	h.books("b1", 1, "Intro call", wall, "")
	h.settle()
	var held []string
	for _, p := range both() {
		id, err := h.sim.AddFault(sim.Fault{Provider: p, Method: http.MethodPatch, Path: "*/events/*", Count: 1, Action: sim.ActHold})
		h.must(err)
		held = append(held, id)
	}
	h.submits("b1", 2, "Second title", later)
	due, err := h.app.Store.Due(h.ctx, h.clock.Now(), h.clock.Now(), 100, 100)
	h.must(err)
	thawed, frozen := make(chan error, len(due)), h.app
	for _, d := range due {
		go func() {
			_, err := frozen.Engine.Work(h.ctx, d.Ref)
			thawed <- err
		}()
	}
	for _, id := range held {
		h.must(h.sim.Wait(h.ctx, func() bool { f, _ := h.sim.Fault(id); return f.Waiting == 1 }))
	}
	h.clock.Advance(h.config.Lease + time.Second)
	h.seed++
	h.start()
	delete(h.stands[sim.Google], "Intro call")
	delete(h.stands[sim.Microsoft], "Intro call")
	h.books("b1", 3, "Third title", wall, "")
	h.settle()
	before := len(h.writes())
	for _, id := range held {
		h.sim.ReleaseFault(id)
	}
	for range due {
		if err := <-thawed; err != nil {
			h.tb.Error(err)
		}
	}
	h.must(h.sim.Wait(h.ctx, func() bool { return len(h.writes()) == before+2 }))
	h.settle()
}

// unanswered loses the answers to both creations. Before anybody has looked, a new version comes, persons move the events, and both providers are away
// for an hour. Redis forgets everything before each step.
func (h *hard) unanswered() {
	var lost []string
	for _, p := range both() {
		id, err := h.sim.AddFault(sim.Fault{Provider: p, Method: http.MethodPost, Path: "*/events", Action: sim.ActLostAnswer})
		h.must(err)
		lost = append(lost, id)
	}
	began := h.clock.Now()
	h.books("b1", 1, "Intro call", wall, "")
	for _, id := range lost {
		h.until(id)
		h.sim.RemoveFault(id)
	}
	h.submits("b1", 2, "Intro call", wall)
	for _, p := range both() {
		h.personMoves(p, "Intro call")
	}
	var away []string
	for _, p := range both() {
		away = append(away, h.away(p, time.Hour, ""))
	}
	h.settle()
	h.polled()
	for _, id := range away {
		h.struck(id)
	}
	if took := h.clock.Now().Sub(began); took < time.Hour {
		h.tb.Errorf("it was over after %s", took)
	}
	for _, p := range both() {
		all, err := h.sim.Events(in(p))
		h.must(err)
		if len(all) != 1 {
			h.tb.Errorf("%s has had %d events", p, len(all))
		}
	}
}

// pushesAreDropped loses three pushes in ten while bookings come and persons move them.
func (h *hard) pushesAreDropped() {
	const calls = 12
	fault, err := h.sim.AddPushFault(sim.PushFault{Action: sim.PushDrop, Schedule: sim.Schedule{Rate: 0.3, Seed: 1}})
	h.must(err)
	for n := range calls {
		title := fmt.Sprintf("Call %d", n)
		h.books(cal.BookingID(fmt.Sprintf("b%d", n)), 1, title, fmt.Sprintf("2027-03-%02dT10:00:00", n+1), "")
		h.settle()
		h.clock.Advance(time.Minute)
		h.personMoves(both()[n%2], title)
		h.settle()
	}
	for _, p := range both() { // the last change of each calendar is one that nobody has heard of
		for range 10 * calls {
			if h.core.count(message.BookingMoved) < h.told[message.BookingMoved] {
				break
			}
			h.clock.Advance(time.Minute)
			h.personMoves(p, "Call 0")
			h.settle()
		}
		if h.core.count(message.BookingMoved) == h.told[message.BookingMoved] {
			h.tb.Errorf("%s: no push was dropped", p)
		}
		h.polled()
	}
	h.sim.ReleasePushFault(fault)
}

// mailboxIsMoved moves both mailboxes to another server: for half an hour there is no answer, and then nothing is left of cursors and channels, without
// a word to anybody. Meanwhile persons go on.
func (h *hard) mailboxIsMoved() {
	h.books("b1", 1, "Intro call", wall, "")
	h.books("b2", 1, "Board meeting", later, "")
	h.settle()
	var away []string
	for _, p := range both() {
		open, err := h.sim.Channels(p, in(p).Email)
		h.must(err)
		for _, c := range open {
			h.must(h.sim.DropChannel(p, in(p).Email, c.ID))
		}
		away = append(away, h.away(p, 30*time.Minute, ""))
		h.must(h.sim.ExpireCursors(in(p)))
		h.personMoves(p, "Intro call")
		h.personDeletes(p, "Board meeting")
	}
	h.books("b3", 1, "Third call", "2027-03-03T10:00:00", "")
	h.settle()
	h.polled()
	for _, id := range away {
		h.struck(id)
	}
	h.pass(8 * 24 * time.Hour) // no channel lives for longer
	h.checkNothingStopped("nothing")
}

// connectedAgain ends both connections, and lets the core and persons go on until both accounts are connected again.
func (h *hard) connectedAgain() {
	h.books("b1", 1, "Intro call", wall, "")
	h.books("b2", 1, "Board meeting", later, "")
	h.books("b3", 1, "Third call", "2027-03-03T10:00:00", "")
	h.settle()
	ids := map[sim.Provider]cal.ConnectionID{}
	for _, p := range both() {
		ids[p] = h.connectionAt(cal.Provider(p))
		if status := h.call(http.MethodDelete, "/v1/connections/"+string(ids[p]), "", nil); status != http.StatusAccepted {
			h.tb.Fatalf("DELETE answered %d", status)
		}
	}
	h.settle()
	seen := len(h.sim.Requests(0))
	h.books("b1", 2, "Second title", wall, "Intro call")
	for _, p := range both() {
		h.personMoves(p, "Board meeting")
		h.personDeletes(p, "Third call")
	}
	h.pass(8 * 24 * time.Hour)
	if now := len(h.sim.Requests(0)); now != seen {
		h.tb.Errorf("the providers were called %d times after the end", now-seen)
	}
	for _, p := range both() {
		h.reconnect(ids[p], in(p).Email)
	}
	h.settle()
	h.polled()
}

// leavesTheWindow moves events to where no listing of Microsoft's reaches, which looks like a deletion there, and lets the core move them back.
func (h *hard) leavesTheWindow() {
	h.books("b1", 1, "Intro call", wall, "")
	h.settle()
	for _, p := range both() {
		e := h.titled(p, "Intro call")
		far := h.clock.Now().Add(h.config.SyncWindowFuture + 100*24*time.Hour).Truncate(time.Hour)
		_, err := h.sim.MoveEvent(in(p), e.ID, far)
		h.must(err)
		h.stands[p]["Intro call"] = far
		h.told[message.BookingMoved]++
	}
	h.settle()
	h.polled()
	h.check()
	h.agrees()
	h.books("b1", 2, "Back again", later, "Intro call")
	h.settle()
}

// emptyOnce answers one full listing of each calendar with nothing, as if all were well.
func (h *hard) emptyOnce() {
	for n := range 3 {
		h.books(cal.BookingID(fmt.Sprintf("b%d", n)), 1, fmt.Sprintf("Call %d", n), fmt.Sprintf("2027-03-%02dT10:00:00", n+1), "")
	}
	h.settle()
	answers := map[sim.Provider]sim.Fault{
		sim.Google:    {Path: "*" + listingPath(sim.Google), Query: "timeMin=", Body: `{"items":[],"nextSyncToken":"none"}`},
		sim.Microsoft: {Path: "*" + listingPath(sim.Microsoft), Query: "startDateTime=", Body: `{"value":[],"@odata.deltaLink":"` + h.config.Microsoft.APIURL + `/me/calendarView/delta()?$deltatoken=none"}`},
	}
	for _, p := range both() {
		h.must(h.sim.ExpireCursors(in(p)))
		f := answers[p]
		f.Provider, f.Method, f.Count, f.Action, f.Status, f.ContentType = p, http.MethodGet, 1, sim.ActStatus, http.StatusOK, "application/json"
		id, err := h.sim.AddFault(f)
		h.must(err)
		h.readersSee(p, 3)
		h.polled()
		h.struck(id)
	}
}

// backfills wants a calendar's first listing to be bulk work that has come so many pages far, and to say so.
func (h *hard) backfills(p sim.Provider, pages int) {
	h.tb.Helper()
	calendar, reader := h.targets[cal.Provider(p)], h.reader()
	all, err := reader.Followings(h.ctx, h.tenant, []cal.CalendarID{calendar})
	h.must(err)
	on, now := all[calendar].Listing, h.clock.Now()
	want := cal.Window{From: now.Add(-h.config.SyncWindowPast), Until: now.Add(h.config.SyncWindowFuture)}
	if on == nil || on.Kind != cal.Snapshot || on.Pages != int64(pages) || on.Events != int64(pageRows*pages) || on.Window != want || !on.StartedAt.Equal(now) {
		h.tb.Errorf("after %d pages the listing says %+v", pages, on)
	}
	row, err := reader.Work(h.ctx, task.Ref{Tenant: h.tenant, Kind: task.CalendarSync, Subject: string(calendar)})
	h.must(err)
	if row.Lane != task.Bulk {
		h.tb.Errorf("a first listing is %s work", row.Lane)
	}
}

// diesOnPage ends the process with the request for a page of a calendar's first listing, before it is made or before it is answered.
func (h *hard) diesOnPage(p sim.Provider, page, pages int, answered bool) {
	persons := pageRows*pages - pageRows/2 // and the booking
	h.must(h.sim.SetSwitches(func(s *sim.Switches) { s.PageCap = pageRows }))
	for n := range persons {
		start := time.Date(2027, 3, 2, 8, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Hour)
		title := fmt.Sprintf("private %d", n)
		_, err := h.sim.CreateEvent(in(p), sim.Draft{Title: title, Start: start, End: start.Add(time.Hour), Zone: "UTC", Attendees: []sim.Attendee{{Email: guest}}})
		h.must(err)
		h.stands[p][title] = start
	}
	for _, m := range h.sim.Mails(0) {
		h.mailed = m.N // Microsoft mails whom persons invite
	}
	h.readersSee(p, 0, 1, persons+1)
	h.killer.armOnly(func(what string) bool {
		return strings.HasPrefix(what, "GET ") && strings.HasSuffix(what, listingPath(p))
	}, page, answered)
	armed := h.killer
	h.books("b1", 1, "Intro call", wall, "")
	if !armed.isDead() {
		h.tb.Fatalf("there was no page %d", page)
	}
	h.backfills(p, page-1)
	h.settle()
	want := pages
	if answered {
		want++ // that page, twice
	}
	if asked := h.fullPages(p); asked != want {
		h.tb.Errorf("a listing of %d pages that died on page %d took %d requests, want %d", pages, page, asked, want)
	}
	h.afterStep = nil
}
