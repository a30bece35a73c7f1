package record

import "github.com/calweave/calweave/contracts/message"

// Reason is why a submission was refused. It is the last part of the problem type that the HTTP API answers, and stands in booking.rejected.
type Reason string

// The reasons.
const (
	// ReasonMalformed is a document that is no JSON.
	ReasonMalformed Reason = "malformed"
	// ReasonInvalid is a document whose shape or content is not what the contract says.
	ReasonInvalid Reason = "invalid-request"
	// ReasonSuperseded is a version older than the one that is known.
	ReasonSuperseded Reason = "version-superseded"
	// ReasonReused is a version that is known with other content.
	ReasonReused Reason = "version-reused"
	// ReasonDiverged is a booking with a person's change that the core has not decided about.
	ReasonDiverged Reason = "booking-diverged"
	// ReasonUndiverged is a decision about a person's change where none awaits one.
	ReasonUndiverged Reason = "booking-not-diverged"
	// ReasonAmbiguous is an acceptance that does not say which of several changes is accepted.
	ReasonAmbiguous Reason = "divergence-ambiguous"
	// ReasonUnacceptable is an acceptance of what no booking can be.
	ReasonUnacceptable Reason = "divergence-unacceptable"
	// ReasonRevision is an If-Match that names another revision than the booking's.
	ReasonRevision Reason = "revision-mismatch"
	// ReasonUnknown is a booking that does not exist.
	ReasonUnknown Reason = "booking-unknown"
	// ReasonCalendar is a target that is no calendar of the tenant, or one that may not be written to.
	ReasonCalendar Reason = "calendar-unusable"
	// ReasonNotify is a notify that the authoritative target's provider cannot keep.
	ReasonNotify Reason = "notify-unsupported"
)

// RefusalError says why a submission was refused and how to mend it. It changes nothing.
type RefusalError struct {
	Reason   Reason
	Detail   string
	Problems []message.Problem
}

// Error gives the reason and the detail.
func (r *RefusalError) Error() string { return string(r.Reason) + ": " + r.Detail }
