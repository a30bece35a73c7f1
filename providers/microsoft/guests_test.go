package microsoft

import (
	"encoding/json"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

const (
	hostRow  = `{"type":"required","status":{"response":"organizer","time":"0001-01-01T00:00:00Z"},"emailAddress":{"name":"Host","address":"host@contoso.onmicrosoft.com"}}`
	guestRow = `{"type":"required","status":{"response":"accepted","time":"2026-09-01T10:00:00.1234567Z"},"emailAddress":{"name":"Guest","address":"Guest@example.org"},"proposedNewTime":{"start":{"dateTime":"x","timeZone":"y"}},"brandNew":{"deep":[1,2.50]}}`
	roomRow  = `{"type":"resource","status":{"response":"accepted"},"emailAddress":{"name":"Room","address":"room@contoso.onmicrosoft.com"}}`
	aRow     = `{"type":"optional","status":{"response":"declined"},"emailAddress":{"name":"A","address":"a@example.org"}}`
	newRow   = `{"type":"required","emailAddress":{"name":"New","address":"new@example.org"}}`
)

const withGuests = `,"organizer":{"emailAddress":{"name":"Host","address":"Host@contoso.onmicrosoft.com"}},"attendees":[` + hostRow + `,` + guestRow + `,` + roomRow + `,` + aRow + `]`

// TestGuestsAreMerged checks that a change of guests keeps all that it does not name: answers, flags, unknown fields, rooms, the host.
func TestGuestsAreMerged(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		invite   []cal.Attendee
		uninvite []string
		want     string
	}{
		{"one more", []cal.Attendee{{Email: "new@example.org", Name: "New"}}, nil, hostRow + `,` + guestRow + `,` + roomRow + `,` + aRow + `,` + newRow},
		{"one less", nil, []string{"A@EXAMPLE.ORG"}, hostRow + `,` + guestRow + `,` + roomRow},
		{"one for another", []cal.Attendee{{Email: "new@example.org", Name: "New"}}, []string{"guest@example.org"}, hostRow + `,` + roomRow + `,` + aRow + `,` + newRow},
		{
			"now required",
			[]cal.Attendee{{Email: "a@example.org"}},
			nil,
			hostRow + `,` + guestRow + `,` + roomRow + `,{"type":"required","status":{"response":"declined"},"emailAddress":{"name":"A","address":"a@example.org"}}`,
		},
		{
			"the host and a room are no guests", nil,
			[]string{"host@contoso.onmicrosoft.com", "room@contoso.onmicrosoft.com", "a@example.org"},
			hostRow + `,` + guestRow + `,` + roomRow,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client := script(t,
				exchange{want: "GET " + eventURL, query: stampQuery(), answer: stored(withGuests)},
				exchange{
					want: "PATCH " + eventURL, header: map[string]string{"If-Match": `W/"7"`},
					body: `{"subject":"","attendees":[` + tt.want + `]}`, answer: stored(""),
				},
			)
			_, err := client.UpdateEvent(t.Context(), provider.UpdateEvent{
				Ref: ref, ETag: `W/"7"`, Invite: tt.invite, Uninvite: tt.uninvite, Fields: cal.Fields(cal.FieldTitle), Notify: cal.NotifyAll,
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestGuestsNotWritten lists what ends a change of guests after the read.
func TestGuestsNotWritten(t *testing.T) {
	t.Parallel()
	invite := []cal.Attendee{{Email: "new@example.org"}}
	for _, tt := range []struct {
		name   string
		req    provider.UpdateEvent
		status int
		answer string
		want   fault.Kind
	}{
		{"changed since", provider.UpdateEvent{ETag: `W/"6"`, Invite: invite}, 200, stored(withGuests), fault.Conflict},
		{"not found", provider.UpdateEvent{ETag: `W/"7"`, Invite: invite}, 404, `{"error":{"code":"ErrorItemNotFound","message":"m"}}`, fault.NotFound},
		{"odd guest", provider.UpdateEvent{ETag: `W/"7"`, Invite: invite}, 200, stored(`,"attendees":["x"]`), fault.Transient},
		{
			"already as wished",
			provider.UpdateEvent{ETag: `W/"7"`, Invite: []cal.Attendee{{Email: "guest@example.org"}}, Uninvite: []string{"gone@example.org"}},
			200, stored(withGuests), "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client := script(t, exchange{want: "GET " + eventURL, query: stampQuery(), status: tt.status, answer: tt.answer})
			tt.req.Ref = ref
			got, err := client.UpdateEvent(t.Context(), tt.req)
			if tt.want != "" && !fault.Is(err, tt.want) || tt.want == "" && (err != nil || got.ETag != `W/"7"`) {
				t.Errorf("got %+v, %v; want %s", got, err, tt.want)
			}
		})
	}
}

// TestETagFromChangeKey checks that an answer without an annotation still makes the write conditional.
func TestETagFromChangeKey(t *testing.T) {
	t.Parallel()
	client := script(t,
		exchange{want: "GET " + eventURL, query: stampQuery(), answer: `{"id":"AAMkEv+/1=","changeKey":"ck==",` + shown + `}`},
		exchange{want: "PATCH " + eventURL, header: map[string]string{"If-Match": `W/"ck=="`}, body: `{"attendees":[` + newRow + `]}`, answer: stored("")},
	)
	_, err := client.UpdateEvent(t.Context(), provider.UpdateEvent{Ref: ref, ETag: `W/"ck=="`, Invite: []cal.Attendee{{Email: "new@example.org", Name: "New"}}})
	if err != nil {
		t.Error(err)
	}
}

// TestLastGuestLeaves checks that an empty list is written as one.
func TestLastGuestLeaves(t *testing.T) {
	t.Parallel()
	merged, changed, err := mergeGuests(eventState{Attendees: []json.RawMessage{[]byte(aRow)}}, newChange(nil, []string{"a@example.org"}))
	raw, _ := json.Marshal(merged) //nolint:errchkjson // cannot fail
	if err != nil || !changed || string(raw) != "[]" {
		t.Errorf("got %s, %v, %v", raw, changed, err)
	}
}

// TestUnconditionalGuests checks that a change of guests is written against the state that it was merged from, whatever was asked.
func TestUnconditionalGuests(t *testing.T) {
	t.Parallel()
	client := script(t,
		exchange{want: "GET " + eventURL, query: stampQuery(), answer: stored("")},
		exchange{want: "PATCH " + eventURL, header: map[string]string{"If-Match": `W/"7"`}, body: `{"attendees":[` + newRow + `]}`, answer: stored("")},
	)
	req := provider.UpdateEvent{Ref: ref, Invite: []cal.Attendee{{Email: "new@example.org", Name: "New"}, {Email: " "}}}
	if _, err := client.UpdateEvent(t.Context(), req); err != nil {
		t.Error(err)
	}
}
