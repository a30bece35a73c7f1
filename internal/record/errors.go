package record

import "errors"

// ErrNotFound means that the tenant has no such row.
var ErrNotFound = errors.New("not found")

// ErrStale means that a row changed between reading and writing it: read it again and decide anew.
var ErrStale = errors.New("changed meanwhile")
