package microsoft

import (
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

const (
	times = `"isAllDay":false,"start":{"dateTime":"2026-10-01T10:00:00.0000000","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-10-01T10:30:00.0000000","timeZone":"Europe/Berlin"}`
	shown = `"isAllDay":false,"start":{"dateTime":"2026-10-01T08:00:00.0000000","timeZone":"UTC"},"end":{"dateTime":"2026-10-01T08:30:00.0000000","timeZone":"UTC"}`
)

// stored is the event of ref as Graph answers it.
func stored(more string) string {
	return `{"@odata.etag":"W/\"7\"","id":"AAMkEv+/1=","type":"singleInstance","subject":"Intro call",` + shown + more + `}`
}

func stampedAs(stamp string) string {
	return `,"singleValueExtendedProperties":[{"id":"` + stampID + `","value":"` + stamp + `"}]`
}

func createIntro() provider.CreateEvent {
	return provider.CreateEvent{Calendar: ref.Calendar, Key: testKey, Content: intro(), Fields: cal.AllFields}
}

var createAll = exchange{
	want: "POST " + eventsURL, header: map[string]string{"Prefer": textPrefer, "Content-Type": "application/json"}, absent: []string{"If-Match"},
	body: `{"subject":"Intro call","body":{"contentType":"text","content":"Booked online"},"location":{"displayName":"Room 4"},` + times +
		`,"transactionId":"` + testKey.UUID() + `"` + stampedAs(testKey.String()) +
		`,"attendees":[{"type":"required","emailAddress":{"address":"guest@example.org","name":"Guest"}}]}`,
}

func readStored(status int, answer string) exchange {
	return exchange{want: "GET " + eventURL, query: stampQuery(), header: map[string]string{"Prefer": textPrefer}, status: status, answer: answer}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	create := createAll
	create.status, create.answer = 201, stored("")
	got, err := script(t, create).CreateEvent(t.Context(), createIntro())
	if err != nil || got.Adopted || got.Event.ID != ref.ID || got.Event.ETag != `W/"7"` || got.Event.Stamp != testKey.String() {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestCreateWithoutGuests(t *testing.T) {
	t.Parallel()
	client := script(t, exchange{
		want: "POST " + eventsURL, body: `{"subject":"Intro call",` + times + `,"transactionId":"` + testKey.UUID() + `"` + stampedAs(testKey.String()) + `}`,
		status: 201, answer: stored(""),
	})
	req := createIntro()
	req.Fields = cal.Fields(cal.FieldTitle | cal.FieldSlot)
	if _, err := client.CreateEvent(t.Context(), req); err != nil {
		t.Error(err)
	}
}

// TestCreateTwice checks what a taken transactionId means, with both statuses that have been seen.
func TestCreateTwice(t *testing.T) {
	t.Parallel()
	ours := testKey.String()
	names := func(kind fault.Kind) bool { return kind == fault.Duplicate || kind == fault.NotFound }
	refusal := func(code string) string { return `{"error":{"code":"` + code + `","message":"m"}}` }
	for _, tt := range []struct {
		name    string
		status  int
		answer  string
		want    fault.Kind
		adopted cal.EventStatus
	}{
		{"ours", 200, stored(stampedAs(ours)), "", cal.StatusConfirmed},
		{"not found", 404, refusal("ErrorItemNotFound"), fault.NotFound, ""},
		{"another's", 200, stored(stampedAs("00ff")), fault.Duplicate, ""},
		{"without a stamp", 200, stored(""), fault.Duplicate, ""},
		{"not to be seen", 404, refusal("ResourceNotFound"), fault.NotFound, ""},
		{"not to be read", 403, refusal("ErrorAccessDenied"), fault.Forbidden, ""},
		{"not to be read now", 503, "", fault.Transient, ""},
	} {
		for _, status := range []int{400, 409} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				create := createAll
				create.status = status
				create.answer = `{"error":{"code":"ErrorDuplicateTransactionId","message":"m","@event.existingEventId":"` + string(ref.ID) + `"}}`
				got, err := script(t, create, readStored(tt.status, tt.answer)).CreateEvent(t.Context(), createIntro())
				if tt.want != "" {
					f, ok := fault.As(err)
					if !ok || f.Kind != tt.want || names(f.Kind) != (f.Existing == string(ref.ID)) {
						t.Errorf("got %+v, want %s", f, tt.want)
					}
					return
				}
				if err != nil || !got.Adopted || got.Event.Status != tt.adopted || got.Event.Stamp != ours || got.Event.ID != ref.ID {
					t.Errorf("got %+v, %v", got, err)
				}
			})
		}
	}
}

// TestCreateTwiceWithoutID checks that an event that the refusal does not name is found by its stamp.
func TestCreateTwiceWithoutID(t *testing.T) {
	t.Parallel()
	create := createAll
	create.status, create.answer = 400, `{"error":{"code":"errorDuplicateTransactionID","message":"m"}}`
	find := exchange{want: "GET " + eventsURL, query: findQuery(), header: map[string]string{"Prefer": textPrefer}}
	found, none := find, find
	found.answer = `{"value":[` + stored(stampedAs("00ff")) + `,` + stored(stampedAs(testKey.String())) + `]}`
	none.answer = `{"value":[]}`
	got, err := script(t, create, found).CreateEvent(t.Context(), createIntro())
	if err != nil || !got.Adopted || got.Event.Stamp != testKey.String() {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := script(t, create, none).CreateEvent(t.Context(), createIntro()); !fault.Is(err, fault.Duplicate) {
		t.Errorf("got %v", err)
	}
}

// TestCreateRefused checks that a calendar that is not found names no event: that would begin another generation.
func TestCreateRefused(t *testing.T) {
	t.Parallel()
	create := createAll
	create.status, create.answer = 404, `{"error":{"code":"ErrorItemNotFound","message":"m"}}`
	_, err := script(t, create).CreateEvent(t.Context(), createIntro())
	if f, ok := fault.As(err); !ok || f.Kind != fault.NotFound || f.Existing != "" {
		t.Errorf("got %v", err)
	}
	req := createIntro()
	req.Fields = cal.Fields(cal.FieldTitle)
	if _, err := script(t).CreateEvent(t.Context(), req); !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}

func TestUpdateOnlyGivenFields(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		fields cal.Fields
		body   string
	}{
		{"title", cal.Fields(cal.FieldTitle), `{"subject":"Intro call"}`},
		{"slot", cal.Fields(cal.FieldSlot), `{` + times + `}`},
		{"guests change by Invite and Uninvite only", cal.Fields(cal.FieldLocation | cal.FieldAttendees), `{"location":{"displayName":"Room 4"}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client := script(t, exchange{
				want: "PATCH " + eventURL, header: map[string]string{"If-Match": `W/"6"`, "Prefer": textPrefer}, body: tt.body, answer: stored(""),
			})
			got, err := client.UpdateEvent(t.Context(), provider.UpdateEvent{Ref: ref, ETag: `W/"6"`, Content: intro(), Fields: tt.fields})
			if err != nil || got.ETag != `W/"7"` {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// TestUpdateDescription checks that a body is read before it is written, and replaced as text where Teams has no part in it.
func TestUpdateDescription(t *testing.T) {
	t.Parallel()
	read := exchange{want: "GET " + eventURL, query: stampQuery(), header: map[string]string{"Prefer": htmlPrefer}}
	read.answer = stored(`,"isOnlineMeeting":false,"onlineMeeting":null,"body":{"contentType":"html","content":"<html><body>old<p>` + strings.Repeat("_", 80) + `</p>more</body></html>"}`)
	patch := exchange{
		want: "PATCH " + eventURL, header: map[string]string{"If-Match": `W/"7"`}, body: `{"body":{"contentType":"text","content":"Booked online"}}`, answer: stored(""),
	}
	req := provider.UpdateEvent{Ref: ref, ETag: `W/"7"`, Content: intro(), Fields: cal.Fields(cal.FieldDescription)}
	if _, err := script(t, read, patch).UpdateEvent(t.Context(), req); err != nil {
		t.Error(err)
	}
	req.ETag = `W/"6"` // Graph may not honour If-Match, so the read is compared
	if _, err := script(t, read).UpdateEvent(t.Context(), req); !fault.Is(err, fault.Conflict) {
		t.Errorf("got %v", err)
	}
	gone := read
	gone.status, gone.answer = 404, `{"error":{"code":"ErrorItemNotFound","message":"m"}}`
	if _, err := script(t, gone).UpdateEvent(t.Context(), req); !fault.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
}

// TestUpdateTeamsMeeting checks that Teams' part of the body stays.
func TestUpdateTeamsMeeting(t *testing.T) {
	t.Parallel()
	part := `<div>` + strings.Repeat("_", 80) + `</div><a href=\"https://teams.microsoft.com/x\">Join</a>`
	client := script(t,
		exchange{want: "GET " + eventURL, query: stampQuery(), answer: stored(`,"isOnlineMeeting":true,"onlineMeeting":{"joinUrl":"https://teams.microsoft.com/x"},` +
			`"body":{"contentType":"html","content":"<html><head></head><body><p>old</p>` + part + `</body></html>"}`)},
		exchange{want: "PATCH " + eventURL, answer: stored(""), body: `{"body":{"contentType":"html","content":"<html><head></head><body><div>Booked online</div>` + part + `</body></html>"}}`},
	)
	req := provider.UpdateEvent{Ref: ref, ETag: `W/"7"`, Content: intro(), Fields: cal.Fields(cal.FieldDescription)}
	if _, err := client.UpdateEvent(t.Context(), req); err != nil {
		t.Error(err)
	}
}

func TestUpdateConflict(t *testing.T) {
	t.Parallel()
	client := script(t, exchange{
		want: "PATCH " + eventURL, header: map[string]string{"If-Match": `W/"6"`}, body: `{"subject":""}`, status: 412,
		answer: `{"error":{"code":"ErrorIrresolvableConflict","message":"m"}}`,
	})
	if _, err := client.UpdateEvent(t.Context(), provider.UpdateEvent{Ref: ref, ETag: `W/"6"`, Fields: cal.Fields(cal.FieldTitle)}); !fault.Is(err, fault.Conflict) {
		t.Errorf("got %v", err)
	}
}

// TestUpdateNothing checks that a change of nothing reads and does not write.
func TestUpdateNothing(t *testing.T) {
	t.Parallel()
	if _, err := script(t, readStored(200, stored(""))).UpdateEvent(t.Context(), provider.UpdateEvent{Ref: ref, ETag: `W/"6"`}); err != nil {
		t.Error(err)
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		code   string
		want   fault.Kind
	}{
		{204, "", ""},
		{404, "ErrorItemNotFound", fault.NotFound}, // a calendar that is hidden answers the same
		{404, "somethingNew", fault.NotFound},
		{412, "ErrorIrresolvableConflict", fault.Conflict},
		{403, "ErrorAccessDenied", fault.Forbidden},
	} {
		answer := ""
		if tt.code != "" {
			answer = `{"error":{"code":"` + tt.code + `","message":"m"}}`
		}
		client := script(t, exchange{
			want: "DELETE " + eventURL, header: map[string]string{"If-Match": `W/"6"`, "Prefer": plainPrefer}, status: tt.status, answer: answer,
		})
		err := client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: ref, ETag: `W/"6"`})
		if tt.want == "" && err != nil || tt.want != "" && !fault.Is(err, tt.want) {
			t.Errorf("%d: %v, want %s", tt.status, err, tt.want)
		}
	}
}

// TestOddIDs checks that ids are escaped once, and that none can change the path.
func TestOddIDs(t *testing.T) {
	t.Parallel()
	client := script(t, exchange{want: "GET /v1.0/me/calendars/a%2Fb%23c%3Fd%20e%25/events/x%2Fy%2B%C3%A9", query: stampQuery(), answer: stored("")})
	if _, err := client.ReadEvent(t.Context(), provider.EventRef{Calendar: "a/b#c?d e%", ID: "x/y+é"}); err != nil {
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
