package record

import (
	"encoding/json"
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// Note is an audit row in the making: what changed and why. Detail is stored as JSON and never holds content, only names of fields, versions,
// states and reasons.
type Note struct {
	Actor     string
	Action    string
	Subject   string
	BookingID cal.BookingID
	Detail    map[string]any
}

// The actors that are not a key of a tenant.
const (
	ActorEngine   = "engine"
	ActorOperator = "operator"
	ActorProvider = "provider"
	ActorOwner    = "owner"
	// ActorPolicy is the back-flow policy of a booking or of a connection.
	ActorPolicy = "policy"
)

// Entry is an audit row.
type Entry struct {
	ID        string
	At        time.Time
	Actor     string
	Action    string
	Subject   string
	BookingID cal.BookingID
	// Detail is the note's, as JSON.
	Detail json.RawMessage
}
