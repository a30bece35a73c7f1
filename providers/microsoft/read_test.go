package microsoft

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

func TestCalendars(t *testing.T) {
	t.Parallel()
	client, _, asked := linked(t,
		`{"value":[{"id":"AAMkDefault=","name":"Calendar","isDefaultCalendar":true,"canEdit":true,"color":"mystery","owner":{"name":"Host","address":"host@contoso.onmicrosoft.com"}}],
			"@odata.nextLink":"BASE/me/calendars?$top=100&$skip=100"}`,
		`{"value":[null,{"id":"AAMkShared=","name":"Team","isDefaultCalendar":false,"canEdit":false,"owner":{"name":"Boss","address":"boss@contoso.onmicrosoft.com"}},{"name":"nameless"},{"id":"AAMkBare="}]}`,
	)
	got, err := client.Calendars(t.Context())
	want := []cal.Calendar{
		{ID: "AAMkDefault=", Name: "Calendar", Primary: true, Owner: "host@contoso.onmicrosoft.com", Writable: true},
		{ID: "AAMkShared=", Name: "Team", Owner: "boss@contoso.onmicrosoft.com"},
		{ID: "AAMkBare="},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if (*asked)[0] != "/v1.0/me/calendars?$top=100 "+plainPrefer || (*asked)[1] != "/v1.0/me/calendars?$top=100&$skip=100 "+plainPrefer {
		t.Errorf("asked %q", *asked)
	}
}

// TestCalendarsInACircle checks that links that lead back end the listing with a fault.
func TestCalendarsInACircle(t *testing.T) {
	t.Parallel()
	again := `{"value":[],"@odata.nextLink":"BASE/me/calendars?$skip=100"}`
	client, _, _ := linked(t, again, again)
	if _, err := client.Calendars(t.Context()); !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}

func findQuery() url.Values {
	query := stampQuery()
	query.Set("$filter", "singleValueExtendedProperties/Any(ep: ep/id eq '"+stampID+"' and ep/value eq '"+testKey.String()+"')")
	return query
}

func TestFind(t *testing.T) {
	t.Parallel()
	find := exchange{want: "GET " + eventsURL, query: findQuery(), header: map[string]string{"Prefer": textPrefer}}
	for _, tt := range []struct {
		name   string
		status int
		answer string
		want   fault.Kind
	}{
		{"found", 200, `{"value":[` + stored(stampedAs(testKey.String())) + `]}`, ""},
		{"none", 200, `{"value":[]}`, fault.NotFound},
		{"others only", 200, `{"value":[` + stored("") + `,` + stored(stampedAs("00ff")) + `]}`, fault.NotFound},
		{"no calendar", 404, `{"error":{"code":"ErrorItemNotFound","message":"m"}}`, fault.Forbidden},
		{"no list", 200, `{}`, fault.Transient},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			find := find
			find.status, find.answer = tt.status, tt.answer
			got, err := script(t, find).(provider.EventFinder).FindEvent(t.Context(), ref.Calendar, testKey)
			if tt.want == "" && (err != nil || got.ID != ref.ID || got.Stamp != testKey.String()) || tt.want != "" && !fault.Is(err, tt.want) {
				t.Errorf("got %+v, %v; want %s", got, err, tt.want)
			}
		})
	}
}

// TestStampIsRead checks that one read tells whose event it is.
func TestStampIsRead(t *testing.T) {
	t.Parallel()
	got, err := script(t, readStored(200, stored(stampedAs("00ff")))).ReadEvent(t.Context(), ref)
	if err != nil || got.Stamp != "00ff" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestCapabilities checks what the driver and its clients claim.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	var driver provider.Driver = New(Config{})
	if _, err := driver.Open(unused()); err != nil || driver.Name() != cal.Microsoft {
		t.Fatal(err)
	}
	if _, ok := driver.(provider.QuietWriter); ok {
		t.Error("Graph mails attendees whatever is written")
	}
	if _, ok := driver.(provider.ConditionalWriter); ok {
		t.Error("Graph documents no If-Match for events")
	}
	for _, bad := range []string{"%zz", "nothing"} {
		if _, err := New(Config{APIURL: bad}).Open(unused()); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if got := New(Config{APIURL: "https://graph.microsoft.com/v1.0/"}).config.APIURL; strings.HasSuffix(got, "/") {
		t.Errorf("got %s", got)
	}
}
