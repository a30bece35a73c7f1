package providertest

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
)

// Subject is a driver under test: it makes an account with one empty calendar, and the provider around it. It is called once a case.
type Subject func(T) *Account

// Account is one account at the provider, as the driver and as everybody else sees it. What may be nil cannot be had of every provider: the cases that
// need it are skipped.
type Account struct {
	Driver   provider.Driver
	Client   provider.Client
	Calendar cal.RemoteCalendarID
	// Email names the account.
	Email string
	// Person is the account's owner at the provider's own surface.
	Person Person
	Wire   Wire
	// Now is the provider's time, and Pass moves it.
	Now  func() time.Time
	Pass func(time.Duration)
	// Mails is how many mails anybody was sent so far.
	Mails func() int
	// LoseCursors makes all cursors of the calendar invalid, and the pages of listings that are on their way.
	LoseCursors func()
	// Secrets are what no text may hold. They bite where the provider's refusals repeat them.
	Secrets func() []string

	// The following may be nil.

	// EmptyPages has every listing begin with a page that is empty and not the last.
	EmptyPages func()
	// Spoil makes what the provider says of an event unreadable: a field has another type.
	Spoil func(id cal.EventID)
	// Strange lets all answers bear fields, and values of enumerations, that nobody has heard of.
	Strange func()
	// Bar has the client's transport end the next request with an error before it is made, as budgets and breakers do.
	Bar func(error)
	// Decorate gives an event whatever the provider has that calweave does not write (reminders, colours, properties of other applications, a meeting
	// link), and returns what tells which of it was lost since.
	Decorate func(id cal.EventID) (lost func() []string)
	// NoConferences says that the provider refuses every conference that is asked for.
	NoConferences bool
	// Fill adds n events to the calendar, quickly.
	Fill func(n int)
	// KeepsZones says that an event shows the zone it was made in.
	KeepsZones bool
	// Zones are names that the provider has for zones beside those of IANA, each with IANA's.
	Zones map[string]string
	// Receive hands pushes to a receiver, whose answer has the status and the text, and returns the address that they come to. Settle waits until all
	// that is to be pushed so far was answered.
	Receive func(receiver func(provider.Push) (status int, text string)) (address string)
	Settle  func()
}

// Guest is somebody who has an account at the provider, too.
const Guest = "guest@elsewhere.example"

// Person acts by hand, without the driver.
type Person interface {
	Create(Draft) cal.EventID
	Edit(id cal.EventID, e Edit)
	Delete(id cal.EventID)
	// Occurrence is the id of an occurrence of a series, of which the first is 0.
	Occurrence(series cal.EventID, n int) cal.EventID
	// Answer lets the Guest accept.
	Answer(id cal.EventID)
	// Standing is what the calendar shows: single events, and series as one.
	Standing() []Draft
}

// Draft is an event as a person makes and sees it.
type Draft struct {
	ID    cal.EventID
	Title string
	// Start and End are instants; Zone is an IANA name. Those of an all-day event are midnights in UTC, of its first day and of the day after its last.
	Start, End time.Time
	Zone       string
	AllDay     bool
	// Days makes it a series of that many days in a row; 0 is a single event.
	Days   int
	Guests []string
}

// Edit is what a person changes; nil leaves a field as it is.
type Edit struct {
	Title *string
	Start *time.Time
	// Guests are those that come to the ones who are there.
	Guests []string
}

// Call is one kind of request that a driver makes.
type Call string

// The calls.
const (
	Listing  Call = "listing"
	Reading  Call = "reading"
	Creating Call = "creating"
	Updating Call = "updating"
	Deleting Call = "deleting"
	Browsing Call = "listing calendars"
	Finding  Call = "finding by key"
	Opening  Call = "opening a channel"
	Renewing Call = "renewing a channel"
	Closing  Call = "closing a channel"
)

// Harm is what becomes of a request.
type Harm string

// The harms.
const (
	// LostAnswer stores the change and ends the connection without an answer.
	LostAnswer Harm = "lost answer"
	// Unavailable answers 503.
	Unavailable Harm = "unavailable"
	// Throttled answers 429 with a Retry-After of 17 seconds.
	Throttled Harm = "throttled"
	// ThrottledUntil does so with the date of the 23rd second from now.
	ThrottledUntil Harm = "throttled until"
	// HTML answers with a page, as a front door would.
	HTML Harm = "HTML"
	// Truncated ends the answer in its middle.
	Truncated Harm = "truncated"
	// Refused answers 401.
	Refused Harm = "refused"
)

// Wire is the connection between the driver and the provider.
type Wire interface {
	// Harm does harm to one request of a kind, after skip others.
	Harm(c Call, h Harm, skip int)
	// Hold keeps the next request of a kind from being answered until it is released, or given up. Held waits for it to come, but not for good.
	Hold(c Call) (release func())
	Held()
	// Requests is how many requests have been made so far.
	Requests() int
}
