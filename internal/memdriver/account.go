package memdriver

import (
	"cmp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/clock"
)

// Account is one account with its calendars. It is safe for concurrent use, but for its fields: they are changed between calls, or by hooks.
type Account struct {
	Kind  Kind
	Hooks Hooks

	clock clock.Clock

	mu        sync.Mutex
	calendars []*Calendar
	mails     int
	// conferences are how many were made, and making are those under way.
	conferences int
	making      []func() (done bool)
}

// New makes an account with calendars that are empty.
func New(k Kind, c clock.Clock, calendars ...cal.Calendar) *Account {
	a := &Account{Kind: k, clock: c}
	for _, about := range calendars {
		a.calendars = append(a.calendars, &Calendar{account: a, about: about, entries: map[cal.EventID]*entry{}, holders: map[string]cal.EventID{}})
	}
	return a
}

// Calendar is the calendar of an id, or nil.
func (a *Account) Calendar(id cal.RemoteCalendarID) *Calendar {
	i := slices.IndexFunc(a.calendars, func(c *Calendar) bool { return c.about.ID == id })
	if i < 0 {
		return nil
	}
	return a.calendars[i]
}

// Mails is how many mails the provider has sent for writes so far.
func (a *Account) Mails() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.mails
}

// visible is the calendar of an id for a call that names no event. Hidden is what is said of one that is there and not shown.
func (a *Account) visible(op Op, id cal.RemoteCalendarID, hidden fault.Kind) (*Calendar, error) {
	c := a.Calendar(id)
	switch {
	case c == nil:
		return nil, refused(fault.NotFound, op, "no such calendar")
	case c.hidden:
		return nil, refused(hidden, op, "no such calendar")
	default:
		return c, nil
	}
}

// Calendar is one calendar of an account, as its owner sees it. The account's lock guards it.
type Calendar struct {
	account *Account
	about   cal.Calendar
	entries map[cal.EventID]*entry
	// holders are the events that were the first to carry a stamp.
	holders map[string]cal.EventID
	// log holds an entry once for each of its changes, of which only the last counts: entry.changed is how long the log was then.
	log []*entry
	// order are the ids in the order in which they came.
	order []cal.EventID
	// epoch is how often cursors were lost.
	epoch            int
	hidden, unlisted bool
}

// entry is an event as its calendar keeps it.
type entry struct {
	event   cal.Event
	changed int
	// from is when it can be read.
	from time.Time
	// extras are what no client writes.
	extras map[string]string
	// wish is the id under which a conference was asked for last, and made when it will be there.
	wish string
	made time.Time
}

// newID is the id of the next event.
func (c *Calendar) newID() cal.EventID {
	return cal.EventID("ev" + strconv.Itoa(len(c.order)+1))
}

// keep takes an entry in as it is now, as the newest change of the calendar.
func (c *Calendar) keep(e *entry) {
	if c.entries[e.event.ID] == nil {
		c.order = append(c.order, e.event.ID)
	}
	c.entries[e.event.ID] = e
	if e.event.Stamp != "" && c.entries[c.holders[e.event.Stamp]] == nil {
		c.holders[e.event.Stamp] = e.event.ID
	}
	c.log = append(c.log, e)
	e.changed = len(c.log)
}

// change keeps an entry under a new ETag. An occurrence that is changed follows its series no more.
func (c *Calendar) change(e *entry) {
	switch {
	case e.event.Series != "":
		e.event.Kind, e.event.Content.Recurrence = cal.KindException, nil
	case len(e.event.Content.Recurrence) > 0:
		e.event.Kind = cal.KindSeries
	default:
		e.event.Kind = cal.KindSingle
	}
	e.event.Recurrence = slices.Clone(e.event.Content.Recurrence)
	e.event.ETag = "m" + strconv.Itoa(len(c.log)+1)
	e.event.Updated = c.account.clock.Now().UTC()
	c.keep(e)
}

// shown is the entry of an id if clients are shown it.
func (c *Calendar) shown(op Op, id cal.EventID) (*entry, error) {
	e := c.lookup(id)
	switch k := c.account.Kind; {
	case e == nil:
		return nil, refused(fault.NotFound, op, "no such event")
	case c.hidden, e.event.Gone() && k.Forgets, !c.readable(e):
		return nil, refused(cmp.Or(k.Unseen, fault.NotFound), op, "no such event")
	default:
		return e, nil
	}
}

// readable reports whether an entry is not too new to be read.
func (c *Calendar) readable(e *entry) bool {
	return c.account.Kind.Lag == 0 || !e.from.After(c.account.clock.Now()) // whatever clocks are set to
}

// copyOf shares nothing with the event.
func copyOf(e cal.Event) cal.Event {
	e.Content.Attendees = slices.Clone(e.Content.Attendees)
	e.Content.Recurrence, e.Recurrence = slices.Clone(e.Content.Recurrence), slices.Clone(e.Recurrence)
	return e
}
