package simtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// judge keeps what a check finds instead of failing.
type judge struct {
	testing.TB

	found []string
}

func (j *judge) Helper() {}

func (j *judge) Errorf(format string, args ...any) {
	j.found = append(j.found, fmt.Sprintf(format, args...))
}

func checked(t *testing.T, s *simtest.Sim, asked simtest.Asked) []string {
	t.Helper()
	j := &judge{TB: t}
	simtest.CheckMails(j, s.Sim, asked)
	return j.found
}

const guest = "guest@example.net"

// What a person does by hand may mail; what a program does may not, unless it was asked for, and is told with the event and the call.
func TestCheckMails(t *testing.T) {
	t.Parallel()
	for p, c := range map[sim.Provider]struct{ host, create, body, call string }{
		sim.Google: {
			"ada@example.com", "/calendars/primary/events?sendUpdates=all",
			`{"summary":"Booked","start":{"dateTime":"2027-03-01T10:00:00Z"},"end":{"dateTime":"2027-03-01T11:00:00Z"},"attendees":[{"email":"guest@example.net"}],
				"extendedProperties":{"private":{"stamp":"b1"}}}`,
			"POST /calendar/v3/calendars/primary/events?sendUpdates=all",
		},
		sim.Microsoft: {
			"grace@contoso.example", "/me/events",
			`{"subject":"Booked","start":{"dateTime":"2027-03-01T10:00:00","timeZone":"UTC"},"end":{"dateTime":"2027-03-01T11:00:00","timeZone":"UTC"},
				"attendees":[{"emailAddress":{"address":"guest@example.net"}}],
				"singleValueExtendedProperties":[{"id":"String {00000000-0000-0000-0000-000000000001} Name stamp","value":"b1"}]}`,
			"POST /v1.0/me/events",
		},
	} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			s := simtest.Start(t, sim.Config{})
			s.Person(p, c.host)
			at := time.Date(2027, 3, 2, 9, 0, 0, 0, time.UTC)
			in := sim.In{Provider: p, Email: c.host}
			e, err := s.CreateEvent(in, sim.Draft{Title: "By hand", Start: at, End: at.Add(time.Hour), Attendees: []sim.Attendee{{Email: guest}}, Notify: true})
			if err != nil {
				t.Fatal(err)
			}
			if mails := s.Mails(0); len(mails) != 1 || !mails[0].ByHand {
				t.Fatalf("mails %+v", mails)
			}
			if found := checked(t, s, nil); len(found) > 0 {
				t.Errorf("by hand: %q", found)
			}
			if a := s.Client(p, c.host).Do(http.MethodPost, c.create, c.body); a.Status/100 != 2 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			if err := s.DeleteEvent(in, e.ID, true); err != nil {
				t.Fatal(err)
			}
			found := checked(t, s, func(_ sim.Mail, about sim.Event) (string, bool) {
				for _, booking := range about.Properties {
					return booking, false
				}
				return "", true
			})
			if len(found) != 1 || !strings.Contains(found[0], "invitation to "+guest) || !strings.Contains(found[0], `of booking "b1", caused by `+c.call) {
				t.Errorf("found %q", found)
			}
			if found := checked(t, s, func(sim.Mail, sim.Event) (string, bool) { return "", true }); len(found) > 0 {
				t.Errorf("asked for: %q", found)
			}
		})
	}
}

// A log that has forgotten mails cannot show that there were none.
func TestCheckMailsWantsAllOfThem(t *testing.T) {
	t.Parallel()
	s := simtest.Start(t, sim.Config{LogSize: 2})
	s.Person(sim.Google, "ada@example.com")
	at := time.Date(2027, 3, 2, 9, 0, 0, 0, time.UTC)
	guests := []sim.Attendee{{Email: "a@example.net"}, {Email: "b@example.net"}, {Email: "c@example.net"}}
	if _, err := s.CreateEvent(sim.In{Provider: sim.Google, Email: "ada@example.com"}, sim.Draft{Start: at, End: at.Add(time.Hour), Attendees: guests, Notify: true}); err != nil {
		t.Fatal(err)
	}
	if found := checked(t, s, nil); len(found) != 1 || !strings.Contains(found[0], "begins with number 2") {
		t.Errorf("found %q", found)
	}
}
