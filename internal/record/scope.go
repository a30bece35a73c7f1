package record

import (
	"fmt"
	"slices"
	"strings"
)

// Scope is something that an API key may do, as noun:read or noun:write. To write includes to read, since the answer to a write shows what stands.
type Scope string

// Scopes are the scopes of a key: names separated by single blanks, in the order of AllScopes. Empty, they allow nothing.
type Scopes string

// AllScopes returns every scope that there is. What each allows stands in the OpenAPI document, which also says which of them a route needs.
func AllScopes() Scopes {
	return "bookings:read bookings:write calendars:read calendars:write connections:read connections:write " +
		"endpoints:read endpoints:write messages:read work:read work:write"
}

// ParseScopes reads names of scopes, in any order. Its error names what is none and what there is.
func ParseScopes(names []string) (Scopes, error) {
	all := AllScopes().List()
	var given []Scope
	for _, name := range names {
		s := Scope(strings.TrimSpace(name))
		if !slices.Contains(all, s) {
			return "", fmt.Errorf("%q is no scope: give one or more of %s, separated by commas", name, AllScopes().String())
		}
		given = append(given, s)
	}
	all = slices.DeleteFunc(all, func(s Scope) bool { return !slices.Contains(given, s) })
	return join(all), nil
}

func join(list []Scope) Scopes {
	names := make([]string, len(list))
	for i, s := range list {
		names[i] = string(s)
	}
	return Scopes(strings.Join(names, " "))
}

// List returns the scopes one by one.
func (s Scopes) List() []Scope {
	var out []Scope
	for name := range strings.FieldsSeq(string(s)) {
		out = append(out, Scope(name))
	}
	return out
}

// Allow tells whether a key with these scopes may do what needs one. Nothing needs the empty scope.
func (s Scopes) Allow(need Scope) bool {
	for _, have := range s.List() {
		noun, writes := strings.CutSuffix(string(have), ":write")
		if have == need || writes && need == Scope(noun+":read") {
			return true
		}
	}
	return false
}

// String lists the scopes as the command line takes them.
func (s Scopes) String() string { return strings.ReplaceAll(string(s), " ", ",") }
