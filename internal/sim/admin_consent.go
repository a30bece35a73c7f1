package sim

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/sim/browser"
)

// consentTime bounds a person's visit of a link.
const consentTime = 10 * time.Second

// adminConsent lets a person open a link that leads to a consent page, in a browser of their own, and decide there.
func (s *Sim) adminConsent(r *http.Request) (int, any, error) {
	var ask struct {
		URL    string   `json:"url"`
		Refuse bool     `json:"refuse"`
		Untick []string `json:"untick"`
	}
	if err := decode(r, &ask); err != nil {
		return 0, nil, err
	}
	p, email := person(r)
	if !slices.ContainsFunc(s.People(), func(known Person) bool { return known.Provider == p && strings.EqualFold(known.Email, email) }) {
		return 0, nil, fmt.Errorf("%s at %s: %w", email, p, ErrUnknownPerson)
	}
	page, err := browser.Consent(r.Context(), &http.Client{Timeout: consentTime}, ask.URL, browser.Choice{Account: email, Refuse: ask.Refuse, Untick: ask.Untick})
	if err != nil {
		if errors.Is(err, browser.ErrNoConsentPage) || errors.Is(err, browser.ErrNoSuchAccount) {
			err = fmt.Errorf("%w; give a link that leads to the provider's consent page, such as a connect_url that was not opened before", err)
		}
		return 0, nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	end := *page.URL
	end.RawQuery = "" // it holds what the browser alone may know
	return http.StatusOK, map[string]any{"status": page.Status, "url": end.String()}, nil
}
