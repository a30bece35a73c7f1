package bench

import (
	"database/sql/driver"
	"sync/atomic"
)

// exchanges counts how often calweave waits for its database. Unlike times, their number does not depend on the machine.
type exchanges struct{ n atomic.Int64 }

// wrap is app.Outside.WrapSQL.
func (e *exchanges) wrap(c driver.Connector) driver.Connector {
	if c, ok := c.(interface {
		Counting(n *atomic.Int64) driver.Connector
	}); ok {
		return c.Counting(&e.n)
	}
	return c
}

// taken returns what was counted since it was last called, and forgets it.
func (e *exchanges) taken() int64 { return e.n.Swap(0) }
