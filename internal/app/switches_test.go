package app_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/testkit"
)

// Whatever the real providers do where nobody knows: a booking's whole life ends the same for every value of every switch, and wherever two of them meet.
func TestEverySwitch(t *testing.T) {
	t.Parallel()
	for i, s := range pairwise(t, sim.Alternatives()) {
		if leftOut(i) {
			continue
		}
		t.Run(fmt.Sprintf("set=%d", i), func(t *testing.T) {
			t.Parallel()
			t.Logf("%+v", s)
			walk(t, s)
		})
	}
}

// pairwise is a small number of sets of switches. Each value of a switch meets each value of every other one in at least one of them: what goes wrong where
// switches meet takes two of them, hardly ever three.
func pairwise(tb testing.TB, all []sim.Alternative) []sim.Switches {
	tb.Helper()
	open := map[pair]bool{}
	for a := range all {
		for b := range a {
			for v := range all[a].Values {
				for u := range all[b].Values {
					open[pair{b, u, a, v}] = true
				}
			}
		}
	}
	draw := rand.New(rand.NewPCG(1, 0)) //nolint:gosec // the same sets in every run
	var out []sim.Switches
	for len(open) > 0 {
		chosen := map[int]int{}
		first := slices.MinFunc(slices.Collect(maps.Keys(open)), pair.compare)
		chosen[first.a], chosen[first.b] = first.u, first.v
		for _, a := range draw.Perm(len(all)) {
			if _, ok := chosen[a]; !ok {
				chosen[a] = best(all, chosen, a, open)
			}
		}
		s := sim.DefaultSwitches()
		for a, v := range chosen {
			var err error
			if s, err = s.With(all[a].Switch, all[a].Values[v]); err != nil {
				tb.Fatal(err)
			}
			for b, u := range chosen {
				delete(open, pair{b, u, a, v})
			}
		}
		out = append(out, s)
	}
	return out
}

// best is the value of a switch that meets the most others for the first time.
func best(all []sim.Alternative, chosen map[int]int, a int, open map[pair]bool) int {
	most, found := -1, 0
	for v := range all[a].Values {
		n := 0
		for b, u := range chosen {
			if open[pair{b, u, a, v}] || open[pair{a, v, b, u}] {
				n++
			}
		}
		if n > most {
			most, found = n, v
		}
	}
	return found
}

// pair is value u of switch a with value v of switch b, the later one.
type pair struct{ a, u, b, v int }

func (p pair) compare(o pair) int {
	return cmp.Or(cmp.Compare(p.a, o.a), cmp.Compare(p.u, o.u), cmp.Compare(p.b, o.b), cmp.Compare(p.v, o.v))
}

// TestPairsMeet holds the sets to what they are for.
func TestPairsMeet(t *testing.T) {
	t.Parallel()
	all := sim.Alternatives()
	sets := pairwise(t, all)
	type value struct {
		of int
		is any
	}
	in := map[value][]bool{}
	for a, one := range all {
		for _, v := range one.Values {
			for _, s := range sets {
				same, err := s.With(one.Switch, v)
				in[value{a, v}] = append(in[value{a, v}], err == nil && same == s)
			}
		}
	}
	for v, sets := range in {
		for u, others := range in {
			meet := v.of == u.of
			for i := range sets {
				meet = meet || sets[i] && others[i]
			}
			if !meet {
				t.Errorf("%s=%v never meets %s=%v", all[v.of].Switch, v.is, all[u.of].Switch, u.is)
			}
		}
	}
	t.Logf("%d values in %d sets", len(in), len(sets))
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
