package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

const (
	// rowsResealed is how many rows one transaction looks at.
	rowsResealed = 256
	// bytesResealed is how much it reads before it ends early.
	bytesResealed = 4 << 20
	// otherKeys is how long a rotation waits for a process that seals with its key.
	otherKeys = time.Minute
)

// StartRotation asks for all values of a tenant to be sealed with the key that this process seals with. A rotation to that key which is under way goes
// on where it is; after one that has finished, everything is looked at again. Work that has stopped goes on.
func (s *Store) StartRotation(ctx context.Context, tenant cal.TenantID, actor string) error {
	return s.update(ctx, tenant, "start a rotation", func(ctx context.Context, t *tx) error {
		key := t.sealingKey()
		if err := t.BeginRotation(ctx, db.BeginRotationParams{TenantID: t.tenant, SealKey: int64(key), Now: t.now}); err != nil {
			return err
		}
		t.mark(record.Mark{Kind: task.SealRotate, Subject: t.tenant, Lane: task.Bulk, Revive: true})
		return t.note(ctx, record.Note{Actor: actor, Action: "seal_rotation.started", Subject: t.tenant, Detail: map[string]any{"key": key}})
	})
}

// Rotation says how far the rotation of a tenant's values has come.
func (s *Store) Rotation(ctx context.Context, tenant cal.TenantID) (record.Rotation, error) {
	var out record.Rotation
	err := s.view(ctx, tenant, "read a rotation", func(ctx context.Context, t *tx) error {
		row, err := t.RotationByTenant(ctx, db.RotationByTenantParams{TenantID: t.tenant})
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		out = rotationOf(row)
		return err
	})
	return out, err
}

func rotationOf(row db.SealRotation) record.Rotation {
	return record.Rotation{
		Key:   record.SealKeyID(row.SealKey), //nolint:gosec // it was one when it was stored
		Place: row.Place, Resealed: row.Resealed, Unopened: row.LastUnopened, Missing: row.LastMissing,
		MissingKey: record.SealKeyID(row.MissingKey), //nolint:gosec // as above
		StartedAt:  instant(row.StartedAt), FinishedAt: instant(row.FinishedAt),
	}
}

// Reseal does the next part of a tenant's rotation in one short transaction, with its progress, and prolongs the lease by d. The rotation that it
// returns has no Place when a pass has just ended; unless that has found nothing, another one follows.
//
// Each value is replaced only while it is what was read, so that no writer is overwritten, whatever key it seals with; the next pass sees what it has
// written. A value that does not open is counted and left as it is; one that lacks its key may open yet, and keeps the rotation from finishing.
func (s *Store) Reseal(ctx context.Context, l record.Lease, d time.Duration) (record.Lease, record.Rotation, error) {
	prolonged, r, err := s.resealSome(ctx, l, d, rowsResealed)
	if lockedOut(err) {
		// Who holds one lock and waits for none keeps nobody waiting for ever.
		return s.resealSome(ctx, l, d, 1)
	}
	return prolonged, r, err
}

// lockedOut reports whether a transaction in haste gave up waiting for a lock.
func lockedOut(err error) bool {
	const lockNotAvailable = "55P03"
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == lockNotAvailable
}

func (s *Store) resealSome(ctx context.Context, l record.Lease, d time.Duration, most int) (record.Lease, record.Rotation, error) {
	prolonged, out := l, record.Rotation{}
	err := s.updateWithin(ctx, s.patience, tx{tenant: string(l.Tenant), haste: most > 1}, "seal anew", func(ctx context.Context, t *tx) error {
		row, err := t.LockRotation(ctx, db.LockRotationParams{TenantID: t.tenant})
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if prolonged, err = t.fence(ctx, l, d); err != nil {
			return err
		}
		out = rotationOf(row)
		if out.Key == 0 || out.Finished() {
			return nil
		}
		out, err = t.reseal(ctx, row, most)
		return err
	})
	if err != nil {
		return l, record.Rotation{}, err
	}
	return prolonged, out, nil
}

// resealing is what one transaction has done.
type resealing struct {
	rows, bytes                        int
	resealed, found, unopened, missing int64
	// missingKey is the last key that was missing.
	missingKey record.SealKeyID
}

func (t *tx) reseal(ctx context.Context, row db.SealRotation, most int) (record.Rotation, error) {
	if key := rotationOf(row).Key; key != t.sealingKey() {
		return record.Rotation{}, &fault.Error{
			Kind: fault.Misconfigured, Op: "store: seal anew", RetryAfter: otherKeys,
			Err: fmt.Errorf("the rotation is to key %s, and this process seals with key %s: promote the one in its CALWEAVE_SEAL_KEYS", key, t.sealingKey()),
		}
	}
	all := sealedColumns()
	at := max(0, slices.IndexFunc(all, func(c sealedColumn) bool { return c.String() == row.Place }))
	after, err := parseKey(row.PlaceAfter)
	if err != nil {
		return record.Rotation{}, err
	}
	did := resealing{missingKey: rotationOf(row).MissingKey}
	for at < len(all) && did.rows < most && did.bytes < bytesResealed {
		if after, err = t.resealColumn(ctx, all[at], after, most, &did); err != nil {
			return record.Rotation{}, err
		}
		if after == nil {
			at++
		}
	}
	return t.moveRotation(ctx, all, at, after, did)
}

// moveRotation keeps how far the rotation has come.
func (t *tx) moveRotation(ctx context.Context, all []sealedColumn, at int, after rowKey, did resealing) (record.Rotation, error) {
	place := ""
	if at < len(all) {
		place = all[at].String()
	}
	text, err := after.text()
	if err != nil {
		return record.Rotation{}, err
	}
	err = t.MoveRotation(ctx, db.MoveRotationParams{
		TenantID: t.tenant, Place: place, PlaceAfter: text, Resealed: did.resealed, Found: did.found, Unopened: did.unopened,
		Missing: did.missing, MissingKey: int64(did.missingKey),
	})
	if err != nil {
		return record.Rotation{}, err
	}
	if at < len(all) {
		row, err := t.RotationByTenant(ctx, db.RotationByTenantParams{TenantID: t.tenant})
		return rotationOf(row), err
	}
	row, err := t.EndPass(ctx, db.EndPassParams{TenantID: t.tenant, Now: t.now})
	out := rotationOf(row)
	if err != nil || !out.Finished() {
		return out, err
	}
	return out, t.note(ctx, record.Note{
		Actor: record.ActorEngine, Action: "seal_rotation.finished", Subject: t.tenant,
		Detail: map[string]any{"key": out.Key, "values": out.Resealed, "unopened": out.Unopened},
	})
}

// stale is a value that another key has sealed.
type stale struct {
	key    rowKey
	row    string
	sealed []byte
}

// resealColumn goes on in a column behind the row with that key. It returns the key of the last row that it looked at, or none at the column's end.
func (t *tx) resealColumn(ctx context.Context, c sealedColumn, after rowKey, most int, did *resealing) (rowKey, error) {
	limit := most - did.rows
	found, last, end, err := t.stale(ctx, c, after, limit, did)
	if err != nil {
		return nil, err
	}
	for _, v := range found {
		if err := t.resealValue(ctx, c, v, did); err != nil {
			return nil, err
		}
	}
	if end {
		return nil, nil
	}
	return last, nil
}

// stale reads the next rows of a column and returns their values that another key has sealed. It stops early once it has read much.
func (t *tx) stale(ctx context.Context, c sealedColumn, after rowKey, limit int, did *resealing) (found []stale, last rowKey, end bool, err error) {
	value := fmt.Sprintf("CASE WHEN LENGTH(%[1]s) > 0 AND SUBSTR(%[1]s, 1, %[2]d) <> $3 THEN %[1]s END, %[3]s",
		c.column, record.SealPrefixLength, strings.Join(c.row, ", "))
	rows, last := 0, after
	args := append([]any{t.tenant, limit, t.sealingKey().Prefix()}, after...)
	err = t.eachRow(ctx, c.page("StaleValues", value, after), args, len(c.key), func(key rowKey, sealed []byte, row []any) (bool, error) {
		rows, last = rows+1, key
		if sealed != nil {
			found = append(found, stale{key, rowName(row), sealed})
		}
		did.bytes += len(sealed)
		return did.bytes < bytesResealed, nil
	})
	did.rows += rows
	return found, last, rows < limit && did.bytes < bytesResealed, err
}

// rowName is what a value's row is called where it is sealed for.
func rowName(columns []any) string {
	var parts []string
	for _, v := range columns {
		parts = append(parts, fmt.Sprint(v))
	}
	return strings.Join(parts, "/")
}

// resealValue replaces a value unless somebody else has.
func (t *tx) resealValue(ctx context.Context, c sealedColumn, v stale, did *resealing) error {
	did.found++
	plain, err := t.seal.Open(t.tenantID(), c.sealedFor(), c.column, v.row, v.sealed)
	if missing, ok := errors.AsType[*record.MissingKeyError](err); ok {
		did.missing, did.missingKey = did.missing+1, missing.Key
		return nil
	}
	if err != nil {
		did.unopened++
		return nil //nolint:nilerr // it stays as it is, and is counted
	}
	sealed, err := t.seal.Seal(t.tenantID(), c.sealedFor(), c.column, v.row, plain)
	if err != nil {
		return err
	}
	r, err := t.conn.ExecContext(ctx, c.replace(), append([]any{sealed, v.sealed, t.tenant}, v.key...)...)
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	did.resealed += n
	return err
}

// replace writes a value where another one stands.
func (c sealedColumn) replace() string {
	const first = 4
	return fmt.Sprintf("-- name: ResealValue :execrows\nUPDATE %s SET %s = $1 WHERE tenant_id = $3 AND (%s) = (%s) AND %s = $2",
		c.name, c.column, strings.Join(c.key, ", "), parameters(first, len(c.key)), c.column)
}

// sortedKeys are a count's keys in their order.
func sortedKeys(counts map[record.SealKeyID]int64) []record.SealKeyID {
	return slices.Sorted(maps.Keys(counts))
}
