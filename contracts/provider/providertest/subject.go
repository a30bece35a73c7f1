package providertest

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
)

// Subject is a driver under test: it makes an account with one empty calendar, and the provider around it. It is called once a case.
type Subject func(T) *Account

// Account is one account at the provider, as the driver and as everybody else sees it.
type Account struct {
	Driver   provider.Driver
	Client   provider.Client
	Calendar cal.RemoteCalendarID
	// Person is the account's owner at the provider's own surface.
	Person Person
	Wire   Wire
	// Pass moves the provider's clock.
	Pass func(time.Duration)
	// Mails is how many mails anybody was sent so far.
	Mails func() int
	// LoseCursors makes all cursors of the calendar invalid.
	LoseCursors func()
	// Secrets are what no text may hold.
	Secrets func() []string
}

// Guest is somebody who has an account at the provider, too.
const Guest = "guest@elsewhere.example"

// Person acts by hand, without the driver.
type Person interface {
	Create(Draft) cal.EventID
	Edit(id cal.EventID, e Edit)
	Delete(id cal.EventID)
	// Answer lets the Guest accept.
	Answer(id cal.EventID)
	// Standing is what the calendar shows.
	Standing() []Draft
}

// Draft is an event as a person makes and sees it.
type Draft struct {
	ID    cal.EventID
	Title string
	// Start and End are instants; Zone is an IANA name.
	Start, End time.Time
	Zone       string
	Guests     []string
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
	// Hold keeps the next request of a kind from being answered until it is released, or given up. Held waits for it to come.
	Hold(c Call) (release func())
	Held()
	// Requests is how many requests have been made so far.
	Requests() int
}
