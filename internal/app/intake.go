package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/telemetry"
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
	telemetry.Learn(ctx, slog.String("tenant", string(key.Tenant)))
	sub, err := q.parse(s.Schema, s.Payload)
	inside := ""
	if err == nil {
		sub.Actor, sub.Via, sub.Unordered, sub.Traceparent = key.ID, "queue", true, q.Trace("")
		inside = part(sub)
		_, err = q.Intake.Submit(ctx, key.Tenant, sub)
	}
	refusal, refused := errors.AsType[*record.RefusalError](err)
	if !refused {
		return err
	}
	if newer := s.Schema > task.SchemaVersion && task.Readable(s.Schema); newer && misshapen(refusal.Reason) {
		return errNewer
	}
	return q.Store.Reject(ctx, key.Tenant, record.Rejection{
		ID: rejectionID(s), BookingID: sub.ID, Version: version(sub), Reason: string(refusal.Reason), Detail: refusal.Detail,
		Problems: within(inside, refusal.Problems), Payload: kept(s.Payload), Actor: key.ID,
	})
}

// rejectionID is the same for every try of one task. A core that names its tasks itself may use a name again for another submission.
func rejectionID(s jobs.Signed) string {
	sum := sha256.Sum256(s.Payload)
	return s.ID + "-" + hex.EncodeToString(sum[:8])
}

// kept is what is kept of a payload that was refused: nothing of one that is too large.
func kept(payload []byte) []byte {
	if len(payload) > payloadLimit {
		return nil
	}
	return payload
}

// errNewer means that a submission may be well-formed to a newer build, as the fleet has some while it is being upgraded.
var errNewer = fmt.Errorf("a submission of a newer schema than %d does not fit this build's contract", task.SchemaVersion)

func misshapen(r record.Reason) bool { return r == record.ReasonMalformed || r == record.ReasonInvalid }

// part is where in a payload the document stands that the intake is given.
func part(s intake.Submission) string {
	if s.Cancel != nil {
		return "/cancellation"
	}
	return "/booking"
}

// within makes pointers into a part of the payload ones into the payload, which is all that the core has sent.
func within(part string, problems []message.Problem) []message.Problem {
	var out []message.Problem
	for _, p := range problems {
		out = append(out, message.Problem{Pointer: part + p.Pointer, Detail: p.Detail})
	}
	return out
}

func (q *QueueIntake) parse(schema int, payload []byte) (intake.Submission, error) {
	if !task.Readable(schema) {
		return partly(payload), &record.RefusalError{
			Reason: record.ReasonInvalid, Detail: fmt.Sprintf("this build reads schema %d of %s and its neighbours: send one of them", task.SchemaVersion, task.TypeSubmitBooking),
		}
	}
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

// partly reads what a refused payload calls its booking and version, as far as it can be read, so that the core can tell which one was refused.
func partly(payload []byte) intake.Submission {
	var s struct {
		BookingID    json.RawMessage `json:"booking_id"`
		Booking      json.RawMessage `json:"booking"`
		Cancellation json.RawMessage `json:"cancellation"`
	}
	const longest = 128
	if json.Unmarshal(payload, &s) != nil {
		return intake.Submission{}
	}
	var id string
	if json.Unmarshal(s.BookingID, &id) != nil || len(id) > longest || strings.ContainsFunc(id, unicode.IsControl) {
		id = "" // what no booking is called is told to nobody: PostgreSQL could not even keep a NUL
	}
	out := intake.Submission{ID: cal.BookingID(id)}
	for _, document := range []json.RawMessage{s.Booking, s.Cancellation} {
		var d struct {
			Version int64 `json:"version"`
		}
		if json.Unmarshal(document, &d) == nil && d.Version > 0 {
			out.Cancel = &d.Version
		}
	}
	return out
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
