package work

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/internal/record"
)

// entered says how long work had to wait at the gate.
func entered(ctx context.Context, g *Gate) time.Duration {
	began := time.Now()
	g.enter(ctx)
	return time.Since(began)
}

func TestGateIsOpenWithoutRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(2)
		for range 20 {
			if waited := entered(t.Context(), g); waited > 0 {
				t.Errorf("waited %s", waited)
			}
		}
	})
}

func TestGateLetsRequestsGoAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(2)
		answered := g.Request()
		for range 2 {
			if waited := entered(t.Context(), g); waited > 0 {
				t.Errorf("the first two waited %s", waited)
			}
		}
		if waited := entered(t.Context(), g); waited != courtesy {
			t.Errorf("the third waited %s, and not as long as work has to at the most", waited)
		}
		g.leave()
		if waited := entered(t.Context(), g); waited != courtesy {
			t.Errorf("with two at work, one more waited %s", waited)
		}
		go func() {
			time.Sleep(300 * time.Millisecond)
			g.leave()
			g.leave()
		}()
		if waited := entered(t.Context(), g); waited != 300*time.Millisecond {
			t.Errorf("one waited %s for the end of others", waited)
		}
		go func() {
			time.Sleep(300 * time.Millisecond)
			answered()
		}()
		if waited := entered(t.Context(), g); waited != 300*time.Millisecond+lull {
			t.Errorf("one waited %s for the last request", waited)
		}
		for range 3 {
			g.leave()
		}
		if g.requests != 0 || g.working != 0 {
			t.Errorf("left over: %d requests, %d at work", g.requests, g.working)
		}
	})
}

func TestGateAtShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1)
		defer g.Request()()
		g.enter(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if waited := entered(ctx, g); waited != 10*time.Millisecond {
			t.Errorf("waited %s after the end", waited)
		}
	})
}

// The engine passes the gate with each row, before it claims it, and leaves it whatever became of the row.
func TestEngineAtTheGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			rows   *rows
			handle Handler
		}{
			"done":     {&rows{}, func(context.Context, record.Lease) error { return nil }},
			"failed":   {&rows{}, func(context.Context, record.Lease) error { return errors.New("no") }},
			"panicked": {&rows{}, func(context.Context, record.Lease) error { panic("no") }},
			"not due":  {&rows{notDue: true}, nil},
		} {
			g := NewGate(1)
			answered := g.Request()
			g.enter(t.Context()) // another row
			e, _ := engine(c.rows, c.handle)
			e.Gate = g
			go func() {
				time.Sleep(courtesy / 2)
				if c.rows.claimed() > 0 {
					t.Errorf("%s: claimed while it waited", name)
				}
			}()
			began := time.Now()
			_, _ = e.Work(t.Context(), ref)
			if waited := time.Since(began); waited != courtesy {
				t.Errorf("%s: waited %s", name, waited)
			}
			g.leave()
			answered()
			time.Sleep(lull)
			synctest.Wait()
			if g.requests != 0 || g.working != 0 {
				t.Errorf("%s: left over: %d requests, %d at work", name, g.requests, g.working)
			}
		}
	})
}

func TestNoGate(t *testing.T) {
	t.Parallel()
	var g *Gate
	g.enter(t.Context())
	g.leave()
}
