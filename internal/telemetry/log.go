package telemetry

import (
	"context"
	"io"
	"log/slog"
	"slices"
)

// Format is how log lines are written.
type Format string

// The formats.
const (
	JSON Format = "json"
	Text Format = "text"
)

// NewLogger returns a logger that writes one line per record to w, with the trace id and the scope of the record's context, and nothing that
// looks like a secret. Any format but Text is JSON.
func NewLogger(w io.Writer, format Format, level slog.Leveler) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: redactAttr}
	var h slog.Handler = slog.NewJSONHandler(w, options)
	if format == Text {
		h = slog.NewTextHandler(w, options)
	}
	return slog.New(scoped{h})
}

// scoped adds to each record what its context knows.
type scoped struct{ slog.Handler }

// Handle writes the record.
func (h scoped) Handle(ctx context.Context, r slog.Record) error {
	attrs := known(ctx)
	if t, ok := TraceFrom(ctx); ok {
		attrs = append(attrs, slog.String("trace_id", t.TraceID()))
	}
	r.Attrs(func(said slog.Attr) bool {
		attrs = slices.DeleteFunc(attrs, func(a slog.Attr) bool { return a.Key == said.Key })
		return true
	})
	r = r.Clone()
	r.AddAttrs(attrs...)
	return h.Handler.Handle(ctx, r)
}

// WithAttrs returns a handler that adds attrs to each record.
func (h scoped) WithAttrs(attrs []slog.Attr) slog.Handler {
	return scoped{h.Handler.WithAttrs(attrs)}
}

// WithGroup returns a handler that puts attributes into a group.
func (h scoped) WithGroup(name string) slog.Handler { return scoped{h.Handler.WithGroup(name)} }
