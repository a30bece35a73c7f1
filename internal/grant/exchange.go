package grant

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// App is an OAuth client that an operator or a tenant has registered with a provider.
type App struct {
	ID       cal.AppID
	Driver   provider.Driver
	ClientID string
	// Secret is kept as a function, so that printing an App prints no secret.
	Secret func() string
	// Alone says that it acts by itself, for mailboxes that an administrator has opened to it.
	Alone bool
}

// Exchange calls token endpoints, and those that revoke.
type Exchange struct {
	// Registry knows tenants' applications; nil where there are none.
	Registry *Registry
	// Budget bounds the asking for tokens that can wait; nil for none, which is for tests that are about something else. A code cannot wait: it is
	// redeemed whatever the budget would say.
	Budget   Budget
	apps     map[cal.AppID]App
	client   *http.Client
	redirect func(cal.Provider) string
	clock    clock.Clock
	log      *slog.Logger
}

// NewExchange makes an exchange for apps. client guards where it connects and how long it takes; redirect is the redirect URI of a provider.
func NewExchange(apps []App, client *http.Client, redirect func(cal.Provider) string, c clock.Clock) *Exchange {
	x := &Exchange{apps: map[cal.AppID]App{}, client: client, redirect: redirect, clock: c, log: slog.New(slog.DiscardHandler)}
	for _, a := range apps {
		x.apps[a.ID] = a
	}
	return x
}

// LogTo has the codes logged that a token endpoint refuses with and its driver does not know. It is for before the first call.
func (x *Exchange) LogTo(log *slog.Logger) { x.log = log }

// ErrNoApp means that no OAuth client is configured for a provider.
var ErrNoApp = errors.New("no OAuth client is configured for this provider")

// AppFor returns the installation's own application at a provider.
func (x *Exchange) AppFor(p cal.Provider) (App, error) {
	for _, a := range x.apps {
		if a.Driver.Name() == p {
			return a, nil
		}
	}
	return App{}, ErrNoApp
}

func (x *Exchange) config(a App) *oauth2.Config {
	o := a.Driver.OAuth()
	return &oauth2.Config{
		ClientID: a.ClientID, ClientSecret: a.Secret(), RedirectURL: x.redirect(a.Driver.Name()), Scopes: o.Scopes,
		// Without a style the library posts every refused token twice, the second time with the secret elsewhere.
		Endpoint: oauth2.Endpoint{AuthURL: o.AuthURL, TokenURL: o.TokenURL, AuthStyle: oauth2.AuthStyleInParams},
	}
}

// Refresh trades the refresh token for new tokens. Where the provider does not rotate, the old refresh token stays. An application that acts by
// itself has none, and asks for an access token anew.
func (x *Exchange) Refresh(ctx context.Context, tenant cal.TenantID, c record.Connection, g record.Grant) (record.Grant, error) {
	a, err := x.App(ctx, tenant, c.AppID)
	if errors.Is(err, ErrNoApp) {
		return record.Grant{}, fault.New(fault.Misconfigured, "grant: refresh", err)
	}
	if err != nil {
		return record.Grant{}, err
	}
	if a.Alone {
		return x.Mint(ctx, tenant, a, c)
	}
	if g.RefreshToken == "" {
		return record.Grant{}, fault.Newf(fault.NeedsReauth, "grant: refresh", "the provider gave no refresh token")
	}
	return x.admitted(ctx, tenant, c, func(ctx context.Context) (record.Grant, error) {
		old := &oauth2.Token{RefreshToken: g.RefreshToken}
		t, err := x.config(a).TokenSource(context.WithValue(ctx, oauth2.HTTPClient, x.client), old).Token()
		if err != nil {
			return record.Grant{}, x.refusal(ctx, a, "grant: refresh", err)
		}
		return x.grant(c.ID, t, g.Scopes), nil
	})
}

// Redeem trades an authorization code for tokens.
func (x *Exchange) Redeem(ctx context.Context, a App, id cal.ConnectionID, code, verifier string) (record.Grant, error) {
	ctx = context.WithValue(ctx, oauth2.HTTPClient, x.client)
	t, err := x.config(a).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return record.Grant{}, x.refusal(ctx, a, "grant: redeem code", err)
	}
	return x.grant(id, t, strings.Join(a.Driver.OAuth().Scopes, " ")), nil
}

// Revoke ends what a token stands for (RFC 7009). A token that the server takes for none is as good as revoked.
func (x *Exchange) Revoke(ctx context.Context, a App, token string) error {
	const op, invalid = "grant: revoke", "invalid_token"
	form := strings.NewReader(url.Values{"token": {token}}.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Driver.OAuth().RevokeURL, form)
	if err != nil {
		return fault.Newf(fault.Misconfigured, op, "the driver's URL for it cannot be used")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := x.client.Do(req)
	if err != nil {
		return fault.Network(ctx, op, err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing more is wanted of it
	body, err := io.ReadAll(io.LimitReader(resp.Body, longestRefusal))
	switch {
	case resp.StatusCode/100 == 2:
		return nil
	case err != nil:
		return fault.Network(ctx, op, err)
	}
	refusal := x.judge(ctx, a, resp, body)
	if resp.StatusCode == http.StatusBadRequest && refusal.Code == invalid {
		return nil
	}
	return refusal
}

// longestRefusal is how much of a refused revocation is read.
const longestRefusal = 64 << 10

// grant is what the token endpoint gave. A response without a scope grants what was asked (RFC 6749, section 5.1).
func (x *Exchange) grant(id cal.ConnectionID, t *oauth2.Token, asked string) record.Grant {
	g := record.Grant{ConnectionID: id, AccessToken: t.AccessToken, RefreshToken: t.RefreshToken, Scopes: asked}
	if scope, ok := t.Extra("scope").(string); ok && scope != "" {
		g.Scopes = scope
	}
	g.ExpiresAt = x.clock.Now().Add(lifeOf(t))
	return g
}

// lifeOf is how long an access token is good for. The library works an instant out, but by the machine's clock.
func lifeOf(t *oauth2.Token) time.Duration {
	const unsaid = time.Hour
	seconds := t.ExpiresIn
	if n, ok := t.Extra("expires_in").(int64); ok { // of an answer that is a form
		seconds = n
	}
	if seconds <= 0 {
		return unsaid
	}
	return time.Duration(min(seconds, math.MaxInt32)) * time.Second
}

// judge has the driver classify a refusal, and logs the code of one that it does not know: the code alone, since the rest may hold anything.
func (x *Exchange) judge(ctx context.Context, a App, resp *http.Response, body []byte) *fault.Error {
	f := a.Driver.TokenFault(resp.StatusCode, resp.Header, body)
	if f.Unlisted {
		x.log.WarnContext(ctx, "a token endpoint refused with a code that is not listed", slog.String("provider", string(a.Driver.Name())),
			slog.Int("status", f.Status), slog.String("code", f.Code), slog.String("taken_for", string(f.Kind)))
	}
	return f
}

// sentBack classifies the word that an owner's browser brings back in place of a code (RFC 6749, section 4.1.2.1): as if the token endpoint had said it. Only
// what ends a grant there is the owner's refusal here.
func (x *Exchange) sentBack(ctx context.Context, a App, word string) error {
	body, err := json.Marshal(map[string]string{"error": word})
	if err != nil {
		return err
	}
	f := x.judge(ctx, a, &http.Response{StatusCode: http.StatusBadRequest}, body)
	if f.Kind.EndsGrant() {
		return errors.Join(ErrRefused, f)
	}
	return f
}

// refusal classifies a failed call. What the endpoint said is the driver's to judge; no answer may pass. The cause is left out: it quotes the
// answer.
func (x *Exchange) refusal(ctx context.Context, a App, op string, err error) error {
	if f, ok := fault.As(err); ok { // of the given client: an open breaker
		return f
	}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.Response != nil {
		return x.judge(ctx, a, refused.Response, refused.Body)
	}
	if _, unanswered := errors.AsType[*url.Error](err); !unanswered && ctx.Err() == nil {
		return fault.Newf(fault.Transient, op, "the answer cannot be read")
	}
	return fault.Network(ctx, op, err)
}
