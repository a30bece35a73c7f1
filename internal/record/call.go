package record

import (
	"context"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
)

// Call is one call of a client to its provider, which may take several requests.
type Call struct {
	Tenant     cal.TenantID
	Provider   cal.Provider
	AppID      cal.AppID
	Connection cal.ConnectionID
	// Calendar is what a write writes to; empty for a call that reads.
	Calendar cal.RemoteCalendarID
	Lane     task.Lane
	// InLine says that its work has been refused before, and comes at the place that it was promised.
	InLine bool
	// Read is since when at the latest it was known whether the provider wants to be left alone: the moment before its connection was read.
	Read time.Time
}

// Turn is whose turn it is: how urgent the work is that is done with a context, and whether it comes at a place that it was promised.
type Turn struct {
	Lane   task.Lane
	InLine bool
}

type turnKey struct{}

// WithTurn lets a context carry a turn.
func WithTurn(ctx context.Context, t Turn) context.Context {
	return context.WithValue(ctx, turnKey{}, t)
}

// TurnOf is the turn of a context. What nobody has named a lane for is Interactive, since somebody waits for it.
func TurnOf(ctx context.Context) Turn {
	if t, ok := ctx.Value(turnKey{}).(Turn); ok {
		return t
	}
	return Turn{Lane: task.Interactive}
}

// LaneWeight is how many of the turns of workers a lane has while all lanes have work.
func LaneWeight(lane task.Lane) int {
	switch lane {
	case task.Interactive:
		return 12
	case task.Background:
		return 4
	default:
		return 1
	}
}
