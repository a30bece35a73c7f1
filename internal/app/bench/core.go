package bench

import (
	"io"
	"net/http"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/clock"
)

// coreSecret signs what is sent to the core.
const coreSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDWVd2uKzMVc8=" //nolint:gosec // of a core that lives for a minute

// core is a booking core that verifies what it is sent and tells when messages of one type have come.
type core struct {
	clock    clock.Clock
	verifier *standardwebhooks.Webhook
	mu       sync.Mutex
	forged   int
	// came gets the moment of each message of the type.
	kind message.Type
	came chan time.Time
}

func newCore(c clock.Clock, kind message.Type, room int) (*core, error) {
	v, err := standardwebhooks.NewWebhook(coreSecret)
	return &core{clock: c, verifier: v, kind: kind, came: make(chan time.Time, room)}, err
}

// ServeHTTP receives one delivery.
func (c *core) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const limit = 1 << 20
	body, err := io.ReadAll(io.LimitReader(r.Body, limit))
	if err != nil || c.verifier.Verify(body, r.Header) != nil {
		c.mu.Lock()
		c.forged++
		c.mu.Unlock()
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	now := c.clock.Now()
	w.WriteHeader(http.StatusNoContent)
	var e message.Envelope
	if decode(body, &e) == nil && e.Type == c.kind {
		select {
		case c.came <- now:
		default: // one too many, which the reader will miss
		}
	}
}
