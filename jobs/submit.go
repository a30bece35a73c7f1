package jobs

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/hibiken/asynq"

	"github.com/calweave/calweave/contracts/task"
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

// ErrSchema means that a task was written for another version of the contract.
var ErrSchema = fmt.Errorf("this build reads schema %d of %s", task.SchemaVersion, task.TypeSubmitBooking)

// submit handles TypeSubmitBooking. Asynq tries again as long as it fails, except where no retry can help.
func submit(in Intake) asynq.HandlerFunc {
	return func(ctx context.Context, t *asynq.Task) error {
		id, _ := asynq.GetTaskID(ctx)
		headers := t.Headers()
		schema, err := strconv.Atoi(headers[task.HeaderSchema])
		if err != nil || schema != task.SchemaVersion {
			return fmt.Errorf("%w: %w", ErrSchema, asynq.SkipRetry)
		}
		err = in.Submit(ctx, Signed{
			ID: id, Schema: schema, KeyID: headers[task.HeaderKey], Signature: headers[task.HeaderSignature], Payload: t.Payload(),
		})
		if errors.Is(err, ErrForged) {
			return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
		}
		return err
	}
}
