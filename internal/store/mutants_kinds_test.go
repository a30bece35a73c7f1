package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// sweepMutants slip in the one statement that is written by hand, and has no name.
func sweepMutants() []mutant {
	const finds, turns = "sweep: finds what may be claimed and nothing else", "sweep: tenants and lanes take turns"
	const soon = "sweep: what comes due soon stands behind what is due"
	return slips([]slipped{
		{"the sweep finds what is leased", callOther, "AND lease_until <= $2\n)", ")", finds},
		{"the sweep finds what waits", callOther, "AND not_before <= $2 AND lease_until", "AND lease_until", finds},
		{"the sweep finds what is done", callOther, "AND wanted > done AND", "AND", finds},
		{"the sweep finds what is held or dead", callOther, "WHERE state = 'ready' AND", "WHERE", finds},
		{"a backlog hides the other tenants", callOther, "ORDER BY place, urgency, wanted_at", "ORDER BY urgency, wanted_at", turns},
		{"what is due soon hides what is due", callOther, "ORDER BY CASE WHEN at <= $1 THEN 0 ELSE at END, wanted_at", "ORDER BY CASE WHEN at <= $1 THEN 0 ELSE 0 END, wanted_at", soon},
		{"the end of a lease does not count", callOther, "CASE WHEN not_before > lease_until THEN", "CASE WHEN not_before >= 0 THEN", soon},
		{"one tenant fills the sweep", callOther, "WHERE place <= $3", "WHERE $3 > 0", "sweep: the longest waiting first, within the limits"},
	})
}

// transactionMutants ask the right things and end their transactions wrong.
func transactionMutants() []mutant {
	lost := func(tx driver.Tx) error { _ = tx.Commit(); return nil }
	kept := driver.Tx.Commit
	return []mutant{
		{"what failed is kept", flaw{tx: txFlaw{rollback: kept}}, "atomic: Accept"},
		{"a commit that failed counts as made", flaw{tx: txFlaw{commit: lost}}, "mark: nothing is hinted at when the commit fails"},
		{"events are shown before their cursor", flaw{tx: txFlaw{split: "PublishStaged"}}, "atomic: Publish"},
		{"a cursor is stored before its listing ends", flaw{tx: txFlaw{split: "PutCursor"}}, "atomic: Publish"},
		{"an agreement is stored before its messages", flaw{tx: txFlaw{split: "SettleLink"}}, "atomic: Settle"},
		{"a delivery is settled before its audit row", flaw{tx: txFlaw{split: "InsertAttempt"}}, "atomic: EndDelivery"},
		{"a link is made before its booking is accepted", flaw{tx: txFlaw{split: "InsertLink"}}, "atomic: Accept"},
	}
}

// sealMutants seal wrong, or for the wrong place.
func sealMutants() []mutant {
	return []mutant{
		{"nothing is sealed", flaw{clear: true}, "link: what is sealed is not there in clear"},
		{"a value is sealed for any tenant", flaw{spot: func(s spot) spot { s.tenant = ""; return s }}, "seal: no value opens at another tenant's"},
		{"a value is sealed for any row", flaw{spot: func(s spot) spot { s.row = ""; return s }}, "seal: no value opens in another row or column"},
		{"a value is sealed for any column", flaw{spot: func(s spot) spot { s.column = ""; return s }}, "seal: no value opens in another row or column"},
	}
}

// schemaMutants rely on a schema that does not hold.
func schemaMutants() []mutant {
	const (
		audit, keys = "audit: what was written stays as it was", "tenancy: every key is led by the tenant"
		missing     = "tenancy: row-level security stands in for conditions that are missing"
		one         = "policies: every table is behind one"
		nobody      = "policies: a transaction without a tenant sees nothing"
	)
	postgres := func(statement string) flaw { return flaw{postgres: true, schema: statement} }
	return []mutant{
		{"history may be rewritten", flaw{schema: `DROP TRIGGER audit_no_update`}, audit},
		{"history may be deleted", flaw{schema: `DROP TRIGGER audit_no_delete`}, audit},
		{"a key is shared by the tenants", flaw{schema: `CREATE UNIQUE INDEX shared ON bookings (booking_id)`}, keys},
		{"the application may rewrite history", postgres(`GRANT UPDATE ON audit TO calweave_app`), audit},
		{"a table is behind no policy", postgres(`ALTER TABLE bookings DISABLE ROW LEVEL SECURITY`), one},
		{"a policy shows every tenant's rows", postgres(`ALTER POLICY tenant ON events USING (true)`), missing},
		{"a policy lets a tenant write for another", postgres(`ALTER POLICY tenant ON messages WITH CHECK (true)`), missing},
		{"a policy lets a tenant ask for another's work", postgres(`ALTER POLICY tenant ON work WITH CHECK (true)`), one},
		{"a policy lets a tenant register for another", postgres(`ALTER POLICY register ON directory WITH CHECK (true)`), missing},
		{"rows are shown while no tenant is named", postgres(`ALTER POLICY tenant ON grants USING (tenant_id = current_setting('calweave.tenant', true)
			OR COALESCE(current_setting('calweave.tenant', true), '') = '')`), nobody},
		{
			"the sweep reads whose work it is", postgres(`GRANT SELECT (connection_id) ON work TO calweave_sweep`),
			"policies: the sweep reads what it needs of work and nothing else",
		},
		{"the application may truncate", postgres(`GRANT TRUNCATE ON staged TO calweave_app`), "policies: the application changes rows and nothing else"},
	}
}

// sideBySideMutants go wrong where transactions run side by side, or where each names its tenant.
func sideBySideMutants() []mutant {
	const quiet = "meet: a new version and a settlement that tells nothing"
	apart := func(o driver.TxOptions) driver.TxOptions {
		o.Isolation = driver.IsolationLevel(sql.LevelDefault)
		return o
	}
	keeps := func(ctx context.Context, conn driver.ExecerContext) error {
		_, err := conn.ExecContext(ctx, "SELECT set_config('calweave.tenant', current_setting('calweave.tenant', true), false)", nil)
		return err
	}
	forgets := func(ctx context.Context, conn driver.ExecerContext) error {
		_, err := conn.ExecContext(ctx, "SELECT set_config('calweave.tenant', '', true)", nil)
		return err
	}
	blurred := func(tx driver.Tx) error {
		if err := tx.Commit(); err != nil {
			return errors.New("the commit failed")
		}
		return nil
	}
	all := append(slips([]slipped{
		{"a booking is not locked", "LockBooking", "UPDATE bookings SET updated_at = updated_at", "SELECT 1 FROM bookings", quiet},
		{
			"an event is not locked", "LockEvent", "UPDATE events SET updated_at = updated_at", "SELECT 1 FROM events",
			"meet: a listing and an event that was read",
		},
		{
			"a reconnect is not waited for", "LockDeadConnection", "UPDATE connections SET updated_at = updated_at", "SELECT 1 FROM connections",
			"meet: a reconnect and an outcome that waits for it",
		},
		{
			"the feed is not locked", "LockFeed",
			"INSERT INTO feeds (tenant_id, position) VALUES ($1, 0)\nON CONFLICT (tenant_id) DO UPDATE SET position = feeds.position\nRETURNING position",
			"SELECT COALESCE(MAX(position), 0) FROM feeds WHERE tenant_id = $1", "feed: two readers place each message once",
		},
		{
			"a message has its position before its commit", "InsertMessage", "NULL", "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
			"feed: never passes a message that is not committed",
		},
		{
			"an answer forgets what a push has told", "SaveChannel", "ELSE remote END", "ELSE '' END",
			"meet: a push and the answer to the opening of its channel",
		},
	}), []mutant{
		{"a connection keeps its tenant", flaw{tx: txFlaw{begun: keeps}}, "policies: a tenant is named for one transaction only"},
		{"a transaction names no tenant", flaw{tx: txFlaw{begun: forgets}}, "statements: all are known, and each transaction names its tenant first"},
		{"a reader sees more moments than one", flaw{tx: txFlaw{options: apart}}, "case: as of one moment, whatever is accepted meanwhile"},
		{"a deadlock ends the call", flaw{tx: txFlaw{commit: blurred}}, "errors: a deadlock is tried again, and counts once"},
	}...)
	for i := range all {
		all[i].flaw.postgres = true
	}
	return all
}

// resealMutants rotate wrong.
func resealMutants() []mutant {
	out := slips([]slipped{
		{"a rotation ends with its first pass", "EndPass", "CASE WHEN found <= unopened THEN", "CASE WHEN found >= 0 THEN", "reseal: what is written meanwhile with the old key is found by another pass"},
		{"a rotation that is asked for again begins anew", "BeginRotation", "WHERE seal_rotations.seal_key <> excluded.seal_key OR seal_rotations.finished_at > 0", "", "reseal: asked for again, it goes on where it is"},
		{"a rotation that has finished is not begun again", "BeginRotation", " OR seal_rotations.finished_at > 0", "", "reseal: what is written meanwhile with the old key is found by another pass"},
		{"a rotation passes over rows", "StaleValues", "LIMIT $2", "LIMIT $2 - 1", "reseal: page by page, whatever the key is made of"},
		{"a rotation goes on without its end", "MoveRotation", "found = found + $4", "found = found + 0 * $4", "reseal: what is written meanwhile with the old key is found by another pass"},
		{"a rotation forgets what lacks its key", "MoveRotation", "missing = missing + $6", "missing = missing + 0 * $6", resealWithoutKey},
		{"a rotation takes what lacks its key for done", "EndPass", "CASE WHEN found <= unopened THEN", "CASE WHEN found <= unopened + missing THEN", resealWithoutKey},
		{"a key is retired for good and may seal", "EndSealKey", "retired_at = $1", "retired_at = 0 * $1", "seal keys: one that is retired may be missing, and never seals again"},
	})
	overwrites := slip{"ResealValue", "AND spec = $2", "AND CAST($2 AS BYTEA) IS NOT NULL"}
	return append(out, mutant{"a rotation overwrites a writer", flaw{postgres: true, slip: overwrites}, "reseal: a writer that comes between is never overwritten"})
}
