package deltasync

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/internal/record"
)

func none(time.Duration) time.Duration { return 0 }

func rhythm() Rhythm { return NewRhythm(time.Minute, 15*time.Minute, 6*time.Hour, none) }

func TestIntervalFollowsWhatPollsFind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		last    time.Duration
		found   finding
		trusted bool
		want    time.Duration
	}{
		"the first":                                  {0, saysNothing, true, 15 * time.Minute},
		"the first without a channel":                {0, saysNothing, false, 15 * time.Minute},
		"nothing found, a channel that is trusted":   {15 * time.Minute, nothingNew, true, 30 * time.Minute},
		"nothing found again and again":              {5 * time.Hour, nothingNew, true, 6 * time.Hour},
		"nothing found, no channel":                  {15 * time.Minute, nothingNew, false, 15 * time.Minute},
		"nothing found any more, no channel":         {2 * time.Minute, nothingNew, false, 4 * time.Minute},
		"found what nobody pushed":                   {8 * time.Minute, unannounced, false, 4 * time.Minute},
		"found it although the channel was trusted":  {6 * time.Hour, unannounced, false, 7*time.Minute + 30*time.Second},
		"found it every minute":                      {time.Minute, unannounced, false, time.Minute},
		"the channel is not trusted any more":        {6 * time.Hour, saysNothing, false, 15 * time.Minute},
		"the bounds have changed since, upwards":     {time.Second, saysNothing, true, time.Minute},
		"the bounds have changed since, downwards":   {48 * time.Hour, saysNothing, true, 6 * time.Hour},
		"an interval that says nothing stays":        {40 * time.Minute, saysNothing, true, 40 * time.Minute},
		"what is found at the first poll counts too": {0, unannounced, false, 7*time.Minute + 30*time.Second},
	} {
		if got := rhythm().next(c.last, c.found, c.trusted); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestUsualIntervalIsKeptToWhateverTheBounds(t *testing.T) {
	t.Parallel()
	if r := NewRhythm(time.Minute, 10*time.Second, 6*time.Hour, none); r.next(0, unannounced, false) != 10*time.Second {
		t.Errorf("%+v", r)
	}
	if r := NewRhythm(time.Minute, 24*time.Hour, 6*time.Hour, none); r.next(0, nothingNew, true) != 24*time.Hour {
		t.Errorf("%+v", r)
	}
}

// Whatever happens to a calendar, its next poll is at least the least interval away and at most the longest, no further than the usual one while pushes
// are not to be relied on, and never far beyond the end of its channel.
func TestNextPollKeepsItsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rhythm()
		r.Jitter = func(d time.Duration) time.Duration {
			return time.Duration(rapid.Int64Range(0, int64(max(d, 1))-1).Draw(t, "jitter"))
		}
		now, h := began, record.Hearing{}
		for range rapid.IntRange(1, 40).Draw(t, "polls") {
			h.OpenUntil, h.MissedAt = time.Time{}, time.Time{}
			if rapid.Bool().Draw(t, "open") {
				h.OpenUntil = now.Add(time.Duration(rapid.Int64Range(1, int64(48*time.Hour)).Draw(t, "left")))
			}
			if rapid.Bool().Draw(t, "missing") {
				h.MissedAt = now
			}
			wait := r.wait(h, now)
			if wait < r.Least || wait > r.Most || !h.Trusted() && wait > r.Usual {
				t.Fatalf("polled after %s: %+v", wait, h)
			}
			if h.Open() && now.Add(wait).After(h.OpenUntil) && wait > r.Usual {
				t.Fatalf("polled %s after the channel's end", now.Add(wait).Sub(h.OpenUntil))
			}
			now = now.Add(wait)
			news := rapid.Bool().Draw(t, "news")
			next := r.Repoll(record.Heard{Hearing: h, News: news}, now)
			if at := next.At.Sub(now); news && (at < r.Least || at > r.Usual) || !news && !next.At.IsZero() {
				t.Fatalf("news: %v, polled again at %s", news, next.At)
			}
			h.Interval = next.Interval
		}
	})
}

// A channel that was silent and pushes again is trusted again.
func TestSilenceEndsWithTheNextPush(t *testing.T) {
	t.Parallel()
	h := record.Hearing{OpenUntil: began.Add(day), PushedAt: began.Add(-day), MissedAt: began}
	for _, c := range []struct {
		at   time.Duration
		want record.PushState
	}{{0, record.PushOpen}, {record.PushGrace - 1, record.PushOpen}, {record.PushGrace, record.PushSilent}} {
		if got := h.Push(record.Keeping{}, began.Add(c.at)); got != c.want {
			t.Errorf("%s after a change was missed it is %s, want %s", c.at, got, c.want)
		}
	}
	if h.Trusted() {
		t.Error("it is trusted although a change was missed")
	}
	h.PushedAt = began.Add(time.Second)
	if got := h.Push(record.Keeping{}, began.Add(day/2)); got != record.PushOpen || !h.Trusted() {
		t.Errorf("it is %s after a push", got)
	}
}

func TestPushOfJustBeforeTheLastListingCounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pushed time.Time
		want   bool
	}{
		"never":                            {time.Time{}, false},
		"long before the last listing":     {began.Add(-record.PushGrace - 1), false},
		"when that could not show it yet":  {began.Add(-record.PushGrace), true},
		"since the last listing has begun": {began.Add(time.Second), true},
	} {
		if h := (record.Hearing{PushedAt: c.pushed, ListedAt: began}); h.Announced() != c.want {
			t.Errorf("%s: %v", name, h.Announced())
		}
	}
}
