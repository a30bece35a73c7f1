package stage

import (
	"iter"
	"sort"
)

// Journal remembers in which order the items of one calendar were made and when each changed last, so that neither a full nor an incremental
// listing looks at more items than it returns. It is not safe for concurrent use.
type Journal struct {
	seq     int64
	entries []entry
	latest  map[string]int64
	order   []string
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
	if _, known := j.latest[id]; !known {
		j.order = append(j.order, id)
	}
	j.seq++
	j.latest[id] = j.seq
	j.entries = append(j.entries, entry{j.seq, id})
	if len(j.entries) > 1024+2*len(j.latest) {
		j.compact()
	}
	return j.seq
}

// compact drops the changes that a later one of the same item has made void.
func (j *Journal) compact() {
	kept := j.entries[:0]
	for _, e := range j.entries {
		if j.latest[e.id] == e.seq {
			kept = append(kept, e)
		}
	}
	j.entries = kept
}

// Latest is the number of the item's latest change; 0 if it is not there.
func (j *Journal) Latest(id string) int64 { return j.latest[id] }

// Changes yields the items whose latest change is after the one and up to the other, in the order of those changes, with its number.
func (j *Journal) Changes(after, upTo int64) iter.Seq2[int64, string] {
	return func(yield func(int64, string) bool) {
		first := sort.Search(len(j.entries), func(i int) bool { return j.entries[i].seq > after })
		for _, e := range j.entries[first:] {
			if e.seq > upTo {
				return
			}
			if j.latest[e.id] == e.seq && !yield(e.seq, e.id) {
				return
			}
		}
	}
}

// From yields all items in the order in which they were made, from position pos on, with each one's position.
func (j *Journal) From(pos int) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for i := max(pos, 0); i < len(j.order); i++ {
			if !yield(i, j.order[i]) {
				return
			}
		}
	}
}
