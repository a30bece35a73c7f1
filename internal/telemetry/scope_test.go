package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/calweave/calweave/internal/telemetry"
)

// line logs one record under a context and returns it as JSON has it.
func line(t *testing.T, write func(log *slog.Logger)) map[string]any {
	t.Helper()
	var out bytes.Buffer
	write(telemetry.NewLogger(&out, telemetry.JSON, slog.LevelInfo))
	if strings.Count(out.String(), `"tenant"`) > 1 || strings.Count(out.String(), `"trace_id"`) > 1 {
		t.Errorf("a name stands twice: %s", out.String())
	}
	doc := map[string]any{}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	return doc
}

func TestScopeIsOnEveryLine(t *testing.T) {
	t.Parallel()
	outer := telemetry.WithScope(t.Context(), slog.String("request_id", "req_1"))
	inner := telemetry.WithTraceparent(outer, example)
	telemetry.Learn(inner, slog.String("tenant", "ten_1"))
	for name, log := range map[string]func(*slog.Logger){
		"plain":                     func(l *slog.Logger) { l.InfoContext(inner, "hello") },
		"with attributes":           func(l *slog.Logger) { l.With(slog.Int("n", 1)).InfoContext(inner, "hello") },
		"said by the caller itself": func(l *slog.Logger) { l.InfoContext(inner, "hello", slog.String("tenant", "ten_1")) },
	} {
		got := line(t, log)
		if got["request_id"] != "req_1" || got["tenant"] != "ten_1" || got["trace_id"] != "4bf92f3577b34da6a3ce929d0e0e4736" {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := line(t, func(l *slog.Logger) { l.InfoContext(outer, "hello") }); got["tenant"] != "ten_1" || got["trace_id"] != nil {
		t.Errorf("whoever began the scope knows what was learnt in it, and no more: %v", got)
	}
	if got := line(t, func(l *slog.Logger) { l.InfoContext(t.Context(), "hello") }); got["tenant"] != nil || got["request_id"] != nil {
		t.Errorf("without a scope: %v", got)
	}
}

func TestScopesInScopes(t *testing.T) {
	t.Parallel()
	outer := telemetry.WithScope(t.Context(), slog.String("request_id", "req_1"), slog.String("tenant", "ten_1"))
	inner := telemetry.WithScope(outer, slog.String("tenant", "ten_2"))
	telemetry.Learn(inner, slog.String("tenant", "ten_3"), slog.String("connection", "con_1"))
	if got := line(t, func(l *slog.Logger) { l.InfoContext(inner, "hello") }); got["request_id"] != "req_1" || got["tenant"] != "ten_3" || got["connection"] != "con_1" {
		t.Errorf("inside: %v", got)
	}
	if got := line(t, func(l *slog.Logger) { l.InfoContext(outer, "hello") }); got["tenant"] != "ten_1" || got["connection"] != nil {
		t.Errorf("outside: %v", got)
	}
	telemetry.Learn(t.Context(), slog.String("tenant", "ten_4")) // nobody began a scope: nothing to do
}

func TestScopeHidesSecrets(t *testing.T) {
	t.Parallel()
	ctx := telemetry.WithScope(t.Context(), slog.String("token", canary), slog.String("where", "https://x.test/?code="+canary))
	var out bytes.Buffer
	telemetry.NewLogger(&out, telemetry.Text, slog.LevelInfo).InfoContext(ctx, "hello")
	if strings.Contains(out.String(), canary) || !strings.Contains(out.String(), "https://x.test/") {
		t.Error(out.String())
	}
}

func TestScopeIsSharedSafely(t *testing.T) {
	t.Parallel()
	ctx := telemetry.WithScope(t.Context())
	log := telemetry.NewLogger(&bytes.Buffer{}, telemetry.JSON, slog.LevelInfo)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			telemetry.Learn(ctx, slog.String("tenant", "ten_1"), slog.Int("n", 1))
			log.InfoContext(ctx, "hello")
		})
	}
	wg.Wait()
}

func TestWithTraceparent(t *testing.T) {
	t.Parallel()
	if got := telemetry.Traceparent(telemetry.WithTraceparent(t.Context(), example)); got != example {
		t.Error(got)
	}
	for _, none := range []string{"", "CANARY", example + "\n"} {
		ctx := telemetry.WithTraceparent(telemetry.WithTraceparent(t.Context(), example), none)
		if got := telemetry.Traceparent(ctx); got != "" {
			t.Errorf("%q: the trace of something else goes on: %s", none, got)
		}
	}
}

func TestPanicIsToldWithoutItsValue(t *testing.T) {
	t.Parallel()
	defect := func() (v any) {
		defer func() { v = recover() }()
		return strings.Fields("")[len(canary)]
	}()
	for want, v := range map[string]any{
		"string":                canary,
		"*errors.errorString":   errors.New(canary),
		"telemetry_test.secret": secret(canary),
		"runtime error: index out of range [7] with length 0": defect,
	} {
		if got := telemetry.Panic(v); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
