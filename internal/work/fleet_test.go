package work

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

const (
	fleetLease   = 30 * time.Second
	fleetCrashes = 5 // as in the store
	restartTime  = 2 * time.Second
)

// shelf is the work table of a fleet, with the rules of its SQL.
type shelf struct {
	mu   sync.Mutex
	rows map[task.Ref]*shelved
}

type shelved struct {
	marked, notBefore, leaseUntil, doneAt time.Time
	token                                 int64
	crashes, attempts, runs               int
	done, dead                            bool
	// haunted says that the last claim was not counted, excused how many such runs died with their process.
	haunted bool
	excused int
	// hit is when its process last died while it was in hand, hits how often.
	hit  time.Time
	hits int
}

func (s *shelf) mark(ref task.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[ref] = &shelved{marked: time.Now()}
}

func (s *shelf) Due(_ context.Context, now time.Time, _, limit int) ([]task.Hint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []task.Hint
	for ref, r := range s.rows {
		if r.due(now) {
			due = append(due, task.Hint{Ref: ref})
		}
	}
	slices.SortFunc(due, func(a, b task.Hint) int {
		return cmp.Or(s.rows[a.Ref].marked.Compare(s.rows[b.Ref].marked), cmp.Compare(a.Subject, b.Subject))
	})
	return due[:min(limit, len(due))], nil
}

func (r *shelved) due(now time.Time) bool {
	return !r.done && !r.dead && !r.notBefore.After(now) && !r.leaseUntil.After(now)
}

func (s *shelf) claim(ref task.Ref, d time.Duration, c record.Company) (record.Lease, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, now := s.rows[ref], time.Now()
	if !r.due(now) {
		return record.Lease{}, false, nil
	}
	if c == record.Beside && (!r.leaseUntil.IsZero() || r.crashes >= fleetCrashes-1) && r.crashes < fleetCrashes {
		return record.Lease{}, false, &record.SuspectError{Last: r.crashes >= fleetCrashes-1}
	}
	if r.haunted = c == record.Haunted; r.haunted {
		r.crashes--
	}
	if r.token, r.crashes, r.leaseUntil = r.token+1, r.crashes+1, now.Add(d); r.crashes > fleetCrashes {
		r.dead, r.leaseUntil = true, time.Time{}
		return record.Lease{}, false, nil
	}
	r.runs++
	return record.Lease{Ref: ref, Token: r.token, Until: r.leaseUntil, Crashes: r.crashes, Attempts: r.attempts}, true, nil
}

// held is the row of a lease that is still in force.
func (s *shelf) held(l record.Lease) (*shelved, error) {
	r := s.rows[l.Ref]
	if r.token != l.Token || r.leaseUntil.IsZero() {
		return nil, fault.Newf(fault.Fenced, "shelf", "lost")
	}
	return r, nil
}

// machine is a process of the fleet.
type machine struct {
	*shelf
	fleet  *fleet
	engine *Engine
	cancel context.CancelFunc

	state sync.Mutex
	down  bool
	hand  map[task.Ref]bool
}

var errDown = errors.New("this process is no more")

func (m *machine) alive() error {
	m.state.Lock()
	defer m.state.Unlock()
	if m.down {
		return errDown
	}
	return nil
}

func (m *machine) ClaimIn(_ context.Context, c record.Company, ref task.Ref, d time.Duration) (record.Lease, bool, error) {
	m.state.Lock()
	defer m.state.Unlock()
	if m.down {
		return record.Lease{}, false, errDown
	}
	l, ok, err := m.claim(ref, d, c)
	if ok {
		m.hand[ref] = true
	}
	return l, ok, err
}

func (m *machine) LeaseEnd(_ context.Context, ref task.Ref, token int64) (time.Time, error) {
	if err := m.alive(); err != nil {
		return time.Time{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.held(record.Lease{Ref: ref, Token: token})
	if err != nil {
		return time.Time{}, nil
	}
	return r.leaseUntil, nil
}

func (m *machine) Finish(_ context.Context, l record.Lease, o record.Outcome, _ ...record.Mark) error {
	m.state.Lock()
	defer m.state.Unlock()
	if m.down {
		return errDown
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.held(l)
	if err != nil {
		return err
	}
	delete(m.hand, l.Ref)
	r.leaseUntil, r.crashes, r.attempts, r.notBefore = time.Time{}, o.Crashes, o.Attempts, o.NotBefore
	if o.Served {
		r.done, r.doneAt = true, time.Now()
	}
	return nil
}

// die ends the process as a kill does: what it holds stays as it is.
func (m *machine) die() {
	m.state.Lock()
	defer m.state.Unlock()
	if m.down {
		return
	}
	m.down = true
	m.cancel()
	m.mu.Lock()
	for ref := range m.hand {
		r := m.rows[ref]
		r.hit = time.Now()
		r.hits++
		if r.haunted {
			r.excused++
		}
	}
	m.mu.Unlock()
	m.fleet.wg.Go(func() {
		select {
		case <-m.fleet.ctx.Done():
		case <-time.After(restartTime):
			m.fleet.boot()
		}
	})
}

// fleet is some processes on one shelf.
type fleet struct {
	*shelf
	ctx     context.Context
	wg      sync.WaitGroup
	workers int
	// slow is the longest that a good row may take, fuse the longest until a deadly one ends its process.
	slow, fuse time.Duration
	handlers   map[task.Kind]func(m *machine, ctx context.Context, l record.Lease) error
}

func (f *fleet) boot() {
	ctx, cancel := context.WithCancel(f.ctx)
	m := &machine{shelf: f.shelf, fleet: f, cancel: cancel, hand: map[task.Ref]bool{}}
	handlers := map[task.Kind]Handler{}
	for kind, h := range f.handlers {
		handlers[kind] = func(ctx context.Context, l record.Lease) error { return h(m, ctx, l) }
	}
	m.engine = &Engine{
		Store: m, Handlers: handlers, Clock: clock.System{}, Jitter: least, Lease: fleetLease, Log: slog.New(slog.DiscardHandler),
		Trace: func(ctx context.Context, parent string) (context.Context, string) { return ctx, parent },
	}
	pool := NewPool(m.engine, f.workers)
	feeder := NewFeeder(f.shelf, nil, pool, clock.System{}, m.engine.Log)
	f.wg.Go(func() { pool.Run(ctx, f.workers) })
	f.wg.Go(func() { feeder.Sweep(ctx, false) })
}

// until lets time pass until cond, and fails when it has not come within d.
func (f *fleet) until(t *testing.T, d time.Duration, cond func(*shelved) bool) {
	t.Helper()
	end := time.Now().Add(d)
	for {
		time.Sleep(time.Second)
		synctest.Wait()
		f.mu.Lock()
		open := 0
		for ref, r := range f.rows {
			if !cond(r) {
				open++
				if time.Now().After(end) {
					t.Errorf("%s: %+v", ref, *r)
				}
			}
		}
		f.mu.Unlock()
		if open == 0 || t.Failed() {
			return
		}
	}
}

// The kinds of work in a fleet, by what becomes of them.
const (
	good     task.Kind = "good:row"
	deadly   task.Kind = "deadly:row"
	panicky  task.Kind = "panicky:row"
	endless  task.Kind = "endless:row"
	careless task.Kind = "careless:row"
)

// newFleet has processes with the rows' handlers. endless work ends at the end of the test only.
func newFleet(t *testing.T, seed uint64, processes, workers int) *fleet {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // the same for the same seed
	var mu sync.Mutex
	below := func(d time.Duration) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(random.Int64N(int64(d)))
	}
	over := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	f := &fleet{shelf: &shelf{rows: map[task.Ref]*shelved{}}, ctx: ctx, workers: workers, slow: 20 * time.Second, fuse: time.Second}
	f.handlers = map[task.Kind]func(*machine, context.Context, record.Lease) error{
		good: func(m *machine, ctx context.Context, l record.Lease) error {
			longest := time.Second
			if below(10) == 0 {
				longest = f.slow
			}
			select {
			case <-time.After(below(longest)):
			case <-ctx.Done():
				return fault.New(fault.Canceled, "good", ctx.Err())
			}
			return m.Finish(ctx, l, record.Served())
		},
		deadly: func(m *machine, _ context.Context, _ record.Lease) error {
			time.Sleep(below(f.fuse))
			m.die() //nolint:contextcheck // what starts another one outlives this run
			return errDown
		},
		panicky:  func(*machine, context.Context, record.Lease) error { panic("poison") },
		endless:  func(*machine, context.Context, record.Lease) error { <-over; return nil },
		careless: func(_ *machine, ctx context.Context, _ record.Lease) error { <-ctx.Done(); return ctx.Err() },
	}
	t.Cleanup(func() {
		close(over)
		cancel()
		f.wg.Wait()
	})
	for range processes {
		f.boot()
	}
	return f
}
