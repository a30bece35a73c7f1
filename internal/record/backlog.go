package record

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// Backlog is the work of a tenant that follows changes, at one provider application. Schedules do not count: they always wait for their time.
type Backlog struct {
	Provider cal.Provider
	AppID    cal.AppID
	// Due may be done now, Waiting waits for its time, Held for a person.
	Due, Waiting, Held int64
	// Oldest is since when the oldest work that is due or waits is wanted; zero without any.
	Oldest time.Time
}
