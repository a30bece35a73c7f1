package api_test

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/api/gen"
)

// page reads one page of the feed.
func (b *bench) page(after string, limit int) gen.MessagePage {
	b.Helper()
	target := "/v1/messages?limit=" + strconv.Itoa(limit)
	if after != "" {
		target += "&after=" + after
	}
	var page gen.MessagePage
	b.call("GET", target, nil).into(b.T, 200, &page)
	return page
}

// follow reads the feed from a cursor to its end.
func (b *bench) follow(after string, limit int) (ids []cal.MessageID, cursor string) {
	b.Helper()
	for {
		page := b.page(after, limit)
		if len(page.Messages) > limit {
			b.Fatalf("%d messages, want %d at the most", len(page.Messages), limit)
		}
		for _, m := range page.Messages {
			ids = append(ids, m.ID)
		}
		if len(page.Messages) == 0 {
			if page.NextCursor != after && after != "" {
				b.Errorf("nothing is new, and %q leads on to %q", after, page.NextCursor)
			}
			return ids, page.NextCursor
		}
		after = page.NextCursor
	}
}

// Pages of any size show every message once and in the same order; the last cursor leads to what comes later.
func TestFeedPages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 7 {
		b.call("PUT", fmt.Sprintf("/v1/bookings/b%d", i), b.spec(1))
	}
	all, end := b.follow("", 200)
	if len(all) != 11 { // with those of the connections
		t.Errorf("%d messages", len(all))
	}
	for _, limit := range []int{1, 2, 3, 10} {
		if got, _ := b.follow("", limit); !slices.Equal(got, all) {
			t.Errorf("%d at a time: %v, want %v", limit, got, all)
		}
	}
	if got := b.page(end, 50); len(got.Messages) != 0 || got.NextCursor != end {
		t.Errorf("at the end: %+v", got)
	}
	b.call("PUT", "/v1/bookings/later", b.spec(1))
	if got := b.page(end, 50); len(got.Messages) != 1 || got.NextCursor == end || slices.Contains(all, got.Messages[0].ID) {
		t.Errorf("later: %+v", got)
	}
}

// A feed without messages has a cursor too.
func TestEmptyFeed(t *testing.T) {
	t.Parallel()
	r := newRooms(t)
	var page gen.MessagePage
	r.as("GET", "/v1/messages", nil).into(t, 200, &page)
	if page.Messages == nil || len(page.Messages) > 0 || page.NextCursor == "" {
		t.Errorf("%+v", page)
	}
	r.as("GET", "/v1/messages?after="+page.NextCursor, nil).into(t, 200, &page)
}

// Whoever follows the feed while transactions run side by side sees every message once, in the order in which it is read ever after.
func TestFeedFollowsWriters(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *bench{"sqlite": newBench, "postgres": newPostgresBench} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			const writers, each = 4, 15
			seen, cursor := b.follow("", 200)
			before := len(seen)
			var writing sync.WaitGroup
			for w := range writers {
				writing.Go(func() {
					for i := range each {
						if a := b.call("PUT", fmt.Sprintf("/v1/bookings/w%d-%d", w, i), b.spec(1)); a.status != 202 {
							t.Errorf("%d %s", a.status, a.body)
						}
					}
				})
			}
			written := make(chan struct{})
			go func() { writing.Wait(); close(written) }()
			over := false
			for !over {
				select {
				case <-written:
					over = true // and once more, to the end
				default:
				}
				var more []cal.MessageID
				more, cursor = b.follow(cursor, 3)
				seen = append(seen, more...)
			}
			all, _ := b.follow("", 200)
			if !slices.Equal(seen, all) || len(all) != before+writers*each {
				t.Errorf("followed %d, there are %d, want %d", len(seen), len(all), before+writers*each)
			}
		})
	}
}
