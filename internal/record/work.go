package record

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
)

// WorkState is where a row of the work table stands.
type WorkState string

// The states. Held work waits for a person's word, dead work for a replay; both keep what they were asked to do.
const (
	Ready WorkState = "ready"
	Held  WorkState = "held"
	Dead  WorkState = "dead"
)

// HeldFor says whose word held work waits for.
type HeldFor string

// The reasons to hold work.
const (
	// HeldForReauth ends when the owner of the connection connects again.
	HeldForReauth HeldFor = "reauth"
	// HeldForApproval ends when an operator approves a write that mails somebody by surprise.
	HeldForApproval HeldFor = "approval"
	// HeldForGuard ends when an operator approves that many events vanished at once.
	HeldForGuard HeldFor = "guard"
)

// Lease is the right to work on one row until a moment. Every write made under it is fenced by Token: once somebody else has claimed the row,
// nothing more is written.
type Lease struct {
	task.Ref
	Lane         task.Lane
	ConnectionID cal.ConnectionID
	Token        int64
	// Wanted is the generation that was claimed. Marks made since then are served by the next claim.
	Wanted int64
	Until  time.Time
	// Attempts counts failures in a row, Crashes claims in a row without an outcome, this one included.
	Attempts, Crashes int
	Traceparent       string
}

// Left is how long the lease still runs at now.
func (l Lease) Left(now time.Time) time.Duration { return l.Until.Sub(now) }

// Mark asks for work on a row. It never shortens a wait that a failure, a penalty or pacing has set.
type Mark struct {
	Kind         task.Kind
	Subject      string
	Lane         task.Lane
	ConnectionID cal.ConnectionID
	// NotBefore delays a row that does not exist yet; it changes nothing about one that does.
	NotBefore time.Time
	// Revive ends a wait, a hold and a dead letter: for a new version of a booking, a reconnect, a replay and an approval only.
	Revive bool
	// Hold keeps the row from running until an operator approves.
	Hold HeldFor
	// Reason says why it is held.
	Reason string
}

// Outcome is what becomes of a claimed row.
type Outcome struct {
	State   WorkState
	HeldFor HeldFor
	// Served says that the claimed generation needs no more work.
	Served bool
	// Again keeps a schedule's row wanted, so that it comes due again at NotBefore.
	Again bool
	// Forget deletes the row unless it was marked meanwhile: for subjects that are done once.
	Forget    bool
	NotBefore time.Time
	// Attempts and Crashes are the new counts.
	Attempts, Crashes int
	Reason            string
}

// Served is the outcome of work that is done.
func Served() Outcome { return Outcome{State: Ready, Served: true} }

// Work is a row of the work table as an operator sees it.
type Work struct {
	task.Ref
	Lane              task.Lane
	State             WorkState
	HeldFor           HeldFor
	Wanted, Done      int64
	WantedAt          time.Time
	NotBefore         time.Time
	LeaseUntil        time.Time
	Attempts, Crashes int
	LastError         string
}
