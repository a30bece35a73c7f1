package oauth

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim/stage"
)

func TestAsker(t *testing.T) {
	t.Parallel()
	l := NewLedger(clock.System{}, stage.NewIDs(1), time.Hour)
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
	if got := l.Asker(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/token?refresh_token="+refresh, http.NoBody)); got != "" {
		t.Errorf("a GET: %q", got)
	}
}
