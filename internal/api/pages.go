package api

import (
	"bytes"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
)

// Answer is what a provider sent an owner's browser back with.
type Answer struct {
	Provider                   cal.Provider
	State, Code, Error, Issuer string
	// Cookie is what binds the browser to its request.
	Cookie string
}

// OwnerError is a failure that the account's owner may be shown.
type OwnerError struct{ Err error }

// Error is what the page says.
func (e *OwnerError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *OwnerError) Unwrap() error { return e.Err }

const (
	cookieName = "calweave_connect"
	// cookieAge is as long as a flow may take, in seconds.
	cookieAge    = 3600
	cookieLength = 43
)

//nolint:gochecknoglobals // a parsed constant
var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}}</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto 0;padding:0 1.5rem;color:#1c2024}h1{font-size:1.5rem}p{color:#4b5563}</style>
</head><body><main><h1>{{.Title}}</h1><p>{{.Text}}</p></main></body></html>
`))

// show writes a page that holds nothing but what it says.
func (s *Server) show(w http.ResponseWriter, status int, title, text string) {
	var b bytes.Buffer
	if err := page.Execute(&b, struct{ Title, Text string }{title, text}); err != nil {
		http.Error(w, title, status)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the browser has hung up
}

// openConnect binds the browser to the request of its link and sends it to the provider.
func (s *Server) openConnect(w http.ResponseWriter, r *http.Request) {
	cookie := browserCookie(r)
	if cookie == "" {
		cookie = s.Cookie()
	}
	location, err := s.Flow.Open(r.Context(), r.PathValue("token"), cookie)
	if err != nil {
		s.showError(w, r, err)
		return
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure follows the public URL, which is http on a developer's machine only
		Name: cookieName, Value: cookie, Path: "/", MaxAge: cookieAge, HttpOnly: true,
		Secure: strings.HasPrefix(s.PublicURL, "https:"), SameSite: http.SameSiteLaxMode,
	})
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, location, http.StatusFound) //nolint:gosec // the provider's own page, from the configuration
}

func browserCookie(r *http.Request) string {
	c, err := r.Cookie(cookieName)
	if err != nil || len(c.Value) != cookieLength {
		return ""
	}
	return c.Value
}

// finishConnect takes the provider's answer.
func (s *Server) finishConnect(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	_, err := s.Flow.Finish(r.Context(), Answer{
		Provider: cal.Provider(r.PathValue("provider")), State: q.Get("state"), Code: q.Get("code"), Error: q.Get("error"), Issuer: q.Get("iss"),
		Cookie: browserCookie(r),
	})
	if err != nil {
		s.showError(w, r, err)
		return
	}
	s.show(w, http.StatusOK, "Your calendar is connected", "You can close this page.")
}

// sentence makes an error's text one that stands on its own.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

func (s *Server) showError(w http.ResponseWriter, r *http.Request, err error) {
	if owner, ok := errors.AsType[*OwnerError](err); ok {
		s.Log.InfoContext(r.Context(), "an account was not connected", slog.String("error", err.Error()))
		s.show(w, http.StatusBadRequest, "Your calendar is not connected", sentence(owner.Error()))
		return
	}
	s.Log.ErrorContext(r.Context(), "an account could not be connected", slog.String("error", err.Error()))
	w.Header().Set("Retry-After", "5")
	s.show(w, http.StatusServiceUnavailable, "Your calendar is not connected", "Something went wrong on our side. Nothing was changed; please try again.")
}
