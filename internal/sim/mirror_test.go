package sim_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// mirror follows a calendar by incremental listings in pages of three. Titles are by event.
type mirror struct {
	c      simtest.Client
	titles map[string]string
	// first begins a full listing, and more goes on from an answer; more returns "" at the end of the round.
	first string
	next  func(simtest.Answer) (more, cursor string)
	rows  string
	title string
	gone  func(row map[string]any) bool
	head  []string
}

// round takes one listing in, from the cursor on, and returns the next cursor.
func (m *mirror) round(t *testing.T, link string) string {
	t.Helper()
	for {
		a := m.c.Do("GET", link, nil, m.head...)
		if a.Status != 200 {
			t.Errorf("%s: %d %s", link, a.Status, a.Raw)
			return ""
		}
		for _, row := range a.Rows(m.rows) {
			id := fmt.Sprint(row["id"])
			if m.gone(row) {
				delete(m.titles, id)
				continue
			}
			m.titles[id] = fmt.Sprint(row[m.title])
		}
		more, cursor := m.next(a)
		if more == "" {
			return cursor
		}
		link = more
	}
}

func googleMirror(c simtest.Client) *mirror {
	const path = "/calendars/primary/events?maxResults=3"
	sync := ""
	return &mirror{
		c: c, titles: map[string]string{}, first: path, rows: "items", title: "summary",
		gone: func(row map[string]any) bool { return row["status"] == "cancelled" },
		next: func(a simtest.Answer) (string, string) {
			if page := a.Text("nextPageToken"); page != "" {
				return path + sync + "&pageToken=" + page, ""
			}
			sync = "&syncToken=" + a.Text("nextSyncToken")
			return "", path + sync
		},
	}
}

func microsoftMirror(c simtest.Client) *mirror {
	return &mirror{
		c: c, titles: map[string]string{}, rows: "value", title: "subject", head: []string{"Prefer", `IdType="ImmutableId", odata.maxpagesize=3`},
		first: "/me/calendarView/delta?startDateTime=2026-01-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z",
		gone:  func(row map[string]any) bool { return row["@removed"] != nil },
		next: func(a simtest.Answer) (string, string) {
			return a.Text("@odata.nextLink"), a.Text("@odata.deltaLink")
		},
	}
}

// TestMirrorsMissNothing has people change a calendar while a client lists it: once they rest, one more listing makes the mirror exact.
func TestMirrorsMissNothing(t *testing.T) {
	t.Parallel()
	s, g, m := start(t)
	for _, tc := range []struct {
		in     sim.In
		mirror *mirror
	}{
		{sim.In{Provider: sim.Google, Email: googleHost}, googleMirror(g)},
		{sim.In{Provider: sim.Microsoft, Email: microsoftHost}, microsoftMirror(m)},
	} {
		t.Run(string(tc.in.Provider), func(t *testing.T) {
			t.Parallel()
			var writers sync.WaitGroup
			for w := range 4 {
				writers.Go(func() { scribble(t, s, tc.in, w) })
			}
			rest := make(chan struct{})
			go func() { writers.Wait(); close(rest) }()
			cursor := tc.mirror.round(t, tc.mirror.first)
			for resting := false; !resting; {
				select {
				case <-rest:
					resting = true
				default:
				}
				cursor = tc.mirror.round(t, cursor)
			}
			standing, err := s.Standing(tc.in)
			if err != nil || len(standing) != len(tc.mirror.titles) || len(standing) == 0 {
				t.Fatalf("%d events stand, %d are mirrored, %v", len(standing), len(tc.mirror.titles), err)
			}
			for _, e := range standing {
				if tc.mirror.titles[e.ID] != e.Title {
					t.Errorf("%s is %q, mirrored as %q", e.ID, e.Title, tc.mirror.titles[e.ID])
				}
			}
		})
	}
}

// scribble makes, renames and deletes events of its own.
func scribble(t *testing.T, s *simtest.Sim, in sim.In, w int) {
	t.Helper()
	begin := time.Date(2026, 10, 1, 10, 0, 0, 0, time.UTC)
	for i := range 40 {
		e, err := s.CreateEvent(in, sim.Draft{Title: "new", Start: begin, End: begin.Add(time.Hour)})
		for n := range i % 4 {
			title := fmt.Sprint("title ", w, i, n)
			if err == nil {
				e, err = s.EditEvent(in, e.ID, sim.Edit{Title: &title})
			}
		}
		if err == nil && i%3 == 0 {
			err = s.DeleteEvent(in, e.ID, false)
		}
		if err != nil {
			t.Error(err)
			return
		}
	}
}
