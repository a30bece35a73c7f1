package record

import (
	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
)

// Decision is what one reconciliation writes, in one transaction with its outcome.
type Decision struct {
	// Link is the link as it is from now on.
	Link Link
	// Event is the event as the provider showed it; nil when there is none. The mirror follows it.
	Event *cal.Event
	// Fresh says that Event was read in this run, so that it is newer than what the mirror shows.
	Fresh bool
	// Sent are hashes to remember: of what the provider made of what was sent.
	Sent []SentHash
	// Reports are the messages to send, in order.
	Reports []Report
	// Rulings are what policies have decided about what is reported, in order. They were made on the revision of their booking: another one by now
	// refuses the commit.
	Rulings []Ruling
	Notes   []Note
	Outcome Outcome
	// Removal says that the decision is to believe a deletion, and what to commit in its place; nil for any other.
	Removal *Removal
	// Leads says that the link is one of a series or of an occurrence of one, or that there are links of occurrences beside it.
	Leads bool
	// Exceptions are the occurrences of the link's series that the provider shows otherwise than the series has them; nil where nobody has looked.
	Exceptions []Exception
	// Looks says that the series of the link's occurrence has to be looked at.
	Looks bool
	// Over is the link whose deletion the guard need not know of any more, as it was before; nil for none.
	Over *Link
}

// Exception is an occurrence that its provider shows otherwise than its series.
type Exception struct {
	// Part names the occurrence, as that of a link does; empty for one at a place that the booking's series does not have.
	Part string
	// Place is its original start.
	Place cal.Moment
	ETag  string
	Gone  bool
}

// Report is a message in the making. Revision, sequence and identifiers are filled in where it is committed.
type Report struct {
	Type message.Type
	// Version is the version that the decision was about. A newer one may have been accepted since.
	Version int64
	// Revise says that the report is a change that the booking's revision has to rise for.
	Revise   bool
	Outcome  message.Outcome
	Fields   []string
	Event    *message.Event
	Diverged bool
	Reason   string
	// URL joins a conference.
	URL string
	// Attendee has answered, and Was is what they had answered before.
	Attendee cal.Attendee
	Was      cal.Response
}
