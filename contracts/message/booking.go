package message

import "github.com/calweave/calweave/contracts/cal"

// Booking is what every booking message says about its booking, at the time of the decision.
type Booking struct {
	BookingID cal.BookingID `json:"booking_id"`
	// Version is the core's, Revision calweave's.
	Version  int64 `json:"version"`
	Revision int64 `json:"revision"`
	// Sequence counts the booking's messages from 1 without a gap.
	Sequence int64 `json:"sequence"`
	// ReservationToken is the one that this version was accepted under.
	ReservationToken cal.ReservationToken `json:"reservation_token"`
}

// Target names the calendar that a message is about.
type Target struct {
	CalendarID   cal.CalendarID   `json:"calendar_id"`
	ConnectionID cal.ConnectionID `json:"connection_id"`
	Provider     cal.Provider     `json:"provider"`
	// Occurrence is which occurrence of a recurring booking the message is about; nil where it is about the whole booking.
	Occurrence *cal.Occurrence `json:"occurrence,omitempty"`
}

// Accepted is the data of BookingAccepted.
type Accepted struct {
	Booking
	// Cancelled tells a cancellation from a booking.
	Cancelled bool `json:"cancelled"`
	// Kept names the fields in which the booking still says what was accepted of a person's change, since the core has not changed them since: those of
	// cal.Fields.Names, and "overrides".
	Kept []string `json:"kept,omitempty"`
	// Resolved says that nothing was submitted: other time-zone data has made the booking's wall time another instant. Nil otherwise.
	Resolved *Resolved `json:"resolved,omitempty"`
}

// Resolved is when a booking takes place by the time-zone data in force.
type Resolved struct {
	// TZData is the version of the data.
	TZData string   `json:"tzdata"`
	Start  cal.When `json:"start"`
	End    cal.When `json:"end"`
}

// Problem is one thing wrong with a submission.
type Problem struct {
	// Pointer is the JSON Pointer (RFC 6901) of the field within the submitted document.
	Pointer string `json:"pointer"`
	// Detail says what is wrong and how to mend it.
	Detail string `json:"detail"`
}

// Rejected is the data of BookingRejected.
type Rejected struct {
	BookingID cal.BookingID `json:"booking_id,omitempty"`
	Version   int64         `json:"version,omitempty"`
	// Reason is the last part of the problem type that the HTTP API answers for the same fault.
	Reason   string    `json:"reason"`
	Detail   string    `json:"detail"`
	Problems []Problem `json:"problems,omitempty"`
}

// Outcome says what a target shows.
type Outcome string

// The outcomes.
const (
	OutcomePresent Outcome = "present"
	OutcomeRemoved Outcome = "removed"
)

// Synced is the data of BookingSynced.
type Synced struct {
	Booking
	Target  Target  `json:"target"`
	Outcome Outcome `json:"outcome"`
}

// Changed is the data of BookingMoved, BookingEdited and BookingRestored.
type Changed struct {
	Booking
	Target Target `json:"target"`
	// Fields names what differs from what was agreed; empty in BookingRestored.
	Fields []string `json:"fields"`
	// Event is what the calendar shows now.
	Event Event `json:"event"`
	// Diverged reports whether the core has something to decide.
	Diverged bool `json:"diverged"`
}

// Event is the part of an event that a core can own.
type Event struct {
	Title       string         `json:"title"`
	Description string         `json:"description"`
	Location    string         `json:"location"`
	Start       cal.When       `json:"start"`
	End         cal.When       `json:"end"`
	Attendees   []cal.Attendee `json:"attendees"`
	// Recurrence are the lines of RFC 5545 by which a series repeats; nil for any other event.
	Recurrence []string `json:"recurrence,omitempty"`
}

// NewEvent puts content into the form that messages carry.
func NewEvent(c cal.Content) Event {
	guests := c.Attendees
	if guests == nil {
		guests = []cal.Attendee{}
	}
	return Event{
		Title: c.Title, Description: c.Description, Location: c.Location,
		Start: c.Slot.Start.When(), End: c.Slot.End.When(), Attendees: guests, Recurrence: c.Recurrence,
	}
}

// Removed is the data of BookingRemoved.
type Removed struct {
	Booking
	Target   Target `json:"target"`
	Diverged bool   `json:"diverged"`
}

// Decision is how a person's change was decided about.
type Decision string

// The decisions.
const (
	// DecisionAccepted makes the booking what the person made of its event.
	DecisionAccepted Decision = "accepted"
	// DecisionReverted makes the event again what the booking says.
	DecisionReverted Decision = "reverted"
)

// Decider says who has decided about a person's change.
type Decider string

// The deciders.
const (
	// DeciderCore is the booking core, through the API.
	DeciderCore Decider = "core"
	// DeciderPolicy is the back-flow policy of the booking, or of the connection that the calendar belongs to.
	DeciderPolicy Decider = "policy"
)

// Decided is the data of BookingDecided.
type Decided struct {
	Booking
	// Target is the calendar whose event the person had changed.
	Target   Target   `json:"target"`
	Decision Decision `json:"decision"`
	By       Decider  `json:"by"`
	// Fields names what the person had changed; empty when they had deleted the event.
	Fields []string `json:"fields"`
	// Cancelled says that the decision has cancelled the booking: the deletion of its event was accepted. That of one occurrence leaves the booking.
	Cancelled bool `json:"cancelled"`
}

// Responded is the data of BookingAttendeeResponded.
type Responded struct {
	Booking
	// Target is the booking's authoritative target: its guests stand there.
	Target Target `json:"target"`
	// Attendee is the guest as the booking names them, with what they have answered; ResponseNone if they have to be asked again.
	Attendee cal.Attendee `json:"attendee"`
	// Was is what they had answered before.
	Was cal.Response `json:"was"`
}

// Conference is the data of BookingConferenceReady.
type Conference struct {
	Booking
	// Target is the booking's authoritative target.
	Target Target `json:"target"`
	// URL joins the conference.
	URL string `json:"url"`
}

// Stopped is the data of BookingHeld, BookingFailed and BookingConferenceFailed.
type Stopped struct {
	Booking
	Target Target `json:"target"`
	Reason string `json:"reason"`
}
