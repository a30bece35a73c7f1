package work

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/internal/record"
)

// entered says how long work had to wait at the gate, and lets it leave.
func entered(ctx context.Context, g *Gate) (waited time.Duration, leave func()) {
	began := time.Now()
	leave = g.enter(ctx)
	return time.Since(began), leave
}

func TestGateIsOpenWithoutRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(2)
		for range 20 {
			if waited, _ := entered(t.Context(), g); waited > 0 {
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
		pass := func(what string, want time.Duration) (leave func()) {
			t.Helper()
			waited, leave := entered(t.Context(), g)
			if waited != want {
				t.Errorf("%s waited %s, want %s", what, waited, want)
			}
			return leave
		}
		after := func(d time.Duration, do ...func()) {
			time.AfterFunc(d, func() {
				for _, one := range do {
					one()
				}
			})
		}
		first, second := pass("the first", 0), pass("the second", 0)
		after(exertion/2, first, second)
		third := pass("the third, until others end,", exertion/2)
		fourth := pass("the fourth", 0)
		after(exertion/5, answered)
		fifth := pass("the fifth, until there are no requests,", exertion/5+lull)
		third()
		fourth()
		fifth()
		fifth()
		if g.requests != 0 || g.working != 0 {
			t.Errorf("left over: %d requests, %d at work", g.requests, g.working)
		}
	})
}

// No row waits for longer than a second, even where others keep beginning.
func TestGateOnlySlows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1)
		defer g.Request()()
		defer g.enter(t.Context())()
		time.AfterFunc(exertion/2, func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.working++ // one that does not leave
		})
		if waited, _ := entered(t.Context(), g); waited != courtesy {
			t.Errorf("waited %s, and not as long as work has to at the most", waited)
		}
	})
}

// Rows that take long, because a provider does not answer, are in nobody's way.
func TestGateIsNotHeldByWhatTakesLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(2)
		for range 10 {
			defer g.enter(t.Context())()
		}
		defer g.Request()()
		if waited, leave := entered(t.Context(), g); waited != exertion {
			t.Errorf("beside ten that have just begun one waited %s", waited)
		} else {
			leave()
		}
		synctest.Wait()
		if waited, leave := entered(t.Context(), g); waited > 0 {
			t.Errorf("beside ten that take long one waited %s", waited)
		} else {
			leave()
		}
		if g.working != 0 {
			t.Errorf("%d are reckoned with", g.working)
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
		if waited, _ := entered(ctx, g); waited != 10*time.Millisecond {
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
			leave := g.enter(t.Context()) // another row
			e, _ := engine(c.rows, c.handle)
			e.Gate = g
			go func() {
				time.Sleep(exertion / 2)
				if c.rows.claimed() > 0 {
					t.Errorf("%s: claimed while it waited", name)
				}
			}()
			began := time.Now()
			_, _ = e.Work(t.Context(), ref)
			if waited := time.Since(began); waited != exertion {
				t.Errorf("%s: waited %s", name, waited)
			}
			leave()
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
	g.enter(t.Context())()
}
