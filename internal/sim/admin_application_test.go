package sim_test

import (
	"net/http"
	"testing"
)

// Administrators open domains to applications over HTTP; what can be no application is refused, and says why.
func TestAdminAuthorise(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t)
	c := admin(t, s)
	want(t, c.Do("PUT", "/applications/microsoft/app", object{"domain": "contoso.example", "permissions": []string{"Calendars.ReadWrite"}}), http.StatusNoContent)
	want(t, c.Do("PUT", "/applications/microsoft/app", object{"domain": "contoso.example"}), http.StatusNoContent)
	for name, c2 := range map[string]struct {
		path string
		body object
	}{
		"no domain":                   {"/applications/microsoft/app", object{}},
		"an unknown permission":       {"/applications/microsoft/app", object{"domain": "contoso.example", "permissions": []string{"Mail.Read"}}},
		"a key at Microsoft":          {"/applications/microsoft/app", object{"domain": "contoso.example", "public_key": "x"}},
		"a service account, no key":   {"/applications/google/robot", object{"domain": "example.com"}},
		"a key that is none":          {"/applications/google/robot", object{"domain": "example.com", "public_key": "x"}},
		"a scope that Google has not": {"/applications/google/robot", object{"domain": "example.com", "public_key": "x", "permissions": []string{"calendar"}}},
		"an unknown provider":         {"/applications/caldav/app", object{"domain": "example.com"}},
	} {
		if a := c.Do("PUT", c2.path, c2.body); a.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.Status, a.Raw)
		}
	}
}
