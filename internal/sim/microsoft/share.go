package microsoft

import "net/http"

// shared lets scripts in browsers call Graph and the token endpoint from any page (https://fetch.spec.whatwg.org/#http-cors-protocol).
// Not documented: that Graph allows them all, and which headers it shows them.
func shared(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") == "" {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		shareWithBrowsers(w)
		h.Set("Access-Control-Expose-Headers", "ETag, Location, Preference-Applied, request-id, client-request-id, Retry-After, WWW-Authenticate")
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, PUT, DELETE")
		h.Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
		h.Set("Access-Control-Max-Age", "3600")
		w.WriteHeader(http.StatusOK)
	})
}
