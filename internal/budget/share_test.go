package budget

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/clock"
)

// hang begins a call whose answer never comes, and returns what ends it.
func (b *bench) hang(p cal.Provider) (end func()) {
	b.tb.Helper()
	a := ask()
	a.Provider = p
	ctx, cancel := context.WithCancel(b.tb.Context())
	sent, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		call, ended := b.Begin(ctx, a)
		req, _ := http.NewRequestWithContext(call, http.MethodGet, "http://provider.test/", http.NoBody)
		silent := roundTripper(func(r *http.Request) (*http.Response, error) {
			close(sent)
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		_, err := Transport(silent).RoundTrip(req) //nolint:bodyclose // there is no answer
		ended(call, fault.Network(call, "x", err))
	}()
	<-sent
	return func() { cancel(); <-done }
}

// try makes a call that is answered at once, and returns how it was refused.
func (b *bench) try(p cal.Provider) *fault.Error {
	b.tb.Helper()
	a := ask()
	a.Provider = p
	ctx, ended := b.Begin(b.tb.Context(), a)
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://provider.test/", http.NoBody)
	_, err := Transport(roundTripper(func(*http.Request) (*http.Response, error) { return &http.Response{Body: http.NoBody}, nil })).RoundTrip(req) //nolint:bodyclose // empty
	f, _ := errors.AsType[*fault.Error](err)
	ended(ctx, f)
	return f
}

// A provider that does not answer takes its share of the process and no more: the other is called at once, and work that finds no place comes back.
func TestSilentProviderLeavesPlacesToTheOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.Places = 2
		first, second := b.hang(cal.Google), b.hang(cal.Google)
		before := time.Now()
		f := b.try(cal.Google)
		if f == nil || f.Kind != fault.Busy || f.RetryAfter != shareWait || time.Since(before) != sharePatience {
			t.Errorf("a third call of two: %v after %s", f, time.Since(before))
		}
		before = time.Now()
		if f := b.try(cal.Microsoft); f != nil || time.Since(before) != 0 {
			t.Errorf("the other provider: %v after %s", f, time.Since(before))
		}
		go func() {
			time.Sleep(sharePatience / 2)
			first()
		}()
		if f := b.try(cal.Google); f != nil {
			t.Errorf("a place that is given back in time: %v", f)
		}
		second()
		for range 3 {
			if f := b.try(cal.Google); f != nil {
				t.Errorf("places that were given back: %v", f)
			}
		}
	})
}

// Where no place has been given back for a while nobody waits for one, and work stays away for longer; once one is given back all is as before.
func TestNobodyWaitsForASilentProvider(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.Places, b.Clock = 2, clock.System{}
		first, second := b.hang(cal.Google), b.hang(cal.Google)
		defer second()
		time.Sleep(stillTime)
		before := time.Now()
		if f := b.try(cal.Google); f == nil || f.Kind != fault.Busy || f.RetryAfter != stillWait || time.Since(before) != 0 {
			t.Errorf("a third call of two: %v after %s", f, time.Since(before))
		}
		if f := b.try(cal.Microsoft); f != nil {
			t.Errorf("the other provider: %v", f)
		}
		first()
		third := b.hang(cal.Google)
		defer third()
		before = time.Now()
		if f := b.try(cal.Google); f == nil || f.RetryAfter != shareWait || time.Since(before) != sharePatience {
			t.Errorf("places move again: %v after %s", f, time.Since(before))
		}
	})
}

// Of the workers that are left to other providers half at the most wait for a place.
func TestFewWaitForAPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.Places, b.Waiters = 1, 4
		end := b.hang(cal.Google)
		defer end()
		began := time.Now()
		var mu sync.Mutex
		waited := map[time.Duration]int{}
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				f := b.try(cal.Google)
				mu.Lock()
				defer mu.Unlock()
				if f == nil || f.RetryAfter != shareWait {
					t.Errorf("a second call of one: %v", f)
				}
				waited[time.Since(began)]++
			})
		}
		wg.Wait()
		if waited[0] != 3 || waited[sharePatience] != 2 {
			t.Errorf("%v", waited)
		}
	})
}

// Whoever ends is not told that the provider is busy.
func TestWaitForAPlaceEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.Places = 1
		end := b.hang(cal.Google)
		defer end()
		ctx, cancel := context.WithTimeout(t.Context(), sharePatience/2)
		defer cancel()
		call, ended := b.Begin(ctx, ask())
		req, _ := http.NewRequestWithContext(call, http.MethodGet, "http://provider.test/", http.NoBody)
		_, err := Transport(http.DefaultTransport).RoundTrip(req) //nolint:bodyclose // there is no answer
		f, _ := errors.AsType[*fault.Error](err)
		ended(call, f)
		if f == nil || f.Kind == fault.Busy {
			t.Errorf("%v", err)
		}
	})
}
