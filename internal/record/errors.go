package record

import "errors"

// ErrNotFound means that the tenant has no such row.
var ErrNotFound = errors.New("not found")

// ErrStale means that a row changed between reading and writing it: read it again and decide anew.
var ErrStale = errors.New("changed meanwhile")

// ErrDecided means that somebody has decided already, or that there is nothing left to decide about.
var ErrDecided = errors.New("decided already")

// ErrLimit means that the tenant has as many of something as it may have.
var ErrLimit = errors.New("the limit is reached")

// ErrTaken means that another attempt carries out the same request, so that this one must not.
var ErrTaken = errors.New("another attempt carries this request out")

// ErrInUse means that something else needs the row, which therefore stays.
var ErrInUse = errors.New("in use")

// SuspectError means that the last run of a row ended without a word, so that it may have ended its process, or merely have been in it. Such a row
// runs alone, so that it harms nobody and its next end says whose fault it was.
type SuspectError struct {
	// Last says that the row is quarantined unless its next run has an outcome.
	Last bool
}

// Error says that the row has to run alone.
func (e *SuspectError) Error() string {
	return "the last run of this row ended without an outcome: it has to run alone"
}
