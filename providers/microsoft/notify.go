package microsoft

import (
	"encoding/json"
	"errors"

	"github.com/calweave/calweave/contracts/provider"
)

// What is wrong with a push, in words for its sender.
var (
	ErrNoNotification = errors.New(`the body is no JSON object with a list "value"`)
	ErrLongToken      = errors.New("validationToken is too long")
)

// maxToken bounds what is sent back as a handshake; Graph's tokens are far shorter.
const maxToken = 4096

// DecodeNotification reads a push. A validationToken in the query asks for a handshake. Anything else is a list of items about changes and
// about subscriptions, which may belong to different subscriptions and tenants
// (https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks and
// https://learn.microsoft.com/en-us/graph/change-notifications-lifecycle-events). An item that cannot be read, or whose clientState is not of
// our form, is left out: it can prove nothing, and the others stand.
func (d *Driver) DecodeNotification(req provider.Push) (provider.Notification, error) {
	if token := req.Query.Get("validationToken"); token != "" {
		if len(token) > maxToken {
			return provider.Notification{}, ErrLongToken
		}
		return provider.Notification{Handshake: token}, nil
	}
	var envelope struct {
		Value []json.RawMessage `json:"value"`
	}
	if json.Unmarshal(req.Body, &envelope) != nil || envelope.Value == nil {
		return provider.Notification{}, ErrNoNotification
	}
	var out provider.Notification
	for _, raw := range envelope.Value {
		if notice, ok := noticeOf(raw); ok {
			out.Notices = append(out.Notices, notice)
		}
	}
	return out, nil
}

func noticeOf(raw json.RawMessage) (provider.Notice, bool) {
	var item struct {
		Subscription string `json:"subscriptionId"`
		ClientState  string `json:"clientState"`
		Lifecycle    string `json:"lifecycleEvent"`
	}
	if json.Unmarshal(raw, &item) != nil {
		return provider.Notice{}, false
	}
	id, secret, ok := splitClientState(item.ClientState)
	if !ok {
		return provider.Notice{}, false
	}
	return provider.Notice{Kind: noticeKind(item.Lifecycle), Channel: id, Secret: secret, Remote: item.Subscription}, true
}

// noticeKind takes missed, and a lifecycle event that is not known, for a change: the listing that follows does no harm.
func noticeKind(lifecycle string) provider.NoticeKind {
	switch lifecycle {
	case "reauthorizationRequired":
		return provider.NoticeExpiring
	case "subscriptionRemoved":
		return provider.NoticeDropped
	default:
		return provider.NoticeChanged
	}
}
