package store_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/seal"
)

// released holds a database of the last version, as the statements that make it, the keys that it is sealed with (and nothing else is), and what
// that version read from it.
const released = "testdata/released"

// releaseVariable makes TestLastVersionsRows write those files anew: scripts/contracts-release sets it.
const releaseVariable = "CALWEAVE_RELEASE"

// names are what the rows are found by.
type names struct {
	Tenant     cal.TenantID
	Connection cal.ConnectionID
	Calendar   cal.CalendarID
	Link       cal.LinkID
	Delivery   string
}

// A database of the last version is migrated, opened, and read without loss: every sealed value opens, and every field that the last version has
// read from it is there.
func TestLastVersionsRows(t *testing.T) {
	t.Parallel()
	if os.Getenv(releaseVariable) != "" {
		release(t)
	}
	w := lastWorld(t)
	var was any
	reading(t, "read.json", &was)
	w.keep(was, w.readings())
	for _, value := range sealedValues() {
		if err := value.read(w); err != nil {
			t.Errorf("%s: %v", value.column, err)
		}
	}
}

// Migrations bring the last version's tables to what a new database has: a migration that was released is never changed in place.
func TestLastVersionsTables(t *testing.T) {
	t.Parallel()
	h := &harness{T: t, ctx: t.Context(), backend: newSQLite(t), flaw: flawed(t)}
	h.place = h.backend.fresh(t)
	same(h, "tables", strings.Join(lastWorld(t).shape(), "\n"), strings.Join(h.shape(), "\n"))
}

// shape are the columns of all tables, and the indexes.
func (h *harness) shape() []string {
	h.Helper()
	var out []string
	for _, row := range h.query(`SELECT m.name AS "table", c.name AS "column", c.type, c."notnull", c.pk FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' ORDER BY 1, 2`) {
		out = append(out, line(row))
	}
	for _, row := range h.query(`SELECT name FROM sqlite_master WHERE type <> 'table' ORDER BY 1`) {
		out = append(out, line(row))
	}
	if len(out) < 100 {
		h.Fatalf("there are %d columns and indexes", len(out))
	}
	return out
}

// A stored field that this version knows by another name is lost in silence by the decoder, and has to be seen here.
func TestLostFieldsAreSeen(t *testing.T) {
	t.Parallel()
	was := map[string]any{"Link": map[string]any{"Base": map[string]any{"Sent": "x"}}, "Events": []any{map[string]any{"title": "t"}}}
	for name, is := range map[string]any{
		"/Link/Base/Sent": map[string]any{"Link": map[string]any{"Base": map[string]any{"Gone": "x"}}, "Events": was["Events"]},
		"/Events/0/title": map[string]any{"Link": was["Link"], "Events": []any{map[string]any{}}},
		"/Events/0":       map[string]any{"Link": was["Link"], "Events": []any{}},
	} {
		if got := lost("", was, is); !slices.Equal(got, []string{name}) {
			t.Errorf("want %s, got %v", name, got)
		}
	}
	if got := lost("", was, was); len(got) > 0 {
		t.Errorf("nothing was lost: %v", got)
	}
}

// keep fails unless all that was read before is read now.
func (w *fenceWorld) keep(was, is any) {
	w.Helper()
	if all, ok := was.(map[string]any); !ok || len(all) < 8 {
		w.Fatalf("the last version has read only %d things", len(all))
	}
	if gone := lost("", was, is); len(gone) > 0 {
		w.Errorf("the rows of the last version are read without, or with something else in:\n%s", strings.Join(gone, "\n"))
	}
}

// readings are what the store reads from the rows of a full world, as JSON has it.
func (w *fenceWorld) readings() any {
	w.Helper()
	out := map[string]any{}
	read := func(name string, v any, err error) {
		w.Helper()
		w.ok(err)
		out[name] = v
	}
	b, err := w.Booking(w.ctx, w.tenant, "b")
	read("Booking", b, err)
	c, err := w.Case(w.ctx, record.Lease{Ref: w.push(w.link)})
	read("Case", c, err)
	d, err := w.Delivery(w.ctx, record.Lease{Ref: w.delivery})
	read("Delivery", d, err)
	report, err := w.DeliveryReport(w.ctx, w.tenant, cal.DeliveryID(w.delivery.Subject))
	read("DeliveryReport", report, err)
	events, err := w.Events(w.ctx, w.tenant, w.calendars[0].ID, "", 10)
	read("Events", events, err)
	g, err := w.Grant(w.ctx, w.tenant, w.connection)
	read("Grant", g, err)
	s, err := w.Sync(w.ctx, record.Lease{Ref: w.syncOf(0)})
	read("Sync", s, err)
	connections, err := w.Connections(w.ctx, w.tenant, record.ConnectionFilter{}, "", 10)
	read("Connections", connections, err)
	calendars, err := w.Calendars(w.ctx, w.tenant, record.CalendarFilter{}, "", 10)
	read("Calendars", calendars, err)
	apps, err := w.Applications(w.ctx, w.tenant)
	read("Applications", apps, err)
	raw, err := json.Marshal(out)
	w.ok(err)
	var back any
	w.ok(json.Unmarshal(raw, &back))
	return back
}

// lastWorld opens a database of the last version with this one.
func lastWorld(t *testing.T) *fenceWorld {
	t.Helper()
	path := filepath.Join(t.TempDir(), "last.db")
	script, err := os.ReadFile(filepath.Join(released, "rows.sql"))
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{T: t, ctx: t.Context(), backend: sqliteBackend{}, clock: clock.NewManual(epoch()), flaw: flawed(t), seed: t.Name()}
	h.place = place{url: "sqlite:" + path, owner: sqliteOwner(t, path)}
	h.owner(string(script))
	migrate(t, h.place.url)
	h.keys = h.releasedKeys()
	h.opened(h.seed)
	var n names
	reading(t, "names.json", &n)
	w := &fenceWorld{world: &world{harness: h, tenant: n.Tenant, connection: n.Connection}}
	w.calendars, err = w.Calendars(w.ctx, w.tenant, record.CalendarFilter{}, "", 10)
	h.ok(err)
	w.calendars = slices.DeleteFunc(w.calendars, func(c record.Calendar) bool { return c.ID != n.Calendar })
	w.link.ID = n.Link
	w.delivery = w.ref(task.DeliverySend, n.Delivery)
	return w
}

func (h *harness) releasedKeys() *seal.Sealer {
	h.Helper()
	raw, err := os.ReadFile(filepath.Join(released, "keys"))
	h.ok(err)
	return h.parse(raw)
}

// release writes the files anew.
func release(t *testing.T) {
	t.Helper()
	h := &harness{T: t, ctx: t.Context(), backend: newSQLite(t), clock: clock.NewManual(epoch()), flaw: flawed(t), seed: "released"}
	h.place = h.backend.fresh(t)
	raw, err := seal.Generate()
	h.ok(err)
	h.ok(os.MkdirAll(released, 0o755))
	h.ok(os.WriteFile(filepath.Join(released, "keys"), raw, 0o600))
	h.keys = h.parse(raw)
	w := h.opened(h.seed).full()
	w.save("names.json", names{w.tenant, w.connection, w.calendars[0].ID, w.link.ID, w.delivery.Subject})
	w.save("read.json", w.readings())
	h.ok(os.WriteFile(filepath.Join(released, "rows.sql"), []byte(h.script()), 0o644))
}

func (h *harness) save(name string, v any) {
	h.Helper()
	raw, err := json.MarshalIndent(v, "", "  ")
	h.ok(err)
	h.ok(os.WriteFile(filepath.Join(released, name), append(raw, '\n'), 0o644))
}

func reading(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(released, name))
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// script makes the database again: its tables, its rows, and then what hangs on them.
func (h *harness) script() string {
	h.Helper()
	var b strings.Builder
	b.WriteString("PRAGMA foreign_keys = OFF;\n")
	tables := h.query(`SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
	for _, table := range tables {
		b.WriteString(table["sql"] + ";\n")
	}
	for _, table := range tables {
		var columns, quoted []string
		for _, c := range h.query(`SELECT name FROM pragma_table_info($1) ORDER BY cid`, table["name"]) {
			columns, quoted = append(columns, c["name"]), append(quoted, `quote("`+c["name"]+`")`)
		}
		for _, row := range h.query(`SELECT ` + strings.Join(quoted, ` || ', ' || `) + ` AS "values" FROM ` + table["name"] + ` ORDER BY 1`) {
			fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES (%s);\n", table["name"], strings.Join(columns, ", "), row["values"])
		}
	}
	for _, other := range h.query(`SELECT sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL ORDER BY type, name`) {
		b.WriteString(other["sql"] + ";\n")
	}
	return b.String()
}

// lost are the places of was that is has no more, or has something else in. What is new is no loss.
func lost(at string, was, is any) []string {
	var out []string
	switch was := was.(type) {
	case map[string]any:
		now, _ := is.(map[string]any)
		for key, value := range was {
			if other, there := now[key]; there {
				out = append(out, lost(at+"/"+key, value, other)...)
			} else {
				out = append(out, at+"/"+key)
			}
		}
	case []any:
		now, _ := is.([]any)
		for i, value := range was {
			if i < len(now) {
				out = append(out, lost(fmt.Sprintf("%s/%d", at, i), value, now[i])...)
			} else {
				out = append(out, fmt.Sprintf("%s/%d", at, i))
			}
		}
	default:
		if !reflect.DeepEqual(was, is) {
			out = append(out, at)
		}
	}
	slices.Sort(out)
	return out
}
