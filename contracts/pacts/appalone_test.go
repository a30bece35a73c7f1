//go:build pact

package pacts_test

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/grant"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/providers/google"
	"github.com/calweave/calweave/providers/microsoft"
)

// serviceAccount acts for the accounts of a domain; its key was made for these tests and opens nothing.
const (
	serviceAccount = "calweave@contracts.iam.gserviceaccount.com"
	nobody         = "nobody@example.com"
	domain         = "example.com"
)

//go:embed testdata/service-account.pem
var servicePEM []byte

// The states of applications that act by themselves.
const (
	delegated   = "a domain that has delegated its calendars to the service account"
	undelegated = "a domain that has delegated nothing to the service account"
	admitted    = "an Entra tenant that has admitted the application"
	unadmitted  = "an Entra tenant that has not admitted the application"
)

// delegationScenes are what a service account asks Google for (https://developers.google.com/identity/protocols/oauth2/service-account).
func delegationScenes(t *testing.T) []scene {
	t.Helper()
	file, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": serviceAccount, "private_key_id": "key-of-the-contracts", "private_key": string(servicePEM),
	})
	if err != nil {
		t.Fatal(err)
	}
	mint := func(mailbox string) func(context.Context, *http.Client) (record.Grant, error) {
		return minting(google.New(google.Config{Clock: clock.NewManual(today)}), serviceAccount, string(file), mailbox)
	}
	return []scene{
		one("an app-only token", given(delegated), appToken(), minted(mint(ana))),
		one("an app-only token, and nothing is delegated", given(undelegated), tokenRefusal(401, "unauthorized_client"), unminted(mint(ana), fault.Misconfigured)),
		one("an app-only token for an account that there is not", given(delegated), tokenRefusal(400, "invalid_grant"), unminted(mint(nobody), fault.NeedsReauth)),
	}
}

// credentialScenes are what an application asks Entra for
// (https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow).
func credentialScenes() []scene {
	mint := func(ctx context.Context, httpc *http.Client) (record.Grant, error) {
		driver, err := microsoft.New(microsoft.Config{Clock: clock.NewManual(today)}).In(domain)
		if err != nil {
			return record.Grant{}, err
		}
		return minting(driver, clientID, secretWord, ana)(ctx, httpc)
	}
	refused := reply{status: 400, body: object{"error": exactly("unauthorized_client"), "error_description": matching("AADSTS700016: .+", "AADSTS700016: No.")}}
	return []scene{
		one("an app-only token", given(admitted), appToken(), minted(mint)),
		one("an app-only token, and is not admitted", given(unadmitted), refused, unminted(mint, fault.Misconfigured)),
	}
}

// minting asks for an app-only token as calweave does.
func minting(driver provider.Driver, client, secret, mailbox string) func(context.Context, *http.Client) (record.Grant, error) {
	return func(ctx context.Context, httpc *http.Client) (record.Grant, error) {
		app := grant.App{ID: "app", Driver: driver, ClientID: client, Secret: func() string { return secret }, Alone: true}
		// An answer's Date is that of this machine: an account that is gone is told from a clock that is wrong.
		x := grant.NewExchange([]grant.App{app}, httpc, func(cal.Provider) string { return redirect }, clock.System{})
		return x.Mint(ctx, "tenant", app, record.Connection{ID: "connection", AppID: app.ID, Provider: driver.Name(), Mailbox: mailbox})
	}
}

func minted(mint func(context.Context, *http.Client) (record.Grant, error)) func(context.Context, *http.Client) error {
	return func(ctx context.Context, httpc *http.Client) error {
		g, err := mint(ctx, httpc)
		return wants(err, g.AccessToken == tokenWord && g.RefreshToken == "" && g.ExpiresAt.After(today), g.ExpiresAt)
	}
}

func unminted(mint func(context.Context, *http.Client) (record.Grant, error), want fault.Kind) func(context.Context, *http.Client) error {
	return func(ctx context.Context, httpc *http.Client) error {
		_, err := mint(ctx, httpc)
		return fails(want, err)
	}
}

// appToken is an answer without a refresh token: there is none for who acts by itself.
func appToken() reply {
	return reply{status: 200, body: object{"access_token": like(tokenWord), "expires_in": like(3599), "token_type": exactly("Bearer")}}
}

func tokenRefusal(status int, code string) reply {
	return reply{status: status, body: object{"error": exactly(code)}}
}

// delegates adds the states of applications that act by themselves.
func (s *simulated) delegates(states map[string]setup) {
	permit := func(domain string, permissions []string) setup {
		return s.after(func() error {
			a := sim.Application{Client: clientID, Domain: domain, Permissions: permissions}
			if s.provider == sim.Google {
				key, err := publicKey(servicePEM)
				if err != nil {
					return err
				}
				a.Client, a.PublicKey = serviceAccount, key
			}
			return s.sim.Authorise(s.provider, a)
		})
	}
	if s.provider == sim.Google {
		scopes := google.New(google.Config{}).OAuth().Scopes
		states[delegated], states[undelegated] = permit(domain, scopes), permit("example.org", scopes)
		return
	}
	states[admitted], states[unadmitted] = permit(domain, []string{"Calendars.ReadWrite"}), permit("example.org", []string{"Calendars.ReadWrite"})
}

// publicKey is the public half of a private key, both as PEM.
func publicKey(private []byte) (string, error) {
	block, _ := pem.Decode(private)
	if block == nil {
		return "", fmt.Errorf("no PEM: %d bytes", len(private))
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return "", err
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return "", fmt.Errorf("%T is no RSA key", parsed)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), err
}

// addressed lets a request name the authorization server that it is for: an assertion is good for that address alone.
func addressed(r *http.Request, body []byte) {
	if strings.Contains(string(body), "assertion=") {
		r.Host, r.TLS = "oauth2.googleapis.com", &tls.ConnectionState{}
	}
}
