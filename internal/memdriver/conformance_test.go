package memdriver_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/provider/providertest"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/memdriver"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	plain := memdriver.Kind{Name: "plain"}
	forgetful := memdriver.Microsoft()
	forgetful.Name, forgetful.Unseen, forgetful.Blind = "forgetful", fault.Gone, true
	failing, passing := memdriver.Google(), memdriver.Microsoft()
	failing.Name, failing.Conferences = "failing", memdriver.ConfersNever
	passing.Name, passing.Conferences = "passing", memdriver.PassesOver
	for _, k := range []memdriver.Kind{memdriver.Google(), memdriver.Microsoft(), plain, forgetful, failing, passing} {
		t.Run(string(k.Name), func(t *testing.T) {
			t.Parallel()
			providertest.Test(t, subject(k))
		})
	}
}

// A listing holds no more than its page.
func TestMemory(t *testing.T) { //nolint:paralleltest // it measures what the whole process holds
	providertest.Memory().Try(t, subject(memdriver.Google()))
}

func TestWhatAKindClaims(t *testing.T) {
	t.Parallel()
	for n := range 1 << 5 {
		has := func(bit int) bool { return n>>bit&1 == 1 }
		a := memdriver.New(memdriver.Kind{Lists: has(0), Finds: has(1), Quiet: has(2), Conditional: has(3), Recurs: has(4)}, clock.System{})
		d := a.Driver()
		c, err := d.Open(http.DefaultClient)
		if err != nil {
			t.Fatal(err)
		}
		for bit, claim := range []provider.Capability{provider.CanList, provider.CanFind, provider.CanBeQuiet, provider.CanCondition, provider.CanRecur} {
			if claim.Claims(d, c) != has(bit) {
				t.Errorf("%+v claims %s: %t", a.Kind, claim, !has(bit))
			}
		}
	}
}

const (
	email = "host@example.com"
	work  = cal.RemoteCalendarID("work")
)

var began = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

// newAccount makes an account with a calendar of its own.
func newAccount(k memdriver.Kind) (*memdriver.Account, *clock.Manual) {
	now := clock.NewManual(began)
	return memdriver.New(k, now, cal.Calendar{ID: work, Primary: true, Owner: email, Writable: true, Zone: "Europe/Berlin"}), now
}

// subject lets the suite act upon a provider.
func subject(k memdriver.Kind) providertest.Subject {
	return func(t providertest.T) *providertest.Account {
		a, now := newAccount(k)
		calendar := a.Calendar(work)
		w := &wire{t: t, held: make(chan struct{}, 1)}
		a.Hooks.Fate = w.fate
		driver := a.Driver()
		client, err := driver.Open(http.DefaultClient)
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		return &providertest.Account{
			Driver: driver, Client: client, Calendar: work, Email: email, Person: hand{t, calendar}, Wire: w, Now: now.Now, Pass: now.Advance, Mails: a.Mails,
			LoseCursors: calendar.LoseCursors, EmptyPages: func() { a.Kind.EmptyPages = true }, Secrets: func() []string { return nil },
			NoConferences: k.Conferences == memdriver.ConfersNever || k.Conferences == memdriver.PassesOver,
			KeepsZones:    true, Decorate: hand{t, calendar}.decorate,
			Fill: func(n int) {
				for i := range n {
					calendar.Add(cal.Content{Title: fmt.Sprint("filled ", i), Slot: slotOf(began.Add(time.Duration(i)*time.Minute), time.Minute)})
				}
			},
		}
	}
}

func slotOf(start time.Time, takes time.Duration) cal.Slot {
	return cal.Slot{Start: cal.Moment{Instant: start, Zone: "UTC"}, End: cal.Moment{Instant: start.Add(takes), Zone: "UTC"}}
}

// hand is the person.
type hand struct {
	t        providertest.T
	calendar *memdriver.Calendar
}

func (h hand) found(id cal.EventID, ok bool) {
	h.t.Helper()
	if !ok {
		h.t.Fatalf("by hand: there is no event %s", id)
	}
}

// Create implements providertest.Person.
func (h hand) Create(d providertest.Draft) cal.EventID {
	c := cal.Content{Title: d.Title, Slot: cal.Slot{Start: cal.Moment{Instant: d.Start, Zone: d.Zone}, End: cal.Moment{Instant: d.End, Zone: d.Zone}}}
	if d.AllDay {
		c.Slot = cal.Slot{Start: cal.Moment{Date: d.Start.Format(cal.DateLayout)}, End: cal.Moment{Date: d.End.Format(cal.DateLayout)}}
	}
	invite(&c, d.Guests)
	if d.Days > 0 {
		return h.calendar.AddSeries(c, d.Days)
	}
	return h.calendar.Add(c)
}

func invite(c *cal.Content, emails []string) {
	for _, g := range emails {
		c.Attendees = append(c.Attendees, cal.Attendee{Email: g, Response: cal.ResponseNone})
	}
}

// Edit implements providertest.Person.
func (h hand) Edit(id cal.EventID, e providertest.Edit) {
	h.t.Helper()
	h.found(id, h.calendar.Edit(id, func(c *cal.Content) {
		if e.Title != nil {
			c.Title = *e.Title
		}
		if e.Start != nil {
			takes := c.Slot.End.Instant.Sub(c.Slot.Start.Instant)
			c.Slot.Start.Instant, c.Slot.End.Instant = *e.Start, e.Start.Add(takes)
		}
		invite(c, e.Guests)
	}))
}

// Delete implements providertest.Person.
func (h hand) Delete(id cal.EventID) {
	h.t.Helper()
	h.found(id, h.calendar.Delete(id))
}

// Occurrence implements providertest.Person.
func (h hand) Occurrence(series cal.EventID, n int) cal.EventID {
	return h.calendar.Occurrence(series, n)
}

// Answer implements providertest.Person.
func (h hand) Answer(id cal.EventID) {
	h.t.Helper()
	h.found(id, h.calendar.Edit(id, func(c *cal.Content) {
		for i := range c.Attendees {
			if c.Attendees[i].Email == providertest.Guest {
				c.Attendees[i].Response = cal.ResponseAccepted
			}
		}
	}))
}

// decorate implements providertest.Account.Decorate.
func (h hand) decorate(id cal.EventID) (lost func() []string) {
	h.t.Helper()
	h.found(id, h.calendar.Decorate(id, "colour", "blue"))
	return func() []string {
		if got := h.calendar.Decorations(id)["colour"]; got != "blue" {
			return []string{"the colour is " + got}
		}
		return nil
	}
}

// Standing implements providertest.Person.
func (h hand) Standing() []providertest.Draft {
	var all []providertest.Draft
	for _, e := range h.calendar.Standing() {
		slot := e.Content.Slot
		d := providertest.Draft{ID: e.ID, Title: e.Content.Title, Start: slot.Start.Instant, End: slot.End.Instant, Zone: slot.Start.Zone, AllDay: slot.AllDay()}
		for _, g := range e.Content.Attendees {
			d.Guests = append(d.Guests, g.Email)
		}
		all = append(all, d)
	}
	return all
}

// wire decides what becomes of calls.
type wire struct {
	t        providertest.T
	mu       sync.Mutex
	requests int
	harms    []harm
	hold     memdriver.Op
	released chan struct{}
	// held hears of the call that is kept waiting.
	held chan struct{}
}

// harm is what becomes of the next call of a kind after some that are skipped.
type harm struct {
	op   memdriver.Op
	fate memdriver.Fate
	skip int
}

func opOf(c providertest.Call) memdriver.Op {
	return map[providertest.Call]memdriver.Op{
		providertest.Listing: memdriver.List, providertest.Reading: memdriver.Read, providertest.Creating: memdriver.Create,
		providertest.Updating: memdriver.Update, providertest.Deleting: memdriver.Delete, providertest.Browsing: memdriver.Browse,
		providertest.Finding: memdriver.Find,
	}[c]
}

// Harm implements providertest.Wire. In memory there is no text to be cut or to be another: a driver would call all of these an answer that is
// missing.
func (w *wire) Harm(c providertest.Call, h providertest.Harm, skip int) {
	w.t.Helper()
	op := opOf(c)
	if op == "" {
		w.t.Fatalf("there is no %s", c)
	}
	err := &fault.Error{Kind: fault.Transient, Op: "memory: " + string(op)}
	fate := memdriver.Fate{Err: err}
	switch h {
	case providertest.LostAnswer, providertest.Truncated:
		fate.Done = true
	case providertest.Unavailable:
		err.Status = http.StatusServiceUnavailable
	case providertest.HTML:
	case providertest.Throttled:
		err.Kind, err.Status, err.RetryAfter = fault.RateLimited, http.StatusTooManyRequests, 17*time.Second
	case providertest.ThrottledUntil:
		err.Kind, err.Status, err.RetryAfter = fault.RateLimited, http.StatusTooManyRequests, 23*time.Second
	case providertest.Refused:
		err.Kind, err.Status = fault.Unauthorized, http.StatusUnauthorized
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.harms = append(w.harms, harm{op, fate, skip})
}

// Hold implements providertest.Wire.
func (w *wire) Hold(c providertest.Call) (release func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hold, w.released = opOf(c), make(chan struct{})
	return sync.OnceFunc(func() { close(w.released) })
}

// Held implements providertest.Wire.
func (w *wire) Held() {
	select {
	case <-w.held:
	case <-w.t.Context().Done():
		w.t.Fatalf("nothing is held")
	}
}

// Requests implements providertest.Wire.
func (w *wire) Requests() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests
}

// fate is a hook.
func (w *wire) fate(ctx context.Context, op memdriver.Op) memdriver.Fate {
	fate, released := w.next(op)
	if released != nil {
		w.held <- struct{}{}
		select {
		case <-released:
		case <-ctx.Done():
		}
	}
	return fate
}

// next counts a call, and says what is to become of it and what it has to wait for.
func (w *wire) next(op memdriver.Op) (fate memdriver.Fate, released chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests++
	if w.hold == op {
		w.hold, released = "", w.released
	}
	for i := range w.harms {
		if h := &w.harms[i]; h.op != op {
			continue
		} else if h.skip > 0 {
			h.skip--
		} else {
			fate = h.fate
			w.harms = append(w.harms[:i], w.harms[i+1:]...)
		}
		break
	}
	return fate, released
}
