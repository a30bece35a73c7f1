package grant

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/record"
)

// MailboxStore is what Mailboxes needs of the store.
type MailboxStore interface {
	Connection(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (record.Connection, error)
	ConnectMailbox(ctx context.Context, tenant cal.TenantID, n record.NewMailbox, g record.Grant) (cal.ConnectionID, error)
}

// Mailboxes connects mailboxes to applications that act by themselves.
type Mailboxes struct {
	Store    MailboxStore
	Exchange *Exchange
	// HTTP makes the HTTP client that sends an access token to a provider, and to nobody else.
	HTTP func(p cal.Provider, access string) *http.Client
}

// Connect makes an active connection of a mailbox, or activates one anew. It asks for a token and reads the mailbox first, and stores nothing when
// either is refused: that is a *fault.Error. A request that names what cannot be used is refused with a record.RefusalError, and fails with
// ErrNoApp or record.ErrNotFound as Flow.Begin does.
func (m *Mailboxes) Connect(ctx context.Context, tenant cal.TenantID, r Request) (cal.ConnectionID, error) {
	app, again, err := chosen(ctx, m.Exchange, m.Store, tenant, r)
	if err != nil {
		return "", err
	}
	switch {
	case !app.Alone:
		return "", unusable("/mailbox", "only an application that acts by itself (app_only) is told a mailbox: leave it out, and send the owner to connect_url")
	case r.ReturnURL != "":
		return "", unusable("/return_url", "no browser is sent anywhere: leave it out")
	case again.ID != "" && r.Mailbox != "" && r.Mailbox != again.Mailbox:
		return "", unusable("/mailbox", "the connection is another mailbox's: leave it out, or make a new connection")
	case again.ID != "":
		r.Mailbox = again.Mailbox
	}
	g, err := m.probe(ctx, app, r.Mailbox)
	if err != nil {
		return "", err
	}
	g.ClosedAt = again.ClosedAt
	id, err := m.Store.ConnectMailbox(ctx, tenant, record.NewMailbox{
		Provider: r.Provider, AppID: app.ID, Mailbox: r.Mailbox, Again: r.Again, Actor: r.Actor,
	}, g)
	if errors.Is(err, record.ErrStale) {
		return "", unusable("/connection_id", "it was disconnected, or its application deleted, meanwhile: try again")
	}
	return id, err
}

// Of is the mailbox of a connection; "" when it has none, or there is no such connection.
func (m *Mailboxes) Of(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (string, error) {
	if id == "" {
		return "", nil
	}
	c, err := m.Store.Connection(ctx, tenant, id)
	if errors.Is(err, record.ErrNotFound) {
		return "", nil
	}
	return c.Mailbox, err
}

// probeTime is how long the provider may take to show that a mailbox is open: somebody waits for the answer.
const probeTime = 15 * time.Second

// probe asks for a token and reads the mailbox with it.
func (m *Mailboxes) probe(ctx context.Context, app App, mailbox string) (record.Grant, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	g, err := m.Exchange.Mint(ctx, app, "", mailbox)
	if err != nil {
		return g, err
	}
	g.Lacks = record.NewLacks(lacking(g, app.Driver.OAuth()))
	return g, m.read(ctx, app, g, mailbox)
}

// read fails unless the token opens the mailbox: Entra gives a token to an application that no mailbox was opened to.
func (m *Mailboxes) read(ctx context.Context, app App, g record.Grant, mailbox string) error {
	actor, ok := app.Driver.(provider.AppActor)
	if !ok { // unreachable: it has made the token
		return fault.Newf(fault.Misconfigured, "grant: read mailbox", "no application of %s acts by itself", app.Driver.Name())
	}
	client, err := actor.OpenMailbox(m.HTTP(app.Driver.Name(), g.AccessToken), mailbox)
	if err != nil {
		return err
	}
	_, err = client.Calendars(ctx)
	return err
}
