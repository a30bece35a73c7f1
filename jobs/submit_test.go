package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/jobs"
)

func submission() task.SubmitBooking {
	return task.SubmitBooking{BookingID: "b1", Booking: &cal.Booking{
		Version: 1, Title: "CANARY title", Start: cal.When{Date: "2026-10-01"}, End: cal.When{Date: "2026-10-02"}, Targets: []cal.Target{{CalendarID: "cal_1"}},
	}}
}

func (b *bench) client() *jobs.Client {
	c := jobs.NewClient(asynq.RedisClientOpt{Addr: b.address}, keyID, secret)
	b.Cleanup(func() {
		if err := c.Close(); err != nil {
			b.Error(err)
		}
	})
	return c
}

// What a core submits is what the intake gets, signed, and the queue forgets it once it is committed.
func TestSubmission(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		c, revision := b.client(), int64(7)
		cancel := task.SubmitBooking{BookingID: "b1", Cancel: &task.Cancellation{Version: 2}, IfRevision: &revision}
		for _, s := range []task.SubmitBooking{submission(), cancel, submission()} {
			if err := c.SubmitBooking(b.ctx, s); err != nil {
				b.Fatal(err)
			}
		}
		b.serve(1, time.Second)
		b.until("all are taken", func() bool { _, taken := b.intake.counts(); return taken == 3 })
		ids := map[string]bool{}
		payloads := map[string]int{} // several workers take them, in whatever order
		for _, got := range b.intake.taken {
			if got.Schema != task.SchemaVersion || got.KeyID != keyID || got.ID == "" || ids[got.ID] {
				b.Errorf("%+v", got)
			}
			ids[got.ID] = true
			payloads[string(got.Payload)]++
		}
		for _, want := range []struct {
			submission task.SubmitBooking
			times      int
		}{{submission(), 2}, {cancel, 1}} {
			raw, err := json.Marshal(want.submission)
			if err != nil || payloads[string(raw)] != want.times {
				b.Errorf("%s was taken %d times, want %d: %v", raw, payloads[string(raw)], want.times, err)
			}
		}
		b.until("the queue is empty", func() bool {
			pending, retry, archived := b.tasks(task.QueueIntake)
			return pending+retry+archived == 0 && !strings.Contains(b.dump(), "CANARY")
		})
		if strings.Contains(b.log.String(), "CANARY") {
			b.Errorf("the log: %s", b.log)
		}
	})
}

// Whoever has no key in force changes nothing: the task is archived at its first try and never tried again.
func TestForgedSubmissions(t *testing.T) {
	t.Parallel()
	payload, err := json.Marshal(submission())
	if err != nil {
		t.Fatal(err)
	}
	genuine := map[string]string{
		task.HeaderSchema: strconv.Itoa(task.SchemaVersion), task.HeaderKey: keyID, task.HeaderSignature: task.Sign([]byte(secret), task.SchemaVersion, keyID, payload),
	}
	change := func(name, value string) map[string]string {
		h := maps.Clone(genuine)
		h[name] = value
		return h
	}
	forged := map[string]struct {
		payload []byte
		headers map[string]string
	}{
		"another payload":        {append([]byte(" "), payload...), genuine},
		"no payload":             {nil, genuine},
		"another key's id":       {payload, change(task.HeaderKey, "key_2")},
		"no key":                 {payload, change(task.HeaderKey, "")},
		"another's signature":    {payload, change(task.HeaderSignature, task.Sign([]byte("other"), task.SchemaVersion, keyID, payload))},
		"signed with nothing":    {payload, change(task.HeaderSignature, task.Sign(nil, task.SchemaVersion, keyID, payload))},
		"no signature":           {payload, change(task.HeaderSignature, "")},
		"a signature cut":        {payload, change(task.HeaderSignature, genuine[task.HeaderSignature][:20])},
		"no headers":             {payload, nil},
		"a schema of the future": {payload, change(task.HeaderSchema, "99")},
		"a schema of nothing":    {payload, change(task.HeaderSchema, "0")},
		"no schema":              {payload, change(task.HeaderSchema, "")},
		"a schema in words":      {payload, change(task.HeaderSchema, "one")},
		"another schema, signed": {payload, change(task.HeaderSchema, strconv.Itoa(task.SchemaVersion+1))}, // it can be read, and the signature is the other schema's
	}
	onBoth(t, func(b *bench) {
		queue := asynq.NewClientFromRedisClient(b.redis)
		for name, f := range forged {
			_, err := queue.EnqueueContext(b.ctx, asynq.NewTaskWithHeaders(task.TypeSubmitBooking, f.payload, f.headers), asynq.Queue(task.QueueIntake), asynq.TaskID(name))
			if err != nil {
				b.Fatal(err)
			}
		}
		b.serve(1, time.Second)
		b.until("all are archived", func() bool { _, _, archived := b.tasks(task.QueueIntake); return archived == len(forged) })
		if tries, taken := b.intake.counts(); tries != len(forged) || taken > 0 {
			b.Errorf("%d tries, want %d; %d taken", tries, len(forged), taken)
		}
		if n := strings.Count(b.log.String(), "a submission was put aside"); n != len(forged) {
			b.Errorf("the log tells of %d, want %d", n, len(forged))
		}
		archived, err := b.inspector.ListArchivedTasks(task.QueueIntake, asynq.PageSize(100))
		if err != nil {
			b.Fatal(err)
		}
		for _, a := range archived {
			if a.Retried > 0 || !strings.Contains(a.LastErr, jobs.ErrForged.Error()) {
				b.Errorf("%s: tried %d times again, %q", a.ID, a.Retried, a.LastErr)
			}
		}
	})
}

// What cannot be committed is tried again under the same id, and its cause stands in the log alone: Redis keeps the error of every task.
func TestSubmissionIsTriedAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		b.intake.errs = []error{errors.New("CANARY-cause: dial tcp 10.0.0.5:5432: connection refused")}
		if err := b.client().SubmitBooking(b.ctx, task.SubmitBooking{BookingID: "b1", Cancel: &task.Cancellation{Version: 1}}); err != nil {
			b.Fatal(err)
		}
		b.serve(1, time.Second)
		b.until("it waits for its next try", func() bool { _, retry, _ := b.tasks(task.QueueIntake); return retry == 1 })
		if dump := b.dump(); strings.Contains(dump, "CANARY") || !strings.Contains(dump, "the log has the cause") {
			b.Errorf("Redis holds %s", dump)
		}
		if log := b.log.String(); strings.Count(log, "CANARY-cause") != 1 {
			b.Errorf("the log: %s", log)
		}
		b.until("it is taken", func() bool { _, taken := b.intake.counts(); return taken == 1 })
		if first, second := b.intake.tries[0], b.intake.tries[1]; first.ID != second.ID || string(first.Payload) != string(second.Payload) {
			b.Errorf("%+v, then %+v", first, second)
		}
	})
}

// A defect of ours is no reason to lose a submission, and what it says stays out of Redis.
func TestSubmissionPanics(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		b.intake.panic = true
		if err := b.client().SubmitBooking(b.ctx, task.SubmitBooking{BookingID: "b1", Cancel: &task.Cancellation{Version: 1}}); err != nil {
			b.Fatal(err)
		}
		b.serve(1, time.Second)
		b.until("it waits for its next try", func() bool { _, retry, _ := b.tasks(task.QueueIntake); return retry == 1 })
		if dump := b.dump(); strings.Contains(dump, "CANARY") {
			b.Errorf("Redis holds %s", dump)
		}
		if log := b.log.String(); strings.Contains(log, "CANARY") || !strings.Contains(log, "bench_test.go") {
			b.Errorf("the log does not say where: %s", log)
		}
	})
}

// Submissions that say nothing are refused before they are sent.
func TestEmptySubmissions(t *testing.T) {
	t.Parallel()
	full := submission()
	for name, s := range map[string]task.SubmitBooking{
		"nothing": {}, "no id": {Booking: full.Booking}, "neither": {BookingID: "b1"}, "both": {BookingID: "b1", Booking: full.Booking, Cancel: &task.Cancellation{Version: 1}},
	} {
		if _, err := jobs.NewSubmission(keyID, []byte(secret), s); !errors.Is(err, jobs.ErrEmpty) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Without Redis a core is told so in the time that it gives.
func TestSubmitWithoutRedis(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{"nobody listens": closedPort(t), "nobody answers": silentPort(t)} {
		c := jobs.NewClient(asynq.RedisClientOpt{Addr: address, ReadTimeout: time.Second}, keyID, secret)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		began := time.Now()
		err := c.SubmitBooking(ctx, submission())
		cancel()
		if took := time.Since(began); err == nil || took > 10*time.Second || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: %v after %s", name, err, took)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// closedPort is an address that nobody listens on.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// silentPort is an address where connections are taken and nothing is ever said, as by a server that is frozen.
func silentPort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String() // the kernel takes connections for whoever does not accept them
}
