package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/testkit/golden"
)

// findings are one of each kind that people meet.
func findings() []record.Finding {
	link := func(id string, booking cal.BookingID, state record.LinkState, w record.AuditedWork) record.AuditedLink {
		return record.AuditedLink{
			ID: cal.LinkID("lnk_" + id), BookingID: booking, CalendarID: "cal_1", ConnectionID: "con_1", Provider: cal.Google, State: state, Work: w,
		}
	}
	slot, title := cal.Fields(cal.FieldSlot), cal.Fields(cal.FieldTitle|cal.FieldLocation)
	at := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	all := []record.Finding{
		{AuditedLink: link("1", "kept", record.LinkSynced, record.AuditedWork{}), Would: record.WouldNothing, Why: "the event shows what is wanted"},
		{
			AuditedLink: link("2", "moved", record.LinkSynced, record.AuditedWork{}), Would: record.WouldReport, Person: slot,
			By: map[string]string{"slot": "person"}, Messages: []message.Type{message.BookingMoved}, Why: "a person has changed something",
		},
		{
			AuditedLink: link("3", "waiting", record.LinkPending, record.AuditedWork{State: record.Ready, NotBefore: at}), Would: record.WouldPush, Fields: title,
			By: map[string]string{"location": "core", "title": "core"}, Why: "the core has changed something",
		},
		{
			AuditedLink: link("4", "mails", record.LinkHeld, record.AuditedWork{State: record.Held, HeldFor: record.HeldForApproval, Reason: "guests"}),
			Would:       record.WouldHold, Fields: title, Why: "the event has guests",
		},
		{
			AuditedLink: link("5", "away", record.LinkSynced, record.AuditedWork{}), Would: record.WouldFail, Fault: fault.NeedsReauth,
			Why: "gateway: open: needs_reauth: the connection is needs_reauth",
		},
	}
	for i := range all {
		all[i].Judge()
	}
	return all
}

// What is printed, as a table and as JSON: programs and people read it.
func TestWhatADryRunPrints(t *testing.T) {
	t.Parallel()
	var sum driftSummary
	var table, object, nothing bytes.Buffer
	printers := map[driftPrinter]*bytes.Buffer{&driftTable{out: &table}: &table, &driftJSON{out: &object}: &object}
	for _, f := range findings() {
		sum.add(f)
		for p := range printers {
			if err := p.finding(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	sum.Next = "lnk_5"
	for p := range printers {
		if err := p.end(sum); err != nil {
			t.Fatal(err)
		}
	}
	golden.Check(t, "drift.txt", table.Bytes())
	golden.Check(t, "drift.json", object.Bytes())
	if err := (&driftJSON{out: &nothing}).end(driftSummary{Complete: true}); err != nil || !json.Valid(object.Bytes()) || !json.Valid(nothing.Bytes()) {
		t.Errorf("not JSON: %v\n%s\n%s", err, object.String(), nothing.String())
	}
}

// A long table is printed as it grows: what is held is one block.
func TestALongTableIsPrintedByBlocks(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := driftTable{out: &out}
	for range driftBlock + 1 {
		if err := p.finding(findings()[1]); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(out.String(), "\n"); n != driftBlock+1 {
		t.Errorf("%d lines before the end, want a block and its head", n)
	}
}

// The exit code tells drift from what could not be looked at.
func TestWhatADryRunEndsWith(t *testing.T) {
	t.Parallel()
	for sum, want := range map[driftSummary]int{
		{Drift: 1, Unreachable: 1}: 3, {Drift: 1, Next: "lnk_1"}: 3, {Unreachable: 1}: 4, {Next: "lnk_1"}: 4,
	} {
		var said bytes.Buffer
		if got := report(&said, driftError{sum}); got != want || sum.Next != "" && !strings.Contains(said.String(), "--after=lnk_1") {
			t.Errorf("%+v: %d, want %d: %s", sum, got, want, said.String())
		}
	}
}
