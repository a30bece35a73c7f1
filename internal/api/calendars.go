package api

import (
	"context"
	"fmt"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// Calendars keeps the calendars of connected accounts.
type Calendars interface {
	Calendar(ctx context.Context, tenant cal.TenantID, id cal.CalendarID) (record.Calendar, error)
	Calendars(ctx context.Context, tenant cal.TenantID, f record.CalendarFilter, after cal.CalendarID, limit int) ([]record.Calendar, error)
	// ChooseCalendar stores a choice and returns the calendar as it is from then on.
	ChooseCalendar(ctx context.Context, tenant cal.TenantID, id cal.CalendarID, c record.CalendarChoice) (record.Calendar, error)
	// Followings tells of calendars how they are followed. What is not there is left out.
	Followings(ctx context.Context, tenant cal.TenantID, ids []cal.CalendarID) (map[cal.CalendarID]record.Following, error)
}

// ListCalendars is GET /v1/calendars.
func (s *Server) ListCalendars(ctx context.Context, r gen.ListCalendarsRequestObject) (gen.ListCalendarsResponseObject, error) {
	p := r.Params
	f := record.CalendarFilter{
		Connection: cal.ConnectionID(text(p.ConnectionID)), Provider: cal.Provider(text(p.Provider)), Writable: p.Writable, Level: cal.SyncLevel(text(p.Sync)),
	}
	writable := ""
	if p.Writable != nil {
		writable = fmt.Sprint(*p.Writable)
	}
	l, err := newListing("calendars", p.Limit, p.Cursor, string(f.Connection), string(f.Provider), writable, string(f.Level))
	if err != nil {
		return nil, err
	}
	rows, err := s.Calendars.Calendars(ctx, identity(ctx).Tenant, f, cal.CalendarID(l.after), l.limit+1)
	if err != nil {
		return nil, err
	}
	page := gen.CalendarPage{Calendars: []gen.Calendar{}}
	rows, page.NextCursor = cut(l, rows, func(c record.Calendar) string { return string(c.ID) })
	page.Calendars, err = s.calendars(ctx, rows...)
	return gen.ListCalendars200JSONResponse(page), err
}

// GetCalendar is GET /v1/calendars/{calendar_id}.
func (s *Server) GetCalendar(ctx context.Context, r gen.GetCalendarRequestObject) (gen.GetCalendarResponseObject, error) {
	c, err := s.visible(ctx, r.CalendarID)
	if err != nil {
		return nil, err
	}
	all, err := s.calendars(ctx, c)
	if err != nil {
		return nil, err
	}
	return gen.GetCalendar200JSONResponse(all[0]), nil
}

// ChooseCalendar is PATCH /v1/calendars/{calendar_id}.
func (s *Server) ChooseCalendar(ctx context.Context, r gen.ChooseCalendarRequestObject) (gen.ChooseCalendarResponseObject, error) {
	who := identity(ctx)
	c, err := s.visible(ctx, r.CalendarID)
	if err != nil {
		return nil, err
	}
	if wanted := r.Body.WritableTarget; wanted != nil && *wanted && !c.Writable {
		return nil, refuse(record.ReasonCalendar, "the calendar cannot be a target", message.Problem{
			Pointer: "/writable_target",
			Detail:  "the account may only read this calendar: let its owner grant the account the right to change events, or choose one with writable: true",
		})
	}
	if level := r.Body.Sync; level != nil && *level != gen.SyncLevelOff {
		if err := s.readable(ctx, c); err != nil {
			return nil, err
		}
	}
	choice := record.CalendarChoice{WritableTarget: r.Body.WritableTarget, Actor: who.KeyID}
	if r.Body.Sync != nil {
		level := cal.SyncLevel(*r.Body.Sync)
		choice.Sync = &level
	}
	if c, err = s.Calendars.ChooseCalendar(ctx, who.Tenant, c.ID, choice); err != nil {
		return nil, err
	}
	all, err := s.calendars(ctx, c)
	if err != nil {
		return nil, err
	}
	return gen.ChooseCalendar200JSONResponse(all[0]), nil
}

// readable fails unless the owner of a calendar's account has allowed to read events.
func (s *Server) readable(ctx context.Context, c record.Calendar) error {
	account, err := s.Accounts.Connection(ctx, identity(ctx).Tenant, c.ConnectionID)
	if err != nil || account.Can(cal.ReadEvents) {
		return err
	}
	return refuse(record.ReasonCalendar, "the calendar cannot be kept", message.Problem{
		Pointer: "/sync", Detail: "the account's owner has not allowed to read events: connect the account anew, and let them allow it",
	})
}

// visible is a calendar of the tenant that its account sees.
func (s *Server) visible(ctx context.Context, id string) (record.Calendar, error) {
	c, err := s.Calendars.Calendar(ctx, identity(ctx).Tenant, cal.CalendarID(id))
	if err == nil && c.Vanished {
		err = record.ErrNotFound
	}
	return c, err
}

// calendars are calendars with how they are followed.
func (s *Server) calendars(ctx context.Context, all ...record.Calendar) ([]gen.Calendar, error) {
	ids := make([]cal.CalendarID, 0, len(all))
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	out := make([]gen.Calendar, 0, len(all))
	followings, err := s.Calendars.Followings(ctx, identity(ctx).Tenant, ids)
	for _, c := range all {
		one := calendar(c)
		if c.Level() != cal.SyncOff {
			follow(&one, followings[c.ID])
		}
		out = append(out, one)
	}
	return out, err
}

func calendar(c record.Calendar) gen.Calendar {
	return gen.Calendar{
		ID: string(c.ID), ConnectionID: string(c.ConnectionID), Provider: gen.Provider(c.Provider), Name: c.Name, Primary: c.Primary,
		Writable: c.Writable, WritableTarget: c.Target(), TimeZone: c.Zone, Sync: gen.SyncLevel(c.Level()),
		ConnectionState: gen.ConnectionState(c.ConnectionState),
	}
}
