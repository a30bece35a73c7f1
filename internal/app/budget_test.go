package app_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim/simtest"
	"github.com/calweave/calweave/internal/store"
)

// The limits that the operator has set, what calls have used of them, and whose figures they are: the fleet's, and once Redis is away the process's.
func TestProvidersShowWhatIsLeft(t *testing.T) {
	t.Parallel()
	for name, back := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLive(t, back(t))
			l.settings["CALWEAVE_GOOGLE_LIMIT_PER_MINUTE"], l.settings["CALWEAVE_GOOGLE_LIMIT_PER_DAY"] = "6000", "864000"
			l.run("api,receiver,worker,scheduler")
			l.connect()
			l.put("left", 1, "Uses some", wall)
			l.synced("left", 1)
			google, microsoft := l.budgets()
			if google.Scope != gen.ProviderBudgetScopeFleet || google.PacePercent != nil || google.Rate == nil || google.Day == nil {
				t.Fatalf("Google: %+v", google)
			}
			if r := google.Rate; r.Limit != 6000 || r.SpanSeconds != 60 || r.Burst != 150 || r.Available > r.Burst {
				t.Errorf("Google's rate: %+v", r)
			}
			frees := time.Now().Truncate(time.Hour).Add(25 * time.Hour)
			if d := google.Day; d.Limit != 864_000 || d.Used < 2 || d.FreesAt == nil || d.FreesAt.After(frees) || d.FreesAt.Before(frees.Add(-time.Hour)) {
				t.Errorf("Google's day: %+v, want what was used to leave at %s", d, frees)
			}
			if microsoft.Rate != nil || microsoft.Day != nil || microsoft.Unanswered == nil || microsoft.Unanswered.Limit == 0 {
				t.Errorf("Microsoft has no limit but that on what is not answered: %+v", microsoft)
			}
			l.back.stopRedis(l)
			google, _ = l.budgets()
			if google.Scope != gen.ProviderBudgetScopeProcess || google.Rate.Limit != 600 || google.Day.Limit != 86_400 {
				t.Errorf("without Redis: %+v, want a tenth", google)
			}
		})
	}
}

func (l *live) budgets() (google, microsoft gen.ProviderBudget) {
	l.tb.Helper()
	var list gen.ProviderList
	l.call(http.MethodGet, "/v1/providers", nil, &list)
	for _, p := range list.Providers {
		switch p.Provider {
		case "google":
			google = p.Budget
		case "microsoft":
			microsoft = p.Budget
		}
	}
	return google, microsoft
}

// A tenant's own application is another one than the operator's at the same provider, and has limits of its own.
func TestProvidersTellApplicationsApart(t *testing.T) {
	t.Parallel()
	r := newRobots(t)
	r.open()
	key, err := r.app.CreateKey(r.ctx, r.tenant, store.PurposeAPI, record.AllScopes())
	r.must(err)
	req, err := http.NewRequestWithContext(r.ctx, http.MethodGet, r.server.URL+"/v1/providers", http.NoBody)
	r.must(err)
	req.Header.Set("Authorization", "Bearer "+key.Secret)
	resp, err := simtest.HTTP(t).Do(req)
	r.must(err)
	var list gen.ProviderList
	r.must(errors.Join(json.NewDecoder(resp.Body).Decode(&list), resp.Body.Close()))
	applications := map[string]int{}
	for _, p := range list.Providers {
		whose := "the operator's"
		if p.AppID != nil {
			whose = *p.AppID
		}
		applications[whose]++
	}
	if len(list.Providers) != 4 || len(applications) != 3 || applications["the operator's"] != 2 {
		t.Errorf("%+v, want the operator's at both providers and one of the tenant's at each", applications)
	}
}
