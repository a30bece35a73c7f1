package api_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

// keyWith makes a key of the tenant with these scopes.
func (b *bench) keyWith(scopes record.Scopes) string {
	b.Helper()
	k, err := b.store.CreateKey(b.Context(), b.tenant, store.PurposeAPI, scopes, "test")
	b.ok(err)
	return k.Secret
}

// filled is a path of the document with something in each place.
func filled(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = "x1"
		}
	}
	return strings.Join(parts, "/")
}

// needed is the scope that the document names for an operation.
func (o *oracle) needed(t *testing.T, op operation) record.Scope {
	t.Helper()
	item, _ := o.doc["paths"].(map[string]any)[op.path].(map[string]any)
	described, _ := item[strings.ToLower(op.method)].(map[string]any)
	for _, v := range described["security"].([]any) {
		for _, name := range v.(map[string]any)["key"].([]any) {
			return record.Scope(name.(string))
		}
	}
	t.Fatalf("%s %s needs no scope", op.method, op.path)
	return ""
}

// Each route asks for the scope that the document names: with all others a key is refused, before anything of the request is looked at, and with that
// one alone it is not.
func TestEveryRouteAsksForItsScope(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	all := record.AllScopes().List()
	refusing, letting := map[record.Scope]string{}, map[record.Scope]string{}
	for _, s := range all {
		letting[s] = b.keyWith(record.Scopes(s))
		noun, reads := strings.CutSuffix(string(s), ":read")
		others := slices.DeleteFunc(slices.Clone(all), func(o record.Scope) bool { return o == s || reads && o == record.Scope(noun+":write") })
		var names []string
		for _, o := range others {
			names = append(names, string(o))
		}
		refusing[s] = b.keyWith(record.Scopes(strings.Join(names, " ")))
	}
	n := 0
	for _, op := range b.oracle.operations() {
		if !strings.HasPrefix(op.path, "/v1/") {
			continue
		}
		n++
		need, path := b.oracle.needed(t, op), filled(op.path)
		methods := []string{op.method}
		if op.method == "GET" {
			methods = append(methods, "HEAD")
		}
		for _, method := range methods {
			b.unchanged(func() {
				a := b.call(method, path+"?nonsense", "{", header("Authorization", "Bearer "+refusing[need]))
				challenge := `Bearer realm="calweave", error="insufficient_scope", scope="` + string(need) + `"`
				if a.status != 403 || a.header.Get("WWW-Authenticate") != challenge {
					t.Errorf("%s %s without %s: %d %v", method, path, need, a.status, a.header)
				}
			})
			if a := b.call(method, path+"?nonsense", "{", header("Authorization", "Bearer "+letting[need])); a.status == 401 || a.status == 403 {
				t.Errorf("%s %s with %s: %d %s", method, path, need, a.status, a.body)
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d routes were looked at", n)
	}
}

// The scopes of the document are those that keys are made with.
func TestScopesAreTheDocument(t *testing.T) {
	t.Parallel()
	o := theOracle(t)
	components, _ := o.doc["components"].(map[string]any)
	schemes, _ := components["securitySchemes"].(map[string]any)
	key, _ := schemes["key"].(map[string]any)
	var names []string
	for name := range key["x-scopes"].(map[string]any) {
		names = append(names, name)
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != string(record.AllScopes()) {
		t.Errorf("the document has %s, the code %s", got, record.AllScopes())
	}
}

// What a key may do is told to whoever has it; a key without scopes may do nothing, and where there is no route nobody asks.
func TestMissingScopes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const mend = ". A key never gains a scope: make one that has it with calweave key create --scopes"
	for scopes, has := range map[record.Scopes]string{"": "none", "bookings:read messages:read": "bookings:read,messages:read"} {
		key := header("Authorization", "Bearer "+b.keyWith(scopes))
		a := b.call("PUT", "/v1/bookings/b1", b.spec(1), key)
		refused{"scope-missing", "this needs the scope bookings:write, and the scopes of this key are: " + has + mend, nil}.want(t, has, a)
		if a := b.call("GET", "/v1/nowhere", nil, key); a.status != 404 {
			t.Errorf("%s: no route: %d %s", has, a.status, a.body)
		}
		if a := b.call("POST", "/v1/calendars", nil, key); a.status != 405 {
			t.Errorf("%s: no method: %d %s", has, a.status, a.body)
		}
	}
}
