package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/zone"
)

// Store is what the intake needs of the store.
type Store interface {
	Booking(ctx context.Context, tenant cal.TenantID, id cal.BookingID) (record.Booking, error)
	Version(ctx context.Context, tenant cal.TenantID, id cal.BookingID, version int64) (hash string, token cal.ReservationToken, err error)
	Calendar(ctx context.Context, tenant cal.TenantID, id cal.CalendarID) (record.Calendar, error)
	Accept(ctx context.Context, tenant cal.TenantID, a record.Acceptance) (record.Booking, error)
	Decide(ctx context.Context, tenant cal.TenantID, r record.Ruling) (record.Booking, error)
}

// Service accepts versions of bookings.
type Service struct {
	Store Store
	// Quiet reports whether a provider can be told to mail nobody about a write.
	Quiet func(cal.Provider) bool
	// Fits refuses a booking that the contract does not allow. What comes in was held to it before; what a person has made of an event was not.
	Fits func(cal.Booking) error
	// Keeps says what of a series a provider cannot keep as one event (an *provider.UnmappableError), or nil. Without it none keeps any.
	Keeps func(cal.Provider, cal.Content) error
	// Zones are the tables that slots are resolved by; zero for those of this process.
	Zones zone.Tables
}

// Submission is a version as it came in. Exactly one of Booking and Cancel is set.
type Submission struct {
	ID      cal.BookingID
	Booking *cal.Booking
	// Cancel is the version of a cancellation.
	Cancel *int64
	// IfMatch is the revision that the core has seen.
	IfMatch *int64
	// Actor is the key that it came with, Via the way in.
	Actor, Via  string
	Traceparent string
	// Unordered says that the way in keeps no order: a cancellation may come before its booking, and an older version once more.
	Unordered bool
}

// Receipt is what came of a submission.
type Receipt struct {
	Booking record.Booking
	// Repeat says that this very version had been accepted before.
	Repeat bool
}

// tries is how often a submission is decided anew when another one is committed between its decision and its commit.
const tries = 8

// Submit accepts a version or refuses it with a *record.RefusalError. Submitting an accepted version again changes nothing.
func (s *Service) Submit(ctx context.Context, tenant cal.TenantID, sub Submission) (Receipt, error) {
	a := record.Acceptance{ID: sub.ID, TZData: s.Zones.Name(), Actor: sub.Actor, Via: sub.Via, Traceparent: sub.Traceparent}
	c := candidate{ifMatch: sub.IfMatch, unordered: sub.Unordered}
	if sub.Cancel != nil {
		c.version, c.cancelled = *sub.Cancel, true
	} else {
		spec, slot, err := checkBy(s.Zones, *sub.Booking)
		if err != nil {
			return Receipt{}, err
		}
		a.Spec, a.Slot, c.version = spec, slot, spec.Version
	}
	if c.version < 1 {
		return Receipt{}, problems{{Pointer: "/version", Detail: "versions begin at 1"}}.refusal()
	}
	c.hash = fingerprint(a.Spec, c.cancelled)
	a.Version, a.Cancelled, a.Hash = c.version, c.cancelled, c.hash
	for range tries {
		r, err := s.attempt(ctx, tenant, a, c)
		if !errors.Is(err, record.ErrStale) {
			return r, err
		}
	}
	return Receipt{}, fault.Newf(fault.Transient, "intake", "the booking is being changed by others: try again")
}

func (s *Service) attempt(ctx context.Context, tenant cal.TenantID, a record.Acceptance, c candidate) (Receipt, error) {
	current, known, err := s.current(ctx, tenant, a.ID, c.version)
	if err != nil {
		return Receipt{}, err
	}
	v, err := admit(c, current, known)
	if err != nil {
		return Receipt{}, err
	}
	if v.repeat {
		return Receipt{Booking: *current, Repeat: true}, nil
	}
	a.Decide = v.decide
	if current != nil {
		a.Seen = current.Revision
		if a, err = s.keeping(a, c, *current); err != nil {
			return Receipt{}, err
		}
		if c.cancelled {
			// A tombstone keeps what the booking said, so that the core can still read it.
			version := a.Version
			a.Spec, a.Slot, a.Series, a.TZData = current.Spec, current.Slot, current.Series, current.TZData
			a.Spec.Version = version
		}
	}
	if !c.cancelled {
		if a, err = s.standing(a, current); err != nil {
			return Receipt{}, err
		}
		if a.Targets, err = s.targets(ctx, tenant, a.Spec, current); err != nil {
			return Receipt{}, err
		}
		if err := s.kept(a); err != nil {
			return Receipt{}, err
		}
	}
	b, err := s.Store.Accept(ctx, tenant, a)
	return Receipt{Booking: b}, err
}

func (s *Service) current(ctx context.Context, tenant cal.TenantID, id cal.BookingID, version int64) (*record.Booking, string, error) {
	b, err := s.Store.Booking(ctx, tenant, id)
	if errors.Is(err, record.ErrNotFound) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	known, _, err := s.Store.Version(ctx, tenant, id, version)
	if errors.Is(err, record.ErrNotFound) {
		return &b, "", nil
	}
	return &b, known, err
}

// targets looks the targets up and refuses those that cannot serve. A calendar whose connection needs its owner again is accepted: the booking
// waits for it. One whose account was disconnected is accepted where the booking stands already.
func (s *Service) targets(ctx context.Context, tenant cal.TenantID, b cal.Booking, current *record.Booking) ([]record.AcceptedTarget, error) {
	var out []record.AcceptedTarget
	r := &record.RefusalError{Reason: record.ReasonCalendar, Detail: "a target cannot be used"}
	for i, t := range b.Targets {
		c, err := s.Store.Calendar(ctx, tenant, t.CalendarID)
		if err != nil && !errors.Is(err, record.ErrNotFound) {
			return nil, err
		}
		switch why := unusable(c, err == nil, stands(current, t.CalendarID)); {
		case why != "":
			r.Problems = append(r.Problems, message.Problem{Pointer: fmt.Sprintf("/targets/%d/calendar_id", i), Detail: why})
		case t.Authoritative && b.Notify == cal.NotifyExternal && !s.Quiet(c.Provider):
			return nil, &record.RefusalError{
				Reason: record.ReasonNotify, Detail: "this provider mails all guests or has none written",
				Problems: []message.Problem{{
					Pointer: "/notify", Detail: fmt.Sprintf("%s cannot mail external guests only: choose none (no guests are written) or all", c.Provider),
				}},
			}
		}
		out = append(out, record.AcceptedTarget{Calendar: c, Authoritative: t.Authoritative})
	}
	if len(r.Problems) > 0 {
		return nil, r
	}
	return out, nil
}

// unusable says why a calendar cannot be a target, and how to mend it; nothing if it can.
func unusable(c record.Calendar, exists, stands bool) string {
	switch {
	case !exists:
		return "no such calendar: GET /v1/calendars lists those that can be used"
	case c.Vanished:
		return "the account does not see this calendar any more"
	case c.ConnectionState.Closed() && !stands:
		return "the account of this calendar was disconnected: connect it anew (POST /v1/connections with its connection_id), or choose another one"
	case !c.Writable:
		return "the account may only read this calendar: choose one with writable: true"
	case !c.WritableTarget && !stands:
		return "this calendar was chosen not to be a target: PATCH /v1/calendars/{id} with writable_target: true, or choose another one"
	default:
		return ""
	}
}

// stands reports whether a booking stands in a calendar already: it may stay, whatever was chosen for later ones.
func stands(b *record.Booking, id cal.CalendarID) bool {
	return b != nil && !b.Cancelled && slices.ContainsFunc(b.Links, func(l record.Link) bool { return l.Target && l.CalendarID == id })
}
