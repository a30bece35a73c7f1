package deltasync

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

const (
	leaseTime = 30 * time.Second
	day       = 24 * time.Hour
)

var began = time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)

// shelf keeps one calendar's listing, cursor and mirror in memory as the store does: what is staged stays hidden until it is published together
// with the cursor, and every write is fenced.
type shelf struct {
	clock   *clock.Manual
	state   record.Sync
	staged  []cal.Item
	mirror  map[cal.EventID]string
	token   int64
	until   time.Time
	ids     int
	ops     []string
	publish []record.Publication
	outcome []record.Outcome
	marks   []record.Mark
	reasons []string
	doubted []cal.LinkID
	hearing record.Hearing
	push    record.PushState
	// fail is what the named call comes to, once.
	fail map[string]error
}

func newShelf() *shelf {
	s := &shelf{clock: clock.NewManual(began), mirror: map[cal.EventID]string{}, fail: map[string]error{}}
	s.state = record.Sync{
		Calendar:   record.Calendar{ID: "cal_1", ConnectionID: "con_1", Remote: "work", Sync: cal.SyncOff, Targeted: true},
		Connection: record.Connection{ID: "con_1", State: cal.ConnectionActive},
	}
	return s
}

// withCursor lets a snapshot have been published a while ago.
func (s *shelf) withCursor(token string) *shelf {
	s.state.Cursor = cal.Cursor{Token: token, Scope: "scope"}
	s.state.Window = cal.Window{From: began.Add(-30 * day), Until: began.Add(365 * day)}
	s.state.SyncedAt = began.Add(-time.Hour)
	return s
}

func (s *shelf) claim() record.Lease {
	s.token++
	s.until = s.clock.Now().Add(leaseTime)
	return record.Lease{
		Ref: task.Ref{Tenant: "ten_1", Kind: task.CalendarSync, Subject: "cal_1"}, Lane: task.Background, ConnectionID: "con_1",
		Token: s.token, Until: s.until,
	}
}

func (s *shelf) enter(op string, l record.Lease) error {
	s.ops = append(s.ops, op)
	if err := s.fail[op]; err != nil {
		delete(s.fail, op)
		return err
	}
	if l.Token != s.token || !s.until.After(s.clock.Now()) {
		return fault.Newf(fault.Fenced, "store", "the lease was lost to a later claim")
	}
	return nil
}

func (s *shelf) extend(l record.Lease, d time.Duration) record.Lease {
	s.until = s.clock.Now().Add(d)
	l.Until = s.until
	return l
}

func (s *shelf) Sync(_ context.Context, l record.Lease) (record.Sync, error) {
	if err := s.enter("sync", l); err != nil {
		return record.Sync{}, err
	}
	out := s.state
	if out.Listing != nil {
		on := *out.Listing
		out.Listing = &on
	}
	return out, nil
}

func (s *shelf) Polling(_ context.Context, l record.Lease) (record.Polling, error) {
	if err := s.enter("polling", l); err != nil {
		return record.Polling{}, err
	}
	return record.Polling{Calendar: s.state.Calendar, Connection: s.state.Connection, Hearing: s.hearing, Push: s.push}, nil
}

func (s *shelf) BeginListing(_ context.Context, l record.Lease, begun record.Listing, d time.Duration) (record.Listing, record.Lease, error) {
	if err := s.enter("begin", l); err != nil {
		return begun, l, err
	}
	s.ids++
	begun.ID, begun.StartedAt = fmt.Sprintf("lst_%d", s.ids), s.clock.Now()
	s.staged = nil
	on := begun
	s.state.Listing = &on
	return begun, s.extend(l, d), nil
}

func (s *shelf) Stage(
	_ context.Context, l record.Lease, _ record.Calendar, on record.Listing, page cal.Page, d time.Duration,
) (record.Listing, record.Lease, error) {
	if err := s.enter("stage", l); err != nil {
		return on, l, err
	}
	if s.state.Listing == nil || s.state.Listing.ID != on.ID || s.state.Listing.Pages != on.Pages {
		return on, l, record.ErrStale
	}
	s.staged = append(s.staged, page.Items...)
	on.Pages++
	on.Page = page.Next
	kept := on
	s.state.Listing = &kept
	return on, s.extend(l, d), nil
}

func (s *shelf) DiscardListing(_ context.Context, l record.Lease, cursorLost bool, reason string, d time.Duration) (record.Lease, error) {
	if err := s.enter("discard", l); err != nil {
		return l, err
	}
	s.staged, s.state.Listing = nil, nil
	if cursorLost {
		s.state.Cursor = cal.Cursor{}
	}
	s.reasons = append(s.reasons, reason)
	return s.extend(l, d), nil
}

func (s *shelf) Publish(_ context.Context, l record.Lease, p record.Publication) (record.Published, error) {
	if err := s.enter("publish", l); err != nil {
		return record.Published{}, err
	}
	for _, item := range slices.Concat(s.staged, p.Last.Items) {
		if item.Withheld == "" {
			s.mirror[item.Event.ID] = item.Event.ETag
		}
	}
	s.staged, s.state.Listing = nil, nil
	s.state.Cursor, s.state.Window = p.Last.Cursor, p.Listing.Window
	s.state.SyncedAt, s.state.Spacing, s.state.Recheck = s.clock.Now(), p.Spacing, false
	s.publish = append(s.publish, p)
	s.outcome = append(s.outcome, p.Outcome)
	s.until = time.Time{}
	return record.Published{}, nil
}

func (s *shelf) Doubted(_ context.Context, l record.Lease) ([]cal.LinkID, error) {
	return s.doubted, s.enter("doubted", l)
}

func (s *shelf) Finish(_ context.Context, l record.Lease, o record.Outcome, marks ...record.Mark) error {
	if err := s.enter("finish", l); err != nil {
		return err
	}
	s.outcome, s.marks = append(s.outcome, o), append(s.marks, marks...)
	s.until = time.Time{}
	return nil
}

func (s *shelf) shown() []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(s.mirror)) {
		out = append(out, string(id)+"@"+s.mirror[id])
	}
	return out
}

// lister answers listings from a script: the pages that follow a cursor, and those of a snapshot.
type lister struct {
	pages map[string][]cal.Page
	reqs  []provider.ListEvents
	// before runs ahead of each call; what it returns is what the call comes to.
	before func(ctx context.Context, req provider.ListEvents) error
}

func (l *lister) ListEvents(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
	l.reqs = append(l.reqs, req)
	if l.before != nil {
		if err := l.before(ctx, req); err != nil {
			return cal.Page{}, err
		}
	}
	all := l.pages[req.Cursor.Token]
	i := 0
	if req.Page != "" {
		if _, err := fmt.Sscanf(req.Page, "p%d", &i); err != nil {
			return cal.Page{}, err
		}
	}
	return all[i], nil
}

// script makes n pages of two events each that end in a cursor.
func script(kind cal.ListingKind, n int, cursor string) []cal.Page {
	var out []cal.Page
	for i := range n {
		p := cal.Page{Kind: kind, Items: []cal.Item{event(2*i, cursor), event(2*i+1, cursor)}, Next: fmt.Sprintf("p%d", i+1)}
		if kind == cal.Snapshot {
			p.Coverage = cal.Window{From: began.Add(-30 * day)}
		}
		if i == n-1 {
			p.Next, p.Cursor = "", cal.Cursor{Token: cursor, Scope: "scope"}
		}
		out = append(out, p)
	}
	return out
}

func event(i int, etag string) cal.Item {
	return cal.Item{Event: cal.Event{ID: cal.EventID(fmt.Sprintf("ev%02d", i)), ETag: etag, Status: cal.StatusConfirmed}}
}

func guardLimits() record.GuardLimits { return record.GuardLimits{Count: 7, Percent: 30} }

func syncer(s *shelf, l *lister) *Syncer {
	return &Syncer{
		Store: s, Clock: s.clock, Lease: leaseTime, Past: 30 * day, Future: 365 * day, Guard: guardLimits(), Rhythm: rhythm(),
		Open: func(context.Context, cal.TenantID, cal.ConnectionID) (Lister, bool, error) { return l, true, nil },
	}
}

// tokens are the page tokens that a lister was asked for.
func (l *lister) tokens() []string {
	out := []string{}
	for _, r := range l.reqs {
		out = append(out, r.Cursor.Token+"/"+r.Page)
	}
	return out
}
