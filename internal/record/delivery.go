package record

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
)

// DeliveryState is where a delivery stands.
type DeliveryState string

// The states.
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
	ID        cal.EndpointID
	URL       string
	Secret    string
	Enabled   bool
	CreatedAt time.Time
}

// FeedItem is a message with its place in the feed.
type FeedItem struct {
	Position int64
	message.Envelope
}
