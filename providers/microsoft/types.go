package microsoft

import (
	"encoding/json"
	"time"
)

// Where Microsoft is (https://learn.microsoft.com/en-us/graph/use-the-api and
// https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow).
const (
	apiURL   = "https://graph.microsoft.com/v1.0"
	authURL  = "https://login.microsoftonline.com/common/oauth2/v2.0/authorize"
	tokenURL = "https://login.microsoftonline.com/common/oauth2/v2.0/token" //nolint:gosec // an address, not a credential
)

// meToken is what the SDK puts in place of the signed-in user; transport.go turns it into /me.
const meToken = "me-token-to-replace" //nolint:gosec // a word in a path, not a credential

// stampID is the one extended property that holds an event's key. A mailbox has room for few names of properties, so that it never changes
// (https://learn.microsoft.com/en-us/graph/api/resources/extended-properties-overview).
const stampID = "String {4422b8a6-d6f5-4a6e-a69c-61cb33259201} Name calweave"

// Limits of Graph's, from the reference page of what they belong to.
const (
	maxPage        = 1000 // odata.maxpagesize; no maximum is documented
	maxCalendars   = 100  // a page of calendars
	maxClientState = 128  // subscription, clientState
)

// The life of a subscription to events: 10,080 minutes at most
// (https://learn.microsoft.com/en-us/graph/change-notifications-overview#subscription-lifetime). The margin covers clocks that differ.
const (
	maxSubscription = 10_080 * time.Minute
	expiryMargin    = 10 * time.Minute
)

// What requests prefer (https://learn.microsoft.com/en-us/graph/outlook-immutable-id,
// https://learn.microsoft.com/en-us/graph/api/event-get).
const (
	preferImmutable = `IdType="ImmutableId"`
	preferUTC       = `outlook.timezone="UTC"`
	preferText      = `outlook.body-content-type="text"`
	preferHTML      = `outlook.body-content-type="html"`
)

// deltaAnswer is a page of a delta with its rows unread, so that one odd row cannot fail the page.
type deltaAnswer struct {
	Value     []json.RawMessage `json:"value"`
	NextLink  string            `json:"@odata.nextLink"`
	DeltaLink string            `json:"@odata.deltaLink"`
}

// rowHead is what has to be known of a row before it is read.
type rowHead struct {
	ID      string          `json:"id"`
	Removed json.RawMessage `json:"@removed"`
}

// eventState is the part of an event that a change of guests or of the description is decided on. Guests are kept as they came, unknown
// fields and all.
type eventState struct {
	ETag            string            `json:"@odata.etag"`
	ChangeKey       string            `json:"changeKey"`
	Attendees       []json.RawMessage `json:"attendees"`
	Organizer       recipient         `json:"organizer"`
	Body            body              `json:"body"`
	IsOnlineMeeting bool              `json:"isOnlineMeeting"`
	OnlineMeeting   struct {
		JoinURL string `json:"joinUrl"`
	} `json:"onlineMeeting"`
	raw []byte
}

// attendee is a guest to write, or what has to be known of one that is there.
type attendee struct {
	Type         string       `json:"type"`
	EmailAddress emailAddress `json:"emailAddress"`
}

type recipient struct {
	EmailAddress emailAddress `json:"emailAddress"`
}

type emailAddress struct {
	Address string `json:"address"`
	Name    string `json:"name,omitempty"`
}

type body struct {
	ContentType string `json:"contentType"`
	Content     string `json:"content"`
}

type location struct {
	DisplayName string `json:"displayName"`
}

type wallTime struct {
	DateTime string `json:"dateTime"`
	TimeZone string `json:"timeZone"`
}

type extendedProperty struct {
	ID    string `json:"id"`
	Value string `json:"value"`
}

// subscription is what a subscription is asked for and renewed with
// (https://learn.microsoft.com/en-us/graph/api/resources/subscription).
type subscription struct {
	ChangeType               string `json:"changeType,omitempty"`
	NotificationURL          string `json:"notificationUrl,omitempty"`
	LifecycleNotificationURL string `json:"lifecycleNotificationUrl,omitempty"`
	Resource                 string `json:"resource,omitempty"`
	ExpirationDateTime       string `json:"expirationDateTime"`
	ClientState              string `json:"clientState,omitempty"`
	LatestSupportedTLS       string `json:"latestSupportedTlsVersion,omitempty"`
}

// tokenRefusal is an error answer of the token endpoint
// (https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow#error-codes-for-token-endpoint-errors).
type tokenRefusal struct {
	Error string        `json:"error"`
	Codes []json.Number `json:"error_codes"`
	// Sub says what would mend an error that a person can mend.
	Sub string `json:"suberror"`
}

// patternedRecurrence is how a series repeats (https://learn.microsoft.com/en-us/graph/api/resources/patternedrecurrence).
type patternedRecurrence struct {
	Pattern pattern         `json:"pattern"`
	Range   recurrenceRange `json:"range"`
}

type pattern struct {
	Type           string   `json:"type"`
	Interval       int      `json:"interval"`
	Month          int      `json:"month,omitempty"`
	DayOfMonth     int      `json:"dayOfMonth,omitempty"`
	DaysOfWeek     []string `json:"daysOfWeek,omitempty"`
	FirstDayOfWeek string   `json:"firstDayOfWeek,omitempty"`
	Index          string   `json:"index,omitempty"`
}

// recurrenceRange is how long a series goes on. Its dates are days of its zone, the last one included.
type recurrenceRange struct {
	Type                string `json:"type"`
	StartDate           string `json:"startDate"`
	EndDate             string `json:"endDate,omitempty"`
	RecurrenceTimeZone  string `json:"recurrenceTimeZone,omitempty"`
	NumberOfOccurrences int    `json:"numberOfOccurrences,omitempty"`
}
