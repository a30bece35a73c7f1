package message

import "github.com/calweave/calweave/contracts/cal"

// DisabledReason says why an endpoint is disabled.
type DisabledReason string

// The reasons.
const (
	// DisabledRequested is what the core asked for.
	DisabledRequested DisabledReason = "requested"
	// DisabledGone is an endpoint that answered 410.
	DisabledGone DisabledReason = "gone"
	// DisabledFailing is an endpoint that took nothing over the whole schedule of a message.
	DisabledFailing DisabledReason = "failing"
)

// EndpointStopped is the data of EndpointDisabled.
type EndpointStopped struct {
	EndpointID cal.EndpointID `json:"endpoint_id"`
	Reason     DisabledReason `json:"reason"`
	// MessageID names the message that could not be delivered.
	MessageID cal.MessageID `json:"message_id"`
}

// EndpointTest is the data of EndpointTested.
type EndpointTest struct {
	EndpointID cal.EndpointID `json:"endpoint_id"`
}
