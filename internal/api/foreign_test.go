package api_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/api/gen"
)

// named is a place in a request that names something of a tenant: a parameter of a path or a query, or a field of a body.
type named struct {
	operation operation
	// in is path, query or body.
	in, name string
}

// references are all of the document's: what is generated from it is tried for each route that is there, and for each that comes.
func (o *oracle) references() []named {
	var out []named
	for _, op := range o.operations() {
		if !strings.HasPrefix(op.path, "/v1/") {
			continue
		}
		for _, p := range o.parameters(op) {
			if in, _ := p["in"].(string); in == "path" || in == "query" {
				out = append(out, named{op, in, p["name"].(string)}) //nolint:forcetypeassert // the document was compiled
			}
		}
		for _, field := range o.fields(op) {
			out = append(out, named{op, "body", field})
		}
	}
	return out
}

// parameters are those of an operation and of its path, with what they refer to.
func (o *oracle) parameters(op operation) []map[string]any {
	item, _ := o.doc["paths"].(map[string]any)[op.path].(map[string]any)
	own, _ := item[strings.ToLower(op.method)].(map[string]any)
	var out []map[string]any
	for _, at := range []map[string]any{item, own} {
		all, _ := at["parameters"].([]any)
		for _, v := range all {
			p, _ := v.(map[string]any)
			out = append(out, o.follow(p))
		}
	}
	return out
}

// follow is what a reference of the document leads to.
func (o *oracle) follow(v map[string]any) map[string]any {
	for {
		ref, ok := v["$ref"].(string)
		if !ok {
			return v
		}
		v = o.doc
		for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			v, _ = v[part].(map[string]any)
		}
	}
}

// fields are the names of all fields of an operation's body whose value is an identifier of calweave's.
func (o *oracle) fields(op operation) []string {
	item, _ := o.doc["paths"].(map[string]any)[op.path].(map[string]any)
	own, _ := item[strings.ToLower(op.method)].(map[string]any)
	body, _ := own["requestBody"].(map[string]any)
	if body == nil {
		return nil
	}
	content, _ := body["content"].(map[string]any)
	kind, _ := content["application/json"].(map[string]any)
	schema, _ := kind["schema"].(map[string]any)
	names := map[string]bool{}
	o.gather(schema, names)
	return slices.Sorted(maps.Keys(names))
}

func (o *oracle) gather(schema map[string]any, into map[string]bool) {
	schema = o.follow(schema)
	properties, _ := schema["properties"].(map[string]any)
	for name, v := range properties {
		p, _ := v.(map[string]any)
		if p["$ref"] == "#/components/schemas/ID" {
			into[name] = true
		}
		o.gather(p, into)
	}
	if items, ok := schema["items"].(map[string]any); ok {
		o.gather(items, into)
	}
}

// unscoped are parameters that name nothing of a tenant.
func unscoped() []string {
	return []string{"limit", "version", "provider", "sync", "writable", "state", "since", "diverged", "updated_since", "starts_from", "starts_before", "from", "until", "kind", "reason", "occurrence"}
}

// Every route is asked for another tenant's things, wherever it lets anything be named, and answers as if they did not exist: with the same status and the
// same words as for what is nobody's, and without a trace.
func TestEveryRouteWithForeignNames(t *testing.T) {
	t.Parallel()
	r := newRooms(t)
	e := r.endpoint()
	delivery := r.test(e)
	r.test(e)
	letters := r.letters(2)
	r.drift("drift1", "drift2")
	guard := r.vanish(r.google, 2, "google")
	r.vanish(r.graph, 1, "graph")
	r.discover(r.other, r.connect(r.other, cal.Google), cal.Calendar{ID: "primary", Name: "Bob", Primary: true, Writable: true})
	own := r.bench.calendar(r.other, "primary")
	app := r.application()
	if a := r.as("PUT", "/v1/bookings/mine", r.spec(1, with("targets", to(own)))); a.status != 202 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	names := map[string][]string{
		"booking_id": {r.booking}, "token": {r.reservation}, "calendar_id": {r.calendar}, "connection_id": {r.connection, r.pending},
		"app_id": {app}, "endpoint_id": {e.ID}, "endpoint": {e.ID}, "delivery_id": {delivery.ID},
		"dead_letter_id": {letters[0].ID, letters[1].ID}, "guard_id": {guard.ID},
		"cursor": {
			r.cursor("/v1/calendars"), r.cursor("/v1/connections"), r.cursor("/v1/deliveries"), r.cursor("/v1/dead-letters"), r.cursor("/v1/drift"),
			r.cursor("/v1/guards"), r.cursor("/v1/guards/" + guard.ID + "/deletions"),
		},
		"after": {r.cursor("/v1/messages")},
	}
	bodies := map[string]func(id string) any{
		"PUT /v1/bookings/{booking_id}":         func(id string) any { return r.spec(2, with("targets", to(cal.CalendarID(id)))) },
		"POST /v1/connections":                  func(id string) any { return map[string]any{"provider": "google", "connection_id": id} },
		"PATCH /v1/calendars/{calendar_id}":     func(string) any { return map[string]any{"sync": "full", "writable_target": true} },
		"PATCH /v1/connections/{connection_id}": func(string) any { return map[string]any{"backflow": map[string]any{"moved": "accept"}} },
		"PATCH /v1/endpoints/{endpoint_id}":     func(string) any { return map[string]any{"url": "https://evil.example.com"} },
	}
	tried := 0
	all := r.oracle.references()
	// What a PUT makes under a foreign name is there from then on.
	slices.SortStableFunc(all, func(a, b named) int { return strings.Compare(order(a), order(b)) })
	for _, ref := range all {
		if slices.Contains(unscoped(), ref.name) {
			continue
		}
		if len(names[ref.name]) == 0 {
			t.Errorf("%s %s: nobody knows what %s names", ref.operation.method, ref.operation.path, ref.name)
		}
		for _, foreign := range names[ref.name] {
			body := bodies[ref.operation.method+" "+ref.operation.path]
			if ref.name == "app_id" {
				body = func(id string) any { return map[string]any{"provider": "google", "app_id": id} }
			}
			r.foreign(ref, own, foreign, body)
			tried++
		}
	}
	if tried < 30 {
		t.Errorf("%d names were tried", tried)
	}
}

// order puts a PUT after all others.
func order(ref named) string {
	return map[bool]string{true: "1", false: "0"}[ref.operation.method == "PUT"] + ref.operation.path + ref.operation.method + ref.in + ref.name
}

// cursor is where the first page of a list of the first tenant ends.
func (r *rooms) cursor(path string) string {
	r.Helper()
	var page struct {
		NextCursor string `json:"next_cursor"`
	}
	r.call("GET", path+"?limit=1", nil).into(r.T, 200, &page)
	if page.NextCursor == "" {
		r.Fatalf("%s has one page only", path)
	}
	return page.NextCursor
}

// foreign makes a request of the other tenant's that names something of the first one's, and one that names nobody's.
func (r *rooms) foreign(ref named, own cal.CalendarID, foreign string, body func(id string) any) {
	r.Helper()
	nobody := foreign[:len(foreign)-1] + map[bool]string{true: "1", false: "0"}[foreign[len(foreign)-1] == '0']
	path := ref.operation.path
	query := url.Values{}
	if ref.in == "path" {
		path = strings.ReplaceAll(path, "{"+ref.name+"}", "{}")
	}
	for _, p := range r.oracle.parameters(ref.operation) {
		switch name, _ := p["name"].(string); {
		case p["in"] == "query" && p["required"] == true:
			query.Set(name, map[string]string{"version": "2", "since": "2020-01-01T00:00:00Z"}[name])
		case p["in"] == "path" && name == "booking_id" && ref.in != "path":
			path = strings.ReplaceAll(path, "{booking_id}", "mine")
		case p["in"] == "path" && name == "guard_id" && ref.in != "path":
			path = strings.ReplaceAll(path, "{guard_id}", "grd_mine")
		case p["in"] == "path" && name != ref.name:
			r.Errorf("%s: what else does %s name?", ref.operation.path, name)
		}
	}
	if ref.in == "query" {
		query.Set(ref.name, "{}")
	}
	if len(query) > 0 {
		path += "?" + strings.ReplaceAll(query.Encode(), "%7B%7D", "{}")
	}
	if body == nil {
		body = nothing
	}
	switch {
	case ref.operation.method == "PUT" && ref.in == "path": // a tenant names its bookings as it likes
		if a := r.as("PUT", strings.ReplaceAll(path, "{}", foreign), r.spec(9, with("targets", to(own)), with("title", "Mine"))); a.status != 202 {
			r.Errorf("%d %s", a.status, a.body)
		}
		var b gen.Booking
		if r.call("GET", strings.ReplaceAll(path, "{}", foreign), nil).into(r.T, 200, &b); b.Version != 1 || b.Booking.Title == "Mine" {
			r.Errorf("%s wrote another tenant's booking: %+v", path, b)
		}
	case ref.in == "query" && ref.operation.method == "GET":
		r.empty(path, foreign, nobody)
	default:
		r.same(ref.operation.method, path, foreign, nobody, body)
	}
}

// empty fails unless a list that is filtered by what is another tenant's is as one that is filtered by nobody's, and shows nothing of the other tenant.
func (r *rooms) empty(path, foreign, nobody string) {
	r.Helper()
	a, b := r.as("GET", strings.ReplaceAll(path, "{}", foreign), nil), r.as("GET", strings.ReplaceAll(path, "{}", nobody), nil)
	for _, id := range []string{r.reservation, r.calendar, r.connection, r.pending, "dlv_", "end_"} {
		if strings.Contains(string(a.body), id) && !strings.Contains(foreign, id) {
			r.Errorf("%s shows %s: %s", path, id, a.body)
		}
	}
	if strings.Contains(path, "cursor=") || strings.Contains(path, "after=") {
		return // what a cursor stands for is a place in the tenant's own list, which may be known to be none
	}
	if a.status != b.status || string(a.body) != string(b.body) {
		r.Errorf("%s: of another tenant %d %s, of nobody %d %s", path, a.status, a.body, b.status, b.body)
	}
}
