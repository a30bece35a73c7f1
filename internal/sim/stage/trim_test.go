package stage_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/calweave/calweave/internal/sim/stage"
)

func TestTrimDropsTheOldest(t *testing.T) {
	t.Parallel()
	m := map[string]int64{}
	for i := range int64(20) {
		m[string(rune('a'+i))] = i
	}
	age := func(v int64) int64 { return v }
	stage.Trim(m, 20, age)
	if len(m) != 20 {
		t.Errorf("%d are left of 20 that are not too many", len(m))
	}
	m["z"] = -1
	stage.Trim(m, 20, age)
	left := slices.Sorted(maps.Values(m))
	if len(left) != 18 || left[0] != 2 {
		t.Errorf("left are %v", left)
	}
}
