package inbound_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
)

// broken is a body that cannot be read. It counts who tries.
type broken struct{ reads int }

func (b *broken) Read([]byte) (int, error) {
	b.reads++
	return 0, errors.New("connection reset by peer")
}

// A handshake is answered before anything else: before its body is read, and without the store, which may be away.
func TestHandshake(t *testing.T) {
	t.Parallel()
	for name, token := range map[string]string{
		"plain":        "Validation: Testing client application reachability for subscription Request-Id: 1",
		"markup":       `<script>alert("x")</script>`,
		"plus":         "a+b c%20d",
		"line ends":    "a\r\nSet-Cookie: x=y\r\n\r\nb",
		"odd bytes":    "a\x00\xffb",
		"other script": "日本語",
		"long":         strings.Repeat("x", 4096),
	} {
		d, body := newDoor(t, cal.Microsoft), &broken{}
		d.channels.failLookup = true
		rec := d.push(post("/hooks/microsoft?validationToken="+url.QueryEscape(token)+"&keep=this", body, "Content-Type", "text/plain; charset=utf-8"))
		if rec.Code != http.StatusOK || rec.Body.String() != token {
			t.Errorf("%s: %d %q", name, rec.Code, rec.Body)
		}
		if h := rec.Header(); h.Get("Content-Type") != "text/plain; charset=utf-8" || h.Get("Content-Security-Policy") != "default-src 'none'; sandbox" || h.Get("Set-Cookie") != "" {
			t.Errorf("%s: %v", name, h)
		}
		if body.reads > 0 || d.channels.lookups > 0 || d.channels.commits > 0 {
			t.Errorf("%s: the body was read %d times, the store asked %d times", name, body.reads, d.channels.lookups)
		}
	}
}

// What is no handshake is not reflected.
func TestNoHandshake(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		provider cal.Provider
		target   string
		status   int
	}{
		"too long":          {cal.Microsoft, "/hooks/microsoft?validationToken=" + strings.Repeat("x", 4097), 400},
		"empty":             {cal.Microsoft, "/hooks/microsoft?validationToken=", 400},
		"another spelling":  {cal.Microsoft, "/hooks/microsoft?ValidationToken=CANARY", 400},
		"of another's kind": {cal.Google, "/hooks/google?validationToken=CANARY", 400},
	} {
		d := newDoor(t, c.provider)
		if rec := d.push(post(c.target, nil)); rec.Code != c.status || strings.Contains(rec.Body.String(), "xxxx") {
			t.Errorf("%s: %d %.100s", name, rec.Code, rec.Body)
		}
	}
}

// Only POST is answered with more than a word, a handshake included.
func TestOnlyPost(t *testing.T) {
	t.Parallel()
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, "post"} {
		d := newDoor(t, cal.Microsoft)
		req := post("/hooks/microsoft?validationToken=CANARY", nil)
		req.Method = method
		if rec := d.push(req); rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Allow") != http.MethodPost {
			t.Errorf("%s: %d %v", method, rec.Code, rec.Header())
		}
	}
}
