package store

import (
	"context"
	"slices"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// leadOccurrences lets the links of occurrences follow what a run has come to about their series, whose link is about to be settled: those that differ at
// the provider and have no link get one, and those that may have to be looked at anew are marked. A run about an occurrence may ask for its series.
func (t *tx) leadOccurrences(ctx context.Context, d record.Decision) error {
	switch {
	case !d.Leads:
		return nil
	case d.Looks:
		return t.askForSeries(ctx, d.Link)
	case d.Link.Part != "":
		return t.loseOccurrence(ctx, d.Link)
	}
	b, err := t.booking(ctx, d.Link.BookingID)
	if err != nil {
		return err
	}
	links := occurrencesIn(b.Links, d.Link.CalendarID)
	before := d.Link
	if i := slices.IndexFunc(b.Links, func(l record.Link) bool { return l.ID == d.Link.ID }); i >= 0 {
		before = b.Links[i]
	}
	if err := t.linkExceptions(ctx, d, links); err != nil {
		return err
	}
	if err := t.markOccurrences(ctx, before, d, links); err != nil {
		return err
	}
	if before.State == d.Link.State && !leads(before, d.Link) {
		return nil
	}
	return t.doubtExceptions(ctx, d)
}

// markOccurrences marks the links of occurrences that their series, or the provider, says something new about.
func (t *tx) markOccurrences(ctx context.Context, before record.Link, d record.Decision, links []record.Link) error {
	all := leads(before, d.Link)
	for _, l := range links {
		e, differs := exceptionAt(d.Exceptions, l.Part)
		fresh := d.Exceptions != nil && news(l, d.Link, e, differs)
		if fresh && l.EventID != "" {
			if err := t.DoubtLink(ctx, db.DoubtLinkParams{TenantID: t.tenant, LinkID: string(l.ID), Now: t.now}); err != nil {
				return err
			}
		}
		if all || fresh {
			t.markLink(l)
		}
	}
	return nil
}

// doubtExceptions has a calendar listed anew where the mirror shows an occurrence that differs, and the provider does not: it may forget what differs
// once the series takes place at other times, and not tell. Only a snapshot tells what stands there. It is done once after whatever has changed the series, so
// that a provider whose listings say something else than its series is not listed for ever.
func (t *tx) doubtExceptions(ctx context.Context, d record.Decision) error {
	if d.Exceptions == nil {
		return nil
	}
	mirrored, err := t.MirroredExceptions(ctx, db.MirroredExceptionsParams{
		TenantID: t.tenant, CalendarID: string(d.Link.CalendarID), SeriesID: string(d.Link.EventID),
	})
	if err != nil {
		return err
	}
	stale := slices.ContainsFunc(mirrored, func(at int64) bool {
		return !slices.ContainsFunc(d.Exceptions, func(e record.Exception) bool { return !e.Gone && placeOf(e.Place) == at })
	})
	if !stale {
		return nil
	}
	t.mark(record.Mark{Kind: task.CalendarSync, Subject: string(d.Link.CalendarID), Lane: task.Background, ConnectionID: d.Link.ConnectionID})
	return t.DoubtMirror(ctx, db.DoubtMirrorParams{TenantID: t.tenant, CalendarID: string(d.Link.CalendarID)})
}

// loseOccurrence lets the mirror show that an occurrence has no event any more: of one that was deleted, not every provider tells.
func (t *tx) loseOccurrence(ctx context.Context, now record.Link) error {
	if now.EventID != "" {
		return nil
	}
	before, err := t.LinkByID(ctx, db.LinkByIDParams{TenantID: t.tenant, LinkID: string(now.ID)})
	if err != nil || before.EventID == "" {
		return found(err)
	}
	return t.CancelEvent(ctx, db.CancelEventParams{TenantID: t.tenant, CalendarID: string(now.CalendarID), EventID: before.EventID, Now: t.now})
}

func (t *tx) askForSeries(ctx context.Context, l record.Link) error {
	row, err := t.SeriesLink(ctx, db.SeriesLinkParams{TenantID: t.tenant, BookingID: string(l.BookingID), CalendarID: string(l.CalendarID)})
	if err != nil {
		return found(err)
	}
	series, err := t.linkOf(row, l.ConnectionID, l.Provider)
	if err == nil {
		t.markLink(series)
	}
	return err
}

func (t *tx) markLink(l record.Link) {
	t.mark(record.Mark{Kind: task.LinkPush, Subject: string(l.ID), Lane: task.Interactive, ConnectionID: l.ConnectionID})
}

// occurrencesIn are the links of occurrences in one calendar.
func occurrencesIn(all []record.Link, in cal.CalendarID) []record.Link {
	var out []record.Link
	for _, l := range all {
		if l.CalendarID == in && l.Part != "" {
			out = append(out, l)
		}
	}
	return out
}

// linkExceptions gives the exceptions that the provider shows links, where there are none yet.
func (t *tx) linkExceptions(ctx context.Context, d record.Decision, links []record.Link) error {
	linked := map[string]bool{}
	for _, l := range links {
		linked[l.Part] = true
	}
	for _, e := range d.Exceptions {
		if e.Part == "" || linked[e.Part] {
			continue
		}
		id := t.ids.ID("lnk")
		err := t.InsertLink(ctx, db.InsertLinkParams{
			TenantID: t.tenant, LinkID: id, BookingID: string(d.Link.BookingID), CalendarID: string(d.Link.CalendarID), Part: e.Part,
			Authoritative: d.Link.Authoritative, Empty: []byte{}, Now: t.now,
			SyncedVersion: d.Link.Synced, // as far as it is as the series has it, the core knows it
		})
		if err != nil {
			return err
		}
		t.markLink(record.Link{ID: cal.LinkID(id), ConnectionID: d.Link.ConnectionID})
	}
	return nil
}

// leads reports whether a series has become another one, or one whose occurrences may be looked at.
func leads(before, now record.Link) bool {
	was, is := before.Agreed(), now.Agreed()
	return before.EventID != now.EventID || before.Shape() != now.Shape() || before.Undecided() != now.Undecided() ||
		was.Sent.Differences(is.Sent, cal.AllFields) != 0 || len(before.InFlight) > 0 && len(now.InFlight) == 0
}

// news reports whether the provider shows an occurrence otherwise than its link knows.
func news(l, series record.Link, e record.Exception, differs bool) bool {
	switch {
	case l.Base == nil:
		return l.State == record.LinkPending
	case l.Apart():
		return l.Target && (!differs || !e.Gone)
	case l.Base.Series != series.Shape():
		return true
	case l.EventID == "":
		return l.Target && (!differs || !e.Gone)
	default:
		return differs && (e.Gone || e.ETag != l.ETag)
	}
}

func exceptionAt(all []record.Exception, part string) (record.Exception, bool) {
	for _, e := range all {
		if e.Part == part {
			return e, true
		}
	}
	return record.Exception{}, false
}

// placeOccurrences gives the occurrences that a decision has made differ a link in each calendar of their series, and returns all links of the booking.
// Where the series itself was decided about, those that it has no more are wanted no more.
func (t *tx) placeOccurrences(ctx context.Context, r record.Ruling, links []record.Link) ([]record.Link, error) {
	whole := r.Touches(links)[""]
	for _, l := range links {
		var err error
		switch {
		case l.Part != "" && whole && !slices.Contains(r.Booking.Parts, l.Part):
			l.Target = false
			_, err = t.aimLink(ctx, l, false)
		case l.Part == "" && l.Target:
			err = t.linkParts(ctx, r.Booking, l)
		}
		if err != nil {
			return nil, err
		}
	}
	return t.linksOf(ctx, r.Booking)
}

// linkParts gives the parts of a booking links where its series stands.
func (t *tx) linkParts(ctx context.Context, b record.Booking, series record.Link) error {
	for _, part := range b.Parts {
		err := t.InsertLink(ctx, db.InsertLinkParams{
			TenantID: t.tenant, LinkID: t.ids.ID("lnk"), BookingID: string(b.ID), CalendarID: string(series.CalendarID), Part: part,
			Authoritative: series.Authoritative, Empty: []byte{}, Now: t.now,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
