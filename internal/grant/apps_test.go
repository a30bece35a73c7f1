package grant

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/browser"
	"github.com/calweave/calweave/providers/google"
	"github.com/calweave/calweave/providers/microsoft"
)

const (
	robot   = "robot@project.iam.gserviceaccount.com"
	mailbox = "hugo@workspace.example"
)

// shelf keeps applications of the one tenant.
type shelf struct {
	apps map[cal.AppID]record.Application
	err  error
}

func (s shelf) Application(_ context.Context, t cal.TenantID, id cal.AppID) (record.Application, error) {
	a, ok := s.apps[id]
	if !ok || t != tenant {
		return record.Application{}, errors.Join(s.err, record.ErrNotFound)
	}
	return a, s.err
}

var accountKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// keyFile is the key file of the service account.
func keyFile(t *testing.T) string {
	t.Helper()
	key, err := accountKey()
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": robot, "private_key_id": "key-1", "token_uri": "https://hunter2.test/",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// registry knows one application of each kind.
func registry(t *testing.T, c clock.Clock) *Registry {
	t.Helper()
	base := "https://microsoft.test/common/oauth2/v2.0/"
	return &Registry{
		Drivers: map[cal.Provider]provider.Driver{
			cal.Google:    google.New(google.Config{TokenURL: "https://google.test/token", Clock: c}),
			cal.Microsoft: microsoft.New(microsoft.Config{AuthURL: base + "authorize", TokenURL: base + "token", Clock: c}),
		},
		Store: shelf{apps: map[cal.AppID]record.Application{
			"app_ours":   {ID: "app_ours", Provider: cal.Google, Kind: record.AppDelegated, ClientID: "ours", Credential: "hunter2-ours"},
			"app_robot":  {ID: "app_robot", Provider: cal.Google, Kind: record.AppOnly, ClientID: robot, Credential: keyFile(t)},
			"app_daemon": {ID: "app_daemon", Provider: cal.Microsoft, Kind: record.AppOnly, ClientID: "daemon", Credential: "hunter2-daemon", EntraTenant: "fabrikam.example"},
			"app_single": {ID: "app_single", Provider: cal.Microsoft, Kind: record.AppDelegated, ClientID: "single", Credential: "hunter2-single", EntraTenant: "fabrikam.example"},
		}},
	}
}

func registered(t *testing.T, e http.RoundTripper, c clock.Clock) *Exchange {
	t.Helper()
	x := exchange(e, c)
	x.Registry = registry(t, c)
	return x
}

func of(app cal.AppID, p cal.Provider, address string) record.Connection {
	return record.Connection{ID: "con_1", Provider: p, AppID: app, State: cal.ConnectionActive, Mailbox: address}
}

func TestRefreshByATenantsApplication(t *testing.T) {
	t.Parallel()
	e := answering(tokens("access-2", ""))
	if _, err := registered(t, e, clock.NewManual(began)).Refresh(t.Context(), tenant, of("app_ours", cal.Google, ""), oldGrant()); err != nil {
		t.Fatal(err)
	}
	wantForm(t, e, map[string]string{"grant_type": "refresh_token", "refresh_token": oldRefresh, "client_id": "ours", "client_secret": "hunter2-ours"})
}

func TestApplicationThatIsNotThere(t *testing.T) {
	t.Parallel()
	e := answering(tokens("a", ""))
	x := registered(t, e, clock.NewManual(began))
	for _, c := range []struct {
		of  cal.TenantID
		app cal.AppID
	}{{tenant, "app_gone"}, {"ten_2", "app_ours"}, {tenant, "ours"}} {
		if _, err := x.Refresh(t.Context(), c.of, of(c.app, cal.Google, ""), oldGrant()); !fault.Is(err, fault.Misconfigured) || !errors.Is(err, ErrNoApp) {
			t.Errorf("%s of %s: %v", c.app, c.of, err)
		}
	}
	away := fault.New(fault.Transient, "store", errors.New("away"))
	x.Registry.Store = shelf{err: away, apps: map[cal.AppID]record.Application{"app_ours": {}}}
	if _, err := x.Refresh(t.Context(), tenant, of("app_ours", cal.Google, ""), oldGrant()); !errors.Is(err, away) || errors.Is(err, ErrNoApp) {
		t.Errorf("a database that is away: %v", err)
	}
	if e.count() != 0 {
		t.Errorf("called %d times", e.count())
	}
}

// A service account signs for whom it acts, and sends nothing else.
func TestDelegationRequest(t *testing.T) {
	t.Parallel()
	e := answering(tokens("access-2", ""))
	got, err := registered(t, e, clock.NewManual(began)).Refresh(t.Context(), tenant, of("app_robot", cal.Google, mailbox), record.Grant{})
	if err != nil {
		t.Fatal(err)
	}
	if got.AccessToken != "access-2" || got.RefreshToken != "" || got.Scopes != scopes || !got.ExpiresAt.Equal(began.Add(time.Hour)) {
		t.Errorf("%+v", got)
	}
	assertion := e.calls[0].Get("assertion")
	wantForm(t, e, map[string]string{"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion})
	parts := strings.Split(assertion, ".")
	key, err := accountKey()
	if err != nil || len(parts) != 3 {
		t.Fatalf("%q, %v", assertion, err)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
		t.Error(err)
	}
	for i, want := range []string{
		`{"alg":"RS256","kid":"key-1","typ":"JWT"}`,
		`{"iss":"` + robot + `","sub":"` + mailbox + `","scope":"` + scopes + `","aud":"https://google.test/token","iat":1790841600,"exp":1790845200}`,
	} {
		if raw, err := base64.RawURLEncoding.DecodeString(parts[i]); err != nil || string(raw) != want {
			t.Errorf("%s, %v, want %s", raw, err, want)
		}
	}
}

func TestClientCredentialsRequest(t *testing.T) {
	t.Parallel()
	e := answering(tokens("access-2", ""))
	var at string
	e.answer = func(_ int, r *http.Request) (answer, error) {
		at = r.URL.String()
		return tokens("access-2", ""), nil
	}
	got, err := registered(t, e, clock.NewManual(began)).Refresh(t.Context(), tenant, of("app_daemon", cal.Microsoft, mailbox), record.Grant{})
	if err != nil || got.AccessToken != "access-2" || got.RefreshToken != "" {
		t.Fatalf("%+v, %v", got, err)
	}
	wantForm(t, e, map[string]string{
		"grant_type": "client_credentials", "client_id": "daemon", "client_secret": "hunter2-daemon", "scope": "https://graph.microsoft.com/.default",
	})
	if at != "https://microsoft.test/fabrikam.example/oauth2/v2.0/token" {
		t.Errorf("asked at %s", at)
	}
}

// What an administrator has not opened is nobody's dead grant; what may pass is told apart; no error shows a credential.
func TestMintRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		app    cal.AppID
		status int
		code   string
		want   fault.Kind
	}{
		"no delegation":         {"app_robot", 401, "unauthorized_client", fault.Misconfigured},
		"no such user, or key":  {"app_robot", 400, "invalid_grant", fault.NeedsReauth},
		"a server that is down": {"app_robot", 503, "unauthorized_client", fault.Transient},
		"not in the directory":  {"app_daemon", 400, "unauthorized_client", fault.Misconfigured},
		"a wrong secret":        {"app_daemon", 401, "invalid_client", fault.Misconfigured},
		"too many calls":        {"app_daemon", 429, "", fault.RateLimited},
	} {
		e := refusing(c.status, c.code)
		_, err := registered(t, e, clock.NewManual(began)).Refresh(t.Context(), tenant, of(c.app, cal.Google, mailbox), record.Grant{})
		if !fault.Is(err, c.want) || e.count() != 1 {
			t.Errorf("%s: %v after %d calls, want %s", name, err, e.count(), c.want)
		}
		wantNoSecret(t, name, err)
	}
}

// The manager asks once for a grant that has no refresh token, under the lease that others see, however many want it.
func TestManagerAsksOnceForAnApplicationThatActsAlone(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(began)
	e := answering(tokens("access-2", ""))
	v := newVault(c, record.Grant{ConnectionID: "con_1", Version: 1, AccessToken: "access-1", ExpiresAt: began.Add(-time.Minute)})
	x := registered(t, e, c)
	const processes, callers = 4, 4
	var all sync.WaitGroup
	errs := make(chan error, processes*callers)
	for range processes {
		m := NewManager(v, x, c)
		for range callers {
			all.Go(func() {
				access, _, err := m.Token(t.Context(), tenant, of("app_robot", cal.Google, mailbox))
				if err == nil && access != "access-2" {
					err = errors.New("got " + access)
				}
				if fault.Is(err, fault.Busy) {
					err = nil // another process asks
				}
				errs <- err
			})
		}
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if e.count() != 1 || v.rotated != 1 {
		t.Errorf("asked %d times, stored %d times", e.count(), v.rotated)
	}
}

// An account is connected by the client that its tenant has registered, whose secret and redirect URI the provider checks.
func TestAccountIsConnectedByATenantsApplication(t *testing.T) {
	t.Parallel()
	o := meet(t, cal.Google)
	own := o.exchange.apps["google"]
	o.exchange.apps = map[cal.AppID]App{} // the installation has none
	o.exchange.Registry = &Registry{
		Drivers: map[cal.Provider]provider.Driver{cal.Google: own.Driver},
		Store:   shelf{apps: map[cal.AppID]record.Application{"app_1": {ID: "app_1", Provider: cal.Google, Kind: record.AppDelegated, ClientID: "app", Credential: clientSecret}}},
	}
	if _, _, err := o.Begin(t.Context(), tenant, Request{Provider: cal.Google}); !errors.Is(err, ErrNoApp) {
		t.Errorf("without one of its own: %v", err)
	}
	o.app = "app_1"
	if _, err := o.Finish(t.Context(), o.visit(browser.Choice{Account: host})); err != nil {
		t.Fatal(err)
	}
	if n := o.journal.begun[0]; n.AppID != "app_1" {
		t.Errorf("begun by %s", n.AppID)
	}
	if _, err := o.exchange.Refresh(t.Context(), tenant, of("app_1", cal.Google, ""), o.journal.activated[0]); err != nil {
		t.Error(err)
	}
}

// What a request names decides about the application; what cannot be used is refused, with the field that names it.
func TestWhichApplication(t *testing.T) {
	t.Parallel()
	x := registered(t, nil, clock.NewManual(began))
	j := &journal{connections: map[cal.ConnectionID]record.Connection{
		"con_own": of("google", cal.Google, ""), "con_ours": of("app_ours", cal.Google, ""), "con_robot": of("app_robot", cal.Google, mailbox), "con_gone": of("app_gone", cal.Google, ""),
	}}
	for name, c := range map[string]struct {
		r       Request
		app     cal.AppID
		pointer string
		err     error
	}{
		"the installation's":                         {Request{Provider: cal.Google}, "google", "", nil},
		"the tenant's":                               {Request{Provider: cal.Google, App: "app_ours"}, "app_ours", "", nil},
		"nobody's":                                   {Request{Provider: cal.Google, App: "app_gone"}, "", "/app_id", nil},
		"the installation's, by its name":            {Request{Provider: cal.Google, App: "google"}, "", "/app_id", nil},
		"another provider's":                         {Request{Provider: cal.Google, App: "app_daemon"}, "", "/app_id", nil},
		"the connection's":                           {Request{Provider: cal.Google, Again: "con_ours"}, "app_ours", "", nil},
		"the connection's, said":                     {Request{Provider: cal.Google, Again: "con_ours", App: "app_ours"}, "app_ours", "", nil},
		"the connection's is the installation's":     {Request{Provider: cal.Google, Again: "con_own"}, "google", "", nil},
		"not the connection's":                       {Request{Provider: cal.Google, Again: "con_ours", App: "app_robot"}, "", "/app_id", nil},
		"the connection's is gone":                   {Request{Provider: cal.Google, Again: "con_gone"}, "", "/connection_id", nil},
		"nobody's connection":                        {Request{Provider: cal.Google, Again: "con_nobody"}, "", "", record.ErrNotFound},
		"another provider's connection":              {Request{Provider: cal.Microsoft, Again: "con_ours"}, "", "", record.ErrNotFound},
		"a provider that the installation is not at": {Request{Provider: "caldav"}, "", "", ErrNoApp},
	} {
		app, _, err := chosen(t.Context(), x, j, tenant, c.r)
		wantRefusal(t, name, err, c.pointer, c.err)
		if err == nil && app.ID != c.app {
			t.Errorf("%s: %s, want %s", name, app.ID, c.app)
		}
	}
	flow := NewFlow(j, x, &dice{}, clock.NewManual(began))
	_, _, err := flow.Begin(t.Context(), tenant, Request{Provider: cal.Google, App: "app_robot"})
	wantRefusal(t, "one that acts alone, without a mailbox", err, "/mailbox", nil)
	m := &Mailboxes{Store: nothingStored{j}, Exchange: x}
	for name, c := range map[string]struct {
		r       Request
		pointer string
	}{
		"one that an owner allows, with a mailbox": {Request{Provider: cal.Google, App: "app_ours", Mailbox: mailbox}, "/mailbox"},
		"the installation's, with a mailbox":       {Request{Provider: cal.Google, Mailbox: mailbox}, "/mailbox"},
		"a browser":                                {Request{Provider: cal.Google, App: "app_robot", Mailbox: mailbox, ReturnURL: "https://core.test"}, "/return_url"},
		"another mailbox":                          {Request{Provider: cal.Google, Again: "con_robot", Mailbox: "ines@workspace.example"}, "/mailbox"},
	} {
		_, err := m.Connect(t.Context(), tenant, c.r)
		wantRefusal(t, name, err, c.pointer, nil)
	}
}

// nothingStored fails what would store anything.
type nothingStored struct{ *journal }

func (nothingStored) ConnectMailbox(context.Context, cal.TenantID, record.NewMailbox, record.Grant) (cal.ConnectionID, error) {
	return "", errors.New("it was stored")
}

// wantRefusal wants a refusal of a field, or an error, or neither.
func wantRefusal(t *testing.T, what string, err error, pointer string, want error) {
	t.Helper()
	refusal, refused := errors.AsType[*record.RefusalError](err)
	switch {
	case pointer != "" && (!refused || len(refusal.Problems) != 1 || refusal.Problems[0].Pointer != pointer):
		t.Errorf("%s: %v, want a refusal of %s", what, err, pointer)
	case pointer == "" && !errors.Is(err, want):
		t.Errorf("%s: %v, want %v", what, err, want)
	}
	wantNoSecret(t, what, err)
}

// What could never be used is not registered.
func TestCheck(t *testing.T) {
	t.Parallel()
	x := registered(t, nil, clock.NewManual(began))
	x.Registry.Drivers["plain"] = anonymous{x.Registry.Drivers[cal.Google]} // a driver that can do no more than it has to
	robots := record.Application{Provider: cal.Google, Kind: record.AppOnly, ClientID: robot, Credential: keyFile(t)}
	daemon := record.Application{Provider: cal.Microsoft, Kind: record.AppOnly, ClientID: "daemon", Credential: "hunter2", EntraTenant: "fabrikam.example"}
	for name, c := range map[string]struct {
		base    record.Application
		edit    func(*record.Application)
		pointer string
	}{
		"a service account":              {robots, func(*record.Application) {}, ""},
		"a daemon":                       {daemon, func(*record.Application) {}, ""},
		"a daemon of a tenant by its id": {daemon, func(a *record.Application) { a.EntraTenant = "72f988bf-86f1-41af-91ab-2d7cd011db47" }, ""},
		"a client":                       {record.Application{Provider: cal.Google, Kind: record.AppDelegated, ClientID: "x", Credential: "y"}, func(*record.Application) {}, ""},
		"the installation's own":         {robots, func(a *record.Application) { a.ClientID = "client-of-google" }, "/client_id"},
		"another account's key":          {robots, func(a *record.Application) { a.ClientID = "other@project.iam.gserviceaccount.com" }, "/credential"},
		"no key file":                    {robots, func(a *record.Application) { a.Credential = "hunter2" }, "/credential"},
		"a key file of another kind": {robots, func(a *record.Application) {
			a.Credential = strings.Replace(a.Credential, "service_account", "authorized_user", 1)
		}, "/credential"},
		"a key file without its key":              {robots, func(a *record.Application) { a.Credential = strings.Replace(a.Credential, "BEGIN", "hunter2", 1) }, "/credential"},
		"a key file with a spoilt key":            {robots, func(a *record.Application) { a.Credential = strings.Replace(a.Credential, "MII", "AAA", 1) }, "/credential"},
		"Google in an Entra tenant":               {robots, func(a *record.Application) { a.EntraTenant = "fabrikam.example" }, "/entra_tenant"},
		"a daemon of no tenant":                   {daemon, func(a *record.Application) { a.EntraTenant = "" }, "/entra_tenant"},
		"a daemon of every tenant":                {daemon, func(a *record.Application) { a.EntraTenant = "Common" }, "/entra_tenant"},
		"a provider that is not built in":         {robots, func(a *record.Application) { a.Provider = "caldav" }, "/provider"},
		"a provider that lets nobody act alone":   {robots, func(a *record.Application) { a.Provider = "plain" }, "/kind"},
		"a provider without tenants":              {robots, func(a *record.Application) { a.Provider, a.EntraTenant = "plain", "fabrikam.example" }, "/entra_tenant"},
		"a tenant that leads to another path":     {daemon, func(a *record.Application) { a.EntraTenant = "x/../y" }, "/entra_tenant"},
		"a tenant that leads to the folder above": {daemon, func(a *record.Application) { a.EntraTenant = ".." }, "/entra_tenant"},
	} {
		a := c.base
		c.edit(&a)
		wantRefusal(t, name, x.Check(a), c.pointer, nil)
	}
}

// An application that acts by itself is left what an administrator has opened to it: that is not its owner's to end.
func TestEndOfWhatAnAdministratorHasOpened(t *testing.T) {
	t.Parallel()
	e, at := closeable(), answering(says(http.StatusOK, "{}"))
	e.of.AppID, e.of.Mailbox = "app_robot", mailbox
	e.registry = registry(t, e.clock)
	if err := e.work(t, at); err != nil || e.ended == nil || *e.ended != (record.Disconnection{Revocation: message.RevocationUnsupported}) || at.count() != 0 {
		t.Errorf("%+v after %d calls, %v", e.ended, at.count(), err)
	}
}

// The simulator holds assertions to what Google documents.
func TestAssertionsThatAreRefused(t *testing.T) {
	t.Parallel()
	o := meet(t, cal.Google)
	key, err := accountKey()
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	app := sim.Application{
		Client: robot, Domain: "example.com", Permissions: strings.Fields(scopes),
		PublicKey: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
	}
	if err := o.sim.Authorise(sim.Google, app); err != nil {
		t.Fatal(err)
	}
	alone := App{ID: "app_1", Driver: o.exchange.apps["google"].Driver, ClientID: robot, Secret: func() string { return keyFile(t) }, Alone: true}
	if _, err := o.exchange.Mint(t.Context(), tenant, alone, of("app_1", cal.Google, host)); err != nil {
		t.Error(err)
	}
	behind := clock.NewManual(began.Add(-4 * time.Hour))
	late := google.New(google.Config{TokenURL: o.sim.GoogleURL + "/token", Clock: behind})
	elsewhere := google.New(google.Config{TokenURL: o.sim.GoogleURL + "/token?x=1", Clock: o.clock})
	for name, d := range map[string]provider.Driver{"signed too long ago": late, "signed for another address": elsewhere} {
		alone.Driver = d
		if _, err := o.exchange.Mint(t.Context(), tenant, alone, of("app_1", cal.Google, host)); !fault.Is(err, fault.NeedsReauth) {
			t.Errorf("%s: %v", name, err)
		}
	}
	alone.Driver, o.exchange.clock = late, behind
	if _, err := o.exchange.Mint(t.Context(), tenant, alone, of("app_1", cal.Google, host)); !fault.Is(err, fault.Misconfigured) || !strings.Contains(err.Error(), "4h0m0s behind") {
		t.Errorf("signed by a machine whose clock is wrong: %v", err)
	}
}
