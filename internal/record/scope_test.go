package record_test

import (
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/record"
)

func TestParseScopes(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]record.Scopes{
		"bookings:read":                                   "bookings:read",
		"messages:read, bookings:write":                   "bookings:write messages:read",
		"bookings:read,bookings:read":                     "bookings:read",
		record.AllScopes().String():                       record.AllScopes(),
		"endpoints:write,connections:read,endpoints:read": "connections:read endpoints:read endpoints:write",
	} {
		if got, err := record.ParseScopes(strings.Split(given, ",")); err != nil || got != want {
			t.Errorf("%s: %q, %v", given, got, err)
		}
	}
	for _, given := range []string{"", "*", "all", "bookings", "bookings:admin", "Bookings:read", "bookings:read messages:read", "bookings:read,,messages:read"} {
		got, err := record.ParseScopes(strings.Split(given, ","))
		if err == nil || got != "" || !strings.Contains(err.Error(), "bookings:read,bookings:write,") || !strings.Contains(err.Error(), "is no scope") {
			t.Errorf("%q: %q, %v", given, got, err)
		}
	}
}

func TestScopesAllow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		have record.Scopes
		need record.Scope
		want bool
	}{
		{"bookings:read", "bookings:read", true},
		{"bookings:read", "bookings:write", false},
		{"bookings:write", "bookings:read", true},
		{"bookings:write", "bookings:write", true},
		{"bookings:write", "booking:read", false},
		{"bookings:write", "calendars:read", false},
		{"bookings:read endpoints:write", "endpoints:read", true},
		{"", "bookings:read", false},
		{"", "", false},
		{record.AllScopes(), "", false},
		{"*", "bookings:read", false},
		{record.AllScopes(), "messages:read", true},
	} {
		if got := c.have.Allow(c.need); got != c.want {
			t.Errorf("%q allows %q: %t", c.have, c.need, got)
		}
	}
}
