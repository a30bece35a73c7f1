package record

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
)

// Sync is what one listing of a calendar starts from.
type Sync struct {
	Calendar   Calendar
	Connection Connection
	// Cursor is where the last listing ended; zero before the first one and after a loss.
	Cursor cal.Cursor
	// Window is the range that the cursor's listing covers.
	Window cal.Window
	// SyncedAt is when the last listing was published, Spacing how long the one after it had to wait.
	SyncedAt time.Time
	Spacing  time.Duration
	// Recheck says that a snapshot missed events which another one has to confirm.
	Recheck bool
	// TZData is the version of the time-zone data by which the series of the mirror were expanded last, Series whether it has any.
	TZData string
	Series bool
	// Listing is the one under way; nil when there is none.
	Listing *Listing
}

// Listing is a listing under way.
type Listing struct {
	ID   string
	Kind cal.ListingKind
	// Page is the token of the next page to read; empty for the first one.
	Page  string
	Pages int64
	// Events are the rows of those pages.
	Events   int64
	Withheld int64
	Window   cal.Window
	// StartedAt is when its first page was asked for: what changed since then may be missing from it.
	StartedAt time.Time
	// TZData is the version of the time-zone data by which its series are expanded; empty when its pages disagree.
	TZData string
}

// Publication is a listing that is complete.
type Publication struct {
	Calendar Calendar
	Listing  Listing
	// Last is the last page, which is not staged yet. Its cursor is where the next listing goes on.
	Last cal.Page
	// Guard is how many booked events may vanish before an operator has to look.
	Guard   GuardLimits
	Spacing time.Duration
	Outcome Outcome
	Lane    task.Lane
	// Repoll says how the calendar is polled from now on, by what a listing has found that nobody pushed; nil leaves that as it is. It may be asked
	// more than once.
	Repoll func(Heard) Repoll
}

// Published says what a publication found.
type Published struct {
	Raised   int
	Vanished int
	// Missed is how many events the snapshot should have shown and did not: another snapshot has to confirm that they are gone.
	Missed int64
	// Guarded says that what vanished waits for an operator.
	Guarded bool
	// Unannounced says that it shows changes which a channel should have pushed and did not.
	Unannounced bool
}

// Observed is a row of the mirror.
type Observed struct {
	EventID cal.EventID
	ETag    string
	Status  cal.EventStatus
	Start   time.Time
	End     time.Time
	Content cal.Content
	Missing int64
	// Meeting is the same for all copies of one meeting in the tenant's mailboxes, and for each occurrence another; empty where that is not known. It is
	// opaque, and no event's identity.
	Meeting string
}

// Copy is what stands in some mailbox of a meeting that a booking has made, beside the booking's own events.
type Copy struct {
	CalendarID   cal.CalendarID
	ConnectionID cal.ConnectionID
	Provider     cal.Provider
	EventID      cal.EventID
	Slot         cal.Slot
}
