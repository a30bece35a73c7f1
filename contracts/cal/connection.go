package cal

// ConnectionState is where a connection stands.
type ConnectionState string

// The states. Only the provider's token endpoint moves a connection to ConnectionNeedsReauth.
const (
	ConnectionPending     ConnectionState = "pending"
	ConnectionActive      ConnectionState = "active"
	ConnectionNeedsReauth ConnectionState = "needs_reauth"
)

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
