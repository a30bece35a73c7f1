package record

import (
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
)

// DeliveryState is where a delivery stands.
type DeliveryState string

// The states. A delivery is pending while it is tried and while its endpoint is disabled.
const (
	DeliveryPending   DeliveryState = "pending"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryFailed    DeliveryState = "failed"
)

// Delivery is one message on its way to one endpoint.
type Delivery struct {
	ID       cal.DeliveryID
	State    DeliveryState
	Attempts int64
	Endpoint Endpoint
	Message  message.Envelope
	// Traceparent is the trace of the decision that the message tells about.
	Traceparent string
}

// Endpoint is a URL of the booking core that receives messages.
type Endpoint struct {
	ID          cal.EndpointID
	URL         string
	Description string
	// Types are those of the messages that it receives; none means all.
	Types []message.Type
	// Secret signs; it is known of an endpoint that was just made or is delivered to. Previous signs as well until PreviousUntil, so that a core
	// has time to learn the new one.
	Secret, Previous string
	PreviousUntil    time.Time
	Enabled          bool
	Disabled         message.DisabledReason
	DisabledAt       time.Time
	CreatedAt        time.Time
	UpdatedAt        time.Time
}

// Wants reports whether an endpoint with these types receives messages of a type.
func Wants(types []message.Type, t message.Type) bool {
	return len(types) == 0 || slices.Contains(types, t)
}

// EndpointChange is what to change about an endpoint; nil leaves it as it is.
type EndpointChange struct {
	URL, Description *string
	Types            *[]message.Type
	Enabled          *bool
}

// MaxEndpoints is how many endpoints a tenant may have: each message is delivered to all of them.
const MaxEndpoints = 20

// FeedItem is a message with its place in the feed.
type FeedItem struct {
	Position int64
	message.Envelope
}
