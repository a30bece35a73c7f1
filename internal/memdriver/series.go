package memdriver

import (
	"strconv"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// lookup is the entry of an id, or nil. An occurrence that follows its series is made up; it is kept once it is changed.
func (c *Calendar) lookup(id cal.EventID) *entry {
	if e := c.entries[id]; e != nil {
		return e
	}
	series, number, ok := strings.Cut(string(id), "_")
	n, err := strconv.Atoi(number)
	if !ok || err != nil {
		return nil
	}
	master := c.entries[cal.EventID(series)]
	if master == nil || n < 0 || n >= master.days {
		return nil
	}
	return occurrence(master, n)
}

func occurrenceID(series cal.EventID, n int) cal.EventID {
	return series + "_" + cal.EventID(strconv.Itoa(n))
}

// occurrence is one of a series, as the series has it.
func occurrence(master *entry, n int) *entry {
	e := copyOf(master.event)
	slot := cal.Slot{Start: onDay(e.Content.Slot.Start, n), End: onDay(e.Content.Slot.End, n)}
	e.ID, e.Series, e.Kind, e.Stamp = occurrenceID(e.ID, n), e.ID, cal.KindOccurrence, ""
	e.OriginalStart, e.Content.Slot = slot.Start, slot
	return &entry{event: e, from: master.from}
}

// onDay is the same wall time some days later.
func onDay(m cal.Moment, days int) cal.Moment {
	if m.Date != "" {
		if date, err := time.Parse(cal.DateLayout, m.Date); err == nil {
			m.Date = date.AddDate(0, 0, days).Format(cal.DateLayout)
		}
		return m
	}
	loc, err := time.LoadLocation(m.Zone)
	if err != nil {
		loc = time.UTC
	}
	m.Instant = m.Instant.In(loc).AddDate(0, 0, days).UTC()
	return m
}

// exceptions are the occurrences of a series that differ from it.
func (c *Calendar) exceptions(series *entry) []*entry {
	var all []*entry
	for n := range series.days {
		if e := c.entries[occurrenceID(series.event.ID, n)]; e != nil {
			all = append(all, e)
		}
	}
	return all
}
