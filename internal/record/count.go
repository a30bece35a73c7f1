package record

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
)

// CountState is how work stands that is counted.
type CountState string

// The states of work that is not done. Due work may be claimed, running work is leased, waiting work has its time before it.
const (
	CountDue     CountState = "due"
	CountRunning CountState = "running"
	CountWaiting CountState = "waiting"
	CountHeld    CountState = "held"
	// CountGuarded is held work too: deletions that an operator has to decide about.
	CountGuarded CountState = "guarded"
	CountDead    CountState = "dead"
)

// WorkCount counts work of all tenants.
type WorkCount struct {
	Kind  task.Kind
	Lane  task.Lane
	State CountState
	Rows  int64
	// Oldest is since when the oldest of it is wanted, or, of a schedule, when its time came or comes.
	Oldest time.Time
}

// TenantCount counts a tenant's work that follows changes and waits for nobody, schedules apart.
type TenantCount struct {
	Tenant cal.TenantID
	Rows   int64
	// Oldest is since when the oldest of it is wanted.
	Oldest time.Time
}
