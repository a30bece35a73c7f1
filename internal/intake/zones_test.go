package intake

import (
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/zone"
)

// TestResolvedKeepsWhatIsWhose resolves a booking of which a person's change was accepted: what it says and what was submitted still differ in that alone.
func TestResolvedKeepsWhatIsWhose(t *testing.T) {
	t.Parallel()
	b := record.Booking{TZData: "2020a"}
	b.Spec = good(func(b *cal.Booking) {
		b.Title = "changed by a person"
		b.Start = cal.When{DateTime: "2027-01-15T10:00:00+02:00", TimeZone: "Europe/Berlin"}
		b.End = cal.When{DateTime: "2027-01-15T11:00:00+02:00", TimeZone: "Europe/Berlin"}
	})
	submitted := b.Spec
	submitted.Title = "as submitted"
	b.Submitted = &submitted
	b.Slot.Start.Instant, b.Slot.End.Instant = time.Date(2027, 1, 15, 8, 0, 0, 0, time.UTC), time.Date(2027, 1, 15, 9, 0, 0, 0, time.UTC)
	got, moves, err := resolved(zone.Tables{}, b)
	if err != nil || !moves || got.TZData != zone.Version() || !got.Slot.Start.Instant.Equal(time.Date(2027, 1, 15, 9, 0, 0, 0, time.UTC)) {
		t.Fatalf("%+v, %t, %v", got.Slot, moves, err)
	}
	if differ := contentOf(got.Spec).Differences(contentOf(*got.Submitted), cal.AllFields); differ != cal.Fields(cal.FieldTitle) || got.Submitted.Start != got.Spec.Start {
		t.Errorf("what is said and what was submitted differ in %v: %+v, %+v", differ.Names(), got.Spec.Start, got.Submitted.Start)
	}
	if submitted.Start.DateTime != "2027-01-15T10:00:00+02:00" {
		t.Error("the booking that was read was written to")
	}
}

// TestResolvedKeepsItsLength resolves a booking that begins in what has become a gap and ends right behind it.
func TestResolvedKeepsItsLength(t *testing.T) {
	t.Parallel()
	b := record.Booking{TZData: "2020a", Spec: good(func(b *cal.Booking) {
		b.Start = cal.When{DateTime: "2027-03-28T02:45:00", TimeZone: "Europe/Berlin"}
		b.End = cal.When{DateTime: "2027-03-28T03:15:00", TimeZone: "Europe/Berlin"}
	})}
	b.Slot.Start.Instant, b.Slot.End.Instant = time.Date(2027, 3, 28, 0, 45, 0, 0, time.UTC), time.Date(2027, 3, 28, 1, 15, 0, 0, time.UTC)
	got, _, err := resolved(zone.Tables{}, b)
	if length := got.Slot.End.Instant.Sub(got.Slot.Start.Instant); err != nil || length != 30*time.Minute {
		t.Errorf("%s to %s, %v", got.Slot.Start.Instant, got.Slot.End.Instant, err)
	}
}
