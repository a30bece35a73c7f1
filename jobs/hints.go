package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/calweave/calweave/contracts/task"
)

// Hints sends hints to the workers of the fleet. It is safe for concurrent use.
type Hints struct {
	queue *asynq.Client
	redis redis.UniversalClient
}

// NewHints makes a sender on a connection that it does not close.
func NewHints(r redis.UniversalClient) *Hints {
	return &Hints{queue: asynq.NewClientFromRedisClient(r), redis: r}
}

// spareConnections are beside those of busy workers: heartbeats, hints, the intake.
const spareConnections = 16

// Dial makes the connections of a process with n workers to the Redis at a redis:// or rediss:// URL, without waiting for it to be there.
// Without word from it a call ends when its context does: a Redis that is frozen is as good as one that is away.
func Dial(url string, n int) (redis.UniversalClient, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("it is no redis:// or rediss:// URL") // the cause quotes the URL, password and all
	}
	o.PoolSize, o.ContextTimeoutEnabled = n+spareConnections, true
	return redis.NewClient(o), nil
}

const (
	// hintTime is how long a hint may take to send: SQL knows what it says.
	hintTime = 200 * time.Millisecond
	// hintRetries is no promise: a hint whose worker died is found by the sweep long before Asynq recovers it. It is more than the crashes that
	// a row is allowed, so that no hint ever fails for good.
	hintRetries = 20
	// workTime bounds one task. The work itself is bounded by its lease, which is renewed as it goes on.
	workTime = 30 * time.Minute
)

// Hint enqueues hints. Hints for a row that has one in the queue already are dropped, except that each round and each moment at which a row comes due
// has a name of its own: a name can get stuck in Redis with a task that never runs. Without hints it only asks whether Redis is there.
func (h *Hints) Hint(ctx context.Context, hints []task.Hint, round int64) error {
	if round > 0 || len(hints) == 0 {
		if err := h.announce(ctx); err != nil {
			return err
		}
	}
	for _, hint := range hints {
		if err := h.enqueue(ctx, hint, round); err != nil {
			return err
		}
	}
	return nil
}

// announce makes Redis know our queues. After a FLUSHALL a running Asynq client does not, so that whoever looks at queues would see none.
func (h *Hints) announce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, hintTime)
	defer cancel()
	names := []any{task.QueueIntake}
	for _, lane := range task.Lanes() {
		names = append(names, string(lane))
	}
	return h.redis.SAdd(ctx, "asynq:queues", names...).Err()
}

func (h *Hints) enqueue(ctx context.Context, hint task.Hint, round int64) error {
	payload, err := json.Marshal(hint)
	if err != nil {
		return err
	}
	id := hint.String()
	switch {
	case !hint.Due.IsZero():
		id += "@" + strconv.FormatInt(hint.Due.UnixMicro(), 10)
	case round > 0:
		id += "#" + strconv.FormatInt(round, 10)
	case hint.Again:
		id += "#again"
	}
	ctx, cancel := context.WithTimeout(ctx, hintTime)
	defer cancel()
	_, err = h.queue.EnqueueContext(ctx, asynq.NewTask(string(hint.Kind), payload), asynq.TaskID(id), asynq.Queue(string(hint.Lane)),
		asynq.MaxRetry(hintRetries), asynq.Timeout(workTime))
	if err == nil || errors.Is(err, asynq.ErrTaskIDConflict) {
		return nil
	}
	return fmt.Errorf("hint: %w", err)
}

// Worker does the work that a hint points at, if it is due.
type Worker interface {
	Work(ctx context.Context, ref task.Ref) error
}

// work handles hints. It always succeeds: what became of the work is in SQL, and what is not done is found there. A hint that failed for good would
// keep its name in the queue, and with it all later ones for its row.
func (s *Server) work(ctx context.Context, t *asynq.Task) error {
	err := s.safely(ctx, func() error {
		hint, err := task.ParseHint(t.Payload())
		if err != nil {
			return err
		}
		return s.worker.Work(ctx, hint.Ref)
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		s.log.ErrorContext(ctx, "a hint led to no work", slog.String("error", err.Error()))
	}
	return nil
}
