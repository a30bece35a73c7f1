package stage

import "errors"

// What acting as a person can fail with.
var (
	ErrUnknownPerson   = errors.New("no such person")
	ErrUnknownCalendar = errors.New("no such calendar")
	ErrUnknownEvent    = errors.New("no such event")
	ErrUnknownChannel  = errors.New("no such channel")
	ErrInvalid         = errors.New("invalid")
)

// Role is what a person may do with a calendar.
type Role string

// The roles, from Google's accessRole (https://developers.google.com/workspace/calendar/api/v3/reference/calendarList). Microsoft's canEdit
// is true for writers and owners.
const (
	RoleOwner          Role = "owner"
	RoleWriter         Role = "writer"
	RoleReader         Role = "reader"
	RoleFreeBusyReader Role = "freeBusyReader"
)

// Person is an account at one provider.
type Person struct {
	Provider Provider `json:"provider"`
	// Email is the account's name and, at Google, the id of its primary calendar.
	Email string `json:"email"`
	Name  string `json:"name,omitempty"`
	// Zone is the IANA name of the person's time zone; empty is UTC.
	Zone string `json:"zone,omitempty"`
	// Calendars are those that the person sees. One of them is primary; without any word an own one is made.
	Calendars []Calendar `json:"calendars,omitempty"`
}

// Calendar is a calendar as one person sees it.
type Calendar struct {
	// ID is the provider's; seeding chooses it, except that at Google the primary calendar's is the person's address.
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
	// Zone is an IANA name; empty is the person's.
	Zone    string `json:"zone,omitempty"`
	Primary bool   `json:"primary,omitempty"`
	// Role is what the person may do; empty is RoleOwner.
	Role Role `json:"role,omitempty"`
}

// Token is a pair of tokens that was issued without anyone at a browser.
type Token struct {
	Access  string   `json:"access_token"`
	Refresh string   `json:"refresh_token"`
	Scopes  []string `json:"scopes"`
}

// Channel is a push channel (Google) or subscription (Microsoft) that is alive.
type Channel struct {
	ID       string `json:"id"`
	Calendar string `json:"calendar"`
	Address  string `json:"address"`
	// Lifecycle is where Microsoft sends lifecycle notifications; empty if nowhere.
	Lifecycle string `json:"lifecycle,omitempty"`
	// Expires is in RFC 3339 and UTC.
	Expires string `json:"expires"`
}
