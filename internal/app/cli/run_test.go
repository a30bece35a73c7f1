package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/testkit"
)

func get(t *testing.T, url, key string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// address waits until a server has started and returns where it listens.
func (s *serving) address(t *testing.T) string {
	t.Helper()
	if !s.err.await(s.ctx, `"msg":"started"`) {
		t.Fatalf("it does not start: %s", s.err)
	}
	return "http://" + regexp.MustCompile(`"listen":"([^"]+)"`).FindStringSubmatch(s.err.String())[1]
}

// A server serves its API with the keys that the commands make, logs its settings without a secret, prints nothing, and ends well when it is told to.
func TestRun(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, env settings) {
		t.Helper()
		id := tenant(t, env)
		secret := printedKey.FindStringSubmatch(succeeds(t, env, "key", "create", "--tenant="+id))[2]
		env = env.with("CALWEAVE_GOOGLE_CLIENT_ID", "my-client", "CALWEAVE_GOOGLE_CLIENT_SECRET", "CANARY-client-secret")
		s := serve(t, env, "run", "--listen=127.0.0.1:0")
		base := s.address(t)
		for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/v1/calendars": 200} {
			if status, body := get(t, base+path, secret); status != want {
				t.Errorf("%s: %d %s", path, status, body)
			}
		}
		if code := s.stop(); code != 0 || s.out.String() != "" || !strings.Contains(s.err.String(), `"msg":"stopped"`) {
			t.Errorf("exit code %d, output %q, log %s", code, s.out, s.err)
		}
		dump, _, _ := strings.Cut(s.err.String(), "\n")
		var line struct {
			Msg      string   `json:"msg"`
			Settings []string `json:"settings"`
		}
		if err := json.Unmarshal([]byte(dump), &line); err != nil || line.Msg != "configuration" {
			t.Fatalf("%v: %s", err, dump)
		}
		for _, want := range []string{
			"CALWEAVE_DATABASE_URL=" + location(env["CALWEAVE_DATABASE_URL"]) + " (environment)", "CALWEAVE_LISTEN=127.0.0.1:0 (command line)",
			"CALWEAVE_REDIS_URL= (environment)", "CALWEAVE_SEAL_KEYS=REDACTED (environment)", "CALWEAVE_GOOGLE_CLIENT_ID=my-client (environment)",
			"CALWEAVE_GOOGLE_CLIENT_SECRET=REDACTED (environment)", "CALWEAVE_MICROSOFT_CLIENT_SECRET= (default)", "CALWEAVE_WORKERS=16 (default)",
		} {
			if !strings.Contains("\n"+strings.Join(line.Settings, "\n")+"\n", "\n"+want+"\n") {
				t.Errorf("the log does not show %q: %s", want, dump)
			}
		}
		for _, hidden := range []string{"CANARY", secret, env["CALWEAVE_SEAL_KEYS"], keyValue(env["CALWEAVE_SEAL_KEYS"]), ":test@"} {
			if strings.Contains(s.err.String(), hidden) {
				t.Errorf("the log shows %q: %s", hidden, s.err)
			}
		}
	})
}

// location is a database's URL without its login.
func location(url string) string {
	return regexp.MustCompile(`//[^@]*@([^?]*).*`).ReplaceAllString(url, "//$1")
}

// keyValue is the key itself in a keyset.
func keyValue(keyset string) string {
	return regexp.MustCompile(`"value":"([^"]+)"`).FindStringSubmatch(keyset)[1]
}

// A process serves what its roles say, and health in any.
func TestRoles(t *testing.T) {
	t.Parallel()
	env := onSQLite(t)
	tenant(t, env)
	for roles, want := range map[string]map[string]int{
		"api":              {"/v1/calendars": 401, "/hooks/google": 404, "/healthz": 200},
		"receiver":         {"/v1/calendars": 404, "/hooks/google": 405, "/healthz": 200},
		"worker,scheduler": {"/v1/calendars": 404, "/hooks/google": 404, "/healthz": 200},
	} {
		s := serve(t, env, "run", "--roles="+roles)
		base := s.address(t)
		for path, status := range want {
			if got, body := get(t, base+path, ""); got != status {
				t.Errorf("%s: %s: %d %s", roles, path, got, body)
			}
		}
		if code := s.stop(); code != 0 {
			t.Errorf("%s: exit code %d: %s", roles, code, s.err)
		}
	}
}

// A server that cannot serve says why, and does not wait.
func TestRunRefuses(t *testing.T) {
	t.Parallel()
	env := onSQLite(t)
	tenant(t, env)
	taken := takenPort(t).Addr().String()
	calweave(t, env, "run", "--listen="+taken).fails(t, 1, "CALWEAVE_LISTEN: ", taken, "address already in use")
	calweave(t, env.with("CALWEAVE_SEAL_KEYS", "{}"), "run").fails(t, 2, "CALWEAVE_SEAL_KEYS (environment): is no usable keyset")
}

// A login that could see every tenant is refused, with what to do about it.
func TestRunRefusesTheOwner(t *testing.T) {
	t.Parallel()
	owner := testkit.Postgres(t)
	env := installation(t, owner, owner)
	succeeds(t, env, "migrate", "up")
	for _, line := range []string{"run", "tenant create x"} {
		calweave(t, env, strings.Fields(line)...).fails(t, 1, "tenants would not be kept apart: create a login of its own (CREATE ROLE calweave LOGIN NOINHERIT PASSWORD")
	}
}

// A login that no migration has admitted is told which command admits it.
func TestRunWithoutAdmission(t *testing.T) {
	t.Parallel()
	owner := testkit.Postgres(t)
	succeeds(t, installation(t, owner, owner), "migrate", "up")
	env := installation(t, testkit.Login(t, owner), owner)
	calweave(t, env, "run").fails(t, 1, "may not take on the roles", "run `calweave migrate up`")
	succeeds(t, env, "migrate", "up")
	succeeds(t, env, "tenant", "create", "x")
}

// Without Redis where one is configured a server starts, and serves.
func TestRunWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	env := onSQLite(t)
	tenant(t, env)
	s := serve(t, env.with("CALWEAVE_REDIS_URL", "redis://:CANARY@"+closedPort(t)), "run")
	if status, body := get(t, s.address(t)+"/readyz", ""); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	if code := s.stop(); code != 0 || strings.Contains(s.err.String(), "CANARY") {
		t.Errorf("exit code %d: %s", code, s.err)
	}
}

// The simulators say where they are, and end when they are told to.
func TestSim(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, "sim", "--google=127.0.0.1:0", "--microsoft=127.0.0.1:0", "--admin=127.0.0.1:0")
	if !s.out.await(s.ctx, "admin") {
		t.Fatalf("it does not start: %s", s.err)
	}
	printed := regexp.MustCompile(`^google    (http://\S+)\nmicrosoft (http://\S+)\nadmin     (http://\S+)\n$`).FindStringSubmatch(s.out.String())
	if printed == nil {
		t.Fatalf("%q", s.out)
	}
	for url, want := range map[string]int{printed[1] + "/calendar/v3/users/me/calendarList": 401, printed[2] + "/v1.0/me/calendars": 401, printed[3] + "/sim/v1/people": 200} {
		if status, body := get(t, url, ""); status != want {
			t.Errorf("%s: %d %s", url, status, body)
		}
	}
	if code := s.stop(); code != 0 || s.err.String() != "" {
		t.Errorf("exit code %d: %s", code, s.err)
	}
	taken := takenPort(t).Addr().String()
	r := calweave(t, nil, "sim", "--google=127.0.0.1:0", "--microsoft="+taken, "--admin=127.0.0.1:0")
	if r.code != 1 || !strings.Contains(r.err, "--microsoft: ") || !strings.Contains(r.err, "address already in use") {
		t.Errorf("%+v", r)
	}
}
