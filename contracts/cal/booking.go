package cal

// Notify says which guests a provider may mail about a booking.
type Notify string

// The choices. The default is NotifyNone.
const (
	NotifyNone     Notify = "none"
	NotifyExternal Notify = "external"
	NotifyAll      Notify = "all"
)

// Target is a calendar that a booking stands in. Guests stand on the authoritative target only; without a word the first target is it.
type Target struct {
	CalendarID    CalendarID `json:"calendar_id"`
	Authoritative bool       `json:"authoritative,omitempty"`
}

// Booking is one version of a booking as its core submits it.
type Booking struct {
	// Version is the core's alone and only rises.
	Version     int64      `json:"version"`
	Title       string     `json:"title"`
	Description string     `json:"description,omitempty"`
	Location    string     `json:"location,omitempty"`
	Start       When       `json:"start"`
	End         When       `json:"end"`
	Attendees   []Attendee `json:"attendees,omitempty"`
	Notify      Notify     `json:"notify,omitempty"`
	Targets     []Target   `json:"targets"`
	// Backflow is what becomes of persons' changes to this booking's events. What it leaves open, the connection says of the calendar that was changed.
	Backflow Backflow `json:"backflow,omitzero"`
	// Conference asks for a video conference on the authoritative target. Empty asks for none, and takes none away.
	Conference ConferenceWish `json:"conference,omitempty"`
	// Metadata is kept for the core and stands in no calendar.
	Metadata map[string]string `json:"metadata,omitempty"`
}
