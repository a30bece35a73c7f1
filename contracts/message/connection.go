package message

import "github.com/calweave/calweave/contracts/cal"

// Connection is the data of ConnectionActivated and ConnectionNeedsReauth.
type Connection struct {
	ConnectionID cal.ConnectionID `json:"connection_id"`
	Provider     cal.Provider     `json:"provider"`
	// Reason says why a grant ended, in calweave's words; empty when a connection was activated.
	Reason string `json:"reason,omitempty"`
}

// Disconnected is the data of ConnectionDisconnected.
type Disconnected struct {
	ConnectionID cal.ConnectionID `json:"connection_id"`
	Provider     cal.Provider     `json:"provider"`
	Revocation   Revocation       `json:"revocation"`
	// ChannelsLeft is how many push channels could not be ended. They end by themselves within days; what they push is not acted on.
	ChannelsLeft int `json:"channels_left"`
}

// Revocation says what became, at the provider, of what the account's owner had allowed. calweave itself has forgotten its tokens in every case.
type Revocation string

// The revocations.
const (
	// Revoked means that the provider has ended it.
	Revoked Revocation = "revoked"
	// RevocationNeedless means that there was nothing left to end.
	RevocationNeedless Revocation = "needless"
	// RevocationUnsupported means that the provider lets nobody but the owner end it, in the settings of the account.
	RevocationUnsupported Revocation = "unsupported"
	// RevocationShared means that another connection uses, or may use, the same account by the same application: to end it would end that one too.
	RevocationShared Revocation = "shared"
	// RevocationFailed means that the provider has not ended it within a day: its owner can, in the settings of the account.
	RevocationFailed Revocation = "failed"
)

// Guarded is the data of CalendarGuarded.
type Guarded struct {
	CalendarID   cal.CalendarID   `json:"calendar_id"`
	ConnectionID cal.ConnectionID `json:"connection_id"`
	Provider     cal.Provider     `json:"provider"`
	// GuardID names the hold that an operator has to decide about.
	GuardID string `json:"guard_id"`
	// Missing is how many booked events it holds. A hold is told when it opens, and again when it has become much larger.
	Missing int `json:"missing"`
}

// GuardOutcome says what a hold has ended with.
type GuardOutcome string

// The outcomes.
const (
	GuardApproved GuardOutcome = "approved"
	GuardRejected GuardOutcome = "rejected"
	// GuardEnded had nothing left to hold before anybody decided: the events are there, or are not wanted any more.
	GuardEnded GuardOutcome = "ended"
)

// Unguarded is the data of CalendarUnguarded.
type Unguarded struct {
	CalendarID   cal.CalendarID   `json:"calendar_id"`
	ConnectionID cal.ConnectionID `json:"connection_id"`
	Provider     cal.Provider     `json:"provider"`
	GuardID      string           `json:"guard_id"`
	Outcome      GuardOutcome     `json:"outcome"`
	// Events is how many it was decided about; 0 if nobody had to decide.
	Events int `json:"events"`
}
