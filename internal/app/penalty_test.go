package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
	"github.com/calweave/calweave/internal/store"
)

// primaries waits until the primary calendars of so many connections are listed, and returns them by provider.
func (l *live) primaries(n int) map[cal.Provider][]cal.CalendarID {
	l.tb.Helper()
	var out map[cal.Provider][]cal.CalendarID
	l.until("all calendars are listed", func() bool {
		var page gen.CalendarPage
		l.call(http.MethodGet, "/v1/calendars?limit=200", nil, &page)
		out = map[cal.Provider][]cal.CalendarID{}
		found := 0
		for _, c := range page.Calendars {
			if c.Primary {
				out[cal.Provider(c.Provider)] = append(out[cal.Provider(c.Provider)], cal.CalendarID(c.ID))
				found++
			}
		}
		return found == n
	})
	return out
}

// called are the requests to a provider's API that were finished after the one with a number.
func (l *live) called(p sim.Provider, after uint64) []sim.Request {
	return slices.DeleteFunc(l.sim.Requests(after), func(r sim.Request) bool {
		return r.Provider != p || strings.HasSuffix(r.Path, "/token")
	})
}

// What Google says about the whole application holds for accounts that never heard it, in processes that never heard it, with a Redis that has forgotten
// it; and nobody else waits for it.
func TestAnApplicationsPenaltyOutlivesRedisAndAllProcesses(t *testing.T) {
	t.Parallel()
	l := newLive(t, servers(t))
	l.must(l.listener.Close())
	heard := []*process{l.spawn("api,receiver,worker,scheduler"), l.spawn("worker")}
	l.alive()
	l.accounts(2)
	calendars := l.primaries(4)
	on := func(ids ...cal.CalendarID) {
		l.targets = nil
		for i, id := range ids {
			l.targets = append(l.targets, cal.Target{CalendarID: id, Authoritative: i == 0})
		}
	}
	l.idle()
	_, err := l.sim.AddFault(sim.Fault{
		Provider: sim.Google, Method: http.MethodPost, Path: "*/events", Count: 1,
		Action: stage.ActStatus, Status: http.StatusForbidden, Code: "dailyLimitExceeded", RetryAfter: "7200",
	})
	l.must(err)
	on(calendars[cal.Google][0])
	l.put("b1", 1, "Heard", wall)
	l.until("the wish is written down", func() bool {
		_, until, err := l.admin.Store.Penalties(l.ctx, l.tenant, "", "google")
		l.must(err)
		return time.Until(until) > time.Hour
	})
	for _, p := range heard {
		p.kill()
	}
	l.must(l.redis().FlushAll(l.ctx).Err())
	last := uint64(0)
	for _, r := range l.sim.Requests(0) {
		last = max(last, r.N)
	}
	l.spawn("api,receiver,worker,scheduler")
	l.spawn("worker")
	l.alive()
	on(calendars[cal.Google][1], calendars[cal.Microsoft][0])
	l.put("b2", 1, "Of another account", wall)
	on(calendars[cal.Google][0])
	l.put("b3", 1, "Later", wall)
	l.until("all that is Google's waits", func() bool {
		rows, err := l.admin.Store.ListWork(l.ctx, l.tenant, store.OpenWork, task.Ref{}, 1000)
		l.must(err)
		n := 0
		for _, r := range rows {
			if r.Kind == task.LinkPush && r.State == record.Ready && time.Until(r.NotBefore) > time.Hour {
				n++
			}
		}
		return n == 3
	})
	l.until("Microsoft's event is there", func() bool {
		events, err := l.sim.Standing(sim.In{Provider: sim.Microsoft, Email: hostOf(sim.Microsoft, 0)})
		l.must(err)
		other, err := l.sim.Standing(sim.In{Provider: sim.Microsoft, Email: hostOf(sim.Microsoft, 1)})
		l.must(err)
		return len(events)+len(other) == 1
	})
	for _, r := range l.called(sim.Google, last) {
		t.Errorf("%s %s at %s, inside the penalty", r.Method, r.Path, r.At)
	}
}
