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
	_, leave = g.enter(ctx)
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
		after(300*time.Millisecond, first, second)
		third := pass("the third, until others end,", 300*time.Millisecond)
		fourth := pass("the fourth", 0)
		after(200*time.Millisecond, answered)
		fifth := pass("the fifth, until there are no requests,", 200*time.Millisecond+lull)
		third()
		fourth()
		fifth()
		if g.requests != 0 || g.working != 0 {
			t.Errorf("left over: %d requests, %d at work", g.requests, g.working)
		}
	})
}

// No row waits for longer than a second.
func TestGateOnlySlows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1)
		defer g.Request()()
		_, first := entered(t.Context(), g)
		if waited, leave := entered(t.Context(), g); waited != courtesy {
			t.Errorf("waited %s, and not as long as work has to at the most", waited)
		} else {
			leave()
		}
		first()
	})
}

// Rows that wait for a provider are in nobody's way, however many there are; those that have its answer are again.
func TestGateIsNotHeldByCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(2)
		Calling(t.Context())() // work that passed no gate
		var rows []context.Context
		var leave, back []func()
		for range 5 {
			ctx, left := g.enter(t.Context())
			rows, leave = append(rows, ctx), append(leave, left)
		}
		answered := g.Request()
		for _, ctx := range rows {
			back = append(back, Calling(ctx))
		}
		inner := Calling(rows[0])
		for range 2 {
			if waited, left := entered(t.Context(), g); waited > 0 {
				t.Errorf("beside five that wait for a provider one waited %s", waited)
			} else {
				left()
			}
		}
		back[0]()
		back[1]()
		if g.working != 1 {
			t.Errorf("%d are reckoned with after one call of two of the first and the call of the second", g.working)
		}
		inner()
		time.AfterFunc(300*time.Millisecond, leave[1])
		if waited, left := entered(t.Context(), g); waited != 300*time.Millisecond {
			t.Errorf("beside two that have their answers one waited %s", waited)
		} else {
			left()
		}
		leave[0]()
		for i := 2; i < 5; i++ { // left behind: their calls end after them
			leave[i]()
			back[i]()
		}
		answered()
		if g.working != 0 {
			t.Errorf("left over: %d at work", g.working)
		}
	})
}

func TestGateAtShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1)
		defer g.Request()()
		_, _ = g.enter(t.Context())
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
			_, leave := g.enter(t.Context()) // another row
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
	_, leave := g.enter(t.Context())
	leave()
}
