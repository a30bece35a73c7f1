package microsoft

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/calweave/calweave/internal/sim/stage"
)

// mailbox is a person with an Exchange Online mailbox.
type mailbox struct {
	person    stage.Person
	oid       string
	tenant    string
	calendars []*calendar
	// events are by immutable id, deleted ones among them.
	events map[string]*event
	// ids leads from both ids of an event to the immutable one.
	ids map[string]string
	// transactions are by scope and transactionId.
	transactions map[string]transaction
	// copies are the immutable ids of invitations, by that of the organizer's event.
	copies map[string]string
}

// calendar is one calendar of a mailbox.
type calendar struct {
	id        string
	name      string
	role      stage.Role
	color     string
	isDefault bool
	changeKey string
	journal   stage.Journal
	// epoch rises when every delta token of the calendar is made invalid.
	epoch int
	// visible is the latest change when a listing of changes last began.
	visible int64
	// glance is the view that was asked for last, and left where the latest pages ended.
	glance atomic.Pointer[glance]
	left   atomic.Pointer[[]left]
}

// Seed adds a person, or further calendars to one who is there.
func (s *Server) Seed(p stage.Person) (stage.Person, error) {
	if !strings.Contains(p.Email, "@") {
		return stage.Person{}, fmt.Errorf("%w: a person needs an email address, not %q", stage.ErrInvalid, p.Email)
	}
	p.Provider = stage.Microsoft
	if p.Zone == "" {
		p.Zone = "UTC"
	}
	if _, err := s.world.Zones.Load(p.Zone); err != nil {
		return stage.Person{}, fmt.Errorf("%w: time zone %q: %w", stage.ErrInvalid, p.Zone, err)
	}
	wanted := p.Calendars
	p.Calendars = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.mailboxes[strings.ToLower(p.Email)]
	fresh := m == nil
	if fresh {
		m = newMailbox(p)
		if !slices.ContainsFunc(wanted, func(c stage.Calendar) bool { return c.Primary }) {
			wanted = slices.Insert(slices.Clone(wanted), 0, stage.Calendar{Primary: true})
		}
	}
	for _, c := range wanted {
		if err := s.addCalendar(m, c); err != nil {
			return stage.Person{}, err
		}
	}
	if fresh {
		s.mailboxes[strings.ToLower(p.Email)], s.mailboxes[m.oid] = m, m
		s.order = append(s.order, m)
	}
	s.world.Signal.Raise()
	return m.view(), nil
}

func newMailbox(p stage.Person) *mailbox {
	_, domain, _ := strings.Cut(strings.ToLower(p.Email), "@")
	return &mailbox{
		person: p, oid: derivedUUID("user " + strings.ToLower(p.Email)), tenant: tenantOf(domain),
		events: map[string]*event{}, ids: map[string]string{}, transactions: map[string]transaction{}, copies: map[string]string{},
	}
}

// derivedUUID is the same for the same name, so that people and tenants keep their ids.
func derivedUUID(name string) string {
	sum := sha256.Sum256([]byte(name))
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	s := hex.EncodeToString(sum[:16])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// addCalendar adds a calendar to the mailbox. s.mu is held.
func (s *Server) addCalendar(m *mailbox, c stage.Calendar) error {
	if c.Primary && c.Name == "" {
		c.Name = "Calendar"
	}
	if c.Role == "" {
		c.Role = stage.RoleOwner
	}
	if !slices.Contains([]stage.Role{stage.RoleOwner, stage.RoleWriter, stage.RoleReader}, c.Role) {
		return fmt.Errorf("%w: a calendar at Microsoft has no role %q", stage.ErrInvalid, c.Role)
	}
	if c.ID == "" {
		// A calendar's id is not immutable by name, but never changes (https://learn.microsoft.com/graph/outlook-immutable-id).
		c.ID = "AAMkAGViMDQ1" + plainID(s.world.IDs.Base64(29)) + "="
	}
	if c.Primary && len(m.calendars) > 0 || slices.ContainsFunc(m.calendars, func(o *calendar) bool { return o.id == c.ID }) {
		return fmt.Errorf("%w: the mailbox has the calendar %q already", stage.ErrInvalid, c.ID)
	}
	m.calendars = append(m.calendars, &calendar{
		id: c.ID, name: c.Name, role: c.Role, isDefault: c.Primary, changeKey: s.world.IDs.Base64(16),
	})
	return nil
}

// calendar finds a calendar by its id; "" is the default one.
func (m *mailbox) calendar(id string) *calendar {
	for _, c := range m.calendars {
		if c.id == id || (id == "" && c.isDefault) {
			return c
		}
	}
	return nil
}

// view is the mailbox in neutral words.
func (m *mailbox) view() stage.Person {
	p := m.person
	for _, c := range m.calendars {
		p.Calendars = append(p.Calendars, stage.Calendar{ID: c.id, Name: c.name, Zone: m.person.Zone, Primary: c.isDefault, Role: c.role})
	}
	return p
}

// find takes hold of an event by either of its ids. s.mu is held.
func (m *mailbox) find(id string) *event {
	if e := m.events[m.ids[id]]; e != nil && !e.deleted {
		return e
	}
	return m.occurrence(id)
}

// unknownID is the answer to an id that names nothing: what does not even look like one is malformed.
func unknownID(id string) error {
	if strings.HasPrefix(id, "AAMk") || strings.HasPrefix(id, "AAkA") {
		return itemNotFound()
	}
	return badRequest("ErrorInvalidIdMalformed", "Id is malformed.")
}
