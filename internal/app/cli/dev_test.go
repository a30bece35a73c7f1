package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// hops are the tour's steps, in the order in which they are told.
func hops() []string {
	return []string{
		"start", "tenant and keys", "endpoint of the booking core", "connect google", "connect microsoft", "calendars listed", "booking accepted",
		"event in google calendar", "event in microsoft calendar", "both calendars agree", "push channel open", "moved by hand in google calendar",
		"signed webhook at the core",
	}
}

// hop is a step as JSON tells it.
type hop struct {
	Name  string   `json:"name"`
	MS    *float64 `json:"ms"`
	OK    *bool    `json:"ok"`
	Error string   `json:"error"`
}

// report reads what --json has printed, which is one object, on one line, and nothing else.
func report(t *testing.T, out string) (ok bool, hops []hop) {
	t.Helper()
	var r struct {
		OK   *bool `json:"ok"`
		Hops []hop `json:"hops"`
	}
	d := json.NewDecoder(strings.NewReader(out))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || r.OK == nil || strings.Count(out, "\n") != 1 || !strings.HasSuffix(out, "}\n") {
		t.Fatalf("%v: %q", err, out)
	}
	return *r.OK, r.Hops
}

// The tour tells every hop as one JSON object and ends with 0, whatever stands in the environment.
func TestDevOnceJSON(t *testing.T) {
	t.Parallel()
	env := settings{"CALWEAVE_DATABASE_URL": "postgres://nobody@nowhere.invalid/none", "CALWEAVE_WORKERS": "none"}
	r := calweave(t, env, "dev", "--once", "--json")
	if r.code != 0 || r.err != "" {
		t.Fatalf("exit code %d: %s %s", r.code, r.err, r.out)
	}
	ok, told := report(t, r.out)
	if !ok || len(told) != len(hops()) {
		t.Fatalf("%s", r.out)
	}
	for i, h := range told {
		if h.Name != hops()[i] || h.OK == nil || !*h.OK || h.MS == nil || *h.MS < 0 || h.Error != "" {
			t.Errorf("hop %d: %s", i, r.out)
		}
	}
}

// A port that was ordered and is taken fails the first hop: ok is false, the hop says why, and the exit code is 1.
func TestDevFails(t *testing.T) {
	t.Parallel()
	taken := takenPort(t).Addr().String()
	r := calweave(t, nil, "dev", "--once", "--json", "--listen="+taken)
	ok, told := report(t, r.out)
	if r.code != 1 || ok || len(told) != 1 || told[0].Name != "start" || *told[0].OK || !strings.Contains(told[0].Error, taken) {
		t.Errorf("exit code %d: %s", r.code, r.out)
	}
	if !strings.Contains(r.err, "calweave: the tour failed: start: ") {
		t.Errorf("%s", r.err)
	}
	r = calweave(t, nil, "dev", "--once", "--listen="+taken)
	if r.code != 1 || !strings.Contains(r.out, "FAILED") || !strings.Contains(r.out, "address already in use") {
		t.Errorf("exit code %d: %s", r.code, r.out)
	}
}

// Told to stay, it serves where it was told to, logs to standard error when asked, and ends well.
func TestDevStays(t *testing.T) {
	t.Parallel()
	address := closedPort(t)
	s := serve(t, nil, "dev", "--log", "--listen="+address)
	if !s.out.await(s.ctx, "act as a person, set faults") {
		t.Fatalf("%s %s", s.out, s.err)
	}
	if status, body := get(t, "http://"+address+"/readyz", ""); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	if code := s.stop(); code != 0 || !strings.HasSuffix(s.out.String(), "\nStopping.\n") || !strings.Contains(s.err.String(), "msg=started") {
		t.Errorf("exit code %d: %s %s", code, s.out, s.err)
	}
}
