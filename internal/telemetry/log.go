package telemetry

import (
	"context"
	"io"
	"log/slog"
)

// Format is how log lines are written.
type Format string

// The formats.
const (
	JSON Format = "json"
	Text Format = "text"
)

// NewLogger returns a logger that writes one line per record to w, with the trace id of the record's context, and nothing that looks like a
// secret. Any format but Text is JSON.
func NewLogger(w io.Writer, format Format, level slog.Leveler) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: redactAttr}
	var h slog.Handler = slog.NewJSONHandler(w, options)
	if format == Text {
		h = slog.NewTextHandler(w, options)
	}
	return slog.New(tracing{h})
}

// tracing adds the trace id of the context to each record.
type tracing struct{ slog.Handler }

// Handle writes the record.
func (h tracing) Handle(ctx context.Context, r slog.Record) error {
	if t, ok := TraceFrom(ctx); ok {
		r.AddAttrs(slog.String("trace_id", t.TraceID()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs returns a handler that adds attrs to each record.
func (h tracing) WithAttrs(attrs []slog.Attr) slog.Handler {
	return tracing{h.Handler.WithAttrs(attrs)}
}

// WithGroup returns a handler that puts attributes into a group.
func (h tracing) WithGroup(name string) slog.Handler { return tracing{h.Handler.WithGroup(name)} }
