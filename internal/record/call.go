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
	// Read is since when at the latest it was known whether the provider wants to be left alone: the moment before its connection was read.
	Read time.Time
}

type laneKey struct{}

// WithLane lets a context carry how urgent the work is that is done with it.
func WithLane(ctx context.Context, lane task.Lane) context.Context {
	return context.WithValue(ctx, laneKey{}, lane)
}

// LaneOf is how urgent the work of a context is: what nobody has named a lane for is Interactive, since somebody waits for it.
func LaneOf(ctx context.Context) task.Lane {
	if lane, ok := ctx.Value(laneKey{}).(task.Lane); ok {
		return lane
	}
	return task.Interactive
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
