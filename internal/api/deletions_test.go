package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// vanish lets the events of new bookings in a calendar vanish, n more than the guard lets through, and returns the hold. The bookings are named after
// why they are there.
func (b *bench) vanish(calendar cal.CalendarID, n int, why string) gen.Guard {
	b.Helper()
	for i := range n + 2 { // two are never held
		id := cal.BookingID(fmt.Sprint(why, "-", i))
		if a := b.call("PUT", "/v1/bookings/"+string(id), b.spec(1, with("targets", to(calendar)))); a.status != 202 {
			b.Fatalf("%d %s", a.status, a.body)
		}
		b.settleIn(id, calendar, func(d *record.Decision) {
			held := record.Decision{Link: d.Link, Outcome: record.Outcome{State: record.Held, HeldFor: record.HeldForGuard, Reason: "many"}}
			d.Removal = &record.Removal{Link: d.Link, Held: held}
			d.Link.State = record.LinkDiverged
			d.Reports = []record.Report{{Type: message.BookingRemoved, Version: 1, Revise: true, Diverged: true}}
		})
	}
	var page gen.GuardPage
	b.call("GET", "/v1/guards?calendar_id="+string(calendar), nil).into(b.T, 200, &page)
	if len(page.Guards) != 1 || page.Guards[0].Events != n {
		b.Fatalf("%s", mustJSON(b.T, page))
	}
	return page.Guards[0]
}

func TestGuards(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var none, page gen.GuardPage
	b.call("GET", "/v1/guards", nil).into(t, 200, &none)
	google, graph := b.vanish(b.google, 3, "google"), b.vanish(b.graph, 1, "graph")
	for _, query := range []string{"", "?state=open", "?limit=2"} {
		b.call("GET", "/v1/guards"+query, nil).into(t, 200, &page)
		if len(none.Guards) != 0 || len(page.Guards) != 2 || page.Guards[0] != google || page.Guards[1] != graph || page.NextCursor != nil {
			t.Errorf("%s: %s", query, mustJSON(t, page))
		}
	}
	var first, second gen.GuardPage
	b.call("GET", "/v1/guards?limit=1", nil).into(t, 200, &first)
	b.call("GET", "/v1/guards?limit=1&cursor="+*first.NextCursor, nil).into(t, 200, &second)
	if len(second.Guards) != 1 || second.Guards[0] != graph || second.NextCursor != nil {
		t.Errorf("second page: %s", mustJSON(t, second))
	}
	a := b.call("GET", "/v1/guards/"+google.ID, nil)
	var got gen.Guard
	a.into(t, 200, &got)
	if got != google || a.header.Get("ETag") != `"3"` || got.Direction != "inbound" || got.State != "open" || got.Provider != "google" || got.DecidedBy != nil {
		t.Errorf("%s, ETag %s", mustJSON(t, got), a.header.Get("ETag"))
	}
	seen := map[string]bool{}
	for query := "?limit=2"; query != ""; {
		var all gen.GuardedDeletionPage
		b.call("GET", "/v1/guards/"+google.ID+"/deletions"+query, nil).into(t, 200, &all)
		for _, d := range all.Deletions {
			seen[d.BookingID] = d.Verdict == "held"
		}
		query = ""
		if all.NextCursor != nil {
			query = "?limit=2&cursor=" + *all.NextCursor
		}
	}
	for i := 2; i < 5; i++ {
		if !seen[fmt.Sprint("google-", i)] {
			t.Errorf("the third deletion and those after it are held, and here are %v", seen)
		}
	}
	b.unchanging()
	if a := b.call("GET", "/v1/guards?state=shut", nil); a.status != 422 || !strings.Contains(string(a.body), "rejected") {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, path := range []string{"/v1/guards/grd_x", "/v1/guards/grd_x/deletions"} {
		if a := b.call("GET", path, nil); a.status != 404 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

// A decision is made once, by the key that made it, about what was seen.
func TestGuardsAreDecidedAbout(t *testing.T) {
	t.Parallel()
	for verb, state := range map[string]gen.GuardState{"approve": "approved", "reject": "rejected"} {
		b := newBench(t)
		g := b.vanish(b.google, 2, "gone")
		path := "/v1/guards/" + g.ID + "/" + verb
		const changed = "the hold has changed since revision 1: read it again, with its deletions, and decide anew"
		b.unchanged(func() {
			refused{"guard-changed", changed, nil}.want(t, "stale", b.call("POST", path, nil, header("If-Match", `"1"`)))
			if a := b.call("POST", path, nil, header("If-Match", "soon")); a.status != 422 {
				t.Errorf("%d %s", a.status, a.body)
			}
			if a := b.call("POST", "/v1/guards/grd_x/"+verb, nil); a.status != 404 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
		a := b.call("POST", path, nil, header("If-Match", `"2"`))
		var got gen.Guard
		a.into(t, 202, &got)
		if got.State != state || got.Events != 2 || got.DecidedBy == nil || !strings.HasPrefix(*got.DecidedBy, "key_") || a.header.Get("ETag") != `"3"` {
			t.Errorf("%s", mustJSON(t, got))
		}
		b.unchanging()
		for _, again := range []string{"approve", "reject"} {
			refused{"guard-decided", "the hold is not open any more: read it to see what became of it", nil}.want(t, again, b.call("POST", "/v1/guards/"+g.ID+"/"+again, nil))
		}
	}
}
