package browser

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

const page = `<!DOCTYPE html><html><head><meta charset="utf-8"><title>Ü &amp; &nbsp; x</title></head><body><br>
<form method="post" action="decide?x=1&amp;y=2">
<input type="hidden" name="request" value="a&amp;b">
<input type="radio" name="account" value="one@x.org"/><input type="radio" name="account" value="two@x.org" checked="checked"/>
<input type="checkbox" name="scope" value="s1" checked/><input type="checkbox" name="scope" value="s2" checked/>
<button type="submit" name="decision" value="allow">Allow</button></form></body></html>`

func TestConsent(t *testing.T) {
	t.Parallel()
	var posted http.Request
	mux := http.NewServeMux()
	mux.HandleFunc("GET /start", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "c", Value: "1", Path: "/"}) //nolint:gosec // a cookie of a test
		http.Redirect(w, r, "/deep/page", http.StatusFound)
	})
	mux.HandleFunc("GET /deep/page", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(page)) })
	mux.HandleFunc("POST /deep/decide", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		posted = *r
		http.Redirect(w, r, "/end", http.StatusFound)
	})
	mux.HandleFunc("GET /end", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	got, err := Consent(t.Context(), srv.Client(), srv.URL+"/start", Choice{Untick: []string{"*2"}})
	if err != nil || got.Status != http.StatusTeapot || got.URL.Path != "/end" {
		t.Fatalf("ended on %+v, %v", got, err)
	}
	if posted.URL.RawQuery != "x=1&y=2" || posted.PostForm.Encode() != "account=two%40x.org&decision=allow&request=a%26b&scope=s1" {
		t.Errorf("posted %s to %s", posted.PostForm.Encode(), posted.URL)
	}
	if c, err := posted.Cookie("c"); err != nil || c.Value != "1" {
		t.Errorf("the cookie is %v, %v", c, err)
	}
	if _, err = Consent(t.Context(), srv.Client(), srv.URL+"/end", Choice{}); !errors.Is(err, ErrNoConsentPage) {
		t.Errorf("without a page: %v", err)
	}
	if _, err = Consent(t.Context(), srv.Client(), srv.URL+"/start", Choice{Account: "three@x.org"}); !errors.Is(err, ErrNoSuchAccount) {
		t.Errorf("with a stranger: %v", err)
	}
}
