package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/telemetry"
)

// Secrets that no page may show, wherever they come from.
const (
	canaryToken  = "CANARY-connect-token"
	canaryState  = "CANARY-state"
	canaryCode   = "CANARY-code"
	canaryCookie = "CANARY-cookie-that-is-43-characters-long---"
)

// script is a flow whose ends are written down; it keeps what it was given.
type script struct {
	location string
	err      error
	lacks    []cal.Ability
	back     string
	// tenant is whose flow it turns out to be.
	tenant   string
	token    string
	cookie   string
	answer   api.Answer
	finished int
}

func (s *script) Begin(context.Context, cal.TenantID, api.Request) (cal.ConnectionID, string, error) {
	return "", "", s.err
}

func (s *script) Open(ctx context.Context, token, cookie string) (string, error) {
	s.learn(ctx)
	s.token, s.cookie = token, cookie
	return s.location, s.err
}

func (s *script) Finish(ctx context.Context, a api.Answer) (api.Connected, error) {
	s.learn(ctx)
	s.answer, s.finished = a, s.finished+1
	return api.Connected{ID: "con_1", Lacks: s.lacks, ReturnURL: s.back}, s.err
}

// learn names the tenant, as whoever finds the flow in the database does.
func (s *script) learn(ctx context.Context) {
	if s.tenant != "" {
		telemetry.Learn(ctx, slog.String("tenant", s.tenant))
	}
}

// pages is a bench whose flow is a script.
func pages(t *testing.T, public string, flow *script) *bench {
	t.Helper()
	b := newBench(t)
	b.api.PublicURL, b.api.Flow = public, flow
	b.api.Cookie = func() string { return canaryCookie }
	return b
}

// browse opens a path without a key, as a browser does.
func (b *bench) browse(path string, cookies ...string) answer {
	b.Helper()
	return b.call("GET", path, nil, func(r *http.Request) {
		r.Header.Del("Authorization")
		for _, c := range cookies {
			r.Header.Add("Cookie", c)
		}
	})
}

func TestConnectPageBindsTheBrowser(t *testing.T) {
	t.Parallel()
	for public, want := range map[string]string{
		"https://calweave.test": "__Host-calweave_connect=" + canaryCookie + "; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax",
		"http://127.0.0.1:8080": "calweave_connect=" + canaryCookie + "; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax",
	} {
		flow := &script{location: "https://provider.test/auth?state=" + canaryState}
		b := pages(t, public, flow)
		a := b.browse("/connect/" + canaryToken)
		if got := a.header.Values("Set-Cookie"); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", public, got, want)
		}
		if a.status != 302 || a.header.Get("Location") != flow.location || flow.token != canaryToken || flow.cookie != canaryCookie {
			t.Errorf("%s: %d %v, %+v", public, a.status, a.header, flow)
		}
		name, _, _ := strings.Cut(want, "=")
		for cookie, kept := range map[string]bool{
			strings.Repeat("x", 43): true, strings.Repeat("x", 42): false, strings.Repeat("x", 44): false, "": false,
		} {
			a := b.browse("/connect/"+canaryToken, name+"="+cookie)
			if kept != (flow.cookie == cookie) || !strings.Contains(a.header.Get("Set-Cookie"), "="+flow.cookie+";") {
				t.Errorf("%s: with the cookie %q the flow was bound to %q, and %v set", public, cookie, flow.cookie, a.header["Set-Cookie"])
			}
		}
	}
}

// A cookie that another host of the domain may have planted is not ours.
func TestConnectPageTakesNoCookieWithoutPrefix(t *testing.T) {
	t.Parallel()
	flow := &script{location: "https://provider.test"}
	b := pages(t, "https://calweave.test", flow)
	b.browse("/connect/"+canaryToken, "calweave_connect="+strings.Repeat("x", 43))
	if flow.cookie != canaryCookie {
		t.Errorf("bound to %q", flow.cookie)
	}
}

func TestCallbackHandsOverTheAnswer(t *testing.T) {
	t.Parallel()
	flow := &script{}
	b := pages(t, "https://calweave.test", flow)
	a := b.browse("/oauth/google/callback?state="+canaryState+"&code="+canaryCode+"&iss=https%3A%2F%2Fissuer.test&error=no&scope=a+b&authuser=0",
		"__Host-calweave_connect="+canaryCookie)
	want := api.Answer{Provider: "google", State: canaryState, Code: canaryCode, Error: "no", Issuer: "https://issuer.test", Cookie: canaryCookie}
	if a.status != 200 || flow.answer != want {
		t.Errorf("%d, %+v", a.status, flow.answer)
	}
	b.browse("/oauth/microsoft/callback?state=" + canaryState)
	if flow.answer != (api.Answer{Provider: "microsoft", State: canaryState}) {
		t.Errorf("without cookie: %+v", flow.answer)
	}
}

// How a connection ends is told in our own words, and nothing else is.
func TestPages(t *testing.T) {
	t.Parallel()
	secret := fmt.Sprintf("%s %s %s", canaryState, canaryCode, canaryToken)
	for name, c := range map[string]struct {
		err    error
		status int
		title  string
		text   string
	}{
		"connected": {nil, 200, "Your calendar is connected", "Your bookings will appear in it from now on. You can close this page."},
		"refused": {
			&api.OwnerError{Err: errors.New("the account was not connected: access was refused")}, 400, "Your calendar is not connected",
			"The account was not connected: access was refused.",
		},
		"markup": {
			&api.OwnerError{Err: errors.New(`<script>alert("x")</script> & more`)}, 400, "Your calendar is not connected",
			"&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt; &amp; more.",
		},
		"too late": {
			&api.OwnerError{Err: errors.New("it was used already"), Expired: true}, 400, "This page has expired", "It was used already.",
		},
		"our own fault": {
			fault.Newf(fault.Transient, "store: use state", "%s", secret), 503, "Your calendar is not connected",
			"Something went wrong on our side. Please open your link once more; if it has ended, ask for a new one.",
		},
		"anything else": {
			errors.New(secret), 503, "Your calendar is not connected", "Something went wrong on our side. Please open your link once more; if it has ended, ask for a new one.",
		},
	} {
		flow := &script{err: c.err, location: "https://provider.test"}
		b := pages(t, "https://calweave.test", flow)
		all := map[string]answer{"callback": b.browse("/oauth/google/callback?state="+canaryState+"&code="+canaryCode, "__Host-calweave_connect="+canaryCookie)}
		if c.err != nil {
			all["connect"] = b.browse("/connect/" + canaryToken)
		}
		for page, a := range all {
			body := string(a.body)
			if a.status != c.status || !strings.Contains(body, "<h1>"+c.title+"</h1><p>"+c.text+"</p>") || !strings.Contains(body, "<title>"+c.title+"</title>") {
				t.Errorf("%s of %s: %d %s", page, name, a.status, body)
			}
			if strings.Contains(body, "CANARY") || len(a.header.Values("Set-Cookie")) > 0 {
				t.Errorf("%s of %s shows a secret: %v %s", page, name, a.header, body)
			}
			checkPage(t, page+" of "+name, a)
			if (a.status == 503) != (a.header.Get("Retry-After") == "5") || (a.status == 503) != strings.Contains(body, a.header.Get("Request-Id")) {
				t.Errorf("%s of %s: %v", page, name, a.header)
			}
			keep(t, name, a.body)
		}
	}
}

// A core that has given a return URL gets its owner back there, with what became of the connection and nothing else. What is wrong on our side is
// told by a page of our own.
func TestReturnURL(t *testing.T) {
	t.Parallel()
	said := &api.OwnerError{Err: errors.New("access was refused")}
	for name, c := range map[string]struct {
		back   string
		err    error
		status int
		want   string
	}{
		"connected":          {"https://core.test/done", nil, 303, "https://core.test/done?connection_id=con_1&result=connected"},
		"with its own query": {"https://core.test/done?a=b", nil, 303, "https://core.test/done?a=b&connection_id=con_1&result=connected"},
		"refused":            {"https://core.test/done", said, 303, "https://core.test/done?connection_id=con_1&result=refused"},
		"our own fault":      {"https://core.test/done", errors.New(canaryState), 503, ""},
		"none":               {"", said, 400, ""},
	} {
		b := pages(t, "https://calweave.test", &script{back: c.back, err: c.err})
		a := b.browse("/oauth/google/callback?state="+canaryState+"&code="+canaryCode, "__Host-calweave_connect="+canaryCookie)
		if a.status != c.status || a.header.Get("Location") != c.want || strings.Contains(string(a.body)+fmt.Sprint(a.header), "CANARY") {
			t.Errorf("%s: %d %v %s", name, a.status, a.header, a.body)
		}
		if log := b.log.String(); strings.Contains(log, "access was refused") != (c.status < 500 && c.err != nil) {
			t.Errorf("%s: the log: %s", name, log)
		}
	}
}

// What the owner has not allowed is said on the page, with what follows from it.
func TestPagesSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	const mend = " If that was not meant to be, ask for a new link and allow everything there. You can close this page."
	for text, lacks := range map[string][]cal.Ability{
		"But your calendars cannot be found in it, since you have not allowed that. So no booking will appear." + mend:                     {cal.ListCalendars, cal.WriteEvents},
		"But no booking will appear in it, since you have not allowed changes." + mend:                                                     {cal.ReadEvents, cal.WriteEvents},
		"Your bookings will appear in it. Not everything that was asked for was allowed, so when you are busy cannot be looked up." + mend: {cal.ReadFreeBusy},
	} {
		b := pages(t, "https://calweave.test", &script{lacks: lacks})
		a := b.browse("/oauth/google/callback?state="+canaryState+"&code="+canaryCode, "__Host-calweave_connect="+canaryCookie)
		if body := string(a.body); a.status != 200 || !strings.Contains(body, "<h1>Your calendar is connected</h1><p>"+text+"</p>") || strings.Contains(body, "CANARY") {
			t.Errorf("%v: %d %s", lacks, a.status, body)
		}
		checkPage(t, text, a)
	}
}

// checkPage holds a page against its own policy: it loads nothing, does nothing, and its style is the one that the policy names.
func checkPage(t *testing.T, name string, a answer) {
	t.Helper()
	body := string(a.body)
	for _, never := range []string{"<script", "<form", "<iframe", "src=", "href=", "http-equiv", "javascript:", " on"} {
		if regexp.MustCompile(regexp.QuoteMeta(never)+`\w*=`).MatchString(body) || never[0] == '<' && strings.Contains(body, never) {
			t.Errorf("%s has %q", name, never)
		}
	}
	styles := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindAllStringSubmatch(body, -1)
	if len(styles) != 1 || strings.Contains(body, "style=") {
		t.Fatalf("%s: %d styles", name, len(styles))
	}
	sum := sha256.Sum256([]byte(styles[0][1]))
	if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
		t.Errorf("%s: the browser would refuse the page's own style: %s", name, policy)
	}
	if kind := a.header.Get("Content-Type"); kind != "text/html; charset=utf-8" {
		t.Errorf("%s: content type %s", name, kind)
	}
}

// keep writes a page to the folder CALWEAVE_TEST_PAGES, if there is one, for people to look at.
func keep(t *testing.T, name string, page []byte) {
	t.Helper()
	path := os.Getenv("CALWEAVE_TEST_PAGES")
	if path == "" {
		return
	}
	dir, err := os.OpenRoot(path)
	if err == nil {
		err = errors.Join(dir.WriteFile(strings.ReplaceAll(name, " ", "-")+".html", page, 0o600), dir.Close())
	}
	if err != nil {
		t.Error(err)
	}
}

// A flow that fails is in the log without what only the browser and the provider may know.
func TestPagesKeepSecretsOutOfTheLog(t *testing.T) {
	t.Parallel()
	flow := &script{err: &api.OwnerError{Err: errors.New("the account was not connected: access was refused"), Cause: errors.New("access_denied")}}
	b := pages(t, "https://calweave.test", flow)
	b.browse("/connect/" + canaryToken)
	b.browse("/oauth/google/callback?state="+canaryState+"&code="+canaryCode, "__Host-calweave_connect="+canaryCookie)
	if log := b.log.String(); strings.Contains(log, "CANARY") || strings.Count(log, "an account was not connected") != 2 || strings.Count(log, "access_denied") != 2 {
		t.Errorf("the log: %s", log)
	}
}

// A browser that has hung up is no reason for anything.
func TestPageWithoutReader(t *testing.T) {
	t.Parallel()
	b := pages(t, "https://calweave.test", &script{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rec := httptest.NewRecorder()
	b.api.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodGet, "/oauth/google/callback?state=s", nil))
	if rec.Code != 200 {
		t.Errorf("%d", rec.Code)
	}
}
