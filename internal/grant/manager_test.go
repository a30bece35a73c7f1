package grant

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

func TestTokenThatIsGoodIsNotRefreshed(t *testing.T) {
	t.Parallel()
	for left, calls := range map[time.Duration]int{time.Hour: 0, margin + time.Nanosecond: 0, margin: 1, time.Minute: 1, 0: 1, -time.Hour: 1} {
		g := oldGrant()
		g.ExpiresAt = began.Add(left)
		e := answering(tokens("access-2", ""))
		m, _ := manage(clock.NewManual(began), g, e)
		access, version, err := m.Token(t.Context(), tenant, connectionOf(cal.Google))
		if err != nil || e.count() != calls || int(version) != 1+calls || (access == "access-1") != (calls == 0) {
			t.Errorf("%s before its end: %q of version %d, %v, after %d calls", left, access, version, err, e.count())
		}
	}
	g := oldGrant()
	g.AccessToken, g.ExpiresAt = "", began.Add(time.Hour)
	m, _ := manage(clock.NewManual(began), g, answering(tokens("access-2", "")))
	wantToken(t, m, "access-2", 2)
}

func TestRotatedTokenIsStoredBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	m, v := manage(clock.NewManual(began), oldGrant(), answering(tokens("access-2", "refresh-2")))
	wantToken(t, m, "access-2", 2)
	want := record.Grant{ConnectionID: "con_1", Version: 2, AccessToken: "access-2", RefreshToken: "refresh-2", Scopes: scopes, ExpiresAt: began.Add(time.Hour)}
	if got := v.now(); got != want {
		t.Errorf("stored %+v, want %+v", got, want)
	}
	wantToken(t, m, "access-2", 2)
	if v.rotated != 1 {
		t.Errorf("refreshed %d times", v.rotated)
	}
}

func TestLeaseIsTakenForLongEnough(t *testing.T) {
	t.Parallel()
	e := &endpoint{}
	m, v := manage(clock.NewManual(began), oldGrant(), e)
	e.answer = func(int, *http.Request) (answer, error) {
		if until := v.now().RefreshUntil; !until.Equal(began.Add(leaseTime)) {
			t.Errorf("called under a lease until %s", until)
		}
		return tokens("access-2", ""), nil
	}
	wantToken(t, m, "access-2", 2)
	if leaseTime < 2*refreshTime {
		t.Error("a lease leaves no time to store what a slow refresh brings")
	}
}

func TestNoGrant(t *testing.T) {
	t.Parallel()
	m, v := manage(clock.NewManual(began), oldGrant(), nil)
	c := connectionOf(cal.Google)
	c.ID = "con_2"
	if _, _, err := m.Token(t.Context(), tenant, c); !fault.Is(err, fault.NeedsReauth) {
		t.Errorf("%v", err)
	}
	if _, _, err := m.Token(t.Context(), "ten_2", connectionOf(cal.Google)); !fault.Is(err, fault.NeedsReauth) {
		t.Errorf("of another tenant: %v", err)
	}
	v.before = failing("grant", 1, 1, errDown)
	if _, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Google)); !errors.Is(err, errDown) || !fault.Is(err, fault.Transient) {
		t.Errorf("no database: %v", err)
	}
	v.before = failing("lease", 1, 1, errDown)
	if _, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Google)); !errors.Is(err, errDown) {
		t.Errorf("no lease: %v", err)
	}
}

// Somebody else holds the lease: whoever waits reads again and does not call.
func TestLeaseOfAnother(t *testing.T) {
	t.Parallel()
	g := oldGrant()
	g.RefreshUntil = began.Add(time.Second)
	e := answering(tokens("access-2", ""))
	c := clock.NewManual(began)
	m, v := manage(c, g, e)
	_, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Google))
	if !fault.Is(err, fault.Busy) || fault.RetryAfter(err) != contest || e.count() != 0 {
		t.Errorf("%v after %d calls", err, e.count())
	}
	v.before = func(_ context.Context, call string) error {
		if call == "lease" {
			v.before = nil
			v.put("theirs", began.Add(time.Hour))
		}
		return nil
	}
	wantToken(t, m, "theirs", 2)
	if e.count() != 0 {
		t.Errorf("called %d times", e.count())
	}
	v.before = failing("grant", 2, 2, errDown)
	v.put("ended", began)
	c.Advance(0)
	held := v.now()
	held.RefreshUntil = began.Add(time.Second)
	v.grants[tenant] = held
	if _, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Google)); !errors.Is(err, errDown) {
		t.Errorf("reading again fails: %v", err)
	}
}

// A grant that is forgotten while somebody waits for it is none.
func TestGrantThatIsForgottenMeanwhile(t *testing.T) {
	t.Parallel()
	e := answering(tokens("access-2", "refresh-2"))
	m, v := manage(clock.NewManual(began), oldGrant(), e)
	e.answer = func(int, *http.Request) (answer, error) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.fence++
		delete(v.grants, tenant)
		return tokens("access-2", "refresh-2"), nil
	}
	if _, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Google)); !fault.Is(err, fault.NeedsReauth) || v.rotated != 0 {
		t.Errorf("%v after %d tokens were stored", err, v.rotated)
	}
}

// A lease whose holder died ends by itself.
func TestLeaseOfTheDeadEnds(t *testing.T) {
	t.Parallel()
	g := oldGrant()
	g.RefreshUntil = began.Add(leaseTime)
	c := clock.NewManual(began)
	m, _ := manage(c, g, answering(tokens("access-2", "")))
	c.Advance(leaseTime)
	wantToken(t, m, "access-2", 2)
}

// A newer grant was stored while we were refreshing the old one: theirs is used, ours is not stored.
func TestRefreshThatLostItsLease(t *testing.T) {
	t.Parallel()
	e := &endpoint{}
	m, v := manage(clock.NewManual(began), oldGrant(), e)
	e.answer = func(int, *http.Request) (answer, error) {
		v.put("theirs", began.Add(time.Hour))
		return tokens("ours", "ours"), nil
	}
	tried := 0
	v.before = func(_ context.Context, call string) error {
		if call == "rotate" {
			tried++
		}
		return nil
	}
	wantToken(t, m, "theirs", 2)
	if v.rotated != 0 || tried != 1 {
		t.Errorf("stored %d times in %d tries", v.rotated, tried)
	}
}

func TestDeadGrantIsRevokedOnce(t *testing.T) {
	t.Parallel()
	m, v := manage(clock.NewManual(began), oldGrant(), refusing(400, "invalid_grant"))
	_, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Google))
	if !fault.Is(err, fault.NeedsReauth) || len(v.revoked) != 1 || v.revoked[0] != "the provider ended the grant (invalid_grant)" {
		t.Errorf("%v, revoked for %q", err, v.revoked)
	}
	wantNoSecret(t, "revoked", err)
}

// Where the owner or an administrator has to allow the application again, the reason says so: signing in again does not help.
func TestWithdrawnConsentIsTold(t *testing.T) {
	t.Parallel()
	e := answering(says(400, `{"error":"invalid_grant","error_codes":[90094],"error_description":"`+bodySecret+`"}`))
	m, v := manage(clock.NewManual(began), oldGrant(), e)
	_, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Microsoft))
	const want = "the account's owner, or an administrator of the owner's organisation, has to allow the application again (invalid_grant-AADSTS90094)"
	if !fault.Is(err, fault.NeedsConsent) || !slices.Equal(v.revoked, []string{want}) || v.released != 0 {
		t.Errorf("%v, revoked for %q", err, v.revoked)
	}
	wantNoSecret(t, "revoked", err)
}

func TestGrantWithoutRefreshTokenIsRevoked(t *testing.T) {
	t.Parallel()
	g := oldGrant()
	g.RefreshToken = ""
	e := answering(tokens("a", ""))
	m, v := manage(clock.NewManual(began), g, e)
	_, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Google))
	if !fault.Is(err, fault.NeedsReauth) || len(v.revoked) != 1 || v.revoked[0] != "the provider ended the grant" || e.count() != 0 {
		t.Errorf("%v, revoked for %q", err, v.revoked)
	}
}

// The refresh token was dead because somebody else had rotated it, or the owner had connected anew.
func TestNewerGrantIsNotRevoked(t *testing.T) {
	t.Parallel()
	e := &endpoint{}
	m, v := manage(clock.NewManual(began), oldGrant(), e)
	e.answer = func(int, *http.Request) (answer, error) {
		v.put("theirs", began.Add(time.Hour))
		return says(400, `{"error":"invalid_grant"}`), nil
	}
	_, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Google))
	if !fault.Is(err, fault.Busy) || fault.RetryAfter(err) != contest || len(v.revoked) != 0 {
		t.Errorf("%v, revoked for %q", err, v.revoked)
	}
	wantToken(t, m, "theirs", 2)
}

func TestVerdictThatCannotBeStoredIsNotGiven(t *testing.T) {
	t.Parallel()
	m, v := manage(clock.NewManual(began), oldGrant(), refusing(400, "invalid_grant"))
	v.before = failing("revoke", 1, 1, errDown)
	if _, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Google)); !errors.Is(err, errDown) || fault.Is(err, fault.NeedsReauth) {
		t.Errorf("%v", err)
	}
}

func TestOtherRefusalsGiveTheLeaseBack(t *testing.T) {
	t.Parallel()
	limited := answering(answer{status: 429, body: "{}", header: http.Header{"Retry-After": {"30"}}})
	broken := &endpoint{answer: func(int, *http.Request) (answer, error) { return answer{}, errors.New(canary) }}
	for name, c := range map[string]struct {
		endpoint *endpoint
		want     fault.Kind
		after    time.Duration
	}{
		"the operator's mistake": {refusing(401, "invalid_client"), fault.Misconfigured, 0},
		"overrun":                {refusing(503, "invalid_grant"), fault.Transient, 0},
		"limited":                {limited, fault.RateLimited, 30 * time.Second},
		"no network":             {broken, fault.Transient, 0},
	} {
		m, v := manage(clock.NewManual(began), oldGrant(), c.endpoint)
		_, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Google))
		if !fault.Is(err, c.want) || fault.RetryAfter(err) != c.after || len(v.revoked) != 0 || v.released != 1 || !v.now().RefreshUntil.IsZero() {
			t.Errorf("%s: %v, revoked for %q, released %d times", name, err, v.revoked, v.released)
		}
		wantNoSecret(t, name, err)
		v.before = failing("release", 1, 1, errDown)
		if _, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Google)); !fault.Is(err, c.want) || !errors.Is(err, errDown) {
			t.Errorf("%s, and no database: %v", name, err)
		}
	}
}

func TestRefusedTokenIsRefreshedOnce(t *testing.T) {
	t.Parallel()
	g := oldGrant()
	g.ExpiresAt = began.Add(time.Hour)
	e := answering(tokens("access-2", ""))
	m, _ := manage(clock.NewManual(began), g, e)
	for range 2 { // two calls that went out with the same token
		if err := m.Refused(t.Context(), tenant, "con_1", 1); err != nil {
			t.Fatal(err)
		}
		wantToken(t, m, "access-2", 2)
	}
	if e.count() != 1 {
		t.Errorf("refreshed %d times", e.count())
	}
	m, v := manage(clock.NewManual(began), g, e)
	v.before = failing("expire", 1, 1, errDown)
	if err := m.Refused(t.Context(), tenant, "con_1", 1); !errors.Is(err, errDown) {
		t.Errorf("%v", err)
	}
}

func TestReasonNamesNoSecret(t *testing.T) {
	t.Parallel()
	m, v := manage(clock.NewManual(began), oldGrant(), refusing(400, "invalid_grant"))
	_, _, _ = m.Token(t.Context(), tenant, connectionOf(cal.Microsoft))
	if len(v.revoked) != 1 || strings.Contains(v.revoked[0], canary) {
		t.Errorf("%q", v.revoked)
	}
}
