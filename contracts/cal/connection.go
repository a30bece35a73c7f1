package cal

// ConnectionState is where a connection stands.
type ConnectionState string

// The states. Only the provider's token endpoint moves a connection to ConnectionNeedsReauth.
const (
	ConnectionPending     ConnectionState = "pending"
	ConnectionActive      ConnectionState = "active"
	ConnectionNeedsReauth ConnectionState = "needs_reauth"
)
