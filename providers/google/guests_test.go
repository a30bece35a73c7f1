package google

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

const (
	hostRow  = `{"email":"host@example.com","organizer":true,"self":true,"responseStatus":"accepted"}`
	guestRow = `{"email":"Guest@example.org","responseStatus":"accepted","comment":"see you","additionalGuests":2,"brandNew":{"deep":[1,2.50]}}`
	roomRow  = `{"email":"room@resource.calendar.google.com","resource":true,"responseStatus":"accepted"}`
	aRow     = `{"email":"a@example.org","responseStatus":"declined","optional":true}`
)

const withGuests = `,"attendees":[` + hostRow + `,` + guestRow + `,` + roomRow + `,` + aRow + `]`

// TestGuestsAreMerged checks that a change of guests keeps all that it does not name: answers, flags, unknown fields, rooms, the host.
func TestGuestsAreMerged(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		invite   []cal.Attendee
		uninvite []string
		want     string
	}{
		{
			"one more",
			[]cal.Attendee{{Email: "new@example.org", Name: "New"}},
			nil,
			hostRow + `,` + guestRow + `,` + roomRow + `,` + aRow + `,{"email":"new@example.org","displayName":"New"}`,
		},
		{"one less", nil, []string{"A@EXAMPLE.ORG"}, hostRow + `,` + guestRow + `,` + roomRow},
		{
			"one for another",
			[]cal.Attendee{{Email: "new@example.org", Optional: true}},
			[]string{"guest@example.org"},
			hostRow + `,` + roomRow + `,` + aRow + `,{"email":"new@example.org","optional":true}`,
		},
		{
			"now required",
			[]cal.Attendee{{Email: "a@example.org"}},
			nil,
			hostRow + `,` + guestRow + `,` + roomRow + `,{"email":"a@example.org","responseStatus":"declined","optional":false}`,
		},
		{
			"now optional",
			[]cal.Attendee{{Email: "guest@example.org", Optional: true}},
			nil,
			hostRow + `,{"email":"Guest@example.org","responseStatus":"accepted","comment":"see you","additionalGuests":2,"brandNew":{"deep":[1,2.50]},"optional":true},` + roomRow + `,` + aRow,
		},
		{
			"the host and a room are no guests", nil,
			[]string{"host@example.com", "room@resource.calendar.google.com", "a@example.org"},
			hostRow + `,` + guestRow + `,` + roomRow,
		},
		{
			"asked twice",
			[]cal.Attendee{{Email: "new@example.org"}, {Email: "NEW@example.org", Optional: true}},
			nil,
			hostRow + `,` + guestRow + `,` + roomRow + `,` + aRow + `,{"email":"NEW@example.org","optional":true}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client := script(t,
				exchange{want: "GET " + eventURL, answer: stored("abc01", withGuests)},
				exchange{
					want: "PATCH " + eventURL, query: url.Values{"sendUpdates": {"all"}, "conferenceDataVersion": {"1"}},
					header: map[string]string{"If-Match": `"7"`}, body: `{"summary":"","attendees":[` + tt.want + `]}`, answer: stored("abc01", ""),
				},
			)
			_, err := client.UpdateEvent(t.Context(), provider.UpdateEvent{
				Ref: ref, ETag: `"7"`, Invite: tt.invite, Uninvite: tt.uninvite, Fields: cal.Fields(cal.FieldTitle), Notify: cal.NotifyAll,
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
		{"changed since", provider.UpdateEvent{ETag: `"6"`, Invite: invite}, 200, stored("abc01", withGuests), fault.Conflict},
		{"cancelled", provider.UpdateEvent{ETag: `"7"`, Invite: invite}, 200, `{"id":"abc01","etag":"\"7\"","status":"cancelled"}`, fault.Gone},
		{"not all shown", provider.UpdateEvent{ETag: `"7"`, Invite: invite}, 200, stored("abc01", `,"attendeesOmitted":true`), fault.Unsupported},
		{"not found", provider.UpdateEvent{ETag: `"7"`, Invite: invite}, 404, `{"error":{"code":404,"message":"m","errors":[{"reason":"notFound"}]}}`, fault.NotFound},
		{"odd guest", provider.UpdateEvent{ETag: `"7"`, Invite: invite}, 200, stored("abc01", `,"attendees":["x"]`), fault.Transient},
		{"already as wished", provider.UpdateEvent{ETag: `"7"`, Invite: []cal.Attendee{{Email: "guest@example.org"}}, Uninvite: []string{"gone@example.org"}}, 200, stored("abc01", withGuests), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client := script(t, exchange{want: "GET " + eventURL, status: tt.status, answer: tt.answer})
			tt.req.Ref = ref
			got, err := client.UpdateEvent(t.Context(), tt.req)
			if tt.want != "" && !fault.Is(err, tt.want) || tt.want == "" && (err != nil || got.ETag != `"7"`) {
				t.Errorf("got %+v, %v; want %s", got, err, tt.want)
			}
		})
	}
}

// TestLastGuestLeaves checks that an empty list is written as one.
func TestLastGuestLeaves(t *testing.T) {
	t.Parallel()
	merged, changed, err := mergeGuests([]json.RawMessage{[]byte(aRow)}, newChange(nil, []string{"a@example.org"}))
	raw, _ := json.Marshal(merged) //nolint:errchkjson // cannot fail
	if err != nil || !changed || string(raw) != "[]" {
		t.Errorf("got %s, %v, %v", raw, changed, err)
	}
}

// TestUnconditionalGuests checks that a change of guests is written against the state that it was merged from, whatever was asked.
func TestUnconditionalGuests(t *testing.T) {
	t.Parallel()
	client := script(t,
		exchange{want: "GET " + eventURL, answer: stored("abc01", "")},
		exchange{
			want: "PATCH " + eventURL, query: url.Values{"sendUpdates": {"none"}, "conferenceDataVersion": {"1"}},
			header: map[string]string{"If-Match": `"7"`}, body: `{"attendees":[{"email":"new@example.org"}]}`, answer: stored("abc01", ""),
		},
	)
	if _, err := client.UpdateEvent(t.Context(), provider.UpdateEvent{Ref: ref, Invite: []cal.Attendee{{Email: "new@example.org"}, {Email: " "}}}); err != nil {
		t.Error(err)
	}
}
