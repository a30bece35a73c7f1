package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

// sealedTable is a table with sealed columns.
type sealedTable struct {
	name string
	// key are the columns that, behind the tenant, make up its primary key.
	key []string
	// row are the columns that, joined by slashes, name the row that a value is sealed for.
	row     []string
	columns []string
	// as is the table that the values are sealed for; empty for the table itself.
	as string
}

// sealedTables are all tables with sealed columns but seal_keys, whose proofs are bound to their keys. A rotation goes through them in this order:
// what is staged becomes events.
func sealedTables() []sealedTable {
	return []sealedTable{
		of("keys", "key_id", "secret"),
		of("connections", "connection_id", "account", "mailbox"),
		of("applications", "app_id", "credential"),
		of("grants", "connection_id", "access_token", "refresh_token"),
		of("oauth_flows", "flow_id", "verifier", "state", "return_url"),
		of("calendars", "calendar_id", "remote_id", "name"),
		of("cursors", "calendar_id", "token"),
		{name: "listings", key: []string{"calendar_id"}, row: []string{"listing_id"}, columns: []string{"page"}},
		{name: "staged", key: []string{"calendar_id", "listing_id", "event_id"}, row: []string{"calendar_id", "event_id"}, columns: []string{"content"}, as: "events"},
		{name: "events", key: []string{"calendar_id", "event_id"}, row: []string{"calendar_id", "event_id"}, columns: []string{"content"}},
		of("bookings", "booking_id", "spec", "slot"),
		of("links", "link_id", "base", "in_flight", "observed", "conference"),
		of("endpoints", "endpoint_id", "url", "description", "secret", "previous_secret"),
		of("messages", "message_id", "data"),
		{name: "attempts", key: []string{"delivery_id", "attempt"}, row: []string{"delivery_id", "attempt"}, columns: []string{"answer"}},
		of("rejections", "rejection_id", "payload"),
		of("requests", "key_hash", "fingerprint", "answer"),
	}
}

// of is a table whose values are sealed for its key.
func of(table, key string, columns ...string) sealedTable {
	return sealedTable{name: table, key: []string{key}, row: []string{key}, columns: columns}
}

// sealedColumn is one column of a table.
type sealedColumn struct {
	sealedTable
	column string
}

func sealedColumns() []sealedColumn {
	var all []sealedColumn
	for _, t := range sealedTables() {
		for _, c := range t.columns {
			all = append(all, sealedColumn{t, c})
		}
	}
	return all
}

// String is how the column is called where people and progress are told of it.
func (c sealedColumn) String() string { return c.name + "." + c.column }

// sealedFor is the table that the values are sealed for.
func (t sealedTable) sealedFor() string {
	if t.as != "" {
		return t.as
	}
	return t.name
}

// page asks for the next rows by key: for the key and what is named besides. Its parameters are the tenant, how many rows, one that belongs to what is
// named, and the key that the rows follow. The names in it come from the list above and from nowhere else.
func (t sealedTable) page(name, what string, after rowKey) string {
	following := ""
	if len(after) > 0 {
		const first = 4
		following = fmt.Sprintf(" AND (%s) > (%s)", strings.Join(t.key, ", "), parameters(first, len(t.key)))
	}
	return fmt.Sprintf("-- name: %s :many\nSELECT %s FROM %s WHERE tenant_id = $1%s ORDER BY %s LIMIT $2",
		name, strings.Join(append(slices.Clone(t.key), what), ", "), t.name, following, strings.Join(t.key, ", "))
}

// parameters are n placeholders from the first on.
func parameters(first, n int) string {
	var out []string
	for i := range n {
		out = append(out, "$"+strconv.Itoa(first+i))
	}
	return strings.Join(out, ", ")
}

// rowKey is the values of a table's key columns: texts and whole numbers.
type rowKey []any

// text keeps a key in one column; none is empty.
func (k rowKey) text() (string, error) {
	if len(k) == 0 {
		return "", nil
	}
	raw, err := json.Marshal(k)
	return string(raw), err
}

// parseKey reads what text has written.
func parseKey(text string) (rowKey, error) {
	if text == "" {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.UseNumber()
	var k rowKey
	if err := dec.Decode(&k); err != nil {
		return nil, err
	}
	for i, v := range k {
		n, ok := v.(json.Number)
		if !ok {
			continue
		}
		var err error
		if k[i], err = n.Int64(); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// rowsCounted is how many rows are counted in one transaction. No more than the beginnings of their values are read.
const rowsCounted = 5000

// SealCounts counts one tenant's values by the keys that they were sealed with, in the order of the columns' list. It opens none of them, and reads in
// pages: what is written meanwhile is counted or not.
func (s *Store) SealCounts(ctx context.Context, tenant cal.TenantID) ([]record.SealCount, error) {
	var out []record.SealCount
	for _, c := range sealedColumns() {
		counts := map[record.SealKeyID]int64{}
		for after, more := rowKey(nil), true; more; {
			err := s.view(ctx, tenant, "count sealed values", func(ctx context.Context, t *tx) (err error) {
				after, more, err = t.countPage(ctx, c, after, counts)
				return err
			})
			if err != nil {
				return nil, err
			}
		}
		for _, key := range sortedKeys(counts) {
			out = append(out, record.SealCount{Table: c.name, Column: c.column, Key: key, Values: counts[key]})
		}
	}
	return out, nil
}

// countPage counts the values of a page, and returns the key of its last row and whether there may be more.
func (t *tx) countPage(ctx context.Context, c sealedColumn, after rowKey, counts map[record.SealKeyID]int64) (rowKey, bool, error) {
	prefix := fmt.Sprintf("CASE WHEN LENGTH(%s) > 0 THEN SUBSTR(%s, 1, CAST($3 AS INTEGER)) END", c.column, c.column)
	rows := 0
	err := t.eachRow(ctx, c.page("SealPrefixes", prefix, after), append([]any{t.tenant, rowsCounted, record.SealPrefixLength}, after...), len(c.key),
		func(key rowKey, head []byte, _ []any) (bool, error) {
			rows, after = rows+1, key
			if head != nil {
				id, _ := record.SealedBy(head)
				counts[id]++
			}
			return true, nil
		})
	return after, rows == rowsCounted, err
}

// eachRow gives fn the rows of a page one by one, until it wants no more: the key, the first column behind it, and what else there is.
func (t *tx) eachRow(ctx context.Context, query string, args []any, keys int, fn func(rowKey, []byte, []any) (bool, error)) (err error) {
	rows, err := t.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		more, err := eachColumn(rows, columns, keys, fn)
		if err != nil || !more {
			return err
		}
	}
	return rows.Err()
}

func eachColumn(rows *sql.Rows, columns []string, keys int, fn func(rowKey, []byte, []any) (bool, error)) (bool, error) {
	var value []byte
	rest := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range into {
		into[i] = &rest[i]
	}
	into[keys] = &value
	if err := rows.Scan(into...); err != nil {
		return false, err
	}
	return fn(rowKey(rest[:keys]), value, rest[keys+1:])
}

// Tenants lists every tenant, by the sweep's rights: each has work.
func (s *Store) Tenants(ctx context.Context) ([]cal.TenantID, error) {
	const next = "-- name: NextTenant :one\nSELECT tenant_id FROM work WHERE tenant_id > $1 ORDER BY tenant_id LIMIT 1"
	var all []cal.TenantID
	last := ""
	for {
		bounded, cancel := context.WithTimeout(ctx, s.patience)
		err := s.sweep.QueryRowContext(bounded, next, last).Scan(&last)
		cancel()
		if errors.Is(err, sql.ErrNoRows) {
			return all, nil
		}
		if err != nil {
			return nil, infrastructure(ctx, "list tenants", err)
		}
		all = append(all, cal.TenantID(last))
	}
}
