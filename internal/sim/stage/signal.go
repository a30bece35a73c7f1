package stage

import (
	"context"
	"fmt"
	"sync"
)

// Signal is raised on every change of the simulators' state, so that anyone can wait for a condition without polling.
type Signal struct {
	mu      sync.Mutex
	seq     uint64
	changed chan struct{}
}

// Raise says that something changed.
func (s *Signal) Raise() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// Next returns how often the signal was raised, and a channel that is closed when it is raised again.
func (s *Signal) Next() (uint64, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.seq, s.changed
}

// Wait returns when cond holds, which is evaluated at once and after every change, or with an error when ctx ends first. cond runs on the
// caller's goroutine and may read any state.
func (s *Signal) Wait(ctx context.Context, cond func() bool) error {
	for {
		_, changed := s.Next()
		if cond() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the simulator: %w", context.Cause(ctx))
		}
	}
}
