package intake_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
)

// A version without If-Match may have been made before the core heard of what was accepted: what it has not changed stays as accepted.
func TestVersionKeepsWhatWasAccepted(t *testing.T) {
	t.Parallel()
	for _, byPolicy := range []bool{true, false} {
		h := newHouse(t)
		if byPolicy {
			h.choose(every(cal.StanceAccept))
		}
		accept := func() {
			if !byPolicy {
				_, err := h.decide(accepted, "", 0)
				h.ok(err)
			}
			h.agreed(cal.Google, cal.Microsoft)
		}
		h.book(h.spec(1, cal.Google, cal.Microsoft))
		h.edits(cal.Google, func(c *cal.Content) {
			later(c)
			c.Title = "By hand"
			c.Attendees = append(slices.Clone(c.Attendees), cal.Attendee{Email: "new@person.test"})
		})
		accept()
		moved := h.read().Slot
		second := h.spec(2, cal.Google, cal.Microsoft)
		second.Description, second.Attendees = "Second", append(second.Attendees, cal.Attendee{Email: "second@core.test"})
		_, err := h.submit(second, 0)
		h.ok(err)
		h.agreed(cal.Google, cal.Microsoft)
		b := h.read()
		if !b.Slot.Equal(moved) || b.Spec.Title != "By hand" || b.Spec.Description != "Second" || len(b.Spec.Attendees) != 3 || b.Version != 2 {
			t.Errorf("by policy %t: %+v", byPolicy, b.Spec)
		}
		var told message.Accepted
		h.ok(json.Unmarshal(last(h, message.BookingAccepted), &told))
		if !slices.Equal(told.Kept, []string{"title", "slot", "attendees"}) {
			t.Errorf("kept %v", told.Kept)
		}
		r, err := h.submit(second, 0)
		h.ok(err)
		if !r.Repeat {
			t.Error("the same version again is no repetition")
		}
		third := second
		third.Version, third.Title = 3, "By the core"
		_, err = h.submit(third, 0)
		h.ok(err)
		h.agreed(cal.Google, cal.Microsoft)
		if b := h.read(); !b.Slot.Equal(moved) || b.Spec.Title != "By the core" {
			t.Errorf("by policy %t: a title that the core has changed: %+v", byPolicy, b.Spec)
		}
		fourth := third
		fourth.Version = 4
		_, err = h.submit(fourth, h.read().Revision)
		h.ok(err)
		h.agreed(cal.Google, cal.Microsoft)
		if b := h.read(); b.Slot.Equal(moved) || len(b.Spec.Attendees) != 2 || b.Submitted != nil {
			t.Errorf("by policy %t: with If-Match the version means what it says: %+v", byPolicy, b.Spec)
		}
		h.quiet()
	}
}

// last is the data of the last message of a type.
func last(h *house, kind message.Type) []byte {
	h.Helper()
	var out []byte
	for _, m := range h.feed() {
		if m.Type == kind {
			out = m.Data
		}
	}
	return out
}
