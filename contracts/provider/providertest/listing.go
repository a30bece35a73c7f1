package providertest

import (
	"errors"
	"maps"
	"slices"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

func listingCases() []Case {
	lists := []provider.Capability{provider.CanList}
	return []Case{
		{"listing/pages", lists, pages},
		{"listing/a page in the middle fails", lists, middleFails},
		{"listing/quiet", lists, quiet},
		{"listing/what changed", lists, changes},
		{"listing/an answer is lost", lists, answerLost},
		{"listing/empty pages", lists, emptyPages},
		{"listing/a row that cannot be read", lists, spoiled},
		{"listing/our own writes", lists, echo},
		{"listing/a cursor is lost", lists, cursorLost},
		{"listing/a cursor is lost on any page", lists, cursorLostOnAnyPage},
		{"listing/a cursor of other parameters", lists, otherParameters},
	}
}

// maxPages is more than any case has: a listing that goes on for longer goes round in circles.
const maxPages = 100

var errEndless = errors.New("the listing does not end")

func (r *Run) lister() provider.DeltaLister {
	return r.Client.(provider.DeltaLister) //nolint:forcetypeassert // the case needs it
}

// list reads a listing to its end and returns its rows, the last of each event, with the last page.
func (r *Run) list(cursor cal.Cursor, size int) (map[cal.EventID]cal.Event, cal.Page, error) {
	r.t.Helper()
	rows := map[cal.EventID]cal.Event{}
	req := provider.ListEvents{Calendar: r.Calendar, Cursor: cursor, Window: window(), PageSize: size}
	for range maxPages {
		page, err := r.lister().ListEvents(r.t.Context(), req)
		if err != nil {
			return rows, page, err
		}
		for _, i := range page.Items {
			if i.Withheld != "" {
				r.t.Errorf("withheld: %s: %s", i.Event.ID, i.Withheld)
			}
			rows[i.Event.ID] = i.Event
		}
		if page.Next == "" {
			if page.Cursor.Token == "" {
				r.t.Errorf("the last page has no cursor")
			}
			return rows, page, nil
		}
		if page.Cursor.Token != "" {
			r.t.Errorf("a page before the last has a cursor")
		}
		req.Page = page.Next
	}
	return rows, cal.Page{}, errEndless
}

// since is what a calendar shows since a cursor until it has come to rest: a change may show by the next listing but one.
func (r *Run) since(cursor cal.Cursor) (map[cal.EventID]cal.Event, cal.Page, error) {
	r.t.Helper()
	rows := map[cal.EventID]cal.Event{}
	quiet := 0
	for range maxPages {
		more, last, err := r.list(cursor, 2)
		if err != nil {
			return rows, last, err
		}
		maps.Copy(rows, more)
		if quiet++; len(more) > 0 {
			quiet = 0
		}
		if quiet == 2 {
			return rows, last, nil
		}
		cursor = last.Cursor
	}
	return rows, cal.Page{}, errEndless
}

// made lets a person make n events.
func (r *Run) made(n int) []cal.EventID {
	all := make([]cal.EventID, n)
	for i := range n {
		all[i] = r.Person.Create(draft(i))
	}
	return all
}

func pages(t T, r *Run) {
	for _, n := range []int{0, 2, 5} { // one page, two and three
		made := r.made(n - len(r.Person.Standing()))
		want := append(made, ids(r.Person.Standing())...)
		slices.Sort(want)
		rows, last, err := r.list(cal.Cursor{}, 2)
		r.must("snapshot", err)
		if got := slices.Sorted(maps.Keys(rows)); !slices.Equal(got, slices.Compact(want)) {
			t.Errorf("of %d events: %v, want %v", n, got, want)
		}
		if last.Kind != cal.Snapshot || last.Coverage != window() && !covers(last.Coverage) {
			t.Errorf("a snapshot is %s of %+v", last.Kind, last.Coverage)
		}
	}
}

// covers reports whether a snapshot covers at least what was asked for.
func covers(got cal.Window) bool {
	return !got.From.After(window().From) && (got.Until.IsZero() || !got.Until.Before(window().Until))
}

func ids(all []Draft) []cal.EventID {
	var out []cal.EventID
	for _, d := range all {
		out = append(out, d.ID)
	}
	return out
}

func middleFails(t T, r *Run) {
	want := r.made(6)
	for _, harm := range []Harm{Unavailable, HTML, Truncated} {
		r.Wire.Harm(Listing, harm, 1)
		rows, page, err := r.list(cal.Cursor{}, 2)
		r.wants(string(harm), err, fault.Transient)
		if len(rows) >= len(want) || page.Cursor.Token != "" || page.Next != "" {
			t.Errorf("%s: %d rows and %+v with the failure", harm, len(rows), page)
		}
		if rows, _, err = r.list(cal.Cursor{}, 2); err != nil || len(rows) != len(want) {
			t.Errorf("afterwards: %d rows, %v", len(rows), err)
		}
	}
}

func quiet(t T, r *Run) {
	r.made(3)
	_, last, err := r.list(cal.Cursor{}, 2)
	r.must("snapshot", err)
	for range 3 { // a cursor may be as good as new, or replaced
		rows, next, err := r.list(last.Cursor, 2)
		r.must("quiet", err)
		if len(rows) > 0 || next.Kind != cal.Delta {
			t.Errorf("nothing happened, and a %s shows %v", next.Kind, rows)
		}
		last = next
	}
}

func changes(t T, r *Run) {
	made := r.made(4)
	_, last, err := r.list(cal.Cursor{}, 2)
	r.must("snapshot", err)
	title := "edited"
	r.Person.Edit(made[0], Edit{Title: &title})
	r.Person.Delete(made[1])
	added := r.Person.Create(draft(7))
	rows, next, err := r.since(last.Cursor)
	r.must("delta", err)
	if e, ok := rows[made[0]]; !ok || e.Content.Title != title || e.Gone() {
		t.Errorf("the edited one is %+v", e)
	}
	if e, ok := rows[made[1]]; !ok || !e.Gone() {
		t.Errorf("the deleted one is %+v", e)
	}
	if e, ok := rows[added]; !ok || e.Content.Title != draft(7).Title || !e.Content.Slot.Start.Instant.Equal(draft(7).Start) {
		t.Errorf("the new one is %+v", e)
	}
	if e, ok := rows[made[2]]; ok {
		t.Errorf("what did not change is there: %+v", e)
	}
	if rows, _, err := r.list(next.Cursor, 2); err != nil || len(rows) > 0 {
		t.Errorf("the next one: %v, %v", rows, err)
	}
}

// answerLost lists twice from one cursor, as whoever never heard the first answer: it shows no less, or the cursor is lost.
func answerLost(t T, r *Run) {
	r.made(1)
	_, last, err := r.list(cal.Cursor{}, 2)
	r.must("snapshot", err)
	r.made(3)
	rows, _, err := r.list(last.Cursor, 2)
	r.must("delta", err)
	again, _, err := r.list(last.Cursor, 2)
	if err != nil {
		r.wants("the same cursor again", err, fault.CursorLost)
		return
	}
	for id := range rows {
		if _, ok := again[id]; !ok {
			t.Errorf("the same cursor again does not show %s", id)
		}
	}
}

// spoiled lists an event that cannot be read: it is withheld under its id, and stops nothing.
func spoiled(t T, r *Run) {
	if r.Spoil == nil {
		t.Skipf("%s has no rows that cannot be read", r.Driver.Name())
	}
	made := r.made(5)
	r.Spoil(made[1])
	seen := map[cal.EventID]string{}
	req := provider.ListEvents{Calendar: r.Calendar, Window: window(), PageSize: 2}
	for range maxPages {
		page, err := r.lister().ListEvents(t.Context(), req)
		r.must("page", err)
		for _, i := range page.Items {
			seen[i.Event.ID] = i.Withheld
			if i.Event.Gone() {
				t.Errorf("%s is shown as gone", i.Event.ID)
			}
		}
		if req.Page = page.Next; page.Next == "" {
			break
		}
	}
	for _, id := range made {
		if withheld, ok := seen[id]; !ok || (withheld != "") != (id == made[1]) {
			t.Errorf("%s is listed: %t, and withheld: %q", id, ok, withheld)
		}
	}
	_, err := r.Client.ReadEvent(t.Context(), r.ref(made[1]))
	r.wants("read", err, fault.Transient)
}

func emptyPages(t T, r *Run) {
	if r.EmptyPages == nil {
		t.Skipf("%s has no empty pages", r.Driver.Name())
	}
	made := r.made(3)
	r.EmptyPages()
	first, err := r.lister().ListEvents(t.Context(), provider.ListEvents{Calendar: r.Calendar, Window: window(), PageSize: 2})
	r.must("the first page", err)
	if len(first.Items) > 0 || first.Next == "" {
		t.Errorf("the first page has %d rows, and is the last: %t", len(first.Items), first.Next == "")
	}
	rows, last, err := r.list(cal.Cursor{}, 2)
	if err != nil || len(rows) != len(made) {
		t.Errorf("a snapshot that begins with an empty page: %v, %v", rows, err)
	}
	title := "edited"
	r.Person.Edit(made[1], Edit{Title: &title})
	rows, _, err = r.since(last.Cursor)
	if err != nil || len(rows) != 1 || rows[made[1]].Content.Title != title {
		t.Errorf("a delta that begins with an empty page: %v, %v", rows, err)
	}
}

// echo wants our own write to be told from a person's: its row has the ETag and the content that the write was answered with.
func echo(t T, r *Run) {
	_, last, err := r.list(cal.Cursor{}, 2)
	r.must("snapshot", err)
	made := r.booked("Intro call")
	rows, last, err := r.since(last.Cursor)
	r.must("delta", err)
	r.wantEcho("a create", rows, made)
	updated, err := r.Client.UpdateEvent(t.Context(), r.update(made, content("Second title"), cal.Fields(cal.FieldTitle)))
	r.must("update", err)
	rows, last, err = r.since(last.Cursor)
	r.must("delta", err)
	r.wantEcho("an update", rows, updated)
	title := "edited"
	r.Person.Edit(made.ID, Edit{Title: &title})
	rows, last, err = r.since(last.Cursor)
	if e := rows[made.ID]; err != nil || e.ETag == updated.ETag || e.Content.Title != title {
		t.Errorf("a person's change is %+v, %v", e, err)
	}
	r.must("delete", r.Client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: r.ref(made.ID), ETag: rows[made.ID].ETag}))
	rows, _, err = r.since(last.Cursor)
	if e, ok := rows[made.ID]; err != nil || !ok || !e.Gone() {
		t.Errorf("our own deletion is %+v, %v", e, err)
	}
}

func (r *Run) wantEcho(what string, rows map[cal.EventID]cal.Event, want cal.Event) {
	r.t.Helper()
	e, ok := rows[want.ID]
	if !ok || e.ETag != want.ETag || e.Content.Differences(want.Content, cal.AllFields) != 0 || e.Gone() || len(rows) != 1 {
		r.t.Errorf("%s was answered with %+v, and is listed as %+v among %d", what, want, e, len(rows))
	}
}

// cursorLostOnAnyPage loses it before each page of a delta of three.
func cursorLostOnAnyPage(t T, r *Run) {
	for n := range 3 {
		_, last, err := r.list(cal.Cursor{}, 2)
		r.must("snapshot", err)
		r.made(5)
		req := r.paged(last.Cursor, n)
		r.LoseCursors()
		page, err := r.lister().ListEvents(t.Context(), req)
		r.wants("after the cursor was lost", err, fault.CursorLost)
		if len(page.Items) > 0 || page.Cursor.Token != "" || page.Next != "" {
			t.Errorf("page %d: %+v comes with the failure", n, page)
		}
	}
}

// paged reads n pages of what is new since a cursor, and returns what asks for the next.
func (r *Run) paged(cursor cal.Cursor, n int) provider.ListEvents {
	r.t.Helper()
	req := provider.ListEvents{Calendar: r.Calendar, Cursor: cursor, Window: window(), PageSize: 2}
	for read := 0; read < n; {
		page, err := r.lister().ListEvents(r.t.Context(), req)
		r.must("page", err)
		read++
		if req.Page = page.Next; page.Next == "" && len(page.Items) == 0 && read == 1 {
			req.Cursor, read = page.Cursor, 0 // it shows by the next listing
		} else if page.Next == "" {
			r.t.Fatalf("page %d of three is the last", read)
		}
	}
	return req
}

func cursorLost(t T, r *Run) {
	r.made(3)
	_, last, err := r.list(cal.Cursor{}, 2)
	r.must("snapshot", err)
	r.LoseCursors()
	_, _, err = r.list(last.Cursor, 2)
	r.wants("a lost cursor", err, fault.CursorLost)
	rows, _, err := r.list(cal.Cursor{}, 2)
	if err != nil || len(rows) != 3 {
		t.Errorf("the snapshot after it: %v, %v", rows, err)
	}
}

func otherParameters(t T, r *Run) {
	r.made(1)
	_, last, err := r.list(cal.Cursor{}, 2)
	r.must("snapshot", err)
	_, _, err = r.list(cal.Cursor{Token: last.Cursor.Token, Scope: "of old;" + last.Cursor.Scope}, 2)
	r.wants("a cursor of another scope", err, fault.CursorLost)
	last.Cursor.Token = "none at all"
	_, _, err = r.list(last.Cursor, 2)
	r.wants("what is no cursor", err, fault.CursorLost)
}
