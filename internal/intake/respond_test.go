package intake_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
)

// answers has the guests of an event answer, in order. The provider keeps addresses in letters of its own choice.
func answers(all ...cal.Response) func(*cal.Content) {
	return func(c *cal.Content) {
		c.Attendees = slices.Clone(c.Attendees)
		for i := range all {
			c.Attendees[i].Email, c.Attendees[i].Response = strings.ToLower(c.Attendees[i].Email), all[i]
		}
	}
}

// responded are the messages about answers, as "address: before, now".
func (h *house) responded() []string {
	h.Helper()
	var out []string
	for _, m := range h.feed() {
		if m.Type == message.BookingAttendeeResponded {
			var r message.Responded
			h.ok(json.Unmarshal(m.Data, &r))
			out = append(out, fmt.Sprintf("%s %s: %s, %s", r.Target.Provider, r.Attendee.Email, r.Was, r.Attendee.Response))
		}
	}
	return out
}

// Each answer is told once, whatever else becomes of the event, and is no change of the booking.
func TestResponsesFlowBack(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		h := newHouse(t)
		b := h.spec(1, p)
		b.Notify = cal.NotifyAll // the only way to guests at both
		b.Attendees = []cal.Attendee{{Email: "A@core.test", Name: "Ann"}, {Email: "b@core.test"}}
		h.book(b)
		want := []string{}
		told := func(news ...string) {
			t.Helper()
			for _, n := range news {
				want = append(want, string(p)+" "+n)
			}
			if got := h.responded(); !slices.Equal(got, want) {
				t.Fatalf("%s: told %q, want %q", p, got, want)
			}
		}
		told()
		revision := h.read().Revision
		h.edits(p, answers(cal.ResponseAccepted))
		told("A@core.test: none, accepted")
		h.edits(p, answers(cal.ResponseAccepted, cal.ResponseDeclined))
		told("b@core.test: none, declined")
		h.quiet()
		h.edits(p, answers(cal.ResponseTentative, cal.ResponseNone))
		told("A@core.test: accepted, tentative", "b@core.test: declined, none")
		if r := h.read(); r.Revision != revision || r.Diverged() {
			t.Errorf("%s: revision %d, diverged %t", p, r.Revision, r.Diverged())
		}
		h.edits(p, func(c *cal.Content) { // a change that waits for the core keeps no answer back
			answers(cal.ResponseDeclined)(c)
			c.Title = "By hand"
		})
		told("A@core.test: tentative, declined")
		h.wantDiverged(true)
		_, err := h.decide(accepted, "", 0)
		h.ok(err)
		h.agreed(p)
		second := b
		second.Version, second.Location = 2, "Room 5"
		_, err = h.submit(second, 0)
		h.ok(err)
		h.agreed(p)
		told()
	}
}

// The core hears of the guests whom it has named, where they stand for the booking.
func TestResponsesOfOthersAreNobodysBusiness(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.book(h.spec(1, cal.Google, cal.Microsoft))
	h.edits(cal.Google, func(c *cal.Content) {
		c.Attendees = append(slices.Clone(c.Attendees), cal.Attendee{Email: "new@person.test", Response: cal.ResponseAccepted})
	})
	h.edits(cal.Microsoft, func(c *cal.Content) {
		c.Attendees = []cal.Attendee{{Email: "guest@core.test", Response: cal.ResponseAccepted}}
	})
	if got := h.responded(); len(got) != 0 {
		t.Errorf("told %q", got)
	}
	h.edits(cal.Google, answers(cal.ResponseAccepted))
	if got := h.responded(); !slices.Equal(got, []string{"google guest@core.test: none, accepted"}) {
		t.Errorf("told %q", got)
	}
}
