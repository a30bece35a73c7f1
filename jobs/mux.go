package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/telemetry"
)

// Server takes tasks out of the queue and hands them over.
type Server struct {
	lanes  *asynq.Server
	intake *asynq.Server
	log    *slog.Logger
	worker Worker
	in     Intake
}

const (
	// poll is how often an idle worker looks into its queues: it bounds the latency of a hint on an idle machine.
	poll = 10 * time.Millisecond
	// intakeWorkers are apart from the workers of the lanes, so that neither can hold up the other.
	intakeWorkers = 4
	// firstRetry and lastRetry bound the wait between two tries of a submission.
	firstRetry = 2 * time.Second
	lastRetry  = 5 * time.Hour
)

// NewServer makes a server with n workers for the lanes, on a connection that it does not close. shutdown is how long work may take to end.
func NewServer(r redis.UniversalClient, n int, shutdown time.Duration, w Worker, in Intake, log *slog.Logger) *Server {
	config := func(workers int, queues map[string]int) asynq.Config {
		return asynq.Config{
			Concurrency: workers, Queues: queues, TaskCheckInterval: poll, DelayedTaskCheckInterval: time.Second, ShutdownTimeout: shutdown,
			Logger: quiet{log}, LogLevel: asynq.WarnLevel, RetryDelayFunc: retryDelay,
		}
	}
	weights := map[string]int{}
	for _, lane := range task.Lanes() {
		weights[string(lane)] = record.LaneWeight(lane)
	}
	return &Server{
		lanes:  asynq.NewServerFromRedisClient(r, config(n, weights)),
		intake: asynq.NewServerFromRedisClient(r, config(intakeWorkers, map[string]int{task.QueueIntake: 1})),
		log:    log, worker: w, in: in,
	}
}

// Start begins to take tasks.
func (s *Server) Start() error {
	lanes := asynq.NewServeMux()
	for _, kind := range task.Kinds() {
		lanes.HandleFunc(string(kind), s.work)
	}
	intake := asynq.NewServeMux()
	intake.HandleFunc(task.TypeSubmitBooking, s.submit)
	if err := s.lanes.Start(lanes); err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	if err := s.intake.Start(intake); err != nil {
		s.lanes.Shutdown()
		return fmt.Errorf("jobs: %w", err)
	}
	return nil
}

// Stop takes no more tasks. Once it has returned, only those in hand are left.
func (s *Server) Stop() {
	s.both((*asynq.Server).Stop)
}

// Shutdown takes no more tasks and waits for those in hand, for the lanes and the intake at the same time.
func (s *Server) Shutdown() {
	s.Stop()
	s.both((*asynq.Server).Shutdown)
}

func (s *Server) both(do func(*asynq.Server)) {
	var ended sync.WaitGroup
	ended.Go(func() { do(s.intake) })
	do(s.lanes)
	ended.Wait()
}

// errPanic stands for a panic that was logged.
var errPanic = errors.New("it panicked")

// safely turns a panic into an error. Asynq would keep what it says in Redis, where nothing but names may stand.
func (s *Server) safely(ctx context.Context, do func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			s.log.ErrorContext(ctx, "a task panicked", slog.String("cause", telemetry.Panic(cause)), slog.String("stack", string(debug.Stack())))
			err = errPanic
		}
	}()
	return do()
}

// retryDelay doubles from firstRetry to lastRetry. Asynq drops fractions of a second, so that whole seconds are all that counts. A task whose worker
// has died is tried again at once: finding that out has taken a minute or more.
func retryDelay(n int, err error, _ *asynq.Task) time.Duration {
	if errors.Is(err, asynq.ErrLeaseExpired) {
		return 0
	}
	const doublings = 14
	return min(lastRetry, firstRetry<<min(n, doublings))
}

// quiet hands Asynq's own log over to ours.
type quiet struct{ log *slog.Logger }

func (q quiet) Debug(args ...any) { q.log.Debug("asynq", slog.String("says", fmt.Sprint(args...))) }
func (q quiet) Info(args ...any)  { q.log.Info("asynq", slog.String("says", fmt.Sprint(args...))) }
func (q quiet) Warn(args ...any)  { q.log.Warn("asynq", slog.String("says", fmt.Sprint(args...))) }
func (q quiet) Error(args ...any) { q.log.Error("asynq", slog.String("says", fmt.Sprint(args...))) }

// Fatal logs and goes on: a library does not end the process.
func (q quiet) Fatal(args ...any) { q.log.Error("asynq", slog.String("says", fmt.Sprint(args...))) }
