package jobs_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/task"
)

// blocked is a hint whose work waits until it is released.
func (b *bench) blocked(subject string) (task.Hint, func()) {
	release := make(chan struct{})
	b.worker.blocks[subject] = release
	return hint(subject), func() { close(release) }
}

// Once stopped, the server takes nothing more, and Shutdown waits for what is in hand.
func TestShutdownWaits(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		h, release := b.blocked("lnk_1")
		b.hint(0, h, hint("lnk_2"))
		s := b.serve(1, limit)
		<-b.worker.began
		s.Stop()
		ended := make(chan struct{})
		go func() {
			s.Shutdown()
			close(ended)
		}()
		select {
		case <-ended:
			b.Error("it did not wait")
		default:
		}
		release()
		<-ended
		if done := b.worker.finished(); len(done) != 1 || done[0].Subject != "lnk_1" {
			b.Errorf("%v", done)
		}
		if pending, _, _ := b.tasks(string(task.Interactive)); pending != 1 {
			b.Errorf("%d are still to be done", pending)
		}
	})
}

// Work that does not end in time is told to, and its hint goes back to the queue.
func TestShutdownGivesUp(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		h, release := b.blocked("lnk_1")
		defer release()
		b.hint(0, h)
		s := b.serve(1, 10*time.Millisecond)
		<-b.worker.began
		s.Shutdown()
		b.until("the hint is back", func() bool { pending, _, _ := b.tasks(string(task.Interactive)); return pending == 1 })
	})
}

// The intake has workers of its own: however busy the lanes are, submissions are taken.
func TestIntakeIsApart(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		h, release := b.blocked("lnk_1")
		defer release()
		b.hint(0, h)
		b.serve(1, time.Second)
		<-b.worker.began
		if err := b.client().SubmitBooking(b.ctx, task.SubmitBooking{BookingID: "b1", Cancel: &task.Cancellation{Version: 1}}); err != nil {
			b.Fatal(err)
		}
		b.until("it is taken", func() bool { _, taken := b.intake.counts(); return taken == 1 })
	})
}

// All lanes are served, the more urgent ones more often: of 17 tasks about 12, 4 and 1.
func TestLanesAreWeighted(t *testing.T) {
	t.Parallel()
	b := newBench(t, embedded(t))
	const each = 200
	for i := range each {
		for _, lane := range task.Lanes() {
			h := hint(fmt.Sprintf("%s %d", lane, i))
			h.Lane = lane
			b.hint(0, h)
		}
	}
	b.serve(1, time.Second)
	count := map[string]int{}
	for range each {
		var lane string
		if _, err := fmt.Sscan((<-b.worker.began).Subject, &lane); err != nil {
			t.Fatal(err)
		}
		count[lane]++
	}
	if i, g, u := count["interactive"], count["background"], count["bulk"]; i < 2*g || g < u || u == 0 || i > each*9/10 {
		t.Errorf("of the first %d: %v", each, count)
	}
}

// A server whose Redis is away starts, since the sweep does the work meanwhile, and stops when it is told to.
func TestServerStopsWithoutRedis(t *testing.T) {
	t.Parallel()
	b := newBench(t, "redis://"+closedPort(t))
	s := b.serve(1, 10*time.Millisecond)
	ended := make(chan struct{})
	go func() {
		s.Shutdown()
		close(ended)
	}()
	select {
	case <-ended:
	case <-b.ctx.Done():
		t.Error("it does not stop")
	}
}
