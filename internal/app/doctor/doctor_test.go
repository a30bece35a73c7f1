package doctor

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/testkit"
)

// With nothing wrong every check is ok, but for the public URL of a test, which is this machine.
func TestHealthy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.onPostgres(t)
	w.onRedis(t)
	all := w.examine(t)
	var checks []string
	for _, f := range all {
		checks = append(checks, f.Check)
		if want := map[bool]Status{true: Warning, false: OK}[f.Check == "public URL"]; f.Status != want || f.Detail == "" || (f.Mend == "") != (want == OK) {
			t.Errorf("%+v", f)
		}
	}
	const want = "settings, database, database login, migrations, seal keys, redis, redis eviction, google API, google tokens, clock, public URL, public health"
	if got := strings.Join(checks, ", "); got != want {
		t.Errorf("the checks are %s, want %s", got, want)
	}
	if !Healthy(all) || Healthy(append(all, Finding{Status: Failed})) {
		t.Error("what has failed is not told from what has not")
	}
}

// slow is a clock on which every look takes a while.
type slow struct{ *clock.Manual }

func (s slow) Now() time.Time {
	s.Advance(slowDatabase + time.Millisecond)
	return s.Manual.Now()
}

// flaw is one thing that is wrong with an installation, and what the doctor says about it.
type flaw struct {
	breaks       func(t *testing.T, w *world)
	check        string
	status       Status
	detail, mend string
}

// provoke runs each flaw on an installation of its own.
func provoke(t *testing.T, flaws map[string]flaw) {
	t.Helper()
	for name, c := range flaws {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.breaks(t, w)
			began := time.Now()
			f := find(t, w.examine(t), c.check)
			const hung = time.Minute // whoever does not answer is not waited for, however busy the machine
			if took := time.Since(began); w.doctor.Patience > 0 && took > hung {
				t.Errorf("it took %s", took)
			}
			if f.Status != c.status || !strings.Contains(f.Detail, c.detail) || !strings.Contains(f.Mend, c.mend) || (c.mend == "") != (f.Mend == "") {
				t.Errorf("%+v, want %s, %q and %q", f, c.status, c.detail, c.mend)
			}
		})
	}
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	set := func(url string) func(*testing.T, *world) {
		return func(_ *testing.T, w *world) { w.settings["DATABASE_URL"] = url }
	}
	const up = "`calweave migrate up`"
	provoke(t, map[string]flaw{
		"no file": {set("sqlite:/no/such/file.db"), "database", Failed, "there is no file /no/such/file.db", up},
		"no database": {func(t *testing.T, w *world) {
			t.Helper()
			path := strings.TrimPrefix(w.settings["DATABASE_URL"], "sqlite:")
			if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte(strings.Repeat("no database ", 100)), 0o600)); err != nil {
				t.Fatal(err)
			}
		}, "database", Failed, "it does not answer: ", "see that the database runs"},
		"nobody there": {func(t *testing.T, w *world) {
			t.Helper()
			w.settings["DATABASE_URL"] = "postgres://calweave:" + canary + "@" + closedPort(t) + "/calweave"
		}, "database", Failed, "connection refused", "CALWEAVE_DATABASE_URL"},
		"somebody who says nothing": {func(t *testing.T, w *world) {
			t.Helper()
			w.settings["DATABASE_URL"] = "postgres://calweave:" + canary + "@" + listen(t).Addr().String() + "/calweave"
			w.doctor.Patience = 50 * time.Millisecond
		}, "database", Failed, "there is no answer in time", "see that the database runs"},
		"another database": {func(t *testing.T, w *world) {
			t.Helper()
			w.settings["DATABASE_URL"] = testkit.Postgres(t) + "&dbname=nowhere"
		}, "database", Failed, "nowhere", "CALWEAVE_DATABASE_URL"},
		"slow":  {func(_ *testing.T, w *world) { w.doctor.Clock = slow{clock.NewManual(start())} }, "database", Warning, "it answers in 101 ms", "near its database"},
		"owner": {func(t *testing.T, w *world) { t.Helper(); w.settings["DATABASE_URL"] = w.onPostgres(t) }, "database login", Failed, "is a superuser", "CREATE ROLE"},
		"sweep": {func(t *testing.T, w *world) { t.Helper(); w.settings["SWEEP_DATABASE_URL"] = w.onPostgres(t) }, "database login", Failed, "is a superuser", "CREATE ROLE"},
		"strange": {func(t *testing.T, w *world) {
			t.Helper()
			w.settings["DATABASE_URL"] = testkit.Login(t, w.onPostgres(t))
		}, "database login", Failed, "may not take on the roles", up},
		"no schema": {func(t *testing.T, w *world) {
			t.Helper()
			owner := testkit.Postgres(t)
			w.settings["DATABASE_URL"] = testkit.Login(t, owner)
		}, "migrations", Failed, "has no schema yet", up},
		"pending": {func(t *testing.T, w *world) {
			t.Helper()
			w.migrator(t, w.settings["DATABASE_URL"], func(m *store.Migrator) error {
				_, err := m.Down(t.Context(), false)
				return err
			})
		}, "migrations", Failed, "1 pending: 00002_guard", up},
		"unknown": {func(t *testing.T, w *world) {
			t.Helper()
			pool, err := sql.Open("pgx", w.onPostgres(t))
			if err != nil {
				t.Fatal(err)
			}
			_, err = pool.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9001, true)")
			if err := errors.Join(err, pool.Close()); err != nil {
				t.Fatal(err)
			}
		}, "migrations", Warning, "does not know: [9001]", "run the build that made them"},
	})
}

func TestRedis(t *testing.T) {
	t.Parallel()
	at := func(address func(*testing.T) string) func(*testing.T, *world) {
		return func(t *testing.T, w *world) {
			t.Helper()
			w.settings["REDIS_URL"] = "redis://:" + canary + "@" + address(t)
		}
	}
	configured := func(name, value string) func(*testing.T, *world) {
		return func(t *testing.T, w *world) {
			t.Helper()
			if err := w.onRedis(t).ConfigSet(t.Context(), name, value).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	provoke(t, map[string]flaw{
		"none":         {func(*testing.T, *world) {}, "redis", OK, "none is configured", ""},
		"nobody there": {at(closedPort), "redis", Failed, "connection refused", "set it to nothing"},
		"somebody who says nothing": {func(t *testing.T, w *world) {
			t.Helper()
			at(func(t *testing.T) string { t.Helper(); return listen(t).Addr().String() })(t, w)
			w.doctor.Patience = 50 * time.Millisecond
		}, "redis", Failed, "it does not answer: ", "see that Redis runs"},
		"something else": {func(_ *testing.T, w *world) {
			w.settings["REDIS_URL"] = "redis://" + w.provider.Listener.Addr().String()
		}, "redis", Failed, "does not speak as Redis does", "see that Redis runs"},
		"a password":     {configured("requirepass", canary), "redis", Failed, "it refuses to answer (NOAUTH)", "give a user and password"},
		"an old version": {at(oldRedis), "redis", Failed, `it is version "3.2.12"`, "use 4.0 or newer"},
		"eviction":       {configured("maxmemory-policy", "allkeys-lru"), "redis eviction", Failed, `its policy is "allkeys-lru"`, "noeviction"},
		"no policy":      {at(oldRedis), "redis eviction", Warning, "does not tell", "noeviction"},
	})
	if f := redisVersion(map[string]string{}, "1 ms"); f.Status != Warning || f.Mend == "" {
		t.Errorf("%+v", f)
	}
}

func TestProviders(t *testing.T) {
	t.Parallel()
	secure := func(t *testing.T, w *world) {
		t.Helper()
		w.doctor.Base = nil // which does not trust the certificates of tests
		w.settings["GOOGLE_API_URL"] = w.public.URL
	}
	provoke(t, map[string]flaw{
		"none": {func(_ *testing.T, w *world) {
			delete(w.settings, "GOOGLE_CLIENT_ID")
			delete(w.settings, "GOOGLE_CLIENT_SECRET")
		}, "providers", Warning, "none has an OAuth client", "CALWEAVE_GOOGLE_CLIENT_ID"},
		"microsoft": {func(_ *testing.T, w *world) {
			w.settings["MICROSOFT_CLIENT_ID"], w.settings["MICROSOFT_CLIENT_SECRET"] = "m", canary
			w.settings["MICROSOFT_API_URL"], w.settings["MICROSOFT_TOKEN_URL"] = w.provider.URL, w.provider.URL
		}, "microsoft tokens", OK, "answers in", ""},
		"nobody there":  {func(t *testing.T, w *world) { t.Helper(); w.settings["GOOGLE_API_URL"] = "http://" + closedPort(t) }, "google API", Failed, "connection refused", "let this machine out to 127.0.0.1:"},
		"a guarded one": {func(_ *testing.T, w *world) { delete(w.settings, "EGRESS_ALLOW") }, "google tokens", Failed, "is not a public address", "CALWEAVE_EGRESS_ALLOW"},
		"no such name":  {func(_ *testing.T, w *world) { w.settings["GOOGLE_TOKEN_URL"] = "https://nowhere.invalid/token" }, "google tokens", Failed, "nowhere.invalid is not reached: ", "DNS"},
		"a certificate": {secure, "google API", Failed, "is not trusted", "root certificates"},
		"an outage":     {func(_ *testing.T, w *world) { w.provider.set(func(s *site) { s.status = 503 }) }, "google API", Warning, "answers 503", "status page"},
		"somebody who says nothing": {func(t *testing.T, w *world) {
			t.Helper()
			w.settings["GOOGLE_API_URL"] = "http://" + listen(t).Addr().String()
			w.doctor.Patience = 50 * time.Millisecond
		}, "google API", Failed, "there is no answer in time", "let this machine out"},
	})
}

func TestClock(t *testing.T) {
	t.Parallel()
	by := func(d time.Duration) func(*testing.T, *world) {
		return func(_ *testing.T, w *world) { w.clock.Advance(d) }
	}
	provoke(t, map[string]flaw{
		"ahead":   {by(42 * time.Second), "clock", Failed, "it is 42s ahead", "NTP"},
		"behind":  {by(-42 * time.Second), "clock", Failed, "it is 43s behind", "NTP"},
		"near":    {by(9 * time.Second), "clock", OK, "agrees", ""},
		"unknown": {func(_ *testing.T, w *world) { w.provider.set(func(s *site) { s.date = time.Time{} }) }, "clock", Warning, "no provider was reached", "NTP"},
	})
	right, wrong := answer{date: start(), when: start()}, answer{date: start().Add(time.Hour), when: start()}
	for _, both := range [][]answer{{right, wrong}, {wrong, right}} {
		if f := told(both); f.Status != OK {
			t.Errorf("one server that is wrong makes %+v", f)
		}
	}
}

func TestPublic(t *testing.T) {
	t.Parallel()
	serving := func(t *testing.T, w *world) {
		t.Helper()
		w.settings["LISTEN"] = newSite(t, http.StatusOK, `{"status":"ok"}`, httptest.NewServer).Listener.Addr().String()
	}
	away := func(t *testing.T, w *world) { t.Helper(); w.settings["PUBLIC_URL"] = "https://" + closedPort(t) }
	provoke(t, map[string]flaw{
		"no such name": {func(_ *testing.T, w *world) {
			w.settings["PUBLIC_URL"] = "https://calweave.test"
			w.doctor.Resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no DNS") }}
		}, "public URL", Failed, "calweave.test has no address", "DNS record"},
		"its own network": {func(_ *testing.T, w *world) { delete(w.settings, "EGRESS_ALLOW") }, "public health", OK, "is answered by calweave", ""},
		"not running":     {away, "public health", Warning, "and nothing serves at 127.0.0.1:", "calweave run"},
		"not routed":      {func(t *testing.T, w *world) { t.Helper(); away(t, w); serving(t, w) }, "public health", Failed, "though calweave serves at 127.0.0.1:", "see that the address leads there"},
		"somebody else":   {func(_ *testing.T, w *world) { w.public.set(func(s *site) { s.body = "hello" }) }, "public health", Failed, "answers 200, and not as calweave does", "CALWEAVE_LISTEN"},
		"another health":  {func(_ *testing.T, w *world) { w.public.set(func(s *site) { s.body = `{"status":"UP"}` }) }, "public health", Failed, "answers 200, and not as calweave does", "CALWEAVE_LISTEN"},
		"a bad gateway":   {func(_ *testing.T, w *world) { w.public.set(func(s *site) { s.status = 502 }) }, "public health", Failed, "answers 502", "CALWEAVE_LISTEN"},
		"a certificate":   {func(_ *testing.T, w *world) { w.doctor.Base = nil }, "public health", Failed, "is not trusted", "root certificates"},
		"a long answer":   {func(_ *testing.T, w *world) { w.public.set(func(s *site) { s.body = strings.Repeat(" ", maxBody+1) }) }, "public health", Failed, "answers 200, and not as calweave does", "CALWEAVE_LISTEN"},
	})
}

// What a URL is fit for depends on its scheme and on where it leads.
func TestFit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		url, address string
		status       Status
		detail       string
	}{
		"public":           {"https://calweave.test", "8.8.8.8", OK, "is https"},
		"plain":            {"http://calweave.test", "8.8.8.8", Failed, "is not https"},
		"this machine":     {"http://localhost:8080", "127.0.0.1", Warning, "is this machine"},
		"a network's own":  {"https://calweave.test", "10.0.0.5", Warning, "not public"},
		"plain and inside": {"http://calweave.test", "10.0.0.5", Failed, "is not https"},
	} {
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		if f := fit(u, []netip.Addr{netip.MustParseAddr(c.address)}); f.Status != c.status || !strings.Contains(f.Detail, c.detail) || (f.Mend == "") != (c.status == OK) {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if f := fit(&url.URL{Scheme: "https", Host: "both.test"}, []netip.Addr{netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("127.0.0.1")}); !strings.Contains(f.Detail, "not public") {
		t.Errorf("%+v", f)
	}
}

func TestUnusable(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Source{Purpose: config.ForRun, Environ: []string{"CALWEAVE_WORKERS=many"}})
	mistakes, _ := errors.AsType[config.MistakesError](err)
	all := Unusable(mistakes)
	if len(all) != 5 || len(all) != len(mistakes) {
		t.Fatalf("%+v", all)
	}
	f := all[len(all)-1]
	if f.Status != Failed || f.Detail != `CALWEAVE_WORKERS (environment): "many" is not understood` || f.Mend != "give a number from 1 to 1024" {
		t.Errorf("%+v", f)
	}
}
