package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim/browser"
	"github.com/calweave/calweave/internal/sim/simtest"
	"github.com/calweave/calweave/internal/store"
)

// An owner whom a core has sent comes back to it, whether the account was connected or not.
func TestOwnersComeBack(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	var results []string
	core := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		results = append(results, r.URL.Path+" "+r.URL.Query().Get("result")+" "+r.URL.Query().Get("connection_id"))
	}))
	t.Cleanup(core.Close)
	back := core.URL + "/done?from=calweave"
	w.config.ReturnURLs = []string{back}
	_ = w.app.Close()
	w.start()
	key, err := w.app.Store.CreateKey(w.ctx, w.tenant, store.PurposeAPI, record.AllScopes(), "test")
	w.must(err)
	for result, choice := range map[string]browser.Choice{"connected": {Account: ada}, "refused": {Account: ada, Refuse: true}} {
		req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.server.URL+"/v1/connections",
			strings.NewReader(`{"provider":"google","return_url":"`+back+`"}`))
		w.must(err)
		req.Header.Set("Authorization", "Bearer "+key.Secret)
		req.Header.Set("Content-Type", "application/json")
		visitor := simtest.HTTP(t)
		resp, err := visitor.Do(req)
		w.must(err)
		var c gen.BegunConnection
		w.must(json.NewDecoder(resp.Body).Decode(&c))
		w.must(resp.Body.Close())
		visitor.Jar, err = cookiejar.New(nil)
		w.must(err)
		page, err := browser.Consent(w.ctx, visitor, c.ConnectURL, choice)
		w.must(err)
		if want := "/done " + result + " " + c.ID; len(results) == 0 || results[len(results)-1] != want || page.Status != http.StatusOK {
			t.Errorf("%s: came back as %q, %d", result, results, page.Status)
		}
	}
}
