package grant

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/providers/google"
	"github.com/calweave/calweave/providers/microsoft"
)

var began = time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)

const (
	// The secrets that no error may hold.
	clientSecret = "hunter2-client"
	oldRefresh   = "hunter2-refresh-1"
	authCode     = "hunter2-code"
	bodySecret   = "hunter2-body"
	canary       = "hunter2"

	scopes = "https://www.googleapis.com/auth/calendar.events https://www.googleapis.com/auth/calendar.calendarlist.readonly " +
		"https://www.googleapis.com/auth/calendar.freebusy"
)

// answer is what the token endpoint says.
type answer struct {
	status int
	media  string
	body   string
	header http.Header
}

func says(status int, body string) answer {
	return answer{status: status, media: "application/json", body: body}
}

// tokens is a good answer with an access token and perhaps a refresh token.
func tokens(access, refresh string) answer {
	if refresh != "" {
		refresh = fmt.Sprintf(`,"refresh_token":%q`, refresh)
	}
	return says(http.StatusOK, fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":3600%s}`, access, refresh))
}

// endpoint is a token endpoint without a network.
type endpoint struct {
	mu    sync.Mutex
	calls []url.Values
	// answer decides about the n-th call, from 1 on.
	answer func(n int, r *http.Request) (answer, error)
	odd    []string
}

func answering(a answer) *endpoint {
	return &endpoint{answer: func(int, *http.Request) (answer, error) { return a, nil }}
}

// refusing answers every call with an OAuth error.
func refusing(status int, code string) *endpoint {
	return answering(says(status, fmt.Sprintf(`{"error":%q,"error_description":%q}`, code, bodySecret)))
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.calls = append(e.calls, form)
	n := len(e.calls)
	if r.Method != http.MethodPost || r.Header.Get("Authorization") != "" || r.URL.RawQuery != "" {
		e.odd = append(e.odd, r.Method+" "+r.URL.String())
	}
	e.mu.Unlock()
	a, err := e.answer(n, r)
	if err != nil {
		return nil, err
	}
	h := http.Header{"Content-Type": {a.media}}
	maps.Copy(h, a.header)
	return &http.Response{StatusCode: a.status, Status: "status", Header: h, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

func (e *endpoint) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.calls)
}

func redirect(p cal.Provider) string { return "https://hub.test/oauth/" + string(p) + "/callback" }

// exchange makes an exchange with an application at each provider, whose token endpoints are e.
func exchange(e http.RoundTripper, c clock.Clock) *Exchange {
	secret := func() string { return clientSecret }
	drivers := map[cal.Provider]provider.Driver{
		cal.Google:    google.New(google.Config{TokenURL: "https://google.test/token", Clock: c}),
		cal.Microsoft: microsoft.New(microsoft.Config{AuthURL: "https://microsoft.test/authorize", TokenURL: "https://microsoft.test/token", Clock: c}),
	}
	var apps []App
	for name, d := range drivers {
		apps = append(apps, App{ID: cal.AppID(name), Driver: d, ClientID: "client-of-" + string(name), Secret: secret})
	}
	return NewExchange(apps, &http.Client{Transport: e}, redirect, c)
}

func connectionOf(p cal.Provider) record.Connection {
	return record.Connection{ID: "con_1", Provider: p, AppID: cal.AppID(p), State: cal.ConnectionActive}
}

// oldGrant is a grant whose access token has ended.
func oldGrant() record.Grant {
	return record.Grant{ConnectionID: "con_1", Version: 1, AccessToken: "access-1", RefreshToken: oldRefresh, Scopes: scopes, ExpiresAt: began.Add(-time.Minute)}
}

// wantForm holds the only call of an endpoint to a form.
func wantForm(t *testing.T, e *endpoint, want map[string]string) {
	t.Helper()
	if len(e.calls) != 1 || len(e.odd) != 0 {
		t.Fatalf("called %d times; odd: %v", len(e.calls), e.odd)
	}
	form := e.calls[0]
	for name, value := range want {
		if got := form[name]; len(got) != 1 || got[0] != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	if len(form) != len(want) {
		t.Errorf("sent %v, want %v", form, want)
	}
}

// wantNoSecret fails if a secret is in the text of err.
func wantNoSecret(t *testing.T, what string, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		if strings.Contains(fmt.Sprintf("%v %+v", err, err), canary) {
			t.Errorf("%s: a secret is in %q", what, err)
		}
	}
}

// anonymous is a driver whose authorization server calls itself nothing that could be compared.
type anonymous struct{ provider.Driver }

func (d anonymous) OAuth() provider.OAuth {
	o := d.Driver.OAuth()
	o.Issuer = ""
	return o
}
