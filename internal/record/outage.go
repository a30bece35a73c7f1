package record

import "time"

// OutageError is a failure that is its provider's and not the work's: the provider has been found away, and is tried again after Wait. It reads as its
// cause does.
type OutageError struct {
	Wait time.Duration
	Err  error
}

// Error is the cause's text.
func (e *OutageError) Error() string {
	if e.Err == nil {
		return "the provider is away"
	}
	return e.Err.Error()
}

// Unwrap returns the cause; nil if there is none.
func (e *OutageError) Unwrap() error { return e.Err }
