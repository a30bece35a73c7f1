package converge

import (
	"context"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// World is what a history happens in: one calweave with two accounts connected, and a core that hears of everything.
type World interface {
	// About does not change during a history.
	About() About
	// App is the process that runs now.
	App() *app.App
	// Crash ends the process at the n-th statement from now on. With after set, that one still takes effect. 0 ends it not at all.
	Crash(n int, after bool)
	// Dead reports whether the process has ended; Restart starts another one.
	Dead() bool
	Restart() error
	// Told are all different messages that the core has been sent.
	Told() map[cal.MessageID]message.Type
}

// About says what a world is made of.
type About struct {
	Ctx    context.Context
	Clock  *clock.Manual
	Tenant cal.TenantID
	Sites  []Site
	// Poll is how often calendars are listed that nobody has said anything about, Lease how long a claim holds.
	Poll, Lease time.Duration
	// Confers says that bookings may want conferences: Persons then show what became of them.
	Confers bool
	// Recurs says that bookings may recur, Series that those that do stand as series and not as single events.
	Recurs, Series bool
	// SetsBack says that the clock may be set back.
	SetsBack bool
	// Flush empties what the fleet shares in Redis; nil where there is none.
	Flush func()
	// Again makes all work on links wanted once more.
	Again func() error
}

// Site is a connected account with the calendar that bookings stand in.
type Site struct {
	Provider   cal.Provider
	Connection cal.ConnectionID
	Calendar   cal.CalendarID
	// Quiet providers mail whom they are told to, others every guest.
	Quiet    bool
	Persons  Persons
	Provides Provides
}

// Persons act upon a calendar by hand.
type Persons interface {
	// Standing is what a person sees: of a series its occurrences. Listed is the same as a listing has it, with series as they are.
	Standing() []cal.Event
	Listed() []cal.Event
	Edit(id cal.EventID, change func(*cal.Content)) bool
	Delete(id cal.EventID) bool
	// Copy makes another event of what one carries, its stamp among it, and returns its id; empty if there is none.
	Copy(id cal.EventID, change func(*cal.Content)) cal.EventID
	// Unconfer takes away an event's conference, and reports whether it had one.
	Unconfer(id cal.EventID) bool
}

// Provides is a provider as its operators see it.
type Provides interface {
	// Strike decides what becomes of the next call; Heal forgets what has not struck.
	Strike(f Fault)
	Heal()
	LoseCursors()
	// Consent is what the owner's renewed consent comes to, for a connection that was closed at a moment.
	Consent(id cal.ConnectionID, closed time.Time) (record.Grant, error)
	// Push delivers what is to be pushed, so many times, or loses it with 0.
	Push(times int) error
	// Writes are all that were carried out so far.
	Writes() []Effect
}

// Fault is what becomes of a call.
type Fault struct {
	Kind FaultKind
	// Meanwhile is what happens while a call is frozen.
	Meanwhile func()
}

// FaultKind is a kind of fault.
type FaultKind int

// The faults.
const (
	// Away does nothing, Lost answers nothing, Limited asks for a wait.
	Away FaultKind = iota
	Lost
	Limited
	Conflicts
	Unauthorized
	Frozen
	Hidden
)

// Effect is a write that was carried out.
type Effect struct {
	Op    string
	Event cal.EventID
	// Stamp is the key that the event was made under.
	Stamp string
	// Mails are how many mails it sent.
	Mails int
	// Stale says that the event had changed since it was read, and was overwritten all the same.
	Stale bool
}
