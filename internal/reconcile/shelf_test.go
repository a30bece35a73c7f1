package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

const (
	tenant    = cal.TenantID("ten_1")
	leaseTime = 30 * time.Second
)

// errDead stands for a process that has died: nothing that it does from now on has an effect.
var errDead = errors.New("the process is dead")

// shelf keeps one booking, its link and the link's row of work in memory as the store does: what goes in and out is copied through JSON, every
// write is fenced by its lease, and a core that overrules what a person did takes the lease away.
type shelf struct {
	clock    *clock.Manual
	calendar record.Calendar
	account  string
	booking  record.Booking
	link     record.Link
	sent     map[int][]record.SentHash
	mirror   map[cal.EventID]mirrorRow
	work     workRow
	// verdict is what the guard says about the deletion of the link's event.
	verdict record.DeletionVerdict

	settled []record.Decision
	notes   []record.Note
	reports []record.Report
	ops     []string
	// changed is when the link was last written.
	changed time.Time
	// before runs ahead of every call; what it returns is what the call comes to. after runs once a decision is committed.
	before func(op string) error
	after  func(record.Decision)
}

type mirrorRow struct {
	etag      string
	cancelled bool
}

type workRow struct {
	wanted, done int64
	state        record.WorkState
	held         record.HeldFor
	notBefore    time.Time
	until        time.Time
	token        int64
	attempts     int
	crashes      int
}

func newShelf(c *clock.Manual, p cal.Provider) *shelf {
	s := &shelf{
		clock: c, sent: map[int][]record.SentHash{}, mirror: map[cal.EventID]mirrorRow{},
		calendar: record.Calendar{ID: "cal_1", ConnectionID: "con_1", Provider: p, Remote: "work", Writable: true, Targeted: true},
	}
	s.link = record.Link{
		ID: "lnk_1", BookingID: "bkg", CalendarID: s.calendar.ID, ConnectionID: "con_1", Provider: p, Generation: 1, State: record.LinkPending,
	}
	s.work.state = record.Ready
	return s
}

// accepted is a version as the intake hands it over.
type accepted struct {
	spec              cal.Booking
	slot              cal.Slot
	cancelled, decide bool
	// target and authoritative say what the version wants of the link.
	target, authoritative bool
}

// accept commits a version as the store does.
func (s *shelf) accept(a accepted) {
	s.booking.ID, s.booking.Version, s.booking.Cancelled = s.link.BookingID, a.spec.Version, a.cancelled
	s.booking.Spec, s.booking.Slot = a.spec, a.slot
	s.booking.Revision++
	if !a.cancelled {
		s.link.Target, s.link.Authoritative = a.target, a.authoritative
	}
	if a.decide && s.link.Undecided() && !s.work.until.IsZero() {
		s.work.token++ // whoever holds the lease must not write back what was just overruled
	}
	if a.decide {
		s.link.Settle()
	}
	if s.link.State != record.LinkDiverged || a.decide {
		s.link.State = record.LinkPending
	}
	s.link.Reason = ""
	if s.work.state != record.Ready {
		s.work.state, s.work.held, s.work.attempts, s.work.crashes, s.work.notBefore = record.Ready, "", 0, 0, time.Time{}
	}
	s.mark()
}

// decide commits, as the store does, what the core has decided about a person's change: the version stays.
func (s *shelf) decide(a accepted, accepts bool) {
	s.booking.Spec, s.booking.Slot, s.booking.Cancelled = a.spec, a.slot, a.cancelled
	s.booking.Revision++
	if !s.work.until.IsZero() {
		s.work.token++
	}
	s.link.Settle()
	s.link.State, s.link.Reason = record.LinkPending, ""
	if !accepts || a.cancelled {
		s.link.Synced = 0
	}
	if s.work.state != record.Ready {
		s.work.state, s.work.held, s.work.attempts, s.work.crashes, s.work.notBefore = record.Ready, "", 0, 0, time.Time{}
	}
	s.mark()
}

func (s *shelf) mark() { s.work.wanted++ }

// publish lets the mirror show what a listing has seen, and marks the link if that differs from what it knows.
func (s *shelf) publish(id cal.EventID, etag string, cancelled bool) {
	if s.mirror[id] == (mirrorRow{etag, cancelled}) {
		return
	}
	s.mirror[id] = mirrorRow{etag, cancelled}
	if s.link.EventID == id && (s.link.ETag != etag || cancelled) {
		s.mark()
	}
}

func (s *shelf) due() bool {
	now := s.clock.Now()
	w := s.work
	return w.state == record.Ready && w.wanted > w.done && !w.notBefore.After(now) && !w.until.After(now)
}

func (s *shelf) claim() record.Lease {
	s.work.token++
	s.work.crashes++
	s.work.until = s.clock.Now().Add(leaseTime)
	return record.Lease{
		Ref: task.Ref{Tenant: tenant, Kind: task.LinkPush, Subject: string(s.link.ID)}, Lane: task.Interactive, ConnectionID: "con_1",
		Token: s.work.token, Wanted: s.work.wanted, Until: s.work.until, Attempts: s.work.attempts, Crashes: s.work.crashes,
	}
}

// finish writes an outcome under the fence of its lease, which ends with it.
func (s *shelf) finish(l record.Lease, o record.Outcome) error {
	if s.work.token != l.Token || s.work.until.IsZero() {
		return fault.Newf(fault.Fenced, "store", "the lease was lost to a later claim")
	}
	more := s.work.wanted > l.Wanted
	if o.Served {
		s.work.done = l.Wanted
	}
	s.work.state, s.work.held = o.State, o.HeldFor
	if more && o.HeldFor != record.HeldForReauth {
		s.work.state, s.work.held = record.Ready, ""
	}
	s.work.attempts, s.work.crashes, s.work.notBefore, s.work.until = o.Attempts, o.Crashes, o.NotBefore, time.Time{}
	return nil
}

// release is an operator's approval.
func (s *shelf) release() {
	s.work.state, s.work.held, s.work.attempts = record.Ready, "", 0
	s.link.State = record.LinkApproved
	s.mark()
}

func (s *shelf) enter(op string) error {
	s.ops = append(s.ops, op)
	if s.before == nil {
		return nil
	}
	return s.before(op)
}

// Case returns what one reconciliation needs.
func (s *shelf) Case(_ context.Context, l record.Lease) (record.Case, error) {
	if err := s.enter("case"); err != nil {
		return record.Case{}, err
	}
	seen, ok := s.mirror[s.link.EventID]
	c := record.Case{
		Link: s.link, Booking: s.booking, Calendar: s.calendar, Sent: s.sent[s.link.Generation],
		Connection: record.Connection{ID: s.link.ConnectionID, Account: s.account}, Deletion: s.verdict,
	}
	c.Suspect = ok && s.link.EventID != "" && (seen.etag != s.link.ETag || seen.cancelled)
	return copied(c), nil
}

// Intend records a write under the fence.
func (s *shelf) Intend(_ context.Context, l record.Lease, link record.Link, d time.Duration, n record.Note) (record.Lease, error) {
	if err := s.enter("intend"); err != nil {
		return l, err
	}
	if s.work.token != l.Token || !s.work.until.After(s.clock.Now()) {
		return l, fault.Newf(fault.Fenced, "store", "the lease was lost to a later claim")
	}
	s.work.until = s.clock.Now().Add(d)
	l.Until = s.work.until
	s.link.InFlight = copied(link.InFlight)
	for _, w := range link.InFlight {
		if w.Op != record.OpDelete {
			s.remember(link.Generation, record.SentHash{Version: w.Version, Hash: w.Content.Hash(cal.AllFields)})
		}
	}
	s.notes = append(s.notes, n)
	return l, nil
}

func (s *shelf) remember(generation int, sent ...record.SentHash) {
	s.sent[generation] = append(s.sent[generation], sent...)
}

// Settle commits a decision under the fence.
func (s *shelf) Settle(_ context.Context, l record.Lease, d record.Decision) error {
	if err := s.enter("settle"); err != nil {
		return err
	}
	if s.work.token != l.Token || s.work.until.IsZero() {
		return fault.Newf(fault.Fenced, "store", "the lease was lost to a later claim")
	}
	d = s.judge(d)
	s.follow(l, d)
	if err := s.finish(l, d.Outcome); err != nil {
		return err
	}
	target, authoritative := s.link.Target, s.link.Authoritative
	s.link, s.changed = copied(d.Link), s.clock.Now()
	s.link.Target, s.link.Authoritative = target, authoritative
	s.remember(d.Link.Generation, d.Sent...)
	for _, r := range d.Reports {
		if r.Revise {
			s.booking.Revision++
		}
	}
	s.reports = append(s.reports, d.Reports...)
	s.notes = append(s.notes, d.Notes...)
	s.settled = append(s.settled, d)
	if s.after != nil {
		s.after(d)
	}
	return nil
}

// judge is a decision as the guard lets it be committed.
func (s *shelf) judge(d record.Decision) record.Decision {
	switch {
	case d.Over != nil:
		s.verdict = ""
	case d.Removal == nil:
	case s.verdict == record.DeletionHeld:
		return d.Removal.Held
	case s.verdict == record.DeletionRejected:
		s.verdict = ""
		return d.Removal.Anew
	default:
		s.verdict = ""
	}
	return d
}

// follow lets the mirror show what the reconciliation saw, unless a listing may have shown more meanwhile: then the link is marked again.
func (s *shelf) follow(l record.Lease, d record.Decision) {
	if d.Event == nil || d.Event.ID == "" {
		return
	}
	row, ok := s.mirror[d.Event.ID]
	newest := d.Fresh && s.link.EventID == d.Event.ID && s.work.wanted == l.Wanted
	if ok && !newest && row.etag != d.Event.ETag && row.etag != s.link.ETag {
		s.mark()
		return
	}
	s.mirror[d.Event.ID] = mirrorRow{etag: d.Event.ETag}
}

func copied[T any](v T) T {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var out T
	if err := json.Unmarshal(raw, &out); err != nil {
		panic(err)
	}
	return out
}
