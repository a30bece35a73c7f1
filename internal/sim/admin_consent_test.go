package sim_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// A person opens a link, decides, and is sent back with what came of it.
func TestAdminConsent(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t)
	c := admin(t, s)
	var came url.Values
	core := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came = r.URL.Query()
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(core.Close)
	google := httptest.NewServer(s.Google())
	t.Cleanup(google.Close)
	link := google.URL + "/o/oauth2/v2/auth?" + url.Values{
		"client_id": {"app"}, "redirect_uri": {core.URL + "/back"}, "response_type": {"code"}, "state": {"st"},
		"scope": {"openid https://www.googleapis.com/auth/calendar.events"},
	}.Encode()
	const who = "/people/google/" + googleHost
	a := want(t, c.Do("POST", who+"/consent", object{"url": link}), http.StatusOK)
	if a.At("status") != 202.0 || a.Text("url") != core.URL+"/back" || came.Get("code") == "" || came.Get("state") != "st" {
		t.Errorf("%s, came back with %v", a.Raw, came)
	}
	want(t, c.Do("POST", who+"/consent", object{"url": link, "refuse": true}), http.StatusOK)
	if came.Get("error") != "access_denied" || came.Get("code") != "" {
		t.Errorf("refused, came back with %v", came)
	}
	if a := want(t, c.Do("POST", who+"/consent", object{"url": core.URL}), http.StatusBadRequest); !strings.Contains(a.Raw, "no consent page came up; give a link") {
		t.Errorf("a link to nothing: %s", a.Raw)
	}
}
