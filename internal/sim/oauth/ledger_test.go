package oauth

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim/stage"
)

func newLedger() (*Ledger, *clock.Manual) {
	now := clock.NewManual(time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC))
	return NewLedger(now, stage.NewIDs(1), 90*24*time.Hour), now
}

// Months of refreshing leave no more behind than the last day's tokens.
func TestWhatIsOverIsForgotten(t *testing.T) {
	t.Parallel()
	l, now := newLedger()
	g := l.Open("a@b.example", "app", nil)
	first := l.MintAccess("t", g, nil, time.Hour)
	l.ExpireAccess("A@B.example")
	if _, alive := l.Access(first); alive || l.Owner(first) != "a@b.example" {
		t.Error("an access token that was ended is alive, or it is not known whose it was")
	}
	var last string
	for range 60 {
		for range crowd / 20 {
			last = l.MintAccess("t", g, nil, time.Hour)
			l.Begin(Ask{})
			l.Code("c", Consent{})
		}
		now.Advance(12 * time.Hour)
	}
	if n := len(l.access) + len(l.asks) + len(l.codes); n > 2*crowd {
		t.Errorf("%d requests, codes and tokens are kept", n)
	}
	if l.Owner(first) != "" || l.Owner(last) != "a@b.example" {
		t.Error("the first token is still known, or the last is not")
	}
}

func TestOldestRefreshTokenGoes(t *testing.T) {
	t.Parallel()
	l, _ := newLedger()
	l.Keep(3)
	g := l.Open("a@b.example", "app", nil)
	var all []string
	for range 5 {
		all = append(all, l.MintRefresh("r", g))
	}
	for i, token := range all {
		if _, err := l.Renew(token, "app"); (err == nil) != (i >= 2) {
			t.Errorf("token %d: %v", i, err)
		}
	}
	l.RevokeAccount("a@b.example")
	fresh := l.Open("a@b.example", "app", nil)
	for range 3 {
		l.MintRefresh("r", fresh)
	}
	if n := len(l.minted["a@b.example app"]); n != 3 {
		t.Errorf("%d tokens are counted", n)
	}
}

func TestAsker(t *testing.T) {
	t.Parallel()
	l, _ := newLedger()
	g := l.Open("a@b.example", "app", nil)
	refresh, access := l.MintRefresh("r", g), l.MintAccess("t", g, nil, time.Hour)
	code := l.Code("c", Consent{Account: "c@d.example"})
	for _, c := range []struct {
		path string
		form url.Values
		want string
	}{
		{"/token", url.Values{"refresh_token": {refresh}}, "a@b.example"},
		{"/common/oauth2/v2.0/token", url.Values{"code": {code}}, "c@d.example"},
		{"/revoke", url.Values{"token": {access}}, "a@b.example"},
		{"/revoke", url.Values{"token": {refresh}}, "a@b.example"},
		{"/token", url.Values{"refresh_token": {"another"}}, ""},
		{"/calendar/v3/channels/stop", url.Values{"refresh_token": {refresh}}, ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, c.path, strings.NewReader(c.form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := l.Asker(r); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.path, c.form, got, c.want)
		}
	}
	if got := fmt.Sprint(l.Asker(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/token?refresh_token="+refresh, http.NoBody))); got != "" {
		t.Errorf("a GET: %q", got)
	}
}
