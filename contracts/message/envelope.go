package message

import (
	"encoding/json"
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// Type names a message type, as noun.past.
type Type string

// The message types.
const (
	// BookingAccepted confirms that a version is committed; nothing can lose it any more.
	BookingAccepted Type = "booking.accepted"
	// BookingRejected says why a version that came through the queue was refused.
	BookingRejected Type = "booking.rejected"
	// BookingSynced says that one target shows what a version asks for.
	BookingSynced Type = "booking.synced"
	// BookingMoved says that a person moved the event of one target to another time.
	BookingMoved Type = "booking.moved"
	// BookingEdited says that a person changed something other than the time.
	BookingEdited Type = "booking.edited"
	// BookingRemoved says that a person deleted the event of one target.
	BookingRemoved Type = "booking.removed"
	// BookingRestored says that a person took a reported change back, so that nothing is left to decide.
	BookingRestored Type = "booking.restored"
	// BookingDecided says how the core, or a policy, has decided about a person's change to the event of one target.
	BookingDecided Type = "booking.decided"
	// BookingAttendeeResponded says that a guest of a booking has answered its invitation, or answered otherwise than before.
	BookingAttendeeResponded Type = "booking.attendee_responded"
	// BookingConferenceReady says that the conference which a booking wants can be joined. It is told again when another one has taken its place.
	BookingConferenceReady Type = "booking.conference_ready"
	// BookingConferenceFailed says that there is no conference although the booking wants one, and why. The booking is synced all the same.
	BookingConferenceFailed Type = "booking.conference_failed"
	// BookingHeld says that a write waits for an operator's approval, because it would mail somebody by surprise.
	BookingHeld Type = "booking.held"
	// BookingFailed says that one target could not be brought into agreement and that calweave has given up until it is replayed.
	BookingFailed Type = "booking.failed"
	// ConnectionActivated says that an account is connected, for the first time or again.
	ConnectionActivated Type = "connection.activated"
	// ConnectionNeedsReauth says that the provider ended a grant: its owner has to connect again.
	ConnectionNeedsReauth Type = "connection.needs_reauth"
	// ConnectionDisconnected says that a connection which the core has deleted is over, and what of it could not be ended at the provider.
	ConnectionDisconnected Type = "connection.disconnected"
	// CalendarGuarded says that so many events vanished from a calendar at once that an operator has to look.
	CalendarGuarded Type = "calendar.guarded"
	// CalendarUnguarded says that deletions which CalendarGuarded told of do not wait any more.
	CalendarUnguarded Type = "calendar.unguarded"
	// EndpointDisabled says that calweave has stopped to deliver to an endpoint. The others are told.
	EndpointDisabled Type = "endpoint.disabled"
	// EndpointTested is what a test of an endpoint sends. Only that endpoint receives it, whatever types it has chosen.
	EndpointTested Type = "endpoint.tested"
)

// Types returns every message type.
func Types() []Type {
	return []Type{
		BookingAccepted, BookingRejected, BookingSynced, BookingMoved, BookingEdited, BookingRemoved, BookingRestored, BookingDecided,
		BookingAttendeeResponded, BookingConferenceReady, BookingConferenceFailed, BookingHeld, BookingFailed, ConnectionActivated,
		ConnectionNeedsReauth, ConnectionDisconnected, CalendarGuarded, CalendarUnguarded, EndpointDisabled, EndpointTested,
	}
}

// Envelope is a message as it is delivered and read from the feed.
type Envelope struct {
	ID cal.MessageID `json:"id"`
	// Type says which of this package's types Data is.
	Type Type `json:"type"`
	// Timestamp is when it was decided, in UTC.
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}
