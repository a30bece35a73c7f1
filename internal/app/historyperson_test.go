package app_test

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
)

// Listed implements converge.Persons. Microsoft lists the occurrences of series too, and Google those that differ.
func (s *historySite) Listed() []cal.Event {
	all, err := s.history.sim.Standing(s.in)
	s.history.must(err)
	listed := eventsOf(all)
	if s.in.Provider == sim.Microsoft {
		for _, e := range s.Standing() {
			if e.Series != "" {
				listed = append(listed, e)
			}
		}
	}
	return listed
}

// Standing implements converge.Persons.
func (s *historySite) Standing() []cal.Event {
	now := s.history.clock.Now()
	all, err := s.history.sim.Occurrences(s.in, now.AddDate(-1, 0, 0), now.AddDate(2, 0, 0))
	s.history.must(err)
	return eventsOf(all)
}

func eventsOf(all []sim.Event) (out []cal.Event) {
	for _, e := range all {
		out = append(out, cal.Event{
			ID: cal.EventID(e.ID), ETag: e.ETag, Series: cal.EventID(e.Series), OriginalStart: cal.Moment{Instant: e.OriginalStart}, Content: contentOf(e),
		})
	}
	return out
}

func contentOf(e sim.Event) cal.Content {
	c := cal.Content{
		Title: e.Title, Location: e.Location, Description: plain(e.Description),
		Slot: cal.Slot{Start: cal.Moment{Instant: e.Start.UTC(), Zone: e.Zone}, End: cal.Moment{Instant: e.End.UTC(), Zone: e.Zone}},
	}
	for _, a := range e.Attendees {
		c.Attendees = append(c.Attendees, cal.Attendee{Email: a.Email, Name: a.Name, Optional: a.Optional})
	}
	return c
}

// plain is the text of a description, of which Microsoft keeps a page.
func plain(s string) string {
	return strings.TrimSpace(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(s, "")))
}

// Edit implements converge.Persons.
func (s *historySite) Edit(id cal.EventID, change func(*cal.Content)) bool {
	e, err := s.history.sim.Event(s.in, string(id))
	if err != nil || e.Deleted {
		return false
	}
	was, now := contentOf(e), contentOf(e)
	change(&now)
	if len(now.Recurrence) > 0 {
		return s.cut(e, now.Recurrence[0])
	}
	var edit sim.Edit
	if now.Title != was.Title {
		edit.Title = &now.Title
	}
	if now.Location != was.Location {
		edit.Location = &now.Location
	}
	if !now.Slot.Equal(was.Slot) {
		edit.Start, edit.End = &now.Slot.Start.Instant, &now.Slot.End.Instant
	}
	if more := now.Attendees[len(was.Attendees):]; len(more) > 0 {
		all := slices.Clone(e.Attendees)
		for _, a := range more {
			all = append(all, stage.Attendee{Email: a.Email})
		}
		edit.Attendees = &all
	}
	_, err = s.history.sim.EditEvent(s.in, string(id), edit)
	return err == nil
}

// Unconfer implements converge.Persons. What the simulators show of their events says nothing of conferences, and nothing here wants any.
func (*historySite) Unconfer(cal.EventID) bool { return false }

// Copy implements converge.Persons. Here it is what follows in a series of Google's that becomes one of its own: the series ends there.
func (s *historySite) Copy(id cal.EventID, change func(*cal.Content)) cal.EventID {
	e, err := s.history.sim.Event(s.in, string(id))
	if err != nil || e.Deleted || s.in.Provider != sim.Google {
		return ""
	}
	c := contentOf(e)
	change(&c)
	rest, err := s.history.sim.SplitSeries(s.in, e.ID+"_"+c.Slot.Start.Instant.UTC().Format("20060102T150405Z"), sim.Edit{Title: &c.Title})
	if err != nil {
		return ""
	}
	return cal.EventID(rest.ID)
}

// cut ends a series where a rule does, and reports whether it ends there now.
func (s *historySite) cut(e sim.Event, rule string) bool {
	var days int
	if _, err := fmt.Sscanf(rule, "RRULE:FREQ=DAILY;COUNT=%d", &days); err != nil || s.in.Provider != sim.Google {
		return false
	}
	last := e.Start.AddDate(0, 0, days)
	if slices.ContainsFunc(e.Recurrence, func(line string) bool {
		return strings.Contains(line, "UNTIL="+last.Add(-time.Second).UTC().Format("20060102T150405Z"))
	}) {
		return true // it was split there
	}
	rest := s.Copy(cal.EventID(e.ID), func(c *cal.Content) { c.Slot.Start.Instant = last })
	return rest != "" && s.Delete(rest)
}

// Delete implements converge.Persons.
func (s *historySite) Delete(id cal.EventID) bool {
	return s.history.sim.DeleteEvent(s.in, string(id), false) == nil
}
