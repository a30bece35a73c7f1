package fault

// Scope says whom a provider's wish to be called less is about.
type Scope string

// The scopes. An empty one is the mailbox.
const (
	// ScopeMailbox is the account that the call was made for.
	ScopeMailbox Scope = "mailbox"
	// ScopeCalendar is the one calendar that was written to.
	ScopeCalendar Scope = "calendar"
	// ScopeApplication is the provider application, with all of its accounts.
	ScopeApplication Scope = "application"
)
