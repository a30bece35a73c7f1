package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/hibiken/asynq"

	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/telemetry"
)

// Intake commits a submission whose signature is still to be verified. It returns nil only once the version, or its rejection, is committed.
type Intake interface {
	// Submit fails with ErrForged when no key in force has signed the payload.
	Submit(ctx context.Context, s Signed) error
}

// Signed is a submission as it came out of the queue.
type Signed struct {
	// ID is the task's id in the queue, the same over all retries.
	ID        string
	Schema    int
	KeyID     string
	Signature string
	Payload   []byte
}

// ErrForged means that a task was not signed with a key in force. It is never retried, and belongs to no tenant that could be told.
var ErrForged = errors.New("the task is not signed with a signing key in force")

// errLater is all that Redis keeps of a failure: the cause may hold what belongs in the log alone.
var errLater = errors.New("it could not be committed, and is tried again: the log has the cause")

// submit handles TypeSubmitBooking. Asynq tries again as long as it fails, except where no retry can help.
func (s *Server) submit(ctx context.Context, t *asynq.Task) error {
	ctx = telemetry.WithScope(ctx)
	id, _ := asynq.GetTaskID(ctx)
	headers := t.Headers()
	schema, _ := strconv.Atoi(headers[task.HeaderSchema]) // what is no number was not signed either
	err := s.safely(ctx, func() error {
		return s.in.Submit(ctx, Signed{
			ID: id, Schema: schema, KeyID: headers[task.HeaderKey], Signature: headers[task.HeaderSignature], Payload: t.Payload(),
		})
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrForged):
		s.log.WarnContext(ctx, "a submission was put aside", slog.String("task", id), slog.String("error", ErrForged.Error()))
		return fmt.Errorf("%w: %w", ErrForged, asynq.SkipRetry)
	default:
		s.log.ErrorContext(ctx, "a submission could not be committed", slog.String("task", id), slog.String("error", err.Error()))
		return errLater
	}
}
