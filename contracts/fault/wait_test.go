package fault_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/fault"
)

func TestParseRetryAfter(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	now := noon.Add(300 * time.Millisecond)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "-5": 0, "soon": 0, "NaN": 0, "-Inf": 0,
		"120": 2 * time.Minute, " 3 ": 3 * time.Second, "1.2": 2 * time.Second,
		"1e30": fault.LongestWait, "Inf": fault.LongestWait, "999999999999999999999": fault.LongestWait,
		noon.Add(-time.Hour).Format(http.TimeFormat):     0,
		noon.Add(time.Second).Format(http.TimeFormat):    time.Second, // 0.7 s, rounded up
		noon.Add(48 * time.Hour).Format(http.TimeFormat): fault.LongestWait,
	} {
		if got := fault.ParseRetryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}
