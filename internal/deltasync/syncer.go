package deltasync

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// Store is what the syncer needs of the store. Each method that writes prolongs the lease by d, and fails once it is lost.
type Store interface {
	Sync(ctx context.Context, l record.Lease) (record.Sync, error)
	BeginListing(ctx context.Context, l record.Lease, begun record.Listing, d time.Duration) (record.Listing, record.Lease, error)
	Stage(ctx context.Context, l record.Lease, c record.Calendar, on record.Listing, page cal.Page, d time.Duration) (record.Listing, record.Lease, error)
	DiscardListing(ctx context.Context, l record.Lease, cursorLost bool, reason string, d time.Duration) (record.Lease, error)
	Publish(ctx context.Context, l record.Lease, p record.Publication) (record.Published, error)
	Finish(ctx context.Context, l record.Lease, o record.Outcome, marks ...record.Mark) error
}

// Lister lists the events of one connection.
type Lister interface {
	ListEvents(ctx context.Context, req provider.ListEvents) (cal.Page, error)
}

// Open opens the lister of a connection. It reports false when the provider lists no events.
type Open func(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (Lister, bool, error)

// Syncer lists calendars.
type Syncer struct {
	Store Store
	Open  Open
	Clock clock.Clock
	// Lease is how long a lease is prolonged by with each page.
	Lease time.Duration
	// Past and Future are how far around now a snapshot reaches.
	Past, Future time.Duration
	// Guard is how many booked events may vanish from a calendar without an operator's word.
	Guard record.GuardLimits
	// Rhythm is how often calendars are polled.
	Rhythm Rhythm
	// Zones is the version of the time-zone data that series are expanded by, Supersedes whether it takes the place of another one.
	Zones      string
	Supersedes func(other string) bool
	// Missed hears of listings that found what a channel should have pushed; nil for nobody.
	Missed func(cal.Provider)
}

const (
	// pageSize is how many rows are asked for at once; each page is staged in one transaction.
	pageSize = 500
	// smallestPage is how few rows are asked for where pages are too large to be read: a page of so few is no honest one then.
	smallestPage = 4
	// halvings is how often a run halves its pages before its first call, at most, for the failures before it: what came to nothing may have been
	// too large for the time that a run has. More often would let a snapshot after an outage make hundreds of calls.
	halvings = 3
	// pageLimit ends a listing whose pages never end.
	pageLimit = 20_000
	// slide is how far the window may fall behind before a snapshot moves it on: what enters a window by mere passing of time is in no delta.
	slide = 7 * 24 * time.Hour
	// slideShare is what share of a window that reaches less far ahead it may fall behind: it has to move on before its end is reached.
	slideShare = 4
)

// listing is one listing under way.
type listing struct {
	*Syncer
	lease  record.Lease
	s      record.Sync
	on     record.Listing
	lister Lister
	// size is how many rows are asked for at once. It is halved where a page is too large, and stays so for this run.
	size int
	// read are the digests of the page tokens that this run has followed.
	read map[[sha256.Size]byte]bool
}

// Work lists the lease's calendar and publishes what it found.
func (s *Syncer) Work(ctx context.Context, l record.Lease) error {
	state, err := s.Store.Sync(ctx, l)
	if err != nil {
		return err
	}
	if !state.Connection.Follows(state.Calendar) {
		return s.Store.Finish(ctx, l, record.Served())
	}
	lister, lists, err := s.Open(ctx, l.Tenant, state.Connection.ID)
	if err != nil {
		return err
	}
	if !lists {
		return s.Store.Finish(ctx, l, record.Served())
	}
	if state.SyncedAt.IsZero() {
		// A first listing is a backfill, whoever has asked for it.
		l.Lane = task.Bulk
		ctx = record.WithTurn(ctx, record.Turn{Lane: task.Bulk, InLine: record.TurnOf(ctx).InLine})
	}
	w := &listing{Syncer: s, lease: l, s: state, lister: lister, size: pageSize >> min(l.Attempts, halvings)}
	err = w.list(ctx)
	if !fault.Is(err, fault.CursorLost) {
		return err
	}
	// One snapshot follows at once. If that is lost too, the failure is the provider's, and it is waited for.
	if again := w.on.Kind == cal.Delta || w.on.Pages > 0; again {
		if err := w.discard(ctx, err); err != nil {
			return err
		}
		if err = w.list(ctx); !fault.Is(err, fault.CursorLost) {
			return err
		}
	}
	if err := w.discard(ctx, err); err != nil {
		return err
	}
	return fault.Newf(fault.Transient, "deltasync", "the provider loses even a new listing")
}

// discard drops what was staged, and the cursor with it: the next listing is a snapshot.
func (w *listing) discard(ctx context.Context, cause error) error {
	lease, err := w.Store.DiscardListing(ctx, w.lease, true, cause.Error(), w.Lease)
	w.lease, w.s.Listing, w.s.Cursor, w.read = lease, nil, cal.Cursor{}, nil
	return err
}

func (w *listing) list(ctx context.Context) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	for {
		page, err := w.page(ctx)
		switch {
		case err != nil:
			return err
		case page.Kind == cal.Partial:
			return fault.Newf(fault.CursorLost, "deltasync", "page %d could not prove that it is complete", w.on.Pages+1)
		case page.Next == "":
			return w.publish(ctx, page)
		case w.circles(page.Next) || w.on.Pages >= pageLimit:
			return fault.Newf(fault.CursorLost, "deltasync", "the listing goes round in circles after %d pages", w.on.Pages)
		}
		if w.on, w.lease, err = w.Store.Stage(ctx, w.lease, w.s.Calendar, w.on, page, w.Lease); err != nil {
			return err
		}
	}
}

// circles reports whether a listing has been at a page before in this run.
func (w *listing) circles(next string) bool {
	if w.read == nil {
		w.read = map[[sha256.Size]byte]bool{}
	}
	w.read[sha256.Sum256([]byte(w.on.Page))] = true
	return w.read[sha256.Sum256([]byte(next))]
}

// begin goes on with the listing under way, or begins one: a delta where the cursor allows it, else a snapshot.
func (w *listing) begin(ctx context.Context) error {
	// A listing of which nothing was answered begins anew: it would prove nothing about events that came and went since it was begun, and the cursor
	// that it ends with would not show them either.
	if w.s.Listing != nil && w.s.Listing.Pages > 0 {
		w.on = *w.s.Listing
		if w.on.TZData != w.Zones {
			w.on.TZData = "" // its pages disagree
		}
		return nil
	}
	now := w.Clock.Now().UTC()
	next := record.Listing{Kind: cal.Delta, Window: w.s.Window, TZData: w.Zones}
	behind := !w.s.Window.Until.IsZero() && w.s.Window.Until.Before(now.Add(w.Future-min(slide, w.Future/slideShare)))
	if w.s.Cursor.Token == "" || w.s.Recheck || behind || w.outdated() {
		next = record.Listing{Kind: cal.Snapshot, TZData: w.Zones, Window: cal.Window{From: now.Add(-w.Past), Until: now.Add(w.Future)}}
	}
	var err error
	w.on, w.lease, err = w.Store.BeginListing(ctx, w.lease, next, w.Lease)
	return err
}

// outdated reports whether the series of the mirror were expanded by older time-zone data. Their rules are not kept, so that a snapshot has to bring them.
func (w *listing) outdated() bool {
	return w.s.Series && w.Supersedes != nil && w.Supersedes(w.s.TZData)
}

// page reads the next page, in smaller parts if it is too large: asking for the same again would end the same way, for ever.
func (w *listing) page(ctx context.Context) (cal.Page, error) {
	for {
		page, err := w.ask(ctx)
		if !errors.Is(err, fault.ErrTooLarge) || w.size == smallestPage {
			return page, err
		}
		w.size = max(w.size/2, smallestPage)
	}
}

func (w *listing) ask(ctx context.Context) (cal.Page, error) {
	ctx, cancel, err := w.lease.Call(ctx, w.Clock.Now())
	if err != nil {
		return cal.Page{}, err
	}
	defer cancel()
	req := provider.ListEvents{Calendar: w.s.Calendar.Remote, Page: w.on.Page, Window: w.on.Window, PageSize: w.size}
	if w.on.Kind == cal.Delta {
		req.Cursor = w.s.Cursor
	}
	return w.lister.ListEvents(ctx, req)
}

// narrower is what of a window that was asked for a snapshot has shown. An open side is no wider than what was asked for: that is how far series
// are expanded, and the mirror is kept.
func narrower(asked, shown cal.Window) cal.Window {
	if shown.From.After(asked.From) {
		asked.From = shown.From
	}
	if !shown.Until.IsZero() && shown.Until.Before(asked.Until) {
		asked.Until = shown.Until
	}
	return asked
}

func (w *listing) publish(ctx context.Context, last cal.Page) error {
	if last.Cursor.Token == "" {
		return fault.Newf(fault.CursorLost, "deltasync", "the listing ended without a cursor")
	}
	if last.Kind == cal.Snapshot {
		w.on.Window = narrower(w.on.Window, last.Coverage)
	}
	now := w.Clock.Now()
	spacing := pace(now, w.s.SyncedAt, w.s.Spacing)
	outcome := record.Served()
	if spacing > 0 {
		outcome.NotBefore = now.Add(spacing)
	}
	published, err := w.Store.Publish(ctx, w.lease, record.Publication{
		Calendar: w.s.Calendar, Listing: w.on, Last: last, Guard: w.Guard, Spacing: spacing, Outcome: outcome, Lane: w.lease.Lane,
		Repoll: func(h record.Heard) record.Repoll { return w.Rhythm.Repoll(h, now) },
	})
	if err == nil && published.Unannounced && w.Missed != nil {
		w.Missed(w.s.Calendar.Provider)
	}
	return err
}
