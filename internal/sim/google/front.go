package google

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxOverride bounds the query that comes as a body.
const maxOverride = 1 << 20

// front turns what clients send in another form into the plain one, before anything counts or logs the request: the method in
// X-HTTP-Method-Override, the query of a long GET as a form, and the token as a parameter.
func front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, apiPath) {
			next.ServeHTTP(w, r)
			return
		}
		if err := override(r); err != nil {
			err.write(w)
			return
		}
		tokenOfQuery(r)
		if origin := r.Header.Get("Origin"); origin != "" {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Vary", "Origin")
		}
		next.ServeHTTP(w, r)
	})
}

// override takes the method that a POST names for clients that cannot send it (https://cloud.google.com/apis/docs/system-parameters). Google's
// clients send a GET whose URL would be too long so, with the query as a form.
func override(r *http.Request) *apiError {
	method := strings.ToUpper(r.Header.Get("X-HTTP-Method-Override"))
	if r.Method != http.MethodPost || method == "" {
		return nil
	}
	r.Method = method
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if method != http.MethodGet || strings.TrimSpace(kind) != "application/x-www-form-urlencoded" {
		return nil
	}
	form, err := readForm(r)
	if err != nil {
		return usual(http.StatusBadRequest)
	}
	r.URL.RawQuery = strings.Trim(r.URL.RawQuery+"&"+form, "&")
	r.Body, r.ContentLength = http.NoBody, 0
	r.Header.Del("Content-Type")
	r.Header.Del("Content-Encoding")
	return nil
}

var errLongForm = errors.New("the form is too long")

// readForm reads the query that stands in the body, which Google's client for Java compresses.
func readForm(r *http.Request) (string, error) {
	src := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(io.LimitReader(r.Body, maxOverride))
		if err != nil {
			return "", err
		}
		src = z
	}
	form, err := io.ReadAll(io.LimitReader(src, maxOverride+1))
	if err != nil {
		return "", err
	}
	if len(form) > maxOverride {
		return "", errLongForm
	}
	_, err = url.ParseQuery(string(form))
	return string(form), err
}

// tokenOfQuery takes the parameter oauth_token as the header that it stands for, so that no log holds a token.
func tokenOfQuery(r *http.Request) {
	q := r.URL.Query()
	if !q.Has("oauth_token") {
		return
	}
	if r.Header.Get("Authorization") == "" {
		r.Header.Set("Authorization", "Bearer "+q.Get("oauth_token"))
	}
	q.Del("oauth_token")
	r.URL.RawQuery = q.Encode()
}

// preflight lets a page of another origin call the API
// (https://github.com/google/google-api-javascript-client/blob/master/docs/cors.md). Not documented: which headers the answer has.
func preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "DELETE,GET,HEAD,PATCH,POST,PUT")
	h.Set("Access-Control-Max-Age", "3600")
	if wanted := r.Header.Get("Access-Control-Request-Headers"); wanted != "" {
		h.Set("Access-Control-Allow-Headers", wanted)
	}
	w.WriteHeader(http.StatusOK)
}
