package microsoft

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// seat is where an event stands in a series. The zero value is an event of its own, or a master.
type seat struct {
	// master is the master's immutable id, and masterRest its other one.
	master, masterRest string
	// day is the day that the rule has for the occurrence, wherever it was moved to, and original when it would have begun.
	day      time.Time
	original time.Time
	// own is what makes the occurrence an exception: all that was ever written to it alone. It is nil for an occurrence that follows its
	// master.
	own map[string]json.RawMessage
}

// siblings is what a master knows of its occurrences, by day. The maps are never changed.
type siblings struct {
	// exceptions are immutable ids.
	exceptions map[string]string
	cancelled  map[string]bool
}

const (
	singleInstance = "singleInstance"
	occurrenceType = "occurrence"
	exceptionType  = "exception"
	seriesMaster   = "seriesMaster"
)

// kind is the event's type (https://learn.microsoft.com/graph/api/resources/event#properties).
func (e *event) kind() string {
	switch {
	case e.rule != nil:
		return seriesMaster
	case e.master == "":
		return singleInstance
	case e.own == nil:
		return occurrenceType
	default:
		return exceptionType
	}
}

func dayKey(day time.Time) string { return day.Format(time.DateOnly) }

// occurrenceMark stands in an occurrence's id before its day.
const occurrenceMark = "FRAAgI"

var occurrenceID = regexp.MustCompile(`^(.+)` + occurrenceMark + `(\d{8})(=*)$`)

// occurrenceOf is the id of a master's occurrence. It is the same before and after the occurrence becomes an exception.
func occurrenceOf(master string, day time.Time) string {
	plain := strings.TrimRight(master, "=")
	return plain + occurrenceMark + day.Format("20060102") + master[len(plain):]
}

// occurrence finds an occurrence that follows its master, by either id. The master is to be alive and to have the day still. s.mu is held.
func (m *mailbox) occurrence(id string) *event {
	found := occurrenceID.FindStringSubmatch(id)
	if found == nil {
		return nil
	}
	master := m.events[m.ids[found[1]+found[3]]]
	day, err := time.Parse("20060102", found[2])
	if err != nil || master == nil || master.deleted || master.rule == nil || master.cancelled[dayKey(day)] || !master.rule.has(day) {
		return nil
	}
	return master.occurrence(day)
}

// occurrence is the master's content at the time of day that it has on the day: the time on the wall is kept across changes of the clocks.
func (e *event) occurrence(day time.Time) *event {
	o := *e
	o.rule, o.siblings, o.transaction = nil, siblings{}, ""
	zone := e.rule.zone
	begin, end := e.start.at.In(zone), e.end.at.In(zone)
	span := int(dayOf(end).Sub(dayOf(begin)).Hours() / 24)
	on := func(d, clock time.Time) time.Time {
		return time.Date(d.Year(), d.Month(), d.Day(), clock.Hour(), clock.Minute(), clock.Second(), clock.Nanosecond(), zone).UTC()
	}
	o.start.at, o.end.at = on(day, begin), on(day.AddDate(0, 0, span), end)
	o.seat = seat{master: e.immutableID, masterRest: e.restID, day: day, original: o.start.at}
	o.restID, o.immutableID = occurrenceOf(e.restID, day), occurrenceOf(e.immutableID, day)
	o.iCalUID = e.iCalUID[:uidDay] + fmt.Sprintf("%04X%02X%02X", day.Year(), int(day.Month()), day.Day()) + e.iCalUID[uidDay+8:]
	return &o
}

// uidDay is where an iCalUId holds the day of an occurrence
// (https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxocal/1d3aac05-a7b9-45cc-a213-47f0a0a2c5c1).
const uidDay = 32

// expand returns the occurrences and exceptions that lie in the window at least partly, by start. s.mu is held.
func (m *mailbox) expand(master *event, from, to time.Time) []*event {
	zone := master.rule.zone
	span := int(master.end.at.Sub(master.start.at).Hours()/24) + 2
	first, last := dayOf(from.In(zone)).AddDate(0, 0, -span), dayOf(to.In(zone)).AddDate(0, 0, 1)
	var all []*event
	for day := range master.rule.days(first, last) {
		key := dayKey(day)
		if master.cancelled[key] || master.exceptions[key] != "" {
			continue
		}
		if o := master.occurrence(day); during(o.start.at, o.end.at, from, to) {
			all = append(all, o)
		}
	}
	for _, id := range master.exceptions {
		if e := m.events[id]; during(e.start.at, e.end.at, from, to) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, byStart)
	return all
}

func byStart(a, b *event) int {
	if c := a.start.at.Compare(b.start.at); c != 0 {
		return c
	}
	return strings.Compare(a.immutableID, b.immutableID)
}

// exceptionsOf are the master's exceptions by day. s.mu is held.
func (m *mailbox) exceptionsOf(master *event) []*event {
	all := make([]*event, 0, len(master.exceptions))
	for _, id := range master.exceptions {
		all = append(all, m.events[id])
	}
	slices.SortFunc(all, func(a, b *event) int { return a.day.Compare(b.day) })
	return all
}

// oids are the days on which the series does not occur though its rule has them, in the form of cancelledOccurrences.
func (e *event) oids(immutable bool) []string {
	all := make([]string, 0, len(e.cancelled))
	for day := range e.cancelled {
		all = append(all, "OID."+e.id(immutable)+"."+day)
	}
	slices.Sort(all)
	return all
}
