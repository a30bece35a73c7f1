package reconcile

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/memdriver"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/work"
)

// TestAnyInterleavingConverges lets a core, persons, listings, late writes, lost answers and dying processes do what they like between any two
// steps of reconciliations, and looks at what is left once they have calmed down.
func TestAnyInterleavingConverges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { newModel(t, everybody).check() })
}

// TestNobodyElseMeansNoReport leaves persons out: whatever else happens, no echo and no late write is taken for a change of theirs.
func TestNobodyElseMeansNoReport(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t, everybody&^persons)
		m.check()
		for _, r := range m.shelf.reports {
			switch r.Type { //nolint:exhaustive // the others are not about persons
			case message.BookingMoved, message.BookingEdited, message.BookingRemoved, message.BookingRestored:
				m.fail("reported %s, but no person did anything", r.Type)
			}
		}
	})
}

// actors are those who may take part in a run of the model.
type actors int

const (
	persons actors = 1 << iota
	core
	listings
	lateWrites
	failures
	deaths
	rivals
	hiding
	everybody = persons | core | listings | lateWrites | failures | deaths | rivals | hiding
)

// model is the world around one link, and what has to hold in it.
type model struct {
	t       *rapid.T
	who     actors
	clock   *clock.Manual
	shelf   *shelf
	account *account
	r       *Reconciler
	stack   []*worker
	calm    bool
	landing bool
	blurred bool
	spec    cal.Booking
	slot    int
	// acts counts what persons did to the content of the event; seen is how much of it the last answer of the provider has shown, told how much
	// the last report was made from.
	acts, seen, told int
	// last is the last report of a change of theirs.
	last record.Report
	// overruled are guests of others that the core has decided about; announced those that a report has shown.
	overruled, announced map[string]bool
	trace                []string
}

// worker is a process that runs. unsure says that it found writes that were never answered.
type worker struct {
	dead, rival, unsure, turned bool
	version                     int64
	agreed                      cal.Content
}

func newModel(t *rapid.T, who actors) *model {
	p := rapid.SampledFrom([]cal.Provider{cal.Google, cal.Microsoft}).Draw(t, "provider")
	c := clock.NewManual(time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC))
	m := &model{
		t: t, who: who, clock: c, shelf: newShelf(c, p), account: newAccount(p, c), overruled: map[string]bool{}, announced: map[string]bool{},
	}
	kind := &m.account.Kind
	kind.Rewrites = rapid.Bool().Draw(t, "rewrites")
	if !m.account.can.Conditional {
		kind.Unseen = rapid.SampledFrom([]fault.Kind{fault.NotFound, fault.Gone}).Draw(t, "says")
		kind.Lag = rapid.SampledFrom([]time.Duration{0, time.Minute}).Draw(t, "lag")
	}
	kind.Blind = !m.account.can.Conditional && rapid.Bool().Draw(t, "blind")
	m.shelf.before, m.shelf.after = m.beforeStore, m.afterSettle
	m.account.asked, m.account.fates, m.account.changed = m.checkCall, m.fate, m.afterWrite
	m.account.updating, m.account.deleting = m.checkUpdate, m.checkDelete
	m.r = &Reconciler{
		Store: m.shelf, Clock: c, Lease: leaseTime, Quiet: func(p cal.Provider) bool { return p == cal.Google },
		Open: m.account.open,
	}
	m.book()
	return m
}

func (m *model) note(format string, args ...any) {
	m.trace = append(m.trace, fmt.Sprintf(format, args...))
}

func (m *model) fail(format string, args ...any) {
	m.t.Helper()
	m.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), strings.Join(m.trace, "\n"))
}

// check lets things happen, lets them calm down, and looks at what is left.
func (m *model) check() {
	steps := rapid.IntRange(1, 12).Draw(m.t, "steps")
	for range steps {
		m.act()
		m.work()
	}
	m.settleDown()
	m.checkEnd()
	if m.shelf.work.state == record.Held {
		m.note("an operator approves")
		m.shelf.release()
		m.settleDown()
		if m.shelf.work.state == record.Held {
			m.fail("held again after the approval: %s", m.shelf.link.Reason)
		}
		m.checkEnd()
	}
	m.checkQuiet()
}

func (m *model) settleDown() {
	m.calm = true
	if m.account.work.Hidden() {
		m.turn()
	}
	m.clock.Advance(m.account.Kind.Lag)
	m.land(len(m.account.late))
	for range 40 {
		m.list()
		if m.shelf.work.state != record.Ready || m.shelf.work.wanted == m.shelf.work.done {
			return
		}
		m.work()
	}
	m.fail("it does not converge: %d wanted, %d done", m.shelf.work.wanted, m.shelf.work.done)
}

// work runs the link's row if there is anything to do, and does with the result what the engine does.
func (m *model) work() {
	row := m.shelf.work
	for _, wait := range []time.Time{row.notBefore, row.until} {
		if row.state == record.Ready && row.wanted > row.done && wait.After(m.clock.Now()) && len(m.stack) == 0 {
			m.clock.Set(wait)
		}
	}
	if !m.shelf.due() {
		return
	}
	l := m.shelf.claim()
	w := &worker{rival: len(m.stack) > 0}
	m.stack = append(m.stack, w)
	m.note("-- run %d for version %d", l.Token, m.shelf.booking.Version)
	err := m.r.Work(m.t.Context(), l)
	m.stack = m.stack[:len(m.stack)-1]
	m.note("-- run %d: %v", l.Token, err)
	switch {
	case w.dead:
		m.clock.Advance(leaseTime + time.Second)
	case err == nil, fault.Is(err, fault.Fenced):
	default:
		o := work.Decide(err, l, m.clock.Now(), func(time.Duration) time.Duration { return 0 })
		if o.State == record.Dead && !m.account.work.Hidden() && !w.turned {
			m.fail("given up: %v", err)
		}
		if err := m.shelf.finish(l, o); err != nil && !fault.Is(err, fault.Fenced) {
			m.fail("%v", err)
		}
	}
}

func (m *model) maybe(label string, who actors, oneIn int) bool {
	return m.who&who != 0 && !m.calm && rapid.IntRange(1, oneIn).Draw(m.t, label) == oneIn
}

// beforeStore is what may happen ahead of a call of the store.
func (m *model) beforeStore(op string) error {
	w := m.stack[len(m.stack)-1]
	if w.dead {
		return errDead
	}
	m.meddle(w)
	if m.maybe("dies before "+op, deaths, 25) {
		m.note("   dies before %s", op)
		w.dead = true
		return errDead
	}
	if op == "case" {
		w.unsure, w.version = len(m.shelf.link.InFlight) > 0, m.shelf.booking.Version
		w.agreed = copied(m.shelf.link.Agreed().Read)
	}
	m.note("   %s", op)
	return nil
}

// meddle lets others act in the middle of a run, and at times lets another worker take the row over.
func (m *model) meddle(w *worker) {
	if m.maybe("meddle", everybody, 5) {
		m.act()
	}
	if !w.rival && m.maybe("rival", rivals, 20) {
		m.note("   frozen")
		m.clock.Advance(leaseTime + time.Second)
		m.work()
		m.note("   thawed")
	}
}

// fate is what becomes of a call of the provider.
func (m *model) fate(op string) fate {
	w := m.stack[len(m.stack)-1]
	if w.dead {
		return died
	}
	token := m.shelf.work.token
	m.meddle(w)
	f := answered
	if m.maybe("failure", failures, 5) {
		f = rapid.SampledFrom([]fate{lostBefore, lostAfter, limited, contested, delayed}).Draw(m.t, "fate")
	}
	if m.maybe("death", deaths, 20) {
		f = rapid.SampledFrom([]fate{died, diedAfter}).Draw(m.t, "death fate")
	}
	write := op == "create" || op == "update" || op == "delete"
	switch {
	case f == delayed && (!write || m.who&lateWrites == 0):
		f = lostBefore
	case f == contested && op != "update" && op != "delete":
		f = answered
	case m.shelf.work.token != token && write:
		f = delayed // what is sent after another worker's writes is a late write
	}
	w.dead = f == died || f == diedAfter
	m.account.version = w.version
	m.note("   %s: %s", op, [...]string{"answered", "lost before", "lost after", "delayed", "limited", "contested", "died", "died after"}[f])
	m.seen = m.acts
	return f
}

// checkCall looks at how a call is made: within the lease, and a write only once it is recorded.
func (m *model) checkCall(ctx context.Context, op string) {
	if m.stack[len(m.stack)-1].dead {
		return
	}
	until, ok := ctx.Deadline()
	if !ok || time.Until(until) >= m.shelf.work.until.Sub(m.clock.Now()) {
		m.fail("%s may take longer than its lease", op)
	}
	for _, w := range []record.Op{record.OpCreate, record.OpUpdate, record.OpDelete} {
		if _, recorded := m.shelf.link.Pending(w); op == string(w) && !recorded {
			m.fail("%s was not recorded before it was made", op)
		}
	}
}

// act lets somebody do something.
func (m *model) act() {
	does := map[actors]func(){
		core: m.coreActs, persons: m.personActs, listings: m.list, lateWrites: func() { m.land(1) }, hiding: m.turn,
	}
	drawn := rapid.SampledFrom([]actors{core, persons, persons, listings, lateWrites, hiding}).Draw(m.t, "actor")
	if m.who&drawn != 0 {
		does[drawn]()
	}
}

// turn hides the calendar, or shows it again, once in a run at the most: no number of looks sees through more. What was given up meanwhile is
// then released.
func (m *model) turn() {
	if len(m.stack) > 0 {
		if m.stack[0].turned {
			return
		}
		for _, w := range m.stack {
			w.turned = true
		}
	}
	if calendar := m.account.work; !calendar.Hidden() {
		calendar.Hide(m.account.can.Conditional || rapid.Bool().Draw(m.t, "unlisted"))
	} else {
		calendar.Show()
		if m.shelf.work.state == record.Dead {
			m.shelf.work.state, m.shelf.work.attempts = record.Ready, 0
			m.shelf.mark()
		}
	}
	m.note("   the calendar is hidden: %v", m.account.work.Hidden())
}

// list is a listing of the calendar.
func (m *model) list() {
	if m.account.work.Hidden() {
		return
	}
	for _, e := range m.account.work.Events() {
		if m.account.work.Readable(e.ID) {
			m.shelf.publish(e.ID, e.ETag, e.Gone())
		}
	}
	m.note("   listed")
}

// land lets late writes take effect, as far as the design promises to see through them: before the next agreement, or once nobody else is at it
// and as an older version as a whole.
func (m *model) land(n int) {
	queue := m.account.late
	m.account.late = nil
	for i, w := range queue {
		present, _, _ := m.wanted()
		open := m.shelf.work.wanted > m.shelf.work.done && slices.ContainsFunc(m.shelf.link.InFlight, func(f record.Write) bool {
			return f.Op == record.Op(w.op) && f.Version == w.version
		})
		switch {
		case i >= n, !open && !m.calm:
			m.account.late = append(m.account.late, w)
			continue
		case !open && (w.op != "update" || m.account.Kind.Rewrites || !m.showsOlder(w)):
			continue
		case len(m.stack) > 0 && (w.op == "delete") == present:
			continue // after the look that has decided that the event still stands, or does not
		case len(m.stack) > 0 && w.op == "update":
			continue // after the look that has decided what is agreed on
		}
		m.landing = true
		m.note("   a late %s lands: %v", w.op, w.apply())
		m.landing = false
	}
}

// showsOlder tries a late update out and reports whether the event then shows an older version as a whole.
func (m *model) showsOlder(w lateWrite) bool {
	id := m.shelf.link.EventID
	before, ok := m.account.work.Event(id)
	if !ok {
		return false
	}
	hooks := m.account.Hooks
	m.account.Hooks = memdriver.Hooks{}
	if err := w.apply(); err != nil {
		m.note("   a late %s would not land: %v", w.op, err)
	}
	shown := m.account.known(id).event.Content
	m.account.work.Put(before)
	m.account.Hooks = hooks
	_, _, owned := m.wanted() // guests that are nobody's business any more are not seen through
	return owned == cal.AllFields && slices.ContainsFunc(m.shelf.sent[m.shelf.link.Generation], func(s record.SentHash) bool {
		return s.Version < m.shelf.booking.Version && s.Hash == shown.Hash(cal.AllFields)
	})
}

func (m *model) isOlder(c cal.Content) bool {
	for _, s := range m.shelf.sent[m.shelf.link.Generation] {
		if s.Version < m.shelf.booking.Version && (s.Hash == c.Hash(cal.AllFields) || s.Hash == c.Hash(cal.AllFields&^cal.Fields(cal.FieldAttendees))) {
			return true
		}
	}
	return false
}
