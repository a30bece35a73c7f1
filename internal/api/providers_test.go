package api_test

import (
	"context"
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

func (p providers) Paused(_ context.Context, of cal.Provider, _ cal.AppID) (down, limited time.Time, err error) {
	soon := p.bench.clock.Now().UTC().Add(time.Minute)
	if of == cal.Google {
		return soon, soon, nil
	}
	return time.Time{}, soon, nil
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
	if g := mine.Providers[0]; g.Due == 0 || g.Oldest == nil {
		t.Errorf("the booking that was made leads to no work: %+v", g)
	}
}
