package jobs_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/jobs"
)

func hint(subject string) task.Hint {
	return task.Hint{
		Schema: task.SchemaVersion, Ref: task.Ref{Tenant: "ten_1", Kind: task.LinkPush, Subject: subject}, Lane: task.Interactive,
	}
}

func (b *bench) hint(round int64, hints ...task.Hint) {
	b.Helper()
	if err := jobs.NewHints(b.redis).Hint(b.ctx, hints, round); err != nil {
		b.Fatal(err)
	}
}

// ids are the names of a queue's pending tasks.
func (b *bench) ids(lane task.Lane) []string {
	b.Helper()
	all, err := b.inspector.ListPendingTasks(string(lane), asynq.PageSize(1000))
	if err != nil {
		b.Fatal(err)
	}
	var out []string
	for _, t := range all {
		out = append(out, t.ID)
	}
	slices.Sort(out)
	return out
}

// A row has one hint in the queue, and one more for each round and for the work that follows from its own.
func TestHintsAreNamed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		again := hint("lnk_1")
		again.Again = true
		due := hint("lnk_1")
		due.Due = time.UnixMicro(1_700_000_000_000_001)
		for range 3 {
			b.hint(0, hint("lnk_1"), hint("lnk_2"), again, due)
			b.hint(7, hint("lnk_1"))
			b.hint(8, hint("lnk_1"), again)
		}
		want := []string{
			"link:push/ten_1/lnk_1", "link:push/ten_1/lnk_1#7", "link:push/ten_1/lnk_1#8", "link:push/ten_1/lnk_1#again",
			"link:push/ten_1/lnk_1@1700000000000001", "link:push/ten_1/lnk_2",
		}
		if got := b.ids(task.Interactive); !slices.Equal(got, want) {
			b.Errorf("%q, want %q", got, want)
		}
	})
}

// Every kind of work and every lane reaches the worker, with nothing but names.
func TestHintsArrive(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		var want []string
		for _, kind := range task.Kinds() {
			for _, lane := range task.Lanes() {
				h := task.Hint{Schema: task.SchemaVersion, Ref: task.Ref{Tenant: "ten_1", Kind: kind, Subject: "in " + string(lane)}, Lane: lane, Traceparent: "00-1-2-01"}
				b.hint(0, h)
				want = append(want, h.Ref.String())
			}
		}
		b.serve(4, time.Second)
		b.until("all work is done", func() bool { return len(b.worker.finished()) == len(want) })
		var got []string
		for _, ref := range b.worker.finished() {
			got = append(got, ref.String())
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			b.Errorf("%q, want %q", got, want)
		}
	})
}

// A hint always succeeds: what its work came to is in SQL, and trying again would ask for the same once more.
func TestHintsAreNeverTriedAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		b.worker.err = errors.New("the database is away")
		queue := asynq.NewClientFromRedisClient(b.redis)
		garbage := []string{"", "{", "null", "[]", `{"schema":1}`, `{"schema":99,"tenant_id":"t","kind":"link:push","subject":"s","lane":"bulk"}`, "\xff", `{"tenant_id":"CANARY"} {}`}
		for _, payload := range garbage {
			if _, err := queue.EnqueueContext(b.ctx, asynq.NewTask(string(task.LinkPush), []byte(payload)), asynq.Queue(string(task.Interactive))); err != nil {
				b.Fatal(err)
			}
		}
		b.hint(0, hint("lnk_1"))
		b.serve(2, time.Second)
		b.until("all are gone", func() bool {
			pending, retry, archived := b.tasks(string(task.Interactive))
			return len(b.worker.finished()) == 1 && pending+retry+archived == 0
		})
		b.until("each is told", func() bool { return strings.Count(b.log.String(), "a hint led to no work") == len(garbage)+1 })
	})
}

// Work that panics harms nobody else, and what it says stays out of Redis.
func TestHintPanics(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		b.worker.panics = true
		b.hint(0, hint("lnk_1"), hint("lnk_2"))
		b.serve(1, time.Second)
		b.until("both were tried", func() bool { return len(b.worker.finished()) == 2 })
		b.until("both are gone", func() bool {
			pending, retry, archived := b.tasks(string(task.Interactive))
			return pending+retry+archived == 0
		})
		if dump := b.dump(); strings.Contains(dump, "CANARY") {
			b.Errorf("Redis holds %s", dump)
		}
		if log := b.log.String(); strings.Contains(log, "CANARY") || !strings.Contains(log, "bench_test.go") {
			b.Errorf("the log does not say where: %s", log)
		}
	})
}

// Tasks of no kind of ours, and hints in the intake's queue, are archived and change nothing.
func TestStrangeTasks(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		queue := asynq.NewClientFromRedisClient(b.redis)
		for _, c := range []struct{ kind, queue string }{
			{"tenant:delete", string(task.Interactive)}, {task.TypeSubmitBooking, string(task.Interactive)}, {string(task.LinkPush), task.QueueIntake},
		} {
			payload := []byte(`{"schema":1,"tenant_id":"t","kind":"link:push","subject":"s","lane":"interactive"}`)
			if _, err := queue.EnqueueContext(b.ctx, asynq.NewTask(c.kind, payload), asynq.Queue(c.queue), asynq.MaxRetry(0)); err != nil {
				b.Fatal(err)
			}
		}
		b.serve(1, time.Second)
		b.until("all are archived", func() bool {
			_, _, lanes := b.tasks(string(task.Interactive))
			_, _, intake := b.tasks(task.QueueIntake)
			return lanes == 2 && intake == 1
		})
		if tries, _ := b.intake.counts(); tries+len(b.worker.finished()) > 0 {
			b.Errorf("%d submissions, %v", tries, b.worker.finished())
		}
	})
}

// A hint outlives more crashes than its row may have, which are five: one that failed for good would keep its name for months.
func TestHintsNeverFailForGood(t *testing.T) {
	t.Parallel()
	b := newBench(t, embedded(t))
	b.hint(0, hint("lnk_1"))
	info, err := b.inspector.GetTaskInfo(string(task.Interactive), "link:push/ten_1/lnk_1")
	if err != nil || info.MaxRetry < 10 {
		t.Errorf("%+v %v", info, err)
	}
}

// After FLUSHALL whoever looks at queues sees none, and a running server reads on. A sweep, and a question alone, makes them known again.
func TestQueuesAfterFlush(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		all := []string{"background", "bulk", "intake", "interactive"}
		for name, say := range map[string]func(){"a sweep": func() { b.hint(1, hint("lnk_1")) }, "a question": func() { b.hint(0) }} {
			if err := b.redis.FlushAll(b.ctx).Err(); err != nil {
				b.Fatal(err)
			}
			say()
			queues, err := b.inspector.Queues()
			slices.Sort(queues)
			if err != nil || !slices.Equal(queues, all) {
				b.Errorf("after %s: %v %v", name, queues, err)
			}
		}
	})
}

func TestServerSurvivesFlush(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		b.serve(1, time.Second)
		hints := jobs.NewHints(b.redis)
		for i, id := range []cal.LinkID{"lnk_1", "lnk_2", "lnk_3"} {
			if err := hints.Hint(b.ctx, []task.Hint{hint(string(id))}, 0); err != nil {
				b.Fatal(err)
			}
			b.until("it is done", func() bool { return len(b.worker.finished()) == i+1 })
			if err := b.redis.FlushAll(b.ctx).Err(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// Without Redis a hint fails soon: it must not hold up whoever has something to say.
func TestHintWithoutRedis(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{"nobody listens": closedPort(t), "nobody answers": silentPort(t)} {
		r, err := jobs.Dial("redis://"+address, 1)
		if err != nil {
			t.Fatal(err)
		}
		for round, hints := range [][]task.Hint{{hint("lnk_1"), hint("lnk_2"), hint("lnk_3")}, {hint("lnk_1")}, nil} {
			began := time.Now()
			err := jobs.NewHints(r).Hint(t.Context(), hints, int64(round))
			if took := time.Since(began); err == nil || took > 2*time.Second {
				t.Errorf("%s: %v after %s", name, err, took)
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
