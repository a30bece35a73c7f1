package cal

import "time"

// EventStatus says whether an event takes place.
type EventStatus string

// The statuses. A cancelled event is a tombstone: the provider itself says that the event is gone.
const (
	StatusConfirmed EventStatus = "confirmed"
	StatusTentative EventStatus = "tentative"
	StatusCancelled EventStatus = "cancelled"
)

// EventKind tells single events from the parts of a series.
type EventKind string

// The kinds. An occurrence follows its series; an exception is an occurrence that was changed or cancelled on its own.
const (
	KindSingle     EventKind = "single"
	KindSeries     EventKind = "series"
	KindOccurrence EventKind = "occurrence"
	KindException  EventKind = "exception"
)

// Event is an event as a provider reported it.
type Event struct {
	ID     EventID     `json:"id"`
	ETag   string      `json:"etag,omitempty"`
	Status EventStatus `json:"status"`
	Kind   EventKind   `json:"kind,omitempty"`
	// Series is the id of the series that an occurrence or exception belongs to, and OriginalStart its immutable place in it.
	Series        EventID `json:"series,omitempty"`
	OriginalStart Moment  `json:"original_start,omitzero"`
	// ICalUID is what the provider says; Microsoft gives every occurrence its own, so it never serves as identity.
	ICalUID string `json:"ical_uid,omitempty"`
	// Stamp is the Key.String() that calweave wrote into the event; empty for anybody else's event and where the provider's answer leaves it out.
	Stamp   string  `json:"stamp,omitempty"`
	Content Content `json:"content"`
	// Recurrence are the lines of RFC 5545 (RRULE, EXRULE, RDATE, EXDATE) of a series whose occurrences its provider does not list by themselves; empty
	// for every other event. Whoever expands them has to bound that: strangers write them.
	Recurrence []string `json:"recurrence,omitempty"`
	// Conference is the event's video conference. Drivers that are no provider.ConferenceMaker leave it zero.
	Conference Conference `json:"conference,omitzero"`
	// Free says that the event takes none of its calendar's time: it is shown as free, or the calendar's owner has declined it.
	Free    bool      `json:"free,omitempty"`
	Updated time.Time `json:"updated,omitzero"`
	// URL opens the event in the provider's own web calendar.
	URL string `json:"url,omitempty"`
}

// Gone reports whether the provider calls the event cancelled.
func (e Event) Gone() bool { return e.Status == StatusCancelled }
