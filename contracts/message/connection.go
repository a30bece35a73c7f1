package message

import "github.com/calweave/calweave/contracts/cal"

// Connection is the data of ConnectionActivated and ConnectionNeedsReauth.
type Connection struct {
	ConnectionID cal.ConnectionID `json:"connection_id"`
	Provider     cal.Provider     `json:"provider"`
	// Reason says why a grant ended, in calweave's words; empty when a connection was activated.
	Reason string `json:"reason,omitempty"`
}

// Guarded is the data of CalendarGuarded.
type Guarded struct {
	CalendarID   cal.CalendarID   `json:"calendar_id"`
	ConnectionID cal.ConnectionID `json:"connection_id"`
	Provider     cal.Provider     `json:"provider"`
	// Missing is how many booked events vanished in one listing.
	Missing int `json:"missing"`
}
