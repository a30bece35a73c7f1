package message_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/testkit/golden"
)

// examples holds one value of the Go type that belongs to each message type, with as many fields set as it has.
func examples() map[message.Type]any {
	booking := message.Booking{
		BookingID: "bk-2041", Version: 3, Revision: 7, Sequence: 2, ReservationToken: "rsv_0199a1b2c3d470008000000000000001",
	}
	target := message.Target{
		CalendarID: "cal_0199a1b2c3d4700080000000000000a1", ConnectionID: "con_0199a1b2c3d4700080000000000000c1", Provider: cal.Google,
	}
	berlin := func(hour int) cal.Moment {
		return cal.Moment{Instant: time.Date(2026, 10, 1, hour, 0, 0, 0, time.UTC), Zone: "Europe/Berlin"}
	}
	timed := message.NewEvent(cal.Content{
		Title: "Intro call", Description: "Agenda", Location: "Room 1", Slot: cal.Slot{Start: berlin(9), End: berlin(10)},
		Attendees: []cal.Attendee{{Email: "guest@example.org", Name: "Gus Guest", Optional: true, Response: cal.ResponseTentative}},
	})
	allDay := message.NewEvent(cal.Content{
		Title: "Intro call", Slot: cal.Slot{Start: cal.Moment{Date: "2026-10-01"}, End: cal.Moment{Date: "2026-10-02"}},
	})
	slot := cal.Fields(cal.FieldSlot)
	return map[message.Type]any{
		message.BookingAccepted: message.Accepted{Booking: booking, Kept: slot.Names()},
		message.BookingRejected: message.Rejected{
			BookingID: "bk-2041", Version: 3, Reason: "validation", Detail: "one field is wrong",
			Problems: []message.Problem{{Pointer: "/booking/start/time_zone", Detail: "time_zone is missing"}},
		},
		message.BookingSynced:   message.Synced{Booking: booking, Target: target, Outcome: message.OutcomePresent},
		message.BookingMoved:    message.Changed{Booking: booking, Target: target, Fields: slot.Names(), Event: timed, Diverged: true},
		message.BookingEdited:   message.Changed{Booking: booking, Target: target, Fields: cal.AllFields.Names(), Event: allDay, Diverged: true},
		message.BookingRestored: message.Changed{Booking: booking, Target: target, Fields: cal.Fields(0).Names(), Event: timed},
		message.BookingRemoved:  message.Removed{Booking: booking, Target: target, Diverged: true},
		message.BookingDecided:  message.Decided{Booking: booking, Target: target, Decision: message.DecisionAccepted, By: message.DeciderPolicy, Fields: slot.Names()},
		message.BookingAttendeeResponded: message.Responded{
			Booking: booking, Target: target, Was: cal.ResponseNone,
			Attendee: cal.Attendee{Email: "guest@example.org", Name: "Gus Guest", Response: cal.ResponseAccepted},
		},
		message.BookingConferenceReady:  message.Conference{Booking: booking, Target: target, URL: "https://meet.google.com/abc-defg-hij"},
		message.BookingConferenceFailed: message.Stopped{Booking: booking, Target: target, Reason: "The calendar has no Google Meet."},
		message.BookingHeld:             message.Stopped{Booking: booking, Target: target, Reason: "the change would mail 2 guests"},
		message.BookingFailed:           message.Stopped{Booking: booking, Target: target, Reason: "the calendar is read-only"},
		message.ConnectionActivated:     message.Connection{ConnectionID: target.ConnectionID, Provider: cal.Google},
		message.ConnectionNeedsReauth:   message.Connection{ConnectionID: target.ConnectionID, Provider: cal.Microsoft, Reason: "consent was withdrawn"},
		message.ConnectionDisconnected: message.Disconnected{
			ConnectionID: target.ConnectionID, Provider: cal.Google, Revocation: message.RevocationFailed, ChannelsLeft: 1,
		},
		message.CalendarGuarded: message.Guarded{
			CalendarID: target.CalendarID, ConnectionID: target.ConnectionID, Provider: cal.Google, GuardID: "grd_0199a1b2c3d4700080000000000000f1", Missing: 40,
		},
		message.CalendarUnguarded: message.Unguarded{
			CalendarID: target.CalendarID, ConnectionID: target.ConnectionID, Provider: cal.Google, GuardID: "grd_0199a1b2c3d4700080000000000000f1",
			Outcome: message.GuardRejected, Events: 40,
		},
		message.EndpointDisabled: message.EndpointStopped{
			EndpointID: "end_0199a1b2c3d4700080000000000000e1", Reason: message.DisabledGone, MessageID: "msg_0199a1b2c3d470008000000000000008",
		},
		message.EndpointTested: message.EndpointTest{EndpointID: "end_0199a1b2c3d4700080000000000000e1"},
	}
}

func envelope(t *testing.T, typ message.Type, data any) message.Envelope {
	t.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	return message.Envelope{
		ID: "msg_0199a1b2c3d470008000000000000009", Type: typ, Timestamp: time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC), Data: raw,
	}
}

func TestEveryTypeHasASchemaAndAValidGolden(t *testing.T) {
	t.Parallel()
	whole, examples := compile(t, message.EnvelopeSchema), examples()
	for _, typ := range message.Types() {
		data, ok := examples[typ]
		if !ok {
			t.Errorf("%s has no example", typ)
			continue
		}
		if raw, ok := message.Schema(typ); !ok || !json.Valid(raw) {
			t.Errorf("%s has no schema", typ)
			continue
		}
		e := envelope(t, typ, data)
		golden.JSON(t, string(typ)+".json", e)
		if err := compile(t, string(typ)+".json").Validate(instance(t, e.Data)); err != nil {
			t.Errorf("data of %s: %v", typ, err)
		}
		if err := whole.Validate(instance(t, e)); err != nil {
			t.Errorf("%s: %v", typ, err)
		}
	}
}

func TestNoFileIsLeftOver(t *testing.T) {
	t.Parallel()
	expected := []string{}
	for _, typ := range message.Types() {
		expected = append(expected, string(typ)+".json")
	}
	slices.Sort(expected)
	for dir, extra := range map[string][]string{"schema": {"definitions.json", message.EnvelopeSchema}, "testdata": nil} {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, f := range files {
			if !slices.Contains(extra, f.Name()) {
				got = append(got, f.Name())
			}
		}
		if !slices.Equal(got, expected) {
			t.Errorf("%s holds %v, want one file for each of %v", dir, got, expected)
		}
	}
}

// Each edit makes one message invalid, or the schema would let anything pass.
func TestSchemasRefuse(t *testing.T) {
	t.Parallel()
	whole, examples := compile(t, message.EnvelopeSchema), examples()
	for name, c := range map[string]struct {
		typ      message.Type
		old, new string
	}{
		"an unknown type":             {message.BookingSynced, `"booking.synced"`, `"booking.guessed"`},
		"data of another type":        {message.BookingSynced, `"booking.synced"`, `"booking.moved"`},
		"an unknown field":            {message.BookingSynced, `"outcome"`, `"extra":1,"outcome"`},
		"a missing field":             {message.BookingSynced, `"sequence":2,`, ``},
		"an unknown field in a part":  {message.BookingSynced, `"provider"`, `"account":"a","provider"`},
		"an outcome that is none":     {message.BookingSynced, `"present"`, `"perhaps"`},
		"a time without its zone":     {message.BookingMoved, `,"time_zone":"Europe/Berlin"`, ``},
		"a date and a time":           {message.BookingMoved, `"date_time"`, `"date":"2026-10-01","date_time"`},
		"a time that is none":         {message.BookingMoved, `2026-10-01T11:00:00+02:00`, `eleven`},
		"a move without the slot":     {message.BookingMoved, `"fields":["slot"]`, `"fields":["title"]`},
		"an edit of nothing":          {message.BookingEdited, `["title","description","location","slot","attendees","recurrence"]`, `[]`},
		"a restoration of something":  {message.BookingRestored, `"fields":[]`, `"fields":["slot"]`},
		"a decision that is none":     {message.BookingDecided, `"accepted"`, `"postponed"`},
		"a decision of nobody":        {message.BookingDecided, `"policy"`, `"somebody"`},
		"a field that is not kept":    {message.BookingAccepted, `"slot"`, `"colour"`},
		"an answer that is none":      {message.BookingAttendeeResponded, `"accepted"`, `"perhaps"`},
		"a guest without an answer":   {message.BookingAttendeeResponded, `,"response":"accepted"`, ``},
		"a field that is none":        {message.BookingEdited, `"location","slot"`, `"colour","slot"`},
		"a list that is null":         {message.BookingRestored, `"fields":[]`, `"fields":null`},
		"a timestamp that is none":    {message.BookingRemoved, `2026-10-01T08:00:00Z`, `yesterday`},
		"a reason that is none":       {message.EndpointDisabled, `"gone"`, `"tired"`},
		"an identifier that is empty": {message.BookingRemoved, `"bk-2041"`, `""`},
	} {
		raw, err := json.Marshal(envelope(t, c.typ, examples[c.typ]))
		if err != nil {
			t.Fatal(err)
		}
		edited := strings.Replace(string(raw), c.old, c.new, 1)
		if edited == string(raw) {
			t.Errorf("%s: %s is not in %s", name, c.old, raw)
			continue
		}
		if whole.Validate(instance(t, json.RawMessage(edited))) == nil {
			t.Errorf("%s is valid: %s", name, edited)
		}
	}
}

func TestNoSchemaForOtherNames(t *testing.T) {
	t.Parallel()
	for _, typ := range []message.Type{"", "definitions", "envelope", "booking.guessed", "../schema/booking.moved"} {
		if _, ok := message.Schema(typ); ok {
			t.Errorf("%q has a schema", typ)
		}
	}
}

func TestNewEventNeverHasNullGuests(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(message.NewEvent(cal.Content{}))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(raw, []byte(`"attendees":[]`)) {
		t.Errorf("%s, want an empty list of attendees", raw)
	}
}

// compile reads a schema together with those that it refers to, with formats asserted.
func compile(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	files, err := fs.Glob(message.Schemas(), "*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if err := c.AddResource(address(file), schemaFile(t, file)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile(address(name))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func address(file string) string { return fmt.Sprintf("https://schemas.test/%s", file) }

func schemaFile(t *testing.T, name string) any {
	t.Helper()
	raw, err := fs.ReadFile(message.Schemas(), filepath.ToSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return instance(t, json.RawMessage(raw))
}

// instance is v the way that a schema sees it.
func instance(t *testing.T, v any) any {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return out
}
