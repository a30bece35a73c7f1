package google

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

const times = `"start":{"dateTime":"2026-10-01T10:00:00+02:00","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-10-01T10:30:00+02:00","timeZone":"Europe/Berlin"}`

func stored(id, more string) string {
	return `{"id":"` + id + `","etag":"\"7\"","status":"confirmed",` + times + more + `}`
}

func stampedAs(stamp string) string {
	return `,"extendedProperties":{"private":{"calweave":"` + stamp + `"}}`
}

func createIntro() provider.CreateEvent {
	return provider.CreateEvent{Calendar: ref.Calendar, Key: testKey, Content: intro(), Fields: cal.AllFields}
}

var (
	keyID     = testKey.Base32Hex()
	insertAll = `{"id":"` + keyID + `","summary":"Intro call","description":"Booked online","location":"Room 4",` + times +
		stampedAs(testKey.String()) + `,"attendees":[{"email":"guest@example.org","displayName":"Guest"}]}`
)

const duplicate = `{"error":{"errors":[{"domain":"global","reason":"duplicate","message":"The requested identifier already exists."}],"code":409,"message":"x"}}`

func quiet() url.Values { return url.Values{"sendUpdates": {"none"}} }

func TestCreate(t *testing.T) {
	t.Parallel()
	client := script(t, exchange{
		want: "POST " + eventsURL, query: quiet(), absent: []string{"If-Match"}, body: insertAll,
		answer: stored(keyID, stampedAs(testKey.String())+`,"summary":"Intro call"`),
	})
	got, err := client.CreateEvent(t.Context(), createIntro())
	if err != nil || got.Adopted || got.Event.ID != cal.EventID(keyID) || got.Event.ETag != `"7"` || got.Event.Stamp != testKey.String() {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestCreateWithoutGuests(t *testing.T) {
	t.Parallel()
	client := script(t, exchange{
		want: "POST " + eventsURL, query: url.Values{"sendUpdates": {"all"}},
		body:   `{"id":"` + keyID + `","summary":"Intro call",` + times + stampedAs(testKey.String()) + `}`,
		answer: stored(keyID, stampedAs(testKey.String())),
	})
	req := createIntro()
	req.Fields, req.Notify = cal.Fields(cal.FieldTitle|cal.FieldSlot), cal.NotifyAll
	if _, err := client.CreateEvent(t.Context(), req); err != nil {
		t.Error(err)
	}
}

// TestCreateTwice checks what a taken id means: our own event is adopted, also when a person has deleted it; anybody else's is not.
func TestCreateTwice(t *testing.T) {
	t.Parallel()
	ours := testKey.String()
	for _, tt := range []struct {
		name    string
		status  int
		answer  string
		want    fault.Kind
		adopted cal.EventStatus
	}{
		{"ours", 200, stored(keyID, stampedAs(ours)), "", cal.StatusConfirmed},
		{"ours, deleted", 200, `{"id":"` + keyID + `","status":"cancelled"` + stampedAs(ours) + `}`, "", cal.StatusCancelled},
		{"ours, deleted, bare", 200, `{"id":"` + keyID + `","status":"cancelled"}`, "", cal.StatusCancelled},
		{"another's", 200, stored(keyID, stampedAs("00ff")), fault.Duplicate, ""},
		{"another's, deleted", 200, `{"id":"` + keyID + `","status":"cancelled"` + stampedAs("00ff") + `}`, fault.Duplicate, ""},
		{"without a stamp", 200, stored(keyID, ""), fault.Duplicate, ""},
		{"not to be seen", 404, `{"error":{"code":404,"message":"m","errors":[{"reason":"notFound"}]}}`, fault.Duplicate, ""},
		{"not to be read now", 503, ``, fault.Transient, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client := script(t,
				exchange{want: "POST " + eventsURL, query: quiet(), body: insertAll, status: 409, answer: duplicate},
				exchange{want: "GET " + eventsURL + "/" + keyID, status: tt.status, answer: tt.answer},
			)
			got, err := client.CreateEvent(t.Context(), createIntro())
			if tt.want != "" {
				f, ok := fault.As(err)
				if !ok || f.Kind != tt.want || tt.want == fault.Duplicate && f.Existing != keyID {
					t.Errorf("got %+v, want %s", f, tt.want)
				}
				return
			}
			if err != nil || !got.Adopted || got.Event.Status != tt.adopted || got.Event.Stamp != ours || got.Event.ID != cal.EventID(keyID) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestUpdateOnlyGivenFields(t *testing.T) {
	t.Parallel()
	query := url.Values{"sendUpdates": {"none"}, "conferenceDataVersion": {"1"}}
	for _, tt := range []struct {
		name   string
		fields cal.Fields
		body   string
	}{
		{"title", cal.Fields(cal.FieldTitle), `{"summary":"Intro call"}`},
		{"slot", cal.Fields(cal.FieldSlot), `{"start":{"date":null,"dateTime":"2026-10-01T10:00:00+02:00","timeZone":"Europe/Berlin"},"end":{"date":null,"dateTime":"2026-10-01T10:30:00+02:00","timeZone":"Europe/Berlin"}}`},
		{"guests change by Invite and Uninvite only", cal.Fields(cal.FieldLocation | cal.FieldAttendees), `{"location":"Room 4"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client := script(t, exchange{want: "PATCH " + eventURL, query: query, header: map[string]string{"If-Match": `"6"`}, body: tt.body, answer: stored("abc01", "")})
			got, err := client.UpdateEvent(t.Context(), provider.UpdateEvent{Ref: ref, ETag: `"6"`, Content: intro(), Fields: tt.fields})
			if err != nil || got.ETag != `"7"` {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestUpdateConflict(t *testing.T) {
	t.Parallel()
	client := script(t, exchange{
		want: "PATCH " + eventURL, query: url.Values{"sendUpdates": {"externalOnly"}, "conferenceDataVersion": {"1"}}, header: map[string]string{"If-Match": `"6"`},
		body: `{"summary":""}`, status: 412,
		answer: `{"error":{"errors":[{"domain":"global","reason":"conditionNotMet","message":"Precondition Failed"}],"code":412,"message":"Precondition Failed"}}`,
	})
	_, err := client.UpdateEvent(t.Context(), provider.UpdateEvent{Ref: ref, ETag: `"6"`, Fields: cal.Fields(cal.FieldTitle), Notify: cal.NotifyExternal})
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("got %v", err)
	}
}

// TestUpdateNothing checks that a change of nothing reads and does not write.
func TestUpdateNothing(t *testing.T) {
	t.Parallel()
	client := script(t, exchange{want: "GET " + eventURL, answer: stored("abc01", "")})
	if _, err := client.UpdateEvent(t.Context(), provider.UpdateEvent{Ref: ref, ETag: `"6"`}); err != nil {
		t.Error(err)
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		reason string
		want   fault.Kind
	}{
		{204, "", ""},
		{410, "deleted", fault.Gone},
		{404, "notFound", fault.NotFound},
		{412, "conditionNotMet", fault.Conflict},
		{403, "forbiddenForNonOrganizer", fault.Forbidden},
	} {
		answer := ""
		if tt.reason != "" {
			raw, err := json.Marshal(map[string]any{"error": map[string]any{"code": tt.status, "message": "m", "errors": []any{map[string]any{"reason": tt.reason}}}})
			if err != nil {
				t.Fatal(err)
			}
			answer = string(raw)
		}
		client := script(t, exchange{want: "DELETE " + eventURL, query: quiet(), header: map[string]string{"If-Match": `"6"`}, status: tt.status, answer: answer})
		err := client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: ref, ETag: `"6"`})
		if tt.want == "" && err != nil || tt.want != "" && !fault.Is(err, tt.want) {
			t.Errorf("%d: %v, want %s", tt.status, err, tt.want)
		}
	}
}

// TestOddIDs checks that ids are escaped once, and that none can change the path.
func TestOddIDs(t *testing.T) {
	t.Parallel()
	client := script(t, exchange{want: "GET /calendar/v3/calendars/a%2Fb%23c%3Fd%20e%25/events/x%2Fy", answer: stored("x/y", "")})
	if _, err := client.ReadEvent(t.Context(), provider.EventRef{Calendar: "a/b#c?d e%", ID: "x/y"}); err != nil {
		t.Error(err)
	}
	for _, bad := range []provider.EventRef{{Calendar: "c"}, {ID: "e"}, {Calendar: "..", ID: "e"}, {Calendar: "c", ID: ".."}, {Calendar: "c", ID: "."}} {
		if _, err := client.ReadEvent(t.Context(), bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", bad, err)
		}
		if err := client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: bad}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestCreateWithoutSlot(t *testing.T) {
	t.Parallel()
	req := createIntro()
	req.Fields = cal.Fields(cal.FieldTitle)
	if _, err := script(t).CreateEvent(t.Context(), req); !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}
