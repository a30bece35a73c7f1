package intake

import (
	"context"
	"errors"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

const (
	ours   cal.TenantID  = "ten_1"
	theirs cal.TenantID  = "ten_2"
	id     cal.BookingID = "b"
)

// shelf keeps the bookings of one tenant in memory, as the store does: a commit on another revision than the booking's is stale.
type shelf struct {
	t        *testing.T
	tenant   cal.TenantID
	bookings map[cal.BookingID]record.Booking
	hashes   map[int64]string
	accepted []record.Acceptance
	calls    []string
	// calendars are those of the tenant.
	calendars map[cal.CalendarID]record.Calendar
	// before runs ahead of each call, with its name. An error of its fails the call.
	before func(call string) error
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	return &shelf{
		t: t, tenant: ours, bookings: map[cal.BookingID]record.Booking{}, hashes: map[int64]string{},
		calendars: map[cal.CalendarID]record.Calendar{
			"cal_1":     {ID: "cal_1", Provider: cal.Google, Writable: true, WritableTarget: true},
			"cal_2":     {ID: "cal_2", Provider: cal.Microsoft, Writable: true, WritableTarget: true},
			"read-only": {ID: "read-only", Provider: cal.Google},
			"vanished":  {ID: "vanished", Provider: cal.Google, Writable: true, WritableTarget: true, Vanished: true},
			"closing":   {ID: "closing", Provider: cal.Google, Writable: true, WritableTarget: true, ConnectionState: cal.ConnectionDisconnecting},
			"closed":    {ID: "closed", Provider: cal.Google, Writable: true, WritableTarget: true, ConnectionState: cal.ConnectionDisconnected},
			"reauth":    {ID: "reauth", Provider: cal.Google, Writable: true, WritableTarget: true, ConnectionState: cal.ConnectionNeedsReauth},
		},
	}
}

func (s *shelf) service() *Service {
	return &Service{Store: s, Quiet: func(p cal.Provider) bool { return p == cal.Google }}
}

// call notes a call and holds it to the tenant and the caller's context.
func (s *shelf) call(ctx context.Context, tenant cal.TenantID, name string) error {
	s.calls = append(s.calls, name)
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.before != nil {
		if err := s.before(name); err != nil {
			return err
		}
	}
	if tenant != s.tenant {
		return record.ErrNotFound
	}
	return nil
}

func (s *shelf) Booking(ctx context.Context, tenant cal.TenantID, id cal.BookingID) (record.Booking, error) {
	if err := s.call(ctx, tenant, "booking"); err != nil {
		return record.Booking{}, err
	}
	b, ok := s.bookings[id]
	if !ok {
		return b, record.ErrNotFound
	}
	return b, nil
}

func (s *shelf) Version(ctx context.Context, tenant cal.TenantID, _ cal.BookingID, version int64) (string, cal.ReservationToken, error) {
	if err := s.call(ctx, tenant, "version"); err != nil {
		return "", "", err
	}
	hash, ok := s.hashes[version]
	if !ok {
		return "", "", record.ErrNotFound
	}
	return hash, "rsv", nil
}

func (s *shelf) Calendar(ctx context.Context, tenant cal.TenantID, id cal.CalendarID) (record.Calendar, error) {
	if err := s.call(ctx, tenant, "calendar"); err != nil {
		return record.Calendar{}, err
	}
	c, ok := s.calendars[id]
	if !ok {
		return c, record.ErrNotFound
	}
	return c, nil
}

func (s *shelf) Accept(ctx context.Context, tenant cal.TenantID, a record.Acceptance) (record.Booking, error) {
	if err := s.call(ctx, tenant, "accept"); err != nil {
		return record.Booking{}, err
	}
	return s.commit(a)
}

func (s *shelf) Decide(context.Context, cal.TenantID, record.Ruling) (record.Booking, error) {
	return record.Booking{}, errors.New("nothing here is decided about")
}

// commit is what the store does in its transaction.
func (s *shelf) commit(a record.Acceptance) (record.Booking, error) {
	b := s.bookings[a.ID]
	if a.Seen != b.Revision {
		return record.Booking{}, record.ErrStale
	}
	if _, twice := s.hashes[a.Version]; twice {
		return record.Booking{}, errors.New("a version was committed twice")
	}
	b = record.Booking{
		ID: a.ID, Spec: a.Spec, Version: a.Version, Revision: b.Revision + 1, Cancelled: a.Cancelled, Slot: a.Slot, TZData: a.TZData, Hash: a.Hash,
	}
	s.bookings[a.ID], s.hashes[a.Version] = b, a.Hash
	s.accepted = append(s.accepted, a)
	return b, nil
}

// rival commits a version with other content than anybody submits, as another process would.
func (s *shelf) rival(version int64) {
	s.t.Helper()
	a := record.Acceptance{ID: id, Version: version, Hash: "rival", Seen: s.bookings[id].Revision}
	if _, err := s.commit(a); err != nil {
		s.t.Fatal(err)
	}
}

// put submits a booking over a way in that keeps order.
func (s *shelf) put(b cal.Booking) (Receipt, error) {
	return s.service().Submit(s.t.Context(), ours, Submission{ID: id, Booking: &b, Actor: "key_1", Via: "http", Traceparent: "00-1"})
}

func (s *shelf) cancel(version int64) (Receipt, error) {
	return s.service().Submit(s.t.Context(), ours, Submission{ID: id, Cancel: &version})
}

// accept is put, and fails the test on an error.
func (s *shelf) accept(b cal.Booking) Receipt {
	s.t.Helper()
	r, err := s.put(b)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// wantRefusal holds err to a reason, and returns what the refusal says is wrong.
func wantRefusal(t *testing.T, err error, reason record.Reason) []message.Problem {
	t.Helper()
	refusal, ok := errors.AsType[*record.RefusalError](err)
	if !ok || refusal.Reason != reason {
		t.Fatalf("%v, want a refusal for %s", err, reason)
	}
	return refusal.Problems
}
