package google

import (
	"encoding/json"
	"time"

	"google.golang.org/api/calendar/v3"
)

// Where Google is (https://developers.google.com/workspace/calendar/api/v3/reference and
// https://developers.google.com/identity/protocols/oauth2/web-server).
const (
	apiURL   = "https://www.googleapis.com/calendar/v3/"
	issuer   = "https://accounts.google.com"
	authURL  = "https://accounts.google.com/o/oauth2/v2/auth"
	tokenURL = "https://oauth2.googleapis.com/token" //nolint:gosec // an address, not a credential
)

// stampName is the private extended property that holds an event's key
// (https://developers.google.com/workspace/calendar/api/guides/extended-properties).
const stampName = "calweave"

// Limits of Google's, from the reference page of the method that they belong to.
const (
	maxPage      = 2500 // events.list, maxResults
	maxCalendars = 250  // calendarList.list, maxResults
	maxChannelID = 64   // events.watch, id
	maxSecret    = 256  // events.watch, token
)

// defaultChannelLife is how long a channel lives when the answer does not say
// (https://developers.google.com/workspace/calendar/api/v3/reference/events/watch, params.ttl).
const defaultChannelLife = 604_800 * time.Second

// listAnswer is a page of events.list with its rows unread, so that one odd row cannot fail the page.
type listAnswer struct {
	Items         []json.RawMessage `json:"items"`
	NextPageToken string            `json:"nextPageToken"`
	NextSyncToken string            `json:"nextSyncToken"`
}

// guestList is the part of an event that a change of guests is decided on. Guests are kept as they came, unknown fields and all.
type guestList struct {
	ETag             string            `json:"etag"`
	Attendees        []json.RawMessage `json:"attendees"`
	AttendeesOmitted bool              `json:"attendeesOmitted"`
	event            *calendar.Event
}

// tokenRefusal is an error answer of the token endpoint (RFC 6749, section 5.2).
type tokenRefusal struct {
	Error string `json:"error"`
}
