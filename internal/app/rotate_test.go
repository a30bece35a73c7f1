package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/testkit"
)

// TestKillDuringRotation ends the process at statements of a rotation, while another one still seals with the old key. In the end everything opens
// with the new key alone, and both directions work. The store's own trial takes every statement.
func TestKillDuringRotation(t *testing.T) {
	t.Parallel()
	calls := rotation(t, sqliteWorld(t), 0, false)
	stride := 11
	if testkit.UnderRace || testing.Short() {
		stride = 53
	}
	for at := 1; at <= calls; at += stride {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d after=%t", at, after), func(t *testing.T) {
				t.Parallel()
				rotation(t, sqliteWorld(t), at, after)
			})
		}
	}
}

// generation opens another store on the world's database, with other keys.
func (w *world) generation(keys []byte, seed byte) *store.Store {
	w.tb.Helper()
	sealer, err := seal.Parse(keys)
	w.must(err)
	s, err := store.Open(w.ctx, w.config.DatabaseURL.Reveal(), "", store.Options{Sealer: sealer, Clock: w.clock, IDs: ident.New(w.clock, seeded(seed))})
	w.must(err)
	w.tb.Cleanup(func() { w.must(s.Close()) })
	return s
}

// rotation rotates the key of a world with a booking in both calendars, killed at one call. It returns how many calls the rotation made.
func rotation(t *testing.T, w *world, at int, after bool) int {
	t.Helper()
	w.submit("b1", w.booking(1, "Intro call", wall), nil)
	w.settle()
	old := []byte(w.config.SealKeys.Reveal())
	both, added, err := seal.AddKey(old)
	w.must(err)
	promoted, err := seal.Promote(both, added)
	w.must(err)
	late := w.generation(both, 11)
	w.config.SealKeys = config.Secret(promoted)
	w.restart()

	w.killer.arm(at, after)
	armed := w.killer
	for {
		_, err := w.app.RotateSeals(w.ctx)
		if err == nil {
			break
		}
		if !w.killer.isDead() {
			t.Fatal(err)
		}
		w.restart()
	}
	var written []store.Key
	w.afterStep = func() {
		const most = 3
		if len(written) < most {
			k, err := late.CreateKey(w.ctx, w.tenant, store.PurposeSigning, "", "test")
			w.must(err)
			written = append(written, k)
		}
		b, err := late.Booking(w.ctx, w.tenant, "b1")
		if err != nil || b.Spec.Title != "Intro call" {
			t.Errorf("the old generation reads %q, %v", b.Spec.Title, err)
		}
	}
	w.settle()
	calls := struck(t, armed, at)
	w.afterStep = nil
	checkRotated(t, w, armed.what, old, promoted, written)
	return calls
}

// checkRotated goes on with the new key alone, and lets a person move an event.
func checkRotated(t *testing.T, w *world, what string, old, promoted []byte, written []store.Key) {
	t.Helper()
	sealer, err := seal.Parse(old)
	w.must(err)
	id := sealer.Keys()[0]
	if left, err := w.app.RetireSealKey(w.ctx, id); err != nil || left != 0 {
		t.Fatalf("killed at %q: %d values with the old key, %v", what, left, err)
	}
	r, err := w.app.Store.Rotation(w.ctx, w.tenant)
	w.must(err)
	if !r.Finished() || r.Unopened != 0 || len(written) == 0 {
		t.Errorf("killed at %q: %+v with %d values written meanwhile", what, r, len(written))
	}
	alone, err := seal.RemoveKey(promoted, id)
	w.must(err)
	w.config.SealKeys = config.Secret(alone)
	w.restart()
	for _, k := range written {
		if got, err := w.app.Store.SigningKey(w.ctx, k.ID); err != nil || got.Secret != k.Secret {
			t.Errorf("killed at %q: a key that was made meanwhile: %v", what, err)
		}
	}
	moved := w.standing(sim.Google)[0]
	_, err = w.sim.MoveEvent(sim.In{Provider: sim.Google, Email: ada}, moved.ID, moved.Start.Add(time.Hour))
	w.must(err)
	w.settle()
	if n := w.core.types(); n[message.BookingMoved] != 1 || n[message.BookingSynced] != 2 {
		t.Errorf("killed at %q: the core was told %v", what, n)
	}
	if w.core.forged > 0 {
		t.Errorf("killed at %q: %d deliveries were not signed by us", what, w.core.forged)
	}
	b, err := w.app.Store.Booking(w.ctx, w.tenant, cal.BookingID("b1"))
	if err != nil || b.Spec.Title != "Intro call" {
		t.Errorf("killed at %q: %q, %v", what, b.Spec.Title, err)
	}
	w.checkNothingStopped(what)
}
