package grant

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

func TestRefreshRequest(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		e := answering(tokens("access-2", ""))
		if _, err := exchange(e, clock.NewManual(began)).Refresh(t.Context(), tenant, connectionOf(p), oldGrant()); err != nil {
			t.Fatal(err)
		}
		wantForm(t, e, map[string]string{
			"grant_type": "refresh_token", "refresh_token": oldRefresh, "client_id": "client-of-" + string(p), "client_secret": clientSecret,
		})
	}
}

func TestRedeemRequest(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		e := answering(tokens("access-1", "refresh-1"))
		x := exchange(e, clock.NewManual(began))
		app, err := x.App(t.Context(), tenant, cal.AppID(p))
		if err != nil {
			t.Fatal(err)
		}
		g, err := x.Redeem(t.Context(), app, "con_7", authCode, "the-verifier")
		if err != nil || g.ConnectionID != "con_7" {
			t.Fatalf("%+v, %v", g, err)
		}
		wantForm(t, e, map[string]string{
			"grant_type": "authorization_code", "code": authCode, "code_verifier": "the-verifier", "redirect_uri": redirect(p),
			"client_id": "client-of-" + string(p), "client_secret": clientSecret,
		})
	}
}

func TestTokensOfAnAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer answer
		want   record.Grant
	}{
		"the refresh token stays": {tokens("a", ""), record.Grant{AccessToken: "a", RefreshToken: oldRefresh, Scopes: scopes, ExpiresAt: began.Add(time.Hour)}},
		"it is rotated":           {tokens("a", "r"), record.Grant{AccessToken: "a", RefreshToken: "r", Scopes: scopes, ExpiresAt: began.Add(time.Hour)}},
		"scopes and seconds": {
			says(200, `{"access_token":"a","expires_in":"1800","scope":"less"}`),
			record.Grant{AccessToken: "a", RefreshToken: oldRefresh, Scopes: "less", ExpiresAt: began.Add(30 * time.Minute)},
		},
		"nothing but a token": {
			says(200, `{"access_token":"a","scope":""}`), record.Grant{AccessToken: "a", RefreshToken: oldRefresh, Scopes: scopes, ExpiresAt: began.Add(time.Hour)},
		},
		"odd scopes": {
			says(200, `{"access_token":"a","scope":["x"],"expires_in":null}`),
			record.Grant{AccessToken: "a", RefreshToken: oldRefresh, Scopes: scopes, ExpiresAt: began.Add(time.Hour)},
		},
		"a form": {
			answer{status: 200, media: "application/x-www-form-urlencoded", body: "access_token=a&expires_in=1800"},
			record.Grant{AccessToken: "a", RefreshToken: oldRefresh, Scopes: scopes, ExpiresAt: began.Add(30 * time.Minute)},
		},
	} {
		got, err := exchange(answering(c.answer), clock.NewManual(began)).Refresh(t.Context(), tenant, connectionOf(cal.Google), oldGrant())
		c.want.ConnectionID = "con_1"
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, c.want)
		}
	}
}

// What the token endpoint refuses is told apart by what the caller should do; the words of the endpoint stay out of it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	refusal := func(status int, code string) answer {
		return says(status, fmt.Sprintf(`{"error":%q,"error_description":%q,"refresh_token":%q}`, code, bodySecret, bodySecret))
	}
	page := answer{media: "text/html", body: "<html>" + bodySecret}
	html := func(status int) answer { page.status = status; return page }
	for name, c := range map[string]struct {
		answer answer
		want   fault.Kind
		code   string
		after  time.Duration
	}{
		"a dead grant":            {refusal(400, "invalid_grant"), fault.NeedsReauth, "invalid_grant", 0},
		"a wrong client secret":   {refusal(401, "invalid_client"), fault.Misconfigured, "invalid_client", 0},
		"an unknown refusal":      {refusal(400, "unheard_of"), fault.Transient, "unheard_of", 0},
		"an overrun server":       {refusal(503, "invalid_grant"), fault.Transient, "invalid_grant", 0},
		"no words at all":         {says(400, ""), fault.Transient, "", 0},
		"a front door's page":     {html(502), fault.Transient, "", 0},
		"a front door's refusal":  {html(403), fault.Transient, "", 0},
		"a redirect":              {answer{status: 307, body: bodySecret}, fault.Transient, "", 0},
		"a refusal that is a 200": {refusal(200, "temporarily_unavailable"), fault.Transient, "temporarily_unavailable", 0},
		"too many calls":          {answer{status: 429, body: bodySecret, header: http.Header{"Retry-After": {"30"}}}, fault.RateLimited, "", 30 * time.Second},
		"a pause":                 {answer{status: 503, body: "{}", header: http.Header{"Retry-After": {began.Add(time.Minute).Format(http.TimeFormat)}}}, fault.Transient, "", time.Minute},
	} {
		for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
			e := answering(c.answer)
			_, err := exchange(e, clock.NewManual(began)).Refresh(t.Context(), tenant, connectionOf(p), oldGrant())
			f, ok := fault.As(err)
			if !ok || f.Kind != c.want || f.Status != c.answer.status || f.RetryAfter != c.after || p == cal.Google && f.Code != c.code {
				t.Errorf("%s: %s: %v, want %s", p, name, err, c.want)
			}
			if e.count() != 1 {
				t.Errorf("%s: %s: called %d times", p, name, e.count())
			}
			wantNoSecret(t, name, err)
		}
	}
}

// A code that no driver knows is logged, and nothing else of the answer; a known one is not.
func TestUnlistedCodesAreLogged(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"invalid_grant": "",
		"unheard_of": `level=WARN msg="a token endpoint refused with a code that is not listed" provider=google status=400 code=unheard_of ` +
			"taken_for=transient\n",
		"see " + bodySecret: `level=WARN msg="a token endpoint refused with a code that is not listed" provider=google status=400 code="" ` +
			"taken_for=transient\n",
	} {
		var log strings.Builder
		x := exchange(refusing(400, code), clock.NewManual(began))
		x.LogTo(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}})))
		if _, err := x.Refresh(t.Context(), tenant, connectionOf(cal.Google), oldGrant()); err == nil || log.String() != want {
			t.Errorf("%s: %v, logged %q", code, err, log.String())
		}
	}
}

func TestAnswersThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]answer{
		"a page":         {status: 200, media: "text/html", body: "<html>" + bodySecret},
		"nothing":        says(200, ""),
		"an empty one":   says(200, "{}"),
		"a list":         says(200, `["`+bodySecret+`"]`),
		"cut short":      says(200, `{"access_token":"`+bodySecret),
		"mistyped":       says(200, `{"access_token":7,"x":"`+bodySecret+`"}`),
		"no access":      says(200, `{"refresh_token":"`+bodySecret+`"}`),
		"more than 1 MB": says(200, `{"access_token":"`+strings.Repeat(bodySecret, 1<<17)+`"}`),
	} {
		_, err := exchange(answering(a), clock.NewManual(began)).Refresh(t.Context(), tenant, connectionOf(cal.Google), oldGrant())
		if !fault.Is(err, fault.Transient) || !strings.HasSuffix(err.Error(), "the answer cannot be read") {
			t.Errorf("%s: %v", name, err)
		}
		wantNoSecret(t, name, err)
	}
}

// endless is a body that does not end. It counts what was read of it.
type endless struct{ read int }

func (b *endless) Read(p []byte) (int, error) {
	b.read += len(p)
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func (b *endless) Close() error { return nil }

type bodied struct{ body io.ReadCloser }

func (b bodied) RoundTrip(r *http.Request) (*http.Response, error) {
	_ = r.Body.Close()
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: b.body, Request: r}, nil
}

func TestEndlessAnswerIsCutOff(t *testing.T) {
	t.Parallel()
	b := &endless{}
	_, err := exchange(bodied{b}, clock.NewManual(began)).Refresh(t.Context(), tenant, connectionOf(cal.Google), oldGrant())
	if !fault.Is(err, fault.Transient) || b.read > 4<<20 {
		t.Errorf("%v after %d bytes", err, b.read)
	}
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	broken := &net.OpError{Op: "dial", Err: errors.New(bodySecret)}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, stop := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer stop()
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		want fault.Kind
		text string
	}{
		"no connection": {t.Context(), broken, fault.Transient, "connection failed"},
		"a timeout":     {t.Context(), context.DeadlineExceeded, fault.Transient, "no answer in time"},
		"our own end":   {canceled, nil, fault.Canceled, "context canceled"},
		"our own limit": {expired, nil, fault.Transient, "no answer in time"},
	} {
		e := &endpoint{answer: func(_ int, r *http.Request) (answer, error) {
			if c.err == nil {
				<-r.Context().Done()
				return answer{}, r.Context().Err()
			}
			return answer{}, c.err
		}}
		x := exchange(e, clock.NewManual(began))
		_, refresh := x.Refresh(c.ctx, tenant, connectionOf(cal.Google), oldGrant())
		app, _ := x.App(t.Context(), tenant, "google")
		_, redeem := x.Redeem(c.ctx, app, "con_1", authCode, canary)
		revoke := x.Revoke(c.ctx, app, canary)
		for op, err := range map[string]error{"grant: refresh": refresh, "grant: redeem code": redeem, "grant: revoke": revoke} {
			if want := op + ": " + string(c.want) + ": " + c.text; err == nil || err.Error() != want {
				t.Errorf("%s: %v, want %s", name, err, want)
			}
			wantNoSecret(t, name, err)
		}
	}
}

// interrupted is a body whose reader leaves in the middle of it.
type interrupted struct{ leave context.CancelFunc }

func (b interrupted) Read([]byte) (int, error) {
	b.leave()
	return 0, errors.New(bodySecret)
}

func (b interrupted) Close() error { return nil }

func TestLeavingInTheMiddleOfAnAnswer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := exchange(bodied{interrupted{cancel}}, clock.NewManual(began)).Refresh(ctx, tenant, connectionOf(cal.Google), oldGrant())
	if !fault.Is(err, fault.Canceled) {
		t.Errorf("%v", err)
	}
	wantNoSecret(t, "interrupted", err)
}

func TestNothingToAskWith(t *testing.T) {
	t.Parallel()
	e := answering(tokens("a", "r"))
	x := exchange(e, clock.NewManual(began))
	c := connectionOf(cal.Google)
	c.AppID = "somebody's own"
	if _, err := x.Refresh(t.Context(), tenant, c, oldGrant()); !fault.Is(err, fault.Misconfigured) || !errors.Is(err, ErrNoApp) {
		t.Errorf("without an app: %v", err)
	}
	g := oldGrant()
	g.RefreshToken = ""
	if _, err := x.Refresh(t.Context(), tenant, connectionOf(cal.Google), g); !fault.Is(err, fault.NeedsReauth) {
		t.Errorf("without a refresh token: %v", err)
	}
	if e.count() != 0 {
		t.Errorf("called %d times", e.count())
	}
}

func TestApps(t *testing.T) {
	t.Parallel()
	x := exchange(nil, clock.NewManual(began))
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		if a, err := x.AppFor(p); err != nil || a.Driver.Name() != p {
			t.Errorf("%s: %v, %v", p, a.ID, err)
		}
	}
	if _, err := x.AppFor("caldav"); !errors.Is(err, ErrNoApp) {
		t.Errorf("%v", err)
	}
	a, err := x.App(t.Context(), tenant, "google")
	if err != nil || a.ClientID != "client-of-google" || strings.Contains(fmt.Sprintf("%v %+v %#v", a, a, a), canary) {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	app := func(x *Exchange) App { a, _ := x.App(t.Context(), tenant, "google"); return a }
	e := answering(says(200, "{}"))
	x := exchange(e, clock.NewManual(began))
	if err := x.Revoke(t.Context(), app(x), oldRefresh); err != nil {
		t.Fatal(err)
	}
	wantForm(t, e, map[string]string{"token": oldRefresh})
	for name, c := range map[string]struct {
		answer answer
		want   fault.Kind
		after  time.Duration
	}{
		"a token that is none":    {says(400, `{"error":"invalid_token","error_description":"Token expired or revoked"}`), "", 0},
		"an overrun server":       {says(503, `{"error":"invalid_token"}`), fault.Transient, 0},
		"another refusal":         {says(400, `{"error":"invalid_client"}`), fault.Misconfigured, 0},
		"no words at all":         {says(400, ""), fault.Transient, 0},
		"a redirect":              {says(302, ""), fault.Transient, 0},
		"too many calls":          {answer{status: 429, body: bodySecret, header: http.Header{"Retry-After": {"30"}}}, fault.RateLimited, 30 * time.Second},
		"a front door's own page": {answer{status: 403, media: "text/html", body: bodySecret}, fault.Transient, 0},
	} {
		e := answering(c.answer)
		x := exchange(e, clock.NewManual(began))
		err := x.Revoke(t.Context(), app(x), oldRefresh)
		if (err == nil) != (c.want == "") || err != nil && fault.KindOf(err) != c.want || fault.RetryAfter(err) != c.after || e.count() != 1 {
			t.Errorf("%s: %v after %d calls, want %s", name, err, e.count(), c.want)
		}
		wantNoSecret(t, name, err)
	}
}
