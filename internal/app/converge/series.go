package converge

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/recur"
)

// mostDays is how many occurrences a booking ever has in a history.
const mostDays = 4

func daily(days int) []string { return []string{fmt.Sprintf("RRULE:FREQ=DAILY;COUNT=%d", days)} }

// days are how many occurrences the rule of a booking names: the core's, or one that a person has ended.
func days(b cal.Booking) int {
	start := cal.Moment{Instant: onDay(b, 0), Zone: zone}
	series, err := recur.Parse(b.Recurrence, start)
	if err != nil {
		return 0
	}
	all, err := series.Places(start, mostDays)
	if err != nil {
		return 0
	}
	return len(all)
}

// originals are the original starts of a booking's occurrences as messages write them; that of a single booking is empty.
func originals(b cal.Booking) []string {
	if len(b.Recurrence) == 0 {
		return []string{""}
	}
	var out []string
	for day := range days(b) {
		out = append(out, original(b, day))
	}
	return out
}

// original is the start of one occurrence. No history lasts until the clocks change.
func original(b cal.Booking, day int) string { return onDay(b, day).Format(time.RFC3339) }

func onDay(b cal.Booking, day int) time.Time {
	at, err := time.Parse(time.RFC3339, instant(b.Start))
	if err != nil {
		return time.Time{}
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.Time{}
	}
	return at.In(loc).AddDate(0, 0, day)
}

// partsEver are the parts under which events of a booking may have been made.
func partsEver(b cal.Booking) []string {
	if len(b.Recurrence) == 0 {
		return []string{""}
	}
	out := []string{""} // that of a series
	for day := range mostDays {
		out = append(out, onDay(b, day).Format("20060102T150405"))
	}
	return out
}

// places are the links of a booking, one for each of its occurrences in each calendar. Those of a series that are as the series has them have none: what
// stands for them is made up of the series' own.
func (p *player) places(b record.Booking) []record.Link {
	if !b.Spec.IsSeries() {
		return b.Links
	}
	own := map[stand]record.Link{}
	for _, l := range b.Links {
		own[placeOf(b, l).stand] = l
	}
	var out []record.Link
	for _, series := range b.Links {
		if series.Part != "" {
			continue
		}
		for _, at := range originals(b.Spec) {
			l, ok := own[stand{series.CalendarID, at}]
			if !ok {
				l = series
				l.Occurrence = &cal.Occurrence{OriginalStart: cal.When{DateTime: at, TimeZone: zone}}
				l.EventID, l.Observed = p.occurrence(series, at), nil
				if l.State == record.LinkDiverged {
					l.State = record.LinkSynced // a person's change of the series is the series'
				}
			}
			out = append(out, l)
		}
	}
	return out
}

// occurrence is the id of the one of a series that begins then, if it stands.
func (p *player) occurrence(series record.Link, original string) cal.EventID {
	for _, s := range p.Sites {
		if s.Calendar != series.CalendarID {
			continue
		}
		for _, e := range s.Persons.Standing() {
			if e.Series == series.EventID && series.EventID != "" && e.OriginalStart.Instant.Equal(parsed(cal.When{DateTime: original, TimeZone: zone})) {
				return e.ID
			}
		}
	}
	return ""
}

// ends lets a person end a series earlier, and reports whether there was one; by odd numbers what follows goes on as a series of the person's. What was said of
// the occurrences may be lost with that, and those that the series has no more are deleted.
func (p *player) ends(s Step) bool {
	site := p.Sites[int(s.A)%len(p.Sites)]
	for _, b := range p.bookings() {
		for _, l := range b.Links {
			n := days(b.Spec)
			if !b.Spec.IsSeries() || l.Part != "" || l.CalendarID != site.Calendar || l.EventID == "" || !stays(b, l) || n < 2 {
				continue
			}
			left := 1 + int(s.B)%(n-1)
			if s.C&64 != 0 {
				p.splits(site, l.EventID, left, n-left)
			}
			if !site.Persons.Edit(l.EventID, func(c *cal.Content) { c.Recurrence = daily(left) }) {
				continue
			}
			p.note("person: ends %s at %s after %d days", b.ID, site.Provider, left)
			p.ended(b, l, left)
			return true
		}
	}
	return false
}

// ended notes what is owed of a series that a person has ended after so many days.
func (p *player) ended(b record.Booking, series record.Link, left int) {
	p.ledger.did(placeOf(b, series), "recurrence", strconv.Itoa(left))
	for day := range mostDays {
		at := place{b.ID, stand{series.CalendarID, original(b.Spec, day)}}
		p.ledger.forget(at)
		if day >= left {
			p.ledger.deleted[at] = true
		}
	}
}

// rest is a series that persons have made of what followed in one of calweave's.
type rest struct {
	made cal.Content
	days int
}

// splits makes a series of a person's of what follows in one of calweave's.
func (p *player) splits(site Site, id cal.EventID, after, days int) {
	p.unique++
	var one rest
	own := site.Persons.Copy(id, func(c *cal.Content) {
		c.Title, c.Recurrence = fmt.Sprintf("rest %d", p.unique), daily(days)
		c.Slot.Start.Instant, c.Slot.End.Instant = c.Slot.Start.Instant.AddDate(0, 0, after), c.Slot.End.Instant.AddDate(0, 0, after)
		one.made = *c
	})
	if own == "" {
		return
	}
	if p.rests[site.Calendar] == nil {
		p.rests[site.Calendar] = map[cal.EventID]rest{}
	}
	for _, e := range site.Persons.Standing() {
		if e.Series == own {
			one.days++
		}
	}
	p.rests[site.Calendar][own] = one
	p.note("person: makes %s at %s of what follows", own, site.Provider)
}

// checkRests wants what persons have split off series to stand as they have left it.
func (p *player) checkRests(s Site) {
	left, shown := maps.Clone(p.rests[s.Calendar]), map[cal.EventID]int{}
	for _, e := range s.Persons.Standing() {
		one, ok := left[e.Series]
		if !ok {
			continue
		}
		shown[e.Series]++
		if differs := e.Content.Differences(one.made, cal.AllFields&^cal.ShapeFields); differs != 0 {
			p.violate("%s: %v of %s, which is a person's, is %+v, and was made as %+v", s.Provider, differs.Names(), e.ID, e.Content, one.made)
		}
	}
	for _, e := range s.Persons.Listed() {
		if one, ok := left[e.ID]; ok && (!e.Content.Slot.Equal(one.made.Slot) || shown[e.ID] != one.days) {
			p.violate("%s: %s, which is a person's, takes place %d times, %+v, and was made as %+v", s.Provider, e.ID, shown[e.ID], e.Content.Slot, one)
		}
		delete(left, e.ID)
	}
	for id := range left {
		p.violate("%s: %s, which is a person's, does not stand", s.Provider, id)
	}
}

// decidesSeries lets the core decide about all series that persons have changed as a whole, and reports whether there were any.
func (p *player) decidesSeries() bool {
	found := false
	for _, b := range p.bookings() {
		for _, l := range b.Links {
			if !b.Spec.IsSeries() || l.Part != "" || !l.Undecided() || !stays(b, l) {
				continue
			}
			found = true
			decision := []message.Decision{message.DecisionAccepted, message.DecisionReverted}[p.unique%2]
			p.unique++
			_, err := p.App().Intake.Decide(p.Ctx, p.Tenant, intake.Verdict{ID: b.ID, Decision: decision, Calendar: l.CalendarID, Actor: "core"})
			p.note("core: %s what was done to %s in %s: %v", decision, b.ID, l.CalendarID, err)
			if _, refused := errors.AsType[*record.RefusalError](err); refused {
				_, err = p.App().Intake.Decide(p.Ctx, p.Tenant, intake.Verdict{ID: b.ID, Decision: message.DecisionReverted, Calendar: l.CalendarID, Actor: "core"})
				p.note("core: reverts it then: %v", err)
			}
			break
		}
	}
	return found
}

// checkSeriesLinks wants the links of series to have nothing left to do, and those of occurrences that a series has no more to be gone.
func (p *player) checkSeriesLinks(b record.Booking) {
	if !b.Spec.IsSeries() {
		return
	}
	all := originals(b.Spec)
	for _, l := range b.Links {
		if l.Part == "" {
			p.checkSeriesLink(b, l)
		} else if !slices.Contains(all, originalOf(l.Occurrence)) && l.State != record.LinkRemoved {
			p.violate("%s: %s is no occurrence any more, and its link is %s", b.ID, originalOf(l.Occurrence), l.State)
		}
	}
}

func (p *player) checkSeriesLink(b record.Booking, l record.Link) {
	switch {
	case !l.Target || b.Cancelled:
	case len(l.InFlight) > 0:
		p.violate("%s: %d writes of the series are in flight", b.ID, len(l.InFlight))
	case l.State != record.LinkSynced || l.Synced != b.Version:
		p.violate("%s: the series is %s at version %d, want %d: %s", b.ID, l.State, l.Synced, b.Version, l.Reason)
	}
}

// varySeries changes how a booking recurs: how often, or what one occurrence says.
func varySeries(b *cal.Booking, s Step) {
	all := originals(*b)
	of := cal.Override{OriginalStart: cal.When{DateTime: all[int(s.C/4)%len(all)], TimeZone: zone}}
	switch s.C % 4 {
	case 0:
		b.Recurrence = daily(1 + int(s.C/4)%mostDays)
		b.Overrides = slices.DeleteFunc(slices.Clone(b.Overrides), func(o cal.Override) bool { return !slices.Contains(originals(*b), o.OriginalStart.DateTime) })
		return
	case 1:
		of.Cancelled = true
	default:
		title := fmt.Sprintf("%.2s own v%d", b.Title, b.Version)
		of.Title = &title
	}
	b.Overrides = append(slices.DeleteFunc(slices.Clone(b.Overrides), func(o cal.Override) bool {
		return o.OriginalStart.DateTime == of.OriginalStart.DateTime
	}), of)
}

// overrideOf is what a booking says of one occurrence.
func overrideOf(b cal.Booking, original string) cal.Override {
	for _, o := range b.Overrides {
		if instant(o.OriginalStart) == instant(cal.When{DateTime: original, TimeZone: zone}) {
			return o
		}
	}
	return cal.Override{}
}

// stays reports whether a booking wants the event of a link to stand. An occurrence whose deletion was accepted is cancelled, and its link one that wants
// nothing.
func stays(b record.Booking, l record.Link) bool {
	return l.Target && !b.Cancelled && !overrideOf(b.Spec, originalOf(l.Occurrence)).Cancelled
}

// said are overrides in a few words.
func said(all []cal.Override) string {
	var out []string
	for _, o := range all {
		one := o.OriginalStart.DateTime
		if o.Cancelled {
			one += " cancelled"
		}
		if o.Title != nil {
			one += fmt.Sprintf(" %q", *o.Title)
		}
		out = append(out, one)
	}
	return strings.Join(out, ", ")
}

// wanted is what a booking wants of a link's event, without guests.
func wanted(b record.Booking, l record.Link) cal.Content {
	c := cal.Content{Title: b.Spec.Title, Description: b.Spec.Description, Location: b.Spec.Location, Slot: b.Slot}
	at := originalOf(l.Occurrence)
	if at == "" {
		return c
	}
	length := b.Slot.End.Instant.Sub(b.Slot.Start.Instant)
	o := overrideOf(b.Spec, at)
	begin := parsed(cal.When{DateTime: at, TimeZone: zone})
	if o.Start != nil {
		begin = parsed(*o.Start)
	}
	end := begin.Add(length)
	if o.End != nil {
		end = parsed(*o.End)
	}
	c.Slot.Start.Instant, c.Slot.End.Instant = begin, end
	if o.Title != nil {
		c.Title = *o.Title
	}
	if o.Location != nil {
		c.Location = *o.Location
	}
	return c
}

func parsed(w cal.When) time.Time {
	at, err := time.Parse(time.RFC3339, instant(w))
	if err != nil {
		return time.Time{}
	}
	return at
}

// repeats reports whether a booking repeats as the core has sent, or as a person has made it.
func (p *player) repeats(b record.Booking, sent cal.Booking) bool {
	return slices.Equal(b.Spec.Recurrence, sent.Recurrence) || p.ledger.wroteAnywhere(b.ID, "recurrence", strconv.Itoa(days(b.Spec)))
}

// checkSeries is checkSaid of a booking that recurs: what persons did may have become overrides, and nothing else.
func (p *player) checkSeries(b record.Booking, sent cal.Booking) {
	if b.Spec.Title != sent.Title || b.Spec.Location != sent.Location || instant(b.Spec.Start) != instant(sent.Start) || !p.repeats(b, sent) {
		p.violate("%s: %q in %q from %v by %v, and the core has sent %q in %q from %v by %v", b.ID, b.Spec.Title, b.Spec.Location, b.Spec.Start, b.Spec.Recurrence,
			sent.Title, sent.Location, sent.Start, sent.Recurrence)
	}
	want := map[stand]bool{}
	for _, at := range originals(b.Spec) {
		is, says := overrideOf(b.Spec, at), overrideOf(sent, at)
		p.checkOverride(b.ID, at, is, says)
		for _, t := range sent.Targets {
			if !is.Cancelled {
				want[stand{t.CalendarID, at}] = true
			}
		}
	}
	if len(b.Spec.Overrides) > len(originals(sent)) {
		p.violate("%s has more overrides than occurrences: %s", b.ID, said(b.Spec.Overrides))
	}
	p.checkStands(b, want)
}

// checkOverride wants each part of an override to be the core's, or some person's.
func (p *player) checkOverride(id cal.BookingID, at string, is, says cal.Override) {
	if is.Cancelled != says.Cancelled && (!is.Cancelled || !p.ledger.deletedAnywhere(id, at)) {
		p.violate("%s on %s: cancelled is %t, the core has sent %t, and no person has deleted it", id, at, is.Cancelled, says.Cancelled)
	}
	if is.Cancelled {
		return
	}
	value := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	start := func(w *cal.When) string {
		if w == nil {
			return ""
		}
		return instant(*w)
	}
	for field, two := range map[string][2]string{
		"title": {value(is.Title), value(says.Title)}, "location": {value(is.Location), value(says.Location)}, "slot": {start(is.Start), start(says.Start)},
	} {
		if two[0] != two[1] && !p.ledger.wroteAnywhere(id, field, two[0]) {
			p.violate("%s on %s: %s is %q, the core has sent %q, and no person has written it", id, at, field, two[0], two[1])
		}
	}
}
