package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// closedLoop lets clients do one thing after the other until the time is over, and returns how many were done in a second. The first error ends it.
func (b *bench) closedLoop(ctx context.Context, clients int, d time.Duration, do func(ctx context.Context, n int) error) (float64, error) {
	var done atomic.Int64
	var next atomic.Int64
	began := b.clock.Now()
	err := each(clients, func() error {
		for b.since(began) < d {
			if err := do(ctx, int(next.Add(1))); err != nil {
				return err
			}
			done.Add(1)
		}
		return nil
	})
	return float64(done.Load()) / b.since(began).Seconds(), err
}

// batch lets clients do n things and returns how many were done in a second.
func (b *bench) batch(ctx context.Context, clients, n int, do func(ctx context.Context, n int) error) (float64, error) {
	var next atomic.Int64
	began := b.clock.Now()
	err := each(clients, func() error {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return nil
			}
			if err := do(ctx, i); err != nil {
				return err
			}
		}
	})
	return float64(n) / b.since(began).Seconds(), err
}

// each runs a function in n goroutines and returns their errors.
func each(n int, fn func() error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = fn() })
	}
	wg.Wait()
	return first(errs)
}

// openLoop begins rate things in a second, whether or not earlier ones are done, and returns how long after the moment at which it was meant to begin
// each was done: what has to wait for its turn is counted with its wait.
func (b *bench) openLoop(ctx context.Context, rate int, d time.Duration, do func(ctx context.Context, n int) error) ([]time.Duration, error) {
	n := int(d.Seconds() * float64(rate))
	took, errs := make([]time.Duration, n), make([]error, n)
	began := b.clock.Now()
	var wg sync.WaitGroup
	for i := range n {
		meant := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		if err := sleep(ctx, meant.Sub(b.clock.Now())); err != nil {
			wg.Wait()
			return nil, err
		}
		wg.Go(func() {
			errs[i] = do(ctx, i)
			took[i] = b.since(meant)
		})
	}
	wg.Wait()
	return took, first(errs)
}

// first tells the first of many errors, and how many there are.
func first(errs []error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("%d times, first: %w", len(errs), errs[0])
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
