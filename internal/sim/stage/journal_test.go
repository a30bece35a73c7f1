package stage

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestJournalAgreesWithAModel compares the journal with a plain list of changes.
func TestJournalAgreesWithAModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var j Journal
		latest := map[string]int64{}
		var order []string
		for i := range rapid.IntRange(0, 3000).Draw(t, "changes") {
			id := fmt.Sprint(i * 7919 % rapid.IntRange(1, 40).Draw(t, "items"))
			if _, known := latest[id]; !known {
				order = append(order, id)
			}
			latest[id] = j.Record(id)
		}
		after := rapid.Int64Range(0, j.Seq()).Draw(t, "after")
		upTo := rapid.Int64Range(after, j.Seq()).Draw(t, "upTo")
		want := map[int64]string{}
		for id, seq := range latest {
			if seq > after && seq <= upTo {
				want[seq] = id
			}
		}
		var seqs []int64
		for seq, id := range j.Changes(after, upTo) {
			if want[seq] != id {
				t.Fatalf("change %d is of %q, want %q", seq, id, want[seq])
			}
			seqs = append(seqs, seq)
		}
		if !slices.Equal(seqs, slices.Sorted(maps.Keys(want))) {
			t.Fatalf("changes %v, want %v", seqs, want)
		}
		pos := rapid.IntRange(0, len(order)).Draw(t, "pos")
		var rest []string
		for _, id := range j.From(pos) {
			rest = append(rest, id)
		}
		if !slices.Equal(rest, order[pos:]) {
			t.Fatalf("from %d on: %v, want %v", pos, rest, order[pos:])
		}
		live := 0
		for _, b := range j.blocks {
			n := 0
			for _, e := range b.entries {
				if j.latest[e.id] == e.seq {
					n++
				}
			}
			if live += n; n != b.live || 2*n < len(b.entries) || n == 0 {
				t.Fatalf("of a block's %d changes %d are the latest of their items, counted as %d", len(b.entries), n, b.live)
			}
		}
		if live != len(latest) {
			t.Fatalf("%d of %d items have a latest change", live, len(latest))
		}
	})
}

func TestGlob(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		pattern, name string
		want          bool
	}{
		{"", "/a", true},
		{"*", "/a/b", true},
		{"/a", "/a", true},
		{"/a", "/a/b", false},
		{"/a*", "/a/b", true},
		{"*/b", "/a/b", true},
		{"/a/*/c", "/a/b/x/c", true},
		{"/a/*/c", "/a/c", false},
		{"*b*", "/abc", true},
		{"*b*b*", "/abc", false},
		{"/a*a", "/a", false},
	} {
		if got := globbed(tc.pattern, tc.name); got != tc.want {
			t.Errorf("%q with %q: %v", tc.pattern, tc.name, got)
		}
	}
}

func TestRingKeepsTheLatest(t *testing.T) {
	t.Parallel()
	r := ring[int]{size: 3}
	for i := 1; i <= 5; i++ {
		r.add(i)
	}
	for after, want := range map[uint64][]int{0: {3, 4, 5}, 2: {3, 4, 5}, 4: {5}, 5: nil, 9: nil} {
		if got := r.after(after); !slices.Equal(got, want) {
			t.Errorf("after %d: %v, want %v", after, got, want)
		}
	}
	if r.at(2) != nil || *r.at(3) != 3 || *r.at(5) != 5 || r.at(6) != nil {
		t.Error("single items are wrong")
	}
}

func TestZones(t *testing.T) {
	t.Parallel()
	var z Zones
	for _, name := range []string{"", "Local", "Mars/Base"} {
		if _, err := z.Load(name); err == nil {
			t.Errorf("%q is a zone", name)
		}
	}
	a, err := z.Load("Pacific/Kiritimati")
	b, again := z.Load("Pacific/Kiritimati")
	if err != nil || again != nil || a != b {
		t.Errorf("%v %v, %v %v", a, err, b, again)
	}
}
