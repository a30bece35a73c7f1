package store_test

import (
	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

func accountTrials() []trial {
	return []trial{
		{"connections: by what is asked for, page by page", connectionsFiltered},
		{"connection: what its owner has not allowed", connectionLacks},
	}
}

func connectionsFiltered(h *harness) {
	w, other := h.newWorld(1), h.newWorld(1)
	waiting, err := h.BeginConnection(h.ctx, w.tenant, record.NewFlow{
		Provider: cal.Microsoft, AppID: "app", ConnectToken: w.secret("connect", "m"), State: w.secret("state", "m"), ExpiresAt: h.clock.Now(), Actor: "test",
	})
	h.ok(err)
	for name, c := range map[string]struct {
		filter record.ConnectionFilter
		after  cal.ConnectionID
		want   []cal.ConnectionID
	}{
		"all":                   {record.ConnectionFilter{}, "", []cal.ConnectionID{w.connection, waiting}},
		"after one":             {record.ConnectionFilter{}, w.connection, []cal.ConnectionID{waiting}},
		"of a provider":         {record.ConnectionFilter{Provider: cal.Google}, "", []cal.ConnectionID{w.connection}},
		"in a state":            {record.ConnectionFilter{State: cal.ConnectionPending}, "", []cal.ConnectionID{waiting}},
		"in a state, elsewhere": {record.ConnectionFilter{State: cal.ConnectionPending, Provider: cal.Google}, "", nil},
	} {
		got, err := h.Connections(h.ctx, w.tenant, c.filter, c.after, 10)
		h.ok(err)
		var ids []cal.ConnectionID
		for _, one := range got {
			ids = append(ids, one.ID)
			read, err := h.Connection(h.ctx, w.tenant, one.ID)
			h.ok(err)
			same(h, name, one, withoutGrant(read))
		}
		sameList(h, name, ids, c.want)
	}
	got, err := h.Connections(h.ctx, w.tenant, record.ConnectionFilter{}, "", 1)
	h.ok(err)
	same(h, "no more than asked for", len(got), 1)
	theirs, err := h.Connections(h.ctx, other.tenant, record.ConnectionFilter{}, "", 10)
	h.ok(err)
	same(h, "of another tenant", len(theirs) == 1 && theirs[0].ID == other.connection, true)
}

func connectionLacks(h *harness) {
	w := h.newWorld(2)
	w.accept(w.booking("b", 1, 0))
	w.followed(0)
	g := w.tokens("less")
	g.Lacks = record.NewLacks([]cal.Ability{cal.ReadEvents, cal.WriteEvents})
	h.ok(h.Activate(h.ctx, w.tenant, w.connection, g))
	c, err := h.Connection(h.ctx, w.tenant, w.connection)
	h.ok(err)
	same(h, "lacks", c.Lacks, g.Lacks)
	same(h, "can", c.Can(cal.ListCalendars) && !c.Can(cal.WriteEvents), true)
	w.discovery(w.listedAs(0), w.listedAs(1))
	for _, kind := range []task.Kind{task.CalendarSync, task.CalendarWatch} {
		h.served(w.ref(kind, string(w.calendars[0].ID)))
	}
	listed, err := h.Calendar(h.ctx, w.tenant, w.calendars[0].ID)
	h.ok(err)
	same(h, "may be written to", listed.Writable, false)
	h.ok(h.Activate(h.ctx, w.tenant, w.connection, w.tokens("all")))
	for _, kind := range []task.Kind{task.CalendarSync, task.CalendarWatch} {
		h.served(w.ref(kind, string(w.calendars[0].ID))) // it was left alone meanwhile
		_, err := h.Work(h.ctx, w.ref(kind, string(w.calendars[1].ID)))
		h.fails(err, record.ErrNotFound)
	}
	w.discovery(w.listedAs(0), w.listedAs(1))
	listed, err = h.Calendar(h.ctx, w.tenant, w.calendars[0].ID)
	h.ok(err)
	same(h, "once it is allowed", listed.Writable, true)
}

func accountMutants() []mutant {
	const filtered = "connections: by what is asked for, page by page"
	return slips([]slipped{
		{"a page begins where the one before has ended", "ConnectionsAfter", "connection_id > $2", "connection_id >= $2", filtered},
		{"connections of any provider", "ConnectionsAfter", "provider = CAST($3 AS TEXT)", "provider <> CAST($3 AS TEXT) || 'x'", filtered},
		{"connections in any state", "ConnectionsAfter", "state = CAST($4 AS TEXT)", "state <> CAST($4 AS TEXT) || 'x'", filtered},
		{"what is not allowed is forgotten", "ActivateConnection", "lacks = $1", "lacks = SUBSTR($1, 1, 0)", "connection: what its owner has not allowed"},
	})
}
