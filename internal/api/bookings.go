package api

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/telemetry"
)

// Bookings accepts and shows bookings.
type Bookings interface {
	// Put submits a version. repeat says that it had been accepted before.
	Put(ctx context.Context, who Identity, id cal.BookingID, b cal.Booking, o Options) (out record.Booking, repeat bool, err error)
	// Cancel submits a cancellation.
	Cancel(ctx context.Context, who Identity, id cal.BookingID, version int64, o Options) (out record.Booking, repeat bool, err error)
	// Decide accepts or reverts what a person has done to some of a booking's events.
	Decide(ctx context.Context, who Identity, id cal.BookingID, d message.Decision, of Changed, o Options) (record.Booking, error)
	Booking(ctx context.Context, tenant cal.TenantID, id cal.BookingID) (record.Booking, error)
	Reservation(ctx context.Context, tenant cal.TenantID, token cal.ReservationToken) (record.Reservation, error)
}

// Changed is which of a booking's events a decision is about. An empty field chooses all of them.
type Changed struct {
	Calendar cal.CalendarID
	// Occurrence is an original start as the core writes it.
	Occurrence string
}

// Options go with a submission.
type Options struct {
	// IfMatch is the revision that the caller has seen; nil when it did not say.
	IfMatch *int64
	// Trace is the traceparent of the request.
	Trace string
}

// PutBooking is PUT /v1/bookings/{booking_id}.
func (s *Server) PutBooking(ctx context.Context, r gen.PutBookingRequestObject) (gen.PutBookingResponseObject, error) {
	o, err := s.options(ctx, r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	b, repeat, err := s.Bookings.Put(ctx, identity(ctx), cal.BookingID(r.BookingID), *r.Body, o)
	if err != nil {
		return nil, err
	}
	if repeat {
		return gen.PutBooking200JSONResponse{Body: booking(b), Headers: gen.PutBooking200ResponseHeaders{ETag: etag(b)}}, nil
	}
	return gen.PutBooking202JSONResponse{Body: booking(b), Headers: gen.PutBooking202ResponseHeaders{ETag: etag(b)}}, nil
}

// DeleteBooking is DELETE /v1/bookings/{booking_id}.
func (s *Server) DeleteBooking(ctx context.Context, r gen.DeleteBookingRequestObject) (gen.DeleteBookingResponseObject, error) {
	o, err := s.options(ctx, r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	if err := s.Contract.value(schemaVersion, "query: version", float64(r.Params.Version)); err != nil {
		return nil, err
	}
	b, repeat, err := s.Bookings.Cancel(ctx, identity(ctx), cal.BookingID(r.BookingID), r.Params.Version, o)
	if err != nil {
		return nil, err
	}
	if repeat {
		return gen.DeleteBooking200JSONResponse{Body: booking(b), Headers: gen.DeleteBooking200ResponseHeaders{ETag: etag(b)}}, nil
	}
	return gen.DeleteBooking202JSONResponse{Body: booking(b), Headers: gen.DeleteBooking202ResponseHeaders{ETag: etag(b)}}, nil
}

// GetBooking is GET /v1/bookings/{booking_id}.
func (s *Server) GetBooking(ctx context.Context, r gen.GetBookingRequestObject) (gen.GetBookingResponseObject, error) {
	b, err := s.Bookings.Booking(ctx, identity(ctx).Tenant, cal.BookingID(r.BookingID))
	if errors.Is(err, record.ErrNotFound) {
		return nil, refuse(record.ReasonUnknown, "this tenant has no booking of that id")
	}
	if err != nil {
		return nil, err
	}
	return gen.GetBooking200JSONResponse{Body: booking(b), Headers: gen.GetBooking200ResponseHeaders{ETag: etag(b)}}, nil
}

// GetReservation is GET /v1/reservations/{token}.
func (s *Server) GetReservation(ctx context.Context, r gen.GetReservationRequestObject) (gen.GetReservationResponseObject, error) {
	res, err := s.Bookings.Reservation(ctx, identity(ctx).Tenant, cal.ReservationToken(r.Token))
	if err != nil {
		return nil, err
	}
	return gen.GetReservation200JSONResponse(reservation(res)), nil
}

// options reads the headers of a submission.
func (s *Server) options(ctx context.Context, ifMatch *string) (Options, error) {
	o := Options{Trace: telemetry.Traceparent(ctx)}
	if ifMatch == nil {
		return o, nil
	}
	if err := s.Contract.value(schemaRevision, "header: If-Match", *ifMatch); err != nil {
		return o, err
	}
	n, err := strconv.ParseInt(strings.Trim(*ifMatch, `"`), 10, 64)
	o.IfMatch = &n
	return o, err
}

func etag(b record.Booking) *string {
	tag := strconv.Quote(strconv.FormatInt(b.Revision, 10))
	return &tag
}

func booking(b record.Booking) gen.Booking {
	out := gen.Booking{
		ID: string(b.ID), Version: b.Version, Revision: b.Revision, State: gen.BookingStateBooked, Diverged: b.Diverged(),
		ReservationToken: string(b.Reservation), Targets: []gen.TargetStatus{}, CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt,
	}
	if b.Cancelled {
		out.State = gen.BookingStateCancelled
	}
	// A cancellation that came before its booking leaves a tombstone without content: no booking has a blank title.
	if b.Spec.Title != "" {
		spec := b.Spec
		if spec.Targets == nil {
			spec.Targets = []cal.Target{}
		}
		out.Booking = &spec
	}
	for _, l := range b.Links {
		out.Targets = append(out.Targets, target(l))
	}
	return out
}

func target(l record.Link) gen.TargetStatus {
	t := gen.TargetStatus{
		CalendarID: string(l.CalendarID), ConnectionID: string(l.ConnectionID), Provider: gen.Provider(l.Provider),
		Authoritative: l.Authoritative, Status: gen.TargetStatusStatus(l.State), SyncedVersion: l.Synced,
		Occurrence: l.Occurrence,
	}
	if l.State == record.LinkApproved {
		t.Status = gen.TargetStatusStatusPending
	}
	if l.Reason != "" {
		t.Reason = &l.Reason
	}
	t.Conference = conference(l.Conference)
	if l.Observed != nil {
		seen := message.NewEvent(*l.Observed)
		t.Observed = &seen
	}
	return t
}

// conference is what has become of a target's, as its tenant sees it.
func conference(c *record.Conference) *gen.TargetConference {
	if c == nil {
		return nil
	}
	out := gen.TargetConference{State: gen.TargetConferenceStatePending}
	switch c.State {
	case cal.ConferenceReady:
		out.State, out.URL = gen.TargetConferenceStateReady, &c.URL
	case cal.ConferenceRefused:
		out.State, out.Reason = gen.TargetConferenceStateFailed, &c.Reason
	case cal.ConferencePending:
	}
	return &out
}

// reservation tells how far each target has come with one version: only what concerns that version counts, whatever else the link is up to. A
// calendar that shows a newer version does not show this one.
func reservation(r record.Reservation) gen.Reservation {
	out := gen.Reservation{
		Token: string(r.Token), BookingID: string(r.BookingID), Version: r.Version, Cancelled: r.Cancelled, AcceptedAt: r.AcceptedAt,
		Targets: []gen.ReservationTarget{},
	}
	for _, l := range r.Links {
		t := reserved(r, l)
		i := slices.IndexFunc(out.Targets, func(o gen.ReservationTarget) bool { return o.CalendarID == t.CalendarID })
		switch {
		case i < 0:
			out.Targets = append(out.Targets, t)
		case weight(t.Status) > weight(out.Targets[i].Status):
			out.Targets[i] = t
		}
	}
	return out
}

// reserved tells how far one link has come.
func reserved(r record.Reservation, l record.Link) gen.ReservationTarget {
	t := gen.ReservationTarget{CalendarID: string(l.CalendarID), Status: gen.ReservationTargetStatusPending}
	switch {
	case l.Synced == r.Version:
		t.Status = gen.ReservationTargetStatusSynced
	case r.Superseded:
		t.Status = gen.ReservationTargetStatusSuperseded
	case l.Failed >= r.Version:
		t.Status = gen.ReservationTargetStatusFailed
		t.Reason = &l.Reason
	}
	return t
}

// weight orders statuses: a calendar in which a booking stands as several events is as far as the one that is least so.
func weight(s gen.ReservationTargetStatus) int {
	return slices.Index([]gen.ReservationTargetStatus{
		gen.ReservationTargetStatusSynced, gen.ReservationTargetStatusSuperseded, gen.ReservationTargetStatusPending, gen.ReservationTargetStatusFailed,
	}, s)
}
