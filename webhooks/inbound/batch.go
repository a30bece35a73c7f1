package inbound

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// Channels finds channels and commits what was received on them.
type Channels interface {
	// ChannelTenants says whose channels are. What is nobody's is left out.
	ChannelTenants(ctx context.Context, ids []cal.ChannelID) (map[cal.ChannelID]cal.TenantID, error)
	// Receive reads a tenant's channels, asks judge which notifications to commit, and commits all of them or none. It may ask more than once.
	Receive(ctx context.Context, tenant cal.TenantID, ids []cal.ChannelID, judge func([]record.Channel) []record.Notification) error
}

// Limits bound a Batcher.
type Limits struct {
	// Batch is how many notices one transaction takes at the most; 1 commits each on its own.
	Batch int
	// Waiting is how many notices may be under way; further ones are refused.
	Waiting int
	// Transactions is how many may run side by side.
	Transactions int
	// Patience is how long a notice may wait before it is given up.
	Patience time.Duration
	// Known is how many channels' tenants are remembered.
	Known int
}

// DefaultLimits fit a pool of 20 connections, of which they leave some to everybody else, and providers that wait for some ten seconds.
func DefaultLimits() Limits {
	return Limits{Batch: 256, Waiting: 4096, Transactions: 12, Patience: 8 * time.Second, Known: 1 << 15}
}

// linger is how long a channel may go on pushing after it was ended: some do for minutes. One that pushes for longer was never ended.
const linger = time.Hour

// Why a notice was not even tried.
var (
	ErrFull   = errors.New("inbound: too many notices are waiting")
	ErrClosed = errors.New("inbound: the receiver is closing")
	ErrLate   = errors.New("inbound: the notice has waited too long")
)

// Batcher commits the notices of many pushes together: whatever has come while a transaction was under way goes into the next one, so that an idle
// receiver commits each at once and a busy one many at a time. A transaction is of one tenant, and tenants run side by side. It is safe for
// concurrent use.
type Batcher struct {
	channels Channels
	clock    clock.Clock
	limits   Limits
	// slots has a place for each transaction that may run.
	slots   chan struct{}
	running sync.WaitGroup

	mu      sync.Mutex
	lanes   map[lane][]*entry
	waiting int
	closed  bool
	// tenants remembers whose channels are. That never changes, and what a channel is worth is read anew for each batch.
	tenants map[cal.ChannelID]cal.TenantID
}

// lane is where notices wait for each other. Those of an unknown channel begin in the zero lane, which looks up whose they are; all go on to their
// tenant's. A tenant's batch that fails goes apart into a lane for each channel, which ends when nothing of it waits any more: a channel that fails,
// or whose calendar is locked, holds up no other.
type lane struct {
	tenant  cal.TenantID
	channel cal.ChannelID
}

// entry is one notice under way.
type entry struct {
	notice  provider.Notice
	trace   string
	since   time.Time
	gone    <-chan struct{} // closed when nobody waits for it any more
	done    chan struct{}   // closed when verdict and err are final
	verdict Verdict
	err     error
}

// Verdict is what was found out about a notice: either Tenant is set or Stray, unless it was never judged.
type Verdict struct {
	// Tenant is whose it is, if it has proved itself to an open channel; without an error it is committed.
	Tenant cal.TenantID
	// Stray is set when no open channel vouches for it; Known says whether there is such a channel at all.
	Stray, Known bool
}

// NewBatcher makes a batcher that has nothing to do.
func NewBatcher(channels Channels, c clock.Clock, l Limits) *Batcher {
	return &Batcher{channels: channels, clock: c, limits: l, slots: make(chan struct{}, l.Transactions), lanes: map[lane][]*entry{}, tenants: map[cal.ChannelID]cal.TenantID{}}
}

// Take commits notices and returns, in their order, what it found out about each. Without an error everything genuine is committed; with one, some of
// it may be. When ctx ends first, what was not begun is dropped.
func (b *Batcher) Take(ctx context.Context, notices []provider.Notice, trace string) ([]Verdict, error) {
	entries := make([]*entry, 0, len(notices))
	now := b.clock.Now()
	for _, n := range notices {
		entries = append(entries, &entry{notice: n, trace: trace, since: now, gone: ctx.Done(), done: make(chan struct{})})
	}
	if err := b.admit(ctx, entries); err != nil {
		return nil, err
	}
	verdicts := make([]Verdict, len(entries))
	var failed error
	for i, e := range entries {
		select {
		case <-e.done:
			verdicts[i], failed = e.verdict, errors.Join(failed, e.err)
		case <-ctx.Done():
			return verdicts, ctx.Err()
		}
	}
	return verdicts, failed
}

// Close refuses further notices and returns when those that are under way have their end.
func (b *Batcher) Close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.running.Wait()
}

// admit takes all of the entries or none.
func (b *Batcher) admit(ctx context.Context, entries []*entry) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return ErrClosed
	case b.waiting+len(entries) > b.limits.Waiting:
		return ErrFull
	}
	b.waiting += len(entries)
	for _, e := range entries {
		b.queue(context.WithoutCancel(ctx), lane{tenant: b.tenants[e.notice.Channel]}, e)
	}
	return nil
}

// queue lets an entry wait in a lane, and starts the lane if it does not run. b.mu is held. The context is that of no caller: a transaction serves many.
func (b *Batcher) queue(ctx context.Context, l lane, e *entry) {
	apart := lane{l.tenant, e.notice.Channel}
	if _, runs := b.lanes[apart]; runs && l.tenant != "" {
		l = apart
	}
	waiting, runs := b.lanes[l]
	b.lanes[l] = append(waiting, e)
	if !runs {
		b.running.Go(func() { b.run(ctx, l) })
	}
}

// run serves a lane until nothing waits in it.
func (b *Batcher) run(ctx context.Context, l lane) {
	for {
		if l.tenant != "" {
			b.slots <- struct{}{}
		}
		batch, more := b.next(l)
		if len(batch) > 0 {
			b.serve(ctx, l, batch)
		}
		if l.tenant != "" {
			<-b.slots
		}
		if !more {
			return
		}
	}
}

// next takes the entries that come next in a lane, but for those that nobody waits for and those that have waited too long. It reports whether the lane
// goes on; one that does not is gone.
func (b *Batcher) next(l lane) (batch []*entry, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.lanes[l]
	if len(all) == 0 {
		delete(b.lanes, l)
		return nil, false
	}
	n := min(len(all), b.limits.Batch)
	b.lanes[l] = slices.Clone(all[n:])
	oldest := b.clock.Now().Add(-b.limits.Patience)
	for _, e := range all[:n] {
		select {
		case <-e.gone:
			b.end(e, context.Canceled)
			continue
		default:
		}
		if e.since.Before(oldest) {
			b.end(e, errors.Join(ErrLate, e.err))
			continue
		}
		batch = append(batch, e)
	}
	return batch, true
}

// end lets go of an entry. b.mu is held.
func (b *Batcher) end(e *entry, err error) {
	e.err = err
	b.waiting--
	close(e.done)
}

func (b *Batcher) serve(ctx context.Context, l lane, batch []*entry) {
	if l.tenant == "" {
		b.lookUp(ctx, batch)
		return
	}
	err := b.commit(ctx, l.tenant, batch)
	switch {
	case err == nil || len(batch) == 1:
		b.endAll(batch, err)
	case l.channel == "":
		b.spread(ctx, l.tenant, batch, err)
	default:
		for i, e := range batch {
			b.endAll(batch[i:i+1], b.commit(ctx, l.tenant, []*entry{e}))
		}
	}
}

func (b *Batcher) endAll(batch []*entry, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range batch {
		b.end(e, err)
	}
}

// lookUp sends entries to their tenants.
func (b *Batcher) lookUp(ctx context.Context, batch []*entry) {
	tenants, err := b.channels.ChannelTenants(ctx, channelsOf(batch))
	if err != nil {
		b.endAll(batch, err)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.tenants)+len(tenants) > b.limits.Known {
		clear(b.tenants)
	}
	maps.Copy(b.tenants, tenants)
	for _, e := range batch {
		if tenant, known := tenants[e.notice.Channel]; known {
			b.queue(ctx, lane{tenant: tenant}, e)
			continue
		}
		e.verdict = Verdict{Stray: true}
		b.end(e, nil)
	}
}

// spread sends what a tenant's batch has failed with to a lane for each channel.
func (b *Batcher) spread(ctx context.Context, tenant cal.TenantID, batch []*entry, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range batch {
		e.err = err
		b.queue(ctx, lane{tenant, e.notice.Channel}, e)
	}
}

// commit judges and commits entries of one tenant in one transaction.
func (b *Batcher) commit(ctx context.Context, tenant cal.TenantID, batch []*entry) error {
	return b.channels.Receive(ctx, tenant, channelsOf(batch), func(known []record.Channel) []record.Notification {
		byID := make(map[cal.ChannelID]record.Channel, len(known))
		for _, ch := range known {
			byID[ch.ID] = ch
		}
		var genuine []record.Notification
		for _, e := range batch {
			var n record.Notification
			if n, e.verdict = judge(byID, e.notice, b.clock.Now()); n.Channel.ID != "" {
				n.Traceparent = e.trace
				genuine = append(genuine, n)
			}
		}
		return genuine
	})
}

// judge compares a notice with its channel. The secret is compared in any case: nobody shall learn from the time it takes whether there is such a
// channel. A channel that was ended and goes on pushing is ended once more, and nothing else comes of its pushes.
func judge(channels map[cal.ChannelID]record.Channel, n provider.Notice, now time.Time) (record.Notification, Verdict) {
	ch, known := channels[n.Channel]
	switch proven := genuine(ch, n.Secret) && known; {
	case proven && ch.State != record.ChannelClosed:
		return notification(ch, n), Verdict{Tenant: ch.TenantID, Known: true}
	case proven && n.Kind != provider.NoticeDropped && now.Sub(ch.MovedAt) > linger:
		again := record.Notification{Channel: ch, Kind: string(n.Kind), Remote: n.Remote, Resource: n.Resource, Watch: true, State: record.ChannelClosing}
		return again, Verdict{Stray: true, Known: true}
	default:
		return record.Notification{}, Verdict{Stray: true, Known: known}
	}
}

func channelsOf(batch []*entry) []cal.ChannelID {
	out := make([]cal.ChannelID, 0, len(batch))
	for _, e := range batch {
		out = append(out, e.notice.Channel)
	}
	return out
}
