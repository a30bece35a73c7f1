package cli_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ran is a folder with the report of a run of one pact.
func ran(t *testing.T) (dir string, at []string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range map[string]string{
		"contracts.json": `{"versions": {"calweave": "v1"}, "edges": [{"consumer": "booking-core", "provider": "calweave-api", "pact": "core.json",
			"verified_against": "a whole calweave", "verified_at": "2026-11-23T10:00:00Z", "interactions": [{"ok": true}], "breakages": [{"noticed": true}]}]}`,
		"core.json": `{"consumer": {"name": "booking-core"}, "provider": {"name": "calweave-api"}}`,
		"new.json":  `{"consumer": {"name": "booking-core"}, "provider": {"name": "calweave-api"}, "interactions": []}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, []string{"--report=" + filepath.Join(dir, "contracts.json"), "--root=" + dir}
}

// A core's deployed version decides whether calweave may follow: its pact has to hold.
func TestCanIDeploy(t *testing.T) {
	t.Parallel()
	dir, run := ran(t)
	matrix := "--matrix=" + filepath.Join(dir, "matrix.json")
	step := func(code int, words string, args ...string) {
		t.Helper()
		r := calweave(t, nil, append([]string{"contracts"}, args...)...)
		if r.code != code || !strings.Contains(r.out+r.err, words) {
			t.Errorf("%s: exit code %d, %s%s, want %d and %q", strings.Join(args, " "), r.code, r.out, r.err, code, words)
		}
	}
	ask := func(code int, words string, more ...string) {
		t.Helper()
		step(code, words, append([]string{"can-i-deploy", matrix, "--version=v1", "--to=production"}, more...)...)
	}
	ask(1, "calweave contracts record writes it")
	step(0, "1 pacts of version v1, of which 0 do not hold", append([]string{"record", matrix}, run...)...)
	ask(0, "nobody has recorded which booking-core production has; verified against a whole calweave (2026-11-23)")
	step(0, "production has booking-core in version 7", "record-deployment", matrix, "--participant=booking-core", "--version=7", "--environment=production")
	ask(1, "with which this version was never verified")
	ask(1, `"ok": false`, "--format=json")
	verified := []string{"record-verification", matrix, "--pact=" + filepath.Join(dir, "new.json"), "--consumer-version=7", "--provider-version=v1"}
	step(0, "booking-core 7 was verified with calweave-api v1", append(verified, "--failed")...)
	ask(1, "and failed")
	step(0, "booking-core 7 was verified", verified...)
	ask(0, "verified with booking-core in version 7, which production has")
	step(1, "nothing is known of calweave in version \"v2\"", "can-i-deploy", matrix, "--version=v2", "--to=production")
	step(1, "there.json: no such file", "record-verification", matrix, "--pact=there.json", "--consumer-version=7", "--provider-version=v1")
}

func TestPublishToABroker(t *testing.T) {
	t.Parallel()
	_, run := ran(t)
	var sent string
	var broker *httptest.Server
	broker = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header.Get("Authorization")
		relation := map[string]string{"/": "pb:publish-contracts"}[r.URL.Path]
		if strings.HasPrefix(r.URL.Path, "/pacts/") {
			relation = "pb:publish-verification-results"
		}
		_, _ = io.WriteString(w, `{"_links": {"`+relation+`": {"href": "`+broker.URL+`/to"}}}`) // the test sees what is missing
	}))
	t.Cleanup(broker.Close)
	args := func(more ...string) []string {
		return append(append([]string{"contracts", "publish"}, run...), more...)
	}
	for header, environ := range map[string]settings{
		"Bearer tok-en":              {"PACT_BROKER_BASE_URL": broker.URL, "PACT_BROKER_TOKEN": "tok-en"},
		"Basic dXNlcjpwYXNzOndvcmQ=": {"PACT_BROKER_BASE_URL": broker.URL + "/", "PACT_BROKER_USERNAME": "user", "PACT_BROKER_PASSWORD": "pass:word"},
		"":                           {"PACT_BROKER_BASE_URL": broker.URL},
	} {
		r := calweave(t, environ, args()...)
		if r.code != 0 || sent != header || !strings.Contains(r.out, "published: booking-core stand-in-v1 with calweave-api v1, verified") {
			t.Errorf("%q: exit code %d, %s%s, sent %q", header, r.code, r.out, r.err, sent)
		}
	}
	for words, c := range map[string]struct {
		environ settings
		args    []string
	}{
		"set PACT_BROKER_BASE_URL":       {},
		"credentials in the environment": {args: []string{"--broker=https://user:hush@broker.test"}},
		"are both set":                   {args: []string{"--broker=https://broker.test"}, environ: settings{"PACT_BROKER_TOKEN": "hush", "PACT_BROKER_USERNAME": "u"}},
		"--plain-http if that is meant":  {args: []string{"--broker=http://broker.test"}, environ: settings{"PACT_BROKER_TOKEN": "hush"}},
	} {
		r := calweave(t, c.environ, args(c.args...)...)
		if r.code != 2 || !strings.Contains(r.err, words) || strings.Contains(r.err, "hush") {
			t.Errorf("want %q: exit code %d, %s", words, r.code, r.err)
		}
	}
}
