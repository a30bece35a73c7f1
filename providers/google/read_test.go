package google

import (
	"net/url"
	"slices"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

func TestCalendars(t *testing.T) {
	t.Parallel()
	path := "GET /calendar/v3/users/me/calendarList"
	client := script(t,
		exchange{want: path, query: url.Values{"maxResults": {"250"}}, answer: `{"nextPageToken":"p2","items":[
			{"id":"host@example.com","summary":"host@example.com","summaryOverride":"Me","primary":true,"accessRole":"owner","timeZone":"Europe/Berlin"},
			{"id":"team@group.calendar.google.com","summary":"Team","accessRole":"writer","timeZone":"Mars/Olympus","dataOwner":"boss@example.com"}]}`},
		exchange{want: path, query: url.Values{"maxResults": {"250"}, "pageToken": {"p2"}}, answer: `{"items":[
			{"id":"old","summary":"Old","deleted":true,"accessRole":"owner"},null,
			{"id":"p","summary":"Private","accessRole":"writerWithoutPrivateAccess"},
			{"id":"h","summary":"Holidays","accessRole":"reader"},{"id":"f","summary":"Busy","accessRole":"freeBusyReader"},{"id":"x","summary":"Odd","accessRole":"mystery"}]}`},
	)
	got, err := client.Calendars(t.Context())
	want := []cal.Calendar{
		{ID: "host@example.com", Name: "Me", Primary: true, Owner: "host@example.com", Writable: true, Zone: "Europe/Berlin"},
		{ID: "team@group.calendar.google.com", Name: "Team", Owner: "boss@example.com", Writable: true},
		{ID: "p", Name: "Private", Writable: true},
		{ID: "h", Name: "Holidays"},
		{ID: "f", Name: "Busy"},
		{ID: "x", Name: "Odd"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestCalendarsInACircle checks that a page that names itself ends the listing with a fault.
func TestCalendarsInACircle(t *testing.T) {
	t.Parallel()
	answer := `{"nextPageToken":"p2","items":[]}`
	path := "GET /calendar/v3/users/me/calendarList"
	client := script(t,
		exchange{want: path, query: url.Values{"maxResults": {"250"}}, answer: answer},
		exchange{want: path, query: url.Values{"maxResults": {"250"}, "pageToken": {"p2"}}, answer: answer},
	)
	if _, err := client.Calendars(t.Context()); !fault.Is(err, fault.Transient) {
		t.Errorf("got %v", err)
	}
}

func TestReadCancelled(t *testing.T) {
	t.Parallel()
	client := script(t, exchange{want: "GET " + eventURL, answer: `{"id":"abc01","status":"cancelled"}`})
	got, err := client.ReadEvent(t.Context(), ref)
	if err != nil || !got.Gone() {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestCapabilities checks what the driver and its clients claim.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	var driver provider.Driver = New(Config{})
	client, err := driver.Open(unused())
	if err != nil || driver.Name() != cal.Google {
		t.Fatal(err)
	}
	if _, ok := driver.(provider.QuietWriter); !ok {
		t.Error("writes are not quiet")
	}
	if _, ok := driver.(provider.ConditionalWriter); !ok {
		t.Error("writes are not conditional")
	}
	if _, ok := client.(provider.ChannelRenewer); ok {
		t.Error("channels cannot be renewed: they are replaced")
	}
	if _, ok := client.(provider.EventFinder); ok {
		t.Error("the id is the key: nothing has to be found")
	}
}
