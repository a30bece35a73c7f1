// Package browser is a stand-in for a person at a browser who connects an account: it follows redirects to a simulated provider's consent page,
// picks an account, ticks scopes, and allows or refuses. It knows nothing of the page but its form: the fields "account", "scope" and
// "decision".
//
// Files: browser.go (the visit), form.go (finding the form in a page).
package browser
