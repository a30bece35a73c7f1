package record

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
)

// Failure says why an attempt did not deliver its message.
type Failure string

// The failures.
const (
	// FailureStatus is an answer other than 2xx.
	FailureStatus Failure = "status"
	// FailureTimeout is no answer in time.
	FailureTimeout Failure = "timeout"
	// FailureBlocked is an address that calweave does not connect to.
	FailureBlocked Failure = "blocked"
	// FailureDNS is a host name that leads nowhere.
	FailureDNS Failure = "dns"
	// FailureTLS is a certificate or a handshake that failed.
	FailureTLS Failure = "tls"
	// FailureConnect is a connection that was not made.
	FailureConnect Failure = "connect"
	// FailureExchange is a connection that broke, or an answer that is no HTTP.
	FailureExchange Failure = "exchange"
)

// Attempt is one call of an endpoint.
type Attempt struct {
	At      time.Time
	Latency time.Duration
	// Status is the HTTP status; 0 without an answer.
	Status int
	// Failure is empty when the endpoint took the message.
	Failure Failure
	// Answer is the beginning of what the endpoint said. It may hold anything.
	Answer []byte
}

// AttemptError is a failure that came of an attempt, which is recorded with the outcome. It reads as its cause does.
type AttemptError struct {
	Attempt Attempt
	Err     error
}

// Error is the cause's text.
func (e *AttemptError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *AttemptError) Unwrap() error { return e.Err }

// DeliveryFilter chooses deliveries; what is empty chooses all.
type DeliveryFilter struct {
	Endpoint cal.EndpointID
	State    DeliveryState
}

// DeliveryReport is a delivery as its tenant sees it.
type DeliveryReport struct {
	ID       cal.DeliveryID
	Endpoint cal.EndpointID
	Message  cal.MessageID
	Type     message.Type
	State    DeliveryState
	// Attempts are in the order in which they were made.
	Attempts []Attempt
	// NextAt is when it is tried next; zero when it is not.
	NextAt               time.Time
	CreatedAt, UpdatedAt time.Time
}
