package api_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

const appCredential = "canary-credential-of-the-application"

func newApplication() map[string]any {
	return map[string]any{
		"provider": "google", "kind": "delegated", "name": "Ours", "client_id": "1042.apps.googleusercontent.com", "credential": appCredential,
	}
}

// application registers one of the tenant's.
func (b *bench) application() string {
	b.Helper()
	var a gen.Application
	b.call("POST", "/v1/applications", newApplication()).into(b.T, 201, &a)
	return a.ID
}

// applications keeps one on its way.
func (g *gallery) applications() {
	g.Helper()
	g.keep("application", 201, g.send("POST", "/v1/applications", map[string]any{
		"provider": "microsoft", "kind": "app_only", "name": "Daemon", "client_id": "11111111-2222-3333-4444-555555555555", "credential": appCredential,
		"entra_tenant": "fabrikam.example",
	}))
	id := g.application()
	g.keep("applications", 200, g.send("GET", "/v1/applications", nil))
	g.keep("application.read", 200, g.send("GET", "/v1/applications/"+id, nil))
	var c gen.BegunConnection
	g.call("POST", "/v1/connections", map[string]any{"provider": "google", "app_id": id}).into(g.T, 201, &c)
	g.keep("connection.by-application", 200, g.send("GET", "/v1/connections/"+c.ID, nil))
}

// refusing is a provider that lets no application act for a mailbox.
type refusing struct {
	api.Flow

	err error
}

func (r refusing) Begin(context.Context, cal.TenantID, api.Request) (cal.ConnectionID, string, error) {
	return "", "", r.err
}

func (g *gallery) refusedApplication(err error) func() (string, string, answer) {
	return func() (string, string, answer) {
		usual := g.api.Flow
		defer func() { g.api.Flow = usual }()
		g.api.Flow = refusing{usual, err}
		return "POST", "/v1/connections", g.call("POST", "/v1/connections", map[string]any{"provider": "google", "app_id": "app_1", "mailbox": "ada@example.com"})
	}
}

func (g *gallery) usedApplication() func() (string, string, answer) {
	return func() (string, string, answer) {
		usual := g.api.Requests
		defer func() { g.api.Requests = usual }()
		g.api.Requests = g.store
		id := g.application()
		g.call("POST", "/v1/connections", map[string]any{"provider": "google", "app_id": id}).into(g.T, 201, &gen.BegunConnection{})
		return "DELETE", "/v1/applications/" + id, g.call("DELETE", "/v1/applications/"+id, nil)
	}
}

// A credential goes in and never comes out: not in an answer, not in the log.
func TestCredentialIsWriteOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.application()
	for _, a := range []answer{
		b.call("GET", "/v1/applications", nil), b.call("GET", "/v1/applications/"+id, nil), b.call("POST", "/v1/applications", newApplication(), key("k")),
		b.call("POST", "/v1/applications", newApplication(), key("k")), b.call("DELETE", "/v1/applications/"+id, nil),
	} {
		if a.status/100 != 2 || strings.Contains(string(a.body), "canary") {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	wrong := newApplication()
	wrong["credential"], wrong["kind"] = appCredential+strings.Repeat("x", 17<<10), "canary"
	if a := b.call("POST", "/v1/applications", wrong); a.status != 422 || strings.Contains(string(a.body), appCredential) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if log := b.log.String(); strings.Contains(log, appCredential) {
		t.Errorf("the log shows it: %s", log)
	}
}

// A tenant has so many applications and no more.
func TestApplicationLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range record.MaxApplications {
		b.application()
	}
	refused{"limit-reached", "a tenant may have 50 applications: delete one that is not needed", nil}.want(t, "one more", b.call("POST", "/v1/applications", newApplication()))
}

// Who has to wait is told for how long: as the provider says, or as long as it usually takes.
func TestWaitsAreTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	usual := b.api.Flow
	for _, c := range []struct {
		err    error
		status int
		reason string
		after  string
	}{
		{&api.ProviderWaitError{Err: errors.New("limited"), After: 39_001 * time.Millisecond}, 503, "provider-unavailable", "40"},
		{&api.ProviderWaitError{Err: errors.New("limited"), After: time.Second}, 503, "provider-unavailable", "10"},
		{&api.ProviderWaitError{Err: errors.New("away")}, 503, "provider-unavailable", "10"},
		{fault.New(fault.Misconfigured, "seal", &record.MissingKeyError{Key: 7}), 503, "seal-key-missing", "60"},
		{fault.New(fault.Transient, "store", nil), 503, "unavailable", "2"},
		{fmt.Errorf("%w: %w", api.ErrAppRefused, errors.New("no")), 422, "application-refused", ""},
		{fault.New(fault.Misconfigured, "grant", nil), 500, "internal", ""},
	} {
		b.api.Flow = refusing{usual, c.err}
		a := b.call("POST", "/v1/connections", map[string]any{"provider": "google"})
		if a.status != c.status || a.header.Get("Retry-After") != c.after || !strings.Contains(string(a.body), "#"+c.reason+`"`) {
			t.Errorf("%v: %d after %q: %s", c.err, a.status, a.header.Get("Retry-After"), a.body)
		}
	}
}
