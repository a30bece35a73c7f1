package sim_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// starts are the summaries and starts of the single events that the caller sees.
func starts(c simtest.Client) (out []string) {
	for _, row := range c.Do("GET", "/calendars/primary/events?singleEvents=true&orderBy=startTime", nil).Rows("items") {
		summary, _ := row["summary"].(string)
		begin, _ := row["start"].(object)
		at, _ := begin["dateTime"].(string)
		out = append(out, summary+" "+at)
	}
	return out
}

// A person at Google makes a series, changes one occurrence, cancels one, and changes one with all that follow.
func TestSeriesByHandAtGoogle(t *testing.T) {
	t.Parallel()
	s := simtest.Start(t, sim.Config{})
	s.Person(sim.Google, googleHost)
	c, g := admin(t, s), s.Client(sim.Google, googleHost)
	const own = "/people/google/" + googleHost + "/calendars/primary/events"
	draft := object{
		"title": "Yoga", "start": "2026-10-05T10:00:00Z", "end": "2026-10-05T11:00:00Z", "zone": "Europe/Berlin",
		"recurrence": []string{"RRULE:FREQ=DAILY;COUNT=5"},
	}
	series := want(t, c.Do("POST", own, draft), http.StatusCreated).Text("id")
	changed := want(t, c.Do("PATCH", own+"/"+series+"_20261006T100000Z", object{"title": "Pilates", "start": "2026-10-06T12:00:00Z"}), http.StatusOK)
	if changed.Text("series") != series {
		t.Errorf("the occurrence: %s", changed.Raw)
	}
	want(t, c.Do("DELETE", own+"/"+series+"_20261007T100000Z", nil), http.StatusNoContent)
	split := want(t, c.Do("POST", own+"/"+series+"_20261008T100000Z/split", object{"title": "Stretching"}), http.StatusCreated)
	if split.Text("id") == series || split.Text("title") != "Stretching" {
		t.Errorf("the new series: %s", split.Raw)
	}
	if got := starts(g); !slices.Equal(got, []string{
		"Yoga 2026-10-05T10:00:00Z", "Pilates 2026-10-06T12:00:00Z", "Stretching 2026-10-08T10:00:00Z", "Stretching 2026-10-09T10:00:00Z",
	}) {
		t.Errorf("the days are %q", got)
	}
	want(t, c.Do("POST", own+"/"+series+"/split", object{}), http.StatusNotFound)
	want(t, c.Do("POST", own+"/"+series+"_20261005T100000Z/split", object{}), http.StatusBadRequest)
	want(t, c.Do("POST", own+"/"+series+"_20261008T100000Z/split", object{"colour": 1}), http.StatusBadRequest)
	draft["recurrence"] = []string{"RRULE:FREQ=SOMETIMES"}
	want(t, c.Do("POST", own, draft), http.StatusBadRequest)
	want(t, c.Do("GET", own, nil), http.StatusOK)
}

// A guest at Google answers an invitation, to one event and to one occurrence of a series.
func TestAnswersByHandAtGoogle(t *testing.T) {
	t.Parallel()
	s := simtest.Start(t, sim.Config{})
	s.Person(sim.Google, googleHost)
	s.Person(sim.Google, "guest@example.com")
	c := admin(t, s)
	const own, theirs = "/people/google/" + googleHost + "/calendars/primary/events", "/people/google/guest@example.com/calendars/primary/events"
	for name, recurrence := range map[string][]string{"": nil, "_20261006T100000Z": {"RRULE:FREQ=DAILY;COUNT=3"}} {
		draft := object{
			"title": "T", "start": "2026-10-05T10:00:00Z", "end": "2026-10-05T11:00:00Z", "zone": "UTC", "attendees": []object{{"email": "guest@example.com"}},
		}
		if recurrence != nil {
			draft["recurrence"] = recurrence
		}
		id := want(t, c.Do("POST", own, draft), http.StatusCreated).Text("id") + name
		before := len(s.Mails(0))
		want(t, c.Do("POST", theirs+"/"+id+"/respond", object{"response": "perhaps"}), http.StatusBadRequest)
		want(t, c.Do("POST", own+"/"+id+"/respond", object{"response": "accepted"}), http.StatusBadRequest)
		want(t, c.Do("POST", theirs+"/nosuch/respond", object{"response": "accepted"}), http.StatusNotFound)
		want(t, c.Do("POST", theirs+"/"+id+"/respond", object{"response": "tentative"}), http.StatusNoContent)
		if guests := want(t, c.Do("GET", own+"/"+id, nil), http.StatusOK).Rows("attendees"); len(guests) != 1 || guests[0]["response"] != "tentative" {
			t.Errorf("%s: the guests are %v", name, guests)
		}
		if mails := s.Mails(0)[before:]; len(mails) != 1 || mails[0].Kind != "reply" || mails[0].To != googleHost {
			t.Errorf("%s: mailed %v", name, mails)
		}
	}
	want(t, c.Do("POST", "/people/apple/guest@example.com/calendars/primary/events/x/respond", object{"response": "accepted"}), http.StatusBadRequest)
}
