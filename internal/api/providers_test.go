package api_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// providers are those of the bench: Google does not answer, Microsoft wants to be left alone.
type providers struct{ bench *bench }

func (p providers) Backlogs(ctx context.Context, tenant cal.TenantID) ([]record.Backlog, error) {
	return p.bench.store.Backlogs(ctx, tenant)
}

func (p providers) State(_ context.Context, of cal.Provider, _ cal.AppID) (record.Allowance, error) {
	now := p.bench.clock.Now().UTC()
	a := record.Allowance{LimitedUntil: now.Add(time.Minute), Pace: 1, Alone: true}
	if of == cal.Google {
		a = record.Allowance{
			DownUntil: now.Add(time.Minute), LimitedUntil: now.Add(time.Minute), Pace: 0.515,
			Rate:       &record.RateLeft{Limit: 9500, Span: time.Minute, Available: 12, Burst: 237},
			Day:        &record.DayLeft{Limit: 950_000, Used: 1000, Available: 949_000, FreesAt: now.Add(time.Hour)},
			Unanswered: &record.Unanswered{Limit: 24, Used: 3},
		}
	}
	return a, nil
}

// A tenant sees whether its providers are called, and its own work only.
func TestProviders(t *testing.T) {
	t.Parallel()
	r := newRooms(t)
	var mine, theirs gen.ProviderList
	r.call("GET", "/v1/providers", nil).into(t, 200, &mine)
	r.as("GET", "/v1/providers", nil).into(t, 200, &theirs)
	if len(theirs.Providers) != 0 {
		t.Errorf("a tenant without accounts sees %+v", theirs.Providers)
	}
	if len(mine.Providers) != 2 {
		t.Fatalf("%+v, want two", mine.Providers)
	}
	for i, want := range []struct {
		provider gen.Provider
		state    gen.ProviderStateState
	}{{"google", gen.ProviderStateStateDown}, {"microsoft", gen.ProviderStateStateLimited}} {
		got := mine.Providers[i]
		if got.Provider != want.provider || got.State != want.state || got.Until == nil || !got.Until.Equal(r.clock.Now().Add(time.Minute)) {
			t.Errorf("%+v, want %+v in a minute", got, want)
		}
	}
	freesAt, pace := r.clock.Now().UTC().Add(time.Hour), 52
	if got, want := mine.Providers[0].Budget, (gen.ProviderBudget{
		Scope: gen.ProviderBudgetScopeFleet, Rate: &gen.RateBudget{Limit: 9500, SpanSeconds: 60, Available: 12, Burst: 237}, PacePercent: &pace,
		Day:        &gen.DayBudget{Limit: 950_000, Used: 1000, Available: 949_000, FreesAt: &freesAt},
		Unanswered: &gen.UnansweredBudget{Limit: 24, Used: 3},
	}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := mine.Providers[1].Budget; got != (gen.ProviderBudget{Scope: gen.ProviderBudgetScopeProcess}) {
		t.Errorf("%+v, want no limits", got)
	}
	if g := mine.Providers[0]; g.Due == 0 || g.Oldest == nil {
		t.Errorf("the booking that was made leads to no work: %+v", g)
	}
}
