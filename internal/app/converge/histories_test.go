package converge_test

import (
	"flag"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/calweave/calweave/internal/app/converge"
	"github.com/calweave/calweave/internal/testkit"
)

var first = flag.Int("first", 0, "the seed of the first history")   //nolint:gochecknoglobals // a flag of the test
var count = flag.Int("count", 0, "how many histories; 0 is for CI") //nolint:gochecknoglobals // a flag of the test

// TestHistories plays histories that nobody has thought of, and wants the laws to hold after each.
func TestHistories(t *testing.T) {
	t.Parallel()
	n := 2000
	switch {
	case *count > 0:
		n = *count
	case testkit.UnderRace:
		n = 20
	case testing.Short():
		n = 100
	}
	m := newModel(t)
	var next, bad atomic.Int64
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				seed := *first + int(next.Add(1)) - 1
				if seed >= *first+n || bad.Load() >= 3 {
					return
				}
				s := converge.Draw(seed)
				if out := m.play(t, s); len(out.Violations) > 0 {
					bad.Add(1)
					s = converge.Smaller(s, 120, func(less converge.Script) bool { return len(m.play(t, less).Violations) > 0 })
					t.Errorf("seed %d: %s\n%s", seed, s, m.play(t, s))
				}
			}
		})
	}
	wg.Wait()
}
