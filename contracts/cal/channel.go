package cal

import "time"

// Channel is an open push channel (Google) or subscription (Microsoft).
type Channel struct {
	ID ChannelID `json:"id"`
	// Remote is the provider's name of a subscription; Google knows channels by our ID only.
	Remote string `json:"remote,omitempty"`
	// Resource is the provider's name of what is watched; Google wants it back when a channel is stopped.
	Resource string `json:"resource,omitempty"`
	// Expires is what the provider granted, which may be less than what was asked.
	Expires time.Time `json:"expires"`
}
