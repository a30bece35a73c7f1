package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/record"
)

const fine = `{"version":1,"title":"t","start":{"date":"2026-10-01"},"end":{"date_time":"2026-10-02T10:00:00","time_zone":"UTC"},` +
	`"targets":[{"calendar_id":"cal_1","authoritative":true}],"attendees":[{"email":"a@x.test","optional":true}],"notify":"all","metadata":{"k":"v"}}`

// What fits the contract is decoded without loss, and what is decoded fits the contract. A refusal is one of two kinds, and bounded.
func FuzzBooking(f *testing.F) {
	contract, err := api.NewContract()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		fine, "", "{}", "null", "[[[", `{"version":1e3}`, `{"version":1,"version":2}`, `{"title":"\ud800"}`, "{\"title\":\"\xff\"}", `{"start":{},"start":{"date":""}}`,
		`{"Version":1}`, `{"metadata":{"a":"1","\u0061":"2"}}`, `{"version":-0}`, `{"version":01}`, `{"a":"\"[{"}`, "\ufeff{}", `{"version":9007199254740993}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		err := contract.Document("BookingSpec", raw)
		checkRefusal(t, err)
		if err != nil {
			return
		}
		var b cal.Booking
		if err := json.Unmarshal(raw, &b); err != nil {
			t.Fatalf("it fits the contract and cannot be decoded: %v", err)
		}
		written, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := contract.Document("BookingSpec", written); err != nil {
			t.Fatalf("it was decoded to %s, which does not fit: %v", written, err)
		}
		if in, out := tree(t, raw), tree(t, written); !reflect.DeepEqual(in, out) {
			t.Fatalf("%s was decoded to %s", raw, written)
		}
	})
}

// tree is a document without the fields that say what their absence says too.
func tree(t *testing.T, raw []byte) any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return thin(v)
}

func thin(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			value = thin(value)
			v[key] = value
			required := key == "title" || key == "targets" || key == "version" || key == "start" || key == "end" || key == "email" || key == "calendar_id"
			if !required && (value == nil || value == "" || value == false || reflect.DeepEqual(value, []any{}) || reflect.DeepEqual(value, map[string]any{})) {
				delete(v, key)
			}
		}
	case []any:
		for i := range v {
			v[i] = thin(v[i])
		}
	}
	return v
}

func checkRefusal(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	r, ok := errors.AsType[*record.RefusalError](err)
	if !ok || r.Reason != record.ReasonMalformed && r.Reason != record.ReasonInvalid || r.Detail == "" {
		t.Fatalf("%#v", err)
	}
	if (r.Reason == record.ReasonInvalid) != (len(r.Problems) > 0) || len(r.Problems) > 50 || len(r.Detail) > 300 {
		t.Fatalf("%+v", r)
	}
	for _, p := range r.Problems {
		if p.Detail == "" || len(p.Detail) > 300 || len(p.Pointer) > 64*200 || p.Pointer != "" && p.Pointer[0] != '/' {
			t.Fatalf("%+v", p)
		}
	}
}

// A submission is exactly one of two things, and is read from the queue as it was validated.
func FuzzSubmission(f *testing.F) {
	contract, err := api.NewContract()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		`{"booking_id":"b1","booking":` + fine + `}`, `{"booking_id":"b1","cancellation":{"version":2},"if_revision":3}`, `{"booking_id":"b1"}`,
		`{"booking_id":"..","cancellation":{"version":2}}`, `{"booking_id":"b1","booking":` + fine + `,"cancellation":{"version":2}}`,
		`{"booking_id":"b1","cancellation":{"version":2},"cancellation":{"version":3}}`, `{"booking_id":"b1","booking":null}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		err := contract.Submission(raw)
		checkRefusal(t, err)
		if err != nil {
			return
		}
		var s task.SubmitBooking
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&s); err != nil || s.BookingID == "" || (s.Booking == nil) == (s.Cancel == nil) {
			t.Fatalf("%v %+v", err, s)
		}
	})
}
