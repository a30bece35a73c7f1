package memdriver

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/recur"
)

// How an occurrence's id ends.
const (
	stampLayout = "20060102T150405Z"
	dayLayout   = "20060102"
)

// keeper is a client that keeps series.
type keeper struct{ account *Account }

// ReadOccurrence implements provider.SeriesKeeper.
func (k keeper) ReadOccurrence(ctx context.Context, series provider.EventRef, original cal.Moment) (cal.Event, error) {
	return do(ctx, k.account, ReadOccurrence, func() (cal.Event, error) {
		k.account.mu.Lock()
		defer k.account.mu.Unlock()
		c, master, err := k.account.series(ReadOccurrence, series)
		if err != nil {
			return cal.Event{}, err
		}
		e := c.lookup(occurrenceID(master.event.ID, original))
		if e == nil || !c.has(master, original) {
			return cal.Event{}, refused(fault.NotFound, ReadOccurrence, "the series shows no occurrence there")
		}
		return c.occurrenceShown(e), nil
	})
}

// ListExceptions implements provider.SeriesKeeper.
func (k keeper) ListExceptions(ctx context.Context, series provider.EventRef) ([]cal.Event, error) {
	return do(ctx, k.account, ListExceptions, func() ([]cal.Event, error) {
		k.account.mu.Lock()
		defer k.account.mu.Unlock()
		c, master, err := k.account.series(ListExceptions, series)
		if err != nil {
			return nil, err
		}
		var all []cal.Event
		for _, e := range c.exceptions(master) {
			if c.has(master, e.event.OriginalStart) {
				all = append(all, c.occurrenceShown(e))
			}
		}
		slices.SortFunc(all, func(a, b cal.Event) int {
			return cmp.Or(strings.Compare(a.OriginalStart.Date, b.OriginalStart.Date), a.OriginalStart.Instant.Compare(b.OriginalStart.Instant))
		})
		return all, nil
	})
}

// series is a series that stands and its calendar.
func (a *Account) series(op Op, ref provider.EventRef) (*Calendar, *entry, error) {
	e, err := a.shown(op, ref)
	switch {
	case err != nil:
		return nil, nil, err
	case e.event.Gone():
		return nil, nil, refused(fault.Gone, op, "deleted")
	case e.event.Kind != cal.KindSeries:
		return nil, nil, refused(fault.NotFound, op, "it is no series")
	}
	return a.Calendar(ref.Calendar), e, nil
}

// occurrenceShown is what clients are shown of an occurrence. A provider that forgets knows of a deleted one that it is cancelled, and nothing else.
func (c *Calendar) occurrenceShown(e *entry) cal.Event {
	if e.event.Gone() && c.account.Kind.Forgets {
		return cal.Event{Status: cal.StatusCancelled, Kind: cal.KindException, Series: e.event.Series, OriginalStart: e.event.OriginalStart}
	}
	return copyOf(e.event)
}

// starts are the starts of a series within a window, or none when there are too many.
func starts(series *entry, within cal.Window) []time.Time {
	s, err := recur.Parse(series.event.Content.Recurrence, series.event.Content.Slot.Start)
	if err != nil {
		return nil
	}
	all, err := s.Starts(within, &recur.Budget{Steps: recur.MaxStarts * 10, Starts: recur.MaxStarts})
	if err != nil {
		return nil
	}
	return all
}

// has reports whether the series has an occurrence at the place.
func (*Calendar) has(series *entry, original cal.Moment) bool {
	from := at(original)
	return len(starts(series, cal.Window{From: from, Until: from.Add(time.Second)})) == 1
}

// lookup is the entry of an id, or nil. An occurrence that follows its series is made up; it is kept once it is changed.
func (c *Calendar) lookup(id cal.EventID) *entry {
	if e := c.entries[id]; e != nil {
		return e
	}
	i := strings.LastIndexByte(string(id), '_')
	if i < 0 {
		return nil
	}
	master := c.entries[id[:i]]
	if master == nil || master.event.Kind != cal.KindSeries {
		return nil
	}
	original := cal.Moment{Zone: master.event.Content.Slot.Start.Zone}
	layout := stampLayout
	if master.event.Content.Slot.AllDay() {
		layout = dayLayout
	}
	place, err := time.Parse(layout, string(id[i+1:]))
	if err != nil {
		return nil
	}
	if original.Instant = place; layout == dayLayout {
		original = cal.Moment{Date: place.Format(cal.DateLayout)}
	}
	if !c.has(master, original) {
		return nil
	}
	return occurrence(master, original)
}

func occurrenceID(series cal.EventID, original cal.Moment) cal.EventID {
	if original.Date != "" {
		return series + "_" + cal.EventID(strings.ReplaceAll(original.Date, "-", ""))
	}
	return series + "_" + cal.EventID(original.Instant.UTC().Format(stampLayout))
}

// occurrence is one of a series, as the series has it.
func occurrence(master *entry, original cal.Moment) *entry {
	e := copyOf(master.event)
	slot := e.Content.Slot
	e.ID, e.Series, e.Kind, e.Stamp = occurrenceID(e.ID, original), e.ID, cal.KindOccurrence, ""
	e.OriginalStart, e.Recurrence, e.Content.Recurrence = original, nil, nil
	e.Content.Slot = cal.Slot{Start: original, End: later(slot.End, at(original).Sub(at(slot.Start)))}
	return &entry{event: e, from: master.from}
}

// later is a moment by so much later; that of a day by whole days.
func later(m cal.Moment, by time.Duration) cal.Moment {
	if m.Date != "" {
		m.Date = at(m).Add(by).Format(cal.DateLayout)
		return m
	}
	m.Instant = m.Instant.Add(by)
	return m
}

// exceptions are the occurrences of a series that differ from it, or did.
func (c *Calendar) exceptions(series *entry) []*entry {
	var all []*entry
	for _, id := range c.order {
		if e := c.entries[id]; e != nil && e.event.Series == series.event.ID {
			all = append(all, e)
		}
	}
	return all
}

// resettle keeps the exceptions of a series in step with it once it takes place at other times. A provider that forgets makes the series anew: nothing
// of what was done to single occurrences is left. Otherwise what the series no longer has is cancelled.
func (c *Calendar) resettle(series *entry, before cal.Content) {
	now := series.event.Content
	if before.Differences(now, cal.Fields(cal.FieldSlot|cal.FieldRecurrence)) == 0 {
		return
	}
	for _, e := range c.exceptions(series) {
		switch {
		case c.account.Kind.Forgets:
			delete(c.entries, e.event.ID)
			c.order = slices.DeleteFunc(c.order, func(id cal.EventID) bool { return id == e.event.ID })
			e.changed = 0
		case !e.event.Gone() && !c.has(series, e.event.OriginalStart):
			e.event.Status = cal.StatusCancelled
			c.change(e)
		}
	}
}

// covers reports whether a series takes place within a window.
func covers(series *entry, w cal.Window) bool {
	slot := series.event.Content.Slot
	takes := at(slot.End).Sub(at(slot.Start))
	if w.From.IsZero() {
		w.From = at(slot.Start)
	}
	if w.Until.IsZero() {
		w.Until = w.From.AddDate(10, 0, 0)
	}
	s, err := recur.Parse(series.event.Content.Recurrence, slot.Start)
	if err != nil {
		return true
	}
	all, err := s.Starts(cal.Window{From: w.From.Add(-takes).Add(time.Second), Until: w.Until}, &recur.Budget{Steps: recur.MaxStarts * 10, Starts: recur.MaxStarts})
	return err != nil || len(all) > 0
}
