package api_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// letters gives up the links of so many bookings of one target, the first of them by quarantine, and returns the dead letters.
func (b *bench) letters(n int) []gen.DeadLetter {
	b.Helper()
	for i := range n {
		id := fmt.Sprintf("dead%d", i)
		if a := b.call("PUT", "/v1/bookings/"+id, b.spec(1, with("targets", to(b.google)))); a.status != 202 {
			b.Fatalf("%d %s", a.status, a.body)
		}
		for _, l := range b.linksOf(id) {
			b.giveUp(task.Ref{Tenant: b.tenant, Kind: task.LinkPush, Subject: l}, []string{"quarantined: 5 runs in a row ended without an outcome", "write: forbidden (403)"}[min(i, 1)])
		}
	}
	return b.listDead("")
}

func (b *bench) linksOf(booking string) []string {
	b.Helper()
	got, err := b.store.Booking(b.Context(), b.tenant, cal.BookingID(booking))
	b.ok(err)
	var out []string
	for _, l := range got.Links {
		out = append(out, string(l.ID))
	}
	return out
}

func (b *bench) giveUp(ref task.Ref, reason string) {
	b.Helper()
	l, ok, err := b.store.Claim(b.Context(), ref, time.Minute)
	b.ok(err)
	if !ok {
		b.Fatalf("%s cannot be claimed", ref)
	}
	b.ok(b.store.Finish(b.Context(), l, record.Outcome{State: record.Dead, Attempts: 3, Reason: reason}))
}

// listDead reads all pages of a list, two letters at a time.
func (b *bench) listDead(query string) []gen.DeadLetter {
	b.Helper()
	var all []gen.DeadLetter
	for cursor := ""; ; {
		var page gen.DeadLetterPage
		b.call("GET", "/v1/dead-letters?limit=2"+query+cursor, nil).into(b.T, 200, &page)
		all = append(all, page.DeadLetters...)
		if page.NextCursor == nil {
			return all
		}
		cursor = "&cursor=" + *page.NextCursor
	}
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if got := b.listDead(""); len(got) != 0 {
		t.Errorf("%s", mustJSON(t, got))
	}
	all := b.letters(5)
	if len(all) != 5 || !slices.IsSortedFunc(all, func(a, b gen.DeadLetter) int { return strings.Compare(a.Subject, b.Subject) }) {
		t.Fatalf("%s", mustJSON(t, all))
	}
	for query, want := range map[string]int{
		"&kind=link:push": 5, "&kind=delivery:send": 0, "&reason=FORBIDDEN": 4, "&reason=" + url.QueryEscape("403)"): 4,
		"&reason=quarantined&kind=link:push": 1, "&reason=" + url.QueryEscape("%"): 0,
	} {
		if got := b.listDead(query); len(got) != want {
			t.Errorf("%s: %d letters, want %d", query, len(got), want)
		}
	}
	var got gen.DeadLetter
	b.call("GET", "/v1/dead-letters/"+all[0].ID, nil).into(t, 200, &got)
	if string(mustJSON(t, got)) != string(mustJSON(t, all[0])) || *got.BookingID != "dead0" || *got.CalendarID != string(b.google) || !got.Quarantined ||
		got.Attempts != 3 || !got.DeadAt.Equal(b.clock.Now()) || !strings.Contains(got.OnReplay, "alone") {
		t.Errorf("%s", mustJSON(t, got))
	}
}

// A replay revives a dead letter, once; what is no dead letter is not there.
func TestDeadLetterIsReplayed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	letter := b.letters(1)[0]
	one := "/v1/dead-letters/" + letter.ID
	var got gen.DeadLetter
	b.call("POST", one+"/replay", nil).into(t, 202, &got)
	if string(mustJSON(t, got)) != string(mustJSON(t, letter)) {
		t.Errorf("%s", mustJSON(t, got))
	}
	w, err := b.store.Work(b.Context(), task.Ref{Tenant: b.tenant, Kind: task.LinkPush, Subject: letter.Subject})
	b.ok(err)
	if w.State != record.Ready || w.Attempts != 0 {
		t.Errorf("%+v", w)
	}
	b.unchanging()
	for _, id := range []string{
		letter.ID, "dead_", "dead_x", "lnk_1", letter.Subject, "dead_" + base64.RawURLEncoding.EncodeToString([]byte("link:push")),
		"dead_" + base64.RawURLEncoding.EncodeToString([]byte("link:push a\x00b")), "dead_" + base64.RawURLEncoding.EncodeToString([]byte(" ")),
	} {
		for _, try := range [][2]string{{"GET", ""}, {"POST", "/replay"}} {
			a := b.call(try[0], "/v1/dead-letters/"+id+try[1], nil)
			if a.status != 404 || !strings.Contains(string(a.body), "#not-found") {
				t.Errorf("%s %s: %d %s", try[0], id, a.status, a.body)
			}
		}
	}
}

// The document names every kind of work.
func TestDeadLettersAreOfAnyKind(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, kind := range task.Kinds() {
		if !gen.WorkKind(kind).Valid() {
			t.Errorf("%s is not in the document", kind)
		}
	}
	b.unchanging()
	if a := b.call("GET", "/v1/dead-letters?kind=link:paint", nil); a.status != 422 || !strings.Contains(string(a.body), "link:push") {
		t.Errorf("%d %s", a.status, a.body)
	}
}
