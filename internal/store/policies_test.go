package store_test

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/store"
)

func policyTrials() []trial {
	return []trial{
		{"audit: what was written stays as it was", auditAppendOnly},
		{"statements: all are known, and each transaction names its tenant first", statementsKnown},
	}
}

func postgresPolicyTrials() []trial {
	return []trial{
		{"policies: every table is behind one", policiesEverywhere},
		{"policies: a transaction without a tenant sees nothing", policiesWithoutTenant},
		{"policies: a tenant is named for one transaction only", policiesForOneTransaction},
		{"policies: the application changes rows and nothing else", applicationRights},
		{"policies: the sweep reads what it needs of work and nothing else", sweepRights},
		{"patience: a process that is frozen inside a transaction loses it, and with it its locks", frozenLosesLocks},
		{"schema: both databases have the same columns, compared byte by byte", schemaSame},
	}
}

// login opens a pool of one connection as the application's login in a role.
func (h *harness) login(role string) *sql.DB {
	h.Helper()
	pool := postgresOwner(h.T, h.place.url+"&role="+role)
	pool.SetMaxOpenConns(1)
	h.Cleanup(func() { _ = pool.Close() })
	return pool
}

// forbidden wants PostgreSQL to refuse a statement for lack of a right.
func (h *harness) forbidden(on interface {
	Exec(query string, args ...any) (sql.Result, error)
}, statement string,
) {
	h.Helper()
	_, err := on.Exec(statement)
	if pg := new(pgconn.PgError); !errors.As(err, &pg) || pg.Code != "42501" {
		h.Errorf("%s: %v, want it forbidden", statement, err)
	}
}

// auditAppendOnly tries to change history as the application could.
func auditAppendOnly(h *harness) {
	h.plant()
	before := h.dump("audit")
	statements := []string{`UPDATE audit SET action = 'x'`, `DELETE FROM audit`, `UPDATE audit SET tenant_id = 'ten_b' WHERE audit_id = 'aud_a'`}
	if h.backend.name() == "postgres" {
		app := h.login("calweave_app")
		for _, s := range append(statements, `TRUNCATE audit`) {
			h.forbidden(app, s)
		}
	} else {
		for _, s := range statements {
			if _, err := h.place.owner.ExecContext(h.ctx, s); err == nil || !strings.Contains(err.Error(), "append-only") {
				h.Errorf("%s: %v", s, err)
			}
		}
	}
	h.unchanged(before, "audit")
}

// statementsKnown runs every method and looks at what it asks of the database.
func statementsKnown(h *harness) {
	byHand := []string{
		"WITH soon AS", "SELECT COALESCE(MIN(CASE WHEN not_before", "SELECT kind, lane, CASE WHEN state = 'held'", "SELECT tenant_id, COUNT(*), MIN(wanted_at)",
	}
	var begun call
	firsts := 0
	h.wire.onCall(func(c call) error {
		sql := oneLine(c.sql)
		switch {
		case c.name == callBegin:
			begun = c
			return nil
		case c.name == callCommit || sql == "":
			return nil
		case c.name == callOther && !slices.ContainsFunc(byHand, func(known string) bool { return strings.HasPrefix(sql, known) }):
			h.Errorf("unknown statement: %s", sql)
		case begun.conn != nil && h.backend.name() == "postgres":
			firsts++
			if h.tenantOf(begun) == "" {
				h.Errorf("before the tenant is named: %s", sql)
			}
		}
		begun = call{}
		return nil
	})
	w := newFenceWorld(h)
	for name, read := range reads(w) {
		if err := read(h.ctx); err != nil && !strings.Contains(err.Error(), "not found") {
			h.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range writes() {
		h.ok(c.prepare(newFenceWorld(h))())
	}
	if h.backend.name() == "postgres" {
		same(h, "transactions that were looked at", firsts > 100, true)
	}
}

func policiesEverywhere(h *harness) {
	secured := map[string]bool{}
	for _, row := range h.query(`SELECT c.relname FROM pg_class c WHERE c.relrowsecurity AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)`) {
		secured[row["relname"]] = true
	}
	for _, table := range h.tables() {
		if !secured[table] {
			h.Errorf("%s is behind no policy", table)
		}
	}
	const own = `(tenant_id = current_setting('calweave.tenant'::text, true))`
	policies := h.query(`SELECT tablename, qual, with_check FROM pg_policies WHERE policyname = 'tenant'`)
	for _, row := range policies {
		same(h, row["tablename"]+": rows that are shown", row["qual"], own)
		same(h, row["tablename"]+": rows that may be written", row["with_check"], own)
	}
	same(h, "policies by tenant", len(policies), len(h.tables())-1) // the directory has others
}

func policiesWithoutTenant(h *harness) {
	h.plant()
	app := h.login("calweave_app")
	for _, table := range h.tables() {
		var n int
		h.ok(app.QueryRowContext(h.ctx, `SELECT COUNT(*) FROM `+table).Scan(&n))
		same(h, table, n > 0, table == "directory")
		if table == "directory" || table == "audit" {
			continue
		}
		h.changesNothing(app, `UPDATE `+table+` SET tenant_id = 'ten_b'`)
	}
	h.changesNothing(app, `DELETE FROM directory`)
}

// changesNothing wants a statement to be allowed and to meet no row.
func (h *harness) changesNothing(on *sql.DB, statement string) {
	h.Helper()
	r, err := on.ExecContext(h.ctx, statement)
	h.ok(err)
	changed, err := r.RowsAffected()
	h.ok(err)
	same(h, statement, changed, 0)
}

func policiesForOneTransaction(h *harness) {
	h.plant()
	app := h.login("calweave_app")
	count := func(on interface {
		QueryRow(query string, args ...any) *sql.Row
	},
	) (n int) {
		h.ok(on.QueryRow(`SELECT COUNT(*) FROM bookings`).Scan(&n))
		return n
	}
	for _, end := range []func(*sql.Tx) error{(*sql.Tx).Commit, (*sql.Tx).Rollback} {
		tx, err := app.BeginTx(h.ctx, nil)
		h.ok(err)
		h.exec(tx, `SELECT set_config('calweave.tenant', 'ten_a', true)`)
		same(h, "inside", count(tx), 1)
		h.ok(end(tx))
		same(h, "afterwards", count(app), 0)
	}
	begun := 0
	h.wire.onCall(func(c call) error {
		if c.name == callBegin {
			begun++
			same(h, "tenant that a connection still has", h.tenantOf(c), "")
		}
		return nil
	})
	a, b := h.newWorld(1), h.newWorld(1)
	a.accept(a.booking("b", 1, 0))
	b.accept(b.booking("b", 1, 0))
	same(h, "transactions", begun > 10, true)
}

// tenantOf is the tenant that is named on the connection of a call.
func (h *harness) tenantOf(c call) string {
	h.Helper()
	rows, err := c.conn.QueryContext(c.ctx, `SELECT COALESCE(current_setting('calweave.tenant', true), '')`, nil)
	h.ok(err)
	tenant := make([]driver.Value, 1)
	h.ok(errors.Join(rows.Next(tenant), rows.Close()))
	return fmt.Sprint(tenant[0])
}

func applicationRights(h *harness) {
	h.plant()
	app := h.login("calweave_app")
	for _, table := range h.tables() {
		h.forbidden(app, `TRUNCATE `+table)
		h.forbidden(app, `ALTER TABLE `+table+` DISABLE ROW LEVEL SECURITY`)
		h.forbidden(app, `DROP TABLE `+table)
	}
	h.forbidden(app, `DROP POLICY tenant ON work`)
	h.forbidden(app, `CREATE TABLE mine (id BIGINT)`)
	h.forbidden(app, `UPDATE goose_db_version SET version_id = 9`)
	h.forbidden(app, `UPDATE directory SET subject = 'x'`)
	h.forbidden(app, `CREATE ROLE mine`)
}

func sweepRights(h *harness) {
	h.plant()
	h.insert("work", map[string]any{
		"tenant_id": tenantB, "kind": "k", "subject": "s", "connection_id": "c", "lane": "bulk", "state": "ready", "held_for": "", "wanted": 1, "done": 0,
		"wanted_at": 0, "not_before": 0, "in_line": false, "lease_until": 0, "token": 0, "attempts": 0, "crashes": 0, "last_error": "", "traceparent": "",
	})
	sweep := h.login("calweave_sweep")
	granted := []string{"tenant_id", "kind", "subject", "lane", "state", "held_for", "wanted", "done", "wanted_at", "not_before", "lease_until"}
	for _, column := range h.columns("work") {
		if !slices.Contains(granted, column) {
			h.forbidden(sweep, `SELECT `+column+` FROM work`)
			continue
		}
		var n int
		h.ok(sweep.QueryRowContext(h.ctx, fmt.Sprintf(`SELECT COUNT(%s) FROM work`, column)).Scan(&n))
		same(h, "rows of all tenants by "+column, n, h.number(`SELECT COUNT(*) FROM work`))
	}
	h.forbidden(sweep, `SELECT * FROM work`)
	for _, table := range append(h.tables(), "goose_db_version") {
		if table != "work" {
			h.forbidden(sweep, `SELECT 1 FROM `+table)
		}
		h.forbidden(sweep, `DELETE FROM `+table)
		h.forbidden(sweep, `TRUNCATE `+table)
	}
	h.forbidden(sweep, `UPDATE work SET state = 'dead'`)
	h.forbidden(sweep, `INSERT INTO work (tenant_id) VALUES ('ten_a')`)
	h.forbidden(sweep, `SELECT state FROM work FOR UPDATE`)
}

// schemaSame compares the columns of both databases, and how PostgreSQL compares text.
func schemaSame(h *harness) {
	types := map[string]string{"text": "TEXT", "bigint": "BIGINT", "bytea": "BYTEA", "boolean": "BOOLEAN"}
	var here, there []string
	for _, row := range h.query(`SELECT table_name, column_name, data_type, is_nullable, collation_name FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name <> 'goose_db_version'`) {
		here = append(here, row["table_name"]+"."+row["column_name"]+" "+types[row["data_type"]]+" "+row["is_nullable"])
		if row["data_type"] == "text" && row["collation_name"] != "C" {
			h.Errorf("%s.%s is compared by %s", row["table_name"], row["column_name"], row["collation_name"])
		}
	}
	other := start(h.T, newSQLite(h.T))
	for _, row := range other.query(`SELECT m.name AS table_name, c.name AS column_name, c.type AS type,
		CASE WHEN c."notnull" THEN 'NO' ELSE 'YES' END AS nullable FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'goose_db_version'`) {
		there = append(there, row["table_name"]+"."+row["column_name"]+" "+row["type"]+" "+row["nullable"])
	}
	for _, d := range differences(here, there) {
		h.Error(d)
	}
	same(h, "columns", len(here) > 150, true)
}

// frozenLosesLocks looks at every connection that a store opens: the server has to bound how long its transactions may idle and wait for locks.
func frozenLosesLocks(h *harness) {
	var connectors []driver.Connector
	s, err := store.Open(h.ctx, h.place.url, "", store.Options{
		Sealer: sealer(), Clock: h.clock, IDs: ident.New(h.clock, randomness(h.seed)),
		Wrap: func(c driver.Connector) driver.Connector {
			connectors = append(connectors, c)
			return c
		},
	})
	h.ok(err)
	h.Cleanup(func() { h.ok(s.Close()) })
	same(h, "kinds of connections", len(connectors), 3)
	for _, c := range connectors {
		pool := sql.OpenDB(c)
		h.Cleanup(func() { _ = pool.Close() })
		for _, setting := range []string{"idle_in_transaction_session_timeout", "lock_timeout"} {
			var value string
			h.ok(pool.QueryRowContext(h.ctx, "SELECT current_setting($1)", setting).Scan(&value))
			same(h, setting, value, "10s")
		}
	}
}
