package microsoft

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/fault"
)

func TestOAuth(t *testing.T) {
	t.Parallel()
	got := New(Config{}).OAuth()
	if got.AuthURL != "https://login.microsoftonline.com/common/oauth2/v2.0/authorize" ||
		got.TokenURL != "https://login.microsoftonline.com/common/oauth2/v2.0/token" || got.Issuer != "" {
		t.Errorf("got %+v", got)
	}
	if !slices.Equal(got.Scopes, []string{"offline_access", "Calendars.ReadWrite"}) {
		t.Errorf("scopes %v", got.Scopes)
	}
	own := New(Config{AuthURL: "http://127.0.0.1:1/organizations/oauth2/v2.0/authorize", TokenURL: "http://127.0.0.1:1/t"}).OAuth()
	if own.AuthURL != "http://127.0.0.1:1/organizations/oauth2/v2.0/authorize" || own.TokenURL != "http://127.0.0.1:1/t" {
		t.Errorf("got %+v", own)
	}
}

func TestTokenFault(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		body   string
		want   fault.Kind
		code   string
	}{
		{400, `{"error":"invalid_grant","error_description":"AADSTS700082: … Trace ID: x","error_codes":[700082]}`, fault.NeedsReauth, "invalid_grant-AADSTS700082"},
		{400, `{"error":"interaction_required","error_codes":[50076],"suberror":"basic_action","claims":"{}"}`, fault.NeedsReauth, "interaction_required-AADSTS50076"},
		{400, `{"error":"invalid_grant","error_codes":[65001],"suberror":"consent_required"}`, fault.NeedsConsent, "invalid_grant-AADSTS65001"},
		{400, `{"error":"invalid_grant","suberror":"consent_required"}`, fault.NeedsConsent, "invalid_grant"},
		{400, `{"error":"invalid_grant","error_codes":[700082],"suberror":"consent_required"}`, fault.NeedsReauth, "invalid_grant-AADSTS700082"},
		{400, `{"error":"access_denied","error_codes":[53003]}`, fault.NeedsReauth, "access_denied-AADSTS53003"},
		{400, `{"error":"invalid_grant","error_codes":[700082,90033]}`, fault.Transient, "invalid_grant-AADSTS700082"},
		{400, `{"error":"invalid_grant","error_codes":[90033,700082]}`, fault.Transient, "invalid_grant-AADSTS90033"},
		{400, `{"error":"invalid_client","error_codes":[50173]}`, fault.Misconfigured, "invalid_client-AADSTS50173"},
		{400, `{"error":"server_error","error_codes":[50173]}`, fault.Transient, "server_error-AADSTS50173"},
		{400, `{"error":"invalid_grant","error_codes":["700082"]}`, fault.NeedsReauth, "invalid_grant-AADSTS700082"},
		{400, `{"error":"invalid_grant","error_codes":"odd"}`, fault.NeedsReauth, "invalid_grant"},
		{400, `{"error":"invalid_request","error_codes":[90033]}`, fault.Transient, "invalid_request-AADSTS90033"},
		{400, `<html>invalid_grant</html>`, fault.Transient, ""},
		{400, `{}`, fault.Transient, ""},
		{429, `{"error":"invalid_grant","error_codes":[700082]}`, fault.RateLimited, "invalid_grant-AADSTS700082"},
		{500, `{"error":"invalid_grant","error_codes":[700082]}`, fault.Transient, "invalid_grant-AADSTS700082"},
		{503, ``, fault.Transient, ""},
	} {
		got := New(Config{}).TokenFault(tt.status, http.Header{"Retry-After": {"9"}}, []byte(tt.body))
		if got.Kind != tt.want || got.Code != tt.code || got.Status != tt.status || got.RetryAfter != 9*time.Second || got.Unlisted {
			t.Errorf("%d %s: %+v, want %s", tt.status, tt.body, got, tt.want)
		}
	}
}

// TestUnlistedCodes is about codes and errors that nobody has documented: they are told to be logged, follow the error that they came with, and
// never end a grant by themselves.
func TestUnlistedCodes(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]fault.Kind{
		`{"error":"invalid_grant","error_codes":[99999999]}`:        fault.NeedsReauth,
		`{"error":"consent_required","error_codes":[99999999]}`:     fault.NeedsConsent,
		`{"error":"invalid_client","error_codes":[99999999]}`:       fault.Misconfigured,
		`{"error":"server_error","error_codes":[99999999]}`:         fault.Transient,
		`{"error":"something_new"}`:                                 fault.Transient,
		`{"error":"something_new","error_codes":[99999999]}`:        fault.Transient,
		`{"error":"something_new","error_codes":[50173]}`:           fault.Transient,
		`{"error":"something_new","error_codes":[65001]}`:           fault.Transient,
		`{"error":"something_new","error_codes":[7000215]}`:         fault.Misconfigured,
		`{"error":"something_new","error_codes":[90033]}`:           fault.Transient,
		`{"error":"invalid_grant","error_codes":[700082,99999999]}`: fault.NeedsReauth,
	} {
		got := New(Config{}).TokenFault(400, nil, []byte(body))
		if got.Kind != want || !got.Unlisted {
			t.Errorf("%s: %s, unlisted %t, want %s", body, got.Kind, got.Unlisted, want)
		}
		if strings.Contains(body, "99999999") && !strings.HasSuffix(got.Code, "-AADSTS99999999") {
			t.Errorf("%s: the code is %s, want the one that nobody knows", body, got.Code)
		}
	}
}

// TestListedErrors goes through the errors that the authorization server is documented with, none of which brings a code here.
func TestListedErrors(t *testing.T) {
	t.Parallel()
	want := map[string]fault.Kind{
		"invalid_grant": fault.NeedsReauth, "interaction_required": fault.NeedsReauth, "login_required": fault.NeedsReauth,
		"consent_required": fault.NeedsConsent, "access_denied": fault.NeedsConsent,
		"invalid_request": fault.Misconfigured, "invalid_client": fault.Misconfigured, "unauthorized_client": fault.Misconfigured,
		"invalid_scope": fault.Misconfigured, "invalid_resource": fault.Misconfigured, "unsupported_grant_type": fault.Misconfigured,
		"temporarily_unavailable": fault.Transient, "server_error": fault.Transient,
	}
	for name, kind := range want {
		if got := New(Config{}).TokenFault(400, nil, []byte(`{"error":"`+name+`"}`)); got.Kind != kind || got.Unlisted || got.Code != name {
			t.Errorf("%s: %+v, want %s", name, got, kind)
		}
	}
	if len(want) != len(tokenKinds) {
		t.Errorf("%d errors are listed, %d are tested", len(tokenKinds), len(want))
	}
}

// TestAADSTS goes through the classes of codes with the error that each is documented with.
func TestAADSTS(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, tt := range []struct {
		class, err string
		want       fault.Kind
		codes      []int
	}{
		{"consent", "invalid_grant", fault.NeedsConsent, []int{65001, 65004, 90094, 90095}},
		{"interactive", "interaction_required", fault.NeedsReauth, []int{50076, 50079, 50074, 50072, 50078, 50158, 53000, 53001, 53002, 53003, 53004, 530032, 530035}},
		{"dead token", "invalid_grant", fault.NeedsReauth, []int{700082, 70008, 50173, 50132, 50133, 700084, 70043, 70000}},
		{"account", "invalid_grant", fault.NeedsReauth, []int{50020, 50034, 50057, 50053, 50055, 50144, 50105}},
		{"our secret", "invalid_client", fault.Misconfigured, []int{7000215, 7000222, 7000218}},
		{"our registration", "unauthorized_client", fault.Misconfigured, []int{700016, 700011, 650052, 650056, 65005}},
		{"our registration, said of a grant", "invalid_grant", fault.Misconfigured, []int{700016, 700011, 650052, 650056, 65005}},
		{"our request", "invalid_request", fault.Misconfigured, []int{50011, 70011, 700022, 50194, 90130, 9002332}},
		{"our code", "invalid_grant", fault.Misconfigured, []int{54005, 501481, 50147}},
		{"passing", "invalid_grant", fault.Transient, []int{90033, 90024, 50033, 90055, 50196}},
		{"passing, said of a client", "invalid_client", fault.Transient, []int{90033, 90024, 50033, 90055, 50196}},
	} {
		for _, code := range tt.codes {
			seen[strconv.Itoa(code)] = true
			body := fmt.Sprintf(`{"error":%q,"error_codes":[%d]}`, tt.err, code)
			got := New(Config{}).TokenFault(400, nil, []byte(body))
			if got.Kind != tt.want || got.Unlisted || got.Code != fmt.Sprintf("%s-AADSTS%d", tt.err, code) {
				t.Errorf("%s: %s: %+v, want %s", tt.class, body, got, tt.want)
			}
		}
	}
	for listed := range aadsts {
		if !seen[listed] {
			t.Errorf("AADSTS%s is listed and not tested", listed)
		}
	}
}
