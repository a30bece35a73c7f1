package record

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// PushGrace is how much later than a listing a push of the same change may come: providers promise no time, and send most within seconds.
const PushGrace = 2 * time.Minute

// Hearing is how changes of a calendar are heard of: what its channel pushes, and what its polls find.
type Hearing struct {
	// OpenSince is since when a channel is open, and OpenUntil until when; zero without one.
	OpenSince, OpenUntil time.Time
	// PushedAt is when a change was pushed last; zero if none was in the last days.
	PushedAt time.Time
	// ListedAt is when the last listing began that was published.
	ListedAt time.Time
	// MissedAt is when a listing found a change that no push had announced; it counts until the next push.
	MissedAt time.Time
	// Interval is how often the calendar is polled; zero before it is known how much a poll finds.
	Interval time.Duration
}

// Open reports whether a channel is open.
func (h Hearing) Open() bool { return !h.OpenUntil.IsZero() }

// Missing reports whether a change was found that no push announced, and nothing was pushed since then.
func (h Hearing) Missing() bool { return !h.MissedAt.IsZero() && h.PushedAt.Before(h.MissedAt) }

// Trusted reports whether pushes may be relied on.
func (h Hearing) Trusted() bool { return h.Open() && !h.Missing() }

// Announced reports whether what a listing has found may have been pushed: since the last listing began, or so shortly before that it could not show it
// yet.
func (h Hearing) Announced() bool {
	return !h.PushedAt.IsZero() && !h.PushedAt.Add(PushGrace).Before(h.ListedAt)
}

// Expected reports whether what a listing has found should have been pushed: the channel was open before the last listing began.
func (h Hearing) Expected() bool {
	return h.Open() && h.OpenSince.Before(h.ListedAt)
}

// PushState says whether changes of a calendar are pushed.
type PushState string

// The states.
const (
	// PushNone is without a channel, and none is about to be opened.
	PushNone PushState = "none"
	// PushOpening has no channel yet.
	PushOpening PushState = "opening"
	PushOpen    PushState = "open"
	// PushSilent has an open channel that has not told of changes.
	PushSilent PushState = "silent"
	// PushRefused has no channel since it could not be opened.
	PushRefused PushState = "refused"
)

// PushStates are all of them.
func PushStates() []PushState {
	return []PushState{PushNone, PushOpening, PushOpen, PushSilent, PushRefused}
}

// Keeping is what is wanted of the keeper of a calendar's channel and not done.
type Keeping struct {
	Wanted bool
	// Trouble is what its last attempt failed with; empty for nothing. RetryAt is when it tries again; zero while it waits for a person.
	Trouble string
	RetryAt time.Time
}

// Push is where a calendar stands at now.
func (h Hearing) Push(k Keeping, now time.Time) PushState {
	switch {
	case h.Open() && h.Missing() && !now.Before(h.MissedAt.Add(PushGrace)):
		return PushSilent
	case h.Open():
		return PushOpen
	case k.Trouble != "":
		return PushRefused
	case k.Wanted:
		return PushOpening
	default:
		return PushNone
	}
}

// Polling is what a poll of a calendar starts from.
type Polling struct {
	Calendar   Calendar
	Connection Connection
	Hearing    Hearing
	Push       PushState
}

// Heard is what a publication has found out.
type Heard struct {
	Hearing Hearing
	// News says that it shows changes which the mirror did not.
	News bool
}

// Repoll is how a calendar is polled from now on.
type Repoll struct {
	Interval time.Duration
	// At is when to poll it next; zero leaves that as it is.
	At time.Time
}

// Following is what can be told of how a calendar is followed.
type Following struct {
	Hearing Hearing
	Keeping Keeping
	Push    PushState
	// Pushes is how often its open channel has told of a change.
	Pushes int64
	// NextPoll is when it is polled next; zero for never.
	NextPoll time.Time
	// SyncedAt is when its last listing was published, Window what that covered, and Withheld how many rows of it could not be read.
	SyncedAt time.Time
	Window   cal.Window
	Withheld int64
	// Listing is the one under way; nil when there is none.
	Listing *Listing
}
