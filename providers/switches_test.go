package providers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/provider/providertest"
	"github.com/calweave/calweave/internal/drivertest"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/testkit"
)

// Whatever the real providers do where nobody knows, the drivers do what they have to.
func TestConformanceUnderEverySwitch(t *testing.T) {
	t.Parallel()
	for _, subject := range []drivertest.Provider{onGoogle(), onMicrosoft()} {
		tried := 0
		for _, a := range sim.Alternatives() {
			if group, _, of := strings.Cut(a.Switch, "."); of && group != string(subject.Name) {
				continue
			}
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
				under := subject
				under.Switches = func(to *sim.Switches) { *to = s }
				t.Run(fmt.Sprintf("%s/%s=%v", subject.Name, a.Switch, v), func(t *testing.T) {
					t.Parallel()
					providertest.Test(t, under.Account)
				})
			}
		}
		t.Logf("%s: %d values", subject.Name, tried)
	}
}

// leftOut thins the values out where each takes long: all of them run in the pass without the race detector.
func leftOut(n int) bool {
	switch {
	case testkit.UnderRace:
		return n%10 != 1
	case testing.Short():
		return n%5 != 1
	default:
		return false
	}
}
