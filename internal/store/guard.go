package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// guardDay is for how long a deletion that was let through counts.
const guardDay = 24 * time.Hour

// mostCounted is how many booked events are counted at the most. Of a calendar with more, the share is that of so many: it holds sooner.
const mostCounted = 10_000

// tally is what is counted of one calendar's deletions, in one direction. Whoever has it holds its lock until the commit: after the booking and the
// mirror, before any work that follows.
type tally struct {
	calendar   cal.CalendarID
	connection cal.ConnectionID
	provider   cal.Provider
	direction  record.Direction
	// guard is the hold that is open; empty for none.
	guard string
	since int64
	// let were let through within a day and since the last approval.
	let int
}

// count locks a calendar's tally and counts.
func (t *tx) count(ctx context.Context, y tally) (tally, error) {
	row, err := t.LockTally(ctx, db.LockTallyParams{TenantID: t.tenant, CalendarID: string(y.calendar), Direction: string(y.direction)})
	if err != nil {
		return y, err
	}
	y.guard, y.since = row.GuardID, row.Since
	n, err := t.CountDeletions(ctx, db.CountDeletionsParams{
		TenantID: t.tenant, CalendarID: string(y.calendar), Direction: string(y.direction), Since: max(row.Since, t.now-guardDay.Microseconds()),
	})
	y.let = int(n)
	return y, err
}

func (t *tx) countOf(ctx context.Context, l record.Link, d record.Direction) (tally, error) {
	return t.count(ctx, tally{calendar: l.CalendarID, connection: l.ConnectionID, provider: l.Provider, direction: d})
}

// beyond says why more deletions have to be held; empty when they need not be. While a hold is open nothing more is let through.
func (t *tx) beyond(ctx context.Context, y tally, more int, limits record.GuardLimits) (string, error) {
	n := y.let + more
	if y.guard != "" {
		return "a hold is open", nil
	}
	booked := 0
	if enough := limits.Enough(n); enough > 0 {
		live, err := t.BookedLinks(ctx, db.BookedLinksParams{TenantID: t.tenant, CalendarID: string(y.calendar), MaxRows: int32(min(enough, mostCounted))})
		if err != nil {
			return "", err
		}
		booked = len(live) + y.let
	}
	switch {
	case !limits.Beyond(n, booked):
		return "", nil
	case n > limits.Count:
		return fmt.Sprintf("%d booked events vanished within a day, and more than %d are not believed without a person's word", n, limits.Count), nil
	default:
		return fmt.Sprintf("%d of %d booked events vanished within a day, and more than %d %% are not believed without a person's word", n, booked, limits.Percent), nil
	}
}

// hold lets deletions wait for an operator: in the hold that is open, or in a new one, which is told. A deletion that is known already is not counted
// again.
func (t *tx) hold(ctx context.Context, y *tally, reason string, all ...db.PutDeletionParams) error {
	id := y.guard
	if id == "" {
		id = t.ids.ID("grd")
	}
	n := 0
	for _, p := range all {
		p.TenantID, p.CalendarID, p.Direction = t.tenant, string(y.calendar), string(y.direction)
		p.GuardID, p.Verdict, p.SeenAt = id, string(record.DeletionHeld), t.now
		rows, err := t.PutDeletion(surely(ctx), p)
		if err != nil {
			return err
		}
		n += int(rows)
	}
	if n == 0 {
		return nil
	}
	if y.guard != "" {
		events, err := t.ChangeGuard(ctx, db.ChangeGuardParams{TenantID: t.tenant, GuardID: id, Events: int64(n), Now: t.now})
		if err != nil {
			return err
		}
		if err := t.noteGuard(ctx, *y, record.ActorEngine, "guard.grown", map[string]any{"more": n, "events": events}); err != nil {
			return err
		}
		return t.tellAgain(ctx, *y, int(events))
	}
	y.guard = id
	err := t.InsertGuard(ctx, db.InsertGuardParams{
		TenantID: t.tenant, GuardID: id, CalendarID: string(y.calendar), Direction: string(y.direction), Reason: reason, Events: int64(n), Now: t.now,
	})
	if err != nil {
		return err
	}
	if err := t.setTally(ctx, *y); err != nil {
		return err
	}
	if err := t.noteGuard(ctx, *y, record.ActorEngine, "guard.opened", map[string]any{"events": n, "reason": reason}); err != nil {
		return err
	}
	return t.tellGuarded(ctx, *y, n)
}

func (t *tx) tellGuarded(ctx context.Context, y tally, events int) error {
	return t.post(ctx, message.CalendarGuarded, message.Guarded{
		CalendarID: y.calendar, ConnectionID: y.connection, Provider: y.provider, GuardID: y.guard, Missing: events,
	})
}

// tellAgain tells of a hold that has become much larger than it was told to be: whoever has heard of a few has to hear that it is many.
func (t *tx) tellAgain(ctx context.Context, y tally, events int) error {
	rows, err := t.TellGuard(ctx, db.TellGuardParams{TenantID: t.tenant, GuardID: y.guard})
	if err != nil || rows == 0 {
		return err
	}
	return t.tellGuarded(ctx, y, events)
}

// tellOver tells that the hold that was open is over.
func (t *tx) tellOver(ctx context.Context, y tally, state record.GuardState, events int) error {
	return t.post(ctx, message.CalendarUnguarded, message.Unguarded{
		CalendarID: y.calendar, ConnectionID: y.connection, Provider: y.provider, GuardID: y.guard, Outcome: message.GuardOutcome(state), Events: events,
	})
}

func (t *tx) setTally(ctx context.Context, y tally) error {
	return t.SetTally(ctx, db.SetTallyParams{
		TenantID: t.tenant, CalendarID: string(y.calendar), Direction: string(y.direction), GuardID: y.guard, Since: y.since,
	})
}

func (t *tx) noteGuard(ctx context.Context, y tally, actor, action string, detail map[string]any) error {
	detail["calendar_id"], detail["direction"] = y.calendar, y.direction
	return t.note(ctx, record.Note{Actor: actor, Action: action, Subject: y.guard, Detail: detail})
}

// shrink takes deletions out of the open hold, which ends when none is left.
func (t *tx) shrink(ctx context.Context, y *tally, n int) error {
	if n == 0 || y.guard == "" {
		return nil
	}
	left, err := t.ChangeGuard(ctx, db.ChangeGuardParams{TenantID: t.tenant, GuardID: y.guard, Events: int64(-n), Now: t.now})
	if err != nil {
		return err
	}
	if left > 0 {
		return t.noteGuard(ctx, *y, record.ActorEngine, "guard.shrunk", map[string]any{"fewer": n, "events": left})
	}
	_, err = t.Queries.DecideGuard(ctx, db.DecideGuardParams{
		TenantID: t.tenant, GuardID: y.guard, State: string(record.GuardEnded), DecidedBy: record.ActorEngine, Now: t.now,
	})
	if err != nil {
		return err
	}
	if err := t.noteGuard(ctx, *y, record.ActorEngine, "guard.ended", map[string]any{}); err != nil {
		return err
	}
	if err := t.tellOver(ctx, *y, record.GuardEnded, 0); err != nil {
		return err
	}
	y.guard = ""
	return t.setTally(ctx, *y)
}

// judge is a decision as the guard lets it be committed.
func (t *tx) judge(ctx context.Context, lease record.Lease, d record.Decision) (record.Decision, error) {
	if d.Over != nil {
		return d, t.over(ctx, lease, *d.Over)
	}
	if d.Removal == nil {
		return d, nil
	}
	l := d.Removal.Link
	y, err := t.countOf(ctx, l, record.Inbound)
	if err != nil {
		return d, err
	}
	was, err := t.verdict(ctx, l, record.Inbound)
	if err != nil {
		return d, err
	}
	switch was {
	case record.DeletionHeld:
		return d.Removal.Held, nil
	case record.DeletionApproved:
		return d, t.moveDeletion(ctx, l, record.Inbound, was, record.DeletionDone)
	case record.DeletionRejected:
		return d.Removal.Anew, t.moveDeletion(ctx, l, record.Inbound, was, record.DeletionDone)
	default:
	}
	reason, err := t.beyond(ctx, y, 1, d.Removal.Limits)
	if err != nil {
		return d, err
	}
	this := db.PutDeletionParams{LinkID: string(l.ID), Generation: int64(l.Generation), BookingID: string(l.BookingID)}
	if reason != "" {
		return d.Removal.Held, t.hold(ctx, &y, reason, this)
	}
	this.TenantID, this.CalendarID, this.Direction, this.Verdict, this.SeenAt = t.tenant, string(y.calendar), string(y.direction), string(record.DeletionLet), t.now
	_, err = t.PutDeletion(ctx, this)
	return d, err
}

// over takes a link's deletion out of question. One that was marked since the claim stays: a listing may have seen the event vanish again.
func (t *tx) over(ctx context.Context, lease record.Lease, l record.Link) error {
	y, err := t.countOf(ctx, l, record.Inbound)
	if err != nil {
		return err
	}
	work, err := t.WorkByRef(ctx, db.WorkByRefParams{TenantID: t.tenant, Kind: string(lease.Kind), Subject: lease.Subject})
	if err != nil || work.Wanted != lease.Wanted {
		return found(err)
	}
	was, err := t.verdict(ctx, l, record.Inbound)
	if err != nil {
		return err
	}
	switch was {
	case record.DeletionHeld:
		if err := t.moveDeletion(ctx, l, record.Inbound, was, record.DeletionOver); err != nil {
			return err
		}
		return t.shrink(ctx, &y, 1)
	case record.DeletionApproved, record.DeletionRejected:
		return t.moveDeletion(ctx, l, record.Inbound, was, record.DeletionOver)
	default:
		return nil
	}
}

func (t *tx) verdict(ctx context.Context, l record.Link, d record.Direction) (record.DeletionVerdict, error) {
	row, err := t.DeletionOfLink(ctx, db.DeletionOfLinkParams{
		TenantID: t.tenant, LinkID: string(l.ID), Generation: int64(l.Generation), Direction: string(d),
	})
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return record.DeletionVerdict(row.Verdict), err
}

func (t *tx) moveDeletion(ctx context.Context, l record.Link, d record.Direction, from, to record.DeletionVerdict) error {
	return changed(t.MoveDeletion(surely(ctx), db.MoveDeletionParams{
		TenantID: t.tenant, LinkID: string(l.ID), Generation: int64(l.Generation), Direction: string(d), Was: string(from), Verdict: string(to),
	}))
}

// raise marks the links whose events the listing touched. When more wanted events vanished than the guard allows, the links of the vanished
// ones wait for an operator, and those alone: an outage of the provider must not cancel a day's bookings. What came back waits no more.
func (t *tx) raise(ctx context.Context, p record.Publication, out *record.Published) error {
	calendar := p.Calendar
	which := db.TouchedLinksParams{TenantID: t.tenant, CalendarID: string(calendar.ID), Now: t.now}
	touched, err := t.TouchedLinks(ctx, which)
	if err != nil {
		return err
	}
	y := tally{calendar: calendar.ID, connection: calendar.ConnectionID, provider: calendar.Provider, direction: record.Inbound}
	hold := false
	if concernsGuard(touched) {
		if y, err = t.count(ctx, y); err != nil {
			return err
		}
		if touched, err = t.TouchedLinks(ctx, which); err != nil { // an operator may have decided until the lock was there
			return err
		}
		if hold, err = t.withhold(ctx, &y, touched, p.Guard); err != nil {
			return err
		}
	}
	for _, row := range touched {
		// What the link died for may be over: somebody was able to change its event. What it was held for is, if that is back.
		m := record.Mark{
			Kind: task.LinkPush, Subject: row.LinkID, Lane: p.Lane, ConnectionID: calendar.ConnectionID, Revive: row.Dead != 0 || returned(row),
		}
		if vanished(row) {
			out.Vanished++
			if row.Verdict == string(record.DeletionHeld) || hold && fresh(row) {
				out.Guarded = true
				m.Hold, m.Reason = record.HeldForGuard, "the event vanished with many others: see calweave guard show "+y.guard
			}
		}
		t.mark(m)
		out.Raised++
	}
	return t.raiseSeries(ctx, p)
}

// raiseSeries marks the links of series of which the listing shows that occurrences differ, or are missing. Which ones only the provider can tell.
func (t *tx) raiseSeries(ctx context.Context, p record.Publication) error {
	raise := func(link string, dead int64) {
		t.mark(record.Mark{Kind: task.LinkPush, Subject: link, Lane: p.Lane, ConnectionID: p.Calendar.ConnectionID, Revive: dead != 0})
	}
	calendar := string(p.Calendar.ID)
	touched, err := t.TouchedSeries(ctx, db.TouchedSeriesParams{TenantID: t.tenant, CalendarID: calendar, ListingID: p.Listing.ID})
	if err != nil {
		return err
	}
	for _, row := range touched {
		raise(row.LinkID, row.Dead)
	}
	if p.Last.Kind != cal.Snapshot {
		return nil
	}
	missed, err := t.MissedSeries(ctx, db.MissedSeriesParams{TenantID: t.tenant, CalendarID: calendar, Now: t.now})
	for _, row := range missed {
		raise(row.LinkID, row.Dead)
	}
	return err
}

// vanished reports whether an event is gone that the core wants.
func vanished(row db.TouchedLinksRow) bool { return row.Vanished != 0 && row.Wanted != 0 }

// fresh reports whether nothing is known yet about a deletion.
func fresh(row db.TouchedLinksRow) bool {
	return row.Verdict == "" || row.Verdict == string(record.DeletionOver)
}

// returned reports whether an event is there whose deletion is held.
func returned(row db.TouchedLinksRow) bool {
	return row.Vanished == 0 && row.Verdict == string(record.DeletionHeld)
}

func concernsGuard(touched []db.TouchedLinksRow) bool {
	for _, row := range touched {
		if vanished(row) || returned(row) {
			return true
		}
	}
	return false
}

// withhold takes what has come back out of the hold, and says whether what vanished goes into it.
func (t *tx) withhold(ctx context.Context, y *tally, touched []db.TouchedLinksRow, limits record.GuardLimits) (bool, error) {
	var gone []db.PutDeletionParams
	back := 0
	for _, row := range touched {
		switch {
		case returned(row):
			n, err := t.MoveDeletion(surely(ctx), db.MoveDeletionParams{
				TenantID: t.tenant, LinkID: row.LinkID, Generation: row.Generation, Direction: string(y.direction),
				Was: string(record.DeletionHeld), Verdict: string(record.DeletionOver),
			})
			if err != nil {
				return false, err
			}
			back += int(n)
		case vanished(row) && fresh(row):
			gone = append(gone, db.PutDeletionParams{LinkID: row.LinkID, Generation: row.Generation, BookingID: row.BookingID})
		}
	}
	if err := t.shrink(ctx, y, back); err != nil || len(gone) == 0 {
		return false, err
	}
	reason, err := t.beyond(ctx, *y, len(gone), limits)
	if err != nil || reason == "" {
		return false, err
	}
	return true, t.hold(ctx, y, reason, gone...)
}
