package converge_test

import (
	"flag"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/app/converge"
	"github.com/calweave/calweave/internal/testkit"
)

// Flags of the tests: where seeds begin, how many histories there are (0 is for CI), and how long a soak takes.
var (
	first = flag.Int("first", 0, "the seed of the first history")
	count = flag.Int("count", 0, "how many histories are played; 0 is for CI")
	soak  = flag.Duration("for", 0, "how long TestSoak plays histories; 0 is not")
)

// TestHistories plays histories that nobody has thought of, and wants the laws to hold after each.
func TestHistories(t *testing.T) {
	t.Parallel()
	n := 2000 // each takes a tenth of a second of one core
	switch {
	case *count > 0:
		n = *count
	case testkit.UnderRace:
		n = 5
	case testing.Short():
		n = 30
	}
	histories(t, newModel(t), func(played int) bool { return played < n })
}

// TestHistoriesThatRecur plays histories with bookings that recur.
func TestHistoriesThatRecur(t *testing.T) {
	t.Parallel()
	n := 1000
	switch {
	case *count > 0:
		n = *count
	case testkit.UnderRace:
		n = 5
	case testing.Short():
		n = 15
	}
	m := newModel(t)
	m.recurs = true
	histories(t, m, func(played int) bool { return played < n })
}

// TestHistoriesOfSeries plays histories with bookings that stand as series, of which persons change single occurrences.
func TestHistoriesOfSeries(t *testing.T) {
	t.Parallel()
	n := 1000
	switch {
	case *count > 0:
		n = *count
	case testkit.UnderRace:
		n = 5
	case testing.Short():
		n = 15
	}
	m := newModel(t)
	m.recurs, m.series = true, true
	histories(t, m, func(played int) bool { return played < n })
}

// TestSoak plays histories for as long as it is told to.
func TestSoak(t *testing.T) {
	t.Parallel()
	if *soak == 0 {
		t.Skip("make soak FOR=10m plays histories for so long")
	}
	began := time.Now()
	played, violated := histories(t, newModel(t), func(int) bool { return time.Since(began) < *soak })
	t.Logf("%d histories, %d with violations, seeds from %d", played, violated, *first)
}

// histories plays the history of one seed after the other, as long as more says so.
func histories(t *testing.T, m *model, more func(played int) bool) (played, violated int64) {
	t.Helper()
	const workers, enough = 2, 3
	var next, bad atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for bad.Load() < enough {
				n := int(next.Add(1)) - 1
				if !more(n) {
					next.Add(-1)
					return
				}
				s := converge.Draw(*first + n)
				if out := m.play(t, s); len(out.Violations) > 0 {
					bad.Add(1)
					s = converge.Smaller(s, 120, func(less converge.Script) bool { return len(m.play(t, less).Violations) > 0 })
					t.Errorf("seed %d, as a line for TestHistoriesThatFailed: %s\n%s", *first+n, s, m.play(t, s))
				}
			}
		})
	}
	wg.Wait()
	return next.Load(), bad.Load()
}

// TestHistoriesThatFailed plays histories again that have failed once.
func TestHistoriesThatFailed(t *testing.T) {
	t.Parallel()
	m := newModel(t)
	for name, text := range map[string]string{
		"a person acts again after the core has accepted what was done before":                     "014c1fe7000af7010701050303593618000280d409bc01bf0595099508551ed9024c020103191508",
		"an event came and went after a listing was begun that was not answered":                   "020450200a68029c003a4e390802cd9705200085",
		"an event came and went after a listing was begun that was not answered, at Microsoft too": "e00301fd0012016c0a47720609ff67ac05bb000a",
	} {
		s, err := converge.Parse(text)
		must(t, err)
		if out := m.play(t, s); len(out.Violations) > 0 {
			t.Errorf("%s: %s", name, out)
		}
		if s.String() != text {
			t.Errorf("%s is written down as %s", text, s)
		}
	}
}
