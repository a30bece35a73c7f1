package microsoft

import (
	"fmt"
	"net/http"
	"slices"
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
		{400, `{"error":"invalid_grant","error_codes":[65001],"suberror":"consent_required"}`, fault.NeedsReauth, "invalid_grant-AADSTS65001"},
		{400, `{"error":"invalid_grant"}`, fault.NeedsReauth, "invalid_grant"},
		{400, `{"error":"invalid_grant","error_codes":["700082"]}`, fault.NeedsReauth, "invalid_grant-AADSTS700082"},
		{400, `{"error":"invalid_grant","error_codes":"odd"}`, fault.NeedsReauth, "invalid_grant"},
		{400, `{"error":"consent_required","error_codes":[99999999]}`, fault.NeedsReauth, "consent_required-AADSTS99999999"},
		{400, `{"error":"invalid_request","error_codes":[90033]}`, fault.Transient, "invalid_request-AADSTS90033"},
		{400, `{"error":"something_new","error_codes":[7000215]}`, fault.Misconfigured, "something_new-AADSTS7000215"},
		{400, `{"error":"something_new","error_codes":[50173]}`, fault.Transient, "something_new-AADSTS50173"},
		{400, `{"error":"temporarily_unavailable"}`, fault.Transient, "temporarily_unavailable"},
		{400, `{"error":"server_error"}`, fault.Transient, "server_error"},
		{400, `<html>invalid_grant</html>`, fault.Transient, ""},
		{400, `{}`, fault.Transient, ""},
		{429, `{"error":"invalid_grant","error_codes":[700082]}`, fault.RateLimited, "invalid_grant-AADSTS700082"},
		{500, `{"error":"invalid_grant","error_codes":[700082]}`, fault.Transient, "invalid_grant-AADSTS700082"},
		{503, ``, fault.Transient, ""},
	} {
		got := New(Config{}).TokenFault(tt.status, http.Header{"Retry-After": {"9"}}, []byte(tt.body))
		if got.Kind != tt.want || got.Code != tt.code || got.Status != tt.status || got.RetryAfter != 9*time.Second {
			t.Errorf("%d %s: %+v, want %s", tt.status, tt.body, got, tt.want)
		}
	}
}

// TestAADSTS goes through the classes of codes with the error that each is documented with.
func TestAADSTS(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		class, err string
		want       fault.Kind
		codes      []int
	}{
		{"consent", "invalid_grant", fault.NeedsReauth, []int{65001, 65004, 90094, 90095}},
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
			body := fmt.Sprintf(`{"error":%q,"error_codes":[%d]}`, tt.err, code)
			if got := New(Config{}).TokenFault(400, nil, []byte(body)); got.Kind != tt.want {
				t.Errorf("%s: %s: %s, want %s", tt.class, body, got.Kind, tt.want)
			}
		}
	}
}
