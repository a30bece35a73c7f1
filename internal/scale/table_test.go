package scale

import (
	"cmp"
	"container/heap"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// table is the store's work table, with the rules of its SQL. Processes do not die here, so that leases do not run out.
type table struct {
	mu    sync.Mutex
	rows  map[task.Ref]*row
	lanes map[laneOf]*line
	open  int
	// served is closed once nothing is open; claims counts how often rows were claimed.
	served chan struct{}
	claims int
}

// laneOf is what takes turns in a sweep.
type laneOf struct {
	tenant cal.TenantID
	lane   task.Lane
}

type row struct {
	ref               task.Ref
	lane              task.Lane
	connection        cal.ConnectionID
	wanted            int // the order of wanted_at
	notBefore, leased time.Time
	token             int64
	attempts          int
	inLine, done      bool
	// ended is closed once it is done.
	ended chan struct{}
}

// line is what one tenant wants in one lane: what waits by its time, and what is due by its age.
type line struct {
	waiting, due entries
}

// entry is a row as it was given back; once it was claimed again it stands for nothing.
type entry struct {
	*row
	at    time.Time
	token int64
}

func (e entry) valid() bool { return !e.done && e.leased.IsZero() && e.row.token == e.token }

// entries are a heap.
type entries struct {
	all  []entry
	less func(a, b entry) bool
}

func (h *entries) Len() int           { return len(h.all) }
func (h *entries) Less(i, j int) bool { return h.less(h.all[i], h.all[j]) }
func (h *entries) Swap(i, j int)      { h.all[i], h.all[j] = h.all[j], h.all[i] }
func (h *entries) Push(x any)         { h.all = append(h.all, x.(entry)) } //nolint:forcetypeassert // of heap.Push
func (h *entries) Pop() any {
	last := h.all[len(h.all)-1]
	h.all = h.all[:len(h.all)-1]
	return last
}

// take takes up to n rows of the first, as long as they come due by a moment.
func (h *entries) take(by time.Time, n int) []entry {
	var out []entry
	for h.Len() > 0 && len(out) < n && !h.all[0].at.After(by) {
		if e := heap.Pop(h).(entry); e.valid() { //nolint:forcetypeassert // entries only
			out = append(out, e)
		}
	}
	return out
}

func newTable() *table {
	return &table{rows: map[task.Ref]*row{}, lanes: map[laneOf]*line{}, served: make(chan struct{}, 1)}
}

// mark wants work of a new row and returns its hint.
func (t *table) mark(ref task.Ref, lane task.Lane, connection cal.ConnectionID) task.Hint {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := &row{ref: ref, lane: lane, connection: connection, wanted: len(t.rows), ended: make(chan struct{})}
	t.rows[ref] = r
	t.open++
	heap.Push(&t.lineOf(r).due, entry{row: r})
	return task.Hint{Schema: task.SchemaVersion, Ref: ref, Lane: lane}
}

func (t *table) lineOf(r *row) *line {
	of := laneOf{r.ref.Tenant, r.lane}
	l := t.lanes[of]
	if l == nil {
		l = &line{
			waiting: entries{less: func(a, b entry) bool { return a.at.Before(b.at) }},
			due:     entries{less: func(a, b entry) bool { return a.wanted < b.wanted }},
		}
		t.lanes[of] = l
	}
	return l
}

func (r *row) isDue(now time.Time) bool {
	return !r.done && r.leased.IsZero() && !r.notBefore.After(now)
}

// Due is the sweep's query.
func (t *table) Due(_ context.Context, now, by time.Time, perTenant, limit int) ([]record.Due, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	type placed struct {
		entry
		place int
	}
	var all []placed
	for _, l := range t.lanes {
		for _, e := range l.waiting.take(now, len(t.rows)) {
			heap.Push(&l.due, e)
		}
		due := l.due.take(now, perTenant)
		soon := l.waiting.take(by, perTenant-len(due))
		for _, e := range due {
			heap.Push(&l.due, e)
		}
		for _, e := range soon {
			heap.Push(&l.waiting, e)
		}
		for place, e := range append(due, soon...) {
			all = append(all, placed{e, place})
		}
	}
	urgency := func(p placed) int { return slices.Index(task.Lanes(), p.lane) }
	slices.SortFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(urgency(a), urgency(b)), cmp.Compare(a.wanted, b.wanted))
	})
	var due []record.Due
	for _, p := range all[:min(limit, len(all))] {
		due = append(due, record.Due{Hint: task.Hint{Schema: task.SchemaVersion, Ref: p.ref, Lane: p.lane}, At: p.at})
	}
	return due, nil
}

// ClaimIn takes a row that is due.
func (t *table) ClaimIn(_ context.Context, _ record.Company, ref task.Ref, d time.Duration) (record.Lease, bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, now := t.rows[ref], time.Now()
	if !r.isDue(now) {
		return record.Lease{}, false, nil
	}
	t.claims++
	r.leased = now.Add(d)
	r.token++
	return record.Lease{
		Ref: ref, Lane: r.lane, ConnectionID: r.connection, Token: r.token, Wanted: 1, Until: r.leased, InLine: r.inLine, Attempts: r.attempts, Crashes: 1,
	}, true, nil
}

// LeaseEnd is when a lease ends.
func (t *table) LeaseEnd(_ context.Context, ref task.Ref, token int64) (time.Time, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.rows[ref]; r.token == token {
		return r.leased, nil
	}
	return time.Time{}, nil
}

// Finish writes an outcome.
func (t *table) Finish(_ context.Context, l record.Lease, o record.Outcome, _ ...record.Mark) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.rows[l.Ref]
	if r.token != l.Token || r.leased.IsZero() {
		return fault.Newf(fault.Fenced, "table", "lost")
	}
	r.leased, r.notBefore, r.inLine, r.attempts = time.Time{}, o.NotBefore, o.InLine, o.Attempts
	if !o.Served {
		heap.Push(&t.lineOf(r).waiting, entry{r, r.notBefore, r.token})
		return nil
	}
	r.done = true
	close(r.ended)
	t.settle(-1)
	return nil
}

// settle counts what is open. t.mu is held.
func (t *table) settle(n int) {
	if t.open += n; t.open == 0 {
		t.served <- struct{}{}
	}
}

// hold keeps the table from being served until as much is taken back.
func (t *table) hold(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settle(n)
}

// doneOf is closed once a row is done.
func (t *table) doneOf(ref task.Ref) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rows[ref].ended
}
