package google

import (
	"encoding/json"
	"net/http"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// OAuth asks for events, the list of calendars and free/busy, and for a refresh token: Google issues one only with access_type=offline, and
// when an account connects again only with prompt=consent (https://developers.google.com/identity/protocols/oauth2/web-server).
func (d *Driver) OAuth() provider.OAuth {
	const scope = "https://www.googleapis.com/auth/"
	return provider.OAuth{
		AuthURL:   d.config.AuthURL,
		TokenURL:  d.config.TokenURL,
		RevokeURL: d.config.RevokeURL,
		Resource:  d.config.APIURL,
		Issuer:    d.config.Issuer,
		Scopes:    []string{scope + "calendar.events", scope + "calendar.calendarlist.readonly", scope + "calendar.freebusy"},
		Allows: map[string][]cal.Ability{
			scope + "calendar.events":                {cal.ReadEvents, cal.WriteEvents},
			scope + "calendar.calendarlist.readonly": {cal.ListCalendars},
			scope + "calendar.freebusy":              {cal.ReadFreeBusy},
		},
		AuthParams: map[string]string{
			"access_type":            "offline",
			"prompt":                 "consent",
			"include_granted_scopes": "true",
		},
	}
}

// TokenFault classifies a refusal of the token endpoint by tokenKinds. A 5xx is never a verdict, whatever it says.
func (d *Driver) TokenFault(status int, header http.Header, body []byte) *fault.Error {
	var said tokenRefusal
	if json.Unmarshal(body, &said) != nil {
		said = tokenRefusal{}
	}
	kind, listed := tokenKind(said.Error)
	f := &fault.Error{
		Kind: kind, Op: "google: token", Status: status, Code: code(said.Error), Unlisted: said.Error != "" && !listed,
		RetryAfter: fault.ParseRetryAfter(header, d.config.Clock.Now()),
	}
	switch {
	case status == http.StatusTooManyRequests:
		f.Kind = fault.RateLimited
	case status >= http.StatusInternalServerError:
		f.Kind = fault.Transient
	}
	return f
}
