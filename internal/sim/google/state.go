package google

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

// account is a person with a Google account.
type account struct {
	person stage.Person
	// entries is the person's calendar list, and seen the order in which they changed.
	entries map[string]*listEntry
	seen    stage.Journal
	// listChannels and settingChannels watch the calendar list and the settings.
	listChannels, settingChannels []*channel
}

// listEntry is how one person sees one calendar.
type listEntry struct {
	calendar *calendar
	role     stage.Role
	primary  bool
	etag     string
	// hidden and deleted keep it out of the list, and out of sight; override is the person's own name for it.
	hidden, deleted, deselected bool
	override                    string
	// colorID, background and foreground are the person's own colours for it; empty ones are the usual.
	colorID, background, foreground string
}

// calendar is shared by everyone who sees it.
type calendar struct {
	id    string
	name  string
	zone  string
	loc   *time.Location
	owner string
	etag  string
	// description and location are empty unless a client wrote them.
	description, location string
	// gone says that the calendar was deleted.
	gone bool
	// rules say who has access, by their ids, and ruled in which order they changed.
	rules map[string]*accessRule
	ruled stage.Journal

	events map[string]*event
	// writes counts what was stored, and order is the listing that was asked for in an order last.
	writes  int64
	order   atomic.Pointer[order]
	journal stage.Journal
	// exceptions are the occurrences that somebody has touched, by series, and past what each series was.
	exceptions map[string][]string
	past       map[string][]state
	// epoch rises when every cursor of the calendar is made invalid.
	epoch int
	// stamp is the latest number that an ETag was made of.
	stamp   int64
	updated time.Time
	// channels are those that are alive or were when they were last looked at.
	channels []*channel
	// ruleChannels watch the access rules.
	ruleChannels []*channel
}

// Seed adds a person, or further calendars to one who is there. A calendar whose id another person has seeded is shared.
func (s *Server) Seed(p stage.Person) (stage.Person, error) {
	if !strings.Contains(p.Email, "@") {
		return stage.Person{}, fmt.Errorf("%w: a person needs an email address, not %q", stage.ErrInvalid, p.Email)
	}
	p.Provider = stage.Google
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(p.Email)
	if p.Zone == "" {
		p.Zone = "UTC"
	}
	wanted := p.Calendars
	p.Calendars = nil
	a := s.accounts[key]
	if a == nil {
		a = &account{person: p, entries: map[string]*listEntry{}}
		if !slices.ContainsFunc(wanted, func(c stage.Calendar) bool { return c.Primary }) {
			wanted = slices.Insert(slices.Clone(wanted), 0, stage.Calendar{Primary: true})
		}
	}
	for _, c := range wanted {
		if _, err := s.addCalendar(a, c); err != nil {
			return stage.Person{}, err
		}
	}
	if s.accounts[key] == nil {
		s.accounts[key] = a
		s.order = append(s.order, a)
	}
	s.world.Signal.Raise()
	return a.view(), nil
}

// addCalendar adds a calendar to the person's list. s.mu is held.
func (s *Server) addCalendar(a *account, c stage.Calendar) (*calendar, error) {
	if c.Primary {
		c.ID = a.person.Email
	}
	if c.ID == "" {
		c.ID = "c_" + s.world.IDs.Hex(32) + "@group.calendar.google.com"
	}
	if c.Role == "" {
		c.Role = stage.RoleOwner
	}
	if !slices.Contains([]stage.Role{stage.RoleOwner, stage.RoleWriter, stage.RoleReader, stage.RoleFreeBusyReader}, c.Role) {
		return nil, fmt.Errorf("%w: unknown role %q", stage.ErrInvalid, c.Role)
	}
	cal := s.calendars[c.ID]
	if cal == nil {
		var err error
		if cal, err = s.newCalendar(a.person, c); err != nil {
			return nil, err
		}
		s.calendars[c.ID] = cal
	}
	a.entries[cal.id] = &listEntry{calendar: cal, role: c.Role, primary: c.Primary, etag: quoted(s.world.Now().UnixMicro())}
	a.seen.Record(cal.id)
	s.allow(cal, accessRule{kind: "user", value: a.person.Email, role: c.Role})
	return cal, nil
}

func (s *Server) newCalendar(owner stage.Person, c stage.Calendar) (*calendar, error) {
	if c.Zone == "" {
		c.Zone = owner.Zone
	}
	loc, err := s.world.Zones.Load(c.Zone)
	if err != nil {
		return nil, fmt.Errorf("%w: time zone %q: %w", stage.ErrInvalid, c.Zone, err)
	}
	if c.Name == "" {
		c.Name = c.ID
	}
	now := s.world.Now()
	return &calendar{
		id: c.ID, name: c.Name, zone: c.Zone, loc: loc, owner: owner.Email,
		etag: quoted(now.UnixMicro()), updated: now, events: map[string]*event{},
		exceptions: map[string][]string{}, past: map[string][]state{}, rules: map[string]*accessRule{},
	}, nil
}

// view is the account in neutral words.
func (a *account) view() stage.Person {
	p := a.person
	for _, id := range a.seen.From(0) {
		e := a.entries[id]
		if e.calendar.gone {
			continue
		}
		p.Calendars = append(p.Calendars, stage.Calendar{ID: e.calendar.id, Name: e.calendar.name, Zone: e.calendar.zone, Primary: e.primary, Role: e.role})
	}
	return p
}

// entry finds a calendar as the account names it: by its id, or as "primary". s.mu is held.
func (a *account) entry(id string) *listEntry {
	if e := a.entries[id]; e != nil && !e.calendar.gone {
		return e
	}
	for _, e := range a.entries {
		if !e.calendar.gone && ((e.primary && id == "primary") || strings.EqualFold(e.calendar.id, id)) {
			return e
		}
	}
	return nil
}

// nextStamp returns a number that no other state of the calendar's events has, near the time in microseconds.
func (c *calendar) nextStamp(now time.Time) int64 {
	c.stamp = max(now.UnixMicro(), c.stamp+1)
	return c.stamp
}

// quoted is an ETag as Calendar makes them: twice the microseconds of the last change, in quotes.
func quoted(micros int64) string { return fmt.Sprintf(`"%d"`, 2*micros) }
