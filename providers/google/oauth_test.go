package google

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/fault"
)

func TestOAuth(t *testing.T) {
	t.Parallel()
	got := New(Config{}).OAuth()
	if got.AuthURL != "https://accounts.google.com/o/oauth2/v2/auth" || got.TokenURL != "https://oauth2.googleapis.com/token" ||
		got.Issuer != "https://accounts.google.com" {
		t.Errorf("got %+v", got)
	}
	if got.RevokeURL != "https://oauth2.googleapis.com/revoke" {
		t.Errorf("revokes at %s", got.RevokeURL)
	}
	want := []string{
		"https://www.googleapis.com/auth/calendar.events", "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
		"https://www.googleapis.com/auth/calendar.freebusy",
	}
	if !slices.Equal(got.Scopes, want) {
		t.Errorf("scopes %v", got.Scopes)
	}
	if got.AuthParams["access_type"] != "offline" || got.AuthParams["prompt"] != "consent" {
		t.Errorf("without these there is no refresh token: %v", got.AuthParams)
	}
	own := New(Config{AuthURL: "http://127.0.0.1:1/auth", TokenURL: "http://127.0.0.1:1/token"}).OAuth()
	if own.AuthURL != "http://127.0.0.1:1/auth" || own.TokenURL != "http://127.0.0.1:1/token" || own.Issuer != "" {
		t.Errorf("got %+v", own)
	}
	if own.RevokeURL != "http://127.0.0.1:1/revoke" {
		t.Errorf("a token of another server would go to %s", own.RevokeURL)
	}
	if elsewhere := New(Config{RevokeURL: "http://127.0.0.1:1/end"}).OAuth(); elsewhere.RevokeURL != "http://127.0.0.1:1/end" {
		t.Errorf("revokes at %s", elsewhere.RevokeURL)
	}
}

func TestTokenFault(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, tt := range []struct {
		status int
		body   string
		want   fault.Kind
		code   string
	}{
		{400, `{"error":"invalid_grant","error_description":"Token has been expired or revoked."}`, fault.NeedsReauth, "invalid_grant"},
		{400, `{"error":"invalid_grant","error_description":"Bad Request"}`, fault.NeedsReauth, "invalid_grant"},
		{400, `{"error":"invalid_token"}`, fault.NeedsReauth, "invalid_token"},
		{400, `{"error":"admin_policy_enforced"}`, fault.NeedsConsent, "admin_policy_enforced"},
		{403, `{"error":"access_denied"}`, fault.NeedsConsent, "access_denied"},
		{403, `{"error":"org_internal"}`, fault.Misconfigured, "org_internal"},
		{401, `{"error":"deleted_client"}`, fault.Misconfigured, "deleted_client"},
		{401, `{"error":"disabled_client"}`, fault.Misconfigured, "disabled_client"},
		{400, `{"error":"invalid_request"}`, fault.Misconfigured, "invalid_request"},
		{400, `{"error":"unsupported_grant_type"}`, fault.Misconfigured, "unsupported_grant_type"},
		{200, `{"error":"server_error"}`, fault.Transient, "server_error"},
		{200, `{"error":"temporarily_unavailable"}`, fault.Transient, "temporarily_unavailable"},
		{400, `{"error":"internal_failure"}`, fault.Transient, "internal_failure"},
		{401, `{"error":"invalid_client","error_description":"The OAuth client was not found."}`, fault.Misconfigured, "invalid_client"},
		{400, `{"error":"unauthorized_client"}`, fault.Misconfigured, "unauthorized_client"},
		{400, `{"error":"redirect_uri_mismatch"}`, fault.Misconfigured, "redirect_uri_mismatch"},
		{400, `{"error":"invalid_scope"}`, fault.Misconfigured, "invalid_scope"},
		{400, `{"error":"something_new"}`, fault.Transient, "something_new"},
		{400, `<html>invalid_grant</html>`, fault.Transient, ""},
		{400, ``, fault.Transient, ""},
		{403, `{"error":"rate_limit_exceeded"}`, fault.RateLimited, "rate_limit_exceeded"},
		{429, `{"error":"invalid_grant"}`, fault.RateLimited, "invalid_grant"},
		{500, `{"error":"invalid_grant"}`, fault.Transient, "invalid_grant"},
		{503, ``, fault.Transient, ""},
	} {
		got := New(Config{}).TokenFault(tt.status, http.Header{"Retry-After": {"9"}}, []byte(tt.body))
		if got.Kind != tt.want || got.Code != tt.code || got.Status != tt.status || got.RetryAfter != 9*time.Second {
			t.Errorf("%d %s: %+v, want %s", tt.status, tt.body, got, tt.want)
		}
		if unlisted := tt.code == "something_new"; got.Unlisted != unlisted {
			t.Errorf("%s: unlisted: %t", tt.body, got.Unlisted)
		}
		seen[tt.code] = true
	}
	for listed := range tokenKinds {
		if !seen[listed] {
			t.Errorf("%s is listed and not tested", listed)
		}
	}
}
