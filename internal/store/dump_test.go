package store_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// tables returns the names of all tables that migrations have made, but for goose's own.
func (h *harness) tables() []string {
	h.Helper()
	query := `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`
	if h.backend.name() == "sqlite" {
		query = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1`
	}
	var names []string
	for _, row := range h.query(query) {
		if name := row["table_name"] + row["name"]; name != "goose_db_version" {
			names = append(names, name)
		}
	}
	return names
}

// querier is a pool, a connection or a transaction.
type querier interface {
	Query(query string, args ...any) (*sql.Rows, error)
}

// query asks the owner.
func (h *harness) query(query string, args ...any) []map[string]string {
	h.Helper()
	return h.queryOn(h.place.owner, query, args...)
}

// queryOn returns rows as text, bytes as they are.
func (h *harness) queryOn(on querier, query string, args ...any) []map[string]string {
	h.Helper()
	rows, err := on.Query(query, args...)
	h.ok(err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	h.ok(err)
	var all []map[string]string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		h.ok(rows.Scan(into...))
		row := map[string]string{}
		for i, c := range columns {
			row[c] = shown(values[i])
		}
		all = append(all, row)
	}
	h.ok(rows.Err())
	return all
}

func shown(v any) string {
	if raw, ok := v.([]byte); ok {
		return string(raw)
	}
	return fmt.Sprint(v)
}

// owner changes something behind the store's back.
func (h *harness) owner(statement string, args ...any) {
	h.Helper()
	_, err := h.place.owner.ExecContext(h.ctx, statement, args...)
	h.ok(err)
}

// number is the only number of a query's only row.
func (h *harness) number(query string, args ...any) int {
	h.Helper()
	var n int
	h.ok(h.place.owner.QueryRowContext(h.ctx, query, args...).Scan(&n))
	return n
}

// dump is every row of the tables, or of all, in one order for all databases.
func (h *harness) dump(tables ...string) []string {
	h.Helper()
	return h.dumpOn(h.place.owner, tables...)
}

func (h *harness) dumpOn(on querier, tables ...string) []string {
	h.Helper()
	if len(tables) == 0 {
		tables = h.tables()
	}
	var lines []string
	for _, table := range tables {
		for _, row := range h.queryOn(on, "SELECT * FROM "+table) {
			lines = append(lines, table+": "+line(row))
		}
	}
	slices.Sort(lines)
	return lines
}

func line(row map[string]string) string {
	var parts []string
	for column, value := range row {
		if !utf8.ValidString(value) {
			value = fmt.Sprintf("%x", value)
		}
		parts = append(parts, column+"="+value)
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

// unchanged wants every row of the tables to be as it was.
func (h *harness) unchanged(before []string, tables ...string) {
	h.Helper()
	for _, difference := range differences(before, h.dump(tables...)) {
		h.Error(difference)
	}
}

// differences are the lines that only one of two dumps has.
func differences(before, after []string) []string {
	var out []string
	for _, l := range before {
		if !slices.Contains(after, l) {
			out = append(out, "gone: "+l)
		}
	}
	for _, l := range after {
		if !slices.Contains(before, l) {
			out = append(out, "new: "+l)
		}
	}
	return out
}
