package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
)

// Of twenty processes that find the same access tokens ended, one refreshes each of them, and all get what it got.
func TestTwentyProcessesRefreshOnce(t *testing.T) {
	t.Parallel()
	l := newLive(t, servers(t))
	l.run("api")
	const processes, rounds = 20, 3
	connections := l.accounts(3)
	fleet := l.fleet(processes)
	waits := 0
	for round := range rounds {
		before := map[cal.ConnectionID]int64{}
		for _, id := range connections {
			before[id] = l.expire(id)
		}
		asked := len(l.refreshes())
		got := fleet.ask(connections...)
		for _, id := range connections {
			first := got[0][id]
			for n, all := range got {
				one := all[id]
				if waits += one.Waits; one.Err != "" || one.Access != first.Access || one.Version != before[id]+1 {
					t.Errorf("process %d got version %d of %s after %d: %s; the same as the first: %t", n, one.Version, id, before[id], one.Err, one.Access == first.Access)
				}
			}
		}
		if n := len(l.refreshes()) - asked; n != len(connections) {
			t.Errorf("round %d: %d refreshes of %d grants", round, n, len(connections))
		}
	}
	if waits == 0 {
		t.Error("no process ever met another one at a grant: this proves nothing")
	}
}

// A process dies when the provider has issued new tokens and before they are stored. Nobody asks again while its lease stands; then the old refresh
// token is asked with once more. Google's stays as it is for ever; Microsoft's was replaced, and is good nevertheless until it has lain unused for
// its time (https://learn.microsoft.com/entra/identity-platform/refresh-tokens).
func TestProcessDiesBetweenRefreshAndStore(t *testing.T) {
	t.Parallel()
	l := newLive(t, servers(t))
	l.run("api")
	patient, heir := l.refresher(0), l.refresher(time.Minute)
	for _, id := range l.accounts(1) {
		version := l.expire(id)
		asked := len(l.refreshes())
		victim := l.refresher(0, dying+"=1")
		victim.ask(id)
		victim.died()
		if n := len(l.refreshes()) - asked; n != 1 {
			t.Fatalf("the process that died had refreshed %d times", n)
		}
		if got := patient.askOnce(id); !strings.Contains(got.Err, string(fault.Busy)) {
			t.Errorf("%s: while the lease stands another one has version %d, %q", id, got.Version, got.Err)
		}
		got, late := heir.askOnce(id), patient.askOnce(id) // the lease has ended by the heir's clock
		if got.Err != "" || got.Version != version+1 || late.Access != got.Access || late.Version != got.Version || late.Err != "" {
			t.Errorf("%s: the heir has version %d (%s), the other one %d (%s)", id, got.Version, got.Err, late.Version, late.Err)
		}
		if n := len(l.refreshes()) - asked; n != 2 {
			t.Errorf("%s: refreshed %d times", id, n)
		}
		if c, err := l.admin.Store.Connection(l.ctx, l.tenant, id); err != nil || c.State != cal.ConnectionActive {
			t.Errorf("%+v, %v", c, err)
		}
	}
}

// A process is so slow that its lease has ended when the provider answers with new tokens: those that another one has stored meanwhile stand.
func TestSlowProcessLeavesNewerTokensAlone(t *testing.T) {
	t.Parallel()
	l := newLive(t, servers(t))
	l.run("api")
	slow, fast := l.refresher(0), l.refresher(time.Minute)
	for _, id := range l.accounts(1) {
		version, held := l.expire(id), l.hold(stage.ActHoldAnswer)
		slow.ask(id)
		l.waiting(held)
		fast.ask(id)
		newer := fast.answer()[id]
		l.sim.ReleaseFault(held)
		late := slow.answer()[id]
		if newer.Err != "" || newer.Version != version+1 || late.Err != "" || late.Version != newer.Version || late.Access != newer.Access {
			t.Errorf("%s: the fast one has version %d (%s), the slow one %d (%s)", id, newer.Version, newer.Err, late.Version, late.Err)
		}
	}
}

// The token endpoint calls a grant dead, and by then its owner has connected the account again: the new grant stands.
func TestVerdictAboutAnOlderGrant(t *testing.T) {
	t.Parallel()
	l := newLive(t, servers(t))
	l.run("api")
	slow := l.refresher(0)
	for i, id := range l.accounts(1) {
		p := []sim.Provider{sim.Google, sim.Microsoft}[i]
		version, held := l.expire(id), l.hold(stage.ActHold)
		slow.ask(id)
		l.waiting(held)
		l.must(l.sim.RevokeGrants(p, hostOf(p, 0)))
		again := string(id)
		l.consent(gen.NewConnection{Provider: gen.Provider(p), ConnectionID: &again}, hostOf(p, 0))
		l.sim.ReleaseFault(held)
		if got := slow.answer()[id]; got.Err != "" || got.Version != version+1 {
			t.Errorf("%s: version %d after %d: %s", id, got.Version, version, got.Err)
		}
		if all := l.refreshes(); all[len(all)-1].Status != http.StatusBadRequest {
			t.Errorf("%s: the old refresh token was good: %d", id, all[len(all)-1].Status)
		}
		if c, err := l.admin.Store.Connection(l.ctx, l.tenant, id); err != nil || c.State != cal.ConnectionActive {
			t.Errorf("%+v, %v", c, err)
		}
	}
}

// hold holds the next call of a token endpoint for a refresh, or the answer to it.
func (l *live) hold(what sim.Action) string {
	l.tb.Helper()
	id, err := l.sim.AddFault(sim.Fault{Method: http.MethodPost, Path: "*/token", Count: 1, Action: what})
	l.must(err)
	return id
}

// fleet is a number of processes.
type fleet []*refresher

func (l *live) fleet(n int) fleet {
	l.tb.Helper()
	var out fleet
	for range n {
		out = append(out, l.refresher(0))
	}
	return out
}

// ask asks all of them at the same time, and returns what each has got.
func (f fleet) ask(connections ...cal.ConnectionID) (out []map[cal.ConnectionID]told) {
	for _, r := range f {
		r.ask(connections...)
	}
	for _, r := range f {
		out = append(out, r.answer())
	}
	return out
}

// BenchmarkRefresh prints how often a grant is refreshed when its access token has ended and a number of processes need it at once.
func BenchmarkRefresh(b *testing.B) {
	for _, n := range []int{1, 5, 20} {
		b.Run(fmt.Sprintf("processes=%d", n), func(b *testing.B) {
			l := newLive(b, servers(b))
			l.run("api")
			id, fleet := l.accounts(1)[0], l.fleet(n)
			before := len(l.refreshes())
			for b.Loop() {
				l.expire(id)
				for _, got := range fleet.ask(id) {
					if got[id].Err != "" {
						b.Fatal(got[id].Err)
					}
				}
			}
			b.ReportMetric(float64(len(l.refreshes())-before)/float64(b.N), "refreshes/expiry")
		})
	}
}

// BenchmarkToken is what a call costs before it is made: the connection is read, and its access token got.
func BenchmarkToken(b *testing.B) {
	l := newLive(b, servers(b))
	l.run("api")
	id := l.accounts(1)[0]
	for b.Loop() {
		if _, _, err := l.admin.Token(l.ctx, l.tenant, id); err != nil {
			b.Fatal(err)
		}
	}
}
