package jobs_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/testkit"
	"github.com/calweave/calweave/jobs"
)

// limit is how long a test waits for what has to come.
const limit = 30 * time.Second

// onBoth runs a test on an embedded Redis and on a real one.
func onBoth(t *testing.T, test func(*bench)) {
	t.Helper()
	for name, start := range map[string]func(*testing.T) string{"miniredis": embedded, "Redis": func(t *testing.T) string { t.Helper(); return testkit.Redis(t) }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newBench(t, start(t)))
		})
	}
}

// embedded starts a miniredis, whose clock stands still unless it is told how much time has passed.
func embedded(t *testing.T) string {
	t.Helper()
	m := miniredis.RunT(t)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				m.FastForward(time.Second)
			}
		}
	}()
	t.Cleanup(func() {
		close(done)
		<-ended
	})
	return "redis://" + m.Addr()
}

// bench is a queue with a server on it whose work is scripted.
type bench struct {
	*testing.T
	ctx       context.Context
	redis     *redis.Client
	address   string
	inspector *asynq.Inspector
	log       *journal
	worker    *worker
	intake    *intake
}

func newBench(t *testing.T, url string) *bench {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	o.ContextTimeoutEnabled = true
	b := &bench{T: t, ctx: ctx, redis: redis.NewClient(o), address: o.Addr, log: &journal{}, worker: newWorker(), intake: newIntake()}
	b.inspector = asynq.NewInspectorFromRedisClient(b.redis)
	t.Cleanup(func() { _ = b.redis.Close() })
	return b
}

// serve starts a server with n workers; it ends with the test at the latest.
func (b *bench) serve(n int, shutdown time.Duration) *jobs.Server {
	b.Helper()
	s := jobs.NewServer(b.redis, n, shutdown, b.worker, b.intake, slog.New(slog.NewJSONHandler(b.log, nil)))
	if err := s.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Shutdown)
	return s
}

// tasks are how many tasks of a queue are pending, being tried again, and archived.
func (b *bench) tasks(queue string) (pending, retry, archived int) {
	b.Helper()
	i, err := b.inspector.GetQueueInfo(queue)
	if err != nil {
		if strings.Contains(err.Error(), "not found") {
			return 0, 0, 0
		}
		b.Fatal(err)
	}
	return i.Pending, i.Retry, i.Archived
}

// until waits for what only Redis tells, looking often.
func (b *bench) until(what string, cond func() bool) {
	b.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-b.ctx.Done():
			b.Fatalf("%s: it never came to pass; the log: %s", what, b.log)
		case <-tick.C:
		}
	}
}

// dump is everything that stands in Redis.
func (b *bench) dump() string {
	b.Helper()
	var out strings.Builder
	keys, err := b.redis.Keys(b.ctx, "*").Result()
	if err != nil {
		b.Fatal(err)
	}
	slices.Sort(keys)
	for _, key := range keys {
		out.WriteString(key + "\n")
		for _, read := range []func() ([]string, error){
			func() ([]string, error) { v, err := b.redis.Get(b.ctx, key).Result(); return []string{v}, err },
			func() ([]string, error) { return b.redis.LRange(b.ctx, key, 0, -1).Result() },
			func() ([]string, error) { return b.redis.ZRange(b.ctx, key, 0, -1).Result() },
			func() ([]string, error) { return b.redis.SMembers(b.ctx, key).Result() },
			func() ([]string, error) { m, err := b.redis.HGetAll(b.ctx, key).Result(); return flat(m), err },
		} {
			if values, err := read(); err == nil {
				out.WriteString(strings.Join(values, "\n") + "\n")
			}
		}
	}
	return out.String()
}

func flat(m map[string]string) []string {
	var out []string
	for k, v := range m {
		out = append(out, k+"="+v)
	}
	return out
}

// worker notes what it is asked to do. A row in blocks waits for its channel; err and panics say how all others end.
type worker struct {
	mu     sync.Mutex
	done   []task.Ref
	began  chan task.Ref
	blocks map[string]chan struct{}
	err    error
	panics bool
}

func newWorker() *worker {
	return &worker{began: make(chan task.Ref, 10_000), blocks: map[string]chan struct{}{}}
}

func (w *worker) Work(ctx context.Context, ref task.Ref) error {
	w.began <- ref
	if block := w.blocks[ref.Subject]; block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = append(w.done, ref)
	if w.panics {
		panic("CANARY: a defect")
	}
	return w.err
}

func (w *worker) finished() []task.Ref {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.done)
}

const (
	keyID  = "key_1"
	secret = "CANARY-signing-secret"
)

// intake verifies signatures as the App does, and keeps what it was given. errs are how the first tries end.
type intake struct {
	mu    sync.Mutex
	tries []jobs.Signed
	taken []jobs.Signed
	errs  []error
	woken chan struct{}
	panic bool
}

func newIntake() *intake { return &intake{woken: make(chan struct{}, 1000)} }

func (i *intake) Submit(_ context.Context, s jobs.Signed) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	defer func() { i.woken <- struct{}{} }()
	i.tries = append(i.tries, s)
	if s.KeyID != keyID || task.Verify([]byte(secret), s.Schema, s.KeyID, s.Payload, s.Signature) != nil {
		return jobs.ErrForged
	}
	if i.panic {
		panic("CANARY: a defect")
	}
	if len(i.errs) > 0 {
		err := i.errs[0]
		i.errs = i.errs[1:]
		return err
	}
	i.taken = append(i.taken, s)
	return nil
}

func (i *intake) counts() (tries, taken int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.tries), len(i.taken)
}

// journal is a log that tests read.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}
