package microsoft

import (
	"cmp"
	"encoding/json"
	"net/http"

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

// TokenFault classifies a refusal of the token endpoint by tokenKinds and aadsts, never by its text. A 5xx is never a verdict, whatever it says.
func (d *Driver) TokenFault(status int, header http.Header, body []byte) *fault.Error {
	said := tokenRefusalOf(body)
	kind, listed := tokenKind(said)
	f := &fault.Error{
		Kind: kind, Op: "microsoft: token", Status: status, Code: code(said.Error), Unlisted: said.Error != "" && !listed,
		RetryAfter: fault.ParseRetryAfter(header, d.config.Clock.Now()),
	}
	if len(said.Codes) > 0 {
		f.Code = code(said.Error + "-AADSTS" + cmp.Or(unlisted(said.Codes), said.Codes[0].String()))
	}
	switch {
	case status == http.StatusTooManyRequests:
		f.Kind = fault.RateLimited
	case status >= http.StatusInternalServerError:
		f.Kind = fault.Transient
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
