package cal

// Calendar is a calendar as its provider describes it.
type Calendar struct {
	ID   RemoteCalendarID `json:"id"`
	Name string           `json:"name"`
	// Primary marks the account's default calendar. Its Owner names the account.
	Primary bool   `json:"primary,omitempty"`
	Owner   string `json:"owner,omitempty"`
	// Writable reports whether the connected account may create events in it.
	Writable bool `json:"writable"`
	// Zone is the IANA name of the calendar's own zone, where the provider has one.
	Zone string `json:"zone,omitempty"`
}

// SyncLevel says how much of a calendar calweave keeps.
type SyncLevel string

// The levels. A calendar that is a target of a booking is kept at SyncBusy at least.
const (
	SyncOff  SyncLevel = "off"
	SyncBusy SyncLevel = "busy"
	SyncFull SyncLevel = "full"
)
