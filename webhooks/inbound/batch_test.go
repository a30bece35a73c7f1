package inbound_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/webhooks/inbound"
)

// errSpoilt is what transactions of these tests fail with.
var errSpoilt = errors.New("a row of the batch is spoilt")

// crowd is a batcher with n channels each of two tenants, and a record of its transactions. Its tests run in a bubble, where "everybody waits" is a
// moment that can be met.
type crowd struct {
	*testing.T
	*inbound.Batcher
	channels *channels
	mu       sync.Mutex
	// batches are the channels of each transaction that began.
	batches [][]cal.ChannelID
	// held keeps the transactions that it names from going on until it is closed; spoilt are channels that fail every transaction they are in.
	held   map[cal.ChannelID]chan struct{}
	spoilt map[cal.ChannelID]bool
}

func newCrowd(t *testing.T, n int, change func(*inbound.Limits)) *crowd {
	t.Helper()
	c := &crowd{T: t, channels: &channels{known: map[cal.ChannelID]record.Channel{}}, held: map[cal.ChannelID]chan struct{}{}, spoilt: map[cal.ChannelID]bool{}}
	for _, tenant := range []cal.TenantID{"a", "b"} {
		for i := range n {
			id := channelOf(tenant, i)
			c.channels.known[id] = record.Channel{TenantID: tenant, CalendarID: "cal", Channel: cal.Channel{ID: id}, State: record.ChannelOpen, SecretHash: hash(secret)}
		}
	}
	c.channels.enter = c.enter
	l := inbound.DefaultLimits()
	if change != nil {
		change(&l)
	}
	c.Batcher = newBatcher(t, c.channels, l)
	return c
}

func channelOf(tenant cal.TenantID, i int) cal.ChannelID {
	return cal.ChannelID(fmt.Sprintf("chn_%s_%d", tenant, i))
}

func (c *crowd) enter(_ cal.TenantID, ids []cal.ChannelID) error {
	c.mu.Lock()
	c.batches = append(c.batches, ids)
	var wait []chan struct{}
	var err error
	for _, id := range ids {
		if held, ok := c.held[id]; ok {
			wait = append(wait, held)
		}
		if c.spoilt[id] {
			err = errSpoilt
		}
	}
	c.mu.Unlock()
	for _, held := range wait {
		<-held
	}
	return err
}

// hold lets transactions of a channel wait until the returned function is called.
func (c *crowd) hold(id cal.ChannelID) (release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := make(chan struct{})
	c.held[id] = held
	return func() {
		c.mu.Lock()
		delete(c.held, id)
		c.mu.Unlock()
		close(held)
	}
}

// take hands a notice over, beside the test, and yields what became of it.
func (c *crowd) take(ctx context.Context, ids ...cal.ChannelID) <-chan error {
	var notices []provider.Notice
	for _, id := range ids {
		notices = append(notices, provider.Notice{Channel: id, Secret: secret, Kind: provider.NoticeChanged})
	}
	done := make(chan error, 1)
	go func() {
		verdicts, err := c.Take(ctx, notices, begun)
		for i, v := range verdicts {
			if err == nil && v.Tenant != c.channels.known[ids[i]].TenantID {
				err = fmt.Errorf("verdict on %s: %+v", ids[i], v)
			}
		}
		done <- err
	}()
	return done
}

// open wants nothing to be known yet of what was handed over.
func (c *crowd) open(done <-chan error) {
	c.Helper()
	select {
	case err := <-done:
		c.Errorf("answered with %v before its commit", err)
	default:
	}
}

func (c *crowd) ok(all ...<-chan error) {
	c.Helper()
	for _, done := range all {
		if err := <-done; err != nil {
			c.Error(err)
		}
	}
}

// sizes are how many notices each transaction had.
func (c *crowd) sizes() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []int
	for _, b := range c.batches {
		out = append(out, len(b))
	}
	return out
}

// Whatever comes during a transaction shares the next one; nobody is answered before the commit; a lone notice waits for nothing.
func TestNoticesShareTransactions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, 50, nil)
		began := time.Now()
		release := c.hold(channelOf("a", 0))
		first := c.take(t.Context(), channelOf("a", 0))
		synctest.Wait()
		var rest []<-chan error
		for i := range 50 {
			rest = append(rest, c.take(t.Context(), channelOf("a", i)))
		}
		c.ok(c.take(t.Context(), channelOf("b", 0))) // another tenant does not wait
		synctest.Wait()
		c.open(first)
		for _, done := range rest {
			c.open(done)
		}
		if got := c.sizes(); !slices.Equal(got, []int{1, 1}) {
			t.Errorf("transactions of %v notices are under way", got)
		}
		release()
		c.ok(append(rest, first)...)
		if got := c.sizes(); !slices.Equal(got, []int{1, 1, 50}) {
			t.Errorf("transactions of %v notices", got)
		}
		if len(c.channels.received) != 52 {
			t.Errorf("%d notifications are committed", len(c.channels.received))
		}
		if took := time.Since(began); took > 0 { // of the bubble's time, which passes only while everybody sleeps
			t.Errorf("somebody slept for %s", took)
		}
	})
}

// A batch is bounded, and what is left of the queue goes into the next one.
func TestBatchesAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, 10, func(l *inbound.Limits) { l.Batch = 4 })
		release := c.hold(channelOf("a", 0))
		all := []<-chan error{c.take(t.Context(), channelOf("a", 0))}
		synctest.Wait()
		for i := range 9 {
			all = append(all, c.take(t.Context(), channelOf("a", i+1)))
		}
		synctest.Wait()
		release()
		c.ok(all...)
		if got := c.sizes(); !slices.Equal(got, []int{1, 4, 4, 1}) {
			t.Errorf("transactions of %v notices", got)
		}
	})
}

// What fails a batch fails alone: its neighbours are committed, whichever of them it is, and so is whatever else came on the same push.
func TestOneBadNoticeFailsAlone(t *testing.T) {
	t.Parallel()
	for bad := range 5 {
		synctest.Test(t, func(t *testing.T) {
			c := newCrowd(t, 6, nil)
			c.spoilt[channelOf("a", bad)] = true
			release := c.hold(channelOf("a", 5))
			first := c.take(t.Context(), channelOf("a", 5))
			synctest.Wait()
			var all []<-chan error
			for i := range 5 {
				all = append(all, c.take(t.Context(), channelOf("a", i)))
			}
			synctest.Wait()
			release()
			c.ok(first)
			for i, done := range all {
				if err := <-done; (err != nil) != (i == bad) || i == bad && !errors.Is(err, errSpoilt) {
					t.Errorf("notice %d of a batch with a bad one at %d: %v", i, bad, err)
				}
			}
			if len(c.channels.received) != 5 {
				t.Errorf("%d notifications are committed, want each good one once", len(c.channels.received))
			}
		})
	}
}

// A transaction that hangs after its batch failed holds up the notices of its own channel and no others.
func TestOneHangingChannelHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, 3, nil)
		slow, fine := channelOf("a", 0), channelOf("a", 1)
		c.spoilt[slow] = true
		releaseFirst := c.hold(channelOf("a", 2))
		first := c.take(t.Context(), channelOf("a", 2))
		synctest.Wait()
		hanging, neighbour := c.take(t.Context(), slow), c.take(t.Context(), fine)
		synctest.Wait()
		c.mu.Lock()
		delete(c.spoilt, slow)
		c.mu.Unlock()
		c.channels.enter = func(tenant cal.TenantID, ids []cal.ChannelID) error {
			if len(ids) > 1 && slices.Contains(ids, slow) {
				return errSpoilt // as a batch does that meets a locked row
			}
			return c.enter(tenant, ids)
		}
		release := c.hold(slow)
		releaseFirst()
		c.ok(first, neighbour)
		synctest.Wait()
		second := c.take(t.Context(), slow)
		c.ok(c.take(t.Context(), fine), c.take(t.Context(), channelOf("a", 2)))
		c.open(hanging)
		c.open(second)
		release()
		c.ok(hanging)
		if err := <-second; err != nil {
			t.Error(err)
		}
	})
}

// Too many are refused at once, as a whole push, and those that wait are served.
func TestFullQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, 10, func(l *inbound.Limits) { l.Waiting = 4 })
		release := c.hold(channelOf("a", 0))
		first := c.take(t.Context(), channelOf("a", 0))
		synctest.Wait()
		rest := c.take(t.Context(), channelOf("a", 1), channelOf("a", 2))
		synctest.Wait()
		if err := <-c.take(t.Context(), channelOf("a", 3), channelOf("a", 4)); !errors.Is(err, inbound.ErrFull) {
			t.Errorf("two too many: %v", err)
		}
		last := c.take(t.Context(), channelOf("a", 5)) // which has room
		synctest.Wait()
		release()
		c.ok(first, rest, last)
		c.ok(c.take(t.Context(), channelOf("b", 1), channelOf("b", 2), channelOf("b", 3), channelOf("b", 4)))
		if len(c.channels.received) != 8 {
			t.Errorf("%d notifications are committed", len(c.channels.received))
		}
	})
}

// A caller who leaves is let go at once. What was not begun for them is dropped, what was begun is committed, and neighbours notice nothing.
func TestCallerLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, 4, func(l *inbound.Limits) { l.Waiting = 3 })
		release := c.hold(channelOf("a", 0))
		ctx, leave := context.WithCancel(t.Context())
		begunOne := c.take(ctx, channelOf("a", 0))
		synctest.Wait()
		waiting, neighbour := c.take(ctx, channelOf("a", 1)), c.take(t.Context(), channelOf("a", 2))
		synctest.Wait()
		leave()
		for _, done := range []<-chan error{begunOne, waiting} {
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		c.open(neighbour)
		release()
		c.ok(neighbour)
		c.ok(c.take(t.Context(), channelOf("a", 3), channelOf("a", 3), channelOf("a", 3))) // their places are free again
		var got []cal.ChannelID
		for _, n := range c.channels.received {
			got = append(got, n.Channel.ID)
		}
		slices.Sort(got)
		if want := []cal.ChannelID{channelOf("a", 0), channelOf("a", 2), channelOf("a", 3), channelOf("a", 3), channelOf("a", 3)}; !slices.Equal(got, want) {
			t.Errorf("committed for %v, want %v", got, want)
		}
	})
}

// A batcher that closes serves what it has and refuses the rest; it has ended when Close returns.
func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, 4, nil)
		release := c.hold(channelOf("a", 0))
		first := c.take(t.Context(), channelOf("a", 0))
		synctest.Wait()
		second := c.take(t.Context(), channelOf("a", 1))
		synctest.Wait()
		closed := make(chan error, 1)
		go func() {
			c.Close()
			closed <- nil
		}()
		synctest.Wait()
		c.open(closed)
		if err := <-c.take(t.Context(), channelOf("b", 1)); !errors.Is(err, inbound.ErrClosed) {
			t.Errorf("a late notice: %v", err)
		}
		release()
		c.ok(first, second, closed)
		if len(c.channels.received) != 2 {
			t.Errorf("%d notifications are committed", len(c.channels.received))
		}
	})
}

// A notice is not tried for ever: while the store is slow, those that have waited too long are given up, with what they had failed with before.
func TestPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, 4, func(l *inbound.Limits) { l.Patience = time.Second })
		release := c.hold(channelOf("a", 0))
		first := c.take(t.Context(), channelOf("a", 0))
		synctest.Wait()
		late := c.take(t.Context(), channelOf("a", 1))
		time.Sleep(2 * time.Second) // in the bubble
		fresh := c.take(t.Context(), channelOf("a", 2))
		synctest.Wait()
		release()
		c.ok(first, fresh)
		if err := <-late; !errors.Is(err, inbound.ErrLate) {
			t.Errorf("a notice that has waited for 2 s: %v", err)
		}
	})
}

// No more transactions run side by side than there is room for, and everybody is served in the end.
func TestTransactionsSideBySide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, 4, func(l *inbound.Limits) { l.Transactions = 1 })
		release := c.hold(channelOf("a", 0))
		first := c.take(t.Context(), channelOf("a", 0))
		synctest.Wait()
		other := c.take(t.Context(), channelOf("b", 0))
		synctest.Wait()
		if got := c.sizes(); !slices.Equal(got, []int{1}) {
			t.Errorf("transactions of %v notices are under way", got)
		}
		release()
		c.ok(first, other)
	})
}

// The tenant of a channel is looked up once, until more channels are known than are remembered; one that is closed or gone is noticed at once.
func TestTenantsAreRemembered(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 3, func(l *inbound.Limits) { l.Known = 2 })
	first, second, third := channelOf("a", 0), channelOf("a", 1), channelOf("a", 2)
	for _, step := range []struct {
		id      cal.ChannelID
		lookups int
	}{{first, 1}, {first, 1}, {second, 2}, {first, 2}, {second, 2}, {third, 3}, {third, 3}, {first, 4}} {
		c.ok(c.take(t.Context(), step.id))
		if c.channels.lookups != step.lookups {
			t.Errorf("%s: %d look-ups, want %d", step.id, c.channels.lookups, step.lookups)
		}
	}
	ch := c.channels.known[first]
	ch.State, ch.MovedAt = record.ChannelClosed, clock.System{}.Now()
	c.channels.known[first] = ch
	notice := []provider.Notice{{Channel: first, Secret: secret, Kind: provider.NoticeChanged}}
	if v, err := c.Take(t.Context(), notice, begun); err != nil || v[0] != (inbound.Verdict{Stray: true, Known: true}) {
		t.Errorf("a closed channel: %+v, %v", v, err)
	}
	delete(c.channels.known, first)
	if v, err := c.Take(t.Context(), notice, begun); err != nil || v[0] != (inbound.Verdict{Stray: true}) {
		t.Errorf("a channel that is gone: %+v, %v", v, err)
	}
	if len(c.channels.received) != 8 {
		t.Errorf("%d notifications are committed", len(c.channels.received))
	}
}

// A transaction that fails is answered 503, and whoever is told 2xx finds a commit: no push is answered before what it carried is in the store.
func TestNoAnswerBeforeTheCommit(t *testing.T) {
	t.Parallel()
	d := newDoor(t, cal.Google)
	died := errors.New("the process died before the commit")
	d.channels.enter = func(cal.TenantID, []cal.ChannelID) error { return died }
	if rec := d.push(googlePush(channelID, secret, "exists")); rec.Code != http.StatusServiceUnavailable || len(d.channels.received) > 0 {
		t.Errorf("%d with %d committed", rec.Code, len(d.channels.received))
	}
}

// A full queue is answered 503, and the log tells of it without being filled by it.
func TestFullQueueIsAnswered(t *testing.T) {
	t.Parallel()
	d := newDoor(t, cal.Google)
	l := inbound.DefaultLimits()
	l.Waiting = 0
	d.Batch = newBatcher(t, d.channels, l)
	for range 100 {
		rec := d.push(googlePush(channelID, secret, "exists"))
		if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") != "5" {
			t.Fatalf("%d %v", rec.Code, rec.Header())
		}
	}
	if log := d.log.String(); strings.Count(log, "too many notices are waiting") != 7 || !strings.Contains(log, `"so_far":64`) {
		t.Errorf("the log: %s", log)
	}
}
