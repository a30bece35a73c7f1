package google_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

func TestWhoseTokenItIs(t *testing.T) {
	t.Parallel()
	s, _ := start(t)
	issued, err := s.IssueToken(sim.Google, host, "app", "openid", "email", "https://www.googleapis.com/auth/userinfo.profile", scope)
	if err != nil {
		t.Fatal(err)
	}
	c := simtest.Client{}.With(t)
	c.Base, c.Token = s.GoogleURL, issued.Access
	// Google's client for Node sends the token as a header, others as a parameter.
	a := wantStatus(t, c.Do("POST", "/tokeninfo", "", "Content-Type", "application/x-www-form-urlencoded"), http.StatusOK)
	if a.Text("aud") != "app" || a.Text("email") != host || a.Text("email_verified") != "true" || a.Text("expires_in") == "" || a.Text("sub") == "" {
		t.Errorf("the token: %s", a.Raw)
	}
	a = wantStatus(t, c.Do("GET", "/oauth2/v2/tokeninfo?access_token="+url.QueryEscape(issued.Access), nil), http.StatusOK)
	if a.Text("issued_to") != "app" || a.At("verified_email") != true || a.At("expires_in") == nil || a.Text("user_id") == "" {
		t.Errorf("in the older form: %s", a.Raw)
	}
	if a := c.Do("GET", "/oauth2/v3/userinfo", nil); a.Text("email") != host || a.Text("name") != "Host" || a.Text("sub") == "" {
		t.Errorf("the person: %s", a.Raw)
	}
	if a := c.Do("GET", "/oauth2/v2/userinfo", nil); a.Text("id") == "" || a.At("verified_email") != true {
		t.Errorf("in the older form: %s", a.Raw)
	}
	wantStatus(t, c.Do("GET", "/tokeninfo?id_token=x", nil), http.StatusNotImplemented)
	wantStatus(t, c.Do("GET", "/oauth2/v3/certs", nil), http.StatusNotImplemented)
	for _, grant := range []string{"urn:ietf:params:oauth:grant-type:device_code"} {
		form := url.Values{"grant_type": {grant}, "client_id": {"app"}}.Encode()
		wantStatus(t, c.Do("POST", "/token", form, "Content-Type", "application/x-www-form-urlencoded"), http.StatusNotImplemented)
	}
	c.Token = s.Client(sim.Google, host).Token // for the calendar only
	wantStatus(t, c.Do("GET", "/oauth2/v3/userinfo", nil), http.StatusForbidden)
	c.Token = "nobody's"
	wantStatus(t, c.Do("GET", "/oauth2/v3/userinfo", nil), http.StatusUnauthorized)
	if a := wantStatus(t, c.Do("POST", "/tokeninfo", nil), http.StatusBadRequest); a.Text("error") != "invalid_token" {
		t.Errorf("an unknown token: %s", a.Raw)
	}
}
