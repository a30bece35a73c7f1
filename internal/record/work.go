package record

import (
	"context"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
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
	// InLine says that the row comes at the place that it was promised among those who wait for the provider's limits.
	InLine bool
	// Attempts counts failures in a row, Crashes claims in a row without an outcome, this one included.
	Attempts, Crashes int
	Traceparent       string
}

// Call bounds a call that is made under the lease at now, so that it ends well before the lease does. It fails with fault.Fenced when the lease
// has run out already.
func (l Lease) Call(ctx context.Context, now time.Time) (context.Context, context.CancelFunc, error) {
	left := l.Until.Sub(now)
	if left <= 0 {
		return ctx, func() {}, fault.Newf(fault.Fenced, l.String(), "the lease ended before the call")
	}
	ctx, cancel := context.WithTimeout(ctx, left*3/4)
	return ctx, cancel, nil
}

// Company is what runs beside a row in its process.
type Company int

// The companies.
const (
	// Alone is none: if the process dies, the row is to blame.
	Alone Company = iota
	// Beside is that of other rows. A suspect is not claimed into it.
	Beside
	// Haunted is that of runs that do not end. If the process dies, nothing is held against the row.
	Haunted
)

// Due is a row that may be claimed, and since or from when.
type Due struct {
	task.Hint
	At time.Time
}

// Mark asks for work on a row. It never shortens a wait that a failure, a penalty or pacing has set.
type Mark struct {
	Kind         task.Kind
	Subject      string
	Lane         task.Lane
	ConnectionID cal.ConnectionID
	// NotBefore delays a row that nothing else is wanted of. It never moves a wait that is under way, unless Reset is set.
	NotBefore time.Time
	// Reset sets the time of a schedule's row, earlier or later. Schedules have rows of their own, which never back off.
	Reset bool
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
	// InLine says that NotBefore is a place among those who wait for the provider's limits.
	InLine bool
	// Attempts and Crashes are the new counts.
	Attempts, Crashes int
	// Suspect says that the run ended without a word, so that the next one has to be alone.
	Suspect bool
	Reason  string
	// Fault is what kind of failure it comes of; empty for none.
	Fault fault.Kind
	// Attempt is the call of an endpoint that failed; nil when none was made.
	Attempt *Attempt
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
