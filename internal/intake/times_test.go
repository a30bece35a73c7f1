package intake

import (
	"errors"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/testkit/timetable"
)

// TestTimeTable submits each row under both names of its zone: what means nothing is a problem of that field.
func TestTimeTable(t *testing.T) {
	t.Parallel()
	for _, c := range timetable.Cases(t) {
		for _, name := range c.Names() {
			start, end := c.Written(name)
			_, slot, err := check(good(func(b *cal.Booking) { b.Start, b.End = start, end }))
			if c.Refused == "" {
				if want := c.Slot(); err != nil || !slot.Start.Equal(want.Start) || !slot.End.Equal(want.End) {
					t.Errorf("%s in %q: %+v, %v", c.Name, name, slot, err)
				}
				continue
			}
			refusal, ok := errors.AsType[*record.RefusalError](err)
			if !ok || refusal.Reason != record.ReasonInvalid || !strings.HasPrefix(refusal.Problems[0].Pointer, "/start/") ||
				!strings.Contains(refusal.Problems[0].Detail, c.Refused) {
				t.Errorf("%s in %q: %v", c.Name, name, err)
			}
		}
	}
}
