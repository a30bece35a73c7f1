package app_test

import (
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/budget"
	"github.com/calweave/calweave/internal/config"
)

// A tenant's share of a small limit is one request, and of no limit none.
func TestATenantsShare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limits config.Limits
		want   budget.Rate
	}{
		"half":            {config.Limits{GooglePerMinute: 100, TenantShare: 50}, budget.Rate{Units: 50, Span: time.Minute}},
		"less than one":   {config.Limits{GooglePerMinute: 10, TenantShare: 5}, budget.Rate{Units: 1, Span: time.Minute}},
		"of no limit":     {config.Limits{GooglePerMinute: 0, TenantShare: 5}, budget.Rate{}},
		"all that is had": {config.Limits{GooglePerMinute: 10, TenantShare: 100}, budget.Rate{}},
	} {
		if got := app.LimitsOf(&config.Config{Limits: c.limits}, cal.Google).Tenant; got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
