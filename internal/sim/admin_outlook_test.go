package sim_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

func TestOutlookOverHTTP(t *testing.T) {
	t.Parallel()
	s := simtest.Start(t, sim.Config{})
	host := s.Person(sim.Microsoft, "h@contoso.example", sim.Calendar{Primary: true}, sim.Calendar{Name: "Team"})
	s.Person(sim.Microsoft, "g@contoso.example")
	c := admin(t, s)
	const own, theirs = "/people/microsoft/h@contoso.example", "/people/microsoft/g@contoso.example/calendars/primary/events"
	made := want(t, c.Do("POST", own+"/calendars/primary/events", object{
		"title": "T", "start": "2026-10-01T10:00:00Z", "end": "2026-10-01T11:00:00Z", "attendees": []object{{"email": "g@contoso.example"}},
	}), http.StatusCreated).Text("id")
	path := own + "/calendars/primary/events/" + url.PathEscape(made)
	invited, _ := want(t, c.Do("GET", theirs, nil), http.StatusOK).Rows("events")[0]["id"].(string)
	answer := theirs + "/" + url.PathEscape(invited) + "/respond"
	want(t, c.Do("POST", answer, object{"response": "perhaps"}), http.StatusBadRequest)
	want(t, c.Do("POST", path+"/respond", object{"response": "accepted"}), http.StatusBadRequest)
	want(t, c.Do("POST", answer, object{"response": "accepted"}), http.StatusNoContent)
	if guests := want(t, c.Do("GET", path, nil), http.StatusOK).Rows("attendees"); guests[0]["response"] != "accepted" {
		t.Errorf("the guests are %v", guests)
	}
	team := host.Calendars[1].ID
	want(t, c.Do("POST", path+"/relocate", object{"calendar": "nosuch"}), http.StatusNotFound)
	want(t, c.Do("POST", path+"/relocate", object{"calendar": team}), http.StatusOK)
	want(t, c.Do("GET", own+"/calendars/"+url.PathEscape(team)+"/events/"+url.PathEscape(made), nil), http.StatusOK)
	want(t, c.Do("GET", path, nil), http.StatusNotFound)
	want(t, c.Do("POST", own+"/refuse-tokens", object{"aadsts": 50076}), http.StatusNoContent)
	want(t, c.Do("POST", own+"/refuse-tokens", object{"aadsts": 1}), http.StatusBadRequest)
}
