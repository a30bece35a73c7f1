package app_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/jobs"
)

// Whichever statement the database fails at, a submission succeeds only with its commit: a task that the queue forgets is committed.
func TestQueueSubmissionIsCommittedOrTriedAgain(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "calweave.db")
	// A process starts at each statement, which takes its time under the race detector.
	w := plan{switches: sim.DefaultSwitches(), poll: 10_000 * time.Hour, limit: 10 * limit, databaseURL: url, ownerURL: url}.start(t)
	k, err := w.app.CreateKey(w.ctx, w.tenant, store.PurposeSigning, "")
	w.must(err)
	b := w.booking(1, "Intro call", wall)
	payload, err := json.Marshal(task.SubmitBooking{BookingID: "b1", Booking: &b})
	w.must(err)
	signed := jobs.Signed{
		ID: "task", Schema: task.SchemaVersion, KeyID: k.ID, Payload: payload,
		Signature: task.Sign([]byte(k.Secret), task.SchemaVersion, k.ID, payload),
	}
	for at := 1; ; at++ {
		w.killer.arm(at, false)
		err := w.app.Queue.Submit(w.ctx, signed)
		killed := w.killer.isDead()
		if killed {
			w.restart()
		}
		w.killer.disarm()
		_, missing := w.app.Store.Booking(w.ctx, w.tenant, "b1")
		if errors.Is(missing, record.ErrNotFound) != (err != nil) || killed != (err != nil) {
			t.Errorf("killed at statement %d: %v, but %v", at, err, missing)
		}
		if !killed {
			if at < 5 {
				t.Errorf("a submission makes %d statements", at-1)
			}
			return
		}
	}
}
