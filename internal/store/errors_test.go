package store_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

func errorTrials() []trial {
	return []trial{
		{"errors: nothing of what is stored stands in them", errorsTellNothing},
		{"errors: a database that is away is something that may pass", errorsAway},
		{"errors: a cancelled call is cancelled, at whatever statement", errorsCancelled},
		{"errors: a call that had no time left is something that may pass", errorsDeadline},
	}
}

func postgresErrorTrials() []trial {
	return []trial{
		{"errors: a deadlock is tried again, and counts once", errorsDeadlock},
		{"errors: a deadlock without end is something that may pass", errorsDeadlocks},
		{"errors: a server that was away is found again", errorsServerAway},
		{"errors: a server that answers nothing any more keeps nobody waiting", errorsServerFrozen},
	}
}

// sabotage makes the database refuse every new and every changed row of a table.
func (h *harness) sabotage(table string) {
	h.Helper()
	if h.backend.name() == "postgres" {
		h.owner(`ALTER TABLE ` + table + ` ADD CONSTRAINT sabotage CHECK (false) NOT VALID`)
		h.Cleanup(func() { _, _ = h.place.owner.Exec(`ALTER TABLE ` + table + ` DROP CONSTRAINT sabotage`) })
		return
	}
	for _, when := range []string{"INSERT", "UPDATE"} {
		h.owner(`CREATE TRIGGER sabotage_` + when + `_` + table + ` BEFORE ` + when + ` ON ` + table + ` BEGIN SELECT RAISE(ABORT, 'refused'); END`)
	}
}

// errorsTellNothing lets the database refuse what each method writes. PostgreSQL's detail shows the whole row that it has refused.
func errorsTellNothing(h *harness) {
	refused := map[string]bool{}
	names := slices.Sorted(maps.Keys(writes()))
	names = slices.DeleteFunc(names, func(name string) bool { return name == "GiveBackRequest" }) // it only deletes
	worlds := map[string]func() error{}
	for _, name := range names {
		worlds[name] = writes()[name].prepare(newFenceWorld(h))
	}
	h.clock.Set(epoch()) // before any lease that was taken has ended
	for _, table := range h.tables() {
		h.sabotage(table)
	}
	for _, name := range names {
		err := worlds[name]()
		refused[name] = err != nil
		switch {
		case err == nil:
			h.Errorf("%s was not refused: this trial proves nothing", name)
		case !fault.Is(err, fault.Transient):
			h.Errorf("%s: %v", name, err)
		case leaks([]byte(err.Error())) != "" || strings.Contains(err.Error(), "ten_"):
			h.Errorf("%s tells: %v", name, err)
		}
	}
	same(h, "refused", len(refused) > 30, true)
}

// reads are the methods that change nothing.
func reads(w *fenceWorld) map[string]func(context.Context) error {
	l := record.Lease{Ref: w.push(w.link)}
	calendar := record.Lease{Ref: w.syncOf(0)}
	ignore := func(_ any, err error) error { return err }
	return map[string]func(context.Context) error{
		"APIKey":     func(ctx context.Context) error { return ignore(w.APIKey(ctx, "cwk_canary")) },
		"Rotation":   func(ctx context.Context) error { return ignore(w.Rotation(ctx, w.tenant)) },
		"SealCounts": func(ctx context.Context) error { return ignore(w.SealCounts(ctx, w.tenant)) },
		"SealKeys":   func(ctx context.Context) error { return ignore(w.SealKeys(ctx)) },
		"SealedWith": func(ctx context.Context) error { return ignore(w.SealedWith(ctx, 1)) },
		"TZVersions": func(ctx context.Context) error { return ignore(w.TZVersions(ctx, w.tenant)) },
		"ResolvedElsewise": func(ctx context.Context) error {
			return ignore(w.ResolvedElsewise(ctx, calendar, "2099a", record.ZonePlace{}, 1))
		},
		"Tenants":  func(ctx context.Context) error { return ignore(w.Tenants(ctx)) },
		"Booking":  func(ctx context.Context) error { return ignore(w.Booking(ctx, w.tenant, "b")) },
		"Calendar": func(ctx context.Context) error { return ignore(w.Calendar(ctx, w.tenant, w.calendars[0].ID)) },
		"Calendars": func(ctx context.Context) error {
			return ignore(w.Calendars(ctx, w.tenant, record.CalendarFilter{}, "", 1))
		},
		"Case":           func(ctx context.Context) error { return ignore(w.Case(ctx, l)) },
		"ChannelTenants": func(ctx context.Context) error { return ignore(w.ChannelTenants(ctx, []cal.ChannelID{"chn_1"})) },
		"Connection":     func(ctx context.Context) error { return ignore(w.Connection(ctx, w.tenant, w.connection)) },
		"Deliveries": func(ctx context.Context) error {
			return ignore(w.Deliveries(ctx, w.tenant, record.DeliveryFilter{}, "", 1))
		},
		"DeliveryReport": func(ctx context.Context) error {
			return ignore(w.DeliveryReport(ctx, w.tenant, cal.DeliveryID(w.delivery.Subject)))
		},
		"Busy":      func(ctx context.Context) error { return ignore(w.Busy(ctx, w.tenant, w.calendars[0].ID, week(), 1)) },
		"Endpoint":  func(ctx context.Context) error { return ignore(w.Endpoint(ctx, w.tenant, w.endpointID)) },
		"Endpoints": func(ctx context.Context) error { return ignore(w.Endpoints(ctx, w.tenant)) },
		"Delivery":  func(ctx context.Context) error { return ignore(w.Delivery(ctx, record.Lease{Ref: w.delivery})) },
		"Copies":    func(ctx context.Context) error { return ignore(w.Copies(ctx, w.tenant, "b", record.Copy{}, 1)) },
		"Doubted":   func(ctx context.Context) error { return ignore(w.Doubted(ctx, calendar)) },
		"Due":       func(ctx context.Context) error { return ignore(w.Due(ctx, w.clock.Now(), w.clock.Now(), 1, 1)) },
		"Events":    func(ctx context.Context) error { return ignore(w.Events(ctx, w.tenant, w.calendars[0].ID, "", 1)) },
		"Feed":      func(ctx context.Context) error { return ignore(w.Feed(ctx, w.tenant, 0, 1)) },
		"Grant":     func(ctx context.Context) error { return ignore(w.Grant(ctx, w.tenant, w.connection)) },
		"History":   func(ctx context.Context) error { return ignore(w.History(ctx, w.tenant, "b", "", 1)) },
		"ListWork": func(ctx context.Context) error {
			return ignore(w.ListWork(ctx, w.tenant, store.OpenWork, task.Ref{}, 1))
		},
		"Ping":        func(ctx context.Context) error { return w.Ping(ctx) },
		"Keys":        func(ctx context.Context) error { return ignore(w.Keys(ctx, w.tenant)) },
		"Rejections":  func(ctx context.Context) error { return ignore(w.Rejections(ctx, w.tenant, "", 1)) },
		"Reservation": func(ctx context.Context) error { return ignore(w.Reservation(ctx, w.tenant, "rsv_1")) },
		"SigningKey":  func(ctx context.Context) error { return ignore(w.SigningKey(ctx, "key_1")) },
		"Polling":     func(ctx context.Context) error { return ignore(w.Polling(ctx, calendar)) },
		"Followings": func(ctx context.Context) error {
			return ignore(w.Followings(ctx, w.tenant, []cal.CalendarID{w.calendars[0].ID}))
		},
		"Sync":   func(ctx context.Context) error { return ignore(w.Sync(ctx, calendar)) },
		"Tenant": func(ctx context.Context) error { return ignore(w.Tenant(ctx, w.tenant)) },
		"TenantCounts": func(ctx context.Context) error {
			return ignore(w.TenantCounts(ctx, 1))
		},
		"WorkCounts": func(ctx context.Context) error {
			return ignore(w.WorkCounts(ctx, w.clock.Now()))
		},
		"Version": func(ctx context.Context) error { _, _, err := w.Version(ctx, w.tenant, "b", 1); return err },
		"Watch":   func(ctx context.Context) error { return ignore(w.Watch(ctx, calendar)) },
		"Work":    func(ctx context.Context) error { return ignore(w.Work(ctx, l.Ref)) },
	}
}

func errorsAway(h *harness) {
	w := newFenceWorld(h)
	h.wire.onCall(func(call) error { return errWire })
	for name, read := range reads(w) {
		if err := read(h.ctx); !fault.Is(err, fault.Transient) {
			h.Errorf("%s: %v", name, err)
		}
	}
	_, err := h.Accept(h.ctx, w.tenant, w.booking("new", 1, 0))
	h.faulty(err, fault.Transient)
}

func errorsCancelled(h *harness) {
	w := newFenceWorld(h)
	gone, cancel := context.WithCancel(h.ctx)
	cancel()
	for name, read := range reads(w) {
		if err := read(gone); !fault.Is(err, fault.Canceled) {
			h.Errorf("%s: %v", name, err)
		}
	}
	before := h.dump()
	calls, at := 0, 0
	var stop context.CancelFunc
	h.wire.onCall(func(call) error {
		if calls++; calls == at {
			stop()
		}
		return nil
	})
	for at = 1; ; at++ {
		calls = 0
		var ctx context.Context
		ctx, stop = context.WithCancel(h.ctx)
		_, err := h.Accept(ctx, w.tenant, w.booking("new", 1, 0))
		stop()
		if err == nil {
			break
		}
		h.faulty(err, fault.Canceled)
		h.unchanged(before)
	}
	same(h, "statements", at > 10, true)
}

func errorsDeadline(h *harness) {
	w := newFenceWorld(h)
	ctx, cancel := context.WithDeadline(h.ctx, time.Now().Add(-time.Second))
	defer cancel()
	for name, read := range reads(w) {
		if err := read(ctx); !fault.Is(err, fault.Transient) || !errors.Is(err, context.DeadlineExceeded) {
			h.Errorf("%s: %v", name, err)
		}
	}
}

// deadlocked is how PostgreSQL ends one of two transactions that wait for each other.
func deadlocked() error { return &pgconn.PgError{Code: "40P01", Message: "deadlock detected"} }

// errorsDeadlock ends the first try of every write at its last call.
func errorsDeadlock(h *harness) {
	for name, c := range writes() {
		w := newFenceWorld(h)
		do := c.prepare(w)
		audits := h.number(`SELECT COUNT(*) FROM audit`)
		tries := 0
		h.wire.onCall(func(c call) error {
			if c.name == callCommit {
				if tries++; tries == 1 {
					return deadlocked()
				}
			}
			return nil
		})
		if err := do(); err != nil {
			h.Errorf("%s: %v", name, err)
		}
		h.wire.clear()
		written := h.number(`SELECT COUNT(*) FROM audit`) - audits
		if tries < 2 || c.unaudited == "" && written == 0 {
			h.Errorf("%s: %d tries, %d audit rows", name, tries, written)
		}
	}
	w := h.targeted()
	l, on := w.listing(0, cal.Delta)
	tries := 0
	h.wire.onCall(func(c call) error {
		if c.name == callCommit {
			if tries++; tries < 4 {
				return deadlocked()
			}
		}
		return nil
	})
	p := w.delta(on, event("e", "1", content("x", 1)))
	p.Last.Items = append(p.Last.Items, cal.Item{Event: cal.Event{ID: "bad"}, Withheld: "why"})
	_, err := h.Publish(h.ctx, l, p)
	h.ok(err)
	same(h, "withheld", h.number(`SELECT withheld FROM cursors WHERE tenant_id = $1`, string(w.tenant)), 1)
}

func errorsDeadlocks(h *harness) {
	w := newFenceWorld(h)
	before := h.dump()
	tries := 0
	h.wire.onCall(func(c call) error {
		if c.name == callCommit {
			tries++
			return deadlocked()
		}
		return nil
	})
	_, err := h.Accept(h.ctx, w.tenant, w.booking("new", 1, 0))
	h.faulty(err, fault.Transient)
	same(h, "tries", tries, 4)
	h.unchanged(before)
}

// errorsServerAway shuts the database and ends all connections to it, as a restart of the server does.
func errorsServerAway(h *harness) {
	w := newFenceWorld(h)
	name := h.query(`SELECT current_database() AS name`)[0]["name"]
	onServer(h.T, `ALTER DATABASE `+name+` ALLOW_CONNECTIONS false`)
	h.Cleanup(func() { onServer(h.T, `ALTER DATABASE `+name+` ALLOW_CONNECTIONS true`) })
	onServer(h.T, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '`+name+`' AND usename <> 'postgres'`)
	for method, read := range reads(w) {
		if err := read(h.ctx); !fault.Is(err, fault.Transient) || leaks([]byte(err.Error())) != "" {
			h.Errorf("%s: %v", method, err)
		}
	}
	_, err := h.Accept(h.ctx, w.tenant, w.booking("new", 1, 0))
	h.faulty(err, fault.Transient)
	onServer(h.T, `ALTER DATABASE `+name+` ALLOW_CONNECTIONS true`)
	w.accept(w.booking("new", 1, 0))
	h.ok(h.Ping(h.ctx))
}
