package watch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

const (
	leaseTime = 30 * time.Second
	week      = 7 * 24 * time.Hour
	quarter   = 15 * time.Minute
)

var began = time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)

// shelf keeps one calendar's channels in memory as the store does. Its lock is held during each call, as a transaction is.
type shelf struct {
	mu       sync.Mutex
	clock    *clock.Manual
	calendar record.Calendar
	channels []record.Channel
	token    int64
	until    time.Time
	ops      []string
	outcomes []record.Outcome
	marks    []record.Mark
	fail     map[string]error
	lacks    record.Lacks
	listed   bool
	// polls are by when each opening wants the calendar polled.
	polls []time.Time
	kept  []string
}

func newShelf(p cal.Provider) *shelf {
	return &shelf{
		clock: clock.NewManual(began), fail: map[string]error{},
		calendar: record.Calendar{ID: "cal_1", ConnectionID: "con_1", Provider: p, Remote: "work", Sync: cal.SyncOff, Targeted: true},
	}
}

// with adds a channel.
func (s *shelf) with(id cal.ChannelID, state record.ChannelState, remote string, opened, expires time.Time) *shelf {
	s.channels = append(s.channels, record.Channel{
		CalendarID: "cal_1", Channel: cal.Channel{ID: id, Remote: remote, Expires: expires}, State: state, OpenedAt: opened, CreatedAt: began.Add(-time.Hour),
	})
	return s
}

func (s *shelf) claim() record.Lease {
	s.token++
	s.until = s.clock.Now().Add(leaseTime)
	return record.Lease{
		Ref: task.Ref{Tenant: "ten_1", Kind: task.CalendarWatch, Subject: "cal_1"}, Lane: task.Background, ConnectionID: "con_1",
		Token: s.token, Until: s.until,
	}
}

func (s *shelf) enter(op string, l record.Lease) error {
	s.ops = append(s.ops, op)
	if err := s.fail[op]; err != nil {
		return err
	}
	if l.Token != s.token || !s.until.After(s.clock.Now()) {
		return fault.Newf(fault.Fenced, "store", "the lease was lost to a later claim")
	}
	return nil
}

func (s *shelf) Watch(_ context.Context, l record.Lease) (record.Watch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.enter("watch", l); err != nil {
		return record.Watch{}, err
	}
	w := record.Watch{Calendar: s.calendar, Connection: record.Connection{ID: "con_1", Lacks: s.lacks}, Listed: s.listed}
	for _, c := range s.channels {
		if c.State != record.ChannelClosed {
			w.Channels = append(w.Channels, c)
		}
	}
	return w, nil
}

func (s *shelf) AddChannel(_ context.Context, l record.Lease, id cal.ChannelID, secretHash string, poll time.Time, d time.Duration) (record.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.enter("add", l); err != nil {
		return l, err
	}
	s.polls = append(s.polls, poll)
	s.channels = append(s.channels, record.Channel{
		CalendarID: "cal_1", Channel: cal.Channel{ID: id}, State: record.ChannelOpening, SecretHash: secretHash, CreatedAt: s.clock.Now(),
	})
	s.until = s.clock.Now().Add(d)
	l.Until = s.until
	return l, nil
}

func (s *shelf) SaveChannels(_ context.Context, l record.Lease, d time.Duration, channels ...record.Channel) (record.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.enter("save", l); err != nil {
		return l, err
	}
	for _, c := range channels {
		kept := s.find(c.ID)
		if kept == nil {
			return l, record.ErrStale
		}
		kept.State, kept.Remote, kept.Resource, kept.OpenedAt, kept.Expires = c.State, c.Remote, c.Resource, c.OpenedAt, c.Expires
	}
	s.until = s.clock.Now().Add(d)
	l.Until = s.until
	return l, nil
}

func (s *shelf) Finish(_ context.Context, l record.Lease, o record.Outcome, marks ...record.Mark) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.enter("finish", l); err != nil {
		return err
	}
	s.outcomes, s.marks = append(s.outcomes, o), append(s.marks, marks...)
	return nil
}

// receive is a push that names its channel as the provider does.
func (s *shelf) receive(id cal.ChannelID, remote string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.find(id); c != nil && c.Remote == "" {
		c.Remote = remote
	}
}

func (s *shelf) find(id cal.ChannelID) *record.Channel {
	for i := range s.channels {
		if s.channels[i].ID == id {
			return &s.channels[i]
		}
	}
	return nil
}

// states tells where each channel stands.
func (s *shelf) states() map[cal.ChannelID]record.ChannelState {
	out := map[cal.ChannelID]record.ChannelState{}
	for _, c := range s.channels {
		out[c.ID] = c.State
	}
	return out
}

// mark returns the mark of a kind.
func (s *shelf) mark(kind task.Kind) (record.Mark, bool) {
	for _, m := range s.marks {
		if m.Kind == kind {
			return m, true
		}
	}
	return record.Mark{}, false
}

// pusher is a provider that pushes.
type pusher struct {
	clock  *clock.Manual
	grants time.Duration
	opened []provider.OpenChannel
	closed []cal.ChannelID
	renews []cal.ChannelID
	calls  []string
	ctxs   []context.Context
	// before runs ahead of each call; fail is what the named call comes to, after it took effect.
	before func(op string)
	fail   map[string]error
}

func newPusher(s *shelf, grants time.Duration) *pusher {
	return &pusher{clock: s.clock, grants: grants, fail: map[string]error{}}
}

func (p *pusher) enter(ctx context.Context, op string) {
	p.calls, p.ctxs = append(p.calls, op), append(p.ctxs, ctx)
	if p.before != nil {
		p.before(op)
	}
}

func (p *pusher) OpenChannel(ctx context.Context, req provider.OpenChannel) (cal.Channel, error) {
	p.opened = append(p.opened, req)
	p.enter(ctx, "open")
	return cal.Channel{ID: req.ID, Remote: "remote of " + string(req.ID), Expires: p.clock.Now().Add(p.grants)}, p.fail["open"]
}

func (p *pusher) CloseChannel(ctx context.Context, ch cal.Channel) error {
	p.closed = append(p.closed, ch.ID)
	p.enter(ctx, "close")
	return p.fail["close"]
}

func (p *pusher) RenewChannel(ctx context.Context, ch cal.Channel, until time.Time) (cal.Channel, error) {
	p.renews = append(p.renews, ch.ID)
	p.enter(ctx, "renew")
	if wished := p.clock.Now().Add(p.grants); wished.Before(until) {
		until = wished
	}
	ch.Expires = until
	return ch, p.fail["renew"]
}

// secrets makes secrets that tell themselves apart.
type secrets struct{ n int }

func (s *secrets) Secret() string { s.n++; return fmt.Sprintf("secret-%d", s.n) }

func (s *secrets) ID(prefix string) string { s.n++; return fmt.Sprintf("%s_%d", prefix, s.n) }

func keeper(s *shelf, p *pusher, renews bool) *Keeper {
	return &Keeper{
		Store: s, Secrets: &secrets{n: 100}, Clock: s.clock, Enabled: true, Lease: leaseTime,
		Poll: quarter, Jitter: func(time.Duration) time.Duration { return 0 }, Kept: func(_ cal.Provider, verdict string) { s.kept = append(s.kept, verdict) },
		Address: func(p cal.Provider) string { return "https://hub.test/hooks/" + string(p) },
		Open: func(context.Context, cal.TenantID, cal.ConnectionID) (Client, Abilities, error) {
			return p, Abilities{Pushes: true, Renews: renews}, nil
		},
	}
}
