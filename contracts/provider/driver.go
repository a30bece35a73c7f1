package provider

import (
	"context"
	"net/http"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
)

// Driver is a calendar provider. It holds no account's state and is safe for concurrent use.
type Driver interface {
	// Name is the provider's name, the same for every account.
	Name() cal.Provider
	// OAuth describes the provider's authorization server.
	OAuth() OAuth
	// TokenFault classifies a refusal of the token endpoint. Only NeedsReauth says that the grant is dead.
	TokenFault(status int, header http.Header, body []byte) *fault.Error
	// Open returns a client that acts for one account through httpc, which authorises each request, guards where it connects, and bounds how
	// long it takes. Open makes no call.
	Open(httpc *http.Client) (Client, error)
}

// OAuth describes an authorization server of the code grant (RFC 6749) with PKCE (RFC 7636) and the least that calweave asks of it.
type OAuth struct {
	AuthURL  string
	TokenURL string
	// RevokeURL is where a token is revoked (RFC 7009), and with it everything that its owner has allowed the application; empty where the
	// provider has no such endpoint.
	RevokeURL string
	// Resource is the base URL of the API that access tokens are for; they are sent to its origin and nowhere else.
	Resource string
	// Issuer is what the server calls itself in its answers (RFC 9207); empty when it depends on the account or is never sent.
	Issuer string
	Scopes []string
	// Allows says what each scope is for; one that is left out is needed for everything.
	Allows map[string][]cal.Ability
	// AuthParams are sent along with the authorization request.
	AuthParams map[string]string
}

// Client acts for one connected account. It is safe for concurrent use.
type Client interface {
	// Calendars lists all calendars that the account sees.
	Calendars(ctx context.Context) ([]cal.Calendar, error)
	// ReadEvent returns an event as it is now. A deleted event is a cancelled one or fault.Gone, whichever the provider can prove;
	// fault.NotFound proves nothing.
	ReadEvent(ctx context.Context, ref EventRef) (cal.Event, error)
	// CreateEvent makes an event once per key, however often it is called, and returns it as the provider stored it. When the key is taken by
	// an event that carries our stamp it returns that one, as it is now and even if it is cancelled, as adopted; when the holder is somebody
	// else's it fails with fault.Duplicate and that event's id in Existing.
	CreateEvent(ctx context.Context, req CreateEvent) (Created, error)
	// UpdateEvent changes the given fields and nothing else, and returns the event as the provider stored it. fault.Conflict means that
	// nothing was changed.
	UpdateEvent(ctx context.Context, req UpdateEvent) (cal.Event, error)
	// DeleteEvent removes an event. fault.Gone is the provider's proof that it was deleted before; fault.NotFound proves nothing: it may be hidden
	// from the account. fault.Conflict means that the event changed and still stands.
	DeleteEvent(ctx context.Context, req DeleteEvent) error
}

// EventRef names one event.
type EventRef struct {
	Calendar cal.RemoteCalendarID
	ID       cal.EventID
}

// CreateEvent asks for a new event.
type CreateEvent struct {
	Calendar cal.RemoteCalendarID
	Key      cal.Key
	Content  cal.Content
	// Fields are those of Content that are ours to write; guests stand on one target of a booking only.
	Fields cal.Fields
	Notify cal.Notify
	// Conference asks a ConferenceMaker for a conference under that id, once per id; empty for none. It has letters, digits and hyphens.
	Conference string
}

// Created is the event that holds the key of a CreateEvent.
type Created struct {
	Event cal.Event
	// Adopted says that the event was there before this call, as far as the provider tells.
	Adopted bool
}

// UpdateEvent asks for a change of an event.
type UpdateEvent struct {
	Ref EventRef
	// ETag is the state that the change was decided on. The provider is asked to refuse if the event has moved on.
	ETag    string
	Content cal.Content
	// Fields are those of Content to write; all others keep what they are. Guests are written by Invite and Uninvite alone.
	Fields cal.Fields
	// Invite and Uninvite are the guests to add or change and those to remove; all other guests, their answers among them, stay.
	Invite   []cal.Attendee
	Uninvite []string
	Notify   cal.Notify
	// Conference is CreateEvent's, for an event that has no conference; what has one may be given another. A conference that is not asked for
	// here stays what it is, whatever Fields are written.
	Conference string
}

// DeleteEvent asks to remove an event.
type DeleteEvent struct {
	Ref    EventRef
	ETag   string
	Notify cal.Notify
}
