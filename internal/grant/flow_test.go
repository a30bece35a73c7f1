package grant

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

const issuer = "https://accounts.google.com"

// journal keeps one flow in memory under the store's rules: bound to a browser, spent once, ended by its time.
type journal struct {
	clock     clock.Clock
	begun     []record.NewFlow
	flow      record.Flow
	activated []record.Grant
	err       map[string]error
	// connections are those that can be connected anew.
	connections map[cal.ConnectionID]record.Connection
}

func (j *journal) BeginConnection(_ context.Context, t cal.TenantID, n record.NewFlow) (cal.ConnectionID, error) {
	if j.err["begin"] != nil {
		return "", j.err["begin"]
	}
	if t != tenant {
		return "", record.ErrNotFound
	}
	j.begun = append(j.begun, n)
	j.flow = record.Flow{
		ID: "flw_1", ConnectionID: "con_1", Provider: n.Provider, AppID: n.AppID, Verifier: n.Verifier, State: n.State, ReturnURL: n.ReturnURL, ExpiresAt: n.ExpiresAt,
	}
	return "con_1", nil
}

func (j *journal) BindFlow(_ context.Context, token, browser string) (cal.TenantID, record.Flow, error) {
	if j.err["bind"] != nil {
		return "", record.Flow{}, j.err["bind"]
	}
	if len(j.begun) == 0 || token != j.begun[len(j.begun)-1].ConnectToken || !j.flow.UsedAt.IsZero() || !j.flow.ExpiresAt.After(j.clock.Now()) {
		return "", record.Flow{}, record.ErrNotFound
	}
	j.flow.BrowserHash = browser
	return tenant, j.flow, nil
}

func (j *journal) UseFlow(_ context.Context, state, browser string) (cal.TenantID, record.Flow, error) {
	if j.err["use"] != nil {
		return "", record.Flow{}, j.err["use"]
	}
	if state != j.flow.State || browser != j.flow.BrowserHash || browser == "" || !j.flow.UsedAt.IsZero() || !j.flow.ExpiresAt.After(j.clock.Now()) {
		return "", record.Flow{}, record.ErrNotFound
	}
	j.flow.UsedAt = j.clock.Now()
	return tenant, j.flow, nil
}

func (j *journal) Activate(_ context.Context, t cal.TenantID, id cal.ConnectionID, g record.Grant) error {
	if t != tenant || id != "con_1" || j.err["activate"] != nil {
		return errors.Join(j.err["activate"], record.ErrNotFound)
	}
	j.activated = append(j.activated, g)
	return nil
}

func (j *journal) Connection(_ context.Context, t cal.TenantID, id cal.ConnectionID) (record.Connection, error) {
	if c, ok := j.connections[id]; ok && t == tenant {
		return c, nil
	}
	return record.Connection{}, record.ErrNotFound
}

// dice are secrets that can be told apart.
type dice struct{ n int }

func (d *dice) Secret() string {
	d.n++
	return strings.Repeat("s", d.n)
}

type rig struct {
	*Flow

	journal *journal
	clock   *clock.Manual
}

// begun is a flow that waits for the browser.
func begun(t *testing.T, e *endpoint) rig {
	t.Helper()
	c := clock.NewManual(began)
	j := &journal{clock: c, err: map[string]error{}}
	r := rig{Flow: NewFlow(j, exchange(e, c), &dice{}, c), journal: j, clock: c}
	if _, _, err := r.Begin(t.Context(), tenant, Request{Provider: cal.Google, ReturnURL: "https://core.test/done", Actor: "key_1"}); err != nil {
		t.Fatal(err)
	}
	return r
}

// opened is a flow that waits for the provider's answer, and a good answer to it.
func opened(t *testing.T, e *endpoint) (rig, Answer) {
	t.Helper()
	r := begun(t, e)
	n := r.journal.begun[0]
	if _, err := r.Open(t.Context(), n.ConnectToken, "cookie"); err != nil {
		t.Fatal(err)
	}
	return r, Answer{Provider: cal.Google, State: n.State, Code: authCode, Issuer: issuer, Cookie: "cookie"}
}

func TestBegin(t *testing.T) {
	t.Parallel()
	r := begun(t, nil)
	r.journal.connections = map[cal.ConnectionID]record.Connection{"con_1": connectionOf(cal.Microsoft)}
	id, token, err := r.Begin(t.Context(), tenant, Request{Provider: cal.Microsoft, Again: "con_1", Actor: "key_2"})
	if err != nil || id != "con_1" {
		t.Fatalf("%s, %v", id, err)
	}
	first, n := r.journal.begun[0], r.journal.begun[1]
	if n.Provider != cal.Microsoft || n.AppID != "microsoft" || n.Again != "con_1" || n.Actor != "key_2" || !n.ExpiresAt.Equal(began.Add(flowTime)) || n.ConnectToken != token {
		t.Errorf("%+v", n)
	}
	if n.ConnectToken == n.State || n.Verifier == first.Verifier || len(n.Verifier) < 43 { // RFC 7636, section 4.1
		t.Errorf("secrets are used twice or too short: %+v", n)
	}
	if _, _, err := r.Begin(t.Context(), tenant, Request{Provider: "caldav"}); !errors.Is(err, ErrNoApp) {
		t.Errorf("%v", err)
	}
	if _, _, err := r.Begin(t.Context(), "ten_2", Request{Provider: cal.Google}); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func TestAuthorizationRequest(t *testing.T) {
	t.Parallel()
	for p, own := range map[cal.Provider]map[string]string{
		cal.Google:    {"scope": scopes, "access_type": "offline", "prompt": "consent", "include_granted_scopes": "true"},
		cal.Microsoft: {"scope": "offline_access Calendars.ReadWrite", "response_mode": "query", "prompt": "select_account"},
	} {
		r := begun(t, nil)
		_, token, err := r.Begin(t.Context(), tenant, Request{Provider: p})
		if err != nil {
			t.Fatal(err)
		}
		page, err := r.Open(t.Context(), token, "cookie")
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(page)
		if err != nil || !strings.HasPrefix(page, r.exchange.apps[cal.AppID(p)].Driver.OAuth().AuthURL+"?") {
			t.Errorf("%s: %s, %v", p, page, err)
		}
		n := r.journal.begun[1]
		sum := sha256.Sum256([]byte(n.Verifier))
		want := map[string]string{
			"client_id": "client-of-" + string(p), "redirect_uri": redirect(p), "response_type": "code", "state": n.State,
			"code_challenge": base64.RawURLEncoding.EncodeToString(sum[:]), "code_challenge_method": "S256",
		}
		maps.Copy(want, own)
		q := u.Query()
		for name, value := range want {
			if q.Get(name) != value {
				t.Errorf("%s: %s is %q, want %q", p, name, q.Get(name), value)
			}
		}
		if len(q) != len(want) || strings.Contains(page, n.Verifier) || strings.Contains(page, canary) {
			t.Errorf("%s: %s", p, page)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	r := begun(t, nil)
	n := r.journal.begun[0]
	if _, err := r.Open(t.Context(), "another link", "cookie"); !errors.Is(err, ErrLink) {
		t.Errorf("another link: %v", err)
	}
	r.journal.err["bind"] = errDown
	if _, err := r.Open(t.Context(), n.ConnectToken, "cookie"); !errors.Is(err, errDown) || errors.Is(err, ErrLink) {
		t.Errorf("no database: %v", err)
	}
	delete(r.journal.err, "bind")
	r.journal.flow.AppID = "gone"
	if _, err := r.Open(t.Context(), n.ConnectToken, "cookie"); !errors.Is(err, ErrNoApp) {
		t.Errorf("an app that was taken away: %v", err)
	}
	r.clock.Advance(flowTime)
	if _, err := r.Open(t.Context(), n.ConnectToken, "cookie"); !errors.Is(err, ErrLink) {
		t.Errorf("too late: %v", err)
	}
}

func TestFinish(t *testing.T) {
	t.Parallel()
	e := answering(tokens("access-1", "refresh-1"))
	r, a := opened(t, e)
	if strings.Contains(r.journal.flow.BrowserHash, "cookie") || len(r.journal.flow.BrowserHash) != 64 {
		t.Errorf("the cookie is kept as %q", r.journal.flow.BrowserHash)
	}
	done, err := r.Finish(t.Context(), a)
	want := record.Grant{ConnectionID: "con_1", AccessToken: "access-1", RefreshToken: "refresh-1", Scopes: scopes, ExpiresAt: began.Add(time.Hour)}
	if err != nil || done.ID != "con_1" || done.ReturnURL != "https://core.test/done" || len(done.Lacks) > 0 || len(r.journal.activated) != 1 || r.journal.activated[0] != want {
		t.Errorf("%+v, %v, activated %+v", done, err, r.journal.activated)
	}
	if got := e.calls[0].Get("code_verifier"); got != r.journal.begun[0].Verifier {
		t.Errorf("redeemed with the verifier %q", got)
	}
	if _, err := r.Finish(t.Context(), a); !errors.Is(err, ErrState) || e.count() != 1 {
		t.Errorf("a second time: %v", err)
	}
	if _, err := r.Open(t.Context(), r.journal.begun[0].ConnectToken, "cookie"); !errors.Is(err, ErrLink) {
		t.Errorf("the link again: %v", err)
	}
}

// Each of these answers brings no connection, and no call of the token endpoint.
func TestAnswersThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Answer)
		want   error
		spent  bool
	}{
		"no state":              {func(a *Answer) { a.State = "" }, ErrState, false},
		"another state":         {func(a *Answer) { a.State += "x" }, ErrState, false},
		"no cookie":             {func(a *Answer) { a.Cookie = "" }, ErrState, false},
		"another browser":       {func(a *Answer) { a.Cookie = "other" }, ErrState, false},
		"another provider":      {func(a *Answer) { a.Provider = cal.Microsoft }, ErrState, true},
		"another issuer":        {func(a *Answer) { a.Issuer = "https://evil.test" }, ErrIssuer, true},
		"an issuer's refusal":   {func(a *Answer) { a.Error, a.Issuer = "access_denied", "https://evil.test" }, ErrIssuer, true},
		"refused":               {func(a *Answer) { a.Error, a.Code = "access_denied", "" }, ErrRefused, true},
		"refused, with a code":  {func(a *Answer) { a.Error = "access_denied" }, ErrRefused, true},
		"neither code nor word": {func(a *Answer) { a.Code = "" }, ErrRefused, true},
	} {
		e := answering(tokens("access-1", "refresh-1"))
		r, good := opened(t, e)
		bad := good
		c.change(&bad)
		if _, err := r.Finish(t.Context(), bad); !errors.Is(err, c.want) || len(r.journal.activated) != 0 || e.count() != 0 {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if _, err := r.Finish(t.Context(), good); errors.Is(err, ErrState) != c.spent || (err == nil) == c.spent {
			t.Errorf("%s: the good answer after it: %v", name, err)
		}
	}
}

// Whenever an answer names who answers, it has to be whom the owner was sent to. Where the name depends on the account, the origin counts.
func TestIssuerIsComparedWheneverItIsSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		nameless bool
		issuer   string
		fine     bool
	}{
		"none":                          {false, "", true},
		"its own":                       {false, issuer, true},
		"one that only begins like it":  {false, issuer + "/x", false},
		"nameless, and none":            {true, "", true},
		"nameless, at its origin":       {true, "https://accounts.google.com/tenant/v2.0", true},
		"nameless, at another":          {true, "https://login.microsoftonline.com/tenant/v2.0", false},
		"nameless, not by https":        {true, "http://accounts.google.com/tenant/v2.0", false},
		"nameless, by another port":     {true, "https://accounts.google.com:444/tenant", false},
		"nameless, behind a user's":     {true, "https://accounts.google.com@evil.test/tenant", false},
		"nameless, with a user":         {true, "https://evil@accounts.google.com/tenant", false},
		"nameless, and no URL":          {true, "accounts.google.com", false},
		"nameless, and nothing of that": {true, "://", false},
	} {
		r, a := opened(t, answering(tokens("access-1", "refresh-1")))
		if c.nameless {
			app := r.exchange.apps["google"]
			app.Driver = anonymous{app.Driver}
			r.exchange.apps["google"] = app
		}
		a.Issuer = c.issuer
		if _, err := r.Finish(t.Context(), a); (err == nil) != c.fine || !c.fine && !errors.Is(err, ErrIssuer) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whoever brings an answer that is not this browser's is sent nowhere; an owner who said no goes back to whoever sent them.
func TestWhereTheBrowserGoes(t *testing.T) {
	t.Parallel()
	r, a := opened(t, answering(tokens("access-1", "refresh-1")))
	foreign := a
	foreign.Cookie = "another"
	if done, err := r.Finish(t.Context(), foreign); !errors.Is(err, ErrState) || done.ReturnURL != "" {
		t.Errorf("another browser: %+v, %v", done, err)
	}
	a.Error, a.Code = "access_denied", ""
	if done, err := r.Finish(t.Context(), a); !errors.Is(err, ErrRefused) || done.ReturnURL != "https://core.test/done" || done.ID != "con_1" {
		t.Errorf("refused: %+v, %v", done, err)
	}
}

func TestFlowWithoutACookieIsBoundToNobody(t *testing.T) {
	t.Parallel()
	e := answering(tokens("access-1", "refresh-1"))
	r := begun(t, e)
	n := r.journal.begun[0]
	if _, err := r.Open(t.Context(), n.ConnectToken, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Finish(t.Context(), Answer{Provider: cal.Google, State: n.State, Code: authCode}); !errors.Is(err, ErrState) || e.count() != 0 {
		t.Errorf("%v", err)
	}
}

func TestAnswerThatComesTooLate(t *testing.T) {
	t.Parallel()
	e := answering(tokens("access-1", "refresh-1"))
	r, a := opened(t, e)
	r.clock.Advance(flowTime)
	if _, err := r.Finish(t.Context(), a); !errors.Is(err, ErrState) || e.count() != 0 {
		t.Errorf("%v", err)
	}
}

func TestRedeemingFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		endpoint *endpoint
		kind     fault.Kind
		refused  bool
	}{
		"a code that was used": {refusing(400, "invalid_grant"), fault.NeedsReauth, true},
		"no consent":           {refusing(403, "access_denied"), fault.NeedsConsent, true},
		"a wrong secret":       {refusing(401, "invalid_client"), fault.Misconfigured, false},
		"overrun":              {refusing(503, "x"), fault.Transient, false},
	} {
		r, a := opened(t, c.endpoint)
		_, err := r.Finish(t.Context(), a)
		if !fault.Is(err, c.kind) || errors.Is(err, ErrRefused) != c.refused || len(r.journal.activated) != 0 {
			t.Errorf("%s: %v", name, err)
		}
		for _, secret := range []string{canary, r.journal.begun[0].Verifier} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: a secret is in %q", name, err)
			}
		}
	}
}

// A grant says for which life of its connection it was asked.
func TestGrantBelongsToTheConnectionAsItWas(t *testing.T) {
	t.Parallel()
	r, a := opened(t, answering(tokens("access-1", "refresh-1")))
	r.journal.flow.ClosedAt = began.Add(-time.Hour)
	if _, err := r.Finish(t.Context(), a); err != nil || !r.journal.activated[0].ClosedAt.Equal(began.Add(-time.Hour)) {
		t.Errorf("%+v, %v", r.journal.activated, err)
	}
}

// A grant that lacks a scope is good for the rest. One that is good for nothing, or ends within the hour, is refused at once.
func TestPartialGrants(t *testing.T) {
	t.Parallel()
	const auth = "https://www.googleapis.com/auth/calendar."
	for name, c := range map[string]struct {
		p      cal.Provider
		answer string
		whole  bool
		lacks  record.Lacks
	}{
		"ticks were taken away":         {cal.Google, `{"access_token":"a","refresh_token":"r","scope":"` + auth + `events"}`, true, "list_calendars read_free_busy"},
		"a tick was taken away":         {cal.Google, `{"access_token":"a","refresh_token":"r","scope":"` + auth + `freebusy ` + auth + `calendarlist.readonly"}`, true, "read_events write_events"},
		"all of them were":              {cal.Google, `{"access_token":"a","refresh_token":"r","scope":"openid"}`, false, ""},
		"something of another resource": {cal.Google, `{"access_token":"a","refresh_token":"r","scope":"` + auth + `events.readonly"}`, false, ""},
		"more than was asked":           {cal.Google, `{"access_token":"a","refresh_token":"r","scope":"openid ` + scopes + `"}`, true, ""},
		"no refresh token":              {cal.Google, `{"access_token":"a","scope":"` + scopes + `"}`, false, ""},
		"nothing said about scopes":     {cal.Google, `{"access_token":"a","refresh_token":"r"}`, true, ""},
		"Microsoft":                     {cal.Microsoft, `{"access_token":"a","refresh_token":"r","scope":"Calendars.ReadWrite User.Read"}`, true, ""},
		"Microsoft, with its prefix":    {cal.Microsoft, `{"access_token":"a","refresh_token":"r","scope":"https://graph.microsoft.com/calendars.readwrite"}`, true, ""},
		"Microsoft, to read only":       {cal.Microsoft, `{"access_token":"a","refresh_token":"r","scope":"Calendars.Read"}`, false, ""},
		"Microsoft, for an hour only":   {cal.Microsoft, `{"access_token":"a","scope":"Calendars.ReadWrite"}`, false, ""},
	} {
		r := begun(t, answering(says(200, c.answer)))
		_, token, err := r.Begin(t.Context(), tenant, Request{Provider: c.p})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Open(t.Context(), token, "cookie"); err != nil {
			t.Fatal(err)
		}
		done, err := r.Finish(t.Context(), Answer{Provider: c.p, State: r.journal.flow.State, Code: authCode, Cookie: "cookie"})
		if c.whole != (err == nil) || c.whole != (len(r.journal.activated) == 1) || !c.whole && (!errors.Is(err, ErrPartial) || !errors.Is(err, ErrRefused)) {
			t.Errorf("%s: %v, activated %+v", name, err, r.journal.activated)
		}
		if c.whole && (r.journal.activated[0].Lacks != c.lacks || record.NewLacks(done.Lacks) != c.lacks) {
			t.Errorf("%s: lacks %q, told %q, want %q", name, r.journal.activated[0].Lacks, done.Lacks, c.lacks)
		}
	}
}

func TestStoreFailsAroundAnAnswer(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"use", "activate"} {
		r, a := opened(t, answering(tokens("access-1", "refresh-1")))
		r.journal.err[call] = errDown
		if _, err := r.Finish(t.Context(), a); !errors.Is(err, errDown) || errors.Is(err, ErrState) || errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", call, err)
		}
	}
	stale, late := opened(t, answering(tokens("access-1", "refresh-1")))
	stale.journal.err["activate"] = record.ErrStale
	if _, err := stale.Finish(t.Context(), late); !errors.Is(err, ErrLink) {
		t.Errorf("disconnected meanwhile: %v", err)
	}
	r, a := opened(t, nil)
	r.journal.flow.AppID = "gone"
	if _, err := r.Finish(t.Context(), a); !errors.Is(err, ErrNoApp) {
		t.Errorf("an app that was taken away: %v", err)
	}
}
