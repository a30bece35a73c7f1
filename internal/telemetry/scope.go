package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
)

// scope is what every line about one request, or one claim of work, bears. It is filled as things are learnt: whose a request is shows once its
// key was looked up, and whoever began the request logs that too.
type scope struct {
	mu    sync.Mutex
	attrs []slog.Attr
}

type scopeKey struct{}

// WithScope returns a context whose log lines all bear attrs, what an enclosing scope knows, and what is learnt later. Begin one for each request
// and each claim; the names in use are "request_id" and "tenant".
func WithScope(ctx context.Context, attrs ...slog.Attr) context.Context {
	s := &scope{attrs: known(ctx)}
	s.learn(attrs)
	return context.WithValue(ctx, scopeKey{}, s)
}

// Learn puts attrs on all lines that are logged from now on in the scope that ctx belongs to, in place of those of the same name.
func Learn(ctx context.Context, attrs ...slog.Attr) {
	if s, ok := ctx.Value(scopeKey{}).(*scope); ok {
		s.learn(attrs)
	}
}

func (s *scope) learn(attrs []slog.Attr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range attrs {
		s.attrs = slices.DeleteFunc(s.attrs, func(old slog.Attr) bool { return old.Key == a.Key })
		s.attrs = append(s.attrs, a)
	}
}

// known is a copy of what a context's lines bear.
func known(ctx context.Context) []slog.Attr {
	s, ok := ctx.Value(scopeKey{}).(*scope)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.attrs)
}

// Panic says what a function panicked with: in words where the runtime chose them, else by its type alone, for the value may hold anything.
func Panic(v any) string {
	if err, ok := v.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", v)
}
