package record

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// ChannelState is where a push channel stands.
type ChannelState string

// The states.
const (
	// ChannelOpening was asked for; the provider may push already.
	ChannelOpening ChannelState = "opening"
	ChannelOpen    ChannelState = "open"
	// ChannelExpiring is open, and the provider wants it renewed at once.
	ChannelExpiring ChannelState = "expiring"
	// ChannelClosing has been replaced, or never got an answer: it has to be ended as soon as the provider's name for it is known.
	ChannelClosing ChannelState = "closing"
	ChannelClosed  ChannelState = "closed"
)

// Channel is a push channel of one calendar.
type Channel struct {
	TenantID   cal.TenantID
	CalendarID cal.CalendarID
	cal.Channel
	State ChannelState
	// SecretHash is the SHA-256, in hexadecimal, of what each push has to carry.
	SecretHash string
	OpenedAt   time.Time
	CreatedAt  time.Time
	// MovedAt is when its state was stored.
	MovedAt time.Time
}

// Watch is what the keeper of one calendar's channel starts from.
type Watch struct {
	Calendar   Calendar
	Connection Connection
	// Channels are those not closed yet, the oldest first.
	Channels []Channel
	// Listed says that the calendar was listed before.
	Listed bool
}

// Notification is a verified push.
type Notification struct {
	Channel  Channel
	Kind     string
	Remote   string
	Resource string
	// Sync and Watch say which work it asks for.
	Sync, Watch bool
	// State is the channel's new state; empty leaves it.
	State ChannelState
	// Traceparent begins the trace of what follows from it.
	Traceparent string
}
