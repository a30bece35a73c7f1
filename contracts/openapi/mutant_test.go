package openapi_test

import "testing"

// Each of these documents has one fault, and the checks have to find it.
func TestChecksCanFail(t *testing.T) {
	t.Parallel()
	put := func(o object) object { return inside(t, o, "paths", "/v1/bookings/{booking_id}", "put") }
	schema := func(o object, name string) object { return inside(t, o, "components", "schemas", name) }
	for name, spoil := range map[string]func(object){
		"another version":             func(o object) { o["openapi"] = "3.0.3" },
		"a key of another version":    func(o object) { schema(o, "Guest")["nullable"] = true },
		"a path without a slash":      func(o object) { inside(t, o, "paths")["v2"] = object{"get": put(o)} },
		"an answer without words":     func(o object) { delete(inside(t, put(o), "responses", "202"), "description") },
		"a body that is optional":     func(o object) { inside(t, put(o), "requestBody")["required"] = false },
		"a method that does not exit": func(o object) { inside(t, o, "paths", "/healthz")["fetch"] = put(o) },
		"a header nobody explains":    func(o object) { delete(inside(t, o, "components", "headers", "ETag"), "description") },
		"a path parameter not needed": func(o object) { delete(inside(t, o, "components", "parameters", "BookingID"), "required") },
		"a dangling reference": func(o object) {
			inside(t, schema(o, "BookingSpec"), "properties", "start")["$ref"] = "#/components/schemas/Then"
		},
		"a component nobody needs":    func(o object) { inside(t, o, "components", "schemas")["Spare"] = object{"type": "string"} },
		"an example that is invalid":  func(o object) { inside(t, schema(o, "When"), "properties", "date")["examples"] = []any{"soon"} },
		"a default that is invalid":   func(o object) { schema(o, "Notify")["default"] = "some" },
		"a pattern that is none":      func(o object) { schema(o, "BookingID")["pattern"] = "([" },
		"an id used twice":            func(o object) { put(o)["operationId"] = "getBooking" },
		"a tag nobody explains":       func(o object) { put(o)["tags"] = []any{"booking"} },
		"a placeholder undeclared":    func(o object) { delete(inside(t, o, "paths", "/v1/bookings/{booking_id}"), "parameters") },
		"an error that is no problem": func(o object) { inside(t, put(o), "responses")["409"] = object{"description": "conflict"} },
		"no word about scopes":        func(o object) { delete(put(o), "security") },
		"a scope nobody explains":     func(o object) { put(o)["security"] = []any{object{"key": []any{"booking:write"}}} },
		"a scope too small":           func(o object) { put(o)["security"] = []any{object{"key": []any{"bookings:read"}}} },
		"either of two scopes": func(o object) {
			put(o)["security"] = []any{object{"key": []any{"bookings:write"}}, object{"key": []any{}}}
		},
		"no key where one is needed": func(o object) { put(o)["security"] = []any{} },
		"a scope nobody needs": func(o object) {
			inside(t, o, "components", "securitySchemes", "key", "x-scopes")["spare:read"] = "Spare."
		},
		"a key where none is needed": func(o object) { delete(inside(t, o, "paths", "/healthz", "get"), "security") },
		"no word about errors":       func(o object) { delete(inside(t, put(o), "responses"), "default") },
	} {
		doc := document(t)
		spoil(doc)
		if len(faults(t, doc)) == 0 {
			t.Errorf("%s goes unnoticed", name)
		}
	}
}
