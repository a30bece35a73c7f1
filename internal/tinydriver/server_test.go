package tinydriver

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/calweave/calweave/internal/clock"
)

// object is a JSON object.
type object = map[string]any

const (
	calendarID = "home"
	owner      = "ada@tiny.example"
	token      = "CANARY-access-token"
)

// server is the tiny calendar server, with one account that has one calendar. An event is the object that it is on the wire, beside which the
// server keeps when it last changed.
type server struct {
	clock  *clock.Manual
	mux    *http.ServeMux
	mu     sync.Mutex
	events map[string]object
	// changed is the change that an event is of, by id, and change the newest of all. A cursor is a change and the era that it is from.
	changed     map[string]int
	change, era int
	mails       int
	// emptyFirst has each listing begin with an empty page, and strange each object with what nobody has heard of.
	emptyFirst, strange bool
}

func newServer(now *clock.Manual) *server {
	s := &server{clock: now, mux: http.NewServeMux(), events: map[string]object{}, changed: map[string]int{}, change: 1}
	for pattern, handle := range map[string]func(*http.Request) (int, any){
		"GET /v1/calendars":                              s.calendars,
		"GET /v1/calendars/{calendar}/events":            s.list,
		"POST /v1/calendars/{calendar}/events":           s.create,
		"GET /v1/calendars/{calendar}/events/{event}":    s.read,
		"PATCH /v1/calendars/{calendar}/events/{event}":  s.update,
		"DELETE /v1/calendars/{calendar}/events/{event}": s.remove,
	} {
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			status, doc := s.admit(r, handle)
			raw, err := json.Marshal(doc)
			s.mu.Unlock()
			if err != nil {
				status = http.StatusInternalServerError
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			if status != http.StatusNoContent {
				_, _ = w.Write(raw) // nobody else to tell
			}
		})
	}
	return s
}

func refusal(status int, code string) (int, any) {
	return status, object{"error": code, "text": "CANARY: what was sent"}
}

func (s *server) admit(r *http.Request, handle func(*http.Request) (int, any)) (int, any) {
	if r.Header.Get("Authorization") != "Bearer "+token {
		return refusal(http.StatusUnauthorized, "unauthorized")
	}
	if id := r.PathValue("calendar"); id != "" && id != calendarID {
		return refusal(http.StatusNotFound, "no_such_calendar")
	}
	status, doc := handle(r)
	if s.strange {
		doc = estrange(doc)
	}
	return status, doc
}

func (s *server) calendars(*http.Request) (int, any) {
	home := object{"id": calendarID, "name": "Home", "owner": owner, "primary": true, "writable": true, "zone": "Europe/Berlin"}
	return http.StatusOK, object{"calendars": []any{home}}
}

func (s *server) read(r *http.Request) (int, any) {
	e, ok := s.events[r.PathValue("event")]
	if !ok {
		return refusal(http.StatusNotFound, "no_such_event")
	}
	return http.StatusOK, e
}

// put stores an event as changed now.
func (s *server) put(e object) object {
	s.change++
	if e["id"] == nil {
		e["id"], e["status"], e["guests"] = fmt.Sprint("e", s.change), "confirmed", append([]any{}, list(e["guests"])...)
	}
	e["revision"], e["updated"] = fmt.Sprint("r", s.change), s.clock.Now().Format(time.RFC3339)
	id := text(e["id"])
	s.events[id], s.changed[id] = e, s.change
	return e
}

func (s *server) create(r *http.Request) (int, any) {
	body, ok := bodyIn(r, "key", "title", "notes", "place", "start", "end", "invite")
	key := text(body["key"])
	if !ok || key == "" || body["start"] == nil || body["end"] == nil {
		return refusal(http.StatusBadRequest, "bad_event")
	}
	for _, e := range s.events {
		if e["key"] == key {
			return http.StatusOK, e
		}
	}
	invite(body, list(body["invite"]))
	delete(body, "invite")
	s.mail(r, body)
	return http.StatusCreated, s.put(body)
}

// standing is the event that a write is about, or why it cannot be written.
func (s *server) standing(r *http.Request) (e object, status int, code string) {
	e, ok := s.events[r.PathValue("event")]
	match := r.Header.Get("If-Match")
	switch {
	case !ok:
		return nil, http.StatusNotFound, "no_such_event"
	case e["status"] == "cancelled":
		return nil, http.StatusGone, "deleted"
	case match != "" && match != strconv.Quote(text(e["revision"])):
		return nil, http.StatusPreconditionFailed, "changed"
	}
	return e, 0, ""
}

func (s *server) update(r *http.Request) (int, any) {
	e, status, code := s.standing(r)
	if e == nil {
		return refusal(status, code)
	}
	body, ok := bodyIn(r, "title", "notes", "place", "start", "end", "invite", "uninvite")
	if !ok {
		return refusal(http.StatusBadRequest, "bad_event")
	}
	e = maps.Clone(e)
	invite(e, list(body["invite"]))
	for _, email := range list(body["uninvite"]) {
		e["guests"] = slices.DeleteFunc(list(e["guests"]), func(g any) bool { return emailOf(g) == email })
	}
	delete(body, "invite")
	delete(body, "uninvite")
	maps.Copy(e, body)
	s.mail(r, e)
	return http.StatusOK, s.put(e)
}

func (s *server) remove(r *http.Request) (int, any) {
	e, status, code := s.standing(r)
	if e == nil {
		return refusal(status, code)
	}
	s.mail(r, e)
	s.cancel(e)
	return http.StatusNoContent, nil
}

// cancel deletes an event, and a series with all its occurrences.
func (s *server) cancel(e object) {
	for _, other := range s.events {
		if other["id"] == e["id"] || other["part_of"] == e["id"] {
			other = maps.Clone(other)
			other["status"] = "cancelled"
			s.put(other)
		}
	}
}

// mail tells the guests, unless nobody is to be told.
func (s *server) mail(r *http.Request, e object) {
	if r.URL.Query().Get("mail") != "none" {
		s.mails += len(list(e["guests"]))
	}
}

// list shows a page of the events that changed since a cursor, in the order of their ids; without one, of those that stand.
func (s *server) list(r *http.Request) (int, any) {
	q := r.URL.Query()
	era, since, upto, after := s.era, 0, s.change, ""
	var err error
	if page := q.Get("page"); page != "" {
		_, err = fmt.Sscanf(page, "%d.%d.%d.%q", &era, &since, &upto, &after)
	} else if cursor := q.Get("since"); cursor != "" {
		_, err = fmt.Sscanf(cursor, "%d.%d", &era, &since)
	}
	if err != nil || era != s.era {
		return refusal(http.StatusGone, "cursor_lost")
	}
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 {
		limit = 100
	}
	if s.emptyFirst && q.Get("page") == "" {
		limit = 0
	}
	rows := []any{}
	for _, id := range slices.Sorted(maps.Keys(s.events)) {
		e := s.events[id]
		if id <= after || s.changed[id] <= since || since == 0 && e["status"] == "cancelled" {
			continue
		}
		if len(rows) == limit {
			return http.StatusOK, object{"events": rows, "next": fmt.Sprintf("%d.%d.%d.%q", era, since, upto, after)}
		}
		rows, after = append(rows, e), id
	}
	return http.StatusOK, object{"events": rows, "cursor": fmt.Sprintf("%d.%d", era, upto)}
}

// bodyIn reads a body that has no other fields than these.
func bodyIn(r *http.Request, fields ...string) (object, bool) {
	var body object
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		return nil, false
	}
	for name := range body {
		if !slices.Contains(fields, name) {
			return nil, false
		}
	}
	return body, true
}

// invite adds guests, and changes those that are there and keep their answers.
func invite(e object, guests []any) {
	all := slices.Clone(list(e["guests"]))
	for _, g := range guests {
		guest, _ := g.(object)
		i := slices.IndexFunc(all, func(there any) bool { return emailOf(there) == emailOf(guest) })
		if i < 0 {
			all = append(all, guest)
			continue
		}
		there, _ := all[i].(object)
		there = maps.Clone(there)
		maps.Copy(there, guest)
		all[i] = there
	}
	e["guests"] = all
}

func list(v any) []any {
	all, _ := v.([]any)
	return all
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func emailOf(guest any) string {
	g, _ := guest.(object)
	return strings.ToLower(text(g["email"]))
}

// estrange gives every object of an answer what nobody has heard of, and enumerations a value that nobody has.
func estrange(doc any) any {
	switch v := doc.(type) {
	case object:
		out := object{"unheard_of": object{"of": []any{1, "two", nil}}}
		for name, value := range v {
			out[name] = estrange(value)
			if (name == "status" || name == "response") && value != "cancelled" {
				out[name] = "unheardOf"
			}
		}
		return out
	case []any:
		out := []any{}
		for _, one := range v {
			out = append(out, estrange(one))
		}
		return out
	default:
		return doc
	}
}
