package grant

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/telemetry"
)

// FlowStore is what Flow needs of the store.
type FlowStore interface {
	BeginConnection(ctx context.Context, tenant cal.TenantID, n record.NewFlow) (cal.ConnectionID, error)
	BindFlow(ctx context.Context, connectToken, browserHash string) (cal.TenantID, record.Flow, error)
	UseFlow(ctx context.Context, state, browserHash string) (cal.TenantID, record.Flow, error)
	Activate(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID, g record.Grant) error
	Connection(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (record.Connection, error)
}

// Secrets makes random secrets.
type Secrets interface {
	Secret() string
}

// Flow connects accounts.
type Flow struct {
	store    FlowStore
	exchange *Exchange
	secrets  Secrets
	clock    clock.Clock
}

// NewFlow makes a flow.
func NewFlow(store FlowStore, x *Exchange, s Secrets, c clock.Clock) *Flow {
	return &Flow{store: store, exchange: x, secrets: s, clock: c}
}

// flowTime is how long an owner may take from the connect link to the provider's answer.
const flowTime = time.Hour

// The ways in which a flow ends without a connection. Each is safe to show to whoever holds the browser.
var (
	// ErrLink means that a connect link is unknown, used or too old.
	ErrLink = errors.New("this link is not valid any more: ask for a new one")
	// ErrState means that an answer does not belong to a request of this browser.
	ErrState = errors.New("it was used already, or opened in another browser: if your calendar is not connected yet, ask for a new link")
	// ErrRefused means that the owner or the provider said no.
	ErrRefused = errors.New("access was refused: ask for a new link if you have changed your mind")
	// ErrPartial means that too little was granted to be of any use. It comes with ErrRefused.
	ErrPartial = errors.New("nothing of what was asked for was allowed: ask for a new link, and allow it")
	// ErrIssuer means that an answer came from another authorization server than the one that was asked (RFC 9207).
	ErrIssuer = errors.New("the answer came from another authorization server than the one that was asked")
)

// Request asks for an account to be connected.
type Request struct {
	Provider cal.Provider
	// Again is a connection that needs its owner again; empty for a new one.
	Again cal.ConnectionID
	// App is the tenant's application to connect it by; empty for the installation's own, and for that of the connection to connect anew.
	App cal.AppID
	// Mailbox is which one an application that acts by itself is to act for; empty where an owner is asked.
	Mailbox string
	// ReturnURL is where the owner's browser goes in the end; empty for a page of our own.
	ReturnURL string
	Actor     string
}

// Begin makes a connection, or takes up one that needs its owner again, and returns the token of its connect page. It fails with ErrNoApp when the
// installation has no application of its own, and with a record.RefusalError when the request names what cannot be used.
func (f *Flow) Begin(ctx context.Context, tenant cal.TenantID, r Request) (cal.ConnectionID, string, error) {
	app, _, err := chosen(ctx, f.exchange, f.store, tenant, r)
	if err != nil {
		return "", "", err
	}
	if app.Alone {
		return "", "", unusable("/mailbox", "this application acts by itself: name the mailbox that it is to act for")
	}
	n := record.NewFlow{
		Provider: r.Provider, AppID: app.ID, Again: r.Again, ReturnURL: r.ReturnURL, ConnectToken: f.secrets.Secret(), State: f.secrets.Secret(),
		Verifier: oauth2.GenerateVerifier(), ExpiresAt: f.clock.Now().Add(flowTime), Actor: r.Actor,
	}
	id, err := f.store.BeginConnection(ctx, tenant, n)
	if errors.Is(err, record.ErrStale) {
		err = withoutApp()
	}
	return id, n.ConnectToken, err
}

// Open ties the flow to a browser that holds cookie, and returns the provider's page to send it to.
func (f *Flow) Open(ctx context.Context, connectToken, cookie string) (string, error) {
	tenant, flow, err := f.store.BindFlow(ctx, connectToken, browserHash(cookie))
	if errors.Is(err, record.ErrNotFound) {
		return "", ErrLink
	}
	if err != nil {
		return "", err
	}
	telemetry.Learn(ctx, slog.String("tenant", string(tenant)))
	app, err := f.app(ctx, tenant, flow)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(flow.Verifier)}
	for name, value := range app.Driver.OAuth().AuthParams {
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	return f.exchange.config(app).AuthCodeURL(flow.State, options...), nil
}

// app is the application of a flow. One that was deleted since the flow began ends it.
func (f *Flow) app(ctx context.Context, tenant cal.TenantID, flow record.Flow) (App, error) {
	a, err := f.exchange.App(ctx, tenant, flow.AppID)
	if errors.Is(err, ErrNoApp) {
		err = errors.Join(ErrLink, err)
	}
	return a, err
}

// Answer is what a provider sent an owner's browser back with.
type Answer struct {
	Provider cal.Provider
	State    string
	Code     string
	// Error is the provider's word for a refusal; Issuer is who answers, where the provider says so.
	Error, Issuer string
	// Cookie is what the browser that brought the answer holds.
	Cookie string
}

// Finish spends the flow that the answer belongs to and activates its connection. What it returns says where the browser goes, even if it fails,
// as soon as the answer is known to belong to this browser.
func (f *Flow) Finish(ctx context.Context, a Answer) (Connected, error) {
	tenant, flow, err := f.spend(ctx, a)
	if err != nil {
		return Connected{}, err
	}
	out := Connected{ID: flow.ConnectionID, ReturnURL: flow.ReturnURL}
	app, err := f.app(ctx, tenant, flow)
	if err != nil {
		return out, err
	}
	if err := f.check(ctx, a, app); err != nil {
		return out, err
	}
	g, err := f.exchange.Redeem(ctx, app, flow.ConnectionID, a.Code, flow.Verifier)
	if err != nil && fault.KindOf(err).EndsGrant() {
		return out, errors.Join(ErrRefused, err)
	}
	if err != nil {
		return out, err
	}
	out.Lacks = lacking(g, app.Driver.OAuth())
	if g.RefreshToken == "" || len(out.Lacks) == len(cal.Abilities()) {
		return out, errors.Join(ErrRefused, ErrPartial)
	}
	g.Lacks, g.ClosedAt = record.NewLacks(out.Lacks), flow.ClosedAt
	err = f.store.Activate(ctx, tenant, flow.ConnectionID, g)
	if errors.Is(err, record.ErrStale) { // it was disconnected, or its application deleted, while its owner consented
		err = errors.Join(ErrLink, err)
	}
	return out, err
}

// Connected is what became of a flow.
type Connected struct {
	ID cal.ConnectionID
	// ReturnURL is where the owner's browser goes; empty for a page of our own.
	ReturnURL string
	// Lacks is what the owner has not allowed: the connection is good for the rest.
	Lacks []cal.Ability
}

// offline is the scope that asks for a refresh token. It is answered by the token itself and not named among the granted ones
// (https://learn.microsoft.com/en-us/entra/identity-platform/scopes-oidc#the-offline_access-scope).
const offline = "offline_access"

// lacking is what cannot be done with a grant: owners can take ticks away from the consent page. A granted scope may lack the prefix of its
// resource, or have one.
func lacking(g record.Grant, o provider.OAuth) []cal.Ability {
	granted := strings.Fields(g.Scopes)
	without := map[cal.Ability]bool{}
	for _, want := range o.Scopes {
		if want == offline || slices.ContainsFunc(granted, func(got string) bool { return strings.EqualFold(path.Base(got), path.Base(want)) }) {
			continue
		}
		needed, known := o.Allows[want]
		if !known {
			needed = cal.Abilities()
		}
		for _, a := range needed {
			without[a] = true
		}
	}
	return slices.DeleteFunc(cal.Abilities(), func(a cal.Ability) bool { return !without[a] })
}

// spend uses up the flow that the answer belongs to, whatever the answer is.
func (f *Flow) spend(ctx context.Context, a Answer) (cal.TenantID, record.Flow, error) {
	if a.State == "" || a.Cookie == "" {
		return "", record.Flow{}, ErrState
	}
	tenant, flow, err := f.store.UseFlow(ctx, a.State, browserHash(a.Cookie))
	if errors.Is(err, record.ErrNotFound) || err == nil && flow.Provider != a.Provider {
		return "", record.Flow{}, ErrState
	}
	telemetry.Learn(ctx, slog.String("tenant", string(tenant)))
	return tenant, flow, err
}

// check fails unless the answer brings a code from the issuer that was asked. An issuer is compared whenever the answer names one.
func (f *Flow) check(ctx context.Context, a Answer, app App) error {
	switch {
	case a.Issuer != "" && !issues(a.Issuer, app.Driver.OAuth()):
		return ErrIssuer
	case a.Error != "":
		return f.exchange.sentBack(ctx, app, a.Error)
	case a.Code == "":
		return ErrRefused
	}
	return nil
}

// issues reports whether an issuer is a provider's. Where its name depends on the account, it has to be at the origin of the page that the owner
// was sent to.
func issues(issuer string, o provider.OAuth) bool {
	if o.Issuer != "" {
		return issuer == o.Issuer
	}
	named, err1 := url.Parse(issuer)
	asked, err2 := url.Parse(o.AuthURL)
	return err1 == nil && err2 == nil && named.User == nil && named.Host != "" && named.Scheme == asked.Scheme && named.Host == asked.Host
}

// browserHash is what is kept of the cookie that binds a flow to a browser.
func browserHash(cookie string) string {
	sum := sha256.Sum256([]byte(cookie))
	return hex.EncodeToString(sum[:])
}
