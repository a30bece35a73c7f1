package app_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
)

// canaries are texts that must not show, each with what it is.
type canaries struct {
	mu    sync.Mutex
	known map[string]string
}

func newCanaries() *canaries { return &canaries{known: map[string]string{}} }

func (c *canaries) add(what, text string) string {
	const shortest = 8 // less would be found anywhere
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(text) >= shortest {
		c.known[text] = what
	}
	return text
}

// kinds are how many canaries there are of each kind.
func (c *canaries) kinds() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]int{}
	for _, what := range c.known {
		out[what]++
	}
	return out
}

// disguises are the forms in which a text may leak.
func disguises(text string) []string {
	forms := []string{text, url.QueryEscape(text), hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text)))}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		for shift := range 3 {
			encoded := encoding.EncodeToString([]byte(strings.Repeat("x", shift) + text + "xx"))
			from := (shift*8 + 5) / 6
			forms = append(forms, encoded[from:from+(len(text)*8-5)/6])
		}
	}
	return forms
}

// in says which canaries raw bytes show, except those of some kinds.
func (c *canaries) in(raw []byte, except ...string) (found []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for text, what := range c.known {
		if slices.Contains(except, what) {
			continue
		}
		for _, form := range disguises(text) {
			if i := bytes.Index(raw, []byte(form)); i >= 0 {
				found = append(found, fmt.Sprintf("%s as %q in …%q", what, form, raw[max(0, i-120):min(len(raw), i+len(form)+20)]))
				break
			}
		}
	}
	slices.Sort(found)
	return found
}

// overheard keeps every answer that a client gets.
type overheard struct {
	next http.RoundTripper
	mu   sync.Mutex
	all  bytes.Buffer
}

func (o *overheard) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := o.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all.Write(body)
	o.all.WriteByte('\n')
	return resp, nil
}

func (o *overheard) raw() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.all.Bytes())
}

// tap listens to what goes out and comes back, and learns every secret of it.
type tap struct {
	canaries *canaries
	next     http.RoundTripper
}

func (t tap) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, bearer, ok := strings.Cut(req.Header.Get("Authorization"), "Bearer "); ok {
		t.canaries.add("access token", bearer)
	}
	if req.Body != nil {
		raw, err := io.ReadAll(req.Body)
		_ = req.Body.Close()
		if err != nil {
			return nil, err
		}
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(raw))
		t.learn(raw)
	}
	resp, err := t.next.RoundTrip(req)
	if err != nil || !strings.HasSuffix(req.URL.Path, "/token") {
		return resp, err
	}
	raw, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(raw))
	t.learn(raw)
	return resp, err
}

func (t tap) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// learn takes the secrets out of a form or an object.
func (t tap) learn(raw []byte) {
	secrets := map[string]string{
		"access_token": "access token", "refresh_token": "refresh token", "code": "code", "code_verifier": "verifier", "client_secret": "client secret",
		"assertion": "assertion", "token": "channel secret", "clientState": "channel secret",
	}
	var object map[string]any
	if json.Unmarshal(raw, &object) == nil {
		for name, what := range secrets {
			if text, ok := object[name].(string); ok {
				t.canaries.add(what, text)
			}
		}
		return
	}
	if form, err := url.ParseQuery(string(raw)); err == nil {
		for name, what := range secrets {
			t.canaries.add(what, form.Get(name))
		}
	}
}

// redisDump is everything that stands in Redis. A submission stands in the intake's queue in clear until it is taken, and in Asynq's note of who is at
// what for some seconds longer (forgotten): that queue's own tasks are left out on demand.
func (l *live) redisDump(intake bool) []byte {
	l.tb.Helper()
	r := l.redis()
	keys, err := r.Keys(l.ctx, "*").Result()
	l.must(err)
	var out bytes.Buffer
	for _, key := range keys {
		if !intake && strings.HasPrefix(key, "asynq:{intake}:t:") {
			continue
		}
		fmt.Fprintln(&out, key)
		for _, read := range []func() (any, error){
			func() (any, error) { return r.Get(l.ctx, key).Result() },
			func() (any, error) { return r.LRange(l.ctx, key, 0, -1).Result() },
			func() (any, error) { return r.ZRange(l.ctx, key, 0, -1).Result() },
			func() (any, error) { return r.SMembers(l.ctx, key).Result() },
			func() (any, error) { return r.HGetAll(l.ctx, key).Result() },
		} {
			if v, err := read(); err == nil {
				fmt.Fprintln(&out, v)
			}
		}
	}
	return out.Bytes()
}

// sqlDump is every column of every row, or the files of SQLite, which hold what was deleted too.
func (l *live) sqlDump() []byte {
	l.tb.Helper()
	var out bytes.Buffer
	if path, ok := strings.CutPrefix(l.back.databaseURL, "sqlite:"); ok {
		files, err := filepath.Glob(path + "*")
		l.must(err)
		for _, f := range files {
			raw, err := os.ReadFile(f)
			l.must(err)
			out.Write(raw)
		}
		return out.Bytes()
	}
	conn, err := pgx.Connect(l.ctx, l.back.ownerURL)
	l.must(err)
	defer func() { l.must(conn.Close(l.ctx)) }()
	tables, err := conn.Query(l.ctx, `SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'`)
	l.must(err)
	names, err := pgx.CollectRows(tables, pgx.RowTo[string])
	l.must(err)
	for _, table := range names {
		rows, err := conn.Query(l.ctx, `SELECT t::text FROM `+table+` t`)
		l.must(err)
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		l.must(err)
		fmt.Fprintln(&out, table, texts)
	}
	return out.Bytes()
}
