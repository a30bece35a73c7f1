package google

import (
	"errors"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
)

// What is wrong with a push, in words for its sender.
var (
	ErrNoChannel = errors.New("header X-Goog-Channel-ID is missing")
	ErrNoToken   = errors.New("header X-Goog-Channel-Token is missing")
	ErrNoState   = errors.New("header X-Goog-Resource-State is missing")
)

// DecodeNotification reads a push. All of it is in headers: there is no body and no signature, and the token is the only proof. The state
// sync opens a channel, exists and not_exists report a change, and so does one that is not known
// (https://developers.google.com/workspace/calendar/api/guides/push#understanding-the-notification-message-format).
func (d *Driver) DecodeNotification(req provider.Push) (provider.Notification, error) {
	channel, token, state := req.Header.Get("X-Goog-Channel-ID"), req.Header.Get("X-Goog-Channel-Token"), req.Header.Get("X-Goog-Resource-State")
	switch {
	case channel == "":
		return provider.Notification{}, ErrNoChannel
	case token == "":
		return provider.Notification{}, ErrNoToken
	case state == "":
		return provider.Notification{}, ErrNoState
	}
	notice := provider.Notice{
		Kind: provider.NoticeChanged, Channel: cal.ChannelID(channel), Secret: token, Resource: req.Header.Get("X-Goog-Resource-ID"),
	}
	if state == "sync" {
		notice.Kind = provider.NoticeOpened
	}
	return provider.Notification{Notices: []provider.Notice{notice}}, nil
}
