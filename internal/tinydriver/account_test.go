package tinydriver

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider/providertest"
	"github.com/calweave/calweave/internal/clock"
)

// place is a server that listens, its driver, and the way from one to the other.
type place struct {
	server *server
	wire   *wire
	driver *Driver
	signed *signed
}

func newPlace(t providertest.T) place {
	s := newServer(clock.NewManual(time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)))
	w := &wire{t: t, server: s, came: make(chan struct{}, 1)}
	listener := httptest.NewServer(w)
	t.Cleanup(listener.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return place{s, w, New(Config{URL: listener.URL, Clock: s.clock}), &signed{next: transport}}
}

// account is a server with one account. There are no pushes, and no calendars that are filled with a hundred thousand events: Receive, Settle and
// Fill stay nil.
func account(t providertest.T) *providertest.Account {
	t.Helper()
	p := newPlace(t)
	s := p.server
	client, err := p.driver.Open(&http.Client{Transport: p.signed})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	set := func(change func()) func() {
		return func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			change()
		}
	}
	return &providertest.Account{
		Driver: p.driver, Client: client, Calendar: calendarID, Email: owner, Person: hand{t, s}, Wire: p.wire,
		Now: s.clock.Now, Pass: s.clock.Advance,
		Mails: func() int {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.mails
		},
		LoseCursors: set(func() { s.era++ }), EmptyPages: set(func() { s.emptyFirst = true }), Strange: set(func() { s.strange = true }),
		Decorate: hand{t, s}.decorate, Bar: func(err error) { p.signed.bar.Store(&err) },
		Spoil:   func(id cal.EventID) { hand{t, s}.edit(id, func(e object) { e["start"] = 7 }) },
		Secrets: func() []string { return []string{token} },
	}
}

// signed authorises requests, as the gateway's client does, or ends them before they are made.
type signed struct {
	next http.RoundTripper
	bar  atomic.Pointer[error]
}

// RoundTrip implements http.RoundTripper.
func (s *signed) RoundTrip(r *http.Request) (*http.Response, error) {
	if bar := s.bar.Swap(nil); bar != nil {
		return nil, *bar
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+token)
	return s.next.RoundTrip(r)
}

// hand is the person, who acts upon the server's events directly.
type hand struct {
	t      providertest.T
	server *server
}

// edit changes a copy of an event.
func (h hand) edit(id cal.EventID, change func(e object)) {
	h.t.Helper()
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	e, ok := h.server.events[string(id)]
	if !ok {
		h.t.Fatalf("by hand: there is no event %s", id)
	}
	h.server.clock.Advance(time.Second)
	e = maps.Clone(e)
	change(e)
	e["changed"] = e["part_of"] != nil
	h.server.put(e)
}

// Create implements providertest.Person.
func (h hand) Create(d providertest.Draft) cal.EventID {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	draft := func(days int) object {
		e := object{"title": d.Title, "start": momentIn(d.Start.AddDate(0, 0, days), d), "end": momentIn(d.End.AddDate(0, 0, days), d)}
		for _, email := range d.Guests {
			invite(e, []any{object{"email": email}})
		}
		return e
	}
	e := draft(0)
	if d.Days > 0 {
		e["days"] = d.Days
	}
	id := text(h.server.put(e)["id"])
	for day := range d.Days {
		o := draft(day)
		o["part_of"], o["original_start"] = id, o["start"]
		o["place_in_series"] = day
		h.server.put(o)
	}
	return cal.EventID(id)
}

func momentIn(at time.Time, d providertest.Draft) object {
	if d.AllDay {
		return object{"date": at.Format(cal.DateLayout)}
	}
	return object{"instant": at.Format(time.RFC3339), "zone": d.Zone}
}

// Occurrence implements providertest.Person.
func (h hand) Occurrence(series cal.EventID, n int) cal.EventID {
	h.t.Helper()
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	for id, e := range h.server.events {
		if e["part_of"] == string(series) && e["place_in_series"] == n {
			return cal.EventID(id)
		}
	}
	h.t.Fatalf("%s has no occurrence %d", series, n)
	return ""
}

// Edit implements providertest.Person.
func (h hand) Edit(id cal.EventID, c providertest.Edit) {
	h.t.Helper()
	h.edit(id, func(e object) {
		if c.Title != nil {
			e["title"] = *c.Title
		}
		if c.Start != nil {
			length := instantOf(e["end"]).Sub(instantOf(e["start"]))
			zone := providertest.Draft{Zone: zoneOf(e["start"])}
			e["start"], e["end"] = momentIn(*c.Start, zone), momentIn(c.Start.Add(length), zone)
		}
		for _, email := range c.Guests {
			invite(e, []any{object{"email": email}})
		}
	})
}

// Delete implements providertest.Person.
func (h hand) Delete(id cal.EventID) {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	h.server.clock.Advance(time.Second)
	h.server.cancel(h.server.events[string(id)])
}

// Answer implements providertest.Person.
func (h hand) Answer(id cal.EventID) {
	h.t.Helper()
	h.edit(id, func(e object) { invite(e, []any{object{"email": providertest.Guest, "response": "accepted"}}) })
}

// decorate implements providertest.Account.Decorate.
func (h hand) decorate(id cal.EventID) (lost func() []string) {
	h.t.Helper()
	decorations := object{"colour": "blue", "reminder": 17, "apps": object{"other.app": "1"}}
	h.edit(id, func(e object) { maps.Copy(e, decorations) })
	return func() []string {
		h.server.mu.Lock()
		defer h.server.mu.Unlock()
		var all []string
		for name, value := range decorations {
			if now := h.server.events[string(id)][name]; !reflect.DeepEqual(now, value) {
				all = append(all, fmt.Sprintf("%s: %v became %v", name, value, now))
			}
		}
		return all
	}
}

// Standing implements providertest.Person.
func (h hand) Standing() []providertest.Draft {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	var all []providertest.Draft
	for _, id := range slices.Sorted(maps.Keys(h.server.events)) {
		e := h.server.events[id]
		if e["status"] == "cancelled" || e["part_of"] != nil {
			continue
		}
		d := providertest.Draft{
			ID: cal.EventID(id), Title: text(e["title"]), Start: instantOf(e["start"]), End: instantOf(e["end"]), Zone: zoneOf(e["start"]),
		}
		for _, g := range list(e["guests"]) {
			d.Guests = append(d.Guests, emailOf(g))
		}
		all = append(all, d)
	}
	return all
}

// instantOf is zero for a date.
func instantOf(moment any) time.Time {
	m, _ := moment.(object)
	at, err := time.Parse(time.RFC3339, text(m["instant"]))
	if err != nil {
		return time.Time{}
	}
	return at
}

func zoneOf(moment any) string {
	m, _ := moment.(object)
	return text(m["zone"])
}

// wire stands before the server, and harms requests on demand.
type wire struct {
	t        providertest.T
	server   *server
	requests atomic.Int64
	mu       sync.Mutex
	harms    []*harm
	// came tells that a request is held.
	came chan struct{}
}

type harm struct {
	call providertest.Call
	kind providertest.Harm
	skip int
	// gate keeps the request until it is closed; nil for other harms.
	gate chan struct{}
}

// Requests implements providertest.Wire.
func (w *wire) Requests() int { return int(w.requests.Load()) }

// Harm implements providertest.Wire.
func (w *wire) Harm(c providertest.Call, h providertest.Harm, skip int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.harms = append(w.harms, &harm{call: c, kind: h, skip: skip})
}

// Hold implements providertest.Wire.
func (w *wire) Hold(c providertest.Call) (release func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	gate := make(chan struct{})
	w.harms = append(w.harms, &harm{call: c, gate: gate})
	return func() { close(gate) }
}

// Held implements providertest.Wire. A driver that never makes the call fails the case, and does not hang it.
func (w *wire) Held() {
	w.t.Helper()
	const limit = 10 * time.Second
	ctx, cancel := context.WithTimeout(w.t.Context(), limit)
	defer cancel()
	select {
	case <-w.came:
	case <-ctx.Done():
		w.t.Fatalf("nothing is held")
	}
}

// take returns what is to become of a request, and nil if it is to be served.
func (w *wire) take(r *http.Request) *harm {
	call := callOf(w.server.mux, r)
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, h := range w.harms {
		if h.call != call {
			continue
		}
		if h.skip > 0 {
			h.skip--
			continue
		}
		w.harms = slices.Delete(w.harms, i, i+1)
		return h
	}
	return nil
}

func callOf(mux *http.ServeMux, r *http.Request) providertest.Call {
	_, pattern := mux.Handler(r)
	switch pattern {
	case "GET /v1/calendars":
		return providertest.Browsing
	case "GET /v1/calendars/{calendar}/events":
		return providertest.Listing
	case "POST /v1/calendars/{calendar}/events":
		return providertest.Creating
	case "GET /v1/calendars/{calendar}/events/{event}":
		return providertest.Reading
	case "PATCH /v1/calendars/{calendar}/events/{event}":
		return providertest.Updating
	case "DELETE /v1/calendars/{calendar}/events/{event}":
		return providertest.Deleting
	default:
		return ""
	}
}

// ServeHTTP implements http.Handler.
func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.requests.Add(1)
	body, err := io.ReadAll(r.Body) // whole, without which the server would not notice that the client has gone
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	h := w.take(r)
	if h == nil {
		w.server.mux.ServeHTTP(rw, r)
		return
	}
	if h.gate != nil {
		w.came <- struct{}{}
		select {
		case <-h.gate:
			w.server.mux.ServeHTTP(rw, r)
		case <-r.Context().Done():
		}
		return
	}
	w.strike(rw, r, h.kind)
}

// strike answers a request wrongly. A refusal repeats the token: no error may pass on what it says.
func (w *wire) strike(rw http.ResponseWriter, r *http.Request, kind providertest.Harm) {
	refuse := func(status int, retryAfter string) {
		if retryAfter != "" {
			rw.Header().Set("Retry-After", retryAfter)
		}
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, `{"error":"`+token+`"}`) // nobody else to tell
	}
	switch kind {
	case providertest.Unavailable:
		refuse(http.StatusServiceUnavailable, "")
	case providertest.Throttled:
		refuse(http.StatusTooManyRequests, "17")
	case providertest.ThrottledUntil:
		refuse(http.StatusTooManyRequests, w.server.clock.Now().Add(23*time.Second).Format(http.TimeFormat))
	case providertest.Refused:
		refuse(http.StatusUnauthorized, "")
	case providertest.HTML:
		_, _ = io.WriteString(rw, "<html>"+token+"</html>")
	case providertest.LostAnswer, providertest.Truncated:
		answer := httptest.NewRecorder()
		w.server.mux.ServeHTTP(answer, r)
		if kind == providertest.Truncated {
			rw.WriteHeader(answer.Code)
			_, _ = rw.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
			_ = http.NewResponseController(rw).Flush()
		}
		panic(http.ErrAbortHandler) // net/http's way to end a connection
	}
}
