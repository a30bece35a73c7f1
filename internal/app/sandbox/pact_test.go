//go:build pact

package sandbox_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// built is the whole binary, with Pact's verifier.
func built(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "calweave")
	if out, err := exec.Command("go", "build", "-tags", "pact", "-o", path, "../../../cmd/calweave").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// process is the simulators in a process of their own, and the address of their admin API.
func process(t *testing.T, binary string) (google, microsoft, admin string) {
	t.Helper()
	scenario := filepath.Join(t.TempDir(), "s.yaml")
	people := "people:\n  - {provider: google, email: " + owner + ", zone: America/New_York}\n  - {provider: microsoft, email: " + owner + ", zone: America/New_York}\n"
	if err := os.WriteFile(scenario, []byte(people), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	cmd := exec.CommandContext(ctx, binary, "sim", "--google=127.0.0.1:0", "--microsoft=127.0.0.1:0", "--admin=127.0.0.1:0", "--scenario="+scenario)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	at := map[string]string{}
	for lines := bufio.NewScanner(out); len(at) < 3 && lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) == 2 {
			at[words[0]] = words[1]
		}
	}
	return at["google"], at["microsoft"], at["admin"] + "/sim/v1"
}

func asked(t *testing.T, method, url, body string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
}

// contracts runs the command and returns its exit code and what it says.
func contracts(t *testing.T, binary string, environ []string, args ...string) (code int, out, diag string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, append([]string{"contracts", "verify"}, args...)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), environ...), &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

// The binary verifies against simulators in another process as it would against a sandbox, and leaves nothing behind.
func TestTheBinary(t *testing.T) {
	binary := built(t)
	google, microsoft, admin := process(t, binary)
	for provider, c := range map[string]struct{ at, variable, summary string }{
		"google":    {google, "CONTRACTS_GOOGLE_TOKEN", "27 hold, 0 fail, 17 left out"},
		"microsoft": {microsoft, "CONTRACTS_MICROSOFT_TOKEN", "26 hold, 0 fail, 19 left out"},
	} {
		var token struct {
			Access string `json:"access_token"`
		}
		asked(t, http.MethodPost, admin+"/people/"+provider+"/"+owner+"/tokens", `{"client":"contracts"}`, &token)
		args := []string{"--against=" + c.at, "--provider=" + provider}
		if code, out, diag := contracts(t, binary, []string{c.variable + "=" + token.Access}, args...); code != 0 || !strings.Contains(out, c.summary) {
			t.Errorf("%s: exit code %d: %s%s", provider, code, out, diag)
		}
		if code, _, diag := contracts(t, binary, []string{c.variable + "=CANARY"}, args...); code != 1 || !strings.Contains(diag, "does not accept the token") ||
			strings.Contains(diag, "CANARY") {
			t.Errorf("%s, a bad token: exit code %d: %s", provider, code, diag)
		}
		if code, _, diag := contracts(t, binary, []string{c.variable + "="}, args...); code != 2 || !strings.Contains(diag, c.variable+" is not set") {
			t.Errorf("%s, no token: exit code %d: %s", provider, code, diag)
		}
		var channels struct{ Channels []any }
		asked(t, http.MethodGet, admin+"/people/"+provider+"/"+owner+"/channels", "", &channels)
		if len(channels.Channels) != 0 {
			t.Errorf("%s: channels are left: %v", provider, channels.Channels)
		}
		// A provider that answers otherwise: the reader is told which interaction, and what of it.
		var fault struct{ ID string }
		asked(t, http.MethodPost, admin+"/faults", `{"provider":"`+provider+`","method":"GET","path":"*/events/*","action":"status","status":500}`, &fault)
		code, out, _ := contracts(t, binary, []string{c.variable + "=" + token.Access}, args...)
		if code != 1 || !strings.Contains(out, "FAILS     an event, given an event of ours\n") || !strings.Contains(out, "500") {
			t.Errorf("%s, broken: exit code %d: %s", provider, code, out)
		}
	}
	var people struct{ People []struct{ Calendars []any } }
	asked(t, http.MethodGet, admin+"/people", "", &people)
	for _, p := range people.People {
		if len(p.Calendars) != 1 {
			t.Errorf("calendars are left: %v", p.Calendars)
		}
	}
	var mails struct{ Mails []any }
	if asked(t, http.MethodGet, admin+"/mails", "", &mails); len(mails.Mails) != 0 {
		t.Errorf("mails went out: %v", mails.Mails)
	}
}
