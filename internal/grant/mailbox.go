package grant

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
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
	Clock    clock.Clock
	// Read reads a mailbox with an access token that no grant has yet, by a driver that can do so without its owner, under the fleet's budget. It
	// fails with fault.Busy when the budget has the call wait.
	Read func(ctx context.Context, tenant cal.TenantID, d provider.Driver, c record.Connection, access string) error
	// Heed records how long a failure says to stay away from a connection's provider, and returns it.
	Heed func(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, err error) error
}

// ProbeError is a mailbox that was not shown to be open: no token was given for it, or it was not read. Nothing was stored. Its cause is a
// *fault.Error.
type ProbeError struct{ Err error }

// Error gives the cause.
func (e *ProbeError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *ProbeError) Unwrap() error { return e.Err }

// Connect makes an active connection of a mailbox, or activates one anew. It asks for a token and reads the mailbox first, and stores nothing when
// either fails: that is a *ProbeError. A request that names what cannot be used is refused with a record.RefusalError, and fails with ErrNoApp or
// record.ErrNotFound as Flow.Begin does.
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
	g, err := m.probe(ctx, tenant, app, target(tenant, app, again, r.Mailbox))
	if err != nil {
		return "", &ProbeError{err}
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

// target is the connection that a mailbox is probed for. One that is not made yet is known by its mailbox, so that whoever tries again meets what the
// provider has said; the address itself stays here.
func target(tenant cal.TenantID, app App, again record.Connection, mailbox string) record.Connection {
	if again.ID != "" {
		return again
	}
	sum := sha256.Sum256([]byte(string(tenant) + "/" + string(app.ID) + "/" + strings.ToLower(mailbox)))
	return record.Connection{ID: cal.ConnectionID("new-" + hex.EncodeToString(sum[:16])), Provider: app.Driver.Name(), AppID: app.ID, Mailbox: mailbox}
}

// probeTime is how long the provider may take to show that a mailbox is open: somebody waits for the answer.
const probeTime = 15 * time.Second

// probe asks for a token and reads the mailbox with it, unless the provider wants to be left alone about the connection. What it asks for now is
// recorded of a connection that is there.
func (m *Mailboxes) probe(ctx context.Context, tenant cal.TenantID, app App, c record.Connection) (record.Grant, error) {
	if wait := c.Penalty.Sub(m.Clock.Now()); wait > 0 {
		limited := fault.Newf(fault.RateLimited, "grant: read mailbox", "the provider has asked to be left alone")
		limited.RetryAfter = wait
		return record.Grant{}, limited
	}
	calling, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	g, err := m.Exchange.Mint(calling, tenant, app, c)
	if err == nil {
		g.Lacks = record.NewLacks(lacking(g, app.Driver.OAuth()))
		err = m.Read(calling, tenant, app.Driver, c, g.AccessToken)
	}
	if err != nil && c.State != "" {
		err = m.Heed(ctx, tenant, c.ID, err)
	}
	return g, err
}
