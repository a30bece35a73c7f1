package store_test

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/store"
)

// patience is how long a test waits for something that has to come.
const patience = 30 * time.Second

// epoch is when the clock of every case starts.
func epoch() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

// harness is a store on a database of its own.
type harness struct {
	*testing.T
	*store.Store
	ctx     context.Context
	backend backend
	place   place
	clock   *clock.Manual
	wire    *wire
	told    *told
	flaw    *flaw
	// keys are what the store seals with, if not what all others do.
	keys store.Sealer
	seed string
}

// told gathers the hints that follow commits.
type told struct {
	mu      sync.Mutex
	hints   []task.Hint
	history []task.Hint
}

func (l *told) add(hints []task.Hint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hints = append(l.hints, hints...)
	l.history = append(l.history, hints...)
}

// all returns every hint there was.
func (l *told) all() []task.Hint {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.history)
}

// take returns the hints since the last call.
func (l *told) take() []task.Hint {
	l.mu.Lock()
	defer l.mu.Unlock()
	hints := l.hints
	l.hints = nil
	return hints
}

// start opens a store on a fresh database.
func start(t *testing.T, b backend) *harness {
	t.Helper()
	h := &harness{T: t, ctx: t.Context(), backend: b, place: b.fresh(t), clock: clock.NewManual(epoch()), flaw: flawed(t), seed: t.Name()}
	h.spoil()
	return h.opened(h.seed)
}

// replica opens another store on the same database: another process of the fleet.
func (h *harness) replica(name string) *harness {
	h.Helper()
	other := *h
	return other.opened(h.seed + "/" + name)
}

func (h *harness) opened(seed string) *harness {
	h.Helper()
	h.wire, h.told = &wire{rewrite: h.flaw.rewrite}, &told{}
	var keys store.Sealer = sealer()
	if h.keys != nil {
		keys = h.keys
	}
	s, err := store.Open(h.ctx, h.place.url, "", store.Options{
		Sealer: h.flaw.sealer(keys), Clock: h.clock, IDs: ident.New(h.clock, randomness(seed)), Committed: h.told.add,
		Wrap: func(c driver.Connector) driver.Connector { return h.flaw.wrap(h.wire.wrap(c)) },
	})
	if err != nil {
		h.Fatal(err)
	}
	h.Store = s
	h.Cleanup(func() {
		if !h.Failed() {
			h.noCanary()
		}
		if err := s.Close(); err != nil {
			h.Error(err)
		}
	})
	return h
}

// randomness is the same for the same seed.
func randomness(seed string) *rand.ChaCha8 { return rand.NewChaCha8(sha256.Sum256([]byte(seed))) }

// keyset is one for all tests of a run.
var keyset = sync.OnceValue(func() []byte {
	raw, err := seal.Generate()
	if err != nil {
		panic(err)
	}
	return raw
})

// sealer seals with keyset.
var sealer = sync.OnceValue(func() *seal.Sealer {
	s, err := seal.Parse(keyset())
	if err != nil {
		panic(err)
	}
	return s
})

// ok stops the test unless all went well.
func (h *harness) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// fails wants an error.
func (h *harness) fails(err, want error) {
	h.Helper()
	if !errors.Is(err, want) || leaks([]byte(err.Error())) != "" {
		h.Fatalf("got error %v, want %v", err, want)
	}
}

// faulty wants an error of a kind.
func (h *harness) faulty(err error, want fault.Kind) {
	h.Helper()
	if !fault.Is(err, want) || leaks([]byte(err.Error())) != "" {
		h.Fatalf("got error %v, want one of kind %s", err, want)
	}
}

// await waits until a channel is closed or yields.
func await[T any](h *harness, ch <-chan T) T {
	h.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		h.Fatal("waited in vain")
		panic("unreachable")
	}
}

// background runs fn beside the test and yields its error.
func background(fn func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- fn() }()
	return done
}

// race runs fn in n goroutines at once and returns their errors.
func race(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	ready := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-ready
			errs[i] = fn(i)
		})
	}
	close(ready)
	wg.Wait()
	return errs
}

// mostPages is more than any list of a trial has: one that never ends is cut off.
const mostPages = 20

// racers is how many goroutines race.
const racers = 16

// oneWins wants exactly one of the racers to have succeeded and the others to have failed with want.
func (h *harness) oneWins(errs []error, want error) {
	h.Helper()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, want):
			h.Errorf("a racer failed with %v, want %v", err, want)
		}
	}
	if won != 1 {
		h.Fatalf("%d of %d racers won, want 1", won, len(errs))
	}
}

// same compares two values that may be compared.
func same[T comparable](h *harness, what string, got, want T) {
	h.Helper()
	if got != want {
		h.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// sameList compares two lists.
func sameList[T comparable](h *harness, what string, got, want []T) {
	h.Helper()
	if !slices.Equal(got, want) {
		h.Errorf("%s: got %v, want %v", what, got, want)
	}
}
