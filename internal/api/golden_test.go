package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/testkit/golden"
)

// gallery is a bench whose answers are held against the document, and then kept in golden files.
type gallery struct {
	*bench
	folder string
	names  []string
	// shown are the answers of the document that have a file: "GET /v1/calendars 200".
	shown map[string]bool
}

func newGallery(t *testing.T, folder string) *gallery {
	t.Helper()
	return &gallery{bench: newBench(t), folder: folder, shown: map[string]bool{}}
}

// lasting puts examples in the place of what is another in each run, or on another machine: ids, the same for the same, cursors,
// the version of the time zones, and the secret of a link.
func lasting(raw []byte) []byte {
	raw = regexp.MustCompile(`"next_cursor":"[\w-]+"`).ReplaceAll(raw, []byte(`"next_cursor":"Y3Vyc29y"`))
	raw = regexp.MustCompile(`"dead_[\w-]+"`).ReplaceAll(raw, []byte(`"dead_ZXhhbXBsZQ"`))
	raw = regexp.MustCompile(`"trace_id":"[0-9a-f]{32}"`).ReplaceAll(raw, []byte(`"trace_id":"`+traceID+`"`))
	raw = regexp.MustCompile(`"tzdata":"\w+"`).ReplaceAll(raw, []byte(`"tzdata":"2026a"`))
	seen := map[string]string{}
	return regexp.MustCompile(`\b[a-z]{3}_[0-9a-f]{32}\b|/connect/[\w-]{43}`).ReplaceAllFunc(raw, func(in []byte) []byte {
		prefix, _, isID := strings.Cut(string(in), "_")
		if !isID || strings.HasPrefix(prefix, "/") {
			return []byte("/connect/" + strings.Repeat("x", 43))
		}
		if seen[string(in)] == "" {
			seen[string(in)] = fmt.Sprintf("%s_0199a1b2c3d47000800000000000%04d", prefix, len(seen)+1)
		}
		return []byte(seen[string(in)])
	})
}

// keep sends a request and holds its answer against the file of a name.
func (g *gallery) keep(name string, status int, send func() (method, path string, a answer)) {
	g.Helper()
	method, target, a := send()
	target, _, _ = strings.Cut(target, "?")
	if a.status != status {
		g.Fatalf("%s: %d %s, want %d", name, a.status, a.body, status)
	}
	if op, ok := g.oracle.find(method, target); ok {
		g.shown[method+" "+op.path+" "+strconv.Itoa(status)] = true
	}
	var out bytes.Buffer
	g.ok(json.Indent(&out, lasting(bytes.TrimSpace(a.body)), "", "  "))
	golden.Check(g.T, path.Join(g.folder, name+".json"), append(out.Bytes(), '\n'))
	g.names = append(g.names, name)
}

// send is a request to be made.
func (g *gallery) send(method, target string, body any) func() (string, string, answer) {
	return func() (string, string, answer) { return method, target, g.call(method, target, body) }
}

// complete fails if the folder holds a file that no answer belongs to.
func (g *gallery) complete() {
	g.Helper()
	entries, err := os.ReadDir(path.Join("testdata", g.folder))
	g.ok(err)
	for _, e := range entries {
		if !slices.Contains(g.names, strings.TrimSuffix(e.Name(), ".json")) {
			g.Errorf("testdata/%s/%s is no answer of any test: remove it", g.folder, e.Name())
		}
	}
}

// Every answer of the document that is JSON and no problem has a golden file; a booking and a reservation one for each of their states.
func TestAnswersAreGolden(t *testing.T) {
	t.Parallel()
	g := newGallery(t, "answers")
	g.keep("booking.accepted", 202, g.send("PUT", "/v1/bookings/b1", g.spec(1)))
	g.keep("booking.accepted-before", 200, g.send("PUT", "/v1/bookings/b1", g.spec(1)))
	g.keep("booking.read", 200, g.send("GET", "/v1/bookings/b1", nil))
	g.keep("booking.cancelled", 202, g.send("DELETE", "/v1/bookings/b1?version=2", nil))
	g.keep("booking.cancelled-before", 200, g.send("DELETE", "/v1/bookings/b1?version=2", nil))
	g.diverged("b2")
	g.keep("booking.divergence-accepted", 202, g.send("POST", "/v1/bookings/b2/divergence:accept", nil))
	g.keep("history", 200, g.send("GET", "/v1/bookings/b2/history", nil))
	g.keep("history.first-page", 200, g.send("GET", "/v1/bookings/b2/history?limit=1", nil))
	g.diverged("b3")
	g.keep("booking.divergence-reverted", 202, g.send("POST", "/v1/bookings/b3/divergence:revert", nil))
	g.keep("bookings", 200, g.send("GET", "/v1/bookings", nil))
	g.keep("bookings.first-page", 200, g.send("GET", "/v1/bookings?limit=1&state=booked&diverged=false", nil))
	g.keep("calendars", 200, g.send("GET", "/v1/calendars", nil))
	g.keep("calendars.first-page", 200, g.send("GET", "/v1/calendars?limit=1", nil))
	g.keep("calendar", 200, g.send("GET", "/v1/calendars/"+string(g.google), nil))
	g.keep("calendar.chosen", 200, g.send("PATCH", "/v1/calendars/"+string(g.graph), map[string]any{"sync": "full", "writable_target": false}))
	g.keep("connection", 201, g.send("POST", "/v1/connections", map[string]any{"provider": "google"}))
	g.keep("connections", 200, g.send("GET", "/v1/connections", nil))
	g.keep("providers", 200, g.send("GET", "/v1/providers", nil))
	g.keep("connections.first-page", 200, g.send("GET", "/v1/connections?limit=1", nil))
	g.keep("connection.active", 200, g.send("GET", "/v1/connections/"+g.account(g.google), nil))
	g.keep("connection.chosen", 200, g.send("PATCH", "/v1/connections/"+g.account(g.google), map[string]any{"backflow": map[string]any{"moved": "accept"}}))
	g.restrict(g.account(g.graph), cal.WriteEvents)
	g.keep("connection.restricted", 200, g.send("GET", "/v1/connections/"+g.account(g.graph), nil))
	begun := g.begun()
	g.keep("connection.disconnecting", 202, g.send("DELETE", "/v1/connections/"+begun, nil))
	g.end(begun)
	g.keep("connection.disconnected", 200, g.send("DELETE", "/v1/connections/"+begun, nil))
	g.applications()
	g.endpoints()
	g.keep("health.ok", 200, g.send("GET", "/healthz", nil))
	g.keep("ready.ok", 200, g.send("GET", "/readyz", nil))
	g.api.Degraded = func() string {
		return "Redis does not answer: providers are called within this process's own share of their limits"
	}
	g.keep("ready.degraded", 200, g.send("GET", "/readyz", nil))
	g.api.Degraded = nil
	g.states()
	g.ok(g.store.Close())
	g.keep("ready.unavailable", 503, g.send("GET", "/readyz", nil))
	g.complete()
	for _, op := range g.oracle.operations() {
		for status, v := range op.answers {
			described, _ := v.(map[string]any)
			content, _ := described["content"].(map[string]any)
			if answer := op.method + " " + op.path + " " + status; content["application/json"] != nil && !g.shown[answer] {
				t.Errorf("%s has no golden file", answer)
			}
		}
	}
}

// endpoints keeps an endpoint on its way, and what becomes of its messages.
func (g *gallery) endpoints() {
	g.Helper()
	g.keep("endpoint", 201, g.send("POST", "/v1/endpoints", map[string]any{
		"url": "https://core.example.com/calweave", "description": "Berlin", "types": []string{"booking.synced", "booking.moved"},
	}))
	all, err := g.store.Endpoints(g.Context(), g.tenant)
	g.ok(err)
	one := "/v1/endpoints/" + string(all[0].ID)
	g.keep("endpoints", 200, g.send("GET", "/v1/endpoints", nil))
	g.keep("endpoint.read", 200, g.send("GET", one, nil))
	g.keep("endpoint.disabled", 200, g.send("PATCH", one, map[string]any{"state": "disabled", "types": []string{}}))
	g.keep("endpoint.enabled", 200, g.send("PATCH", one, map[string]any{"state": "enabled"}))
	g.keep("endpoint.rotated", 200, g.send("POST", one+"/rotate", nil))
	g.keep("delivery.test", 202, g.send("POST", one+"/test", nil))
	page, err := g.store.Deliveries(g.Context(), g.tenant, record.DeliveryFilter{}, "", 1)
	g.ok(err)
	id := string(page[0].ID)
	a := answered(g.clock.Now(), 500, "out of order")
	g.ok(g.store.Finish(g.Context(), g.claim(id), record.Outcome{State: record.Ready, Attempts: 1, NotBefore: a.At.Add(5 * time.Second), Attempt: &a}))
	g.keep("delivery.pending", 200, g.send("GET", "/v1/deliveries/"+id, nil))
	g.clock.Advance(5 * time.Second)
	g.fails(id, http.StatusGone)
	g.keep("endpoint.gone", 200, g.send("GET", one, nil))
	g.keep("deliveries", 200, g.send("GET", "/v1/deliveries?state=failed", nil))
	g.keep("delivery.again", 202, g.send("POST", "/v1/deliveries/"+id+"/redeliver", nil))
	g.fails(id, http.StatusServiceUnavailable)
	g.keep("redelivery", 202, g.send("POST", one+"/redeliver?since=2026-01-01T00:00:00Z", nil))
	g.keep("messages", 200, g.send("GET", "/v1/messages?limit=2", nil))
	letter := "/v1/dead-letters/" + g.letters(2)[0].ID
	g.keep("dead-letters", 200, g.send("GET", "/v1/dead-letters?limit=1&kind=link:push&reason=quarantined", nil))
	g.keep("dead-letter", 200, g.send("GET", letter, nil))
	g.mirrored(g.google)
	g.keep("busy", 200, g.send("GET", "/v1/calendars/"+string(g.google)+"/busy?from=2026-08-31T00:00:00Z&until=2026-09-07T00:00:00Z", nil))
	g.drift("drifted")
	g.keep("drift", 200, g.send("GET", "/v1/drift", nil))
	g.keep("dead-letter.replayed", 202, g.send("POST", letter+"/replay", nil))
	hold := "/v1/guards/" + g.vanish(g.google, 2, "gone").ID
	g.keep("guards", 200, g.send("GET", "/v1/guards", nil))
	g.keep("guard", 200, g.send("GET", hold, nil))
	g.keep("guard.deletions", 200, g.send("GET", hold+"/deletions?limit=1", nil))
	g.keep("guard.approved", 202, g.send("POST", hold+"/approve", nil))
	g.clock.Advance(time.Second)
	g.keep("guard.rejected", 202, g.send("POST", "/v1/guards/"+g.vanish(g.google, 1, "again").ID+"/reject", nil))
	g.copied("b5", "copy-1", "copy-2")
	g.keep("copies.first-page", 200, g.send("GET", "/v1/bookings/b5/copies?limit=1", nil))
}

// states keeps a booking and its reservation in each state that a link can be in.
func (g *gallery) states() {
	g.Helper()
	s := shelved()
	g.api.Bookings = s
	s.booking.Spec = cal.Booking{
		Version: 3, Title: "Intro call", Description: "Agenda", Location: "Room 1", Notify: cal.NotifyAll,
		Start:     cal.When{DateTime: "2026-10-01T10:00:00", TimeZone: "Europe/Berlin"},
		End:       cal.When{DateTime: "2026-10-01T10:30:00", TimeZone: "Europe/Berlin"},
		Attendees: []cal.Attendee{{Email: "guest@example.org", Name: "Gus Guest", Optional: true}},
		Targets:   []cal.Target{{CalendarID: "cal_1", Authoritative: true}}, Metadata: map[string]string{"room": "4"},
	}
	moved := time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)
	berlin := func(at time.Time) cal.Moment { return cal.Moment{Instant: at, Zone: "Europe/Berlin"} }
	for _, c := range []struct {
		name string
		edit []func(*record.Link)
		// reservation is what the same link means for the version that it was accepted as.
		reservation string
	}{
		{"pending", []func(*record.Link){state(record.LinkPending, ""), synced(0, 0)}, "pending"},
		{"synced", nil, "synced"},
		{"diverged", []func(*record.Link){state(record.LinkDiverged, ""), func(l *record.Link) {
			l.Observed = &cal.Content{
				Title: "Intro call", Description: "Agenda", Location: "Room 2", Slot: cal.Slot{Start: berlin(moved), End: berlin(moved.Add(time.Hour))},
				Attendees: []cal.Attendee{{Email: "guest@example.org", Name: "Gus Guest", Optional: true, Response: cal.ResponseTentative}},
			}
		}}, ""},
		{"held", []func(*record.Link){state(record.LinkHeld, "the write would mail guests that the booking does not"), synced(2, 0)}, ""},
		{"failed", []func(*record.Link){state(record.LinkFailed, "forbidden (403)"), synced(2, 3)}, "failed"},
		{"removed", []func(*record.Link){state(record.LinkRemoved, "")}, ""},
	} {
		s.booking.Links = []record.Link{s.link(c.edit...)}
		g.keep("booking."+c.name, 200, g.send("GET", "/v1/bookings/b1", nil))
		if c.reservation != "" {
			s.reservation.Links = s.booking.Links
			g.keep("reservation."+c.reservation, 200, g.send("GET", "/v1/reservations/rsv_3", nil))
		}
	}
	s.reservation.Superseded, s.reservation.Links = true, []record.Link{s.link(synced(2, 0))}
	g.keep("reservation.superseded", 200, g.send("GET", "/v1/reservations/rsv_3", nil))
	s.booking.Cancelled, s.booking.Links, s.booking.Spec = true, nil, cal.Booking{Version: 3}
	g.keep("booking.tombstone", 200, g.send("GET", "/v1/bookings/b1", nil))
}

// Every problem has a golden file, made by a request that gets it.
func TestProblemsAreGolden(t *testing.T) {
	t.Parallel()
	g := newGallery(t, "problems")
	g.call("PUT", "/v1/bookings/b1", g.spec(2))
	g.call("PUT", "/v1/bookings/b1", g.spec(3, with("title", "Third")))
	g.diverged("b2")
	g.twiceDiverged("b4")
	g.untitled("b5")
	anonymous := func() (string, string, answer) { return "GET", "/v1/calendars", g.browse("/v1/calendars") }
	external := g.spec(1, with("notify", "external"), with("targets", to(g.graph)), with("attendees", []any{map[string]any{"email": "guest@example.org"}}))
	for _, c := range []struct {
		reason record.Reason
		send   func() (string, string, answer)
	}{
		{record.ReasonMalformed, g.send("PUT", "/v1/bookings/b3", `{"version": 1,`)},
		{record.ReasonInvalid, g.send("PUT", "/v1/bookings/b3", g.spec(0, without("title"), with("colour", "red")))},
		{record.ReasonSuperseded, g.send("PUT", "/v1/bookings/b1", g.spec(1))},
		{record.ReasonReused, g.send("PUT", "/v1/bookings/b1", g.spec(3, with("title", "Fourth")))},
		{record.ReasonDiverged, g.send("PUT", "/v1/bookings/b2", g.spec(2, with("title", "Second")))},
		{record.ReasonUndiverged, g.send("POST", "/v1/bookings/b1/divergence:accept", nil)},
		{record.ReasonAmbiguous, g.send("POST", "/v1/bookings/b4/divergence:accept", nil)},
		{record.ReasonUnacceptable, g.send("POST", "/v1/bookings/b5/divergence:accept", nil)},
		{"guard-decided", g.decided()},
		{"guard-changed", g.changedGuard()},
		{"calendar-not-listed", g.send("GET", "/v1/calendars/"+string(g.google)+"/busy?from=2026-08-31T00:00:00Z&until=2026-09-07T00:00:00Z", nil)},
		{"beyond-coverage", g.beyond()},
		{record.ReasonRevision, g.tagged("/v1/bookings/b1", g.spec(4))},
		{record.ReasonUnknown, g.send("GET", "/v1/bookings/b3", nil)},
		{record.ReasonCalendar, g.send("PUT", "/v1/bookings/b3", g.spec(1, with("targets", to(g.google, g.shared, g.gone))))},
		{record.ReasonNotify, g.send("PUT", "/v1/bookings/b3", external)},
		{"unauthorized", anonymous},
		{"scope-missing", g.limited("bookings:read messages:read")},
		{"rate-limited", g.hurried()},
		{"not-found", g.send("GET", "/v1/reservations/rsv_1", nil)},
		{"method-not-allowed", g.send("PATCH", "/v1/bookings/b1", nil)},
		{"too-large", g.send("PUT", "/v1/bookings/b3", g.spec(1, with("title", strings.Repeat("x", 300<<10))))},
		{"unsupported-media-type", g.typed("/v1/bookings/b3", "text/plain")},
		{"application-refused", g.refusedApplication(fmt.Errorf("%w: %w", api.ErrAppRefused, &fault.Error{
			Kind: fault.Misconfigured, Op: "google: token", Status: 401, Code: "unauthorized_client",
		}))},
		{"provider-unavailable", g.refusedApplication(&api.ProviderWaitError{
			Err: &fault.Error{Kind: fault.RateLimited, Op: "google: list calendars", Status: 429, RetryAfter: 39_001 * time.Millisecond}, After: 39_001 * time.Millisecond,
		})},
		{"seal-key-missing", g.broken(fault.New(fault.Misconfigured, "seal: open bookings.spec", &record.MissingKeyError{Key: 1234567890}))},
		{"application-in-use", g.usedApplication()},
		{"unavailable", g.broken(fault.Newf(fault.Transient, "store", "connection refused"))},
		{"internal", g.broken(errors.New("a defect"))},
		{"provider-not-configured", g.unconfigured()},
		{"endpoint-unusable", g.unusable()},
		{"limit-reached", g.crowded()},
		{"idempotency-key-reused", g.standing(record.RequestOther)},
		{"request-in-flight", g.standing(record.RequestElsewhere)},
		{"answer-lost", g.standing(record.RequestUnanswered)},
	} {
		g.keep(string(c.reason), api.Meanings()[c.reason].Status, c.send)
	}
	g.complete()
	if all := slices.Sorted(maps.Keys(api.Meanings())); fmt.Sprint(all) != fmt.Sprint(slices.Sorted(slices.Values(g.names))) {
		t.Errorf("golden files are there of %q, and problems are %q", g.names, all)
	}
}

// standing is a request with an idempotency key that has come that far.
func (g *gallery) standing(state record.RequestState) func() (string, string, answer) {
	return func() (string, string, answer) {
		g.api.Requests = standing(state)
		return "PUT", "/v1/bookings/b3", g.call("PUT", "/v1/bookings/b3", g.spec(1), key("3f0e4c1a"))
	}
}

// standing is what is known of every request.
type standing record.RequestState

func (s standing) ClaimRequest(ctx context.Context, _ cal.TenantID, _ record.Request) (context.Context, record.RequestClaim, error) {
	return ctx, record.RequestClaim{State: record.RequestState(s)}, nil
}

func (standing) SettleRequest(context.Context, cal.TenantID, record.RequestClaim, record.Answer) error {
	return nil
}

func (standing) GiveBackRequest(context.Context, cal.TenantID, record.RequestClaim) error { return nil }

// untitled makes a booking whose event a person has left without a title.
func (g *gallery) untitled(id cal.BookingID) {
	g.Helper()
	g.call("PUT", "/v1/bookings/"+string(id), g.spec(1)).into(g.T, 202, &gen.Booking{})
	g.settle(id, func(d *record.Decision) {
		seen := d.Link.Base.Read
		seen.Title = ""
		event := message.NewEvent(seen)
		d.Link.State, d.Link.Observed = record.LinkDiverged, &seen
		d.Reports = []record.Report{{Type: message.BookingEdited, Version: 1, Revise: true, Fields: []string{"title"}, Event: &event, Diverged: true}}
	})
}

func (g *gallery) tagged(target string, body any) func() (string, string, answer) {
	return func() (string, string, answer) {
		return "PUT", target, g.call("PUT", target, body, header("If-Match", `"1"`))
	}
}

func (g *gallery) typed(target, kind string) func() (string, string, answer) {
	return func() (string, string, answer) {
		return "PUT", target, g.call("PUT", target, g.spec(1), header("Content-Type", kind))
	}
}

// limited submits a booking with a key that may not.
func (g *gallery) limited(scopes record.Scopes) func() (string, string, answer) {
	return func() (string, string, answer) {
		return "PUT", "/v1/bookings/b3", g.call("PUT", "/v1/bookings/b3", g.spec(1), header("Authorization", "Bearer "+g.keyWith(scopes)))
	}
}

// hurried sends more requests than a key may.
func (g *gallery) hurried() func() (string, string, answer) {
	return func() (string, string, answer) {
		g.api.Limits = api.NewLimits(1, 1, g.clock)
		defer func() { g.api.Limits = nil }()
		one := g.send("GET", "/v1/calendars", nil)
		one()
		return one()
	}
}

// broken reads a booking while the database fails.
func (g *gallery) broken(err error) func() (string, string, answer) {
	return func() (string, string, answer) {
		healthy, s := g.api.Bookings, shelved()
		s.err, g.api.Bookings = err, s
		defer func() { g.api.Bookings = healthy }()
		return g.send("PUT", "/v1/bookings/b1", g.spec(1))()
	}
}

// unconfigured connects an account of a provider that has no OAuth client.
func (g *gallery) unconfigured() func() (string, string, answer) {
	return func() (string, string, answer) {
		g.api.Flow = &script{err: api.ErrNoProvider}
		return g.send("POST", "/v1/connections", map[string]any{"provider": "microsoft"})()
	}
}

// unusable makes an endpoint whose URL is refused.
func (g *gallery) unusable() func() (string, string, answer) {
	return func() (string, string, answer) {
		check := g.api.CheckURL
		g.api.CheckURL = func(context.Context, string) error {
			return errors.New("use https: plain http reaches addresses that the operator has allowed only")
		}
		defer func() { g.api.CheckURL = check }()
		return g.send("POST", "/v1/endpoints", map[string]any{"url": "http://core.example.com"})()
	}
}

// crowded makes one endpoint more than a tenant may have.
func (g *gallery) crowded() func() (string, string, answer) {
	return func() (string, string, answer) {
		one := g.send("POST", "/v1/endpoints", map[string]any{"url": "https://core.example.com"})
		for range 20 {
			one()
		}
		return one()
	}
}

// decided is a decision about a hold that was decided about.
func (g *gallery) decided() func() (string, string, answer) {
	path := "/v1/guards/" + g.vanish(g.google, 1, "decided").ID + "/approve"
	g.call("POST", path, nil)
	return g.send("POST", path, nil)
}

// changedGuard is a decision about a hold that was another one when it was read.
func (g *gallery) changedGuard() func() (string, string, answer) {
	path := "/v1/guards/" + g.vanish(g.graph, 2, "changed").ID + "/approve"
	return func() (string, string, answer) {
		return "POST", path, g.call("POST", path, nil, header("If-Match", `"1"`))
	}
}
