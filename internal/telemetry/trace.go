package telemetry

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/calweave/calweave/internal/ident"
)

// Trace is a W3C trace context (https://www.w3.org/TR/trace-context/): which trace a piece of work belongs to, and which span caused it. The
// zero Trace is none.
type Trace struct {
	trace [16]byte
	span  [8]byte
	flags byte
}

// ErrTraceparent means that a text is no traceparent. Whoever receives one starts a trace of his own, as the standard asks.
var ErrTraceparent = errors.New("malformed traceparent")

// sampled is the flag that asks everybody on the way to record the trace.
const sampled = 1

// NewTrace begins a trace.
func NewTrace(ids *ident.Source) Trace {
	t := Trace{flags: sampled}
	copy(t.trace[:], ids.Bytes(16))
	if t.trace == [16]byte{} {
		t.trace[15] = 1 // all zeroes mean "none"
	}
	return t.Child(ids)
}

// Child returns the context for work that this one causes: the same trace, a new span.
func (t Trace) Child(ids *ident.Source) Trace {
	copy(t.span[:], ids.Bytes(8))
	if t.span == [8]byte{} {
		t.span[7] = 1
	}
	return t
}

// ParseTrace reads a traceparent. Of versions later than 00 it reads the part that they have in common, as the standard asks.
func ParseTrace(s string) (Trace, error) {
	parts := strings.Split(s, "-")
	if len(parts) < 4 || parts[0] == "ff" || parts[0] == "00" && len(parts) > 4 {
		return Trace{}, ErrTraceparent
	}
	var version, flags [1]byte
	var t Trace
	if !unhex(version[:], parts[0]) || !unhex(t.trace[:], parts[1]) || !unhex(t.span[:], parts[2]) || !unhex(flags[:], parts[3]) {
		return Trace{}, ErrTraceparent
	}
	if t.trace == [16]byte{} || t.span == [8]byte{} {
		return Trace{}, ErrTraceparent
	}
	t.flags = flags[0] & sampled
	return t, nil
}

// unhex fills dst from exactly as much lower-case hexadecimal.
func unhex(dst []byte, s string) bool {
	if len(s) != hex.EncodedLen(len(dst)) || s != strings.ToLower(s) {
		return false
	}
	_, err := hex.Decode(dst, []byte(s))
	return err == nil
}

// String gives the traceparent; empty for none.
func (t Trace) String() string {
	if t.IsZero() {
		return ""
	}
	return "00-" + t.TraceID() + "-" + hex.EncodeToString(t.span[:]) + "-" + hex.EncodeToString([]byte{t.flags})
}

// TraceID gives the trace's id in hexadecimal.
func (t Trace) TraceID() string { return hex.EncodeToString(t.trace[:]) }

// IsZero reports whether there is no trace.
func (t Trace) IsZero() bool { return t.trace == [16]byte{} }

type traceKey struct{}

// WithTrace returns a context that carries t.
func WithTrace(ctx context.Context, t Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// WithTraceparent returns a context that carries the trace of a traceparent, or none where it is none: what goes on belongs to no other trace.
func WithTraceparent(ctx context.Context, traceparent string) context.Context {
	t, _ := ParseTrace(traceparent)
	return WithTrace(ctx, t)
}

// TraceFrom returns the trace that a context carries.
func TraceFrom(ctx context.Context) (Trace, bool) {
	t, _ := ctx.Value(traceKey{}).(Trace)
	return t, !t.IsZero()
}

// Traceparent returns the traceparent of the trace that a context carries, or nothing.
func Traceparent(ctx context.Context) string {
	t, _ := TraceFrom(ctx)
	return t.String()
}
