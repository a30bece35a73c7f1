package intake

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/recur"
)

// BenchmarkHostileSeries checks, and works out, a series of which as much differs as may, after a rule that never ends.
func BenchmarkHostileSeries(b *testing.B) {
	var dates []string
	var all []cal.Override
	for day := range mostParts {
		at := time.Date(2036, 10, 16, 10, 0, 0, 0, time.UTC).AddDate(0, 0, day)
		if day%2 == 0 {
			dates = append(dates, at.Format("20060102T150405"))
			continue
		}
		all = append(all, cal.Override{OriginalStart: berlin(at.Format(cal.WallLayout)), Title: new(fmt.Sprint(day))})
	}
	booking := whole(lines("RRULE:FREQ=DAILY", "EXDATE;TZID=Europe/Berlin:"+strings.Join(dates, ",")), overrides(all...))
	b.ReportAllocs()
	for b.Loop() {
		spec, slot, err := check(booking)
		if err != nil {
			b.Fatalf("%+v", err)
		}
		parts, _, err := worked(spec, recur.Frame{Slot: slot})
		if err != nil || len(parts) != mostParts+1 {
			b.Fatalf("%d parts, %v", len(parts), err)
		}
	}
}
