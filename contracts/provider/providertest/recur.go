package providertest

import (
	"errors"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

func recurCases() []Case {
	needs := []provider.Capability{provider.CanRecur}
	return []Case{
		{"recurrence/what is stored", needs, recurs},
		{"recurrence/all rules that map", needs, rulesAreKept},
		{"recurrence/once per key", needs, recursOnce},
		{"recurrence/an occurrence", needs, occurrenceIsRead},
		{"recurrence/an occurrence of days", needs, dayIsRead},
		{"recurrence/what a person did to occurrences", needs, exceptionsAreRead},
		{"recurrence/an occurrence is written", needs, occurrenceIsWritten},
		{"recurrence/another rule", needs, ruleIsWritten},
		{"recurrence/other fields leave it alone", needs, ruleStays},
		{"recurrence/a series no more", needs, seriesNoMore},
		{"recurrence/a single event is none", needs, singleHasNone},
	}
}

// sundays is the rule of eight weeks from noon on. Berlin's clocks go back before the sixth.
const sundays = "RRULE:FREQ=WEEKLY;BYDAY=SU;COUNT=8"

func repeating(rules ...string) cal.Content {
	c := content("Weekly")
	c.Recurrence = rules
	return c
}

// weekly makes the series of Sundays as the engine does.
func (r *Run) weekly() cal.Event {
	r.t.Helper()
	made, err := r.Client.CreateEvent(r.t.Context(), r.create(r.key(), repeating(sundays)))
	r.must("create a series", err)
	return made.Event
}

// place is where the nth Sunday stands in its series.
func place(n int) cal.Moment {
	at := noon().AddDate(0, 0, 7*n)
	if n >= 5 {
		at = at.Add(time.Hour)
	}
	return cal.Moment{Instant: at, Zone: berlin}
}

func (r *Run) seriesKeeper() provider.SeriesKeeper {
	return r.Client.(provider.SeriesKeeper) //nolint:forcetypeassert // the cases need it
}

// occurrence reads the nth Sunday.
func (r *Run) occurrence(series cal.EventID, n int) cal.Event {
	r.t.Helper()
	e, err := r.seriesKeeper().ReadOccurrence(r.t.Context(), r.ref(series), place(n))
	r.must("read an occurrence", err)
	r.wantPlace(e, series, place(n))
	return e
}

// wantPlace wants a part of the series at the place.
func (r *Run) wantPlace(e cal.Event, series cal.EventID, original cal.Moment) {
	r.t.Helper()
	if e.Series != series || !e.OriginalStart.Instant.Equal(original.Instant) || e.OriginalStart.Date != original.Date ||
		e.Kind != cal.KindOccurrence && e.Kind != cal.KindException || len(e.Content.Recurrence) > 0 {
		r.t.Errorf("what stands at %v is %+v", original, e)
	}
}

// wantExceptions wants the exceptions of a series to be those Sundays, in order, and reports which are cancelled.
func (r *Run) wantExceptions(series cal.EventID, want ...int) (cancelled []int) {
	r.t.Helper()
	all, err := r.seriesKeeper().ListExceptions(r.t.Context(), r.ref(series))
	r.must("list exceptions", err)
	if len(all) != len(want) {
		r.t.Fatalf("there are %d exceptions and not %d: %+v", len(all), len(want), all)
	}
	for i, n := range want {
		r.wantPlace(all[i], series, place(n))
		if all[i].Gone() {
			cancelled = append(cancelled, n)
		}
	}
	return cancelled
}

func recurs(t T, r *Run) {
	made, err := r.Client.CreateEvent(t.Context(), r.create(r.key(), repeating(sundays)))
	r.must("create", err)
	read, err := r.Client.ReadEvent(t.Context(), r.ref(made.Event.ID))
	r.must("read", err)
	all := map[string]cal.Event{"the answer": made.Event, "what is read": read}
	if provider.CanList.Claims(r.Driver, r.Client) {
		rows, _, err := r.list(cal.Cursor{}, 0)
		r.must("snapshot", err)
		if row, ok := rows[made.Event.ID]; ok { // some list a series by its occurrences alone
			all["what is listed"] = row
		}
	}
	for what, e := range all {
		if e.Content.Differences(repeating(sundays), cal.AllFields) != 0 || e.Kind != cal.KindSeries || e.Gone() {
			t.Errorf("%s is %+v", what, e)
		}
	}
	if shown := r.Person.Standing(); len(shown) != 1 {
		t.Errorf("the person sees %+v", shown)
	}
	r.wantExceptions(made.Event.ID)
}

// rulesAreKept writes what the driver says that its provider keeps. A provider that keeps less than every week until some day is not worth a series.
func rulesAreKept(t T, r *Run) {
	mapper, picky := r.Driver.(provider.RecurrenceMapper)
	kept := 0
	for _, rule := range []string{
		"RRULE:FREQ=WEEKLY;BYDAY=SU;UNTIL=20261231T225959Z", "RRULE:FREQ=DAILY;INTERVAL=3", "RRULE:FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU;COUNT=9",
		"RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "RRULE:FREQ=MONTHLY;BYMONTHDAY=20", "RRULE:FREQ=MONTHLY;BYDAY=3SU;COUNT=4", "RRULE:FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=-1",
		"RRULE:FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=20", "RRULE:FREQ=YEARLY;BYMONTH=9;BYDAY=3SU", "RRULE:FREQ=MONTHLY;BYMONTHDAY=20,21", "RRULE:FREQ=HOURLY",
	} {
		c := repeating(rule)
		if picky {
			err := mapper.MapRecurrence(c)
			if why, ok := errors.AsType[*provider.UnmappableError](err); ok && why.Part != "" && why.Why != "" {
				continue
			}
			r.must(rule, err)
		}
		kept++
		made, err := r.Client.CreateEvent(t.Context(), r.create(r.key(), c))
		r.must("create "+rule, err)
		read, err := r.Client.ReadEvent(t.Context(), r.ref(made.Event.ID))
		r.must("read "+rule, err)
		if !slices.Equal(made.Event.Content.Recurrence, c.Recurrence) || !slices.Equal(read.Content.Recurrence, c.Recurrence) || read.Kind != cal.KindSeries {
			t.Errorf("%s is stored as %v, and read as %v", rule, made.Event.Content.Recurrence, read.Content.Recurrence)
		}
	}
	if picky && (kept < 1 || mapper.MapRecurrence(repeating("RRULE:FREQ=WEEKLY;BYDAY=SU;UNTIL=20261231T225959Z")) != nil) {
		t.Errorf("%d rules are kept", kept)
	}
}

func recursOnce(t T, r *Run) {
	key := r.key()
	r.Wire.Harm(Creating, LostAnswer, 0)
	_, err := r.Client.CreateEvent(t.Context(), r.create(key, repeating(sundays)))
	r.wants("the lost answer", err, fault.Transient)
	again, err := r.Client.CreateEvent(t.Context(), r.create(key, repeating(sundays)))
	r.must("create again", err)
	if again.Event.Kind != cal.KindSeries || !slices.Equal(again.Event.Content.Recurrence, []string{sundays}) || len(r.Person.Standing()) != 1 {
		t.Errorf("the second is %+v, and %d stand", again, len(r.Person.Standing()))
	}
}

func occurrenceIsRead(t T, r *Run) {
	series := r.weekly()
	for _, n := range []int{0, 1, 5, 7} {
		e := r.occurrence(series.ID, n)
		want := cal.Slot{Start: place(n), End: cal.Moment{Instant: place(n).Instant.Add(30 * time.Minute)}}
		if e.Gone() || e.ID == "" || e.ID == series.ID || !e.Content.Slot.Equal(want) || e.Content.Title != "Weekly" || e.ETag == "" {
			t.Errorf("occurrence %d is %+v", n, e)
		}
	}
	for _, nowhere := range []cal.Moment{place(8), place(-1), {Instant: place(1).Instant.Add(time.Hour), Zone: berlin}, {Instant: place(5).Instant.Add(-time.Hour), Zone: berlin}} {
		e, err := r.seriesKeeper().ReadOccurrence(t.Context(), r.ref(series.ID), nowhere)
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("at %v there is %+v, %v", nowhere.Instant, e, err)
		}
	}
	r.Person.Delete(series.ID)
	if e, err := r.seriesKeeper().ReadOccurrence(t.Context(), r.ref(series.ID), place(1)); !missing(err) {
		t.Errorf("of a deleted series there is %+v, %v", e, err)
	}
	if all, err := r.seriesKeeper().ListExceptions(t.Context(), r.ref(series.ID)); !missing(err) {
		t.Errorf("of a deleted series there are %+v, %v", all, err)
	}
}

func dayIsRead(t T, r *Run) {
	c := repeating("RRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20261230")
	c.Slot = cal.Slot{Start: cal.Moment{Date: "2026-10-24"}, End: cal.Moment{Date: "2026-10-25"}}
	made, err := r.Client.CreateEvent(t.Context(), r.create(r.key(), c))
	r.must("create", err)
	if made.Event.Content.Differences(c, cal.AllFields) != 0 {
		t.Errorf("it is stored as %+v", made.Event.Content)
	}
	at := cal.Moment{Date: "2026-10-26"}
	e, err := r.seriesKeeper().ReadOccurrence(t.Context(), r.ref(made.Event.ID), at)
	r.must("read", err)
	r.wantPlace(e, made.Event.ID, at)
	if want := (cal.Slot{Start: at, End: cal.Moment{Date: "2026-10-27"}}); !e.Content.Slot.Equal(want) || e.Gone() {
		t.Errorf("the second day is %+v", e)
	}
	r.must("delete", r.Client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: r.ref(e.ID), ETag: e.ETag}))
	all, err := r.seriesKeeper().ListExceptions(t.Context(), r.ref(made.Event.ID))
	r.must("list exceptions", err)
	if len(all) != 1 || !all[0].Gone() || all[0].OriginalStart != at || all[0].Series != made.Event.ID {
		t.Errorf("the exceptions are %+v", all)
	}
	if _, err := r.seriesKeeper().ReadOccurrence(t.Context(), r.ref(made.Event.ID), cal.Moment{Date: "2026-10-27"}); !fault.Is(err, fault.NotFound) {
		t.Errorf("a day that is none: %v", err)
	}
}

func exceptionsAreRead(t T, r *Run) {
	series := r.weekly()
	title, start := movedTitle, place(2).Instant.AddDate(0, 0, 2)
	r.Person.Edit(r.Person.Occurrence(series.ID, 2), Edit{Title: &title, Start: &start})
	r.Person.Delete(r.Person.Occurrence(series.ID, 5)) // after the change of clocks
	e := r.occurrence(series.ID, 2)
	if e.Gone() || e.Content.Title != movedTitle || !e.Content.Slot.Start.Instant.Equal(start) || e.Kind != cal.KindException {
		t.Errorf("the one that was moved is %+v", e)
	}
	if e := r.occurrence(series.ID, 5); !e.Gone() {
		t.Errorf("the one that was cancelled is %+v", e)
	}
	if cancelled := r.wantExceptions(series.ID, 2, 5); !slices.Equal(cancelled, []int{5}) {
		t.Errorf("cancelled are %v", cancelled)
	}
	all, err := r.seriesKeeper().ListExceptions(t.Context(), r.ref(series.ID))
	r.must("list exceptions", err)
	if all[0].Content.Title != movedTitle || !all[0].Content.Slot.Start.Instant.Equal(start) || all[0].ID != e.ID || all[0].ETag == "" {
		t.Errorf("the exception is listed as %+v", all[0])
	}
	if _, err := r.seriesKeeper().ReadOccurrence(t.Context(), r.ref(series.ID), cal.Moment{Instant: start, Zone: berlin}); !fault.Is(err, fault.NotFound) {
		t.Errorf("where it was moved to, there is no place of the series: %v", err)
	}
}

func occurrenceIsWritten(t T, r *Run) {
	series := r.weekly()
	first := r.occurrence(series.ID, 1)
	next := first.Content
	next.Title, next.Location = "Elsewhere", "Room 5"
	next.Slot.Start.Instant, next.Slot.End.Instant = next.Slot.Start.Instant.Add(time.Hour), next.Slot.End.Instant.Add(2*time.Hour)
	fields := cal.Fields(cal.FieldTitle | cal.FieldLocation | cal.FieldSlot)
	got, err := r.Client.UpdateEvent(t.Context(), r.update(first, next, fields))
	r.must("update an occurrence", err)
	for what, e := range map[string]cal.Event{"the answer": got, "what is read": r.occurrence(series.ID, 1)} {
		if e.Content.Differences(next, cal.AllFields) != 0 || e.Gone() || e.ID != first.ID || e.ETag == first.ETag {
			t.Errorf("%s is %+v", what, e)
		}
	}
	third := r.occurrence(series.ID, 3)
	r.must("delete an occurrence", r.Client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: r.ref(third.ID), ETag: third.ETag}))
	if again := r.Client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: r.ref(third.ID)}); !missing(again) {
		t.Errorf("deleted again: %v", again)
	}
	if cancelled := r.wantExceptions(series.ID, 1, 3); !slices.Equal(cancelled, []int{3}) {
		t.Errorf("cancelled are %v", cancelled)
	}
	now, err := r.Client.ReadEvent(t.Context(), r.ref(series.ID))
	r.must("read the series", err)
	if now.Content.Differences(repeating(sundays), cal.AllFields) != 0 || now.Kind != cal.KindSeries || now.Gone() {
		t.Errorf("the series is %+v", now)
	}
	if other := r.occurrence(series.ID, 2); other.Content.Title != "Weekly" || !other.Content.Slot.Start.Instant.Equal(place(2).Instant) {
		t.Errorf("another occurrence is %+v", other)
	}
}

func ruleIsWritten(t T, r *Run) {
	series := r.weekly()
	r.Person.Delete(r.Person.Occurrence(series.ID, 7))
	now, err := r.Client.ReadEvent(t.Context(), r.ref(series.ID))
	r.must("read", err)
	next := repeating("RRULE:FREQ=WEEKLY;BYDAY=SU;COUNT=3")
	got, err := r.Client.UpdateEvent(t.Context(), r.update(now, next, cal.Fields(cal.FieldRecurrence)))
	r.must("update the rule", err)
	read, err := r.Client.ReadEvent(t.Context(), r.ref(series.ID))
	r.must("read", err)
	for what, e := range map[string]cal.Event{"the answer": got, "what is read": read} {
		if e.Content.Differences(next, cal.AllFields) != 0 || e.Kind != cal.KindSeries {
			t.Errorf("%s is %+v", what, e)
		}
	}
	r.occurrence(series.ID, 2)
	for _, n := range []int{3, 7} {
		if e, err := r.seriesKeeper().ReadOccurrence(t.Context(), r.ref(series.ID), place(n)); !fault.Is(err, fault.NotFound) {
			t.Errorf("past the end, there is %+v, %v", e, err)
		}
	}
	r.wantExceptions(series.ID) // what is past the end is none
	moved := next
	moved.Slot.Start.Instant, moved.Slot.End.Instant = noon().AddDate(0, 0, 1), noon().AddDate(0, 0, 1).Add(time.Hour)
	moved.Recurrence = []string{"RRULE:FREQ=WEEKLY;BYDAY=MO"}
	got, err = r.Client.UpdateEvent(t.Context(), r.update(read, moved, cal.Fields(cal.FieldRecurrence|cal.FieldSlot)))
	r.must("update rule and start", err)
	if got.Content.Differences(moved, cal.AllFields) != 0 {
		t.Errorf("moved, it is %+v", got.Content)
	}
}

func ruleStays(t T, r *Run) {
	series := r.weekly()
	r.Person.Delete(r.Person.Occurrence(series.ID, 1))
	now, err := r.Client.ReadEvent(t.Context(), r.ref(series.ID))
	r.must("read", err)
	got, err := r.Client.UpdateEvent(t.Context(), r.update(now, content("Another title"), cal.Fields(cal.FieldTitle|cal.FieldDescription)))
	r.must("update", err)
	want := repeating(sundays)
	want.Title = "Another title"
	if got.Content.Differences(want, cal.AllFields) != 0 || got.Kind != cal.KindSeries {
		t.Errorf("it is %+v", got)
	}
	if cancelled := r.wantExceptions(series.ID, 1); len(cancelled) != 1 {
		t.Errorf("nothing is cancelled any more")
	}
}

func seriesNoMore(t T, r *Run) {
	series := r.weekly()
	got, err := r.Client.UpdateEvent(t.Context(), r.update(series, content("Once"), cal.Fields(cal.FieldRecurrence|cal.FieldTitle)))
	r.must("update", err)
	read, err := r.Client.ReadEvent(t.Context(), r.ref(series.ID))
	r.must("read", err)
	for what, e := range map[string]cal.Event{"the answer": got, "what is read": read} {
		if e.Kind != cal.KindSingle || e.Content.Differences(content("Once"), cal.AllFields) != 0 {
			t.Errorf("%s is %+v", what, e)
		}
	}
}

func singleHasNone(t T, r *Run) {
	e := r.booked("Intro call")
	if len(e.Content.Recurrence) > 0 || e.Kind != cal.KindSingle {
		t.Errorf("a single event is %+v", e)
	}
	got, err := r.Client.UpdateEvent(t.Context(), r.update(e, repeating(sundays), cal.Fields(cal.FieldTitle|cal.FieldRecurrence)))
	r.must("make it a series", err)
	if got.Kind != cal.KindSeries || got.Content.Differences(repeating(sundays), cal.AllFields) != 0 {
		t.Errorf("made a series, it is %+v", got)
	}
}
