package grant

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// ended is a grant whose access token has ended on the machine's clock, which is that of a bubble here.
func ended() record.Grant {
	g := oldGrant()
	g.ExpiresAt = clock.System{}.Now().Add(-time.Minute)
	return g
}

// held answers once release is closed.
func held(a answer) (e *endpoint, release chan struct{}) {
	release = make(chan struct{})
	return &endpoint{answer: func(_ int, r *http.Request) (answer, error) {
		select {
		case <-release:
			return a, nil
		case <-r.Context().Done():
			return answer{}, r.Context().Err()
		}
	}}, release
}

func TestCallersOfOneProcessShareOneRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, release := held(tokens("access-2", ""))
		m, v := manage(clock.System{}, ended(), e)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { wantToken(t, m, "access-2", 2) })
		}
		synctest.Wait()
		close(release)
		wg.Wait()
		if e.count() != 1 || v.rotated != 1 {
			t.Errorf("refreshed %d times", e.count())
		}
	})
}

func TestOneProcessRefreshesAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, release := held(tokens("access-2", ""))
		first, v := manage(clock.System{}, ended(), e)
		others := []*Manager{NewManager(v, first.exchange, clock.System{}), NewManager(v, first.exchange, clock.System{})}
		var wg sync.WaitGroup
		wg.Go(func() { wantToken(t, first, "access-2", 2) })
		synctest.Wait()
		for _, m := range others {
			if _, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Google)); !fault.Is(err, fault.Busy) || fault.RetryAfter(err) != contest {
				t.Errorf("while another process refreshes: %v", err)
			}
		}
		close(release)
		wg.Wait()
		for _, m := range others {
			wantToken(t, m, "access-2", 2)
		}
		if e.count() != 1 {
			t.Errorf("refreshed %d times", e.count())
		}
	})
}

// Connections of two tenants may have the same name.
func TestTenantsDoNotShareARefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, release := held(tokens("access-2", ""))
		m, v := manage(clock.System{}, ended(), e)
		theirs := ended()
		theirs.RefreshToken = "theirs"
		v.grants["ten_2"] = theirs
		var wg sync.WaitGroup
		for _, who := range []cal.TenantID{tenant, "ten_2"} {
			wg.Go(func() { _, _, _ = m.Token(t.Context(), who, connectionOf(cal.Google)) })
		}
		synctest.Wait()
		close(release)
		wg.Wait()
		asked := []string{}
		for _, form := range e.calls {
			asked = append(asked, form.Get("refresh_token"))
		}
		slices.Sort(asked)
		if !slices.Equal(asked, []string{oldRefresh, "theirs"}) {
			t.Errorf("refreshed %v", asked)
		}
	})
}

// The first caller's end is not that of the refresh, whose token would be lost with it.
func TestCallerThatLeavesDoesNotEndTheRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, release := held(tokens("access-2", "refresh-2"))
		m, v := manage(clock.System{}, ended(), e)
		canceled, cancel := context.WithCancel(t.Context())
		expiring, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		kinds := map[fault.Kind]int{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for _, ctx := range []context.Context{canceled, expiring} {
			wg.Go(func() {
				_, _, err := m.Token(ctx, tenant, connectionOf(cal.Google))
				mu.Lock()
				defer mu.Unlock()
				kinds[fault.KindOf(err)]++
			})
			synctest.Wait()
		}
		cancel()
		wg.Wait() // the deadline comes by itself
		if kinds[fault.Canceled] != 1 || kinds[fault.Transient] != 1 {
			t.Errorf("the callers end with %v", kinds)
		}
		close(release)
		synctest.Wait()
		if g := v.now(); g.RefreshToken != "refresh-2" || e.count() != 1 {
			t.Errorf("stored %+v after %d calls", g, e.count())
		}
	})
}

// A token endpoint that hangs keeps the lease no longer than it was given time.
func TestHangingEndpointGivesTheLeaseBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := clock.System{}.Now()
		e, _ := held(answer{})
		m, v := manage(clock.System{}, ended(), e)
		_, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Google))
		if took := (clock.System{}).Now().Sub(start); !fault.Is(err, fault.Transient) || took != refreshTime {
			t.Errorf("%v after %s", err, took)
		}
		if v.released != 1 || !v.now().RefreshUntil.IsZero() {
			t.Errorf("the lease stands until %s: %v", v.now().RefreshUntil, err)
		}
	})
}

// The endpoint takes nearly all of its time, and storing takes some too.
func TestSlowRefreshIsStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{answer: func(int, *http.Request) (answer, error) {
			time.Sleep(refreshTime - time.Millisecond) // the bubble's time
			return tokens("access-2", "refresh-2"), nil
		}}
		m, v := manage(clock.System{}, ended(), e)
		v.before = func(_ context.Context, call string) error {
			if call == "rotate" {
				time.Sleep(2 * time.Second)
			}
			return nil
		}
		wantToken(t, m, "access-2", 2)
	})
}

// The provider may take the old refresh token no more: the new one is not given up at the first failure.
func TestRotatedTokenIsStoredAgainAndAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := answering(tokens("access-2", "refresh-2"))
		m, v := manage(clock.System{}, ended(), e)
		start, other := clock.System{}.Now(), NewManager(v, m.exchange, clock.System{})
		v.before = func(ctx context.Context, call string) error {
			if call != "rotate" || (clock.System{}).Now().Sub(start) >= leaseTime-storeWaitMost {
				return nil
			}
			if _, _, err := other.Token(ctx, tenant, connectionOf(cal.Google)); !fault.Is(err, fault.Busy) {
				t.Errorf("another process meanwhile: %v", err)
			}
			return errDown
		}
		wantToken(t, m, "access-2", 2)
		if v.now().RefreshToken != "refresh-2" || e.count() != 1 {
			t.Errorf("stored %+v after %d calls", v.now(), e.count())
		}
	})
}

func TestTokenThatCannotBeStoredIsNotUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tried := 0
		e := answering(tokens("access-2", "refresh-2"))
		m, v := manage(clock.System{}, ended(), e)
		v.before = func(_ context.Context, call string) error {
			if call != "rotate" {
				return nil
			}
			tried++
			return errDown
		}
		start := clock.System{}.Now()
		access, _, err := m.Token(t.Context(), tenant, connectionOf(cal.Google))
		if took := (clock.System{}).Now().Sub(start); access != "" || !errors.Is(err, errDown) || took != leaseTime || tried < 10 || len(v.revoked) != 0 {
			t.Errorf("%q, %v after %d tries and %s", access, err, tried, took)
		}
		wantNoSecret(t, "not stored", err)
		v.before = nil
		// Its lease has ended with its attempts, so that the next one begins anew.
		wantToken(t, m, "access-2", 2)
		if e.count() != 2 {
			t.Errorf("%d calls", e.count())
		}
	})
}

// The commit took effect and its answer was lost: what it stored is found.
func TestLostAnswerOfTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := answering(tokens("access-2", "refresh-2"))
		m, v := manage(clock.System{}, ended(), e)
		v.lost = map[string]error{"rotate": errDown}
		wantToken(t, m, "access-2", 2)
		if v.rotated != 1 || e.count() != 1 {
			t.Errorf("stored %d times after %d calls", v.rotated, e.count())
		}
	})
}
