package grant

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// read is a connection as it is read along with its grant.
func (v *vault) read(of cal.TenantID) record.Connection {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := connectionOf(cal.Google)
	c.GrantVersion, c.AccessUntil = v.grants[of].Version, v.grants[of].ExpiresAt
	return c
}

// A process opens an access token once, and asks for it anew as soon as what was read with the connection says that it is not in force any more.
func TestTokenIsOpenedOnce(t *testing.T) {
	t.Parallel()
	g := oldGrant()
	g.ExpiresAt = began.Add(time.Hour)
	c := clock.NewManual(began)
	e := answering(tokens("access-3", ""))
	m, v := manage(c, g, e)
	opened := 0
	v.before = func(_ context.Context, call string) error {
		if call == "grant" {
			opened++
		}
		return nil
	}
	for _, step := range []struct {
		what    string
		do      func()
		access  string
		version int64
		opened  int
		calls   int
	}{
		{"the first call", func() {}, "access-1", 1, 1, 0},
		{"the second call", func() {}, "access-1", 1, 1, 0},
		{"another process has refreshed", func() { v.put("access-2", began.Add(time.Hour)) }, "access-2", 2, 2, 0},
		{"a call after that", func() {}, "access-2", 2, 2, 0},
		{"the provider has refused it", func() { _ = m.Refused(t.Context(), tenant, "con_1", 2) }, "access-3", 3, 3, 1},
		{"what came of the refresh", func() {}, "access-3", 3, 4, 1},
		{"a call after the refresh", func() {}, "access-3", 3, 4, 1},
		{"it is about to end", func() { c.Advance(time.Hour - margin) }, "access-3", 4, 5, 2},
	} {
		step.do()
		access, version, err := m.Token(t.Context(), tenant, v.read(tenant))
		if err != nil || access != step.access || version != step.version || opened != step.opened || e.count() != step.calls {
			t.Errorf("%s: %q of version %d, %v, opened %d times, refreshed %d times, want %+v", step.what, access, version, err, opened, e.count(), step)
		}
	}
}

func TestTokensAreRememberedByTenant(t *testing.T) {
	t.Parallel()
	g := oldGrant()
	g.ExpiresAt = began.Add(time.Hour)
	m, v := manage(clock.NewManual(began), g, answering(answer{}))
	g.AccessToken = "theirs"
	v.grants["ten_2"] = g
	for range 2 {
		for of, want := range map[cal.TenantID]string{tenant: "access-1", "ten_2": "theirs"} {
			if access, _, err := m.Token(t.Context(), of, v.read(of)); err != nil || access != want {
				t.Errorf("%s: %q, %v", of, access, err)
			}
		}
	}
}

func TestRememberedTokensAreBounded(t *testing.T) {
	t.Parallel()
	var i issued
	last := account{tenant, "con_last"}
	for n := range 3 * maxIssued {
		i.add(account{tenant, cal.ConnectionID(fmt.Sprintf("con_%d", n))}, token{"access", 1})
		i.add(last, token{"access", int64(n)})
		if len(i.tokens) > maxIssued {
			t.Fatalf("%d tokens are remembered", len(i.tokens))
		}
		if _, ok := i.find(last, int64(n)); !ok {
			t.Fatalf("what was just added is forgotten")
		}
	}
	if _, ok := i.find(last, 1); ok {
		t.Error("found by another version")
	}
}
