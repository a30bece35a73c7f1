package cal

// ConnectionState is where a connection stands.
type ConnectionState string

// The states. Only the provider's token endpoint moves a connection to ConnectionNeedsReauth.
const (
	ConnectionPending     ConnectionState = "pending"
	ConnectionActive      ConnectionState = "active"
	ConnectionNeedsReauth ConnectionState = "needs_reauth"
	// ConnectionDisconnecting makes no calls any more but those that end it at the provider.
	ConnectionDisconnecting ConnectionState = "disconnecting"
	// ConnectionDisconnected has no secret left. Its calendars and links stay, and go on once the account is connected again.
	ConnectionDisconnected ConnectionState = "disconnected"
)

// Closed reports whether a tenant has disconnected the connection.
func (s ConnectionState) Closed() bool {
	return s == ConnectionDisconnecting || s == ConnectionDisconnected
}

// Ability is something that the owner of an account allows calweave to do.
type Ability string

// The abilities.
const (
	ListCalendars Ability = "list_calendars"
	ReadEvents    Ability = "read_events"
	WriteEvents   Ability = "write_events"
	ReadFreeBusy  Ability = "read_free_busy"
)

// Abilities returns every ability.
func Abilities() []Ability { return []Ability{ListCalendars, ReadEvents, WriteEvents, ReadFreeBusy} }
