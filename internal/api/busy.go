package api

import (
	"context"
	"fmt"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// Mirror knows when the time of calendars is taken.
type Mirror interface {
	Busy(ctx context.Context, tenant cal.TenantID, id cal.CalendarID, within cal.Window, limit int) (record.Busy, error)
}

// The bounds of one answer.
const (
	longestBusy = 92 * 24 * time.Hour
	mostBusy    = 10_000
)

// GetBusy is GET /v1/calendars/{calendar_id}/busy.
func (s *Server) GetBusy(ctx context.Context, r gen.GetBusyRequestObject) (gen.GetBusyResponseObject, error) {
	within, err := busyWindow(r.Params)
	if err != nil {
		return nil, err
	}
	c, err := s.visible(ctx, r.CalendarID)
	if err != nil {
		return nil, err
	}
	if c.Level() == cal.SyncOff {
		return nil, notListed("nothing is kept of this calendar: PATCH it with sync: busy, and ask again once it has been listed")
	}
	b, err := s.Mirror.Busy(ctx, identity(ctx).Tenant, c.ID, within, mostBusy)
	if err != nil {
		return nil, err
	}
	if err := proven(b, within); err != nil {
		return nil, err
	}
	out := gen.Busy{
		CalendarID: string(c.ID), From: within.From, Until: within.Until, Busy: []gen.Span{}, Coverage: gen.Span{From: b.Coverage.From, Until: b.Coverage.Until},
		AsOf: b.AsOf, Listing: b.Listing, Unexpanded: int(b.Unexpanded),
		Stale: c.ConnectionState != cal.ConnectionActive || b.Age > max(s.StaleAfter, 2*b.Interval),
	}
	for _, span := range b.Spans {
		out.Busy = append(out.Busy, gen.Span{From: span.From, Until: span.Until})
	}
	return gen.GetBusy200JSONResponse(out), nil
}

// proven fails unless the mirror knows all of a window.
func proven(b record.Busy, within cal.Window) error {
	switch {
	case b.Coverage.From.IsZero() || b.Coverage.Until.IsZero():
		return notListed("the first listing of this calendar is not complete yet: ask again in a moment")
	case within.From.Before(b.Coverage.From):
		return beyond("from", "nothing is known before "+b.Coverage.From.Format(time.RFC3339)+": ask from then on")
	case within.Until.After(b.Coverage.Until):
		return beyond("until", "nothing is known after "+b.Coverage.Until.Format(time.RFC3339)+": ask up to then")
	case b.TooMany:
		return refuse(record.ReasonInvalid, wrongParameter, message.Problem{
			Pointer: "query: until", Detail: fmt.Sprintf("there are more than %d events in this window: ask for a shorter one", mostBusy),
		})
	default:
		return nil
	}
}

func notListed(detail string) error {
	return refuse(reasonNotListed, "the calendar is not listed", message.Problem{Detail: detail})
}

func beyond(name, detail string) error {
	return refuse(reasonBeyond, "the window reaches beyond what is known", message.Problem{Pointer: "query: " + name, Detail: detail})
}

// busyWindow reads the parameters.
func busyWindow(p gen.GetBusyParams) (cal.Window, error) {
	var w cal.Window
	for _, t := range []struct {
		name, in string
		out      *time.Time
	}{{"from", p.From, &w.From}, {"until", p.Until, &w.Until}} {
		at, err := time.Parse(time.RFC3339, t.in)
		if err != nil || at.IsZero() {
			return w, refuse(record.ReasonInvalid, wrongParameter,
				message.Problem{Pointer: "query: " + t.name, Detail: "it cannot be read: give a time as 2026-10-01T10:00:00Z"})
		}
		*t.out = at.UTC()
	}
	if length := w.Until.Sub(w.From); length <= 0 || length > longestBusy {
		return w, refuse(record.ReasonInvalid, wrongParameter, message.Problem{
			Pointer: "query: until", Detail: fmt.Sprintf("give a time after from, and no more than %d days after it", longestBusy/(24*time.Hour)),
		})
	}
	return w, nil
}
