package budget

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
)

// ward is a mailbox with one place at a provider that takes its time, in virtual time.
type ward struct {
	*Limiter
	t     *testing.T
	began time.Time
	count atomic.Int64
	calls sync.WaitGroup
}

func newWard(t *testing.T, waiters int) *ward {
	t.Helper()
	w := &ward{t: t, began: time.Now()}
	t.Cleanup(w.calls.Wait)
	w.Limiter = New(nil, Options{
		Limits:     func(cal.Provider) Limits { return Limits{Concurrency: 1} },
		LocalShare: 100, Clock: clock.System{}, Waiters: waiters, Log: slog.New(slog.DiscardHandler),
		ID: func() string { return fmt.Sprint(w.count.Add(1)) },
	})
	return w
}

// call makes a call that takes d once it is let in, and sends when that was, or that it was refused with its wait.
func (w *ward) call(lane task.Lane, d time.Duration) <-chan string {
	out := make(chan string, 1)
	a := ask()
	a.Lane = lane
	w.calls.Go(func() {
		ctx, end := w.Begin(w.t.Context(), a)
		if err := send(ctx, w.t, http.MethodGet); err != nil {
			f, _ := fault.As(err)
			end(ctx, f)
			out <- "refused for " + f.RetryAfter.Round(10*time.Millisecond).String()
			return
		}
		out <- time.Since(w.began).String()
		time.Sleep(d)
		end(ctx, nil)
	})
	synctest.Wait()
	return out
}

// A place that this process gives back is taken again at once, by the most urgent call that waits for it.
func TestAPlaceIsTakenAgainAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, 10)
		first := w.call(task.Bulk, 123*time.Millisecond)
		bulk := w.call(task.Bulk, 45*time.Millisecond)
		background := w.call(task.Background, 45*time.Millisecond)
		urgent := w.call(task.Interactive, 45*time.Millisecond)
		for name, c := range map[string]struct {
			got  <-chan string
			want string
		}{
			"the first": {first, "0s"}, "interactive": {urgent, "123ms"}, "background": {background, "168ms"}, "bulk": {bulk, "213ms"},
		} {
			if got := <-c.got; got != c.want {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
		}
	})
}

// Two places that are free at once are for two that wait.
func TestEachPlaceWakesAnother(t *testing.T) {
	t.Parallel()
	var q queues
	first, _, _ := q.join("mailbox", 2, 1)
	second, _, _ := q.join("mailbox", 2, 1)
	if _, _, ok := q.join("mailbox", 2, 1); ok {
		t.Error("a third waits for one place")
	}
	for range 3 {
		q.freed("mailbox")
	}
	for i, w := range []*waiter{first, second} {
		select {
		case <-w.woken:
		default:
			t.Errorf("%d was not woken", i)
		}
	}
}

// Whoever has waited for long enough gives its work back, with a place in the line.
func TestPatienceEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, 10)
		first := w.call(task.Bulk, 10*time.Second)
		second := w.call(task.Bulk, 0)
		<-first
		time.Sleep(firstPatience)
		synctest.Wait()
		select {
		case got := <-second:
			if got != "refused for 200ms" { // how long a call takes, as far as is known
				t.Error(got)
			}
		default:
			t.Error("it still waits")
		}
		time.Sleep(10 * time.Second)
		if got := <-w.call(task.Bulk, 0); strings.HasPrefix(got, "refused") || len(w.queues.all) != 0 {
			t.Errorf("%s; %d queues are left", got, len(w.queues.all))
		}
	})
}

// Those who wait where they are take no places in the line, so that it is no longer than what waits for it.
func TestWaitersTakeNoPlaceInTheLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, 2)
		waits := []<-chan string{w.call(task.Bulk, 240*time.Millisecond), w.call(task.Bulk, 0), w.call(task.Bulk, 0)}
		if got := <-w.call(task.Bulk, 0); got != "refused for 200ms" {
			t.Errorf("the first in the line: %s", got)
		}
		for i, c := range waits {
			if got := <-c; strings.HasPrefix(got, "refused") {
				t.Errorf("%d: %s", i, got)
			}
		}
	})
}
