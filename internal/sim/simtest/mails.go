package simtest

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/calweave/calweave/internal/sim"
)

// Asked says which booking an event is of, "" if none, and whether a mail about it was asked for.
type Asked func(m sim.Mail, about sim.Event) (booking string, asked bool)

// CheckMails fails the test for each mail that no person has caused by hand in the provider's own calendar and that was not asked for; nil asks for none.
// It wants the log of mails to be whole.
func CheckMails(tb testing.TB, s *sim.Sim, asked Asked) {
	tb.Helper()
	mails := s.Mails(0)
	if len(mails) > 0 && mails[0].N != 1 {
		tb.Errorf("the log of mails begins with number %d: those before it cannot be checked", mails[0].N)
	}
	for _, m := range mails {
		if m.ByHand {
			continue
		}
		about, booking := eventOf(s, m), ""
		if asked != nil {
			var fine bool
			if booking, fine = asked(m, about); fine {
				continue
			}
		}
		tb.Errorf("a mail that nobody asked for: %s mails %s to %s about event %s %q of booking %q, caused by %s",
			m.Provider, m.Kind, m.To, m.Event, m.Title, booking, causeOf(s, m))
	}
}

// eventOf is the event that a mail is about, as it is now; of several calendars that have one with its id, in one where it bears properties.
func eventOf(s *sim.Sim, m sim.Mail) (found sim.Event) {
	for _, p := range s.People() {
		if p.Provider != m.Provider {
			continue
		}
		for _, c := range p.Calendars {
			e, err := s.Event(sim.In{Provider: p.Provider, Email: p.Email, Calendar: c.ID}, m.Event)
			if err == nil && (found.ID == "" || len(found.Properties) == 0) {
				found = e
			}
		}
	}
	return found
}

// causeOf names the first write that was finished at the provider after the mail was sent: what caused it, but among several at once.
func causeOf(s *sim.Sim, m sim.Mail) string {
	for _, r := range s.Requests(m.Requests) {
		if r.Provider == m.Provider && slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, r.Method) {
			return fmt.Sprintf("%s %s?%s (request %d)", r.Method, r.Path, r.Query, r.N)
		}
	}
	return "a request that was not finished"
}
