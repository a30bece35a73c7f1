package google

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

// People are all accounts, in the order in which they were added.
func (s *Server) People() []stage.Person {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]stage.Person, 0, len(s.order))
	for _, a := range s.order {
		all = append(all, a.view())
	}
	return all
}

// hand finds a calendar for a person who acts by hand; "" is the primary one. s.mu is held.
func (s *Server) hand(email, id string) (*calendar, error) {
	a := s.accounts[strings.ToLower(email)]
	if a == nil {
		return nil, fmt.Errorf("%w: %q at Google", stage.ErrUnknownPerson, email)
	}
	if id == "" {
		id = "primary"
	}
	e := s.sees(a, id)
	if e == nil {
		return nil, fmt.Errorf("%w: %q of %q at Google", stage.ErrUnknownCalendar, id, email)
	}
	return e.calendar, nil
}

// CreateEvent makes an event as the person would in the web calendar.
func (s *Server) CreateEvent(email, calendar string, d stage.Draft) (stage.Event, error) {
	return s.byHand(email, calendar, d.Notify, func(w writing) (*event, error) {
		return s.insert(w, draftDocument(d, w.cal))
	})
}

// EditEvent changes an event as the person would.
func (s *Server) EditEvent(email, calendar, id string, e stage.Edit) (stage.Event, error) {
	return s.byHand(email, calendar, e.Notify, func(w writing) (*event, error) {
		old := w.cal.resolve(id)
		if old == nil || old.gone() {
			return nil, fmt.Errorf("%w: %q", stage.ErrUnknownEvent, id)
		}
		return s.patch(w, old, editDocument(e, draftDocument(e.Apply(old.view()), w.cal)))
	})
}

// DeleteEvent deletes an event as the person would. Guests are mailed if notify says so.
func (s *Server) DeleteEvent(email, calendar, id string, notify bool) error {
	_, err := s.byHand(email, calendar, notify, func(w writing) (*event, error) {
		old := w.cal.resolve(id)
		if old == nil || old.gone() {
			return nil, fmt.Errorf("%w: %q", stage.ErrUnknownEvent, id)
		}
		return old, s.remove(w, old)
	})
	return err
}

// Respond answers an invitation as the guest would, on the guest's own copy: accepted, tentative or declined. The organizer is mailed.
func (s *Server) Respond(email, calendar, id, how string) error {
	_, err := s.byHand(email, calendar, true, func(w writing) (*event, error) {
		old := w.cal.resolve(id)
		if old == nil || old.gone() {
			return nil, fmt.Errorf("%w: %q", stage.ErrUnknownEvent, id)
		}
		i := guestIndex(old.attendees, w.cal.id)
		if i < 0 || !slices.Contains([]string{"accepted", "tentative", "declined"}, how) {
			return nil, fmt.Errorf("%w: %q cannot be answered with %q", stage.ErrInvalid, id, how)
		}
		guests := slices.Clone(old.attendees)
		guests[i].ResponseStatus = how
		raw, err := json.Marshal(guests)
		if err != nil {
			return nil, err
		}
		return s.patch(w, old, map[string]json.RawMessage{"attendees": raw})
	})
	return err
}

func (s *Server) byHand(email, calendar string, notify bool, act func(writing) (*event, error)) (stage.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acting = true
	defer func() { s.acting = false }()
	cal, err := s.hand(email, calendar)
	if err != nil {
		return stage.Event{}, err
	}
	w := writing{cal: cal, by: email, notify: "none", options: writeOptions{conferences: true, attachments: true}}
	if notify {
		w.notify = "all"
	}
	e, err := act(w)
	if refusal, ok := errors.AsType[*apiError](err); ok {
		return stage.Event{}, fmt.Errorf("%w: %w", stage.ErrInvalid, refusal)
	}
	if err != nil {
		return stage.Event{}, err
	}
	return e.view(), nil
}

// Event returns one event as it is, deleted or not.
func (s *Server) Event(email, calendar, id string) (stage.Event, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	cal, err := s.hand(email, calendar)
	if err != nil {
		return stage.Event{}, err
	}
	e := cal.resolve(id)
	if e == nil {
		return stage.Event{}, fmt.Errorf("%w: %q", stage.ErrUnknownEvent, id)
	}
	return e.view(), nil
}

// Events returns everything that was ever in the calendar, deleted events among it, in the order of creation.
func (s *Server) Events(email, calendar string) ([]stage.Event, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	cal, err := s.hand(email, calendar)
	if err != nil {
		return nil, err
	}
	all := make([]stage.Event, 0, len(cal.events))
	for _, id := range cal.journal.From(0) {
		all = append(all, cal.events[id].view())
	}
	return all, nil
}

// Occurrences returns what the calendar shows between two instants, series by their occurrences, in the order of creation.
func (s *Server) Occurrences(email, calendar string, from, to time.Time) ([]stage.Event, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	cal, err := s.hand(email, calendar)
	if err != nil {
		return nil, err
	}
	all := []stage.Event{}
	for _, id := range cal.journal.From(0) {
		shown, _ := cal.singles(cal.events[id], from, to)
		for _, e := range shown {
			if e.within(cal, from, to) {
				all = append(all, e.view())
			}
		}
	}
	return all, nil
}

// view is the event in neutral words.
func (e *event) view() stage.Event {
	v := stage.Event{
		ID: e.id, Title: e.text("summary"), Description: e.text("description"), Location: e.text("location"),
		Start: e.start.at, End: e.end.at, Zone: e.start.zone, AllDay: e.start.allDay,
		ETag: e.etag, Deleted: e.gone(), Series: e.master, Recurrence: e.recurrence,
	}
	if e.master != "" {
		v.OriginalStart = e.original.at
	}
	for _, a := range e.attendees {
		v.Attendees = append(v.Attendees, stage.Attendee{Email: a.Email, Name: a.DisplayName, Optional: a.Optional, Response: a.ResponseStatus})
	}
	if !e.properties.empty() {
		v.Properties = map[string]string{}
		for scope, properties := range map[string]map[string]string{"private.": e.properties.Private, "shared.": e.properties.Shared} {
			for name, value := range properties {
				v.Properties[scope+name] = value
			}
		}
	}
	return v
}

// draftDocument is the draft as a client would write it.
func draftDocument(d stage.Draft, cal *calendar) map[string]json.RawMessage {
	if d.Zone == "" {
		d.Zone = cal.zone
	}
	guests := make([]attendee, 0, len(d.Attendees))
	for _, a := range d.Attendees {
		guests = append(guests, attendee{Email: a.Email, DisplayName: a.Name, Optional: a.Optional, ResponseStatus: a.Response})
	}
	doc := map[string]json.RawMessage{}
	for name, v := range map[string]any{
		"summary": d.Title, "description": d.Description, "location": d.Location, "attendees": guests,
		"start": draftMoment(d.Start, d), "end": draftMoment(d.End, d),
	} {
		raw, err := json.Marshal(v)
		if err != nil {
			raw = []byte("null") // unreachable but for a year beyond 9999, which is then missing
		}
		doc[name] = raw
	}
	if len(d.Recurrence) > 0 {
		if raw, err := json.Marshal(d.Recurrence); err == nil { // texts always marshal
			doc["recurrence"] = raw
		}
	}
	return doc
}

// draftMoment names all members of a moment, so that a patch can turn an all-day event into a timed one and back.
func draftMoment(t time.Time, d stage.Draft) map[string]any {
	if d.AllDay {
		return map[string]any{"date": t.Format(dateLayout), "dateTime": nil, "timeZone": nil}
	}
	return map[string]any{"date": nil, "dateTime": t.Format(time.RFC3339), "timeZone": d.Zone}
}

// editDocument keeps of the document what the edit changes.
func editDocument(e stage.Edit, doc map[string]json.RawMessage) map[string]json.RawMessage {
	times := e.Start != nil || e.End != nil || e.Zone != nil || e.AllDay != nil
	changed := map[string]bool{
		"summary": e.Title != nil, "description": e.Description != nil, "location": e.Location != nil,
		"attendees": e.Attendees != nil, "start": times, "end": times,
	}
	maps.DeleteFunc(doc, func(name string, _ json.RawMessage) bool { return !changed[name] })
	return doc
}

// ExpireCursors makes every sync token and page token of the calendar invalid.
func (s *Server) ExpireCursors(email, calendar string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	cal, err := s.hand(email, calendar)
	if err != nil {
		return err
	}
	cal.epoch++
	s.world.Signal.Raise()
	return nil
}

// Channels are the person's channels that are alive.
func (s *Server) Channels(email string) ([]stage.Channel, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.accounts[strings.ToLower(email)] == nil {
		return nil, fmt.Errorf("%w: %q at Google", stage.ErrUnknownPerson, email)
	}
	all := []stage.Channel{}
	for _, ch := range slices.SortedFunc(maps.Values(s.channels), func(a, b *channel) int { return a.place - b.place }) {
		if s.alive(ch) && strings.EqualFold(ch.account, email) {
			all = append(all, stage.Channel{
				ID: ch.id, Calendar: ch.calendar, Address: ch.address, Expires: ch.expires.UTC().Format(time.RFC3339Nano),
			})
		}
	}
	return all, nil
}

// DropChannel ends a channel without a word to anyone.
func (s *Server) DropChannel(email, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channels[id]
	if ch == nil || !s.alive(ch) || !strings.EqualFold(ch.account, email) {
		return fmt.Errorf("%w: %q of %q at Google", stage.ErrUnknownChannel, id, email)
	}
	ch.stop(s.world.Now())
	s.world.Signal.Raise()
	return nil
}
