package work

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
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

func TestNoGate(t *testing.T) {
	t.Parallel()
	var g *Gate
	g.enter(t.Context())
	g.leave()
}
