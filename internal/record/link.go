package record

import (
	"strconv"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
)

// LinkState is where a link stands.
type LinkState string

// The states.
const (
	// LinkPending has something to write.
	LinkPending LinkState = "pending"
	// LinkSynced and LinkRemoved are in agreement: the event shows the booking, or is gone as wanted.
	LinkSynced  LinkState = "synced"
	LinkRemoved LinkState = "removed"
	// LinkDiverged shows a person's change that was reported and waits for the core's decision.
	LinkDiverged LinkState = "diverged"
	// LinkHeld waits for an operator.
	LinkHeld LinkState = "held"
	// LinkApproved was held and may be written once: an operator said so.
	LinkApproved LinkState = "approved"
	// LinkFailed was given up until it is replayed or a new version comes.
	LinkFailed LinkState = "failed"
)

// Link ties one part of a booking to its event in one calendar. It is the identity of that event for good: it outlives the event, a
// disconnect and a reconnect. Only the reconciler that holds its lease writes it; the intake, and for occurrences the run of their series, creates it and
// turns Target. That run may also have it read anew.
type Link struct {
	ID           cal.LinkID
	BookingID    cal.BookingID
	CalendarID   cal.CalendarID
	ConnectionID cal.ConnectionID
	Provider     cal.Provider
	// Part is empty, or names the occurrence that the link stands for (recur.Frame.PartOf).
	Part string
	// Occurrence is which occurrence of its booking, as that stands, the link is for; nil for the whole.
	Occurrence *cal.Occurrence
	// Target says whether the booking wants to stand in this calendar.
	Target        bool
	Authoritative bool
	// Generation counts the events that this link has had. It rises only when the current one is proven gone.
	Generation int
	// EventID is empty until the provider is known to hold the event.
	EventID cal.EventID
	ETag    string
	State   LinkState
	Reason  string
	// Base is what both sides last agreed on; nil before the first agreement.
	Base        *Base
	BaseVersion int64
	// InFlight are the writes since the last agreement, the oldest first. Any of them may have taken effect.
	InFlight []Write
	// Observed is what a person made of the event, reported and not yet decided.
	Observed *cal.Content
	// Conference is what has become of the conference that the booking wants, as the core was told; nil until its event was asked for one.
	Conference *Conference
	// MissedAt is since when the event is not found although nothing proves that it is gone; zero once it was seen again.
	MissedAt time.Time
	// Synced is the last version that the event showed, Failed the last one given up on.
	Synced, Failed int64
}

// About names the calendar of the link, and which occurrence of the booking it is.
func (l Link) About() message.Target {
	return message.Target{CalendarID: l.CalendarID, ConnectionID: l.ConnectionID, Provider: l.Provider, Occurrence: l.Occurrence}
}

// Undecided reports whether a person's change to the event awaits the core's decision.
func (l Link) Undecided() bool { return l.State == LinkDiverged || l.Observed != nil }

// Removed reports whether a person has deleted the event and the core has not decided about it.
func (l Link) Removed() bool { return l.State == LinkDiverged && l.Observed == nil }

// Agreed is what both sides last agreed on or, before the first agreement, what the oldest create has asked for.
func (l Link) Agreed() Base {
	if l.Base != nil {
		return *l.Base
	}
	for _, w := range l.InFlight {
		if w.Op == OpCreate {
			return Base{Sent: w.Content, Read: w.Content}
		}
	}
	return Base{}
}

// Theirs are the fields that a person has changed, that the core was told of and has not decided about.
func (l Link) Theirs() cal.Fields {
	if l.Observed == nil {
		return 0
	}
	return l.Observed.Differences(l.Agreed().Read, cal.AllFields)
}

// Settle makes what a person made of the event the agreement, since the core has decided about it: the next version is compared with that. What
// was sent of the other fields stays as it was, so that the provider's rewriting of a text is not taken for a change of the core's.
func (l *Link) Settle() { l.SettleFields(cal.AllFields) }

// SettleFields is Settle for some of what the person has changed. The rest stays to be decided about.
func (l *Link) SettleFields(fields cal.Fields) {
	if l.Observed == nil {
		return
	}
	before, theirs := l.Agreed(), l.Theirs()
	open := theirs &^ fields
	base := before
	base.Sent, base.Read = *l.Observed, *l.Observed
	if l.Base != nil || open != 0 {
		base.Sent = before.Sent.Overlay(*l.Observed, theirs&fields)
		base.Read = l.Observed.Overlay(before.Read, open)
	}
	if open == 0 {
		l.Observed = nil
	}
	base = base.After(before)
	l.Base = &base
}

// Base is an agreement. What was sent and what the provider made of it are kept apart, since providers rewrite text: the core has changed a
// field when it differs from Sent, somebody else has when it differs from Read.
type Base struct {
	Sent cal.Content `json:"sent"`
	Read cal.Content `json:"read"`
	// Responses are what the booking's guests have answered, by their address in lower case, as the core was told. Those who have not are left out.
	Responses map[string]cal.Response `json:"responses,omitempty"`
	// Series is the Shape of the series that the event was an occurrence of; empty for an event of its own.
	Series string `json:"series,omitempty"`
	// Beside is the Shape of the series that the event of an occurrence stood beside, which did not have that occurrence.
	Beside string `json:"beside,omitempty"`
	// Edition counts the writes of when a series takes place.
	Edition int `json:"edition,omitempty"`
	// Earlier is what a series has shown before, the newest first: an occurrence that a person changed then shows the rest of it still.
	Earlier []cal.Content `json:"earlier,omitempty"`
}

// Conference is how far a conference that a booking wants has come.
type Conference struct {
	cal.Conference
	// Since is when it was first seen to be in the making, and Looks how often it was still so since; zero for one that is not.
	Since time.Time `json:"since,omitzero"`
	Looks int       `json:"looks,omitempty"`
}

// mostEarlier bounds what is kept of what a series has shown.
const mostEarlier = 4

// After is the agreement that follows another one: that of a series remembers what was shown before.
func (b Base) After(was Base) Base {
	if len(was.Read.Recurrence) == 0 || b.Read.Differences(was.Read, cal.AllFields) == 0 {
		return b
	}
	b.Earlier = append([]cal.Content{was.Read}, was.Earlier...)
	b.Earlier = b.Earlier[:min(len(b.Earlier), mostEarlier)]
	return b
}

// Op is a kind of write to a provider.
type Op string

// The writes.
const (
	OpCreate Op = "create"
	OpUpdate Op = "update"
	OpDelete Op = "delete"
)

// Write is a call that may have taken effect: it is recorded before it is made.
type Write struct {
	Op      Op          `json:"op"`
	Version int64       `json:"version"`
	Content cal.Content `json:"content"`
	At      time.Time   `json:"at"`
}

// Pending reports whether a write of the kind is in flight, and since when the oldest is.
func (l Link) Pending(op Op) (since time.Time, ok bool) {
	for _, w := range l.InFlight {
		if w.Op == op {
			return w.At, true
		}
	}
	return time.Time{}, false
}

// Shape tells when the event's series takes place, as both sides last agreed, and how often calweave has written that. Where it changes, providers forget
// what was said of single occurrences. It is empty where nothing was agreed.
func (l Link) Shape() string {
	if l.Base == nil {
		return ""
	}
	return strconv.Itoa(l.Base.Edition) + ":" + l.Base.Read.Hash(cal.ShapeFields)
}

// Apart reports whether the link stands for an occurrence by an event of its own, since the series has it no more, or is about to.
func (l Link) Apart() bool {
	_, creating := l.Pending(OpCreate)
	return l.Part != "" && (creating || l.Base != nil && l.Base.Series == "")
}

// Key is the idempotency key of the link's current event.
func (l Link) Key(tenant cal.TenantID) cal.Key {
	return cal.NewKey(tenant, l.BookingID, l.CalendarID, l.Part, l.Generation)
}

// SentHash is the hash of a version that was sent once, or of what the provider made of it.
type SentHash struct {
	Version int64
	Hash    string
}

// Case is all that one reconciliation needs to know.
type Case struct {
	Link       Link
	Booking    Booking
	Calendar   Calendar
	Connection Connection
	// Sent are the hashes of every version sent in this generation.
	Sent []SentHash
	// Suspect says that the mirror shows another state than the link's: read before deciding.
	Suspect bool
	// Deletion is what an operator is to say or has said about the event's; empty when there is no question.
	Deletion DeletionVerdict
	// Series is the link of the series that the link stands for an occurrence of; nil for any other link.
	Series *Link
}
