package stage

import "time"

// Event is an event in a calendar, without a provider's words. All of it is a copy.
type Event struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Location    string `json:"location,omitempty"`
	// Start and End are instants, in Zone for timed events. An all-day event has midnights in UTC of its first day and of the day after its
	// last.
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	Zone   string    `json:"zone,omitempty"`
	AllDay bool      `json:"all_day,omitempty"`
	// Attendees are in the order in which the provider has them.
	Attendees []Attendee `json:"attendees,omitempty"`
	// Properties are the extended properties: at Google "private.name" and "shared.name", at Microsoft the property's whole id.
	Properties map[string]string `json:"properties,omitempty"`
	// TransactionID is Microsoft's; empty at Google.
	TransactionID string `json:"transaction_id,omitempty"`
	ETag          string `json:"etag"`
	// Deleted marks an event that is no longer there; its content is what it was last.
	Deleted bool `json:"deleted,omitempty"`
	// Series is the id of the series that the event is an occurrence of, if it is one.
	Series string `json:"series,omitempty"`
	// OriginalStart is when such an occurrence takes place by its series; of an all-day one the midnight of the day in UTC.
	OriginalStart time.Time `json:"original_start,omitzero"`
	// Recurrence holds Google's lines, or Microsoft's pattern and range as one line of JSON.
	Recurrence []string `json:"recurrence,omitempty"`
}

// Attendee is a guest. Response is in the provider's words; empty is the provider's default.
type Attendee struct {
	Email    string `json:"email"`
	Name     string `json:"name,omitempty"`
	Optional bool   `json:"optional,omitempty"`
	Response string `json:"response,omitempty"`
}

// Draft is an event that a person makes by hand.
type Draft struct {
	Title       string    `json:"title"`
	Description string    `json:"description,omitempty"`
	Location    string    `json:"location,omitempty"`
	Start       time.Time `json:"start"`
	End         time.Time `json:"end"`
	// Zone is an IANA name; empty is the calendar's.
	Zone string `json:"zone,omitempty"`
	// AllDay takes the dates of Start and End as they are written, and End as the day after the last.
	AllDay bool `json:"all_day,omitempty"`
	// Recurrence makes it a series: Google's lines, or Microsoft's pattern and range as one line of JSON.
	Recurrence []string   `json:"recurrence,omitempty"`
	Attendees  []Attendee `json:"attendees,omitempty"`
	// Notify mails the guests. Microsoft mails them in any case.
	Notify bool `json:"notify,omitempty"`
}

// Edit is what a person changes by hand; whatever is nil stays. A Start without an End moves the event and keeps its length.
type Edit struct {
	Title       *string     `json:"title,omitempty"`
	Description *string     `json:"description,omitempty"`
	Location    *string     `json:"location,omitempty"`
	Start       *time.Time  `json:"start,omitempty"`
	End         *time.Time  `json:"end,omitempty"`
	Zone        *string     `json:"zone,omitempty"`
	AllDay      *bool       `json:"all_day,omitempty"`
	Attendees   *[]Attendee `json:"attendees,omitempty"`
	Notify      bool        `json:"notify,omitempty"`
}

// Apply returns the draft that the event becomes.
func (e Edit) Apply(old Event) Draft {
	d := Draft{
		Title: old.Title, Description: old.Description, Location: old.Location,
		Start: old.Start, End: old.End, Zone: old.Zone, AllDay: old.AllDay, Attendees: old.Attendees, Notify: e.Notify,
	}
	set(&d.Title, e.Title)
	set(&d.Description, e.Description)
	set(&d.Location, e.Location)
	set(&d.Zone, e.Zone)
	set(&d.AllDay, e.AllDay)
	set(&d.Attendees, e.Attendees)
	if e.Start != nil {
		d.End = e.Start.Add(old.End.Sub(old.Start))
	}
	set(&d.Start, e.Start)
	set(&d.End, e.End)
	return d
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}
