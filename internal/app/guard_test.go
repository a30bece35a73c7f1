package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim/simtest"
	"github.com/calweave/calweave/internal/store"
)

// The limits of the configuration hold for each key, keys may do what they were made for, and every route of the process is guarded, the providers'
// included.
func TestTheAPIIsGuarded(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.config.APIRate, w.config.APIBurst = 1, 1
	w.config.PublicURL = "https://calweave.test"
	_ = w.app.Close()
	w.start()
	reads, err := w.app.Store.CreateKey(w.ctx, w.tenant, store.PurposeAPI, "calendars:read", "test")
	w.must(err)
	writes, err := w.app.Store.CreateKey(w.ctx, w.tenant, store.PurposeAPI, record.AllScopes(), "test")
	w.must(err)
	client := simtest.HTTP(t)
	send := func(method, path, key string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(w.ctx, method, w.server.URL+path, nil)
		w.must(err)
		if key != "" {
			req.Header.Set("Authorization", "Bearer "+key)
		}
		resp, err := client.Do(req)
		w.must(err)
		raw, err := io.ReadAll(resp.Body)
		w.must(err)
		w.must(resp.Body.Close())
		for _, name := range []string{"Request-Id", "Traceparent", "Content-Security-Policy", "Strict-Transport-Security"} {
			if len(resp.Header.Values(name)) != 1 {
				t.Errorf("%s %s: %d: %s: %q", method, path, resp.StatusCode, name, resp.Header.Values(name))
			}
		}
		if problem := resp.Header.Get("Content-Type") == "application/problem+json"; problem && !strings.Contains(string(raw), resp.Header.Get("Request-Id")) {
			t.Errorf("%s %s: %s", method, path, raw)
		}
		return resp.StatusCode, resp.Header.Get("RateLimit")
	}
	for _, c := range []struct {
		method, path, key string
		status            int
		limit             string
	}{
		{"GET", "/v1/connections", reads.Secret, 403, `"default";r=0;t=1`},
		{"GET", "/v1/calendars", reads.Secret, 429, `"default";r=0;t=1`},
		{"GET", "/v1/calendars", writes.Secret, 200, `"default";r=0;t=1`},
		{"GET", "/v1/calendars", "cwk_unknown", 401, `"failed-keys";r=59;t=1`},
		{"GET", "/docs", "", 200, ""},
		{"GET", "/openapi.yaml", "", 200, ""},
		{"GET", "/problems/rate-limited", "", 200, ""},
		{"GET", "/readyz", "", 200, ""},
		{"GET", "/hooks/google", "", 405, ""},
		{"POST", "/hooks/google", "", 400, ""},
		{"POST", "/hooks/nobody", "", 404, ""},
	} {
		if status, limit := send(c.method, c.path, c.key); status != c.status || limit != c.limit {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.path, status, limit, c.status, c.limit)
		}
	}
}
