package providertest

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
)

func seriesCases() []Case {
	return []Case{
		{"series/read", nil, seriesRead},
		{"series/listed", []provider.Capability{provider.CanList}, seriesListed},
		{"series/what changed", []provider.Capability{provider.CanList}, seriesChanged},
		{"series/deleted", []provider.Capability{provider.CanList}, seriesDeleted},
		{"series/a single event is none", nil, singleIsNoSeries},
	}
}

// series is what a person made of a daily series of five: the second day is another title and three hours later, the fourth is cancelled.
type series struct {
	id, plain, moved, cancelled cal.EventID
}

const movedTitle = "moved by hand"

func (r *Run) series() series {
	r.t.Helper()
	d := draft(0)
	d.Days = 5
	id := r.Person.Create(d)
	s := series{id: id, plain: r.Person.Occurrence(id, 2), moved: r.Person.Occurrence(id, 1), cancelled: r.Person.Occurrence(id, 3)}
	title, start := movedTitle, d.Start.AddDate(0, 0, 1).Add(3*time.Hour)
	r.Person.Edit(s.moved, Edit{Title: &title, Start: &start})
	r.Person.Delete(s.cancelled)
	return s
}

// wantException wants the occurrence that was moved.
func (r *Run) wantException(what string, e cal.Event, s series) {
	r.t.Helper()
	at := draft(0).Start.AddDate(0, 0, 1)
	if e.Kind != cal.KindException || e.Series != s.id || !e.OriginalStart.Instant.Equal(at) || e.Gone() ||
		e.Content.Title != movedTitle || !e.Content.Slot.Start.Instant.Equal(at.Add(3*time.Hour)) {
		r.t.Errorf("%s, the occurrence that was moved is %+v", what, e)
	}
}

// wantSeries wants the series as it was made.
func (r *Run) wantSeries(what string, e cal.Event, s series) {
	r.t.Helper()
	if e.Kind != cal.KindSeries || e.ID != s.id || e.Series != "" || e.Gone() || e.Content.Title != draft(0).Title ||
		!e.Content.Slot.Start.Instant.Equal(draft(0).Start) {
		r.t.Errorf("%s, the series is %+v", what, e)
	}
}

func seriesRead(t T, r *Run) {
	s := r.series()
	e, err := r.Client.ReadEvent(t.Context(), r.ref(s.id))
	r.must("read the series", err)
	r.wantSeries("read", e, s)
	e, err = r.Client.ReadEvent(t.Context(), r.ref(s.moved))
	r.must("read the exception", err)
	r.wantException("read", e, s)
	if e, err = r.Client.ReadEvent(t.Context(), r.ref(s.cancelled)); err == nil && !e.Gone() || err != nil && !missing(err) {
		t.Errorf("the cancelled occurrence is %+v, %v", e, err)
	}
	e, err = r.Client.ReadEvent(t.Context(), r.ref(s.plain))
	r.must("read an occurrence", err)
	if e.Kind == cal.KindSingle || e.Kind == cal.KindSeries || e.Series != s.id || e.Gone() {
		t.Errorf("an occurrence that follows its series is %+v", e)
	}
}

// wantRows wants a listing to show the series as what it is, with or without a row of its own and rows of the occurrences that follow it.
func (r *Run) wantRows(what string, rows map[cal.EventID]cal.Event, s series) {
	r.t.Helper()
	r.wantException(what, rows[s.moved], s)
	if master, ok := rows[s.id]; ok {
		r.wantSeries(what, master, s)
	}
	if e, ok := rows[s.cancelled]; ok && !e.Gone() {
		r.t.Errorf("%s, the cancelled occurrence is %+v", what, e)
	}
	for id, e := range rows {
		switch {
		case id == s.id || id == s.moved || e.Gone():
		case e.Series != s.id || e.Kind != cal.KindOccurrence && e.Kind != cal.KindException:
			r.t.Errorf("%s, a part of the series is %+v", what, e)
		}
	}
}

func seriesListed(_ T, r *Run) {
	s := r.series()
	rows, _, err := r.list(cal.Cursor{}, 2)
	r.must("snapshot", err)
	r.wantRows("in a snapshot", rows, s)
}

func seriesChanged(t T, r *Run) {
	single := r.Person.Create(draft(9))
	_, last, err := r.list(cal.Cursor{}, 2)
	r.must("snapshot", err)
	s := r.series()
	rows, last, err := r.since(last.Cursor)
	r.must("delta", err)
	r.wantRows("in a delta", rows, s)
	if _, ok := rows[single]; ok {
		t.Errorf("what did not change is there: %+v", rows[single])
	}
	r.Person.Delete(s.moved)
	rows, _, err = r.since(last.Cursor)
	r.must("delta", err)
	if e, ok := rows[s.moved]; ok && !e.Gone() {
		t.Errorf("the exception is cancelled, and shown as %+v", e)
	}
	if rows[s.id].Gone() || rows[s.plain].Gone() {
		t.Errorf("an exception was cancelled, and the whole series is gone: %+v", rows)
	}
	e, err := r.Client.ReadEvent(t.Context(), r.ref(s.id))
	r.must("read", err)
	r.wantSeries("after an exception was cancelled", e, s)
}

func seriesDeleted(t T, r *Run) {
	s := r.series()
	_, last, err := r.list(cal.Cursor{}, 2)
	r.must("snapshot", err)
	r.Person.Delete(s.id)
	rows, _, err := r.since(last.Cursor)
	r.must("delta", err)
	gone := false
	for id, e := range rows {
		if !e.Gone() {
			t.Errorf("the series is deleted, and %s is shown as %+v", id, e)
		}
		gone = gone || id == s.id || id == s.moved
	}
	if !gone {
		t.Errorf("nothing tells that the series is gone: %+v", rows)
	}
	for _, id := range []cal.EventID{s.id, s.moved} {
		if e, err := r.Client.ReadEvent(t.Context(), r.ref(id)); err == nil && !e.Gone() || err != nil && !missing(err) {
			t.Errorf("of a deleted series %s is %+v, %v", id, e, err)
		}
	}
}

func singleIsNoSeries(t T, r *Run) {
	e, err := r.Client.ReadEvent(t.Context(), provider.EventRef{Calendar: r.Calendar, ID: r.Person.Create(draft(0))})
	r.must("read", err)
	if e.Kind != cal.KindSingle || e.Series != "" || e.OriginalStart != (cal.Moment{}) {
		t.Errorf("a single event is %+v", e)
	}
}
