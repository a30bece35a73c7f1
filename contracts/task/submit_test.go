package task_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/testkit/golden"
)

func booking() task.SubmitBooking {
	return task.SubmitBooking{BookingID: "bk-2041", Booking: &cal.Booking{
		Version:     3,
		Title:       "Intro call",
		Description: "Agenda:\n- who we are",
		Location:    "Room 1",
		Start:       cal.When{DateTime: "2026-10-01T10:00:00", TimeZone: "Europe/Berlin"},
		End:         cal.When{DateTime: "2026-10-01T10:30:00+02:00", TimeZone: "Europe/Berlin"},
		Attendees:   []cal.Attendee{{Email: "guest@example.org", Name: "Gus Guest"}, {Email: "second@example.org", Optional: true}},
		Notify:      cal.NotifyNone,
		Targets: []cal.Target{
			{CalendarID: "cal_0199a1b2c3d4700080000000000000a1", Authoritative: true},
			{CalendarID: "cal_0199a1b2c3d4700080000000000000a2"},
		},
		Backflow: cal.Backflow{Moved: cal.StanceAccept, Cancelled: cal.StanceReport, Edited: cal.StanceEnforce},
		Metadata: map[string]string{"crm": "deal-7"},
	}}
}

func TestGoldenPayloads(t *testing.T) {
	t.Parallel()
	for name, payload := range map[string]any{
		"submit_booking.json": booking(),
		"submit_all_day.json": task.SubmitBooking{BookingID: "bk-2042", Booking: &cal.Booking{
			Version: 1, Title: "Offsite",
			Start: cal.When{Date: "2026-10-01"}, End: cal.When{Date: "2026-10-03"},
			Targets: []cal.Target{{CalendarID: "cal_0199a1b2c3d4700080000000000000a1"}},
		}},
		"submit_cancellation.json": task.SubmitBooking{BookingID: "bk-2041", Cancel: &task.Cancellation{Version: 4}},
		"hint.json":                hint(),
	} {
		golden.JSON(t, name, payload)
		readBack(t, name, payload)
	}
}

// readBack fails the test unless a golden file decodes to the value that it was made from.
func readBack(t *testing.T, name string, payload any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	back := reflect.New(reflect.TypeOf(payload))
	if err := json.Unmarshal(raw, back.Interface()); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back.Elem().Interface(), payload) {
		t.Errorf("%s reads back as %+v", name, back.Elem())
	}
}

func TestSignatureIsStable(t *testing.T) {
	t.Parallel()
	const want = "v1,QsPIinIrgLpQ3ws+6nbW2tzWyX3L3ZyfQek/8E5mDsY="
	if got := task.Sign([]byte("0123456789abcdef0123456789abcdef"), 1, "key_1", []byte(`{"booking_id":"bk"}`)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	secret, payload := []byte("signing key"), []byte(`{"booking_id":"bk"}`)
	good := task.Sign(secret, 1, "key_1", payload)
	if err := task.Verify(secret, 1, "key_1", payload, good); err != nil {
		t.Fatalf("its own signature: %v", err)
	}
	for name, err := range map[string]error{
		"another secret":        task.Verify([]byte("other"), 1, "key_1", payload, good),
		"another schema":        task.Verify(secret, 2, "key_1", payload, good),
		"another key id":        task.Verify(secret, 1, "key_2", payload, good),
		"another payload":       task.Verify(secret, 1, "key_1", append(payload, ' '), good),
		"a byte moved over":     task.Verify(secret, 1, "key_1{", payload[1:], good),
		"no signature":          task.Verify(secret, 1, "key_1", payload, ""),
		"no version":            task.Verify(secret, 1, "key_1", payload, good[len("v1,"):]),
		"more than a signature": task.Verify(secret, 1, "key_1", payload, good+" "),
		"no secret":             task.Verify(nil, 1, "key_1", payload, task.Sign(nil, 1, "key_1", payload)),
	} {
		if !errors.Is(err, task.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadableSchemas(t *testing.T) {
	t.Parallel()
	for schema := -1; schema <= task.SchemaVersion+2; schema++ {
		want := schema >= 1 && schema >= task.SchemaVersion-1 && schema <= task.SchemaVersion+1
		if got := task.Readable(schema); got != want {
			t.Errorf("schema %d: %t, want %t", schema, got, want)
		}
	}
}
