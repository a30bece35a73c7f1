package providers_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// transport is a RoundTripper.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// asked changes every request.
func asked(change func(r *http.Request)) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return transport(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			change(r)
			return next.RoundTrip(r)
		})
	}
}

// answered changes every answer, or puts an error in its place.
func answered(change func(resp *http.Response) error) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return transport(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil {
				err = change(resp)
			}
			if err != nil {
				return nil, err
			}
			return resp, nil
		})
	}
}

// sent changes the JSON of requests of one method whose path holds a part.
func sent(method, part string, change func(body map[string]any)) func(http.RoundTripper) http.RoundTripper {
	return asked(func(r *http.Request) {
		if r.Method != method || !strings.Contains(r.URL.Path, part) || r.Body == nil {
			return
		}
		raw, err := io.ReadAll(r.Body)
		var body map[string]any
		if err == nil && json.Unmarshal(raw, &body) == nil {
			change(body)
			raw, _ = json.Marshal(body)
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	})
}

// leaveOut drops a property.
func leaveOut(name string) func(map[string]any) {
	return func(body map[string]any) { delete(body, name) }
}

// answer replaces an answer.
func answer(resp *http.Response, status int, body string) {
	_ = resp.Body.Close()
	resp.StatusCode, resp.Status = status, fmt.Sprint(status)
	resp.Header.Set("Content-Type", "application/json")
	resp.Header.Del("Content-Encoding")
	resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

func wireMutants() []mutant {
	return []mutant{
		{name: "Retry-After dropped", by: "wire/throttled", wrap: answered(func(resp *http.Response) error {
			resp.Header.Del("Retry-After")
			return nil
		})},
		{name: "Retry-After in seconds only", by: "wire/throttled until a time", wrap: answered(func(resp *http.Response) error {
			if strings.Contains(resp.Header.Get("Retry-After"), "GMT") {
				resp.Header.Del("Retry-After")
			}
			return nil
		})},
		{name: "Retry-After in seconds only, at Microsoft", by: "wire/throttled until a time", on: onMicrosoft, wrap: answered(func(resp *http.Response) error {
			if strings.Contains(resp.Header.Get("Retry-After"), "GMT") {
				resp.Header.Del("Retry-After")
			}
			return nil
		})},
		{name: "a limit taken for a failure", by: "wire/throttled", wrap: answered(func(resp *http.Response) error {
			if resp.StatusCode == http.StatusTooManyRequests {
				resp.StatusCode = http.StatusInternalServerError
			}
			return nil
		})},
		{name: "transport that tries again", by: "wire/every failure of every call", wrap: func(next http.RoundTripper) http.RoundTripper {
			return transport(func(r *http.Request) (*http.Response, error) {
				resp, err := next.RoundTrip(r)
				if err == nil && resp.StatusCode == http.StatusServiceUnavailable && r.Body == nil {
					_ = resp.Body.Close()
					return next.RoundTrip(r)
				}
				return resp, err
			})
		}},
		{name: "a page of HTML taken for nothing", by: "wire/every failure of every call", wrap: answered(func(resp *http.Response) error {
			if strings.Contains(resp.Header.Get("Content-Type"), "html") {
				answer(resp, http.StatusOK, `{"items":[],"nextSyncToken":"t"}`)
			}
			return nil
		})},
		{name: "what was cut made whole", by: "listing/a page in the middle fails", wrap: answered(func(resp *http.Response) error {
			raw, err := io.ReadAll(resp.Body)
			if err != nil || !json.Valid(raw) && strings.Contains(resp.Header.Get("Content-Type"), "json") {
				raw = []byte(`{"items":[],"nextSyncToken":"t"}`)
			}
			answer(resp, resp.StatusCode, string(raw))
			return nil
		})},
		{name: "If-Match dropped", by: "update/on an older state", wrap: asked(func(r *http.Request) { r.Header.Del("If-Match") })},
		{name: "sync token dropped", by: "listing/quiet", wrap: asked(func(r *http.Request) {
			q := r.URL.Query()
			q.Del("syncToken")
			r.URL.RawQuery = q.Encode()
		})},
		{name: "deleted events not asked for", by: "listing/our own writes", wrap: answered(func(resp *http.Response) error {
			return edit(resp, func(body map[string]any) {
				rows, _ := body["items"].([]any)
				var kept []any
				for _, row := range rows {
					if one, ok := row.(map[string]any); !ok || one["status"] != "cancelled" {
						kept = append(kept, row)
					}
				}
				if rows != nil {
					body["items"] = kept
				}
			})
		})},
		{name: "answers from a cache", by: "update/no more than asked", wrap: cached},
		{name: "new values refused", by: "wire/strange answers", wrap: answered(func(resp *http.Response) error {
			return check(resp, func(raw []byte) error {
				if bytes.Contains(raw, []byte(`:"unheardOf"`)) {
					return errors.New("an enumeration has a value that is not known")
				}
				return nil
			})
		})},
		{name: "new fields refused", by: "wire/strange answers", on: onMicrosoft, wrap: answered(func(resp *http.Response) error {
			return check(resp, func(raw []byte) error {
				if bytes.Contains(raw, []byte(`"unheardOf":`)) {
					return errors.New("there is a field that is not known")
				}
				return nil
			})
		})},
		{name: "new values read as cancelled", by: "wire/strange answers", wrap: answered(func(resp *http.Response) error {
			return edit(resp, func(body map[string]any) {
				if body["status"] == "unheardOf" {
					body["status"] = "cancelled"
				}
			})
		})},
	}
}

// check looks at the body of an answer, and leaves it as it is.
func check(resp *http.Response, look func(raw []byte) error) error {
	raw, err := io.ReadAll(resp.Body)
	if err == nil {
		err = look(raw)
	}
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(raw))
	return err
}

// edit changes the object that an answer is.
func edit(resp *http.Response, change func(body map[string]any)) error {
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var body map[string]any
	if json.Unmarshal(raw, &body) == nil {
		change(body)
		if raw, err = json.Marshal(body); err != nil {
			return err
		}
	}
	answer(resp, resp.StatusCode, string(raw))
	return nil
}

// cached answers a GET as it was answered before.
func cached(next http.RoundTripper) http.RoundTripper {
	var mu sync.Mutex
	kept := map[string]string{}
	return transport(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err != nil || r.Method != http.MethodGet || resp.StatusCode != http.StatusOK {
			return resp, err
		}
		mu.Lock()
		defer mu.Unlock()
		key := r.URL.Path[:strings.LastIndex(r.URL.Path, "/")] // as a cache that confuses neighbours
		if old, ok := kept[key]; ok {
			answer(resp, http.StatusOK, old)
			return resp, nil
		}
		raw, err := io.ReadAll(resp.Body)
		kept[key] = string(raw)
		answer(resp, http.StatusOK, kept[key])
		return resp, err
	})
}
