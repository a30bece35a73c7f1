package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// AuditedLinks lists the links of a filter that follow after, in the order of their ids, each with the work that is wanted of it.
func (s *Store) AuditedLinks(
	ctx context.Context, tenant cal.TenantID, f record.AuditFilter, after cal.LinkID, limit int,
) ([]record.AuditedLink, error) {
	var out []record.AuditedLink
	err := s.view(ctx, tenant, "list links", func(ctx context.Context, t *tx) error {
		rows, err := t.LinksAudited(final(ctx), db.LinksAuditedParams{
			TenantID: t.tenant, After: string(after), OfConnection: string(f.Connection), OfCalendar: string(f.Calendar),
			OfBooking: string(f.Booking), MaxRows: int32(limit), //nolint:gosec // small
		})
		out = make([]record.AuditedLink, 0, len(rows))
		for _, r := range rows {
			out = append(out, record.AuditedLink{
				ID: cal.LinkID(r.LinkID), BookingID: cal.BookingID(r.BookingID), CalendarID: cal.CalendarID(r.CalendarID),
				ConnectionID: cal.ConnectionID(r.ConnectionID), Provider: cal.Provider(r.Provider), State: record.LinkState(r.State),
				ChangedAt: instant(r.UpdatedAt),
				Work: record.AuditedWork{
					State: record.WorkState(r.WorkState), HeldFor: record.HeldFor(r.HeldFor), NotBefore: instant(r.NotBefore), Reason: r.LastError,
				},
			})
		}
		return err
	})
	return out, err
}

// CalendarAudit returns how far the audit of the lease's calendar has come, and up to limit of the links that come next.
func (s *Store) CalendarAudit(ctx context.Context, l record.Lease, limit int) (a record.DriftAudit, next []record.AuditedLink, err error) {
	err = s.view(ctx, l.Tenant, "read drift audit", func(ctx context.Context, t *tx) error {
		a, next = record.DriftAudit{}, nil
		var err error
		if a.Calendar, _, err = t.calendar(ctx, cal.CalendarID(l.Subject)); err != nil {
			return err
		}
		row, err := t.DriftAudit(ctx, db.DriftAuditParams{TenantID: t.tenant, CalendarID: l.Subject})
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		a.After, a.Links, a.Drifted, a.Unreachable = cal.LinkID(row.AfterLink), row.Links, row.Drifted, row.Unreachable
		a.StartedAt, a.FinishedAt = instant(row.StartedAt), instant(row.FinishedAt)
		links, err := t.CalendarLinksAudited(final(ctx), db.CalendarLinksAuditedParams{
			TenantID: t.tenant, CalendarID: l.Subject, After: row.AfterLink, MaxRows: int32(limit), //nolint:gosec // small
		})
		for _, r := range links {
			next = append(next, record.AuditedLink{
				ID: cal.LinkID(r.LinkID), BookingID: cal.BookingID(r.BookingID), CalendarID: cal.CalendarID(r.CalendarID),
				ConnectionID: a.Calendar.ConnectionID, Provider: a.Calendar.Provider, State: record.LinkState(r.State), ChangedAt: instant(r.UpdatedAt),
				Work: record.AuditedWork{
					State: record.WorkState(r.WorkState), HeldFor: record.HeldFor(r.HeldFor), NotBefore: instant(r.NotBefore), Reason: r.LastError,
				},
			})
		}
		return err
	})
	return a, next, err
}

// ReportDrift commits what one run of a calendar's audit has found, under its lease.
func (s *Store) ReportDrift(ctx context.Context, l record.Lease, r record.AuditReport) error {
	return s.update(ctx, l.Tenant, "report drift", func(ctx context.Context, t *tx) error {
		if err := t.finish(ctx, l, r.Outcome); err != nil {
			return err
		}
		for _, f := range r.Found {
			if err := t.putDrift(ctx, f); err != nil {
				return err
			}
		}
		a := r.Audit
		if r.Whole {
			err := t.note(ctx, record.Note{
				Actor: record.ActorEngine, Action: "calendar.audited", Subject: l.Subject,
				Detail: map[string]any{"links": a.Links, "drifted": a.Drifted, "unreachable": a.Unreachable, "began": a.StartedAt.UTC()},
			})
			if err != nil {
				return err
			}
			a.After, a.FinishedAt = "", instant(t.now)
		}
		return t.PutDriftAudit(ctx, db.PutDriftAuditParams{
			TenantID: t.tenant, CalendarID: l.Subject, AfterLink: string(a.After), Links: a.Links, Drifted: a.Drifted, Unreachable: a.Unreachable,
			StartedAt: micros(a.StartedAt), FinishedAt: micros(a.FinishedAt),
		})
	})
}

// putDrift lets a drift begin, go on or end. Of an event that could not be looked at nothing more is known than before.
func (t *tx) putDrift(ctx context.Context, f record.Finding) error {
	if f.Verdict == record.Unreachable {
		return nil
	}
	n := record.Note{
		Actor: record.ActorEngine, Action: "link.drifted", Subject: string(f.ID), BookingID: f.BookingID,
		Detail: map[string]any{
			"calendar_id": f.CalendarID, "would": f.Would, "fields": f.Fields.Names(), "person_changed": f.Person.Names(), "differs": f.By, "why": f.Why,
		},
	}
	if f.Verdict != record.Drifted {
		ended, err := t.EndDrift(ctx, db.EndDriftParams{TenantID: t.tenant, LinkID: string(f.ID)})
		if err != nil || ended == 0 {
			return err
		}
		n.Action = "link.drift_ended"
		return t.note(ctx, n)
	}
	fields, person := strings.Join(f.Fields.Names(), " "), strings.Join(f.Person.Names(), " ")
	known, err := t.SeeDrift(ctx, db.SeeDriftParams{
		TenantID: t.tenant, LinkID: string(f.ID), Would: string(f.Would), Fields: fields, Person: person, Reason: f.Why, Now: t.now,
	})
	if err != nil || known > 0 {
		return err
	}
	err = t.BeginDrift(ctx, db.BeginDriftParams{
		TenantID: t.tenant, LinkID: string(f.ID), BookingID: string(f.BookingID), CalendarID: string(f.CalendarID), Would: string(f.Would),
		Fields: fields, Person: person, Reason: f.Why, Now: t.now,
	})
	if err != nil {
		return err
	}
	return t.note(ctx, n)
}

// Drifts lists what audits have found and that follows after, in the order of the links' ids.
func (s *Store) Drifts(ctx context.Context, tenant cal.TenantID, f record.AuditFilter, after cal.LinkID, limit int) ([]record.Drift, error) {
	var out []record.Drift
	err := s.view(ctx, tenant, "list drift", func(ctx context.Context, t *tx) error {
		rows, err := t.Queries.Drifts(final(ctx), db.DriftsParams{
			TenantID: t.tenant, After: string(after), OfBooking: string(f.Booking), OfCalendar: string(f.Calendar), MaxRows: int32(limit), //nolint:gosec // small
		})
		out = make([]record.Drift, 0, len(rows))
		for _, r := range rows {
			out = append(out, record.Drift{
				LinkID: cal.LinkID(r.LinkID), BookingID: cal.BookingID(r.BookingID), CalendarID: cal.CalendarID(r.CalendarID),
				Would: record.Would(r.Would), Fields: strings.Fields(r.Fields), Person: strings.Fields(r.Person), Why: r.Reason,
				FoundAt: instant(r.FoundAt), SeenAt: instant(r.SeenAt),
			})
		}
		return err
	})
	return out, err
}
