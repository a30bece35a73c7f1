package microsoft

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

// People are all mailboxes, in the order in which they were added.
func (s *Server) People() []stage.Person {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]stage.Person, 0, len(s.order))
	for _, m := range s.order {
		all = append(all, m.view())
	}
	return all
}

// hand finds a calendar for a person who acts by hand; "" and "primary" are the default one. s.mu is held.
func (s *Server) hand(email, id string) (*mailbox, *calendar, error) {
	m := s.mailboxes[strings.ToLower(email)]
	if m == nil {
		return nil, nil, fmt.Errorf("%w: %q at Microsoft", stage.ErrUnknownPerson, email)
	}
	if id == "primary" {
		id = ""
	}
	cal := m.calendar(id)
	if cal == nil {
		return nil, nil, fmt.Errorf("%w: %q of %q at Microsoft", stage.ErrUnknownCalendar, id, email)
	}
	return m, cal, nil
}

// CreateEvent makes an event as the person would in Outlook.
func (s *Server) CreateEvent(email, in string, d stage.Draft) (stage.Event, error) {
	return s.byHand(email, in, func(m *mailbox, cal *calendar) (*event, error) {
		if d.Zone == "" {
			d.Zone = m.person.Zone
		}
		if err := checkAnswers(d); err != nil {
			return nil, err
		}
		doc, err := draftDocument(d)
		if err != nil {
			return nil, err
		}
		e, err := s.newEvent(m, cal, doc)
		if err != nil {
			return nil, err
		}
		return s.seedAnswers(m, e, d), nil
	})
}

// seedAnswers has the guests answer as the draft says: those with a mailbox here on their own copy, for the others the organizer's event is all
// that there is. s.mu is held.
func (s *Server) seedAnswers(m *mailbox, e *event, d stage.Draft) *event {
	for _, a := range d.Attendees {
		if a.Response == "" {
			continue
		}
		e = m.events[e.immutableID]
		if g := s.mailboxes[strings.ToLower(a.Email)]; g != nil && g != m && g.copyOf(e) != nil {
			s.respond(g, g.copyOf(e), a.Response, true, nil)
			continue
		}
		if i := guestIndex(e.attendees, a.Email); i >= 0 {
			next := *e
			next.attendees = slices.Clone(e.attendees)
			next.attendees[i].Status = response{Response: a.Response, Time: stamp(s.world.Now())}
			s.commit(m, m.calendar(e.calendar), e, &next)
		}
	}
	return m.events[e.immutableID]
}

// checkAnswers refuses answers that a guest at Microsoft cannot give.
func checkAnswers(d stage.Draft) error {
	for _, a := range d.Attendees {
		if !slices.Contains([]string{"", "accepted", "tentativelyAccepted", "declined"}, a.Response) {
			return fmt.Errorf("%w: a guest at Microsoft answers accepted, tentativelyAccepted or declined, not %q", stage.ErrInvalid, a.Response)
		}
	}
	return nil
}

// EditEvent changes an event as the person would.
func (s *Server) EditEvent(email, in, id string, e stage.Edit) (stage.Event, error) {
	return s.byHand(email, in, func(m *mailbox, cal *calendar) (*event, error) {
		old, err := m.held(cal, id)
		if err != nil {
			return nil, err
		}
		d := e.Apply(old.view())
		if d.Zone == "" {
			d.Zone = m.person.Zone
		}
		doc, err := draftDocument(d)
		if err != nil {
			return nil, err
		}
		return s.change(m, old, editDocument(e, doc))
	})
}

// DeleteEvent deletes an event as the person would. Its guests are mailed, whatever notify says.
func (s *Server) DeleteEvent(email, in, id string, _ bool) error {
	_, err := s.byHand(email, in, func(m *mailbox, cal *calendar) (*event, error) {
		old, err := m.held(cal, id)
		if err != nil {
			return nil, err
		}
		s.remove(m, old)
		return old, nil
	})
	return err
}

// held finds an event that stands in the calendar.
func (m *mailbox) held(cal *calendar, id string) (*event, error) {
	e := m.find(id)
	if e == nil || e.calendar != cal.id {
		return nil, fmt.Errorf("%w: %q", stage.ErrUnknownEvent, id)
	}
	return e, nil
}

func (s *Server) byHand(email, in string, act func(*mailbox, *calendar) (*event, error)) (stage.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acting = true
	defer func() { s.acting = false }()
	m, cal, err := s.hand(email, in)
	if err != nil {
		return stage.Event{}, err
	}
	e, err := act(m, cal)
	if refusal, ok := errors.AsType[*graphError](err); ok {
		return stage.Event{}, fmt.Errorf("%w: %w", stage.ErrInvalid, refusal)
	}
	if err != nil {
		return stage.Event{}, err
	}
	return e.view(), nil
}

// Event returns one event as it is, deleted or not, by either of its ids.
func (s *Server) Event(email, in, id string) (stage.Event, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, cal, err := s.hand(email, in)
	if err != nil {
		return stage.Event{}, err
	}
	e := m.events[m.ids[id]]
	if e == nil || e.calendar != cal.id {
		return stage.Event{}, fmt.Errorf("%w: %q", stage.ErrUnknownEvent, id)
	}
	return e.view(), nil
}

// Events returns everything that was ever in the calendar, deleted events among it, in the order of creation. Their ids are the immutable ones.
func (s *Server) Events(email, in string) ([]stage.Event, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, cal, err := s.hand(email, in)
	if err != nil {
		return nil, err
	}
	all := []stage.Event{}
	for _, id := range cal.journal.From(0) {
		if e := m.events[id]; e.calendar == cal.id && e.master == "" {
			all = append(all, e.view())
		}
	}
	return all, nil
}

// Occurrences returns what the calendar shows between two instants, series by their occurrences, by start.
func (s *Server) Occurrences(email, in string, from, to time.Time) ([]stage.Event, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, cal, err := s.hand(email, in)
	if err != nil {
		return nil, err
	}
	all := []stage.Event{}
	for _, e := range m.during(cal, from, to) {
		all = append(all, e.view())
	}
	return all, nil
}

// view is the event in neutral words.
func (e *event) view() stage.Event {
	v := stage.Event{
		ID: e.immutableID, Title: e.subject(), Description: e.body.text, Start: e.start.at, End: e.end.at,
		AllDay: e.allDay, TransactionID: e.transaction, ETag: e.etag(), Deleted: e.deleted, Properties: maps.Clone(map[string]string(e.properties)),
	}
	if !e.allDay {
		v.Zone = e.start.loc.String()
	}
	if len(e.locations) > 0 {
		v.Location = e.locations[0].name()
	}
	for _, a := range e.attendees {
		v.Attendees = append(v.Attendees, stage.Attendee{
			Email: a.EmailAddress.Address, Name: a.EmailAddress.Name, Optional: a.Type == "optional", Response: a.Status.Response,
		})
	}
	if e.master != "" {
		v.Series, v.OriginalStart = e.master, e.original
	}
	if raw := e.fields["recurrence"]; e.rule != nil {
		v.Recurrence = []string{string(raw)}
	}
	return v
}

// draftDocument is the draft as a client would write it.
func draftDocument(d stage.Draft) (map[string]json.RawMessage, error) {
	guests := make([]map[string]any, 0, len(d.Attendees))
	for _, a := range d.Attendees {
		kind := "required"
		if a.Optional {
			kind = "optional"
		}
		guests = append(guests, map[string]any{"type": kind, "emailAddress": emailAddress{Name: a.Name, Address: a.Email}})
	}
	at := func(t time.Time) wireWhen {
		if d.AllDay {
			return wireWhen{DateTime: t.Format(time.DateOnly) + "T00:00:00", TimeZone: d.Zone}
		}
		return wireWhen{DateTime: t.UTC().Format(time.RFC3339Nano), TimeZone: d.Zone} // an instant, for a local time may come twice
	}
	doc := map[string]json.RawMessage{}
	for name, v := range map[string]any{
		"subject": d.Title, "body": wireBody{ContentType: "text", Content: d.Description}, "location": map[string]string{"displayName": d.Location},
		"isAllDay": d.AllDay, "start": at(d.Start), "end": at(d.End), "attendees": guests,
	} {
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		doc[name] = raw
	}
	if len(d.Recurrence) > 0 {
		line := json.RawMessage(d.Recurrence[0])
		if len(d.Recurrence) > 1 || !json.Valid(line) {
			return nil, fmt.Errorf("%w: a recurrence at Microsoft is one line of JSON with its pattern and range", stage.ErrInvalid)
		}
		doc["recurrence"] = line
	}
	return doc, nil
}

// editDocument keeps of the document what the edit changes.
func editDocument(e stage.Edit, doc map[string]json.RawMessage) map[string]json.RawMessage {
	times := e.Start != nil || e.End != nil || e.Zone != nil || e.AllDay != nil
	changed := map[string]bool{
		"subject": e.Title != nil, "body": e.Description != nil, "location": e.Location != nil, "attendees": e.Attendees != nil,
		"isAllDay": e.AllDay != nil, "start": times, "end": times,
	}
	maps.DeleteFunc(doc, func(name string, _ json.RawMessage) bool { return !changed[name] })
	return doc
}

// ExpireCursors makes every delta token and page token of the calendar invalid.
func (s *Server) ExpireCursors(email, in string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, cal, err := s.hand(email, in)
	if err != nil {
		return err
	}
	cal.epoch++
	s.world.Signal.Raise()
	return nil
}

// Channels are the live subscriptions on the person's calendars.
func (s *Server) Channels(email string) ([]stage.Channel, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m := s.mailboxes[strings.ToLower(email)]
	if m == nil {
		return nil, fmt.Errorf("%w: %q at Microsoft", stage.ErrUnknownPerson, email)
	}
	all := []stage.Channel{}
	for _, sub := range s.onCalendar(m, "") {
		all = append(all, stage.Channel{
			ID: sub.id, Calendar: sub.calendar, Address: sub.NotificationURL, Lifecycle: sub.LifecycleNotificationURL,
			Expires: sub.expires.Format(time.RFC3339Nano),
		})
	}
	return all, nil
}

// DropChannel ends a subscription without a word to anyone, as Graph does at times.
func (s *Server) DropChannel(email, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := s.subscriptions[id]
	if sub == nil || !s.alive(sub) || !strings.EqualFold(sub.mailbox.person.Email, email) {
		return fmt.Errorf("%w: %q of %q at Microsoft", stage.ErrUnknownChannel, id, email)
	}
	s.drop(sub)
	return nil
}
