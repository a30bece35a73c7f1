package telemetry_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/telemetry"
)

const example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

func TestParseTrace(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		example: example,
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00":           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff":           example,
		"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01":           example,
		"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-something": example,
	} {
		if got, err := telemetry.ParseTrace(in); err != nil || got.String() != want {
			t.Errorf("%s: %s, %v; want %s", in, got, err, want)
		}
	}
}

func TestParseTraceRefuses(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"nothing":              "",
		"words":                "hello",
		"version ff":           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"a version too short":  "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"more in version 00":   example + "-x",
		"no flags":             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
		"upper case":           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
		"a trace id of zeroes": "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
		"a span id of zeroes":  "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
		"a short trace id":     "00-4bf92f3577b34da6a3ce929d0e0e47-00f067aa0ba902b7-01",
		"a long span id":       "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7aa-01",
		"letters beyond f":     "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
		"a line end":           example + "\n",
	} {
		if got, err := telemetry.ParseTrace(in); !errors.Is(err, telemetry.ErrTraceparent) || !got.IsZero() {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestNewTraceAndChild(t *testing.T) {
	t.Parallel()
	for name, ids := range map[string]*ident.Source{
		"random": ident.New(clock.System{}, rand.Reader),
		"zeroes": ident.New(clock.NewManual(time.Unix(0, 0)), bytes.NewReader(make([]byte, 1000))),
	} {
		parent := telemetry.NewTrace(ids)
		child := parent.Child(ids)
		for _, trace := range []telemetry.Trace{parent, child} {
			if back, err := telemetry.ParseTrace(trace.String()); err != nil || back != trace {
				t.Errorf("%s: %q reads back as %q, %v", name, trace, back, err)
			}
		}
		if child.TraceID() != parent.TraceID() || name == "random" && child == parent {
			t.Errorf("%s: %q is no child of %q", name, child, parent)
		}
	}
	ids := ident.New(clock.System{}, rand.Reader)
	if a, b := telemetry.NewTrace(ids), telemetry.NewTrace(ids); a.TraceID() == b.TraceID() {
		t.Error("two traces share an id")
	}
}

func TestContextCarriesTheTrace(t *testing.T) {
	t.Parallel()
	if trace, ok := telemetry.TraceFrom(t.Context()); ok || telemetry.Traceparent(t.Context()) != "" || trace.String() != "" {
		t.Errorf("a bare context carries %q", trace)
	}
	want, err := telemetry.ParseTrace(example)
	if err != nil {
		t.Fatal(err)
	}
	ctx := telemetry.WithTrace(t.Context(), want)
	if got, ok := telemetry.TraceFrom(ctx); !ok || got != want || telemetry.Traceparent(ctx) != example {
		t.Errorf("%q, %t", got, ok)
	}
}

func FuzzParseTrace(f *testing.F) {
	f.Add(example)
	f.Add("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-")
	f.Fuzz(func(t *testing.T, s string) {
		trace, err := telemetry.ParseTrace(s)
		if err != nil {
			return
		}
		if back, err := telemetry.ParseTrace(trace.String()); err != nil || back != trace || len(trace.String()) != len(example) {
			t.Fatalf("%q became %q, then %q, %v", s, trace, back, err)
		}
	})
}
