package cal

// Identifiers that calweave makes are opaque strings with a prefix that names their noun ("cal_01947b…"); the rest is a UUIDv7 in
// hexadecimal, so that they sort by the time they were made. Identifiers are case-sensitive and at most 128 bytes long.
type (
	// TenantID names one customer of an installation. It only ever comes from a verified credential.
	TenantID string
	// ConnectionID names one account at one provider that a tenant has connected.
	ConnectionID string
	// CalendarID names one calendar of a connection, as calweave calls it.
	CalendarID string
	// BookingID is chosen by the booking core and unique within its tenant.
	BookingID string
	// LinkID names the tie between one part of a booking and its event in one calendar.
	LinkID string
	// ChannelID names one push channel (Google) or subscription (Microsoft), and is chosen by calweave before it is opened.
	ChannelID string
	// EndpointID names a URL of the booking core that receives messages.
	EndpointID string
	// MessageID names one outbound message; it stays the same over all delivery attempts.
	MessageID string
	// DeliveryID names the delivery of one message to one endpoint.
	DeliveryID string
	// ReservationToken names one version of one booking.
	ReservationToken string
	// AppID names the provider application (OAuth client) that a connection belongs to.
	AppID string
)

// Identifiers that a provider makes. They are opaque, case-sensitive, and may contain any byte that a URL path can carry once escaped.
type (
	// RemoteCalendarID is the provider's name of a calendar.
	RemoteCalendarID string
	// EventID is the provider's name of an event within one calendar.
	EventID string
)

// Provider names a calendar provider.
type Provider string

// The providers that calweave ships.
const (
	Google    Provider = "google"
	Microsoft Provider = "microsoft"
)
