package microsoft

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// OAuth asks for the account's own calendars and, by offline_access, for a refresh token. Answers name granted scopes without the prefix of
// their resource, and leave offline_access out (https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow).
func (d *Driver) OAuth() provider.OAuth {
	return provider.OAuth{
		AuthURL:    d.config.AuthURL,
		TokenURL:   d.config.TokenURL,
		Resource:   d.config.APIURL,
		Scopes:     []string{"offline_access", "Calendars.ReadWrite"},
		Allows:     map[string][]cal.Ability{"Calendars.ReadWrite": cal.Abilities()},
		AuthParams: map[string]string{"response_mode": "query", "prompt": "select_account"},
	}
}

// TokenFault classifies a refusal of the token endpoint: by its error first and by its AADSTS codes second, never by its text. Only an error
// that is about the grant says, in a 4xx, that the grant is dead; a code that is not known follows the error that it came with, and an error
// that is not known is taken to pass, since a grant that is given up wrongly costs its owner a visit
// (https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes).
func (d *Driver) TokenFault(status int, header http.Header, body []byte) *fault.Error {
	said := tokenRefusalOf(body)
	f := &fault.Error{
		Op: "microsoft: token", Status: status, Code: code(said.Error),
		RetryAfter: fault.ParseRetryAfter(header, d.config.Clock.Now()),
	}
	if len(said.Codes) > 0 {
		f.Code = code(said.Error + "-AADSTS" + said.Codes[0].String())
	}
	switch {
	case status == http.StatusTooManyRequests:
		f.Kind = fault.RateLimited
	case status >= http.StatusInternalServerError:
		f.Kind = fault.Transient
	default:
		f.Kind = tokenKind(said)
	}
	return f
}

// tokenRefusalOf reads what can be read: codes of an odd form do not hide the error.
func tokenRefusalOf(body []byte) tokenRefusal {
	var said tokenRefusal
	if json.Unmarshal(body, &said) == nil {
		return said
	}
	var bare struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &bare) != nil {
		return tokenRefusal{}
	}
	return tokenRefusal{Error: bare.Error}
}

func tokenKind(said tokenRefusal) fault.Kind {
	class := codeClass(said.Codes)
	switch said.Error {
	case "invalid_grant", "interaction_required", "consent_required", "login_required", "access_denied":
		if class != "" {
			return class
		}
		return fault.NeedsReauth
	case "invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "invalid_resource", "unsupported_grant_type":
		if class == fault.Transient {
			return class
		}
		return fault.Misconfigured
	case "temporarily_unavailable", "server_error":
		return fault.Transient
	default:
		if class != "" {
			return class
		}
		return fault.Transient
	}
}

// codeClass is what the codes say that overrule their error, or "" when none does: some pass by themselves, others are mistakes of ours
// that no owner of a grant can mend.
func codeClass(codes []json.Number) fault.Kind {
	for _, number := range codes {
		n, err := strconv.Atoi(number.String())
		if err != nil {
			continue
		}
		switch n {
		case 90033, 90024, 50033, 90055, 50196: // busy, throttled, or the same request in a loop
			return fault.Transient
		case 7000215, 7000222, 7000218, // our secret: wrong, expired, missing
			700016, 700011, 50011, 70011, 700022, 50194, 90130, 9002332, 650052, 650056, 65005, // our registration
			54005, 501481, 50147: // our use of a code: redeemed before, or with another verifier
			return fault.Misconfigured
		}
	}
	return ""
}
