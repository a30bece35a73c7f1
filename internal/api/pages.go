package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
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
type OwnerError struct {
	Err error
	// Expired says that nothing was refused: a page was opened too late, or once more.
	Expired bool
	// Cause is for the log: what lies behind Err, its provider's code for instance. Nil for nothing more.
	Cause error
}

// Error is what the page says.
func (e *OwnerError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *OwnerError) Unwrap() error { return e.Err }

func (e *OwnerError) attrs() []any {
	all := []any{slog.String("error", e.Error())}
	if e.Cause != nil {
		all = append(all, slog.String("cause", e.Cause.Error()))
	}
	return all
}

const (
	cookieName = "calweave_connect"
	// cookieAge is as long as a flow may take, in seconds.
	cookieAge    = 3600
	cookieLength = 43
)

// style is all that the pages look like. Its hash stands in the policy that goes with them, so that nothing else can be slipped in.
const style = `:root{color-scheme:light dark;--ink:#1c2024;--soft:#5b6472;--card:#fff;--back:#f3f5f8;--edge:#e2e6ec;--mark:#0b7a5b;--tint:#dff3ec}
@media(prefers-color-scheme:dark){:root{--ink:#eef1f5;--soft:#a6b0be;--card:#1b1f26;--back:#12151a;--edge:#2c333d;--mark:#4fd1a5;--tint:#143a30}}
.no{--mark:#b45309;--tint:#fdf0db}
@media(prefers-color-scheme:dark){.no{--mark:#f5b95f;--tint:#3f2d10}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--back);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:27rem;padding:2.25rem 2rem;background:var(--card);border:1px solid var(--edge);border-radius:14px;text-align:center}
.mark{display:inline-grid;place-items:center;width:3.25rem;height:3.25rem;border-radius:50%;background:var(--tint);color:var(--mark)}
h1{margin:1.1rem 0 .5rem;font-size:1.35rem;line-height:1.3}
h1,p{text-wrap:balance}
p{margin:0;color:var(--soft)}
footer{margin-top:1.75rem;padding-top:1.1rem;border-top:1px solid var(--edge);font-size:.8rem;color:var(--soft);overflow-wrap:anywhere}
`

//nolint:gochecknoglobals // a parsed constant
var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title><style>` + style + `</style></head>
<body><main{{if not .Done}} class="no"{{end}}><span class="mark" aria-hidden="true"><svg width="26" height="26" viewBox="0 0 24 24" fill="none" ` +
	`stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round">{{if .Done}}<path d="M5 12.5l4.5 4.5L19 7.5"/>` +
	`{{else}}<path d="M12 6.5v7M12 17.4v.1"/>{{end}}</svg></span>
<h1>{{.Title}}</h1><p>{{.Text}}</p>{{with .Reference}}<footer>If you ask for help, give this number: {{.}}</footer>{{end}}</main></body></html>
`))

// pagePolicy lets a page look as it does, and do nothing.
func pagePolicy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
}

// notice is what a page says.
type notice struct {
	Title, Text string
	// Done tells what went well from what did not.
	Done bool
	// Reference is the request's id, for whoever has to ask for help.
	Reference string
}

// show writes a page that holds nothing but what it says.
func (s *Server) show(w http.ResponseWriter, status int, n notice) {
	var b bytes.Buffer
	if err := page.Execute(&b, n); err != nil {
		http.Error(w, n.Title, status)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pagePolicy())
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the browser has hung up
}

// openConnect binds the browser to the request of its link and sends it to the provider.
func (s *Server) openConnect(w http.ResponseWriter, r *http.Request) {
	cookie := s.browserCookie(r)
	if cookie == "" {
		cookie = s.Cookie()
	}
	location, err := s.Flow.Open(r.Context(), r.PathValue("token"), cookie)
	if err != nil {
		s.showError(w, r, err)
		return
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure follows the public URL, which is http on a developer's machine only
		Name: s.cookieName(), Value: cookie, Path: "/", MaxAge: cookieAge, HttpOnly: true,
		Secure: s.secure(), SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, location, http.StatusFound) //nolint:gosec // the provider's own page, from the configuration
}

// secure reports whether browsers reach this server by https, as they do everywhere but on a developer's machine.
func (s *Server) secure() bool { return strings.HasPrefix(s.PublicURL, "https:") }

// cookieName is what the cookie is called. The prefix keeps whoever owns another host of this domain from planting one
// (https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#name-the-__host-prefix).
func (s *Server) cookieName() string {
	if s.secure() {
		return "__Host-" + cookieName
	}
	return cookieName
}

func (s *Server) browserCookie(r *http.Request) string {
	c, err := r.Cookie(s.cookieName())
	if err != nil || len(c.Value) != cookieLength {
		return ""
	}
	return c.Value
}

// finishConnect takes the provider's answer.
func (s *Server) finishConnect(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	done, err := s.Flow.Finish(r.Context(), Answer{
		Provider: cal.Provider(r.PathValue("provider")), State: q.Get("state"), Code: q.Get("code"), Error: q.Get("error"), Issuer: q.Get("iss"),
		Cookie: s.browserCookie(r),
	})
	owner, told := errors.AsType[*OwnerError](err)
	switch {
	case done.ReturnURL != "" && (err == nil || told):
		if told {
			s.Log.InfoContext(r.Context(), "an account was not connected", owner.attrs()...)
		}
		http.Redirect(w, r, returning(done, err == nil), http.StatusSeeOther)
	case err != nil:
		s.showError(w, r, err)
	default:
		s.show(w, http.StatusOK, connectedNotice(done))
	}
}

// returning is where a browser goes back to, with what became of the connection.
func returning(c Connected, connected bool) string {
	result := "refused"
	if connected {
		result = "connected"
	}
	joint := "?"
	if strings.Contains(c.ReturnURL, "?") {
		joint = "&"
	}
	return c.ReturnURL + joint + url.Values{"connection_id": {string(c.ID)}, "result": {result}}.Encode()
}

// connectedNotice says what works from now on, and what does not since the owner has not allowed it.
func connectedNotice(c Connected) notice {
	const mend = " If that was not meant to be, ask for a new link and allow everything there. You can close this page."
	n := notice{Title: "Your calendar is connected", Text: "Your bookings will appear in it from now on. You can close this page.", Done: true}
	switch {
	case slices.Contains(c.Lacks, cal.ListCalendars):
		n.Text = "But your calendars cannot be found in it, since you have not allowed that. So no booking will appear." + mend
	case slices.Contains(c.Lacks, cal.WriteEvents):
		n.Text = "But no booking will appear in it, since you have not allowed changes." + mend
	case len(c.Lacks) > 0:
		n.Text = "Your bookings will appear in it. Not everything that was asked for was allowed, so when you are busy cannot be looked up." + mend
	}
	return n
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
		s.Log.InfoContext(r.Context(), "an account was not connected", owner.attrs()...)
		n := notice{Title: notConnected, Text: sentence(owner.Error())}
		if owner.Expired {
			n.Title = "This page has expired"
		}
		s.show(w, http.StatusBadRequest, n)
		return
	}
	s.Log.ErrorContext(r.Context(), "an account could not be connected", slog.String("error", err.Error()))
	w.Header().Set("Retry-After", "5")
	s.show(w, http.StatusServiceUnavailable, notice{
		Title: notConnected, Text: "Something went wrong on our side. Please open your link once more; if it has ended, ask for a new one.", Reference: requestID(r.Context()),
	})
}

const notConnected = "Your calendar is not connected"
