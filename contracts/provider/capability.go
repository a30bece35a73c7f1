package provider

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// DeltaLister is a Client that can list a calendar: all of a window, and what changed since a cursor. Without it a calendar is written to but not
// listed: no mirror is kept of it, and a person's change is noticed only when the event is read for a write of our own. A provider that can list
// but remembers no cursors has the capability nevertheless: it makes up a cursor on each last page and answers it with fault.CursorLost, upon
// which calweave takes a snapshot, and compares snapshot by snapshot.
type DeltaLister interface {
	// ListEvents returns one page; the last one of a listing carries the cursor from which the next one goes on. fault.CursorLost on any page
	// discards the whole listing, and a snapshot begins.
	ListEvents(ctx context.Context, req ListEvents) (cal.Page, error)
}

// ListEvents asks for one page of a listing.
type ListEvents struct {
	Calendar cal.RemoteCalendarID
	// Cursor begins a delta; the zero Cursor begins a snapshot of Window.
	Cursor cal.Cursor
	// Page continues the listing that Cursor and Window began; empty for its first page.
	Page string
	// Window is the range that a snapshot has to cover. The provider may cover more.
	Window cal.Window
	// PageSize is how many rows to ask for at most; 0 leaves it to the provider.
	PageSize int
}

// EventFinder is a Client that can find an event by the key it was stamped with. Without it, the key alone makes creates idempotent for good.
type EventFinder interface {
	// FindEvent returns the event that carries the key, or fault.NotFound.
	FindEvent(ctx context.Context, calendar cal.RemoteCalendarID, key cal.Key) (cal.Event, error)
}

// SeriesKeeper is a Client that can keep a series as one event. Without it a recurring booking is expanded, if it asks for that, or refused.
//
// Its CreateEvent and UpdateEvent write Content.Recurrence when Fields has cal.FieldRecurrence, and every answer fills it in for a series. Writing an
// occurrence is an update of the event that ReadOccurrence returns, and cancelling one its deletion.
type SeriesKeeper interface {
	// ReadOccurrence returns the occurrence whose place in the series is original: as the series has it, or changed, or cancelled. fault.NotFound
	// means that the series shows no such place.
	ReadOccurrence(ctx context.Context, series EventRef, original cal.Moment) (cal.Event, error)
	// ListExceptions returns every occurrence that differs from its series, in the order of their places. Cancelled ones are among them, with Status
	// cancelled, Series and OriginalStart; their ID may be empty. A cancelled occurrence at a place that the series no longer has is none of them.
	ListExceptions(ctx context.Context, series EventRef) ([]cal.Event, error)
}

// RecurrenceMapper is a Driver whose provider cannot keep every series that RFC 5545 can write. Without it the provider keeps all of them.
type RecurrenceMapper interface {
	// MapRecurrence says, without any call, which part of the content's recurrence the provider cannot keep, as an *UnmappableError; nil if it can
	// keep all of it.
	MapRecurrence(c cal.Content) error
}

// UnmappableError says which part of a recurrence a provider cannot keep.
type UnmappableError struct {
	// Part is a part of a rule as RFC 5545 names it (BYSETPOS), or the name of a line (RDATE).
	Part string
	// Why is a sentence for whoever wrote the rule.
	Why string
}

// Error is the sentence, with its part.
func (e *UnmappableError) Error() string { return e.Part + ": " + e.Why }

// ChannelKeeper is a Client that can have changes pushed. Without it a calendar is polled.
type ChannelKeeper interface {
	// OpenChannel asks for pushes. The provider may call the address before OpenChannel returns. fault.Duplicate means that the provider allows
	// one channel only and has one; Existing is that one's Remote if it reports to the same address, so that it may be closed.
	OpenChannel(ctx context.Context, req OpenChannel) (cal.Channel, error)
	// CloseChannel ends pushes. fault.NotFound and fault.Gone mean that there was nothing to end.
	CloseChannel(ctx context.Context, ch cal.Channel) error
}

// OpenChannel asks for pushes about one calendar.
type OpenChannel struct {
	ID       cal.ChannelID
	Calendar cal.RemoteCalendarID
	// Address receives the pushes.
	Address string
	// Secret comes back with each push and proves it, together with the channel's id.
	Secret string
	// Expires is how long pushes are wished for; the provider may grant less.
	Expires time.Time
}

// ChannelRenewer is a Client whose channels can be prolonged in place. Without it a channel is replaced by a new one before it ends.
type ChannelRenewer interface {
	// RenewChannel prolongs ch. fault.NotFound means that the provider dropped it: open a new one and list anew.
	RenewChannel(ctx context.Context, ch cal.Channel, until time.Time) (cal.Channel, error)
}

// QuietWriter is a Driver whose provider can be told to mail nobody about a write. Without it every write to an event that has guests mails
// them, so calweave writes no guests unless the booking asks for it, and holds what would mail anyone by surprise.
type QuietWriter interface {
	QuietWrites()
}

// ConditionalWriter is a Driver whose provider is known to refuse a write that carries a stale ETag. Without it calweave reads an event
// before it writes, and compares for itself.
type ConditionalWriter interface {
	ConditionalWrites()
}

// ConferenceMaker is a Driver whose provider makes video conferences for events. Without it a booking that wants one is synced all the same, without.
//
// Its CreateEvent and UpdateEvent ask for one when Conference is set, and their answers then say in Event.Conference what came of that: refused where the
// provider passes the wish over. Every answer that shows a conference fills it in, whoever asked for it.
type ConferenceMaker interface {
	MakesConferences()
}

// TenantDriver is a Driver whose authorization server has addresses of their own for each of its tenants (Entra tenants, say). Without it an
// application names no such tenant.
type TenantDriver interface {
	// In returns the driver for applications of that tenant, which is named by its id or a domain. It fails with fault.Misconfigured when that
	// can be no tenant's name.
	In(tenant string) (Driver, error)
}

// AppActor is a Driver whose provider lets an administrator open mailboxes to an application that then acts by itself. Without it every owner has
// to consent.
type AppActor interface {
	// AppToken is the request for an access token by which an application acts for a mailbox. It makes no call. It fails with
	// fault.Misconfigured when the credential is none that the provider makes, or another application's.
	AppToken(app AppCredential, mailbox string) (TokenRequest, error)
	// OpenMailbox is Driver.Open for a mailbox that the application behind httpc acts for.
	OpenMailbox(httpc *http.Client, mailbox string) (Client, error)
}

// AppCredential is what an application proves itself with.
type AppCredential struct {
	// ClientID is the provider's name of the application; of a service account its address.
	ClientID string
	// Secret is a client secret, or the JSON key file of a service account.
	Secret string
}

// TokenRequest is a form to post to a token endpoint. It holds secrets.
type TokenRequest struct {
	URL  string
	Form url.Values
}
