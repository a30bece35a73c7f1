package cli_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/calweave/calweave/contracts/message"
)

const webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// A sample of every type is sent, signed, and heard as valid.
func TestTriggerAndListen(t *testing.T) {
	t.Parallel()
	env := settings{"CALWEAVE_WEBHOOK_SECRET": webhookSecret}
	s := serve(t, env, "webhook", "listen", "--listen=127.0.0.1:0", "--json")
	url := s.listening(t)
	seen := map[string]bool{}
	for _, typ := range message.Types() {
		out := succeeds(t, env, "webhook", "trigger", string(typ), "--url="+url+"/hooks")
		printed := regexp.MustCompile(`^(\S+) (msg_[0-9a-f]{32}) was answered with 204 in \d+ ms\n$`).FindStringSubmatch(out)
		if printed == nil || printed[1] != string(typ) || seen[printed[2]] {
			t.Errorf("%s: %q", typ, out)
			continue
		}
		seen[printed[2]] = true
	}
	if code := s.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, s.err)
	}
	n := 0
	for lines := bufio.NewScanner(strings.NewReader(s.out.String())); lines.Scan(); n++ {
		var heard struct {
			Verified bool             `json:"verified"`
			ID       string           `json:"id"`
			Type     message.Type     `json:"type"`
			Answered int              `json:"answered"`
			Message  message.Envelope `json:"message"`
		}
		if err := json.Unmarshal(lines.Bytes(), &heard); err != nil || !heard.Verified || heard.Answered != 204 || heard.Type != message.Types()[n] ||
			heard.Message.Type != heard.Type || string(heard.Message.ID) != heard.ID || !seen[heard.ID] || time.Since(heard.Message.Timestamp) > time.Minute {
			t.Errorf("%v: %s", err, lines.Text())
		}
	}
	if n != len(message.Types()) {
		t.Errorf("%d lines: %s", n, s.out)
	}
}

// listening waits until a listener has started and returns its URL.
func (s *serving) listening(t *testing.T) string {
	t.Helper()
	if !s.err.await(s.ctx, "\n") {
		t.Fatalf("it does not start: %s", s.err)
	}
	return strings.TrimSpace(strings.TrimPrefix(s.err.String(), "listening at "))
}

// People read what was heard, and of what is not valid only why; the status is the one that was asked for, and the sender says so.
func TestListenForPeople(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, "webhook", "listen", "--listen=127.0.0.1:0", "--status=503", "--secret="+webhookSecret)
	url := s.listening(t)
	calweave(t, nil, "webhook", "trigger", "booking.moved", "--url="+url, "--secret="+webhookSecret).fails(t, 1, "booking.moved msg_", "was answered with 503")
	calweave(t, nil, "webhook", "trigger", "booking.moved", "--url="+url, "--secret=whsec_T1RIRVIgT1RIRVIgT1RIRVIg").fails(t, 1, "was answered with 400")
	if code := s.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, s.err)
	}
	want := `(?s)^\S+Z  valid, answered with 503: booking.moved msg_[0-9a-f]{32}\n\{\n  "id": "msg_.*"title": "Intro call".*\n\}\n` +
		`\S+Z  not valid, answered with 400: the signature is of another secret[^\n]*\n$`
	if !regexp.MustCompile(want).MatchString(s.out.String()) {
		t.Errorf("%s", s.out)
	}
	taken := takenPort(t).Addr().String()
	calweave(t, nil, "webhook", "listen", "--secret="+webhookSecret, "--listen="+taken).fails(t, 1, "--listen: ", "address already in use")
}

// A listener that counts ends with the last valid message, which is answered; what is not valid does not count.
func TestListenCounts(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, "webhook", "listen", "--listen=127.0.0.1:0", "--count=2", "--secret="+webhookSecret)
	url := s.listening(t)
	calweave(t, nil, "webhook", "trigger", "booking.moved", "--url="+url, "--secret=whsec_T1RIRVIgT1RIRVIgT1RIRVIg").fails(t, 1, "was answered with 400")
	for range 2 {
		succeeds(t, nil, "webhook", "trigger", "booking.moved", "--url="+url, "--secret="+webhookSecret)
	}
	if code := s.ends(); code != 0 || strings.Count(s.out.String(), "  valid, answered with 204") != 2 {
		t.Errorf("exit code %d: %s %s", code, s.out, s.err)
	}
	calweave(t, nil, "webhook", "listen", "--count=-1", "--secret="+webhookSecret).fails(t, 2, "--count: give a number of messages")
}

// A sender that was told to wait is heard by a receiver that comes later; one that was not gives up at once.
func TestTriggerWaits(t *testing.T) {
	t.Parallel()
	address := closedPort(t)
	line := []string{"webhook", "trigger", "booking.synced", "--url=http://" + address, "--secret=" + webhookSecret}
	calweave(t, nil, line...).fails(t, 1, "booking.synced was not sent: ", "connection refused")
	sent := make(chan result, 1)
	go func() { sent <- calweave(t, nil, append(line, "--wait=50s")...) }()
	s := serve(t, nil, "webhook", "listen", "--listen="+address, "--secret="+webhookSecret)
	if r := <-sent; r.code != 0 || !strings.Contains(s.out.String(), "valid, answered with 204: booking.synced") {
		t.Errorf("%+v: %s", r, s.out)
	}
}

// A sample goes to developers' networks and the public one, follows no redirect, and shows no secret when it fails.
func TestTriggerRefuses(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.RedirectHandler("http://127.0.0.1:1/", http.StatusTemporaryRedirect))
	t.Cleanup(elsewhere.Close)
	for url, words := range map[string]string{
		"http://169.254.169.254/latest": "address refused",
		elsewhere.URL:                   "was answered with 307",
		"ftp://127.0.0.1/":              "booking.moved was not sent",
	} {
		r := calweave(t, nil, "webhook", "trigger", "booking.moved", "--url="+url, "--secret="+webhookSecret)
		r.fails(t, 1, words)
		if strings.Contains(r.err, webhookSecret) {
			t.Errorf("%s: %s", url, r.err)
		}
	}
}

// A message is valid, or everything that is wrong with it is said.
func TestVerifyCommand(t *testing.T) {
	t.Parallel()
	const body = `{"test": 2432232314}`
	signer, err := standardwebhooks.NewWebhook(webhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	now, old := time.Now(), time.Now().Add(-time.Hour)
	signature, err := signer.Sign("msg_1", now, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	env := settings{"CALWEAVE_WEBHOOK_SECRET": webhookSecret}
	file := filepath.Join(t.TempDir(), "body.json")
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := []string{"webhook", "verify", "--id=msg_1", "--timestamp=" + strconv.FormatInt(now.Unix(), 10), "--signature=" + signature}
	for _, r := range []result{
		reads(t, body, env, flags...), reads(t, body, env, append(flags, "-")...), reads(t, "", env, append(flags, file)...),
		reads(t, body, nil, append(flags, "--secret="+webhookSecret)...), reads(t, body, env.with("CALWEAVE_WEBHOOK_SECRET", "no secret"), append(flags, "--secret="+webhookSecret)...),
	} {
		if r.code != 0 || r.out != "valid\n" || r.err != "" {
			t.Errorf("%+v", r)
		}
	}
	reads(t, body+"\n", env, flags...).fails(t, 1, "the message is not valid:\n  the body has a line end")
	reads(t, body, nil, append(flags, "--secret=whsec_T1RIRVIgT1RIRVIgT1RIRVIg")...).fails(t, 1, "the signature is of another secret")
	reads(t, body, env, "webhook", "verify").fails(t, 1, "webhook-id is missing\n  webhook-timestamp is missing\n  webhook-signature is missing")
	reads(t, body, env, "webhook", "verify", "--id=msg_1", "--timestamp="+strconv.FormatInt(old.Unix(), 10), "--signature="+signature).
		fails(t, 1, "the timestamp is 1h0m", "the signature is of another secret")
	if r := reads(t, body, env, append(flags, "--tolerance=1ns")...); r.code != 1 || !strings.Contains(r.err, "and 1ns is allowed") {
		t.Errorf("%+v", r)
	}
	reads(t, strings.Repeat(" ", 1<<20+1), env, flags...).fails(t, 1, "the body is longer than 1 MiB")
	reads(t, "", env, append(flags, "/no/such/file")...).fails(t, 1, "/no/such/file")
}

// Without a secret that can be one nothing is done, and the secret is not repeated.
func TestWebhookSecrets(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"webhook listen", "webhook verify", "webhook trigger booking.moved --url=http://127.0.0.1:1"} {
		calweave(t, nil, strings.Fields(line)...).fails(t, 2, "give the endpoint's secret in $CALWEAVE_WEBHOOK_SECRET, or as --secret\nTry calweave --help.\n")
		r := calweave(t, settings{"CALWEAVE_WEBHOOK_SECRET": "whsec_CANARY!"}, strings.Fields(line)...)
		r.fails(t, 2, "the secret is not whsec_ and base64")
		if strings.Contains(r.err, "CANARY") {
			t.Errorf("%s", r.err)
		}
	}
}
