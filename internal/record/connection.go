package record

import (
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
)

// Connection is an account at a provider that a tenant has connected.
type Connection struct {
	ID       cal.ConnectionID
	Provider cal.Provider
	AppID    cal.AppID
	State    cal.ConnectionState
	// Account is the address of the account's primary calendar; empty until its calendars were listed.
	Account string
	// Mailbox is which one an app-only application acts for; empty where an owner has consented.
	Mailbox string
	Reason  string
	Lacks   Lacks
	// Backflow has a stance on every kind of change.
	Backflow cal.Backflow
	// Penalty is until when the provider has told us to stay away.
	Penalty time.Time
	// GrantVersion is the version of its grant, and AccessUntil when that version's access token ends, or zero once the provider has refused it. They
	// are read with a connection that is asked for by its id; elsewhere they are zero.
	GrantVersion int64
	AccessUntil  time.Time
	CreatedAt    time.Time
	// ClosedAt is when it was last disconnected; zero if it never was.
	ClosedAt time.Time
}

// Can reports whether the account's owner has allowed something.
func (c Connection) Can(a cal.Ability) bool { return !slices.Contains(c.Lacks.List(), a) }

// Follows reports whether a calendar of the connection is to be listed and watched.
func (c Connection) Follows(one Calendar) bool {
	return one.Level() != cal.SyncOff && !one.Vanished && c.Can(cal.ReadEvents)
}

// Lacks names abilities that were not granted, separated by blanks.
type Lacks string

// NewLacks puts abilities into the form in which they are kept.
func NewLacks(all []cal.Ability) Lacks {
	var out []string
	for _, a := range all {
		out = append(out, string(a))
	}
	return Lacks(strings.Join(out, " "))
}

// List returns the abilities.
func (l Lacks) List() []cal.Ability {
	var out []cal.Ability
	for name := range strings.FieldsSeq(string(l)) {
		out = append(out, cal.Ability(name))
	}
	return out
}

// Discovery is what a listing of an account's calendars said.
type Discovery struct {
	Connection cal.ConnectionID
	Calendars  []cal.Calendar
	Outcome    Outcome
	// Recheck is when to list again if a calendar is missing that was there before: it counts as vanished once two listings in a row lack it.
	Recheck time.Time
}

// Grant is what a connection may call its provider with.
type Grant struct {
	ConnectionID cal.ConnectionID
	// Version rises with every stored token.
	Version      int64
	AccessToken  string
	RefreshToken string
	Scopes       string
	// Lacks is what its owner has not allowed.
	Lacks Lacks
	// ExpiresAt is when the access token ends; zero when the provider has refused it.
	ExpiresAt time.Time
	// RefreshUntil is until when somebody else refreshes.
	RefreshUntil time.Time
	// ClosedAt is the connection's, as it was when its owner's answer came: a disconnection since then refuses the grant.
	ClosedAt time.Time
}

// Kept is a grant with what tells when to refresh it.
type Kept struct {
	Connection Connection
	Grant      Grant
	// StoredAt is when its tokens were stored, which is when the access token was issued, give or take a second.
	StoredAt time.Time
	// Used says that one of the account's calendars is followed, so that calls are made all the time.
	Used bool
}

// Closing is what ends a connection that was disconnected starts from.
type Closing struct {
	Connection Connection
	// Channels are those not closed yet, of all of its calendars.
	Channels []Channel
}

// Disconnection is what came of ending a connection at its provider.
type Disconnection struct {
	Revocation message.Revocation
	// ChannelsLeft is how many channels could not be ended.
	ChannelsLeft int
}

// Flow is one authorization request on its way.
type Flow struct {
	ID           string
	ConnectionID cal.ConnectionID
	Provider     cal.Provider
	AppID        cal.AppID
	// BrowserHash binds the flow to the browser that opened the connect page; empty until then.
	BrowserHash string
	Verifier    string
	State       string
	// ReturnURL is where the browser goes in the end; empty for a page of our own.
	ReturnURL string
	ExpiresAt time.Time
	UsedAt    time.Time
	// ClosedAt is the connection's.
	ClosedAt time.Time
}

// NewFlow is an authorization request about to begin.
type NewFlow struct {
	Provider cal.Provider
	AppID    cal.AppID
	// ConnectToken and State are found again by their hashes; the verifier (RFC 7636) and the state are kept sealed.
	ConnectToken, State, Verifier string
	// ReturnURL is where the browser goes in the end; empty for a page of our own.
	ReturnURL string
	ExpiresAt time.Time
	Actor     string
	// Again names a connection of the same provider to connect anew; empty for a new one.
	Again cal.ConnectionID
}

// Calendar is a calendar of a connection.
type Calendar struct {
	ID           cal.CalendarID
	ConnectionID cal.ConnectionID
	Provider     cal.Provider
	// ConnectionState is the state of the connection it belongs to.
	ConnectionState cal.ConnectionState
	Remote          cal.RemoteCalendarID
	Name            string
	Zone            string
	Primary         bool
	Writable        bool
	// Targeted says that a booking stands or stood in it, so that its changes matter.
	Targeted bool
	Sync     cal.SyncLevel
	// WritableTarget says that the tenant lets bookings name it.
	WritableTarget bool
	// Vanished says that the provider no longer lists it.
	Vanished bool
}

// Level is how much of the calendar is kept: what its tenant chose, and enough to hear about booked events.
func (c Calendar) Level() cal.SyncLevel {
	if c.Sync == cal.SyncOff && c.Targeted {
		return cal.SyncBusy
	}
	return c.Sync
}

// Target reports whether bookings may name the calendar.
func (c Calendar) Target() bool {
	return c.Writable && c.WritableTarget && !c.Vanished && !c.ConnectionState.Closed()
}

// ConnectionFilter chooses connections; a zero field chooses all.
type ConnectionFilter struct {
	Provider cal.Provider
	State    cal.ConnectionState
}

// CalendarChoice is what a tenant chooses for a calendar; nil leaves it as it is.
type CalendarChoice struct {
	Sync           *cal.SyncLevel
	WritableTarget *bool
	Actor          string
}

// ConnectionChoice is what a tenant chooses for a connection.
type ConnectionChoice struct {
	// Backflow leaves as it is what it says nothing of.
	Backflow cal.Backflow
	Actor    string
}

// CalendarFilter chooses calendars; a zero field chooses all.
type CalendarFilter struct {
	Connection cal.ConnectionID
	Provider   cal.Provider
	Writable   *bool
	// Level is how much of the calendar is kept.
	Level cal.SyncLevel
}
