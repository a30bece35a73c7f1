package browser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
)

// maxPage bounds a page.
const maxPage = 1 << 20

// Why a visit fails.
var (
	ErrNoConsentPage = errors.New("no consent page came up")
	ErrNoSuchAccount = errors.New("the consent page does not offer the account")
)

// Choice is what the person does.
type Choice struct {
	// Account is the address to sign in with; empty is the one that the page suggests.
	Account string
	// Refuse denies everything.
	Refuse bool
	// Untick are the scopes that the person takes the tick from; one that begins with "*" is matched by its end.
	Untick []string
}

// Page is where the browser came to rest.
type Page struct {
	URL    *url.URL
	Status int
	Header http.Header
	Body   []byte
}

// Consent opens start, decides on the consent page that comes up, and returns the page that this ends on. Redirects are followed as client
// does; a client without a cookie jar gets one for the visit. A final page that is an error of the client's own is no error here.
func Consent(ctx context.Context, client *http.Client, start string, choice Choice) (Page, error) {
	c := *client
	if c.Jar == nil {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return Page{}, fmt.Errorf("browser: %w", err)
		}
		c.Jar = jar
	}
	page, err := visit(ctx, &c, http.MethodGet, start, nil)
	if err != nil {
		return Page{}, err
	}
	f, ok := findForm(page.Body)
	if !ok {
		return page, fmt.Errorf("browser: %s answered %d: %w", page.URL.Redacted(), page.Status, ErrNoConsentPage)
	}
	values, err := choice.fill(f)
	if err != nil {
		return page, err
	}
	action, err := page.URL.Parse(f.action)
	if err != nil {
		return page, fmt.Errorf("browser: the form's address: %w", err)
	}
	return visit(ctx, &c, http.MethodPost, action.String(), values)
}

// fill is what the person makes of the form.
func (c Choice) fill(f form) (url.Values, error) {
	v := url.Values{}
	for name, value := range f.hidden {
		v.Set(name, value)
	}
	account := f.suggested
	if c.Account != "" {
		i := slices.IndexFunc(f.accounts, func(a string) bool { return strings.EqualFold(a, c.Account) })
		if i < 0 {
			return nil, fmt.Errorf("browser: %q: %w", c.Account, ErrNoSuchAccount)
		}
		account = f.accounts[i]
	}
	v.Set("account", account)
	for _, scope := range f.scopes {
		if !c.unticks(scope) {
			v.Add("scope", scope)
		}
	}
	v.Set("decision", "allow")
	if c.Refuse {
		v.Set("decision", "deny")
	}
	return v, nil
}

func (c Choice) unticks(scope string) bool {
	return slices.ContainsFunc(c.Untick, func(u string) bool {
		end, open := strings.CutPrefix(u, "*")
		return u == scope || (open && strings.HasSuffix(scope, end))
	})
}

func visit(ctx context.Context, c *http.Client, method, address string, values url.Values) (Page, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(values.Encode()))
	if err != nil {
		return Page{}, fmt.Errorf("browser: %w", err)
	}
	req.Header.Set("Accept", "text/html")
	if values != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := c.Do(req)
	if err != nil {
		return Page{}, fmt.Errorf("browser: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPage))
	if err != nil {
		return Page{}, fmt.Errorf("browser: reading %s: %w", resp.Request.URL.Redacted(), err)
	}
	return Page{URL: resp.Request.URL, Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}
