package cli_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/record"
)

// vanish lets the events of n bookings vanish from a calendar, of which the first two are not held, and returns the hold.
func vanish(t *testing.T, a *app.App, tenant cal.TenantID, n int) record.Guard {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	con, err := a.Store.BeginConnection(t.Context(), tenant, record.NewFlow{
		Provider: cal.Google, AppID: "google", ConnectToken: "c", State: "s", Verifier: "v", ExpiresAt: time.Now().Add(time.Hour), Actor: "test",
	})
	ok(err)
	ok(a.Store.Activate(t.Context(), tenant, con, record.Grant{AccessToken: "a", RefreshToken: "r", ExpiresAt: time.Now().Add(time.Hour)}))
	claim := func(kind task.Kind, subject string) record.Lease {
		t.Helper()
		l, claimed, err := a.Store.Claim(t.Context(), task.Ref{Tenant: tenant, Kind: kind, Subject: subject}, time.Minute)
		if ok(err); !claimed {
			t.Fatalf("%s %s cannot be claimed", kind, subject)
		}
		return l
	}
	ok(a.Store.Discovered(t.Context(), claim(task.ConnectionDiscover, string(con)), record.Discovery{
		Connection: con, Calendars: []cal.Calendar{{ID: "primary", Primary: true, Writable: true}}, Outcome: record.Served(),
	}))
	found, err := a.Store.Calendars(t.Context(), tenant, record.CalendarFilter{}, "", 1)
	ok(err)
	for i := range n {
		b, err := a.Store.Accept(t.Context(), tenant, record.Acceptance{
			ID: cal.BookingID(fmt.Sprint("b", i)), Version: 1, Hash: "h", Actor: "test", Via: "test", Spec: cal.Booking{Version: 1, Title: "x"},
			Targets: []record.AcceptedTarget{{Calendar: found[0], Authoritative: true}},
		})
		ok(err)
		link := b.Links[0]
		held := record.Decision{Link: link, Outcome: record.Outcome{State: record.Held, HeldFor: record.HeldForGuard, Reason: "many"}}
		gone := record.Decision{Link: link, Outcome: record.Served(), Removal: &record.Removal{Link: link, Held: held}}
		ok(a.Store.Settle(t.Context(), claim(task.LinkPush, string(link.ID)), gone))
	}
	all, err := a.Store.Guards(t.Context(), tenant, record.GuardFilter{}, "", 10)
	if ok(err); len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	return all[0]
}

// Holds are listed with what a person has to know to decide, shown with their bookings, and decided about once, as they were seen.
func TestGuard(t *testing.T) {
	t.Parallel()
	for verb, done := range map[string]string{"approve": "approved", "reject": "rejected"} {
		env := onSQLite(t)
		id := tenant(t, env)
		of := "--tenant=" + id
		if out := succeeds(t, env, "guard", "list", of); strings.Count(out, "\n") != 1 {
			t.Errorf("without holds: %s", out)
		}
		a := open(t, env)
		g := vanish(t, a, cal.TenantID(id), 5)
		listed := succeeds(t, env, "guard", "list", of)
		shown := succeeds(t, env, "guard", "show", of, g.ID)
		for _, word := range []string{g.ID, string(g.CalendarID), string(g.ConnectionID), "google", "inbound", "3", g.Reason, g.OpenedAt.Format(time.RFC3339)} {
			if !strings.Contains(listed, word) || !strings.Contains(shown, word) {
				t.Errorf("%q is missing in\n%s\n%s", word, listed, shown)
			}
		}
		if strings.Contains(shown, "b1 ") || strings.Count(shown, "held") != 3 || !strings.Contains(shown, "b4 ") {
			t.Errorf("%s", shown)
		}
		calweave(t, env, "guard", verb, of, "--revision=1", g.ID).fails(t, 1, g.ID+" has changed since that revision")
		if out := succeeds(t, env, "guard", verb, of, "--revision=3", g.ID); out != "3 "+done+"\n" {
			t.Errorf("%s: %q", verb, out)
		}
		calweave(t, env, "guard", verb, of, g.ID).fails(t, 1, g.ID+" is not open any more")
		calweave(t, env, "guard", verb, of, "grd_x").fails(t, 1, "grd_x is no hold of this tenant: calweave guard list shows what is")
		calweave(t, env, "guard", "show", of, "grd_x").fails(t, 1, "grd_x is no hold of this tenant")
		if out := succeeds(t, env, "guard", "list", of, "--state="+done); !strings.Contains(out, g.ID) || strings.Contains(succeeds(t, env, "guard", "list", of), g.ID) {
			t.Errorf("%s", out)
		}
	}
}
