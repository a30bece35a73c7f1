package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// generations is more than a test's events have: how often the event of a booking was made anew.
const generations = 100

// wishes are what a test's core and operators have said about mails, as they said it: calweave is not asked. It is safe for concurrent use.
type wishes struct {
	mu sync.Mutex
	// keys are those of the events of all bookings, by what events are stamped with.
	keys map[string]cal.BookingID
	// mails are the bookings of which some version asked for mails, and allowed those of which an operator has let a held write go, by provider.
	mails   map[cal.BookingID]bool
	allowed map[cal.BookingID]map[sim.Provider]bool
}

func newWishes() *wishes {
	return &wishes{
		keys: map[string]cal.BookingID{}, mails: map[cal.BookingID]bool{}, allowed: map[cal.BookingID]map[sim.Provider]bool{},
	}
}

// says notes a version that a core hands over, whether or not it is accepted.
func (w *wishes) says(tenant cal.TenantID, id cal.BookingID, b cal.Booking) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range b.Targets {
		if w.keys[cal.NewKey(tenant, id, t.CalendarID, "", 0).String()] == id {
			continue
		}
		for n := range generations {
			w.keys[cal.NewKey(tenant, id, t.CalendarID, "", n).String()] = id
		}
	}
	if b.Notify == cal.NotifyAll || b.Notify == cal.NotifyExternal {
		w.mails[id] = true
	}
}

// puts notes the version that a request hands over, if it does. What is no booking is none.
func (w *wishes) puts(tenant cal.TenantID, method, path string, body []byte) {
	id, isBooking := strings.CutPrefix(path, "/v1/bookings/")
	var b cal.Booking
	if method == http.MethodPut && isBooking && json.Unmarshal(body, &b) == nil {
		w.says(tenant, cal.BookingID(id), b)
	}
}

// allows notes that an operator has let a write go that would mail somebody.
func (w *wishes) allows(id cal.BookingID, p cal.Provider) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.allowed[id] == nil {
		w.allowed[id] = map[sim.Provider]bool{}
	}
	w.allowed[id][sim.Provider(p)] = true
}

// check holds what the providers have mailed against the wishes. Without wishes nothing is checked.
func (w *wishes) check(tb testing.TB, s *sim.Sim) {
	tb.Helper()
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	simtest.CheckMails(tb, s, func(m sim.Mail, about sim.Event) (string, bool) {
		for _, stamp := range about.Properties {
			if id := w.keys[stamp]; id != "" {
				return string(id), w.mails[id] || w.allowed[id][m.Provider]
			}
		}
		return "", false
	})
}
