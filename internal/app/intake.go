package app

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/jobs"
)

// QueueIntake commits submissions that came through the queue. The tenant is that of the key which has signed them.
type QueueIntake struct {
	Store    *store.Store
	Contract *api.Contract
	Intake   *intake.Service
	// Trace begins a trace.
	Trace func(header string) string
}

// payloadLimit bounds a submission, as the HTTP API does.
const payloadLimit = 256 << 10

// Submit verifies and commits a submission. One that is refused is kept as a dead letter and reported as booking.rejected; then Submit succeeds,
// since trying again would change nothing.
func (q *QueueIntake) Submit(ctx context.Context, s jobs.Signed) error {
	key, err := q.Store.SigningKey(ctx, s.KeyID)
	if errors.Is(err, record.ErrNotFound) {
		return jobs.ErrForged
	}
	if err != nil {
		return err
	}
	if err := task.Verify([]byte(key.Secret), s.Schema, s.KeyID, s.Payload, s.Signature); err != nil {
		return jobs.ErrForged
	}
	sub, err := q.parse(s.Payload)
	if err == nil {
		sub.Actor, sub.Via, sub.Unordered, sub.Traceparent = key.ID, "queue", true, q.Trace("")
		_, err = q.Intake.Submit(ctx, key.Tenant, sub)
	}
	refusal, refused := errors.AsType[*record.RefusalError](err)
	if !refused {
		return err
	}
	return q.Store.Reject(ctx, key.Tenant, record.Rejection{
		ID: s.ID, BookingID: sub.ID, Version: version(sub), Reason: string(refusal.Reason), Detail: refusal.Detail, Problems: refusal.Problems,
		Payload: s.Payload, Actor: key.ID,
	})
}

func (q *QueueIntake) parse(payload []byte) (intake.Submission, error) {
	if len(payload) > payloadLimit {
		return intake.Submission{}, &record.RefusalError{Reason: record.ReasonMalformed, Detail: "a submission may have 256 KiB at the most"}
	}
	if err := q.Contract.Submission(payload); err != nil {
		return partly(payload), err
	}
	var s task.SubmitBooking
	if err := json.Unmarshal(payload, &s); err != nil {
		return partly(payload), &record.RefusalError{Reason: record.ReasonMalformed, Detail: "the payload does not fit the contract"}
	}
	sub := intake.Submission{ID: s.BookingID, Booking: s.Booking, IfMatch: s.IfRevision}
	if s.Cancel != nil {
		sub.Cancel = &s.Cancel.Version
	}
	return sub, nil
}

// partly reads what a refused payload calls its booking, so that the core can tell which one was refused.
func partly(payload []byte) intake.Submission {
	var s struct {
		BookingID string `json:"booking_id"`
	}
	const longest = 128
	if json.Unmarshal(payload, &s) != nil || len(s.BookingID) > longest {
		return intake.Submission{}
	}
	return intake.Submission{ID: cal.BookingID(s.BookingID)}
}

func version(s intake.Submission) int64 {
	switch {
	case s.Booking != nil:
		return s.Booking.Version
	case s.Cancel != nil:
		return *s.Cancel
	default:
		return 0
	}
}
