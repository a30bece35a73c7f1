package grant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/record"
)

// AppStore keeps tenants' applications.
type AppStore interface {
	// Application returns an application with its credential, or record.ErrNotFound.
	Application(ctx context.Context, tenant cal.TenantID, id cal.AppID) (record.Application, error)
}

// Registry knows tenants' applications.
type Registry struct {
	Store   AppStore
	Drivers map[cal.Provider]provider.Driver
}

// App returns an application, the installation's own or one of the tenant's, or ErrNoApp.
func (x *Exchange) App(ctx context.Context, tenant cal.TenantID, id cal.AppID) (App, error) {
	if a, ok := x.apps[id]; ok {
		return a, nil
	}
	if x.Registry == nil || !record.OfTenant(id) {
		return App{}, ErrNoApp
	}
	r, err := x.Registry.Store.Application(ctx, tenant, id)
	if errors.Is(err, record.ErrNotFound) {
		return App{}, ErrNoApp
	}
	if err != nil {
		return App{}, err
	}
	return x.Registry.app(r)
}

// app makes of a record what can be called with.
func (g *Registry) app(r record.Application) (App, error) {
	const op = "grant: application"
	d, ok := g.Drivers[r.Provider]
	if !ok {
		return App{}, fault.Newf(fault.Misconfigured, op, "this build has no driver for %s", r.Provider)
	}
	if r.EntraTenant != "" {
		in, ok := d.(provider.TenantDriver)
		if !ok {
			return App{}, fault.Newf(fault.Misconfigured, op, "%s has no tenants of its own", r.Provider)
		}
		var err error
		if d, err = in.In(r.EntraTenant); err != nil {
			return App{}, err
		}
	}
	secret := r.Credential
	return App{ID: r.ID, Driver: d, ClientID: r.ClientID, Secret: func() string { return secret }, Alone: r.Kind == record.AppOnly}, nil
}

// Mint asks for an access token by which an application that acts by itself acts for a connection's mailbox. There is no refresh token: the
// application asks anew.
func (x *Exchange) Mint(ctx context.Context, tenant cal.TenantID, a App, c record.Connection) (record.Grant, error) {
	const op = "grant: app-only token"
	actor, ok := a.Driver.(provider.AppActor)
	if !ok {
		return record.Grant{}, fault.Newf(fault.Misconfigured, op, "no application of %s acts by itself", a.Driver.Name())
	}
	return x.admitted(ctx, tenant, c, func(ctx context.Context) (record.Grant, error) {
		r, err := actor.AppToken(provider.AppCredential{ClientID: a.ClientID, Secret: a.Secret()}, c.Mailbox)
		if err != nil {
			return record.Grant{}, err
		}
		// The form is complete, whatever the grant is called: the library adds nothing to it.
		asking := &clientcredentials.Config{TokenURL: r.URL, EndpointParams: r.Form, AuthStyle: oauth2.AuthStyleInParams}
		t, err := asking.Token(context.WithValue(ctx, oauth2.HTTPClient, x.client))
		if err != nil {
			return record.Grant{}, x.misdated(x.refusal(ctx, a, op, err), err)
		}
		return x.grant(c.ID, t, strings.Join(a.Driver.OAuth().Scopes, " ")), nil
	})
}

// clockSlack is how far this machine's clock may be from an authorization server's before it may be what an assertion is refused for.
const clockSlack = time.Minute

// misdated makes the operator's mistake of a verdict that this machine's clock may be to blame for: what an application asserts is good from one
// moment to another, and one that is out of its time is refused as if the account were gone (invalid_grant,
// https://developers.google.com/identity/protocols/oauth2/service-account). The answer's Date says what time it is there.
func (x *Exchange) misdated(verdict, cause error) error {
	f, _ := fault.As(verdict)
	refused, ok := errors.AsType[*oauth2.RetrieveError](cause)
	if !ok || f == nil || !f.Kind.EndsGrant() {
		return verdict
	}
	theirs, err := http.ParseTime(refused.Response.Header.Get("Date"))
	if err != nil {
		return verdict
	}
	off, side := x.clock.Now().Sub(theirs).Truncate(time.Second), "ahead of"
	if off.Abs() <= clockSlack {
		return verdict
	}
	if off < 0 {
		side = "behind"
	}
	g := *f
	g.Kind, g.Err = fault.Misconfigured, fmt.Errorf("this machine's clock is %s %s the provider's, which refuses what is signed by it: set it right", off.Abs(), side)
	return &g
}

// connections reads connections.
type connections interface {
	Connection(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (record.Connection, error)
}

// chosen is the application that a request is to be carried out with, and the connection to connect anew if it names one.
func chosen(ctx context.Context, x *Exchange, store connections, tenant cal.TenantID, r Request) (App, record.Connection, error) {
	if r.App == "" && r.Again == "" {
		app, err := x.AppFor(r.Provider)
		return app, record.Connection{}, err
	}
	again, err := takenUp(ctx, store, tenant, r)
	if err != nil {
		return App{}, again, err
	}
	app, err := x.App(ctx, tenant, cmp.Or(again.AppID, r.App))
	switch {
	case errors.Is(err, ErrNoApp) && r.App == "" && record.OfTenant(again.AppID):
		err = withoutApp()
	case r.App != "" && !app.serves(r, err):
		err = unusable("/app_id", "there is no such application of this provider: GET /v1/applications lists them")
	}
	return app, again, err
}

// takenUp is the connection to connect anew, if a request names one.
func takenUp(ctx context.Context, store connections, tenant cal.TenantID, r Request) (record.Connection, error) {
	if r.Again == "" {
		return record.Connection{}, nil
	}
	c, err := store.Connection(ctx, tenant, r.Again)
	switch {
	case err == nil && c.Provider != r.Provider:
		err = record.ErrNotFound
	case err == nil && r.App != "" && r.App != c.AppID:
		err = unusable("/app_id", "the connection is not of this application: leave it out")
	}
	return c, err
}

// serves reports whether an application that a request names is a tenant's at the request's provider, given how finding it ended. Whether it could
// be looked for at all is left to the error.
func (a App) serves(r Request, err error) bool {
	if err != nil {
		return !errors.Is(err, ErrNoApp)
	}
	return record.OfTenant(a.ID) && a.Driver.Name() == r.Provider
}

// withoutApp refuses to connect a connection anew whose application is gone.
func withoutApp() error {
	return unusable("/connection_id", "the application of this connection was deleted: make a new connection")
}

// unusable refuses a request for one of its fields.
func unusable(pointer, detail string) error {
	return &record.RefusalError{
		Reason: record.ReasonInvalid, Detail: "the account cannot be connected like this", Problems: []message.Problem{{Pointer: pointer, Detail: detail}},
	}
}

// Check refuses an application that could not be used. It makes no call: whether the provider knows it shows when it is used.
func (x *Exchange) Check(r record.Application) error {
	var wrong []message.Problem
	refuse := func(pointer, detail string) { wrong = append(wrong, message.Problem{Pointer: pointer, Detail: detail}) }
	if own, err := x.AppFor(r.Provider); err == nil && own.ClientID == r.ClientID {
		refuse("/client_id", "this is the installation's own client: connect accounts without app_id")
	}
	if r.EntraTenant != "" && !tenantName().MatchString(r.EntraTenant) {
		refuse("/entra_tenant", "give the tenant's id, or one of its domains")
	}
	if len(wrong) == 0 {
		if pointer, err := x.Registry.weakness(r); err != nil {
			refuse(pointer, reasonOf(err))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return &record.RefusalError{Reason: record.ReasonInvalid, Detail: "the application cannot be used like this", Problems: wrong}
}

// weakness is the field that makes an application unusable, and why.
func (g *Registry) weakness(r record.Application) (pointer string, err error) {
	app, err := g.app(r)
	if err != nil {
		if _, known := g.Drivers[r.Provider]; !known {
			return "/provider", err
		}
		return "/entra_tenant", err
	}
	if !app.Alone {
		return "", nil
	}
	actor, ok := app.Driver.(provider.AppActor)
	if !ok {
		return "/kind", fault.Newf(fault.Misconfigured, "grant: application", "no application of %s acts by itself", app.Driver.Name())
	}
	_, err = actor.AppToken(provider.AppCredential{ClientID: app.ClientID, Secret: app.Secret()}, "somebody@example.com")
	if _, ok := app.Driver.(provider.TenantDriver); ok { // its secrets have no form that could be wrong
		return "/entra_tenant", err
	}
	return "/credential", err
}

// reasonOf is why a driver refuses, without the operation and the kind.
func reasonOf(err error) string {
	if f, ok := fault.As(err); ok && f.Err != nil {
		return f.Err.Error()
	}
	return err.Error()
}

// tenantName is a domain or an id. Neither can make another path of an address.
func tenantName() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`)
}
