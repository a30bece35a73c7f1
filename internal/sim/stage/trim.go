package stage

import (
	"cmp"
	"maps"
	"slices"
)

// Trim drops the oldest tenth of a map that has come to hold more than most entries, so that what is remembered of the past does not grow for
// ever. age is lower for what is older.
func Trim[K comparable, V any](m map[K]V, most int, age func(V) int64) {
	if len(m) <= most {
		return
	}
	names := slices.Collect(maps.Keys(m))
	slices.SortFunc(names, func(a, b K) int { return cmp.Compare(age(m[a]), age(m[b])) })
	for _, name := range names[:len(m)-most*9/10] {
		delete(m, name)
	}
}
