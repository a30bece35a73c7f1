package microsoft_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/browser"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// slug is a receiver that needs its time, by the simulators' clock.
func slug(t *testing.T, now *clock.Manual, takes time.Duration) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		if token := r.URL.Query().Get("validationToken"); token != "" {
			_, _ = io.WriteString(w, token) //nolint:gosec // the handshake wants the token back as it is, as text that no browser runs
			return
		}
		now.Advance(takes)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func settle(t *testing.T, s *simtest.Sim) {
	t.Helper()
	s.Until("nothing is on its way", func() bool {
		for _, p := range s.Pushes(0) {
			if !p.Done() {
				return false
			}
		}
		return true
	})
}

func TestSlowReceivers(t *testing.T) {
	t.Parallel()
	s, c, now := frozen(t)
	set(t, s, func(w *sim.Switches) { w.Microsoft.SlowSample = 2 })
	r := simtest.NewReceiver(t)
	w := wish(r, now.Now())
	w["notificationUrl"] = slug(t, now, 4*time.Second)
	wantStatus(t, c.Do("POST", "/subscriptions", w), http.StatusCreated)
	createOn(t, c, "/me/events", "a", "2026-04-15")
	settle(t, s)
	n := len(s.Pushes(0))
	id := createOn(t, c, "/me/events", "b", "2026-04-15")
	if late := len(s.Pushes(0)) - n; late != 0 {
		t.Errorf("a slow receiver got %d notifications at once", late)
	}
	now.Advance(10 * time.Minute)
	s.Until("the late notifications are sent", func() bool { return len(s.Pushes(0)) == n+2 })
	if last := s.Pushes(0)[n]; last.Kind != "created" || item(t, simtest.Received{Body: last.Body}).Text("resourceData", "id") != id {
		t.Errorf("late came %+v", last)
	}
}

func TestDroppedReceiversHearThatTheyMissed(t *testing.T) {
	t.Parallel()
	s, c, now := frozen(t)
	set(t, s, func(w *sim.Switches) { w.Microsoft.SlowSample = 2 })
	r := simtest.NewReceiver(t)
	w := wish(r, now.Now())
	w["notificationUrl"] = slug(t, now, 11*time.Second)
	wantStatus(t, c.Do("POST", "/subscriptions", w), http.StatusCreated)
	createOn(t, c, "/me/events", "a", "2026-04-15")
	settle(t, s)
	n := len(s.Pushes(0))
	createOn(t, c, "/me/events", "b", "2026-04-15")
	now.Advance(11 * time.Minute)
	if got := item(t, r.Wait(1)[0]); got.Text("lifecycleEvent") != "missed" {
		t.Errorf("came %v", got.Body)
	}
	if all := s.Pushes(0); len(all) != n+1 {
		t.Errorf("a dropped receiver was sent %d notifications", len(all)-n-1)
	}
	createOn(t, c, "/me/events", "c", "2026-04-15")
	if all := s.Pushes(0); len(all) != n+3 {
		t.Errorf("after the ten minutes there are %d pushes, want %d", len(all), n+3)
	}
}

func TestReauthorization(t *testing.T) {
	t.Parallel()
	s, c, now := frozen(t)
	set(t, s, func(w *sim.Switches) { w.Microsoft.ReauthorizeMinutes = 30 })
	r := simtest.NewReceiver(t)
	w := wish(r, now.Now())
	w["expirationDateTime"] = now.Now().Add(48 * time.Hour).Format(time.RFC3339)
	sub := wantStatus(t, c.Do("POST", "/subscriptions", w), http.StatusCreated).Text("id")
	told := 0
	wantNext := func(kind string) {
		t.Helper()
		told++
		if got := item(t, r.Wait(told)[told-1]); got.Text("lifecycleEvent") != kind || got.Text("subscriptionId") != sub {
			t.Fatalf("came %v, want %s", got.Body, kind)
		}
	}
	now.Advance(30 * time.Minute)
	wantNext("reauthorizationRequired")
	now.Advance(15 * time.Minute)
	wantNext("reauthorizationRequired")
	now.Advance(50 * time.Minute) // nobody cares: nothing is sent any more
	wantNext("reauthorizationRequired")
	again := s.Client(sim.Microsoft, host)
	createOn(t, again, "/me/events", "lost", "2026-04-15")
	if n := len(s.Pushes(0)); n != told {
		t.Errorf("a paused subscription was told %d things", n-told)
	}
	wantStatus(t, again.Do("POST", "/subscriptions/"+sub+"/reauthorize", nil), http.StatusNoContent)
	wantNext("missed")
	createOn(t, again, "/me/events", "told", "2026-04-15")
	if got := item(t, r.Wait(told + 1)[told]); got.Text("changeType") != "created" {
		t.Errorf("came %v", got.Body)
	}
}

// Whoever moves the clock need not wait for what comes due.
func TestWhatIsDueIsDoneAtOnce(t *testing.T) {
	t.Parallel()
	s, c, now := frozen(t)
	r := simtest.NewReceiver(t)
	wantStatus(t, c.Do("POST", "/subscriptions", wish(r, now.Now())), http.StatusCreated) // for a day
	now.Advance(23 * time.Hour)
	s.CatchUp()
	if sent := s.Pushes(0); len(sent) != 1 {
		t.Errorf("sent are %+v", sent)
	}
	if _, err := s.SetClock(sim.ClockChange{Advance: "20m"}); err != nil {
		t.Fatal(err)
	}
	if sent := s.Pushes(0); len(sent) != 2 {
		t.Errorf("sent are %+v", sent)
	}
}

func TestRemindersBeforeTheEnd(t *testing.T) {
	t.Parallel()
	_, c, now := frozen(t)
	r := simtest.NewReceiver(t)
	wantStatus(t, c.Do("POST", "/subscriptions", wish(r, now.Now())), http.StatusCreated) // for a day
	now.Advance(23 * time.Hour)
	if got := item(t, r.Wait(1)[0]); got.Text("lifecycleEvent") != "reauthorizationRequired" {
		t.Errorf("came %v", got.Body)
	}
	now.Advance(15 * time.Minute)
	r.Wait(2)
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	c := connecting(t, sim.Config{})
	a := wantStatus(t, c.exchange(c.consent(browser.Choice{}).Get("code"), verifier), http.StatusOK)
	for number, want := range map[int]string{
		65001: "invalid_grant", 50076: "interaction_required", 50158: "interaction_required", 53003: "interaction_required", 700082: "invalid_grant",
		50173: "invalid_grant", 50132: "invalid_grant", 50057: "invalid_grant", 70011: "invalid_scope", 50196: "server_error",
	} {
		if err := c.s.RefuseTokens(host, number); err != nil {
			t.Fatal(err)
		}
		b := c.refresh(a.Text("refresh_token"), "")
		wantAADSTS(t, b, http.StatusBadRequest, want, number)
		if (b.Text("claims") != "") != (want == "interaction_required") {
			t.Errorf("AADSTS%d has the claims %q", number, b.Text("claims"))
		}
	}
	for number, status := range map[int]int{7000222: http.StatusUnauthorized, 90033: http.StatusServiceUnavailable} {
		if err := c.s.RefuseTokens(host, number); err != nil {
			t.Fatal(err)
		}
		if b := c.exchange(c.consent(browser.Choice{}).Get("code"), verifier); b.Status != status {
			t.Errorf("AADSTS%d: %d %s", number, b.Status, b.Raw)
		}
	}
	api := simtest.Client{Base: c.s.MicrosoftURL + "/v1.0", Token: a.Text("access_token")}.With(t)
	wantStatus(t, api.Do("GET", "/me", nil), http.StatusOK) // only the token endpoint refuses
	if c.s.RefuseTokens(host, 1) == nil || c.s.RefuseTokens("nobody@x.org", 50076) == nil {
		t.Error("an unknown number or person is taken")
	}
	if err := c.s.RefuseTokens(host, 0); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, c.refresh(a.Text("refresh_token"), ""), http.StatusOK)
	if b := c.post(url.Values{"grant_type": {"refresh_token"}}); b.Text("error") != "invalid_request" {
		t.Errorf("without a token: %s", b.Raw)
	}
}

func TestSilentSignInAndMissingSecret(t *testing.T) {
	t.Parallel()
	c := connecting(t, sim.Config{})
	a := simtest.Client{}.With(t).Do("GET", c.start(map[string]string{"prompt": "none"}), nil)
	back, err := url.Parse(a.Header.Get("Location"))
	if err != nil || back.Query().Get("error") != "login_required" || back.Query().Get("state") != "s" {
		t.Errorf("came back with %v, %v", back, err)
	}
	wantAADSTS(t, c.post(url.Values{"grant_type": {"refresh_token"}, "client_secret": {""}}), http.StatusUnauthorized, "invalid_client", 7000218)
}

// TestClaimsChallenge refuses a token that is not expired, once.
func TestClaimsChallenge(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	if _, err := s.AddFault(sim.Fault{Action: sim.ActStatus, Status: http.StatusUnauthorized, Code: "TokenCreatedWithOutdatedPolicies", Count: 1}); err != nil {
		t.Fatal(err)
	}
	a := c.Do("GET", "/me", nil)
	if a.Status != http.StatusUnauthorized || !strings.Contains(a.Header.Get("WWW-Authenticate"), `error="insufficient_claims", claims="`) {
		t.Errorf("refused with %d %v", a.Status, a.Header)
	}
	wantStatus(t, c.Do("GET", "/me", nil), http.StatusOK)
}

// TestRefreshRaces has two workers refresh at once: both get tokens, and all of them are good.
func TestRefreshRaces(t *testing.T) {
	t.Parallel()
	c := connecting(t, sim.Config{})
	first := wantStatus(t, c.exchange(c.consent(browser.Choice{}).Get("code"), verifier), http.StatusOK).Text("refresh_token")
	answers := make(chan simtest.Answer, 2)
	for range 2 {
		go func() { answers <- c.refresh(first, "") }()
	}
	a, b := <-answers, <-answers
	if a.Text("refresh_token") == b.Text("refresh_token") || a.Text("access_token") == b.Text("access_token") {
		t.Error("two refreshes gave the same tokens")
	}
	for _, token := range []string{a.Text("refresh_token"), b.Text("refresh_token"), first} {
		wantStatus(t, c.refresh(token, ""), http.StatusOK)
	}
}
