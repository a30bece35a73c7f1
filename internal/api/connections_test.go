package api_test

import (
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// account is the connection of a calendar.
func (b *bench) account(id cal.CalendarID) string {
	b.Helper()
	c, err := b.store.Calendar(b.Context(), b.tenant, id)
	b.ok(err)
	return string(c.ConnectionID)
}

// restrict lets the owner of an account connect it anew, and not allow everything.
func (b *bench) restrict(id string, lacks ...cal.Ability) {
	b.Helper()
	b.ok(b.store.Activate(b.Context(), b.tenant, cal.ConnectionID(id), record.Grant{
		AccessToken: "access", RefreshToken: "refresh", Scopes: "calendar", Lacks: record.NewLacks(lacks), ExpiresAt: b.clock.Now().Add(time.Hour),
	}))
}

func TestConnections(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	google, graph := b.account(b.google), b.account(b.graph)
	var begun gen.BegunConnection
	b.call("POST", "/v1/connections", map[string]any{"provider": "google"}).into(t, 201, &begun)
	for query, want := range map[string][]string{
		"":                                 {google, graph, begun.ID},
		"?provider=google":                 {google, begun.ID},
		"?state=pending":                   {begun.ID},
		"?state=active&provider=google":    {google},
		"?state=needs_reauth":              nil,
		"?limit=200&provider=microsoft":    {graph},
		"?limit=1&state=active":            {google},
		"?limit=1&state=pending":           {begun.ID},
		"?limit=2":                         {google, graph},
		"?provider=microsoft&state=active": {graph},
	} {
		var page gen.ConnectionPage
		b.call("GET", "/v1/connections"+query, nil).into(t, 200, &page)
		var ids []string
		for _, c := range page.Connections {
			ids = append(ids, c.ID)
			var one gen.Connection
			b.call("GET", "/v1/connections/"+c.ID, nil).into(t, 200, &one)
			if one.State != c.State || one.ID != c.ID || len(one.Capabilities) != len(c.Capabilities) {
				t.Errorf("%+v, listed as %+v", one, c)
			}
		}
		if !slices.Equal(ids, want) {
			t.Errorf("%s: %v, want %v", query, ids, want)
		}
	}
	for query, problem := range map[string]message.Problem{
		"state=gone":    at("query: state", "give one of pending, active, needs_reauth, disconnecting, disconnected"),
		"provider=none": at("query: provider", "give one of google, microsoft"),
		"cursor=x":      at("query: cursor", "this is no next_cursor of this list with these filters: leave it out to begin at the start"),
		"writable=true": at("query: writable", "there is no such parameter: remove it, or check its spelling"),
	} {
		refused{record.ReasonInvalid, parameter, []message.Problem{problem}}.want(t, query, b.call("GET", "/v1/connections?"+query, nil))
	}
	refused{"not-found", "this tenant has nothing of that name", nil}.want(t, "unknown", b.call("GET", "/v1/connections/con_unknown", nil))
}

// What an owner has not allowed is shown, and whatever needs it is refused with what mends it.
func TestRestrictedConnection(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.account(b.google)
	b.restrict(id, cal.ReadEvents, cal.WriteEvents)
	b.listed(b.tenant, cal.ConnectionID(id), cal.Calendar{ID: "primary", Name: "Ada", Primary: true, Owner: "ada@example.com", Writable: true})
	var c gen.Connection
	b.call("GET", "/v1/connections/"+id, nil).into(t, 200, &c)
	if !slices.Equal(c.Missing, []gen.Capability{"read_events", "write_events"}) || !slices.Equal(c.Capabilities, []gen.Capability{"list_calendars", "read_free_busy"}) {
		t.Errorf("%+v", c)
	}
	var one gen.Calendar
	b.call("GET", "/v1/calendars/"+string(b.google), nil).into(t, 200, &one)
	if one.Writable || one.WritableTarget {
		t.Errorf("%+v", one)
	}
	b.unchanged(func() {
		a := b.call("PATCH", "/v1/calendars/"+string(b.google), map[string]any{"sync": "busy"})
		refused{record.ReasonCalendar, "the calendar cannot be kept", problems("/sync",
			"the account's owner has not allowed to read events: connect the account anew, and let them allow it")}.want(t, "sync", a)
		refused{record.ReasonCalendar, noUse, problems("/targets/0/calendar_id", "the account may only read this calendar: choose one with writable: true")}.
			want(t, "booking", b.call("PUT", "/v1/bookings/b1", b.spec(1)))
	})
	if got := b.chosen(string(b.google), map[string]any{"sync": "off"}); got.Sync != gen.SyncLevelOff {
		t.Errorf("%+v", got)
	}
}

// A return URL is one of those that the operator allows, to the letter.
func TestReturnURLsAreAllowed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, back := range []string{"https://core.test/done", "https://core.test/done?from=calweave"} {
		b.call("POST", "/v1/connections", map[string]any{"provider": "google", "return_url": back}).into(t, 201, &gen.BegunConnection{})
	}
	b.unchanging()
	for _, back := range []string{
		"https://core.test/done/", "https://core.test/done?", "https://core.test/Done", "https://core.test/done#x", "https://core.test/done?from=others",
		"http://core.test/done", "https://core.test:443/done", "https://core.test", "https://core.test/done/../x", "https://evil.test/?https://core.test/done",
		"https://core.test@evil.test/done", "javascript:alert(1)//", "https://core.test/done%00", "https://core.test/don%65",
	} {
		a := b.call("POST", "/v1/connections", map[string]any{"provider": "google", "return_url": back})
		refused{record.ReasonInvalid, "the owner's browser may not be sent there", problems("/return_url",
			"it is none of those that the operator allows (CALWEAVE_RETURN_URLS): write it exactly as it stands there, or leave it out")}.want(t, back, a)
	}
}
