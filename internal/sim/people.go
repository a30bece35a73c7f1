package sim

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// people is what a provider does about its accounts.
type people interface {
	Seed(Person) (Person, error)
	People() []Person
}

// hand is what a person does in the provider's own calendar.
type hand interface {
	CreateEvent(email, calendar string, d Draft) (Event, error)
	EditEvent(email, calendar, id string, e Edit) (Event, error)
	DeleteEvent(email, calendar, id string, notify bool) error
	Respond(email, calendar, id, answer string) error
	Event(email, calendar, id string) (Event, error)
	Events(email, calendar string) ([]Event, error)
}

// agenda is what a person sees in the provider's own calendar.
type agenda interface {
	Occurrences(email, calendar string, from, until time.Time) ([]Event, error)
}

// grants is what a provider does about tokens.
type grants interface {
	IssueToken(email, client string, scopes ...string) (Token, error)
	RevokeGrants(email string) error
	ExpireAccess(email string) error
	Authorise(a Application) error
}

// feeds is what a provider does about cursors and channels.
type feeds interface {
	ExpireCursors(email, calendar string) error
	Channels(email string) ([]Channel, error)
	DropChannel(email, id string) error
}

// side is one provider.
type side struct {
	people
	hand
	agenda
	grants
	feeds
}

func (s *Sim) side(p Provider) (side, error) {
	switch p {
	case Google:
		return side{s.google, s.google, s.google, s.google, s.google}, nil
	case Microsoft:
		return side{s.microsoft, s.microsoft, s.microsoft, s.microsoft, s.microsoft}, nil
	default:
		return side{}, fmt.Errorf("%w: unknown provider %q", ErrInvalid, p)
	}
}

// In names one calendar of a person. An empty Calendar is the primary one.
type In struct {
	Provider Provider
	Email    string
	Calendar string
}

// Seed adds a person, or further calendars to one who is there, and returns the person with all calendars and their ids. A Google calendar
// with the id of one that is there is shared with its owner.
func (s *Sim) Seed(p Person) (Person, error) {
	at, err := s.side(p.Provider)
	if err == nil {
		err = s.checkPerson(p)
	}
	if err != nil {
		return Person{}, err
	}
	return at.Seed(p)
}

// checkPerson finds what is wrong with any of the calendars before the first is added, so that a refused person leaves nothing behind.
func (s *Sim) checkPerson(p Person) error {
	zones := []string{p.Zone}
	primaries := 0
	for _, c := range p.Calendars {
		zones = append(zones, c.Zone)
		if c.Primary {
			primaries++
		}
		known := slices.Contains([]Role{"", RoleOwner, RoleWriter, RoleReader}, c.Role) || (c.Role == RoleFreeBusyReader && p.Provider == Google)
		if !known {
			return &FieldError{Field: "role", What: fmt.Sprintf("a calendar at %s has no role %q", p.Provider, c.Role)}
		}
	}
	if primaries > 1 {
		return &FieldError{Field: "primary", What: fmt.Sprintf("%q cannot have %d primary calendars", p.Email, primaries)}
	}
	for _, zone := range zones {
		if zone == "" {
			continue
		}
		if _, err := s.world.Zones.Load(zone); err != nil {
			return &FieldError{Field: "zone", What: fmt.Sprintf("there is no time zone %q", zone)}
		}
	}
	return nil
}

// People are everyone at both providers, by provider and address.
func (s *Sim) People() []Person {
	all := append(s.google.People(), s.microsoft.People()...)
	slices.SortStableFunc(all, func(a, b Person) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Email, b.Email))
	})
	return all
}

// CreateEvent makes an event by hand.
func (s *Sim) CreateEvent(in In, d Draft) (Event, error) {
	at, err := s.side(in.Provider)
	if err != nil {
		return Event{}, err
	}
	return at.CreateEvent(in.Email, in.Calendar, d)
}

// EditEvent changes an event by hand.
func (s *Sim) EditEvent(in In, id string, e Edit) (Event, error) {
	at, err := s.side(in.Provider)
	if err != nil {
		return Event{}, err
	}
	return at.EditEvent(in.Email, in.Calendar, id, e)
}

// MoveEvent moves an event by hand to another start, at its length.
func (s *Sim) MoveEvent(in In, id string, start time.Time) (Event, error) {
	return s.EditEvent(in, id, Edit{Start: &start})
}

// SplitSeries changes an occurrence of a series in a Google calendar, and all that follow it, by hand; what returns is the series that they
// become.
func (s *Sim) SplitSeries(in In, occurrence string, e Edit) (Event, error) {
	if in.Provider != Google {
		return Event{}, fmt.Errorf("%w: only Google's calendar splits series", ErrInvalid)
	}
	return s.google.SplitSeries(in.Email, in.Calendar, occurrence, e)
}

// DeleteEvent deletes an event by hand. notify mails the guests; Microsoft mails them in any case.
func (s *Sim) DeleteEvent(in In, id string, notify bool) error {
	at, err := s.side(in.Provider)
	if err != nil {
		return err
	}
	return at.DeleteEvent(in.Email, in.Calendar, id, notify)
}

// Answer answers an invitation by hand, on the guest's own copy, in the provider's words: accepted, tentative (Google) or tentativelyAccepted
// (Microsoft), or declined.
func (s *Sim) Answer(in In, id, answer string) error {
	at, err := s.side(in.Provider)
	if err != nil {
		return err
	}
	return at.Respond(in.Email, in.Calendar, id, answer)
}

// Event is one event as it is, deleted or not.
func (s *Sim) Event(in In, id string) (Event, error) {
	at, err := s.side(in.Provider)
	if err != nil {
		return Event{}, err
	}
	return at.Event(in.Email, in.Calendar, id)
}

// Events are all that was ever in the calendar, deleted events among it, in the order of creation.
func (s *Sim) Events(in In) ([]Event, error) {
	at, err := s.side(in.Provider)
	if err != nil {
		return nil, err
	}
	return at.Events(in.Email, in.Calendar)
}

// Standing are the events of the calendar that are not deleted.
func (s *Sim) Standing(in In) ([]Event, error) {
	all, err := s.Events(in)
	return slices.DeleteFunc(all, func(e Event) bool { return e.Deleted }), err
}

// Occurrences are what the calendar shows between two instants, as a person sees it: single events, and of series the occurrences.
func (s *Sim) Occurrences(in In, from, until time.Time) ([]Event, error) {
	at, err := s.side(in.Provider)
	if err != nil {
		return nil, err
	}
	return at.Occurrences(in.Email, in.Calendar, from, until)
}
