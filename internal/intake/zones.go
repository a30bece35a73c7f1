package intake

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/recur"
	"github.com/calweave/calweave/internal/zone"
)

// ZoneStore is what the resolver needs of the store. Each method that writes prolongs the lease by d, and fails once it is lost.
type ZoneStore interface {
	ResolvedElsewise(ctx context.Context, l record.Lease, tzdata string, after record.ZonePlace, limit int) (record.ResolvedElsewise, error)
	StampZones(ctx context.Context, l record.Lease, tzdata string, all []record.Booking, d time.Duration) (record.Lease, error)
	Resolve(ctx context.Context, l record.Lease, b record.Booking, was cal.Slot, d time.Duration) (record.Lease, error)
	Finish(ctx context.Context, l record.Lease, o record.Outcome, marks ...record.Mark) error
}

// Resolver resolves a tenant's bookings to come by the time-zone data in force, where another version has resolved them. A booking's truth is its wall
// time and its zone: when the rules of a zone change, it takes place at another instant.
type Resolver struct {
	Store ZoneStore
	// Zones returns the tables in force.
	Zones func() zone.Tables
	// Lease is how long a lease is prolonged by with each transaction.
	Lease time.Duration
}

const (
	// zonePage is how many bookings are read at once.
	zonePage = 64
	// zonePages is how many pages one claim does before it lets other work go first.
	zonePages = 32
)

// Work goes on with the lease's tenant. What it has done no longer counts as resolved elsewise, so that a run that dies is gone on with by the next
// one from wherever it was.
func (r *Resolver) Work(ctx context.Context, l record.Lease) error {
	zones, unread, place := r.Zones(), 0, record.ZonePlace{}
	for done := 0; done < zonePages; {
		page, err := r.Store.ResolvedElsewise(ctx, l, zones.Name(), place, zonePage)
		if err != nil {
			return err
		}
		unread += page.Unread
		prolonged, did, err := r.page(ctx, l, zones, page.Bookings, &unread)
		if err != nil {
			return err
		}
		l = prolonged
		if did {
			done++
		}
		if page.End {
			return r.end(ctx, l, unread)
		}
		place = page.Next
	}
	again := record.Served()
	again.Again = true
	return r.Store.Finish(ctx, l, again)
}

// end finishes. What could not be read waits for a person, once everything else is done.
func (r *Resolver) end(ctx context.Context, l record.Lease, unread int) error {
	if unread > 0 {
		return fault.Newf(fault.Invalid, "resolve zones", "%d bookings could not be resolved by the time-zone data in force: they stay as they were", unread)
	}
	return r.Store.Finish(ctx, l, record.Served())
}

// page resolves the bookings of a page and reports whether there was anything to do.
func (r *Resolver) page(ctx context.Context, l record.Lease, zones zone.Tables, all []record.Booking, unread *int) (record.Lease, bool, error) {
	var same []record.Booking
	did := false
	for _, b := range all {
		if !zones.Supersedes(b.TZData) {
			continue
		}
		next, moves, err := resolved(zones, b)
		switch {
		case err != nil:
			*unread++
			continue
		case !moves:
			same = append(same, b)
			continue
		}
		did = true
		if l, err = r.Store.Resolve(ctx, l, next, b.Slot, r.Lease); err != nil && !errors.Is(err, record.ErrStale) {
			return l, did, err // one that was revised meanwhile was resolved by whoever did
		}
	}
	if len(same) == 0 {
		return l, did, nil
	}
	l, err := r.Store.StampZones(ctx, l, zones.Name(), same, r.Lease)
	return l, true, err
}

// resolved is a booking as other tables have it, and whether it takes place at another time.
func resolved(zones zone.Tables, b record.Booking) (record.Booking, bool, error) {
	spec, slot, err := slotBy(zones, b.Spec, b.Slot)
	if err != nil {
		return b, false, err
	}
	series, err := seriesBy(zones, spec, slot, b.Series)
	if err != nil {
		return b, false, err
	}
	moves := series.Times != b.Series.Times || !slot.Start.Instant.Equal(b.Slot.Start.Instant) || !slot.End.Instant.Equal(b.Slot.End.Instant)
	if b.Submitted != nil {
		// What persons made of the booking is told by comparing the two, which has to come to the same.
		submitted := *b.Submitted
		if submitted, _, err = slotBy(zones, submitted, b.Slot); err == nil {
			b.Submitted = &submitted
		}
	}
	b.Spec, b.Slot, b.Series, b.TZData = spec, slot, series, zones.Name()
	return b, moves, nil
}

// overridesBy are overrides as other tables read them. An end that these cannot read stays as it is, and its booking as a whole cannot be resolved.
func overridesBy(zones zone.Tables, all []cal.Override) []cal.Override {
	out := slices.Clone(all)
	for i, o := range out {
		if again, _, err := zones.Again(o.OriginalStart); err == nil {
			out[i].OriginalStart = again
		}
		out[i].Start, out[i].End = againBy(zones, o.Start), againBy(zones, o.End)
	}
	return out
}

func againBy(zones zone.Tables, w *cal.When) *cal.When {
	if w == nil {
		return nil
	}
	again, _, err := zones.Again(*w)
	if err != nil {
		return w
	}
	return &again
}

// seriesBy works out by other tables what is known of a recurrence.
func seriesBy(zones zone.Tables, spec cal.Booking, slot cal.Slot, was record.Series) (record.Series, error) {
	_, series, err := worked(spec, recur.Frame{Slot: slot, Shift: was.Shift, Zones: zones})
	return series, err
}

// slotBy resolves the slot of what a booking says. A slot that would end before it begins, since a gap has come to lie in it, keeps its length.
func slotBy(zones zone.Tables, spec cal.Booking, was cal.Slot) (cal.Booking, cal.Slot, error) {
	start, from, err1 := zones.Again(spec.Start)
	end, until, err2 := zones.Again(spec.End)
	if err := errors.Join(err1, err2); err != nil {
		return spec, cal.Slot{}, err
	}
	if from.Date == "" && !until.Instant.After(from.Instant) {
		until.Instant = from.Instant.Add(was.End.Instant.Sub(was.Start.Instant))
	}
	spec.Start, spec.End, spec.Overrides = start, end, overridesBy(zones, spec.Overrides)
	return spec, cal.Slot{Start: from, End: until}, nil
}
