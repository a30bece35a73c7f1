package microsoft

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// handshake asks an address whether it wants notifications: it has to answer 200 with the token as text/plain within ten seconds
// (https://learn.microsoft.com/graph/change-notifications-delivery-webhooks#notificationurl-validation). Query parameters that the address has
// are kept.
func (s *Server) handshake(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return badRequest("InvalidRequest", "The address of notifications cannot be read.")
	}
	// The token has to survive being escaped and unescaped.
	token := "Validation: Testing client application reachability for subscription Request-Id: " + s.world.IDs.UUID()
	q := "validationToken=" + url.QueryEscape(token)
	if u.RawQuery != "" {
		q = u.RawQuery + "&" + q
	}
	u.RawQuery = q
	got, err := s.world.Pusher.Post(ctx, u.String(), http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, nil)
	switch {
	case err != nil:
		return badRequest("ValidationError", "Subscription validation request timed out.")
	case got.Status != http.StatusOK:
		return badRequest("ValidationError", "Subscription validation request failed. HTTP status code is '"+
			http.StatusText(got.Status)+"'. Notification endpoint must respond with 200 OK to validation request.")
	case got.Body != token:
		return badRequest("ValidationError", "Subscription validation request failed. Response must exactly match validationToken query parameter.")
	case !strings.HasPrefix(got.ContentType, "text/plain"):
		return badRequest("ValidationError", "Subscription validation request failed. Response must be text/plain.")
	}
	return nil
}
