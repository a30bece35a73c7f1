package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// maxAdminBody bounds the body of an admin request.
const maxAdminBody = 1 << 20

// adminRoutes are for whoever drives the simulators from outside: a test in another process, a scenario, a person with curl. Nothing protects
// them.
func (s *Sim) adminRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sim/v1/openapi.yaml", serveDocument)
	for pattern, handle := range s.adminTable() {
		mux.Handle(pattern, handle)
	}
	return mux
}

// adminTable is every route but that of the document, which describes them all.
func (s *Sim) adminTable() map[string]adminHandler {
	const v1, person = "/sim/v1/", "/sim/v1/people/{provider}/{email}"
	const calendar = person + "/calendars/{calendar}"
	table := map[string]adminHandler{
		"GET " + v1 + "people":                                                           s.adminPeople,
		"POST " + v1 + "people":                                                          s.adminSeed,
		"PUT " + v1 + "applications/{provider}/{client}":                                 s.adminAuthorise,
		"POST " + person + "/tokens":                                                     s.adminToken,
		"POST " + person + "/consent":                                                    s.adminConsent,
		"POST " + person + "/revoke-grants":                                              s.adminRevoke,
		"POST " + person + "/expire-access":                                              s.adminExpireAccess,
		"GET " + person + "/channels":                                                    s.adminChannels,
		"DELETE " + person + "/channels/{channel}":                                       s.adminDropChannel,
		"POST " + person + "/channels/{channel}/lifecycle":                               s.adminLifecycle,
		"POST " + calendar + "/expire-cursors":                                           s.adminExpireCursors,
		"GET " + calendar + "/events":                                                    s.adminEvents,
		"POST " + calendar + "/events":                                                   s.adminCreateEvent,
		"GET " + calendar + "/events/{event}":                                            s.adminEvent,
		"PATCH " + calendar + "/events/{event}":                                          s.adminEditEvent,
		"DELETE " + calendar + "/events/{event}":                                         s.adminDeleteEvent,
		"POST " + calendar + "/events/{event}/respond":                                   s.adminRespond,
		"POST " + v1 + "people/google/{email}/calendars/{calendar}/events/{event}/split": s.adminSplit,
		"GET " + v1 + "switches":                                                         s.adminSwitches,
		"PATCH " + v1 + "switches":                                                       s.adminSetSwitches,
		"GET " + v1 + "switches/values":                                                  s.adminAlternatives,
		"GET " + v1 + "faults":                                                           s.adminFaults,
		"POST " + v1 + "faults":                                                          s.adminAddFault,
		"GET " + v1 + "faults/{id}":                                                      s.adminFault,
		"POST " + v1 + "faults/{id}/release":                                             s.adminReleaseFault,
		"DELETE " + v1 + "faults/{id}":                                                   s.adminRemoveFault,
		"GET " + v1 + "push-faults":                                                      s.adminPushFaults,
		"POST " + v1 + "push-faults":                                                     s.adminAddPushFault,
		"POST " + v1 + "push-faults/{id}/release":                                        s.adminReleasePushFault,
		"GET " + v1 + "requests":                                                         s.adminRequests,
		"GET " + v1 + "mails":                                                            s.adminMails,
		"GET " + v1 + "pushes":                                                           s.adminPushes,
		"POST " + v1 + "pushes":                                                          s.adminForge,
		"GET " + v1 + "clock":                                                            s.adminClock,
		"PATCH " + v1 + "clock":                                                          s.adminSetClock,
		"GET " + v1 + "wait":                                                             s.adminWait,
	}
	maps.Copy(table, s.outlookRoutes())
	return table
}

var errNotFound = errors.New("not found")

// adminHandler returns a status and what to answer, nil for nothing.
type adminHandler func(r *http.Request) (int, any, error)

// ServeHTTP implements http.Handler.
func (h adminHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxAdminBody)
	status, v, err := h(r)
	if err != nil {
		status, v = adminStatus(err), map[string]string{"error": err.Error()}
	}
	if v == nil {
		w.WriteHeader(status)
		return
	}
	raw, err := json.Marshal(v)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be marshalled"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(raw, '\n')) // a client that has gone needs no answer
}

func adminStatus(err error) int {
	for _, unknown := range []error{ErrUnknownPerson, ErrUnknownCalendar, ErrUnknownEvent, ErrUnknownChannel, errNotFound} {
		if errors.Is(err, unknown) {
			return http.StatusNotFound
		}
	}
	if errors.Is(err, ErrInvalid) {
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// decode reads the body, in which nothing may be unknown and nothing follow. An empty body is an empty object.
func decode[T any](r *http.Request, into *T) error {
	raw, err := body(r)
	if err != nil {
		return err
	}
	return unmarshal(raw, into)
}

func body(r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: reading the body: %w", ErrInvalid, err)
	}
	return raw, nil
}

func unmarshal[T any](raw []byte, into *T) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if rest := bytes.TrimSpace(raw[d.InputOffset():]); len(rest) > 0 {
		return fmt.Errorf("%w: something follows the JSON value", ErrInvalid)
	}
	return nil
}

// query returns the query's values, of which none may be unknown.
func query(r *http.Request, known ...string) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	for name := range q {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("%w: unknown query parameter %q", ErrInvalid, name)
		}
	}
	return q, nil
}

// after reads the number after which to list; 0 without one.
func after(q url.Values) (uint64, error) {
	if q.Get("after") == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(q.Get("after"), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: after: %w", ErrInvalid, err)
	}
	return n, nil
}
