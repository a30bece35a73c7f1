package outbound

import (
	"context"
	"net/http"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// NewRequest makes the request that delivers d at the time of c, for those who send a message without a store.
func NewRequest(ctx context.Context, d record.Delivery, c clock.Clock) (*http.Request, error) {
	return (&Sender{Clock: c}).request(ctx, d)
}
