package intake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/memdriver"
	"github.com/calweave/calweave/internal/record"
)

// why is what an audit row says of a decision.
type why struct {
	record.Entry
	detail struct {
		CalendarID  string            `json:"calendar_id"`
		Version     int64             `json:"version"`
		Revision    int64             `json:"revision"`
		Generation  int64             `json:"generation"`
		ETag        string            `json:"etag"`
		Saw         string            `json:"saw"`
		Differs     map[string]string `json:"differs"`
		Fields      []string          `json:"fields"`
		Why         string            `json:"why"`
		Fault       fault.Kind        `json:"fault"`
		Attempts    int               `json:"attempts"`
		PersonMoved []string          `json:"person_changed"`
		Reported    []message.Type    `json:"reported"`
	}
}

// history is the booking's, read page by page.
func (h *house) history() []why {
	h.Helper()
	var out []why
	for after := ""; ; after = out[len(out)-1].ID {
		page, err := h.store.History(h.Context(), h.tenant, bookingID, after, 2)
		h.ok(err)
		if len(page) == 0 {
			return out
		}
		for _, e := range page {
			w := why{Entry: e}
			h.ok(json.Unmarshal(e.Detail, &w.detail))
			out = append(out, w)
		}
	}
}

// known wants the contract to describe all that an audit row holds: what it does not is shown to nobody.
func (h *house) known(e record.Entry) {
	h.Helper()
	detail := map[string]any{}
	h.ok(json.Unmarshal(e.Detail, &detail))
	delete(detail, "calendar_id") // which stands beside it
	raw, err := json.Marshal(detail)
	h.ok(err)
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&gen.HistoryDetail{}); err != nil {
		h.Errorf("%s: %v in %s", e.Action, err, raw)
	}
}

// One booking's way from its submission to a change that was taken over, and what its history says of each step.
func TestHistoryExplainsEachStep(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	failures := 2
	h.accounts[cal.Google].Hooks.Fate = func(_ context.Context, op memdriver.Op) memdriver.Fate {
		if op == memdriver.Create && failures > 0 {
			failures--
			return memdriver.Fate{Err: fault.Newf(fault.Transient, "create", "no answer in time")}
		}
		return memdriver.Fate{}
	}
	h.book(h.spec(1, cal.Google))
	h.person(cal.Google, later)
	_, err := h.decide(reverted, "", 0)
	h.ok(err)
	h.agreed(cal.Google)
	all := h.history()
	var actions []string
	for _, e := range all {
		h.known(e.Entry)
		actions = append(actions, e.Action)
	}
	want := []string{
		"booking.accepted", "link.writing", "work.failed", "link.writing", "work.failed", "link.writing", "link.synced", "link.diverged", "divergence.reverted",
		"link.writing", "link.synced",
	}
	if !slices.Equal(actions, want) {
		t.Fatalf("%v\nwant %v", actions, want)
	}
	for i, e := range all {
		if e.BookingID != bookingID || e.At.IsZero() || i > 0 && e.ID <= all[i-1].ID {
			t.Errorf("%d: %+v", i, e.Entry)
		}
		if i > 0 && e.detail.CalendarID != string(h.targets[cal.Google]) {
			t.Errorf("%s is about the calendar %q", e.Action, e.detail.CalendarID)
		}
	}
	for i, attempts := range map[int]int{2: 1, 4: 2} {
		if d := all[i].detail; d.Fault != fault.Transient || d.Attempts != attempts {
			t.Errorf("%d: %s", i, all[i].Detail)
		}
	}
	if e := all[0]; e.Actor != "key_1" || e.detail.Version != 1 || e.detail.Revision != 1 {
		t.Errorf("%+v", e)
	}
	if d := all[7].detail; d.Differs["slot"] != "person" || len(d.Differs) != 1 || d.Saw != "present" || d.ETag == "" || d.Generation != 1 || d.Why == "" ||
		!slices.Equal(d.Reported, []message.Type{message.BookingMoved}) {
		t.Errorf("%s", all[7].Detail)
	}
	if e := all[8]; e.Actor != "key_1" || e.detail.Revision != 3 || !slices.Equal(e.detail.PersonMoved, []string{"slot"}) {
		t.Errorf("%+v", e)
	}
	if d := all[9].detail; d.Differs["slot"] != "core" || d.Revision != 3 || d.Saw != "unread" || !slices.Equal(d.Fields, []string{"slot"}) {
		t.Errorf("%s", all[9].Detail)
	}
	if d := all[10].detail; len(d.Differs) != 0 || d.Saw != "present" {
		t.Errorf("%s", all[10].Detail)
	}
}

// Audit rows are kept in clear, so nothing of a booking, of a person's text or of an address stands in them.
func TestHistoryHoldsNoContent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	spec := h.spec(1, cal.Google, cal.Microsoft)
	spec.Title, spec.Description, spec.Location = "canary title", "canary text", "canary place"
	spec.Attendees[0] = cal.Attendee{Email: "canary@core.test", Name: "canary"}
	h.book(spec)
	h.person(cal.Google, func(c *cal.Content) {
		c.Title, c.Description = "canary title by hand", "canary text by hand"
		c.Attendees = append(slices.Clone(c.Attendees), cal.Attendee{Email: "canary@person.test"})
	})
	_, err := h.decide(accepted, "", 0)
	h.ok(err)
	h.agreed(cal.Google, cal.Microsoft)
	h.deletes(cal.Microsoft)
	_, err = h.decide(reverted, "", 0)
	h.ok(err)
	h.agreed(cal.Google, cal.Microsoft)
	all := h.history()
	for _, e := range all {
		h.known(e.Entry)
		if text := string(e.Detail) + e.Subject + e.Actor; strings.Contains(text, "canary") || strings.Contains(text, ".test") || strings.Contains(text, "2026-10-01") {
			t.Errorf("%s: %s", e.Action, text)
		}
	}
	if len(all) < 10 {
		t.Errorf("only %d entries", len(all))
	}
}
