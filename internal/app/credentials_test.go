package app_test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/testkit/golden"
)

// credential is what is promised about one that calweave issues: its form (what of it is fixed, and how many characters of which kind are random), what it
// may do, how long, and what ends it.
type credential struct {
	Form  string   `json:"form"`
	May   []string `json:"may,omitempty"`
	Not   []string `json:"may_not,omitempty"`
	Until string   `json:"until"`
}

// Whoever keeps a credential may rely on its form, its rights and its end: they change only with a word in the changelog.
func TestIssuedCredentials(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	golden.JSON(t, "credentials.json", map[string]credential{
		"api_key":         w.apiKey(),
		"signing_key":     w.signingKey(),
		"connect_link":    w.connectLink(),
		"endpoint_secret": w.endpointSecret(),
	})
}

// form shows a credential with its random part counted instead of shown.
func form(secret string) string {
	random := regexp.MustCompile(`[A-Za-z0-9_-]{43}$|[A-Za-z0-9+/]{43}=$`)
	return random.ReplaceAllStringFunc(secret, func(s string) string {
		if strings.HasSuffix(s, "=") {
			return "{32 bytes in base64}"
		}
		return fmt.Sprintf("{%d characters of base64url}", len(s))
	})
}

func (w *world) apiKey() credential {
	key, err := w.app.CreateKey(w.ctx, w.tenant, store.PurposeAPI, "bookings:read messages:read")
	w.must(err)
	c := credential{Form: form(key.Secret), Until: "it is revoked"}
	for path, method := range map[string]string{"/v1/bookings": "GET", "/v1/messages": "GET", "/v1/endpoints": "GET", "/v1/bookings/b": "DELETE"} {
		what := method + " " + path
		switch w.as(key.Secret, method, path) {
		case http.StatusForbidden:
			c.Not = append(c.Not, what)
		case http.StatusUnauthorized:
			w.tb.Errorf("%s: the key is not known", what)
		default:
			c.May = append(c.May, what)
		}
	}
	slices.Sort(c.May)
	slices.Sort(c.Not)
	w.clock.Advance(10 * 365 * 24 * time.Hour)
	if status := w.as(key.Secret, "GET", "/v1/bookings"); status != http.StatusOK {
		w.tb.Errorf("after ten years the key is answered %d", status)
	}
	w.must(w.app.RevokeKey(w.ctx, w.tenant, key.ID))
	if status := w.as(key.Secret, "GET", "/v1/bookings"); status != http.StatusUnauthorized {
		w.tb.Errorf("a revoked key is answered %d", status)
	}
	if status := w.as(key.Secret[:len(key.Secret)-1]+"A", "GET", "/v1/bookings"); status != http.StatusUnauthorized {
		w.tb.Errorf("a key with another last character is answered %d", status)
	}
	return c
}

func (w *world) signingKey() credential {
	key, err := w.app.CreateKey(w.ctx, w.tenant, store.PurposeSigning, "")
	w.must(err)
	c := credential{Form: form(key.Secret), May: []string{"sign tasks"}, Until: "it is revoked"}
	if status := w.as(key.Secret, "GET", "/v1/bookings"); status == http.StatusUnauthorized {
		c.Not = []string{"GET /v1/bookings"}
	}
	if k, err := w.app.Store.SigningKey(w.ctx, key.ID); err != nil || k.Secret != key.Secret {
		w.tb.Errorf("the key is not found: %v", err)
	}
	w.must(w.app.RevokeKey(w.ctx, w.tenant, key.ID))
	if _, err := w.app.Store.SigningKey(w.ctx, key.ID); !errors.Is(err, record.ErrNotFound) {
		w.tb.Errorf("a revoked key is found: %v", err)
	}
	return c
}

// connectLink leads to the provider until its time is over.
func (w *world) connectLink() credential {
	link, err := w.app.BeginConnection(w.ctx, w.tenant, cal.Google)
	w.must(err)
	for _, c := range []struct {
		after  time.Duration
		status int
	}{{0, http.StatusOK}, {time.Hour - time.Second, http.StatusOK}, {time.Second, http.StatusBadRequest}} {
		w.clock.Advance(c.after)
		if status := w.opened(link); status != c.status {
			w.tb.Errorf("after another %s the link is answered %d, want %d", c.after, status, c.status)
		}
	}
	return credential{Form: form(strings.TrimPrefix(link, w.server.URL)), May: []string{"connect one account"}, Until: "an hour has passed, or the account is connected"}
}

func (w *world) opened(link string) int {
	w.tb.Helper()
	req, err := http.NewRequestWithContext(w.ctx, http.MethodGet, link, nil)
	w.must(err)
	status, _ := w.do(req)
	return status
}

// endpointSecret signs for a day beside the one that has replaced it.
func (w *world) endpointSecret() credential {
	var mu sync.Mutex
	signatures := 0
	url := serve(w.tb, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		signatures = len(strings.Fields(r.Header.Get("Webhook-Signature")))
		rw.WriteHeader(http.StatusNoContent)
	}))
	var made, rotated struct{ ID, Secret string }
	if status := w.call(http.MethodPost, "/v1/endpoints", `{"url": "`+url+`"}`, &made); status != http.StatusCreated {
		w.tb.Fatalf("an endpoint is answered %d", status)
	}
	path := "/v1/endpoints/" + made.ID
	signed := func(after time.Duration, want int) {
		w.tb.Helper()
		w.clock.Advance(after)
		w.call(http.MethodPost, path+"/test", "", nil)
		w.settle()
		mu.Lock()
		defer mu.Unlock()
		if signatures != want {
			w.tb.Errorf("%d signatures, want %d", signatures, want)
		}
	}
	signed(0, 1)
	if status := w.call(http.MethodPost, path+"/rotate", "", &rotated); status != http.StatusOK || rotated.Secret == made.Secret || form(rotated.Secret) != form(made.Secret) {
		w.tb.Errorf("rotate is answered %d, and %s", status, form(rotated.Secret))
	}
	signed(0, 2)
	signed(24*time.Hour-time.Minute, 2)
	signed(time.Minute, 1)
	var read struct{ Secret *string }
	if w.call(http.MethodGet, path, "", &read); read.Secret != nil {
		w.tb.Error("the secret is shown again")
	}
	return credential{Form: form(made.Secret), May: []string{"sign webhooks"}, Until: "a day has passed since it was replaced, or it was replaced twice"}
}

// as sends a request with a key, and returns the status of its answer.
func (w *world) as(key, method, path string) int {
	w.tb.Helper()
	req, err := http.NewRequestWithContext(w.ctx, method, w.server.URL+path, nil)
	w.must(err)
	req.Header.Set("Authorization", "Bearer "+key)
	status, _ := w.do(req)
	return status
}
