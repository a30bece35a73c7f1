package app_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/app/cli"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
	"github.com/calweave/calweave/internal/testkit"
	"github.com/calweave/calweave/internal/work"
)

// onEachDatabase runs a test in a world on each database. Its clock stands where the command's has been a quarter of an hour ago.
func onEachDatabase(t *testing.T, test func(t *testing.T, w *world, ownerURL string)) {
	t.Helper()
	for name, prepare := range map[string]func() (databaseURL, ownerURL string){
		"SQLite": func() (string, string) {
			url := "sqlite:" + filepath.Join(t.TempDir(), "calweave.db")
			return url, url
		},
		"PostgreSQL": func() (string, string) {
			owner := testkit.Postgres(t)
			return testkit.Login(t, owner), owner
		},
	} {
		databaseURL, ownerURL := prepare()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, plan{
				switches: sim.DefaultSwitches(), poll: 10_000 * time.Hour, limit: limit, databaseURL: databaseURL, ownerURL: ownerURL,
				now: time.Now().Add(-15 * time.Minute),
			}.start(t), ownerURL)
		})
	}
}

// contents is every row of every table.
func (w *world) contents(ownerURL string) []string {
	w.tb.Helper()
	driver, source := "pgx", ownerURL
	names := `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`
	if file, ok := strings.CutPrefix(ownerURL, "sqlite:"); ok {
		driver, source, names = "sqlite", "file:"+file+"?mode=ro", `SELECT name FROM sqlite_master WHERE type = 'table'`
	}
	db, err := sql.Open(driver, source)
	w.must(err)
	defer db.Close() //nolint:errcheck // it was read only
	var all []string
	for _, table := range w.rows(db, names) {
		for _, row := range w.rows(db, `SELECT * FROM "`+table+`"`) {
			all = append(all, table+" "+row)
		}
	}
	if len(all) < 20 {
		w.tb.Fatalf("the database holds %d rows", len(all))
	}
	slices.Sort(all)
	return all
}

// rows are the rows of a query, each as text.
func (w *world) rows(db *sql.DB, query string) (all []string) {
	w.tb.Helper()
	rows, err := db.QueryContext(w.ctx, query)
	w.must(err)
	defer rows.Close() //nolint:errcheck // Err tells
	columns, err := rows.Columns()
	w.must(err)
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		w.must(rows.Scan(into...))
		row := ""
		for i, v := range values {
			if i > 0 {
				row += " "
			}
			row += fmt.Sprint(v)
		}
		all = append(all, row)
	}
	w.must(rows.Err())
	return all
}

// dryRun is what the command prints as JSON.
type dryRun struct {
	Links []struct {
		Booking  cal.BookingID     `json:"booking_id"`
		Provider cal.Provider      `json:"provider"`
		Verdict  record.Verdict    `json:"verdict"`
		Would    record.Would      `json:"would"`
		Fields   []string          `json:"fields"`
		Person   []string          `json:"person"`
		By       map[string]string `json:"by"`
		Messages []message.Type    `json:"messages"`
		Why      string            `json:"why"`
		Fault    fault.Kind        `json:"fault"`
	} `json:"links"`
	Summary struct {
		Links, Agreed, Pending, Drift, Unreachable int
		Complete                                   bool
	} `json:"summary"`
	code int
}

// reconcile runs the command, which has to leave the database and both providers as they are, and returns what it says about each link.
func (w *world) reconcile(ownerURL string, args ...string) (dryRun, map[string]string) {
	w.tb.Helper()
	before, requests := w.contents(ownerURL), w.sim.Requests(0)
	var out, complaints bytes.Buffer
	code := cli.Main(w.ctx, append([]string{"reconcile", "--dry-run", "--json", "--tenant=" + string(w.tenant)}, args...), w.environ(), nil, &out, &complaints)
	run := dryRun{code: code}
	if err := json.Unmarshal(out.Bytes(), &run); err != nil {
		w.tb.Fatalf("%v: %s%s", err, out.String(), complaints.String())
	}
	for _, r := range w.sim.Requests(0)[len(requests):] {
		if r.Method != http.MethodGet {
			w.tb.Errorf("a dry run sent %s %s", r.Method, r.Path)
		}
	}
	if after := w.contents(ownerURL); !slices.Equal(before, after) {
		w.tb.Errorf("a dry run changed the database:\n%s\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	said := map[string]string{}
	for _, l := range run.Links {
		said[string(l.Booking)+" "+string(l.Provider)] = string(l.Verdict) + " " + string(l.Would)
	}
	return run, said
}

func (w *world) environ() (out []string) {
	for name, value := range w.settings {
		out = append(out, name+"="+value)
	}
	return out
}

// unheard lets whatever providers push get lost from now on. Calendars are not polled in these worlds, so nobody hears of any change.
func (w *world) unheard() {
	w.tb.Helper()
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		_, err := w.sim.AddPushFault(sim.PushFault{Provider: p, Action: stage.PushDrop})
		w.must(err)
	}
}

// soon is a start in a month, when clocks are not changed.
func (w *world) soon() string {
	return w.clock.Now().AddDate(0, 1, 0).Format("2006-01-02") + "T10:00:00"
}

// shown is the event of a title in a host's calendar.
func (w *world) shown(p sim.Provider, title string) sim.Event {
	w.tb.Helper()
	all := w.standing(p)
	i := slices.IndexFunc(all, func(e sim.Event) bool { return e.Title == title })
	if i < 0 {
		w.tb.Fatalf("%s shows no %q", p, title)
	}
	return all[i]
}

// A dry run finds what nobody has heard of, says what the reconciler would do about it, and leaves everything as it is.
func TestDryRun(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, w *world, ownerURL string) {
		t.Helper()
		for _, id := range []string{"kept", "moved", "deleted", "late", "waiting"} {
			w.submit(cal.BookingID(id), w.booking(1, id, w.soon()), nil)
		}
		w.settle()
		w.submit("late", w.booking(2, "late again", w.soon()), nil)
		w.settle()

		run, said := w.reconcile(ownerURL)
		if run.code != 0 || len(said) != 0 || run.Summary.Links != 10 || run.Summary.Agreed != 10 || !run.Summary.Complete {
			t.Errorf("in a quiet world it ends with %d and says %v, %+v", run.code, said, run.Summary)
		}
		if _, all := w.reconcile(ownerURL, "--all"); len(all) != 10 {
			t.Errorf("with --all it says %v", all)
		}

		w.unheard()
		w.drift()
		run, said = w.reconcile(ownerURL)
		want := map[string]string{
			"moved google": "drift report", "moved microsoft": "drift report",
			"deleted google": "drift report", "deleted microsoft": "drift look_again", // what Graph does not know proves nothing yet
			"late google": "drift push", "late microsoft": "drift push",
			"waiting google": "pending push", "waiting microsoft": "pending push",
		}
		if !maps.Equal(said, want) || run.code != 3 {
			t.Errorf("it ends with %d and says %v", run.code, said)
		}
		w.foretold(run)
		if _, said := w.reconcile(ownerURL, "--booking=late"); len(said) != 2 {
			t.Errorf("of one booking it says %v", said)
		}
		if _, said := w.reconcile(ownerURL, "--connection="+string(w.connectionAt(cal.Google))); len(said) != 4 {
			t.Errorf("of one connection it says %v", said)
		}
		if _, said := w.reconcile(ownerURL, "--calendar="+string(w.targets[cal.Microsoft])); len(said) != 4 {
			t.Errorf("of one calendar it says %v", said)
		}

		w.must(w.sim.RevokeGrants(sim.Microsoft, grace))
		w.must(w.sim.ExpireAccess(sim.Microsoft, grace))
		w.settle() // the update that waits meets the end of the grant
		run, said = w.reconcile(ownerURL)
		for what, is := range said {
			if strings.HasSuffix(what, "microsoft") && is != "unreachable fail" {
				t.Errorf("of a connection that is dead: %s: %s", what, is)
			}
		}
		if run.Summary.Unreachable != 5 || run.code != 3 {
			t.Errorf("it ends with %d: %+v", run.code, run.Summary)
		}
		if run, said = w.reconcile(ownerURL, "--booking=kept"); run.code != 4 || said["kept microsoft"] != "unreachable fail" {
			t.Errorf("without drift it ends with %d and says %v", run.code, said)
		}
	})
}

// drift lets persons and late writes change what the bookings show.
func (w *world) drift() {
	w.tb.Helper()
	before := "late"
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		moved := w.shown(p, "moved")
		_, err := w.sim.MoveEvent(in(p), moved.ID, moved.Start.Add(24*time.Hour))
		w.must(err)
		w.must(w.sim.DeleteEvent(in(p), w.shown(p, "deleted").ID, false))
		// As version 1 has left it.
		_, err = w.sim.EditEvent(in(p), w.shown(p, "late again").ID, sim.Edit{Title: &before})
		w.must(err)
	}
	w.submit("waiting", w.booking(2, "still waiting", w.soon()), nil)
}

// foretold wants each finding to say what it is about.
func (w *world) foretold(run dryRun) {
	w.tb.Helper()
	for _, l := range run.Links {
		switch {
		case l.Why == "":
			w.tb.Errorf("%s: it does not say why", l.Booking)
		case l.Booking == "moved" && (!slices.Equal(l.Person, []string{"slot"}) || !slices.Equal(l.Messages, []message.Type{message.BookingMoved})):
			w.tb.Errorf("moved: changed %v, told %v", l.Person, l.Messages)
		case l.Booking == "late" && (!slices.Equal(l.Fields, []string{"title"}) || l.By["title"] != "late_write"):
			w.tb.Errorf("late: writes %v, by %v", l.Fields, l.By)
		case l.Booking == "waiting" && (!slices.Equal(l.Fields, []string{"title"}) || l.By["title"] != "core"):
			w.tb.Errorf("waiting: writes %v, by %v", l.Fields, l.By)
		}
	}
}

// Not one statement of a dry run writes, whatever comes of it, and no call but to read goes out.
func TestDryRunSaysNothingThatWrites(t *testing.T) {
	t.Parallel()
	writes := regexp.MustCompile(`(?i)\b(INSERT|UPDATE|DELETE|REPLACE|TRUNCATE|ALTER|CREATE|DROP|MERGE)\b|^(POST|PUT|PATCH) `)
	onEachDatabase(t, func(t *testing.T, w *world, _ string) {
		t.Helper()
		for _, id := range []string{"moved", "deleted", "late"} {
			w.submit(cal.BookingID(id), w.booking(1, id, w.soon()), nil)
		}
		w.settle()
		w.submit("late", w.booking(2, "late again", w.soon()), nil)
		w.submit("waiting", w.booking(1, "waiting", w.soon()), nil)
		w.settle()
		w.unheard()
		w.drift()
		for _, trouble := range []stage.Action{"", stage.ActStatus} {
			if trouble != "" {
				_, err := w.sim.AddFault(sim.Fault{Provider: sim.Google, Path: "*", Action: trouble, Status: http.StatusTooManyRequests, RetryAfter: "3600"})
				w.must(err)
			}
			var heard []string
			w.killer.mu.Lock()
			w.killer.heard = func(what string) { heard = append(heard, what) }
			w.killer.mu.Unlock()
			n := 0
			_, err := w.app.Audit(w.ctx, w.tenant, record.AuditFilter{}, "", func(f record.Finding) error {
				n++
				if (f.Verdict == record.Unreachable) != (trouble != "" && f.Provider == cal.Google) {
					t.Errorf("%q: %s of %s at %s", trouble, f.Verdict, f.BookingID, f.Provider)
				}
				return nil
			})
			w.killer.mu.Lock()
			w.killer.heard = nil
			w.killer.mu.Unlock()
			w.must(err)
			if n != 8 || len(heard) < 3*n {
				t.Errorf("%d links, and heard %d calls", n, len(heard))
			}
			for _, what := range heard {
				if writes.MatchString(what) {
					t.Errorf("%q: it said %s", trouble, what)
				}
			}
		}
	})
}

// comesDue lets schedules of a kind come due.
func (w *world) comesDue(ownerURL string, kind task.Kind) {
	w.tb.Helper()
	driver, source := "pgx", ownerURL
	if file, ok := strings.CutPrefix(ownerURL, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+file+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, source)
	w.must(err)
	defer db.Close() //nolint:errcheck // the statement has told
	_, err = db.ExecContext(w.ctx, `UPDATE work SET not_before = 0 WHERE kind = $1`, string(kind))
	w.must(err)
}

// audit lets the audits of both calendars come due, and does them.
func (w *world) audit(ownerURL string) {
	w.tb.Helper()
	w.comesDue(ownerURL, task.CalendarAudit)
	for _, calendar := range w.targets {
		ref := task.Ref{Tenant: w.tenant, Kind: task.CalendarAudit, Subject: string(calendar)}
		if result, err := w.app.Engine.Work(w.ctx, ref); err != nil || result != work.Done {
			w.tb.Fatalf("%s: %s: %v", ref, result, err)
		}
	}
}

// found is what GET /v1/drift says, by booking and calendar.
func (w *world) found() map[string]string {
	w.tb.Helper()
	var page gen.DriftPage
	if status := w.call(http.MethodGet, "/v1/drift", "", &page); status != http.StatusOK {
		w.tb.Fatalf("GET /v1/drift answered %d", status)
	}
	names := map[string]string{string(w.targets[cal.Google]): "google", string(w.targets[cal.Microsoft]): "microsoft"}
	out := map[string]string{}
	for _, d := range page.Drift {
		out[d.BookingID+" "+names[d.CalendarID]] = string(d.Would)
	}
	return out
}

// A scheduled audit tells the operator and the core what has drifted, once, and repairs none of it. What mends it ends the report.
func TestAuditOnSchedule(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, w *world, ownerURL string) {
		t.Helper()
		for _, id := range []string{"kept", "moved", "deleted", "late", "waiting"} {
			w.submit(cal.BookingID(id), w.booking(1, id, w.soon()), nil)
		}
		w.settle()
		w.submit("late", w.booking(2, "late again", w.soon()), nil)
		w.settle()
		w.audit(ownerURL)
		if all := w.found(); len(all) != 0 {
			t.Errorf("in a quiet world it finds %v", all)
		}
		w.unheard()
		w.drift()
		w.clock.Advance(10 * time.Minute)
		kept := func() (rows []string) {
			for _, row := range w.contents(ownerURL) {
				table, _, _ := strings.Cut(row, " ")
				if slices.Contains([]string{"links", "link_writes", "events", "bookings", "messages", "deliveries", "grants"}, table) {
					rows = append(rows, row)
				}
			}
			return rows
		}
		before, requests := kept(), len(w.sim.Requests(0))
		for range 2 {
			w.audit(ownerURL)
			want := map[string]string{
				"moved google": "report", "moved microsoft": "report", "deleted google": "report", "deleted microsoft": "look_again",
				"late google": "push", "late microsoft": "push",
			}
			if all := w.found(); !maps.Equal(all, want) {
				t.Errorf("it finds %v", all)
			}
		}
		said := httptest.NewRecorder()
		w.app.MetricsHandler().ServeHTTP(said, httptest.NewRequestWithContext(w.ctx, http.MethodGet, "/metrics", http.NoBody))
		read(t, said.Body.Bytes()).is(2*3, "calweave_audited_links_total", "provider", "google", "verdict", "drift")
		for _, r := range w.sim.Requests(0)[requests:] {
			if r.Method != http.MethodGet {
				t.Errorf("an audit sent %s %s", r.Method, r.Path)
			}
		}
		if after := kept(); !slices.Equal(before, after) {
			t.Errorf("an audit changed\n%s\nto\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
		}
		history, err := w.app.Store.History(w.ctx, w.tenant, "moved", "", 100)
		w.must(err)
		if n := len(slices.DeleteFunc(history, func(e record.Entry) bool { return e.Action != "link.drifted" })); n != 2 {
			t.Errorf("the booking's history says so %d times", n)
		}

		w.comesDue(ownerURL, task.CalendarPoll) // somebody hears of it after all
		w.settle()
		w.audit(ownerURL)
		if all := w.found(); len(all) != 0 {
			t.Errorf("after a listing it finds %v", all)
		}
	})
}
