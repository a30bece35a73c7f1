package store_test

import (
	"context"
	"fmt"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func choiceTrials() []trial {
	return []trial{
		{"choice: a calendar that is turned on is followed", choiceOn},
		{"choice: a calendar that is turned off is forgotten", choiceOff},
		{"choice: live bookings keep a calendar followed", choiceLive},
		{"choice: a lower level forgets what it does not keep", choiceLower},
		{"choice: a listing under way keeps nothing of the old level", choiceFences},
		{"choice: the same once more changes nothing", choiceAgain},
		{"choice: nobody chooses for another tenant", choiceForeign},
		{"calendars: by what is asked for", calendarsFiltered},
	}
}

// choose makes a choice for a calendar; an empty level leaves it.
func (w *world) choose(calendar int, level cal.SyncLevel, target *bool) record.Calendar {
	w.Helper()
	choice := record.CalendarChoice{WritableTarget: target, Actor: "key_test"}
	if level != "" {
		choice.Sync = &level
	}
	c, err := w.ChooseCalendar(w.ctx, w.tenant, w.calendars[calendar].ID, choice)
	w.ok(err)
	stored, err := w.Calendar(w.ctx, w.tenant, c.ID)
	w.ok(err)
	same(w.harness, "stored", stored, c)
	w.calendars[calendar] = c
	return c
}

// followers are the kinds of work that follow a calendar.
func followers() []task.Kind {
	return []task.Kind{task.CalendarSync, task.CalendarWatch, task.CalendarPoll}
}

// followed serves whatever follows a calendar.
func (w *world) followed(calendar int) {
	w.Helper()
	for _, kind := range followers() {
		w.served(w.ref(kind, string(w.calendars[calendar].ID)))
	}
}

// gone takes a booking back, whose event is gone then.
func (w *world) gone(id cal.BookingID, calendar int) {
	w.Helper()
	b := w.read(id)
	a := w.booking(id, b.Version+1)
	a.Cancelled, a.Seen = true, b.Revision
	w.accept(a)
	link := w.linkOf(w.read(id), calendar)
	link.State = record.LinkRemoved
	w.ok(w.Settle(w.ctx, w.claim(w.push(link)), record.Decision{Link: link, Outcome: record.Served()}))
}

// kept are the events of calendar 0 as readers see them.
func (w *world) kept() []record.Observed {
	w.Helper()
	all, err := w.Events(w.ctx, w.tenant, w.calendars[0].ID, "", 100)
	w.ok(err)
	return all
}

func choiceOn(h *harness) {
	w := h.newWorld(2)
	same(h, "level", w.choose(0, cal.SyncFull, nil).Level(), cal.SyncFull)
	w.followed(0)
	for _, kind := range followers() {
		_, err := h.Work(h.ctx, w.ref(kind, string(w.calendars[1].ID)))
		h.fails(err, record.ErrNotFound)
	}
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'calendar.chosen' AND actor = 'key_test'`), 1)
	other, err := h.Calendar(h.ctx, w.tenant, w.calendars[1].ID)
	h.ok(err)
	same(h, "another calendar", other.Level(), cal.SyncOff)
	w.accept(w.booking("b", 1, 0)) // it is followed already, and stays as it was chosen
	c, err := h.Calendar(h.ctx, w.tenant, w.calendars[0].ID)
	h.ok(err)
	same(h, "with a booking", c.Level(), cal.SyncFull)
}

func choiceOff(h *harness) {
	w := h.newWorld(2)
	w.choose(0, cal.SyncFull, nil)
	w.choose(1, cal.SyncFull, nil)
	w.followed(0)
	w.lists(event("e1", "1", content("x", 1)))
	w.owner(`INSERT INTO events SELECT tenant_id, $1, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting, missing, listing_id, updated_at FROM events`, string(w.calendars[1].ID))
	w.told.take()
	same(h, "level", w.choose(0, cal.SyncOff, nil).Level(), cal.SyncOff)
	sameKinds(h, w.told.take(), task.CalendarWatch) // its channels are ended, and nothing is listed
	same(h, "events", len(w.kept()), 0)
	same(h, "events of another calendar", h.number(`SELECT COUNT(*) FROM events`), 1)
	same(h, "cursor", w.sync().Cursor, cal.Cursor{})
	w.served(w.ref(task.CalendarWatch, string(w.calendars[0].ID)))
	w.accept(w.booking("b", 1, 0))
	w.followed(0) // a booking that names it has it followed again
}

func choiceLive(h *harness) {
	w := h.newWorld(2)
	w.accept(w.booking("b", 1, 0))
	w.accept(w.booking("elsewhere", 1, 1))
	w.followed(0)
	w.told.take()
	c := w.choose(0, cal.SyncOff, nil)
	same(h, "level", c.Level(), cal.SyncBusy)
	same(h, "hints", len(w.told.take()), 0)
	b := w.read("b")
	link := w.linkOf(b, 0)
	link.State = record.LinkRemoved
	h.ok(h.Settle(h.ctx, w.claim(w.push(link)), record.Decision{Link: link, Outcome: record.Served()}))
	same(h, "as long as it is booked", w.choose(0, cal.SyncOff, nil).Level(), cal.SyncBusy)
	a := w.booking("b", 2)
	a.Cancelled, a.Seen = true, b.Revision
	w.accept(a)
	same(h, "while its event is there", w.choose(0, cal.SyncOff, nil).Level(), cal.SyncBusy)
	h.ok(h.Settle(h.ctx, w.claim(w.push(link)), record.Decision{Link: link, Outcome: record.Served()}))
	w.told.take()
	same(h, "once it is gone", w.choose(0, cal.SyncOff, nil).Level(), cal.SyncOff)
	sameKinds(h, w.told.take(), task.CalendarWatch)
	elsewhere, err := h.Calendar(h.ctx, w.tenant, w.calendars[1].ID)
	h.ok(err)
	same(h, "another calendar", elsewhere.Level(), cal.SyncBusy)
}

func choiceLower(h *harness) {
	w := h.newWorld(1)
	w.accept(w.booking("b", 1, 0))
	w.followed(0)
	w.choose(0, cal.SyncFull, nil)
	w.served(w.ref(task.CalendarWatch, string(w.calendars[0].ID)))
	l, on := w.listing(0, cal.Snapshot)
	p := w.delta(on, event("e1", "1", content("x", 1)))
	p.Calendar = w.calendars[0]
	_, err := w.Publish(w.ctx, l, p)
	h.ok(err)
	same(h, "kept", w.kept()[0].Content.Title, "canary x")
	w.told.take()
	same(h, "level", w.choose(0, cal.SyncBusy, nil).Level(), cal.SyncBusy)
	sameKinds(h, w.told.take(), task.CalendarSync, task.CalendarWatch)
	left := w.kept()
	same(h, "events", len(left), 1) // how else would a snapshot find out that it has vanished
	same(h, "kept", left[0].Content.Title, "")
	same(h, "start", left[0].Start, slot(1).Start.Instant)
	same(h, "cursor", w.sync().Cursor.Scope, "")
}

func choiceFences(h *harness) {
	w := h.newWorld(1)
	w.choose(0, cal.SyncFull, nil)
	l, on := w.listing(0, cal.Snapshot)
	on, l = w.stage(l, on, "2", items(event("e1", "1", content("x", 1)))...)
	w.choose(0, cal.SyncBusy, nil)
	same(h, "staged", h.number(`SELECT COUNT(*) FROM staged`), 0)
	_, _, err := h.Stage(h.ctx, l, w.calendars[0], on, cal.Page{Kind: on.Kind, Next: "3"}, leaseTime)
	h.faulty(err, fault.Fenced)
	_, err = h.Publish(h.ctx, l, w.delta(on))
	h.faulty(err, fault.Fenced)
	h.clock.Advance(leaseTime)
	w.claim(w.syncOf(0))
}

func choiceAgain(h *harness) {
	w := h.newWorld(1)
	no, yes := false, true
	same(h, "a target at first", w.calendars[0].Target(), true)
	same(h, "no target", w.choose(0, "", &no).Target(), false)
	w.choose(0, cal.SyncBusy, nil)
	before := h.dump()
	w.told.take()
	w.choose(0, cal.SyncBusy, &no)
	w.choose(0, "", nil)
	h.unchanged(before)
	same(h, "hints", len(w.told.take()), 0)
	c := w.choose(0, "", &yes)
	same(h, "a target again", c.Target(), true)
	same(h, "level", c.Level(), cal.SyncBusy)
	same(h, "hints", len(w.told.take()), 0)
	h.clock.Advance(time.Second)
	w.discovery(w.listedAs(0)) // what the provider says leaves what was chosen
	listed, err := h.Calendar(h.ctx, w.tenant, c.ID)
	h.ok(err)
	same(h, "listed again", listed.Sync == cal.SyncBusy && listed.WritableTarget, true)
}

func choiceForeign(h *harness) {
	a, b := h.newWorld(1), h.newWorld(1)
	before := h.dump()
	full := cal.SyncFull
	for _, id := range []cal.CalendarID{b.calendars[0].ID, "cal_unknown"} {
		_, err := h.ChooseCalendar(h.ctx, a.tenant, id, record.CalendarChoice{Sync: &full})
		h.fails(err, record.ErrNotFound)
	}
	h.unchanged(before)
}

func calendarsFiltered(h *harness) {
	w := h.newWorld(3)
	w.choose(0, cal.SyncFull, nil)
	w.accept(w.booking("b", 1, 1))
	w.owner(`UPDATE calendars SET writable = FALSE WHERE calendar_id = $1`, string(w.calendars[2].ID))
	yes, no := true, false
	for name, c := range map[string]struct {
		filter record.CalendarFilter
		want   []int
	}{
		"all":                {record.CalendarFilter{}, []int{0, 1, 2}},
		"of a connection":    {record.CalendarFilter{Connection: w.connection}, []int{0, 1, 2}},
		"of another one":     {record.CalendarFilter{Connection: "con_other"}, nil},
		"of a provider":      {record.CalendarFilter{Provider: cal.Google}, []int{0, 1, 2}},
		"of another":         {record.CalendarFilter{Provider: cal.Microsoft}, nil},
		"writable":           {record.CalendarFilter{Writable: &yes}, []int{0, 1}},
		"only readable":      {record.CalendarFilter{Writable: &no}, []int{2}},
		"full":               {record.CalendarFilter{Level: cal.SyncFull}, []int{0}},
		"busy, as booked":    {record.CalendarFilter{Level: cal.SyncBusy}, []int{1}},
		"off":                {record.CalendarFilter{Level: cal.SyncOff}, []int{2}},
		"writable, and full": {record.CalendarFilter{Writable: &yes, Level: cal.SyncFull, Connection: w.connection}, []int{0}},
	} {
		got, err := h.Calendars(h.ctx, w.tenant, c.filter, "", 10)
		h.ok(err)
		var ids, want []cal.CalendarID
		for _, c := range got {
			ids = append(ids, c.ID)
		}
		for _, n := range c.want {
			want = append(want, w.calendars[n].ID)
		}
		sameList(h, name, ids, want)
	}
}

// sameKinds compares the kinds of work that were hinted at, in any order.
func sameKinds(h *harness, hints []task.Hint, want ...task.Kind) {
	h.Helper()
	got, expected := map[task.Kind]int{}, map[task.Kind]int{}
	for _, hint := range hints {
		got[hint.Kind]++
	}
	for _, kind := range want {
		expected[kind]++
	}
	same(h, "hints", fmt.Sprint(got), fmt.Sprint(expected))
}

// meetChoice lets a booking name a calendar, in which none stands any more, while the calendar is turned off.
func meetChoice(w *world, round int) (_, _ func(context.Context) error, _ func()) {
	w.accept(w.booking(bookingNo(round), 1, 0))
	w.gone(bookingNo(round), 0)
	next := w.booking(cal.BookingID(fmt.Sprintf("next-%03d", round)), 1, 0)
	accept := func(ctx context.Context) error { _, err := w.Accept(ctx, w.tenant, next); return err }
	off := cal.SyncOff
	choose := func(ctx context.Context) error {
		_, err := w.ChooseCalendar(ctx, w.tenant, w.calendars[0].ID, record.CalendarChoice{Sync: &off, Actor: "test"})
		return err
	}
	return accept, choose, func() {
		c, err := w.Calendar(w.ctx, w.tenant, w.calendars[0].ID)
		w.ok(err)
		same(w.harness, "level", c.Level(), cal.SyncBusy)
		w.gone(next.ID, 0)
	}
}

func choiceMutants() []mutant {
	const off, live, lower, fences = "choice: a calendar that is turned off is forgotten", "choice: live bookings keep a calendar followed",
		"choice: a lower level forgets what it does not keep", "choice: a listing under way keeps nothing of the old level"
	all := slips([]slipped{
		{"a calendar's end forgets another's events", "ForgetEvents", "AND calendar_id = $2", "AND $2 <> ''", off},
		{"a calendar that is off keeps its events", "ForgetEvents", "calendar_id = $2", "calendar_id = $2 || 'x'", off},
		{"a calendar that is off stays targeted", "ChooseCalendar", "targeted = $2", "targeted = targeted OR $2", live},
		{"a booking that was cancelled keeps nobody", "LiveLinks", " OR l.state <> 'removed'", "", live},
		{"a booking that stands keeps nobody", "LiveLinks", "(l.target AND NOT b.cancelled) OR ", "l.state = 'synced' OR ", live},
		{"bookings keep every calendar followed", "LiveLinks", "AND l.calendar_id = $2", "AND $2 <> ''", live},
		{"what a booking was keeps its calendar", "LiveLinks", "l.target AND NOT b.cancelled", "l.target", live},
		{"a lower level keeps the texts", "BlankEvents", "calendar_id = $3", "calendar_id = $3 || 'x'", lower},
		{"a listing goes on at the old level", "UnseatWork", "token = token + 1", "token = token", fences},
		{"a choice is stored for all calendars", "ChooseCalendar", "AND calendar_id = $6", "AND $6 <> ''", "choice: a calendar that is turned on is followed"},
		{"the choice of targets is lost", "ChooseCalendar", "writable_target = $3", "writable_target = writable_target OR $3", "choice: the same once more changes nothing"},
		{"what is booked counts as off", "CalendarsAfter", "WHEN calendars.sync = 'off' AND calendars.targeted THEN 'busy' ", "WHEN calendars.sync = 'x' THEN 'busy' ", "calendars: by what is asked for"},
		{"a filter lets everything pass", "CalendarsAfter", "END = CAST($5 AS TEXT)", "END <> CAST($5 AS TEXT) || 'x'", "calendars: by what is asked for"},
	})
	unlocked := slips([]slipped{{
		"a calendar is not locked", "LockCalendar", "UPDATE calendars SET updated_at = updated_at", "SELECT 1 FROM calendars",
		"meet: a booking and the end of its calendar",
	}})
	unlocked[0].flaw.postgres = true
	return append(all, unlocked...)
}
