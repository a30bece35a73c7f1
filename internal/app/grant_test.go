package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/work"
)

// An owner ends the grant at the provider: the connection's work is held and its core told once, and nobody is called. When the same account is
// connected again, what waited reaches the event that was there before.
func TestRevokedGrantAndReconnect(t *testing.T) {
	t.Parallel()
	for p, c := range map[cal.Provider]struct {
		at, other    sim.Provider
		owner, cause string
	}{
		cal.Google:    {sim.Google, sim.Microsoft, ada, "invalid_grant"},
		cal.Microsoft: {sim.Microsoft, sim.Google, grace, "invalid_grant-AADSTS50173"},
	} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			w := sqliteWorld(t)
			w.submit("b1", w.booking(1, "Intro call", wall), nil)
			w.settle()
			id := w.connectionAt(p)
			event, link := w.standing(c.at)[0], w.linkAt(p)

			w.must(w.sim.RevokeGrants(c.at, c.owner))
			w.clock.Advance(2 * time.Hour) // an access token of Microsoft's is good until it ends
			w.submit("b1", w.booking(2, "Second call", wall), nil)
			w.settle()
			w.checkReauth(id, "the provider ended the grant ("+c.cause+")")
			seen := w.requestsOf(c.at)
			w.submit("b1", w.booking(3, "Third call", wall), nil)
			w.settle()
			if got := w.requestsOf(c.at); got != seen {
				t.Errorf("the provider was called %d times with a dead grant", got-seen)
			}
			if now := w.standing(c.at); len(now) != 1 || now[0].ID != event.ID || now[0].Title != "Intro call" {
				t.Errorf("it shows %+v", now)
			}
			if now := w.standing(c.other); len(now) != 1 || now[0].Title != "Third call" {
				t.Errorf("the other provider shows %+v", now)
			}
			if n := w.core.types()[message.ConnectionNeedsReauth]; n != 1 {
				t.Errorf("the core was told %d times", n)
			}

			w.reconnect(id, c.owner)
			w.settle()
			if now := w.standing(c.at); len(now) != 1 || now[0].ID != event.ID || now[0].Title != "Third call" {
				t.Errorf("connected again it shows %+v", now)
			}
			if now := w.linkAt(p); now.ID != link.ID || now.Generation != link.Generation || now.Synced != 3 {
				t.Errorf("the link was %+v and is %+v", link, now)
			}
			if now := w.connectionAt(p); now != id {
				t.Errorf("the connection was %s and is %s", id, now)
			}
			w.checkNothingStopped("a reconnect")
		})
	}
}

// checkReauth holds a connection to needing its owner, and its work to waiting.
func (w *world) checkReauth(id cal.ConnectionID, reason string) {
	w.tb.Helper()
	c, err := w.app.Store.Connection(w.ctx, w.tenant, id)
	w.must(err)
	if c.State != cal.ConnectionNeedsReauth || c.Reason != reason {
		w.tb.Errorf("the connection is %s: %s", c.State, c.Reason)
	}
	r, err := w.app.Store.Work(w.ctx, task.Ref{Tenant: w.tenant, Kind: task.LinkPush, Subject: string(w.linkAt(c.Provider).ID)})
	w.must(err)
	if r.State != record.Held || r.HeldFor != record.HeldForReauth {
		w.tb.Errorf("the link's work is %s for %q after %d attempts", r.State, r.HeldFor, r.Attempts)
	}
}

// Nothing but its schedule looks after an account's grant for seven months, which is longer than either provider lets a refresh token lie unused
// (https://developers.google.com/identity/protocols/oauth2#expiration, https://learn.microsoft.com/entra/identity-platform/refresh-tokens).
func TestIdleGrantsStayAlive(t *testing.T) {
	t.Parallel()
	for _, p := range []cal.Provider{cal.Google, cal.Microsoft} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			w := sqliteWorld(t)
			id, start, before := w.connectionAt(p), w.clock.Now(), w.tokenRequests(p)
			until := start.AddDate(0, 7, 0)
			for w.keep(id); w.clock.Now().Before(until); w.keep(id) {
				r, err := w.app.Store.Work(w.ctx, task.Ref{Tenant: w.tenant, Kind: task.GrantKeep, Subject: string(id)})
				w.must(err)
				w.clock.Set(r.NotBefore)
			}
			weeks := int(until.Sub(start) / (7 * 24 * time.Hour))
			if n := w.tokenRequests(p) - before; n > weeks || n < weeks-2 {
				t.Errorf("refreshed %d times in %d weeks", n, weeks)
			}
			c, err := w.app.Store.Connection(w.ctx, w.tenant, id)
			if err != nil || c.State != cal.ConnectionActive {
				t.Errorf("%+v, %v", c, err)
			}
		})
	}
}

// keep lets the schedule of a grant have its turn, if it is due.
func (w *world) keep(id cal.ConnectionID) {
	w.tb.Helper()
	result, err := w.app.Engine.Work(w.ctx, task.Ref{Tenant: w.tenant, Kind: task.GrantKeep, Subject: string(id)})
	if w.must(err); result != work.Done && result != work.NotDue {
		w.tb.Fatalf("the keeper's work: %s", result)
	}
}

// In an account whose calendar is followed the schedule refreshes ahead of need: for a day no call finds its access token ended, and each is
// refreshed in the second half of its life.
func TestCallsNeverWaitForARefresh(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.submit("b1", w.booking(1, "Intro call", wall), nil)
	w.settle()
	ids := map[cal.Provider]cal.ConnectionID{cal.Google: w.connectionAt(cal.Google), cal.Microsoft: w.connectionAt(cal.Microsoft)}
	before := map[cal.Provider]int{cal.Google: w.tokenRequests(cal.Google), cal.Microsoft: w.tokenRequests(cal.Microsoft)}
	for range 24 * 60 {
		w.clock.Advance(time.Minute)
		for p, id := range ids {
			w.keep(id)
			asked := w.tokenRequests(p)
			if _, _, err := w.app.Token(w.ctx, w.tenant, id); err != nil || w.tokenRequests(p) != asked {
				t.Fatalf("%s: a call refreshed at %s: %v", p, w.clock.Now(), err)
			}
		}
	}
	for p, n := range before {
		if n = w.tokenRequests(p) - n; n < 28 || n > 48 {
			t.Errorf("%s: %d refreshes in a day", p, n)
		}
	}
}

// tokenRequests is how often a provider's token endpoint was called.
func (w *world) tokenRequests(p cal.Provider) (n int) {
	w.tb.Helper()
	for _, r := range w.sim.Requests(0) {
		if r.Provider == sim.Provider(p) && r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/token") {
			n++
		}
	}
	return n
}
