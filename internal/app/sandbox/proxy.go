package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
)

// proxy stands between Pact's verifier and the provider: it puts this run's words in the place of the examples'.
type proxy struct {
	scene       *scene
	description string
	asked       atomic.Int32
}

// replaced puts the words of the run into a text, the longest first.
func (s *scene) replaced(text string) string {
	for _, example := range slices.SortedFunc(maps.Keys(s.words), func(a, b string) int { return len(b) - len(a) }) {
		text = strings.ReplaceAll(text, example, s.words[example])
	}
	return text
}

// ServeHTTP asks the provider.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked.Add(1)
	resp, err := p.forward(r)
	if err != nil {
		http.Error(w, "the provider cannot be reached: "+err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close() //nolint:errcheck // read as far as is wanted
	body, err := io.ReadAll(io.LimitReader(resp.Body, bodyLimit))
	if err != nil {
		http.Error(w, "the provider's answer ended early: "+err.Error(), http.StatusBadGateway)
		return
	}
	p.observe(r, resp.StatusCode, body)
	if p.description == "a list of calendars" {
		body = onlyPrimary(body)
	}
	for _, name := range []string{"Content-Length", "Connection", "Transfer-Encoding"} {
		resp.Header.Del(name)
	}
	maps.Copy(w.Header(), resp.Header)
	w.WriteHeader(resp.StatusCode)
	_, _ = w.Write(body) // whoever hung up needs no answer
}

func (p *proxy) forward(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit))
	if err != nil {
		return nil, err
	}
	u := *p.scene.account.base
	u.Path, u.RawPath = u.Path+p.scene.replaced(r.URL.Path), ""
	query := url.Values{}
	for name, values := range r.URL.Query() {
		for _, value := range values {
			query.Add(name, p.scene.replaced(value))
		}
	}
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(r.Context(), r.Method, u.String(), bytes.NewReader([]byte(p.scene.replaced(string(body)))))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"Authorization", "Content-Type", "If-Match", "Prefer", "Accept"} {
		if value := r.Header.Get(name); value != "" {
			req.Header.Set(name, p.scene.replaced(value))
		}
	}
	return p.scene.account.client.Do(req) //nolint:gosec // the address is what the person who runs this has named
}

// observe notes what an interaction has opened, so that it is closed.
func (p *proxy) observe(r *http.Request, status int, body []byte) {
	if r.Method != http.MethodPost || status/100 != 2 {
		return
	}
	var made struct{ ID, ResourceID string }
	if json.Unmarshal(body, &made) != nil {
		return
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/watch"):
		p.scene.account.opened(channel{p.scene.words[channelWord], made.ResourceID})
	case strings.HasSuffix(r.URL.Path, "/subscriptions"):
		p.scene.account.opened(channel{id: made.ID})
	}
}

// onlyPrimary leaves the account's own calendar in a list, of which the pact speaks: a list has those of this run, of holidays and of others too.
func onlyPrimary(body []byte) []byte {
	doc := object{}
	if json.Unmarshal(body, &doc) != nil {
		return body
	}
	for _, name := range []string{"items", "value"} {
		all, listed := doc[name].([]any)
		if !listed {
			continue
		}
		doc[name] = slices.DeleteFunc(all, func(one any) bool {
			c, _ := one.(object)
			return c["primary"] != true && c["isDefaultCalendar"] != true
		})
	}
	out, err := json.Marshal(doc)
	if err != nil {
		return body
	}
	return out
}
