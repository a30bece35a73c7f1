package provider

import (
	"net/http"
	"net/url"

	"github.com/calweave/calweave/contracts/cal"
)

// NotificationDecoder is a Driver whose provider pushes. It turns a request into notices without any I/O, and proves nothing: whoever calls
// it compares each notice's secret with the one of the channel it names.
type NotificationDecoder interface {
	// DecodeNotification reads one request. An error says, for the sender, what is wrong with it.
	DecodeNotification(req Push) (Notification, error)
}

// Push is a request that claims to come from a provider. Body is bounded by the receiver.
type Push struct {
	Header http.Header
	Query  url.Values
	Body   []byte
}

// Notification is what a push says.
type Notification struct {
	// Handshake is text that the provider wants back as text/plain to prove that the address is ours; empty for anything else.
	Handshake string
	// Notices are independent of each other: one that is wrong never harms the rest.
	Notices []Notice
}

// Notice says that something happened on one channel. It carries no truth about any event.
type Notice struct {
	Kind    NoticeKind
	Channel cal.ChannelID
	Secret  string
	// Remote and Resource are the provider's names of the channel and of what it watches, as far as the push has them. They let a channel be
	// ended whose opening was never answered.
	Remote   string
	Resource string
}

// NoticeKind says what a notice asks for.
type NoticeKind string

// The kinds of notice. A kind that a decoder does not know is NoticeChanged: a listing too many does no harm.
const (
	// NoticeOpened confirms a channel; nothing has changed.
	NoticeOpened NoticeKind = "opened"
	// NoticeChanged means that a listing will show something new.
	NoticeChanged NoticeKind = "changed"
	// NoticeExpiring means that the channel must be renewed now.
	NoticeExpiring NoticeKind = "expiring"
	// NoticeDropped means that the provider ended the channel: open a new one and list.
	NoticeDropped NoticeKind = "dropped"
)
