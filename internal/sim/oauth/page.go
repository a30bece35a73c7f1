package oauth

import (
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// Account is a person whom the consent page offers.
type Account struct {
	Email   string
	Name    string
	Checked bool
}

// Page is what the consent page shows. Its form posts "request", "account", any number of "scope", and "decision", which is allow or deny.
type Page struct {
	Title    string
	Action   string
	Request  string
	Client   string
	Accounts []Account
	Scopes   []string
	// AllOrNothing shows the scopes without boxes to tick.
	AllOrNothing bool
}

// page is well-formed XML too, so that it can be read without an HTML parser.
//
//nolint:gochecknoglobals // parsed once; the text is a constant
var page = template.Must(template.New("consent").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"/><title>{{.Title}}</title></head>
<body>
<h1>{{.Title}}</h1>
<p>This is a simulator. {{.Client}} wants access to your account.</p>
<form method="post" action="{{.Action}}">
<input type="hidden" name="request" value="{{.Request}}"/>
<h2>Who are you?</h2>
{{range .Accounts}}<p><label><input type="radio" name="account" value="{{.Email}}"{{if .Checked}} checked="checked"{{end}}/> {{.Name}} ({{.Email}})</label></p>
{{else}}<p>Nobody has an account here.</p>
{{end}}<h2>What may it do?</h2>
{{$fixed := .AllOrNothing}}{{range .Scopes}}{{if $fixed}}<p>{{.}}</p>
{{else}}<p><label><input type="checkbox" name="scope" value="{{.}}" checked="checked"/> {{.}}</label></p>
{{end}}{{end}}<p><button type="submit" name="decision" value="allow">Allow</button> <button type="submit" name="decision" value="deny">Cancel</button></p>
</form>
</body>
</html>
`))

// Offer lists the people of a provider for the page; the one that the hint names, or else the first, is chosen already.
func Offer(accounts []Account, hint string) []Account {
	chosen := 0
	for i, a := range accounts {
		if hint != "" && strings.EqualFold(a.Email, hint) {
			chosen = i
		}
	}
	for i := range accounts {
		accounts[i].Checked = i == chosen
	}
	return accounts
}

// Write answers with the page.
func (p Page) Write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = page.Execute(w, p) // a browser that has gone needs no page
}

// problem is the page for a request that cannot be sent back to the client.
//
//nolint:gochecknoglobals // parsed once; the text is a constant
var problem = template.Must(template.New("problem").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"/><title>{{.Title}}</title></head>
<body><h1>{{.Title}}</h1><p>{{.Text}}</p></body>
</html>
`))

// WriteProblem answers with a page that says what is wrong with the authorization request. Nothing is sent to a redirect URI that is not
// trusted (RFC 6749, section 4.1.2.1).
func WriteProblem(w http.ResponseWriter, status int, title, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = problem.Execute(w, struct{ Title, Text string }{title, text}) // a browser that has gone needs no page
}

// SendBack redirects the person's browser to the client with the parameters.
func SendBack(w http.ResponseWriter, r *http.Request, uri string, params url.Values) {
	to, err := url.Parse(uri)
	if err != nil {
		WriteProblem(w, http.StatusBadRequest, "Error 400", "The redirect URI cannot be read.")
		return
	}
	q := to.Query()
	maps.Copy(q, params)
	to.RawQuery = q.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound)
}
