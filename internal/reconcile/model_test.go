package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
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
	everybody = persons | core | listings | lateWrites | failures | deaths | rivals
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
	// overruled are guests of others that the core has decided about; announced those that a report has shown.
	overruled, announced map[string]bool
	trace                []string
}

// worker is a process that runs. unsure says that it found writes that were never answered.
type worker struct {
	dead, rival, unsure bool
	version             int64
	agreed              cal.Content
}

func newModel(t *rapid.T, who actors) *model {
	p := rapid.SampledFrom([]cal.Provider{cal.Google, cal.Microsoft}).Draw(t, "provider")
	c := clock.NewManual(time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC))
	m := &model{
		t: t, who: who, clock: c, shelf: newShelf(c, p), account: newAccount(p), overruled: map[string]bool{}, announced: map[string]bool{},
	}
	m.account.rewrites = rapid.Bool().Draw(t, "rewrites")
	m.account.blind = !m.account.can.Conditional && rapid.Bool().Draw(t, "blind")
	m.shelf.before, m.shelf.after = m.beforeStore, m.afterSettle
	m.account.fates, m.account.changed = m.fate, m.afterWrite
	m.account.updating, m.account.deleting = m.checkUpdate, m.checkDelete
	m.r = &Reconciler{
		Store: m.shelf, Clock: c, Lease: leaseTime, Quiet: func(p cal.Provider) bool { return p == cal.Google },
		Open: func(context.Context, cal.TenantID, cal.ConnectionID) (Client, Abilities, error) {
			return m.account, m.account.can, nil
		},
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
		if o.State == record.Dead {
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
		w.agreed = copied(firstSent(m.shelf.link).Read)
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
func (m *model) fate(ctx context.Context, op string) fate {
	w := m.stack[len(m.stack)-1]
	if w.dead {
		return died
	}
	token := m.shelf.work.token
	m.checkCall(ctx, op)
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
	switch rapid.SampledFrom([]actors{core, persons, persons, listings, lateWrites}).Draw(m.t, "actor") & m.who {
	case core:
		m.coreActs()
	case persons:
		m.personActs()
	case listings:
		m.list()
	case lateWrites:
		m.land(1)
	}
}

// list is a listing of the calendar.
func (m *model) list() {
	for id, h := range m.account.held {
		m.shelf.publish(id, h.event.ETag, h.event.Gone())
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
		case !open && (w.op != "update" || m.account.rewrites || !m.showsOlder(w)):
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
	h, ok := m.account.held[id]
	if !ok {
		return false
	}
	before, changed, updating := *h, m.account.changed, m.account.updating
	m.account.changed, m.account.updating = nil, nil
	w.apply()
	shown := h.event.Content
	*h = before
	m.account.changed, m.account.updating = changed, updating
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

// The core.

func slotAt(i int) cal.Slot {
	at := time.Date(2026, 10, 5, 9+i, 0, 0, 0, time.UTC)
	return cal.Slot{Start: cal.Moment{Instant: at, Zone: "UTC"}, End: cal.Moment{Instant: at.Add(time.Hour), Zone: "UTC"}}
}

func (m *model) book() {
	m.spec = cal.Booking{
		Version: 1, Title: "title", Description: "description", Location: "location", Notify: cal.NotifyNone,
		Attendees: guestList("a@core.test", "b@core.test"), Targets: []cal.Target{{CalendarID: "cal_1", Authoritative: true}},
	}
	if rapid.Bool().Draw(m.t, "mails") {
		m.spec.Notify = cal.NotifyAll
	}
	m.shelf.accept(accepted{spec: m.spec, slot: slotAt(0), target: true, authoritative: true})
	m.note("core books version 1, notify %s on %s, rewrites %v, blind %v", m.spec.Notify, m.account.name, m.account.rewrites, m.account.blind)
}

func guestList(emails ...string) []cal.Attendee {
	var out []cal.Attendee
	for _, e := range emails {
		out = append(out, cal.Attendee{Email: e})
	}
	return out
}

func (m *model) coreActs() {
	l := m.shelf.link
	decide := rapid.Bool().Draw(m.t, "if-match")
	kind := rapid.SampledFrom([]string{"revise", "revise", "revise", "cancel", "drop", "demote"}).Draw(m.t, "core")
	if l.State == record.LinkDiverged && l.Target && !decide && kind != "cancel" {
		return // the intake refuses it
	}
	a := accepted{decide: decide, target: true, authoritative: true}
	m.spec.Version++
	switch kind {
	case "cancel":
		a.cancelled = true
	case "drop":
		a.target = false
	case "demote":
		a.authoritative = false
		for _, h := range m.account.live() {
			for _, s := range h.strangers {
				m.announced[s] = true // guests there are not the core's business any more
			}
		}
	default:
		m.revise()
	}
	if decide && l.Observed != nil {
		m.overrule(l)
	}
	a.spec, a.slot = m.spec, slotAt(m.slot)
	_, _, owned := m.wanted()
	m.shelf.accept(a)
	if _, _, now := m.wanted(); now&^owned != 0 {
		m.acts++ // guests of others become the core's business
	}
	m.note("   core: %s version %d, if-match %v: %q %q %d %v %s", kind, m.spec.Version, decide, m.spec.Title, m.spec.Description, m.slot,
		m.spec.Attendees, m.spec.Notify)
}

func (m *model) revise() {
	pick := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(m.t, label) }
	switch pick("field", "title", "description", "location", "slot", "attendees", "notify", "nothing") {
	case "title":
		m.spec.Title = pick("title", "title", "other title")
	case "description":
		m.spec.Description = pick("description", "description", "other description", "")
	case "location":
		m.spec.Location = pick("location", "location", "")
	case "slot":
		m.slot = rapid.IntRange(0, 2).Draw(m.t, "slot")
	case "attendees":
		m.spec.Attendees = guestList(rapid.SampledFrom([][]string{{}, {"a@core.test"}, {"b@core.test", "c@core.test"}}).Draw(m.t, "guests")...)
	case "notify":
		m.spec.Notify = rapid.SampledFrom([]cal.Notify{cal.NotifyNone, cal.NotifyAll}).Draw(m.t, "notify")
	}
}

// overrule notes which changes of persons the core has decided about.
func (m *model) overrule(l record.Link) {
	undecided := told(l)
	h, ok := m.account.held[l.EventID]
	if !ok {
		return
	}
	since := h.event.Content.Differences(*l.Observed, undecided) // what persons have done since that report is theirs still
	h.before = h.before.Overlay(*l.Observed, undecided&^since).Overlay(h.event.Content, since)
	h.byPerson = h.byPerson&^undecided | since
	h.stillTheirs = h.stillTheirs&^undecided | since
	for _, g := range l.Observed.Attendees {
		m.overruled[g.Email] = true
	}
}

// Persons.

func (m *model) personActs() {
	live := m.account.live()
	if len(live) == 0 {
		return
	}
	h := live[0]
	id := h.event.ID
	if h.event.Content.Title == "" {
		return // nobody sees an event that was made only to be taken away
	}
	saved := copied(h.event)
	byPerson, touched, strangers := h.byPerson, h.touched, slices.Clone(h.strangers)
	kind := rapid.SampledFrom([]string{"title", "description", "move", "undo", "delete", "invite", "disinvite", "respond", "colour"}).Draw(m.t, "person")
	unique := fmt.Sprintf("person %d", m.acts+1)
	c := h.event.Content
	acts := 1
	switch kind {
	case "title":
		c.Title = unique
		m.account.person(id, cal.FieldTitle, c)
	case "description":
		c.Description = unique
		m.account.person(id, cal.FieldDescription, c)
	case "move":
		c.Slot = slotAt(100 + m.acts)
		m.account.person(id, cal.FieldSlot, c)
	case "invite":
		guest := fmt.Sprintf("guest%d@person.test", m.acts+1)
		if _, _, owned := m.wanted(); !owned.Has(cal.FieldAttendees) {
			m.announced[guest] = true // nobody asked
		}
		h.strangers = append(h.strangers, guest)
		c.Attendees = append(slices.Clone(c.Attendees), cal.Attendee{Email: guest})
		m.account.person(id, cal.FieldAttendees, c)
	case "disinvite":
		if len(c.Attendees) == 0 {
			return
		}
		h.strangers = slices.DeleteFunc(h.strangers, func(s string) bool { return s == c.Attendees[0].Email })
		c.Attendees = c.Attendees[1:]
		m.account.person(id, cal.FieldAttendees, c)
	case "undo":
		m.undo(h)
	case "delete":
		h.bury(m.account.etag(), "person")
	case "respond":
		acts = 0
		if len(c.Attendees) > 0 {
			h.event.Content.Attendees[0].Response = cal.ResponseAccepted
		}
		h.event.ETag = m.account.etag()
	case "colour":
		acts = 0
		h.colour, h.event.ETag = unique, m.account.etag()
	}
	if kind != "delete" && m.isOlder(h.event.Content) {
		// Nobody can tell this from a late write of ours, by design.
		h.event, h.byPerson, h.touched, h.strangers = saved, byPerson, touched, strangers
		return
	}
	m.acts += acts
	m.note("   person: %s %s", kind, id)
}

// undo takes back what persons changed, where nothing of ours has taken its place since.
func (m *model) undo(h *heldEvent) {
	h.event.Content = h.event.Content.Overlay(h.before, h.byPerson)
	h.strangers = nil
	for _, a := range h.event.Content.Attendees {
		if strings.HasSuffix(a.Email, "@person.test") {
			h.strangers = append(h.strangers, a.Email)
		}
	}
	h.byPerson &= h.stillTheirs
	h.event.ETag = m.account.etag()
}

// What has to hold at each step.

// wanted is what the core wants of the link and which fields it owns there.
func (m *model) wanted() (present bool, c cal.Content, owned cal.Fields) {
	l, b := m.shelf.link, m.shelf.booking
	present = l.Target && !b.Cancelled
	c = cal.Content{Title: b.Spec.Title, Description: b.Spec.Description, Location: b.Spec.Location, Slot: b.Slot}
	owned = cal.AllFields &^ cal.Fields(cal.FieldAttendees)
	if l.Authoritative && (m.account.can.Quiet || b.Spec.Notify == cal.NotifyAll) {
		owned = cal.AllFields
		c.Attendees = b.Spec.Attendees
	}
	return present, c, owned
}

func (m *model) checkUpdate(req provider.UpdateEvent, h *heldEvent) {
	if m.account.can.Conditional && req.ETag == "" {
		m.fail("an update without If-Match, although the provider has it")
	}
	for _, u := range req.Uninvite {
		if strings.HasSuffix(u, "@person.test") && !m.overruled[u] {
			m.fail("takes off %s, a guest of somebody else's", u)
		}
	}
	if len(req.Invite)+len(req.Uninvite) > 0 && !req.Fields.Has(cal.FieldAttendees) {
		m.fail("changes guests without writing them")
	}
	if m.landing {
		return
	}
	stale := req.ETag != h.event.ETag
	if m.account.blind && stale && req.Fields.Has(cal.FieldAttendees) {
		m.blurred = true // what a person did to the guests meanwhile looks like what the provider made of ours
	}
	for _, f := range (req.Fields & h.byPerson).Each() {
		ambiguous := slices.ContainsFunc(m.shelf.link.InFlight, func(w record.Write) bool {
			return w.Content.Differences(h.event.Content, cal.Fields(f)) == 0
		})
		switch {
		case ambiguous, m.isOlder(h.event.Content): // it shows what a write of ours asked for
		case m.stack[len(m.stack)-1].agreed.Differences(h.event.Content, cal.Fields(f)) == 0: // the core knew
		case m.account.blind && stale:
		case f == cal.FieldAttendees:
		case f == cal.FieldDescription && m.stack[len(m.stack)-1].unsure:
			// With an unanswered write there is no telling what the provider makes of text from what a person does.
		default:
			m.fail("overwrites the %s that a person has changed and nobody decided about", f)
		}
	}
}

func (m *model) checkDelete(req provider.DeleteEvent, _ *heldEvent) {
	if m.account.can.Conditional && req.ETag == "" {
		m.fail("a delete without If-Match, although the provider has it")
	}
}

// afterWrite looks at what a write has done: never two events at a time, and no mail that nobody asked for.
func (m *model) afterWrite(op string, _ cal.EventID, notify cal.Notify, guests bool) {
	m.note("   effect: %s", op)
	if n := len(m.account.live()); n > 1 {
		m.fail("%d events at a time", n)
	}
	covered := notify == cal.NotifyAll || m.shelf.link.State == record.LinkApproved
	if !m.account.can.Quiet && guests && !covered && !m.landing && !m.account.blind {
		m.fail("%s mails guests whom nobody wanted to be mailed", op)
	}
}

// afterSettle looks at what was decided.
func (m *model) afterSettle(d record.Decision) {
	m.note("   settled: %s generation %d, reports %v", d.Link.State, d.Link.Generation, types(d.Reports))
	if h, ok := m.account.held[d.Link.EventID]; ok && d.Link.ETag == h.event.ETag {
		_, want, _ := m.wanted()
		h.byPerson &= h.event.Content.Differences(want, cal.AllFields) // what the core wants too is nobody's change
	}
	for _, r := range d.Reports {
		switch r.Type { //nolint:exhaustive // the others are not about persons
		case message.BookingMoved, message.BookingEdited:
			m.checkReport(d, r)
		case message.BookingRemoved:
			if h := m.generation(d.Link.Generation - 1); h == nil || h.deletedBy != "person" {
				m.fail("reported as removed, but no person did it")
			}
			m.told = m.seen
		case message.BookingHeld:
			if m.account.can.Quiet || d.Event == nil || len(d.Event.Content.Attendees) == 0 {
				m.fail("held, but nobody would be mailed")
			}
		}
	}
}

func (m *model) checkReport(d record.Decision, r record.Report) {
	h := m.account.held[d.Link.EventID]
	if m.seen == m.told && r.Diverged {
		m.fail("%s %v: nobody has done anything since the last report", r.Type, r.Fields)
	}
	for _, name := range r.Fields {
		if !slices.Contains(h.touched.Names(), name) {
			m.fail("%s names %s, which no person has touched", r.Type, name)
		}
	}
	if (r.Type == message.BookingMoved) != slices.Contains(r.Fields, "slot") {
		m.fail("%s names %v", r.Type, r.Fields)
	}
	for _, a := range r.Event.Attendees {
		m.announced[a.Email] = true
	}
	m.told = m.seen
}

func types(rs []record.Report) []message.Type {
	var out []message.Type
	for _, r := range rs {
		out = append(out, r.Type)
	}
	return out
}

// generation is the event of a generation of the link.
func (m *model) generation(n int) *heldEvent {
	l := m.shelf.link
	l.Generation = n
	return m.account.held[m.account.keys[l.Key(tenant)]]
}

// What has to hold in the end.

func (m *model) checkEnd() {
	l := m.shelf.link
	present, _, _ := m.wanted()
	live := m.account.live()
	for g := 1; g < l.Generation; g++ {
		if h := m.generation(g); h == nil || !h.event.Gone() {
			m.fail("generation %d is over, but its event is not proven gone", g)
		}
	}
	switch {
	case m.shelf.work.state == record.Held:
		// Until an operator approves, the link hears nothing more.
		if present && m.told == m.acts && len(live) == 1 {
			m.checkReported(live[0])
		}
	case !present:
		if len(live) != 0 || l.State != record.LinkRemoved || l.Synced != m.shelf.booking.Version {
			m.fail("not wanted, but %d events stand and the link is %s at %d", len(live), l.State, l.Synced)
		}
	case l.EventID == "":
		if len(live) != 0 || l.State != record.LinkDiverged || m.generation(l.Generation-1).deletedBy != "person" {
			m.fail("wanted, but there is no event and the link is %s", l.State)
		}
	case len(live) != 1 || live[0].event.ID != l.EventID:
		m.fail("wanted, but %d events stand", len(live))
	default:
		m.checkShown(live[0])
		m.checkReported(live[0])
	}
}

// checkShown wants the newest version shown, but for what a person changed.
func (m *model) checkShown(h *heldEvent) {
	_, want, owned := m.wanted()
	if m.account.rewrites {
		want = m.account.stored(want)
	}
	for _, f := range h.event.Content.Differences(want, owned).Each() {
		if f == cal.FieldAttendees && (m.blurred || m.onlyStrangersMore(h, want)) || h.byPerson.Has(f) {
			continue
		}
		m.fail("%s shows %+v, want %+v", f, h.event.Content, want)
	}
	if !m.shelf.link.Authoritative && !h.touched.Has(cal.FieldAttendees) {
		for _, a := range h.event.Content.Attendees {
			if strings.HasSuffix(a.Email, "@core.test") {
				m.fail("the target is not authoritative, and %s is still a guest there", a.Email)
			}
		}
	}
	for _, s := range h.strangers {
		there := slices.ContainsFunc(h.event.Content.Attendees, func(a cal.Attendee) bool { return a.Email == s })
		if !there && !m.overruled[s] {
			m.fail("the guest %s of somebody else's is gone", s)
		}
	}
}

// onlyStrangersMore reports whether the event shows all guests wanted, and others only that a person has added and the core has heard of.
func (m *model) onlyStrangersMore(h *heldEvent, want cal.Content) bool {
	left := h.event.Content.Attendees
	for _, w := range want.Attendees {
		i := slices.IndexFunc(left, func(a cal.Attendee) bool { return a.Email == w.Email })
		if i < 0 {
			return false
		}
		left = slices.Delete(slices.Clone(left), i, i+1)
	}
	return !slices.ContainsFunc(left, func(a cal.Attendee) bool {
		theirs := slices.Contains(h.strangers, a.Email) || h.touched.Has(cal.FieldAttendees)
		return !theirs || !m.announced[a.Email]
	})
}

// checkReported wants every person's change that still stands reported, in the last word that the core has heard.
func (m *model) checkReported(h *heldEvent) {
	_, want, owned := m.wanted()
	standing := h.event.Content.Differences(want, owned) & h.byPerson
	if m.blurred || m.onlyStrangersMore(h, want) {
		standing &^= cal.Fields(cal.FieldAttendees)
	}
	if len(m.shelf.link.InFlight) > 0 {
		standing &^= cal.Fields(cal.FieldDescription) // with an unanswered write there is no telling whose it is
	}
	if standing == 0 {
		return
	}
	i := len(m.shelf.reports) - 1
	for i >= 0 && m.shelf.reports[i].Type != message.BookingMoved && m.shelf.reports[i].Type != message.BookingEdited {
		i--
	}
	if i < 0 {
		m.fail("a person has changed %v, and nothing was reported", standing.Names())
	}
	r := m.shelf.reports[i]
	for _, f := range standing.Each() {
		if !slices.Contains(r.Fields, f.String()) || !r.Diverged || !r.Revise {
			m.fail("a person has changed %s, and the last report is %+v", f, r)
		}
	}
	shown := message.NewEvent(h.event.Content)
	for f, equal := range map[cal.Field]bool{
		cal.FieldTitle: r.Event.Title == shown.Title, cal.FieldDescription: r.Event.Description == shown.Description,
		cal.FieldSlot: r.Event.Start == shown.Start, cal.FieldAttendees: len(r.Event.Attendees) == len(shown.Attendees),
	} {
		if standing.Has(f) && !equal {
			m.fail("the last report shows %+v, the event %+v", r.Event, shown)
		}
	}
	if m.shelf.link.Observed == nil {
		m.fail("the change was reported and is not remembered")
	}
}

// checkQuiet wants another run to change nothing at all.
func (m *model) checkQuiet() {
	if m.shelf.work.state != record.Ready {
		return
	}
	writes, reports, link := len(m.account.writes), len(m.shelf.reports), copied(m.shelf.link)
	m.shelf.mark()
	m.work()
	if len(m.account.writes) != writes || len(m.shelf.reports) != reports {
		m.fail("a second run writes %v and reports %v", m.account.writes[writes:], types(m.shelf.reports[reports:]))
	}
	if now := m.shelf.link; now.State != link.State || now.Generation != link.Generation || now.ETag != link.ETag {
		m.fail("a second run changes the link")
	}
}

var _ = errors.Is
