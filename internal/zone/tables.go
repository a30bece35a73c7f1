package zone

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// Tables are one version of the time-zone data. The zero value is the one that this process has.
type Tables struct {
	// Version names the data; empty for that of this process.
	Version string
	// Load returns the location of an IANA name that is in use; nil for that of this process.
	Load func(name string) (*time.Location, error)
}

// Name is the version of the tables.
func (t Tables) Name() string { return cmp.Or(t.Version, Version()) }

func (t Tables) location(name string) (*time.Location, error) {
	if t.Load != nil {
		return t.Load(name)
	}
	return location(name)
}

// Find returns the location of an IANA name, one of its aliases, or a Windows name.
func (t Tables) Find(name string) (*time.Location, error) {
	canonical, err := Canonical(name)
	if err != nil {
		return nil, err
	}
	return t.location(canonical)
}

// Supersedes reports whether what another version has resolved is to be resolved by these tables: always, unless the other one is this one or known to
// be newer. A fleet in which two versions run for a while thus ends with the newer one, whichever process looks last.
func (t Tables) Supersedes(other string) bool {
	mine := t.Name()
	a, b := release(mine), release(other)
	switch {
	case mine == other:
		return false
	case len(a) > 0 && len(a) == len(b):
		for i := range a {
			if c := cmp.Compare(a[i], b[i]); c != 0 {
				return c > 0
			}
		}
		return true
	default:
		return true
	}
}

// release is a version as numbers that can be compared with those of its own kind: "2026b" has two, "go1.26.8" three. It is nil for any other form.
func release(version string) []int {
	if text, ok := strings.CutPrefix(version, "go"); ok {
		var out []int
		for part := range strings.SplitSeq(text, ".") {
			n, err := strconv.Atoi(part)
			if err != nil {
				return nil
			}
			out = append(out, n)
		}
		for len(out) < 3 { //nolint:mnd // major, minor, patch
			out = append(out, 0)
		}
		return out
	}
	const yearDigits = 4
	if len(version) != yearDigits+1 || version[yearDigits] < 'a' || version[yearDigits] > 'z' {
		return nil
	}
	year, err := strconv.Atoi(version[:yearDigits])
	if err != nil {
		return nil
	}
	return []int{year, int(version[yearDigits])}
}

// Again resolves one end of a slot that was resolved by other tables. What counts is wall time and zone: an offset only says which of two times is
// meant where wall time happens twice. Wall time that these tables skip is read with the offset in force before the gap.
//
// It returns the end as it is written from now on, too: with the offset that these tables have, where it had one. It has none in a gap, so that it is
// read as it was meant should a later version know no gap there.
func (t Tables) Again(w cal.When) (cal.When, cal.Moment, error) {
	m, err := t.Resolve(w)
	if err == nil {
		return w, m, nil
	}
	name, nameErr := Canonical(w.TimeZone)
	if nameErr != nil || len(w.DateTime) < len(cal.WallLayout) {
		return w, cal.Moment{}, err
	}
	loc, locErr := t.location(name)
	wall, wallErr := time.Parse(cal.WallLayout, w.DateTime[:len(cal.WallLayout)])
	if locErr != nil || wallErr != nil {
		return w, cal.Moment{}, errors.Join(err, locErr, wallErr)
	}
	at, happens := FromWall(wall, loc)
	w.DateTime = wall.Format(cal.WallLayout)
	if happens {
		w.DateTime = at.In(loc).Format(time.RFC3339)
	} else {
		at = FromWallOrAfter(wall, loc)
	}
	return w, cal.Moment{Instant: at.UTC(), Zone: name}, nil
}
