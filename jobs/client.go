package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/hibiken/asynq"

	"github.com/calweave/calweave/contracts/task"
)

// Client submits bookings through the queue. It is what a booking core uses, and safe for concurrent use.
type Client struct {
	queue  *asynq.Client
	keyID  string
	secret []byte
}

// NewClient makes a client that signs with a tenant's signing key (calweave key create --use=signing).
func NewClient(redis asynq.RedisConnOpt, keyID, secret string) *Client {
	return &Client{queue: asynq.NewClient(redis), keyID: keyID, secret: []byte(secret)}
}

// Close closes the connection to Redis.
func (c *Client) Close() error { return c.queue.Close() }

const (
	// submitRetries and submitTime bound how often and how long a submission is tried: for about three weeks while the database is away.
	submitRetries = 100
	submitTime    = 30 * time.Second
)

// ErrEmpty means that a submission is neither a booking nor a cancellation, or both.
var ErrEmpty = errors.New("a submission has a booking id and either a booking or a cancellation")

// SubmitBooking enqueues a version of a booking, or a cancellation. A nil error means that Redis has it, not that it is committed: submit the
// same version again until booking.accepted or booking.rejected arrives; repeating it is harmless.
func (c *Client) SubmitBooking(ctx context.Context, s task.SubmitBooking) error {
	t, err := NewSubmission(c.keyID, c.secret, s)
	if err != nil {
		return err
	}
	if _, err := c.queue.EnqueueContext(ctx, t); err != nil {
		return fmt.Errorf("submit booking: %w", err)
	}
	return nil
}

// NewSubmission makes the signed task of a submission, for a core that has an Asynq client of its own.
func NewSubmission(keyID string, secret []byte, s task.SubmitBooking) (*asynq.Task, error) {
	if s.BookingID == "" || (s.Booking == nil) == (s.Cancel == nil) {
		return nil, ErrEmpty
	}
	payload, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("submit booking: %w", err)
	}
	headers := map[string]string{
		task.HeaderSchema:    strconv.Itoa(task.SchemaVersion),
		task.HeaderKey:       keyID,
		task.HeaderSignature: task.Sign(secret, task.SchemaVersion, keyID, payload),
	}
	return asynq.NewTaskWithHeaders(task.TypeSubmitBooking, payload, headers,
		asynq.Queue(task.QueueIntake), asynq.MaxRetry(submitRetries), asynq.Timeout(submitTime)), nil
}
