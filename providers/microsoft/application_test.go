package microsoft

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
)

func TestTenants(t *testing.T) {
	t.Parallel()
	d, err := New(Config{}).In("contoso.example")
	if err != nil {
		t.Fatal(err)
	}
	const base = "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/"
	if o := d.OAuth(); o.AuthURL != base+"authorize" || o.TokenURL != base+"token" || o.Resource != apiURL {
		t.Errorf("%+v", o)
	}
	for name, of := range map[string]struct {
		config Config
		tenant string
	}{
		"another path":            {Config{}, "a/b"},
		"the folder above":        {Config{}, ".."},
		"none":                    {Config{}, ""},
		"a query":                 {Config{}, "x?y"},
		"addresses without one":   {Config{TokenURL: "https://login.example/token"}, "contoso.example"},
		"an address of its own":   {Config{AuthURL: "https://login.example/authorize"}, "contoso.example"},
		"an address with a blank": {Config{TokenURL: "https://login.example//oauth2/v2.0/token"}, "contoso.example"},
	} {
		if _, err := New(of.config).In(of.tenant); !fault.Is(err, fault.Misconfigured) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAppToken(t *testing.T) {
	t.Parallel()
	d, err := New(Config{}).In("contoso.example")
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.(provider.AppActor).AppToken(provider.AppCredential{ClientID: "daemon", Secret: "hush"}, "ada@contoso.example") //nolint:forcetypeassert // it has to be one
	want := "client_id=daemon&client_secret=hush&grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
	if err != nil || got.URL != d.OAuth().TokenURL || got.Form.Encode() != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, tenant := range []string{"common", "organizations", "consumers", "Common"} {
		d := New(Config{TokenURL: "https://login.microsoftonline.com/" + tenant + "/oauth2/v2.0/token"})
		if _, err := d.AppToken(provider.AppCredential{}, "x"); !fault.Is(err, fault.Misconfigured) {
			t.Errorf("in %s: %v", tenant, err)
		}
	}
}

// A client of a mailbox names it in each path, escaped once, and follows links as they came.
func TestMailboxPaths(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []string
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method+" "+r.URL.EscapedPath()+"?"+r.URL.RawQuery)
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(subscribed))
		case len(asked) == 1:
			_, _ = w.Write([]byte(`{"value":[],"@odata.nextLink":"` + server.URL + `/v1.0/users/u/calendars?%24skip=100"}`))
		case r.URL.Query().Has("$deltatoken"), r.URL.Query().Has("startDateTime"):
			_, _ = w.Write([]byte(`{"value":[],"@odata.deltaLink":"` + server.URL + `/v1.0/users/u/calendarView/delta?$deltatoken=1"}`))
		default:
			_, _ = w.Write([]byte(`{"value":[]}`))
		}
	}))
	t.Cleanup(server.Close)
	httpc := server.Client()
	d := New(Config{APIURL: server.URL + "/v1.0", Clock: clock.NewManual(noon)})
	opened, err := d.OpenMailbox(httpc, "o'hara+x@contoso.example")
	if err != nil {
		t.Fatal(err)
	}
	c := opened.(*client) //nolint:forcetypeassert // it is ours
	if _, err := c.Calendars(t.Context()); err != nil {
		t.Error(err)
	}
	page, err := c.ListEvents(t.Context(), provider.ListEvents{Calendar: ref.Calendar, Window: window})
	if err != nil {
		t.Error(err)
	}
	if _, err := c.ListEvents(t.Context(), provider.ListEvents{Calendar: ref.Calendar, Cursor: page.Cursor}); err != nil {
		t.Error(err)
	}
	ch, err := c.OpenChannel(t.Context(), openRequest())
	user := "users/" + url.PathEscape("o'hara+x@contoso.example")
	if err != nil || ch.Resource != user+"/calendars/AAMkCal%2F1=/events" {
		t.Errorf("%+v, %v", ch, err)
	}
	want := []string{
		"GET /v1.0/" + user + "/calendars?$top=100",
		"GET /v1.0/users/u/calendars?%24skip=100",
		"GET /v1.0/" + user + "/calendars/AAMkCal%2F1%3D/calendarView/delta()?endDateTime=2027-09-20T12%3A00%3A00Z&startDateTime=2026-08-20T12%3A00%3A00Z",
		"GET /v1.0/users/u/calendarView/delta?$deltatoken=1",
		"POST /v1.0/subscriptions?",
	}
	if !slices.Equal(asked, want) {
		t.Errorf("asked\n%q, want\n%q", asked, want)
	}
	for _, mailbox := range []string{"", ".", ".."} {
		if _, err := d.OpenMailbox(httpc, mailbox); err == nil {
			t.Errorf("%q was opened", mailbox)
		}
	}
}
