package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/calweave/calweave/internal/store/db"
)

func tenancyTrials() []trial {
	return []trial{
		{"tenancy: every query finds the rows of its own tenant only", tenancyConditions},
		{"tenancy: every key is led by the tenant", tenancyKeys},
	}
}

func sqliteTenancyTrials() []trial {
	return []trial{{"tenancy: every table of every query is searched by tenant", tenancyPlans}}
}

func postgresTenancyTrials() []trial {
	return []trial{{"tenancy: row-level security stands in for conditions that are missing", tenancyPolicies}}
}

// looksUp reports whether a query is one of those that run before a tenant is known.
func looksUp(query string) bool { return query == "DirectoryEntries" || query == "ChannelEntries" }

// probe runs the queries of package db, as they are or rewritten.
type probe struct {
	tx      *sql.Tx
	rewrite func(string) string
	mutate  func(name, sql string) string
	// without is the parameter that names nobody's row.
	without string
	sql     string
	args    []any
}

func (p *probe) text(query string, args []any) string {
	if p.mutate != nil {
		query = p.mutate(queryName(query), query)
	}
	p.sql, p.args = query, args
	if p.rewrite != nil {
		return p.rewrite(query)
	}
	return query
}

func (p *probe) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return p.tx.ExecContext(ctx, p.text(query, args), args...)
}

func (p *probe) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return p.tx.PrepareContext(ctx, p.text(query, nil))
}

func (p *probe) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return p.tx.QueryContext(ctx, p.text(query, args), args...)
}

func (p *probe) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return p.tx.QueryRowContext(ctx, p.text(query, args), args...)
}

// queries are the names of all queries of package db.
func queries() []string {
	var names []string
	for m := range reflect.TypeFor[*db.Queries]().Methods() {
		if m.Name != "WithTx" {
			names = append(names, m.Name)
		}
	}
	return names
}

// ask runs a query as a tenant and says what it answered: "" for nothing.
func (h *harness) ask(p *probe, query, tenant string) (string, error) {
	h.Helper()
	method := reflect.ValueOf(db.New(p)).MethodByName(query)
	params := reflect.New(method.Type().In(1)).Elem()
	h.fill(query, tenant, params)
	if p.without != "" {
		field, none := params.FieldByName(p.without), nobodys
		if strings.HasPrefix(field.String(), "{") { // a list
			none = `{"` + nobodys + `":{"trace":""}}`
		}
		field.SetString(none)
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(h.ctx), params})
	err, _ := reflect.TypeAssert[error](results[len(results)-1])
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil || len(results) == 1 {
		return "", err
	}
	answer := results[0]
	if answer.IsZero() || answer.Kind() == reflect.Slice && answer.Len() == 0 {
		return "", nil
	}
	return fmt.Sprintf("%+v", answer.Interface()), nil
}

// condition is a comparison of a tenant, with a parameter or with that of a joined table.
var condition = regexp.MustCompile(`(\w+\.)?tenant_id = (\$\d+|\w+\.tenant_id)`)

// strip takes all tenant conditions out of a query.
func strip(query string) string {
	return condition.ReplaceAllStringFunc(query, func(c string) string {
		if at := strings.Index(c, "$"); at >= 0 {
			return "CAST(" + c[at:] + " AS TEXT) IS NOT NULL" // the parameter stays in use
		}
		return "TRUE"
	})
}

// inTx runs fn in a transaction of the owner that comes to nothing.
func (h *harness) inTx(fn func(tx *sql.Tx)) {
	h.Helper()
	tx, err := h.place.owner.BeginTx(h.ctx, nil)
	h.ok(err)
	defer func() { h.ok(tx.Rollback()) }()
	fn(tx)
}

// touched says what a query did to A's rows and what it told of them, when asked as a tenant in a role.
func (h *harness) touched(query, tenant, role string, rewrite func(string) string) (what string, err error) {
	h.Helper()
	h.inTx(func(tx *sql.Tx) {
		before := h.rowsOf(tx, tenantA)
		if role != "" {
			h.exec(tx, `SET LOCAL ROLE `+role)
			h.exec(tx, `SELECT set_config('calweave.tenant', '`+tenant+`', true)`)
		}
		var answer string
		if answer, err = h.ask(&probe{tx: tx, rewrite: rewrite, mutate: h.wire.rewrite}, query, tenant); err != nil {
			return
		}
		if role != "" {
			h.exec(tx, `RESET ROLE`)
		}
		what = answer + strings.Join(differences(before, h.rowsOf(tx, tenantA)), "\n")
	})
	return what, err
}

func (h *harness) exec(tx *sql.Tx, statement string) {
	h.Helper()
	_, err := tx.ExecContext(h.ctx, statement)
	h.ok(err)
}

// rowsOf tells whether a tenant's rows are changed: it is another list once any of them was written, even as it was.
func (h *harness) rowsOf(tx *sql.Tx, tenant string) []string {
	h.Helper()
	if h.backend.name() == "sqlite" { // any row that was written counts
		return []string{fmt.Sprint(h.queryOn(tx, `SELECT total_changes() AS changes`))}
	}
	var each []string
	for _, table := range h.tables() {
		each = append(each, `SELECT '`+table+`' AS name, string_agg(CONCAT(ctid, ' ', xmax, ' ', t), E'\n' ORDER BY ctid) AS rows FROM `+table+
			` t WHERE tenant_id = '`+tenant+`'`)
	}
	var lines []string
	for _, row := range h.queryOn(tx, strings.Join(each, " UNION ALL ")) {
		lines = append(lines, line(row))
	}
	return lines
}

// tenancyConditions asks every query as A and as B, with A's identifiers, where nothing but the queries' conditions keeps tenants apart.
func tenancyConditions(h *harness) {
	h.plant()
	inserts := 0
	for _, query := range queries() {
		own, err := h.touched(query, tenantA, "", nil)
		if h.isInsert(query) {
			inserts++
			continue
		}
		if err != nil || own == "" {
			h.Errorf("%s as its own tenant finds nothing (%v): this trial proves nothing", query, err)
		}
		others, err := h.touched(query, tenantB, "", nil)
		if err != nil || (others != "") != looksUp(query) {
			h.Errorf("%s as another tenant: %s, %v", query, others, err)
		}
		stripped, err := h.touched(query, tenantB, "", strip)
		if err != nil || stripped == "" {
			h.Errorf("%s without its conditions finds nothing either (%v): this trial proves nothing", query, err)
		}
	}
	same(h, "queries", len(queries())-inserts > 80, true)
}

// isInsert reports whether a query adds rows that it names itself. Those have no condition; what counts is the tenant that they name.
func (h *harness) isInsert(query string) bool {
	h.Helper()
	p := h.recorded(query)
	text := oneLine(p.sql)
	columns, values, _ := strings.Cut(text, "VALUES")
	if rows, given, ok := strings.Cut(text, ") SELECT "); ok && strings.Contains(given, " FROM json_each($") && !strings.Contains(given, "JOIN") {
		columns, values = rows+")", "("+given // rows that are listed in a parameter
	} else if !strings.HasPrefix(text, "INSERT") || strings.Contains(text, "FROM") {
		return false
	}
	names := strings.Split(columns[strings.Index(columns, "(")+1:strings.LastIndex(columns, ")")], ", ")
	at := slices.Index(names, "tenant_id")
	given := strings.Split(values[strings.Index(values, "(")+1:], ", ")
	var n int
	if _, err := fmt.Sscanf(given[at], "$%d", &n); err != nil || p.args[n-1] != tenantA {
		h.Errorf("%s does not insert for its own tenant: %s", query, text)
	}
	if target, ok := strings.CutPrefix(text[strings.Index(text+" ON CONFLICT (", " ON CONFLICT ("):], " ON CONFLICT ("); ok && !strings.HasPrefix(target, "tenant_id") {
		h.Errorf("%s may collide with another tenant's row: %s", query, text)
	}
	return true
}

// recorded runs a query as A and returns what was asked of the database.
func (h *harness) recorded(query string) *probe {
	h.Helper()
	p := &probe{mutate: h.wire.rewrite}
	h.inTx(func(tx *sql.Tx) {
		p.tx = tx
		_, _ = h.ask(p, query, tenantA) // a row may be there already
	})
	return p
}

// tenancyPlans wants SQLite to search every table of every query by tenant, and to notice when a query does not ask for it.
func tenancyPlans(h *harness) {
	h.plant()
	for _, query := range queries() {
		p := h.recorded(query)
		if h.isInsert(query) {
			continue
		}
		if lacking := h.unbound(p.sql, p.args); (len(lacking) > 0) != looksUp(query) {
			h.Errorf("%s: not searched by tenant: %v", query, lacking)
		}
		if looksUp(query) {
			continue
		}
		conditions := condition.FindAllStringIndex(p.sql, -1)
		if len(conditions) == 0 || len(h.unbound(strip(p.sql), p.args)) == 0 {
			h.Errorf("%s without its conditions is not noticed", query)
		}
		for _, c := range conditions {
			if one := p.sql[:c[0]] + strip(p.sql[c[0]:c[1]]) + p.sql[c[1]:]; len(h.unbound(one, p.args)) == 0 {
				h.Errorf("%s without one of its conditions is not noticed: %s", query, oneLine(one))
			}
		}
	}
}

// unbound are the steps of a query's plan that look at rows of more than one tenant.
func (h *harness) unbound(query string, args []any) []string {
	h.Helper()
	var lacking []string
	steps := 0
	for _, row := range h.query(`EXPLAIN QUERY PLAN `+query, args...) {
		step := row["detail"]
		if !strings.HasPrefix(step, "SEARCH ") && !strings.HasPrefix(step, "SCAN ") {
			continue
		}
		if strings.HasPrefix(step, "SCAN json_each ") {
			continue // a parameter
		}
		steps++
		// The directory is found by the hash; its plan does not show the condition on the tenant, which is looked at afterwards.
		afterwards := strings.Contains(step, "directory") && condition.MatchString(query)
		if !strings.Contains(step, "tenant_id=?") && !afterwards {
			lacking = append(lacking, step)
		}
	}
	if steps == 0 {
		lacking = append(lacking, "no step at all")
	}
	return lacking
}

// tenancyPolicies asks every query as B without conditions, under the role that the application runs as.
func tenancyPolicies(h *harness) {
	h.plant()
	for _, query := range queries() {
		if h.isInsert(query) {
			_, err := h.touched(query, tenantA, "", nil)
			if pg := new(pgconn.PgError); err != nil && (!errors.As(err, &pg) || pg.Code != "23505") {
				h.Errorf("%s as the owner: %v", query, err)
			}
			h.refused(query)
			continue
		}
		if looksUp(query) {
			continue
		}
		leaked, err := h.touched(query, tenantB, "", strip)
		if err != nil || leaked == "" {
			h.Errorf("%s without conditions and without policies finds nothing (%v): this trial proves nothing", query, err)
		}
		leaked, err = h.touched(query, tenantB, "calweave_app", strip)
		if err != nil || leaked != "" {
			h.Errorf("%s without conditions: %s, %v", query, leaked, err)
		}
		if own, err := h.touched(query, tenantA, "calweave_app", nil); err != nil || own == "" {
			h.Errorf("%s as the application: %q, %v", query, own, err)
		}
	}
}

// refused wants the database to refuse a row that B would insert for A.
func (h *harness) refused(query string) {
	h.Helper()
	h.inTx(func(tx *sql.Tx) {
		h.exec(tx, `SET LOCAL ROLE calweave_app`)
		h.exec(tx, `SELECT set_config('calweave.tenant', '`+tenantB+`', true)`)
		_, err := h.ask(&probe{tx: tx}, query, tenantA)
		if pg := new(pgconn.PgError); !errors.As(err, &pg) || pg.Code != "42501" {
			h.Errorf("%s for another tenant: %v", query, err)
		}
	})
}

// tenancyKeys wants the tenant to be the first column of every unique key, so that no row of a tenant can get in the way of another's.
func tenancyKeys(h *harness) {
	query := `SELECT t.relname AS table_name, a.attname AS column_name FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
		JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] WHERE i.indisunique AND t.relnamespace = 'public'::regnamespace`
	if h.backend.name() == "sqlite" {
		query = `SELECT m.name AS table_name, c.name AS column_name FROM sqlite_master m JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) c
			WHERE m.type = 'table' AND i."unique" AND c.seqno = 0`
	}
	keyed := map[string]bool{}
	for _, row := range h.query(query) {
		table := row["table_name"]
		keyed[table] = true
		if row["column_name"] != "tenant_id" && table != "directory" && table != "goose_db_version" {
			h.Errorf("a key of %s is led by %s", table, row["column_name"])
		}
	}
	for _, table := range h.tables() {
		same(h, table+" has a key", keyed[table], true)
	}
}
