package oauth

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"slices"
)

// Why a client is refused.
var (
	ErrUnknownClient = errors.New("unknown client")
	ErrBadSecret     = errors.New("wrong client secret")
)

// Client is an application that is registered with a provider.
type Client struct {
	ID string `json:"id"`
	// Secret is what the client proves itself with; without one any is accepted.
	Secret string `json:"secret,omitempty"`
	// Redirects are the redirect URIs that are registered, compared byte by byte; without any all are accepted.
	Redirects []string `json:"redirects,omitempty"`
	// Testing is a Google client whose consent screen is in testing: what its users grant ends after seven days
	// (https://developers.google.com/identity/protocols/oauth2#expiration).
	Testing bool `json:"testing,omitempty"`
}

// Clients are those that are registered. Without any, every client is known and every secret right.
type Clients []Client

// Find returns the client with the id.
func (c Clients) Find(id string) (Client, error) {
	if id == "" {
		return Client{}, ErrUnknownClient
	}
	if len(c) == 0 {
		return Client{ID: id}, nil
	}
	i := slices.IndexFunc(c, func(one Client) bool { return one.ID == id })
	if i < 0 {
		return Client{}, ErrUnknownClient
	}
	return c[i], nil
}

// Prove returns the client that the token request comes from (RFC 6749, section 2.3.1): in the Authorization header or in the form.
func (c Clients) Prove(r *http.Request, form url.Values) (Client, error) {
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		id, secret = unescaped(user), unescaped(password)
	}
	client, err := c.Find(id)
	if err != nil {
		return Client{}, err
	}
	if client.Secret != "" && subtle.ConstantTimeCompare([]byte(secret), []byte(client.Secret)) != 1 {
		return Client{}, ErrBadSecret
	}
	return client, nil
}

func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// Redirected reports whether the redirect URI is registered.
func (c Client) Redirected(uri string) bool {
	return uri != "" && (len(c.Redirects) == 0 || slices.Contains(c.Redirects, uri))
}
