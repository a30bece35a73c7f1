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
	// Recurrence are lines of RFC 5545 by which the booking repeats: one RRULE, and perhaps RDATE and EXDATE. Start and End are those of the first
	// occurrence, and the rule is read by wall time in the zone of Start. Empty means a single booking.
	Recurrence []string `json:"recurrence,omitempty"`
	// Overrides are the single occurrences that differ.
	Overrides []Override `json:"overrides,omitempty"`
	// Expand lets a recurring booking stand as single events, one for each occurrence, and not as a series.
	Expand bool `json:"expand,omitempty"`
	// Metadata is kept for the core and stands in no calendar.
	Metadata map[string]string `json:"metadata,omitempty"`
}

// IsSeries reports whether the booking stands in calendars as a series that is one event.
func (b Booking) IsSeries() bool { return len(b.Recurrence) > 0 && !b.Expand }

// Override is an occurrence of a recurring booking that differs from the others, or does not take place. What it leaves out is as the booking says.
type Override struct {
	// OriginalStart is when the occurrence would begin by the rule: its place in the series, wherever it is moved to.
	OriginalStart When `json:"original_start"`
	// Cancelled says that it does not take place. Nothing else is said of it then.
	Cancelled   bool    `json:"cancelled,omitempty"`
	Title       *string `json:"title,omitempty"`
	Description *string `json:"description,omitempty"`
	Location    *string `json:"location,omitempty"`
	// Start alone moves the occurrence and keeps its length; End alone changes that.
	Start *When `json:"start,omitempty"`
	End   *When `json:"end,omitempty"`
}

// Occurrence names one occurrence of a recurring booking.
type Occurrence struct {
	// OriginalStart is when it would begin by the rule, in the zone of the series.
	OriginalStart When `json:"original_start"`
}
