package providertest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
)

// T is what a case reports to: a *testing.T, or a Recorder where the driver is meant to fail.
type T interface {
	Context() context.Context
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
	Cleanup(f func())
}

// Recorder is a T that keeps what a case reports.
type Recorder struct {
	ctx      context.Context //nolint:containedctx // it stands for a test, whose context it hands out
	mu       sync.Mutex
	failures []string
	skipped  string
	cleanups []func()
}

// Record runs a case and returns what it reported: nothing if the driver passes.
func Record(ctx context.Context, run func(T)) (failures []string, skipped string) {
	r := &Recorder{ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer r.end()
		run(r)
	}()
	<-done
	return r.failures, r.skipped
}

// end runs the cleanups, last first, and takes a panic for a failure.
func (r *Recorder) end() {
	if v := recover(); v != nil {
		r.Errorf("panic: %v", v)
	}
	for _, clean := range slices.Backward(r.cleanups) {
		clean()
	}
}

// Context implements T.
func (r *Recorder) Context() context.Context { return r.ctx }

// Helper implements T.
func (*Recorder) Helper() {}

// Errorf implements T.
func (r *Recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// Fatalf implements T. It ends the case.
func (r *Recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// Skipf implements T. It ends the case.
func (r *Recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// Cleanup implements T.
func (r *Recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
