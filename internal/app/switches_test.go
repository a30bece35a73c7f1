package app_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/testkit"
)

// combinations is how many sets of values are tried, each drawn with its own number as the seed.
const combinations = 50

// Whatever the real providers do where nobody knows: a booking's whole life ends the same for every value of every switch.
func TestEverySwitch(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, a := range sim.Alternatives() {
		for _, v := range a.Values {
			s, err := sim.DefaultSwitches().With(a.Switch, v)
			if err != nil {
				t.Fatal(err)
			}
			if s == sim.DefaultSwitches() {
				continue
			}
			if tried++; leftOut(tried) {
				continue
			}
			t.Run(fmt.Sprintf("%s=%v", a.Switch, v), func(t *testing.T) {
				t.Parallel()
				walk(t, s)
			})
		}
	}
	t.Logf("%d values", tried)
}

// The same for values that meet each other.
func TestSwitchesTogether(t *testing.T) {
	t.Parallel()
	for seed := range uint64(combinations) {
		if leftOut(int(seed)) {
			continue
		}
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			s := sim.DefaultSwitches()
			draw := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // the same values in every run
			for _, a := range sim.Alternatives() {
				var err error
				if s, err = s.With(a.Switch, a.Values[draw.IntN(len(a.Values))]); err != nil {
					t.Fatal(err)
				}
			}
			t.Logf("%+v", s)
			walk(t, s)
		})
	}
}

// leftOut thins the worlds out where each takes long: all of them run in the pass without the race detector.
func leftOut(n int) bool {
	switch {
	case testkit.UnderRace:
		return n != 1
	case testing.Short():
		return n%10 != 1
	default:
		return false
	}
}
