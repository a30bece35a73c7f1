package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

// The bounds of a page.
const (
	defaultPage = 50
	largestPage = 200
)

// listing is a request for one page of a list.
type listing struct {
	// name is the list and its filters: a cursor of another one would leave rows out.
	name  string
	limit int
	// after is the place that the page before has ended at; empty for the first one.
	after string
}

// newListing reads the parameters that every list has. name is the list, filters are the values of its other parameters.
func newListing(name string, limit *int, cursor *string, filters ...string) (listing, error) {
	l := listing{name: name + "\n" + strings.Join(filters, "\n")}
	var err error
	if l.limit, err = pageSize(limit); err != nil || cursor == nil {
		return l, err
	}
	var ok bool
	if l.after, ok = l.place(*cursor); !ok {
		return l, refuse(record.ReasonInvalid, wrongParameter, message.Problem{
			Pointer: "query: cursor", Detail: "this is no next_cursor of this list with these filters: leave it out to begin at the start",
		})
	}
	return l, nil
}

// pageSize is how much a page holds.
func pageSize(asked *int) (int, error) {
	if asked == nil {
		return defaultPage, nil
	}
	if *asked < 1 || *asked > largestPage {
		return 0, refuse(record.ReasonInvalid, wrongParameter,
			message.Problem{Pointer: "query: limit", Detail: fmt.Sprintf("give a number from 1 to %d", largestPage)})
	}
	return *asked, nil
}

// mark is what cursors of the list begin with.
func (l listing) mark() []byte {
	const size = 6
	sum := sha256.Sum256([]byte(l.name))
	return sum[:size]
}

// cursor is an opaque name for a place in the list.
func (l listing) cursor(place string) *string {
	out := base64.RawURLEncoding.EncodeToString(append(l.mark(), place...))
	return &out
}

// place is what a cursor of the list names. It is the caller's word: it says where to go on, and nothing else.
func (l listing) place(cursor string) (string, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return "", false
	}
	place, ok := bytes.CutPrefix(raw, l.mark())
	if !ok || len(place) == 0 || bytes.ContainsFunc(place, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", false
	}
	return string(place), true
}

// cut takes one page out of rows, of which one more was asked for than the page holds, and names where the next page begins; nil on the last one.
func cut[T any](l listing, rows []T, place func(T) string) ([]T, *string) {
	if len(rows) <= l.limit {
		return rows, nil
	}
	rows = rows[:l.limit]
	return rows, l.cursor(place(rows[l.limit-1]))
}

// text is a parameter's value, or empty.
func text[T ~string](v *T) string {
	if v == nil {
		return ""
	}
	return string(*v)
}
