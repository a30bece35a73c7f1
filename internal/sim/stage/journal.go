package stage

import (
	"iter"
	"slices"
	"sort"
	"sync/atomic"
)

// blockSize is how many changes stand together in a Journal.
const blockSize = 256

// Journal remembers in which order the items of one calendar were made and when each changed last, so that neither a full nor an incremental
// listing looks at more items than it returns. It is not safe for concurrent use, but for reading.
type Journal struct {
	seq    int64
	blocks []*block
	latest map[string]int64
	order  []string
	visits atomic.Uint64
}

// block are changes that stand together. At least half of them are the latest of their items, so that a reader passes over few others.
type block struct {
	entries []entry
	live    int
}

type entry struct {
	seq int64
	id  string
}

// Seq is the number of the latest change; 0 before the first.
func (j *Journal) Seq() int64 { return j.seq }

// Record notes that the item changed, or was made, and returns the change's number.
func (j *Journal) Record(id string) int64 {
	if j.latest == nil {
		j.latest = map[string]int64{}
	}
	before, known := j.latest[id]
	j.seq++
	j.latest[id] = j.seq
	if known {
		j.void(before)
	} else {
		j.order = append(j.order, id)
	}
	if n := len(j.blocks); n == 0 || len(j.blocks[n-1].entries) == blockSize {
		j.blocks = append(j.blocks, &block{})
	}
	last := j.blocks[len(j.blocks)-1]
	last.entries = append(last.entries, entry{j.seq, id})
	last.live++
	return j.seq
}

// void takes out a change that a later one of the same item has replaced: at once if the block is then empty, or else with the others once they
// are more than half of it.
func (j *Journal) void(seq int64) {
	at := j.block(seq)
	b := j.blocks[at]
	b.live--
	switch {
	case b.live == 0:
		j.blocks = slices.Delete(j.blocks, at, at+1)
	case 2*b.live < len(b.entries):
		b.entries = slices.DeleteFunc(b.entries, func(e entry) bool { return j.latest[e.id] != e.seq })
	}
}

// block is the last one that begins at or before the change; 0 if none does.
func (j *Journal) block(seq int64) int {
	return max(sort.Search(len(j.blocks), func(i int) bool { return j.blocks[i].entries[0].seq > seq })-1, 0)
}

// Visits is how many items all readers have looked at so far: what tests hold against what was shown.
func (j *Journal) Visits() uint64 { return j.visits.Load() }

// Latest is the number of the item's latest change; 0 if it is not there.
func (j *Journal) Latest(id string) int64 { return j.latest[id] }

// Changes yields the items whose latest change is after the one and up to the other, in the order of those changes, with its number.
func (j *Journal) Changes(after, upTo int64) iter.Seq2[int64, string] {
	return func(yield func(int64, string) bool) {
		visits := uint64(0)
		defer func() { j.visits.Add(visits) }()
		for _, b := range j.blocks[min(j.block(after), len(j.blocks)):] {
			for _, e := range b.entries[sort.Search(len(b.entries), func(i int) bool { return b.entries[i].seq > after }):] {
				visits++
				if e.seq > upTo {
					return
				}
				if j.latest[e.id] == e.seq && !yield(e.seq, e.id) {
					return
				}
			}
		}
	}
}

// From yields all items in the order in which they were made, from position pos on, with each one's position.
func (j *Journal) From(pos int) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		visits := uint64(0)
		defer func() { j.visits.Add(visits) }()
		for i := max(pos, 0); i < len(j.order); i++ {
			visits++
			if !yield(i, j.order[i]) {
				return
			}
		}
	}
}
