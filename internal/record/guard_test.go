package record_test

import (
	"testing"

	"github.com/calweave/calweave/internal/record"
)

// Counting no further than Enough says the same as counting all.
func TestGuardLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		limits    record.GuardLimits
		n, booked int
		beyond    bool
	}{
		{record.GuardLimits{Count: 5, Percent: 50}, 5, 10, false},
		{record.GuardLimits{Count: 5, Percent: 50}, 6, 1000, true},
		{record.GuardLimits{Count: 5, Percent: 50}, 5, 9, true},
		{record.GuardLimits{Count: 5, Percent: 100}, 5, 5, false},
		{record.GuardLimits{Count: 5, Percent: 100}, 5, 0, false}, // none of them is booked any more
		{record.GuardLimits{}, 2, 2, false},
		{record.GuardLimits{}, 3, 1000, true},
		{record.GuardLimits{Count: 9, Percent: 1}, 3, 300, false},
		{record.GuardLimits{Count: 9, Percent: 1}, 3, 299, true},
		{record.GuardLimits{Count: 9, Percent: 33}, 3, 9, true},
		{record.GuardLimits{Count: 9, Percent: 33}, 3, 10, false},
	} {
		if got := c.limits.Beyond(c.n, c.booked); got != c.beyond {
			t.Errorf("%+v: %d of %d is beyond: %t", c.limits, c.n, c.booked, got)
		}
		enough := c.limits.Enough(c.n)
		if got := c.limits.Beyond(c.n, min(c.booked, enough)); got != c.beyond {
			t.Errorf("%+v: %d of %d, of which %d are counted, is beyond: %t", c.limits, c.n, c.booked, enough, got)
		}
	}
}
