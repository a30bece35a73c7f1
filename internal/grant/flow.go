package grant

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
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
	// ErrPartial means that less was granted than calweave needs. It comes with ErrRefused.
	ErrPartial = errors.New("some of what was asked for was not allowed: ask for a new link, and allow all of it")
	// ErrIssuer means that an answer came from another authorization server than the one that was asked (RFC 9207).
	ErrIssuer = errors.New("the answer came from another authorization server than the one that was asked")
)

// Begin makes a connection, or takes up one that needs its owner again, and returns the token of its connect page.
func (f *Flow) Begin(ctx context.Context, tenant cal.TenantID, p cal.Provider, again cal.ConnectionID, actor string) (cal.ConnectionID, string, error) {
	app, err := f.exchange.AppFor(p)
	if err != nil {
		return "", "", err
	}
	n := record.NewFlow{
		Provider: p, AppID: app.ID, Again: again, ConnectToken: f.secrets.Secret(), State: f.secrets.Secret(),
		Verifier: oauth2.GenerateVerifier(), ExpiresAt: f.clock.Now().Add(flowTime), Actor: actor,
	}
	id, err := f.store.BeginConnection(ctx, tenant, n)
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
	app, err := f.exchange.App(flow.AppID)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(flow.Verifier)}
	for name, value := range app.Driver.OAuth().AuthParams {
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	return f.exchange.config(app).AuthCodeURL(flow.State, options...), nil
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

// Finish spends the flow that the answer belongs to and activates its connection.
func (f *Flow) Finish(ctx context.Context, a Answer) (cal.ConnectionID, error) {
	tenant, flow, err := f.spend(ctx, a)
	if err != nil {
		return "", err
	}
	app, err := f.exchange.App(flow.AppID)
	if err != nil {
		return "", err
	}
	if err := a.check(app.Driver.OAuth().Issuer); err != nil {
		return "", err
	}
	g, err := f.exchange.Redeem(ctx, app, flow.ConnectionID, a.Code, flow.Verifier)
	if fault.Is(err, fault.NeedsReauth) {
		return "", errors.Join(ErrRefused, err)
	}
	if err != nil {
		return "", err
	}
	if !complete(g, app.Driver.OAuth().Scopes) {
		return "", errors.Join(ErrRefused, ErrPartial)
	}
	return flow.ConnectionID, f.store.Activate(ctx, tenant, flow.ConnectionID, g)
}

// offline is the scope that asks for a refresh token. It is answered by the token itself and not named among the granted ones
// (https://learn.microsoft.com/en-us/entra/identity-platform/scopes-oidc#the-offline_access-scope).
const offline = "offline_access"

// complete reports whether a grant is all that was asked for: owners can take ticks away from the consent page, and without a refresh token
// the connection would end within the hour. A granted scope may lack the prefix of its resource, or have one.
func complete(g record.Grant, asked []string) bool {
	granted := strings.Fields(g.Scopes)
	for _, want := range asked {
		if want != offline && !slices.ContainsFunc(granted, func(got string) bool { return strings.EqualFold(path.Base(got), path.Base(want)) }) {
			return false
		}
	}
	return g.RefreshToken != ""
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

// check fails unless the answer brings a code from the issuer that was asked. An issuer is compared where both sides name one.
func (a Answer) check(issuer string) error {
	if a.Issuer != "" && issuer != "" && a.Issuer != issuer {
		return ErrIssuer
	}
	if a.Error != "" || a.Code == "" {
		return ErrRefused
	}
	return nil
}

// browserHash is what is kept of the cookie that binds a flow to a browser.
func browserHash(cookie string) string {
	sum := sha256.Sum256([]byte(cookie))
	return hex.EncodeToString(sum[:])
}
