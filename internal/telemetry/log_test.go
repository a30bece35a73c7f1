package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/telemetry"
)

const canary = "hunter2"

// secret hides itself the way that configuration's secrets do.
type secret string

func (secret) LogValue() slog.Value         { return slog.StringValue("REDACTED") }
func (secret) MarshalJSON() ([]byte, error) { return []byte(`"REDACTED"`), nil }
func (secret) String() string               { return "REDACTED" }

func TestNoSecretReachesTheLog(t *testing.T) {
	t.Parallel()
	address := &url.URL{Scheme: "https", User: url.UserPassword("u", canary), Host: "api.test", Path: "/cb", RawQuery: "code=" + canary}
	attrs := []slog.Attr{
		slog.Any("config", secret(canary)),
		slog.Any("list", []secret{canary}),
		slog.Any("inside", struct{ Value secret }{canary}),
		slog.Any("url", address),
		slog.String("text", "GET "+address.String()+" failed"),
		slog.String("fragment", "https://app.test/#access_token="+canary),
		slog.String("dump", "Authorization: Bearer "+canary+".x-y_z"),
		slog.String("basic", "authorization: basic "+canary),
		slog.Any("error", fmt.Errorf("call: %w", &url.Error{Op: "Get", URL: address.String(), Err: errors.New("refused")})),
		slog.Any("header", http.Header{"Cookie": {canary}}),
		slog.Any("form", url.Values{"client_secret": {canary}}),
		slog.Any("raw", []byte("bearer "+canary)),
		slog.Any("request", &http.Request{Header: http.Header{"Authorization": {canary}}}),
		slog.Group("headers", slog.String("Authorization", canary)),
		slog.Group("cookies", slog.String("a", canary), slog.Int("b", 1)),
	}
	for _, name := range []string{
		"token", "access_token", "refreshToken", "id-token", "secret", "client_secret", "webhookSecret", "password", "Authorization", "Proxy-Authorization",
		"cookie", "Set-Cookie", "code", "code_verifier", "api_key", "apikey", "signing_key", "seal_keys", "credentials", "clientState", "signature",
		"CALWEAVE_DATABASE_URL", "redis_url", "body", "payload", "dsn",
	} {
		attrs = append(attrs, slog.String(name, canary))
	}
	for _, format := range []telemetry.Format{telemetry.JSON, telemetry.Text} {
		for _, a := range attrs {
			var out bytes.Buffer
			log := telemetry.NewLogger(&out, format, slog.LevelInfo)
			log.LogAttrs(t.Context(), slog.LevelInfo, "hello", a)
			log.With(slog.String("a", "b"), a).WithGroup("g").InfoContext(t.Context(), "hello", a)
			if strings.Contains(out.String(), canary) {
				t.Errorf("%s, %s: %s", format, a.Key, out.String())
			}
		}
	}
}

func TestMessagesAreScrubbed(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, telemetry.JSON, slog.LevelInfo)
	log.InfoContext(t.Context(), "GET https://u:"+canary+"@api.test/cb?code="+canary+" with bearer "+canary)
	if want := `"msg":"GET https://api.test/cb with bearer REDACTED"`; !strings.Contains(out.String(), want) {
		t.Errorf("%s, want %s", out.String(), want)
	}
}

func TestWhatIsNoSecretStays(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]slog.Attr{
		`"status":401`:                   slog.Int("status", 401),
		`"key_id":"key_1"`:               slog.String("key_id", "key_1"),
		`"state":"ready"`:                slog.String("state", "ready"),
		`"host":"https://api.test/v3/x"`: slog.String("host", "https://api.test/v3/x"),
		`"error":"x: refused"`:           slog.Any("error", errors.New("x: refused")),
		`"addr":"10.0.0.1"`:              slog.Any("addr", netip.MustParseAddr("10.0.0.1")),
		`"nil":"\u003cnil\u003e"`:        slog.Any("nil", (*url.URL)(nil)),
		`"q":"is it so? yes"`:            slog.String("q", "is it so? yes"),
		`"mail":"guest@example.org"`:     slog.String("mail", "guest@example.org"),
		`"g":{"kind":"link:push"}`:       slog.Group("g", slog.String("kind", "link:push")),
		`"list":["a"]`:                   slog.Any("list", []string{"a"}),
	} {
		var out bytes.Buffer
		telemetry.NewLogger(&out, telemetry.JSON, slog.LevelInfo).LogAttrs(t.Context(), slog.LevelInfo, "hello", a)
		if !strings.Contains(strings.ReplaceAll(out.String(), "<nil>", `\u003cnil\u003e`), want) {
			t.Errorf("%s is not in %s", want, out.String())
		}
	}
}

func TestFormatsAndLevels(t *testing.T) {
	t.Parallel()
	level := new(slog.LevelVar)
	for format, isJSON := range map[telemetry.Format]bool{telemetry.JSON: true, telemetry.Text: false, "": true} {
		var out bytes.Buffer
		log := telemetry.NewLogger(&out, format, level)
		log.DebugContext(t.Context(), "too low")
		log.WarnContext(t.Context(), "hello")
		if json.Valid(out.Bytes()) != isJSON || !strings.Contains(out.String(), "WARN") || strings.Contains(out.String(), "too low") {
			t.Errorf("%q: %s", format, out.String())
		}
	}
}

func TestTraceIsOnEveryLine(t *testing.T) {
	t.Parallel()
	trace, err := telemetry.ParseTrace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, telemetry.JSON, slog.LevelInfo)
	log.With(slog.Int("n", 1)).InfoContext(telemetry.WithTrace(t.Context(), trace), "with")
	if !strings.Contains(out.String(), `"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"`) {
		t.Error(out.String())
	}
	out.Reset()
	log.InfoContext(t.Context(), "without")
	if strings.Contains(out.String(), "trace_id") {
		t.Error(out.String())
	}
}
