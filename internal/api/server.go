package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/api/reference"
	"github.com/calweave/calweave/internal/record"
)

// Identity is whose API key a request came with.
type Identity struct {
	Tenant cal.TenantID
	KeyID  string
	// Scopes are what the key may do.
	Scopes record.Scopes
}

// Server serves the API.
type Server struct {
	Bookings     Bookings
	Ledger       Ledger
	Accounts     Accounts
	Applications Applications
	Calendars    Calendars
	Providers    Providers
	Flow         Flow
	Endpoints    Endpoints
	Deliveries   Deliveries
	// Drifts is what audits have found.
	Drifts Drifts
	// Mirror knows when the time of calendars is taken. What it was told longer than StaleAfter ago is called stale, unless the calendar is polled less
	// often than twice in that time.
	Mirror     Mirror
	StaleAfter time.Duration
	// DeadLetters is what was given up.
	DeadLetters DeadLetters
	// Guards are deletions that wait for a person's word.
	Guards    Guards
	Messages  Messages
	Requests  Requests
	Contract  *Contract
	Reference reference.Pages
	Log       *slog.Logger
	// Authenticate returns whose a bearer token is, or record.ErrNotFound.
	Authenticate func(ctx context.Context, token string) (Identity, error)
	// Trace returns the trace context (W3C) that a request goes on with, given the header that it came with.
	Trace func(header string) string
	// RequestID makes the id of a request.
	RequestID func() string
	// Measure begins to measure a request. What it returns hears what was answered, by the pattern of the route; nil measures nothing.
	Measure func() (answered func(route string, status int))
	// Arrive says that a core's request has come, and returns what says that it is answered. What strangers send does not count.
	Arrive func() (answered func())
	// CheckURL fails unless a URL may be connected to.
	CheckURL func(ctx context.Context, rawURL string) error
	// Secret makes the bytes of an endpoint's secret.
	Secret func() []byte
	// Cookie makes the value that binds a browser to its request: 43 characters.
	Cookie func() string
	// Ready fails while the process cannot serve.
	Ready func(ctx context.Context) error
	// Degraded says what the process does without for now, or nothing; nil says nothing.
	Degraded func() string
	// Limits bound how often a key is used, and how often one is guessed at; nil for no bounds.
	Limits *Limits
	// Timeout is how long an exchange may take before it is given up with 503; 0 for no end.
	Timeout time.Duration
	// PublicURL is where browsers and providers reach this server, without a trailing slash.
	PublicURL string
	// ReturnURLs are where an owner's browser may be sent once it is known what became of a connection.
	ReturnURLs []string
}

// bodyLimit bounds the body of a request.
const bodyLimit = 256 << 10

type contextKey int

const (
	keyRequestID contextKey = iota
	keyIdentity
	keyRoute
)

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(keyRequestID).(string)
	return id
}

func identity(ctx context.Context) Identity {
	id, _ := ctx.Value(keyIdentity).(Identity)
	return id
}

// Handler returns all routes. Who calls them and what protects them:
//
//	/v1/…          booking cores, at any rate; an API key with the route's scope
//	/connect/…     an owner's browser, once per connection; a one-time token in the link
//	/oauth/…       the same browser, sent back by the provider; state and cookie
//	/docs, …       whoever writes a booking core, now and then; nothing to protect
//	/healthz, …    orchestrators, every few seconds; nothing to protect
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/v1/", s.authenticate(s.routes()))
	for path, page := range map[string]http.HandlerFunc{"/connect/{token}": s.openConnect, "/oauth/{provider}/callback": s.finishConnect} {
		mux.HandleFunc("GET "+path, page)
		mux.HandleFunc("HEAD "+path, s.onlyGet) // both change something, and whoever previews a link sends HEAD
	}
	s.explain(mux)
	s.health(mux)
	return s.Guard(bound(mux))
}

// routes are those of the contract that need an API key.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	strict := gen.NewStrictHandlerWithOptions(s, nil, gen.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: func(w http.ResponseWriter, r *http.Request, _ error) {
			s.fail(w, r, refuse(record.ReasonMalformed, "the body does not fit the contract"))
		},
		ResponseErrorHandlerFunc: s.fail,
	})
	gen.HandlerWithOptions(strict, gen.StdHTTPServerOptions{
		BaseRouter: mux, Middlewares: []gen.MiddlewareFunc{s.once, s.validate},
		ErrorHandlerFunc: func(w http.ResponseWriter, r *http.Request, err error) { s.fail(w, r, unbound(r, err)) },
	})
	mux.HandleFunc(unroutedPattern, func(w http.ResponseWriter, r *http.Request) { s.unrouted(mux, w, r) })
	return s.permit(mux)
}

// unroutedPattern matches what no route does.
const unroutedPattern = "/"

const wrongParameter = "a parameter is not what the contract says"

// unbound is a parameter that the generated code could not read.
func unbound(r *http.Request, err error) error {
	const detail = wrongParameter
	if missing, ok := errors.AsType[*gen.RequiredParamError](err); ok {
		return refuse(record.ReasonInvalid, detail, message.Problem{Pointer: "query: " + missing.ParamName, Detail: "this parameter is required"})
	}
	if bad, ok := errors.AsType[*gen.InvalidParamFormatError](err); ok {
		what := "it cannot be read: give " + readable(bad.ParamName)
		if n := len(r.URL.Query()[bad.ParamName]); n > 1 {
			what = fmt.Sprintf("it is given %d times: give it once", n)
		}
		return refuse(record.ReasonInvalid, detail, message.Problem{Pointer: "query: " + bad.ParamName, Detail: what})
	}
	if many, ok := errors.AsType[*gen.TooManyValuesForParamError](err); ok {
		return refuse(record.ReasonInvalid, detail, message.Problem{
			Pointer: "header: " + many.ParamName, Detail: fmt.Sprintf("it is given %d times: give it once", many.Count),
		})
	}
	return refuse(record.ReasonInvalid, detail)
}

// readable is what can be read as a value of a parameter that is no text.
func readable(name string) string {
	if name == "writable" || name == "diverged" {
		return "true or false"
	}
	return "a whole number"
}

// HealthHandler returns the health checks alone, for processes that serve no API.
func (s *Server) HealthHandler() http.Handler {
	mux := http.NewServeMux()
	s.health(mux)
	return s.Guard(bound(mux))
}

func (s *Server) health(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc(unroutedPattern, func(w http.ResponseWriter, r *http.Request) { s.unrouted(mux, w, r) })
}

// unrouted answers what no route does: 405 where another method would have been right, else 404.
func (s *Server) unrouted(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		probe := r.Clone(r.Context())
		probe.Method = method
		if _, pattern := mux.Handler(probe); pattern != unroutedPattern && pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 {
		s.refuseMethod(w, r, allowed...)
		return
	}
	s.fail(w, r, refuse(reasonNotFound, "there is no such path: /docs lists them all"))
}

func (s *Server) refuseMethod(w http.ResponseWriter, r *http.Request, allowed ...string) {
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	s.fail(w, r, refuse(reasonMethod, "here only "+list+" can be used"))
}

func (s *Server) onlyGet(w http.ResponseWriter, r *http.Request) {
	s.refuseMethod(w, r, http.MethodGet)
}

// bodies says which schema the body of a route has to fit.
func bodies() map[string]string {
	return map[string]string{
		"PUT /v1/bookings/{booking_id}":     schemaBooking,
		"POST /v1/connections":              schemaConnection,
		"POST /v1/endpoints":                schemaEndpoint,
		"POST /v1/applications":             schemaApplication,
		"PATCH /v1/calendars/{calendar_id}": schemaChoice, "PATCH /v1/connections/{connection_id}": schemaBackflow,
		"PATCH /v1/endpoints/{endpoint_id}": schemaChange,
	}
}

// validate holds a request against the contract before anything of it is used.
func (s *Server) validate(next http.Handler) http.Handler {
	schemas := bodies()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.parameters(r); err != nil {
			s.fail(w, r, err)
			return
		}
		if schema, ok := schemas[r.Pattern]; ok {
			if err := s.body(r, schema); err != nil {
				s.fail(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// states are the schemas of what a list may be filtered by under the same name.
func states() map[string]string {
	return map[string]string{
		"GET /v1/connections": schemaState, "GET /v1/deliveries": schemaDeliveryState, "GET /v1/bookings": schemaBookingState,
		"GET /v1/guards": schemaGuardState,
	}
}

func (s *Server) parameters(r *http.Request) error {
	query := r.URL.Query()
	checks := []struct{ schema, pointer, value string }{
		{schemaBookingID, "path: booking_id", r.PathValue("booking_id")},
		{schemaID, "path: token", r.PathValue("token")},
		{schemaID, "path: calendar_id", r.PathValue("calendar_id")},
		{schemaCursor, "query: cursor", query.Get("cursor")},
		{schemaID, "query: connection_id", query.Get("connection_id")},
		{schemaID, "query: calendar_id", query.Get("calendar_id")},
		{schemaID, "path: connection_id", r.PathValue("connection_id")},
		{schemaID, "path: app_id", r.PathValue("app_id")},
		{schemaProvider, "query: provider", query.Get("provider")},
		{schemaSync, "query: sync", query.Get("sync")},
		{schemaID, "path: endpoint_id", r.PathValue("endpoint_id")},
		{schemaID, "path: delivery_id", r.PathValue("delivery_id")},
		{schemaID, "path: dead_letter_id", r.PathValue("dead_letter_id")},
		{schemaID, "path: guard_id", r.PathValue("guard_id")},
		{schemaWorkKind, "query: kind", query.Get("kind")},
		{schemaWords, "query: reason", query.Get("reason")},
		{schemaID, "query: after", query.Get("after")},
		{schemaID, "query: endpoint", query.Get("endpoint")},
		{states()[r.Pattern], "query: state", query.Get("state")},
	}
	for _, c := range checks {
		if c.value == "" || c.schema == "" {
			continue // a parameter that the route does not have is refused below
		}
		if err := s.Contract.value(c.schema, c.pointer, c.value); err != nil {
			return err
		}
	}
	if keys, ok := r.Header[headerIdempotency]; ok {
		if err := s.Contract.value(schemaKey, "header: "+headerIdempotency, strings.Join(keys, ",")); err != nil {
			return err
		}
	}
	return s.query(r)
}

// query refuses parameters that the route does not have: a cursor that is misspelt would begin the list anew for ever.
func (s *Server) query(r *http.Request) error {
	given, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return refuse(record.ReasonInvalid, "the query cannot be read: write special characters as %26 and the like, and & between parameters")
	}
	var problems []message.Problem
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(s.Contract.queries[r.Pattern], name) && len(problems) < problemLimit {
			problems = append(problems, message.Problem{Pointer: "query: " + bounded(name), Detail: "there is no such parameter: remove it, or check its spelling"})
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return refuse(record.ReasonInvalid, wrongParameter, problems...)
}

func (s *Server) body(r *http.Request, schema string) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return refuse(reasonMediaType, "send Content-Type: application/json")
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return err
		}
		return refuse(record.ReasonMalformed, "the body could not be read to its end")
	}
	if err := s.Contract.Document(schema, raw); err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	return nil
}
