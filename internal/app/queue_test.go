package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/telemetry"
	"github.com/calweave/calweave/jobs"
)

// journal is a log that a test reads.
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

// runLogged starts an App with all roles, its log at debug level in a journal, and o between it and the rest; it ends with the test.
func (l *live) runLogged(o app.Outside) *journal {
	l.tb.Helper()
	log := &journal{}
	o.Log = telemetry.NewLogger(log, telemetry.JSON, slog.LevelDebug)
	a, err := app.New(l.ctx, l.config(nil), o)
	l.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, l.listener) }()
	l.tb.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, a.Close()); err != nil {
			l.tb.Error(err)
		}
	})
	return log
}

// queue is what a core has of the queue: a client with a signing key, and a look at its tasks.
type queue struct {
	*jobs.Client
	key       store.Key
	inspector *asynq.Inspector
	live      *live
}

func (l *live) queue() *queue {
	l.tb.Helper()
	k, err := l.admin.CreateKey(l.ctx, l.tenant, store.PurposeSigning, "")
	l.must(err)
	r := l.redis()
	c := jobs.NewClient(asynq.RedisClientOpt{Addr: r.Options().Addr}, k.ID, k.Secret)
	l.tb.Cleanup(func() { l.must(c.Close()) })
	return &queue{c, k, asynq.NewInspectorFromRedisClient(r), l}
}

// book is a submission of a booking like those of put.
func (q *queue) book(id cal.BookingID, version int64, title string) task.SubmitBooking {
	return task.SubmitBooking{BookingID: id, Booking: &cal.Booking{
		Version: version, Title: title, Start: cal.When{DateTime: wall, TimeZone: zone}, End: cal.When{DateTime: later, TimeZone: zone}, Targets: q.live.targets,
		Attendees: []cal.Attendee{{Email: uninvited}},
	}}
}

func cancellation(id cal.BookingID, version int64) task.SubmitBooking {
	return task.SubmitBooking{BookingID: id, Cancel: &task.Cancellation{Version: version}}
}

func (q *queue) submit(s task.SubmitBooking) {
	q.live.tb.Helper()
	if s.Booking != nil {
		q.live.wishes.says(q.live.tenant, s.BookingID, *s.Booking)
	}
	q.live.must(q.SubmitBooking(q.live.ctx, s))
}

// taken waits until nothing of the intake is left to do, now or later, and returns how many tasks were archived.
func (q *queue) taken() (archived int) {
	q.live.tb.Helper()
	q.live.until("the intake is empty", func() bool {
		i, err := q.inspector.GetQueueInfo(task.QueueIntake)
		q.live.must(err)
		archived = i.Archived
		return i.Pending+i.Active+i.Retry+i.Scheduled+i.Aggregating == 0
	})
	return archived
}

// forgotten waits until Asynq shows no worker at a submission any more. It tells who is at what, payload and all, in a note of its own that is written
// every five seconds and outlives the task by as much.
func (q *queue) forgotten() {
	q.live.tb.Helper()
	q.live.until("no worker is shown at a submission", func() bool {
		servers, err := q.inspector.Servers()
		q.live.must(err)
		return !slices.ContainsFunc(servers, func(s *asynq.ServerInfo) bool {
			return slices.ContainsFunc(s.ActiveWorkers, func(w *asynq.WorkerInfo) bool { return w.Queue == task.QueueIntake })
		})
	})
}

// synced waits until a booking has come out of the queue, and is in agreement on a version.
func (q *queue) synced(id string, version int64) {
	q.live.tb.Helper()
	q.live.until(id+" has come", func() bool {
		status, _ := q.live.try(http.MethodGet, "/v1/bookings/"+id, nil)
		return status == http.StatusOK
	})
	q.live.synced(id, version)
}

// rejected waits for the n-th rejection and returns what the core was told last.
func (l *live) rejected(n int) message.Rejected {
	l.tb.Helper()
	l.must(l.core.wait(l.ctx, message.BookingRejected, n))
	l.core.mu.Lock()
	defer l.core.mu.Unlock()
	var all []message.Rejected
	for _, e := range l.core.messages {
		if e.Type == message.BookingRejected {
			var r message.Rejected
			l.must(json.Unmarshal(e.Data, &r))
			all = append(all, r)
		}
	}
	return all[len(all)-1]
}

// A booking that is submitted through the queue stands in both calendars, submitting it again changes nothing, and a cancellation removes it.
func TestQueueBookingTravels(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, l *live) {
		t.Helper()
		q := l.queue()
		q.submit(q.book("b1", 1, "Intro call"))
		l.shows(sim.Google, "Intro call")
		l.shows(sim.Microsoft, "Intro call")
		q.synced("b1", 1)
		before := writes(l.sim)
		q.submit(q.book("b1", 1, "Intro call"))
		if archived := q.taken(); archived > 0 {
			t.Errorf("%d tasks were archived", archived)
		}
		l.idle()
		l.exactlyOnce("Intro call")
		if after := writes(l.sim); after != before {
			t.Errorf("the same version again made %d writes", after-before)
		}
		q.submit(cancellation("b1", 2))
		l.gone()
		q.submit(cancellation("b1", 2))
		q.taken()
		l.must(l.core.wait(l.ctx, message.BookingSynced, 4))
		l.idle()
		if n := l.core.types(); n[message.BookingAccepted] != 2 || n[message.BookingSynced] != 4 || n[message.BookingRejected] != 0 {
			t.Errorf("messages %v", n)
		}
		var b gen.Booking
		l.call(http.MethodGet, "/v1/bookings/b1", nil, &b)
		if b.State != gen.BookingStateCancelled || b.Version != 2 {
			t.Errorf("%+v", b)
		}
	})
}

// What is wrong with a booking is told to its core, once for each time that it submits it, and nothing else comes of it.
func TestQueueRejects(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, l *live) {
		t.Helper()
		q := l.queue()
		wrong := q.book("b1", 1, "Intro call")
		wrong.Booking.Start.TimeZone, wrong.Booking.Targets = "Europe/Berln", []cal.Target{}
		for n := range 2 {
			q.submit(wrong)
			r := l.rejected(n + 1)
			if r.BookingID != "b1" || r.Version != 1 || r.Reason != string(record.ReasonInvalid) || len(r.Problems) != 2 ||
				r.Problems[0].Pointer != "/booking/start/time_zone" || r.Problems[1].Pointer != "/booking/targets" {
				t.Errorf("%+v", r)
			}
		}
		misshapen := q.book("b1", 4, "Intro call")
		misshapen.Booking.Targets = nil // JSON's null, which the contract does not have
		q.submit(misshapen)
		if r := l.rejected(3); r.BookingID != "b1" || r.Version != 4 || len(r.Problems) != 1 || r.Problems[0].Pointer != "/booking/targets" {
			t.Errorf("%+v", r)
		}
		q.submit(q.book("b2", 1, "Second call"))
		q.synced("b2", 1)
		q.submit(q.book("b2", 1, "Other words"))
		if r := l.rejected(4); r.BookingID != "b2" || r.Reason != string(record.ReasonReused) {
			t.Errorf("%+v", r)
		}
		l.idle()
		if archived := q.taken(); archived != 0 {
			t.Errorf("%d tasks were archived: they are reported, and would be tried again by hand in vain", archived)
		}
		if status, body := l.try(http.MethodGet, "/v1/bookings/b1", nil); status != http.StatusNotFound {
			t.Errorf("%d %s", status, body)
		}
		l.exactlyOnce("Second call")
	})
}

// A cancellation that overtakes its booking leaves a tombstone, which an older version does not pass and a newer one does.
func TestQueueCancellationFirst(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, l *live) {
		t.Helper()
		q := l.queue()
		q.submit(cancellation("b1", 2))
		l.must(l.core.wait(l.ctx, message.BookingAccepted, 1))
		q.submit(q.book("b1", 1, "Intro call"))
		if r := l.rejected(1); r.BookingID != "b1" || r.Version != 1 || r.Reason != string(record.ReasonSuperseded) {
			t.Errorf("%+v", r)
		}
		var b gen.Booking
		l.call(http.MethodGet, "/v1/bookings/b1", nil, &b)
		if b.State != gen.BookingStateCancelled || b.Version != 2 || b.Booking != nil || len(b.Targets) != 0 {
			t.Errorf("%+v", b)
		}
		l.gone()
		q.submit(q.book("b1", 3, "Intro call"))
		q.synced("b1", 3)
		l.exactlyOnce("Intro call")
	})
}

// While the database is away a submission waits in the queue; nothing is answered that is not committed, and nothing is lost.
func TestQueueWhileDatabaseIsAway(t *testing.T) {
	t.Parallel()
	for name, prepare := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLive(t, prepare(t))
			database := newKiller()
			log := l.runLogged(app.Outside{WrapSQL: database.wrapSQL})
			l.connect()
			q := l.queue()
			database.away(true)
			q.submit(q.book("b1", 1, "Intro call"))
			l.until("it waits for another try", func() bool {
				i, err := q.inspector.GetQueueInfo(task.QueueIntake)
				l.must(err)
				return i.Retry == 1
			})
			if status, body := l.try(http.MethodPut, "/v1/bookings/b2", q.book("b2", 1, "Second call").Booking); status != http.StatusServiceUnavailable {
				t.Errorf("%d %s", status, body)
			}
			database.away(false)
			q.synced("b1", 1)
			l.exactlyOnce("Intro call")
			if !strings.Contains(log.String(), "a submission could not be committed") {
				t.Errorf("the log does not tell")
			}
			if archived := q.taken(); archived > 0 {
				t.Errorf("%d tasks were archived", archived)
			}
			l.must(l.core.wait(l.ctx, message.BookingAccepted, 1)) // messages do not wait for each other
			l.idle()
			if n := l.core.count(message.BookingAccepted); n != 1 {
				t.Errorf("booking.accepted was sent %d times", n)
			}
		})
	}
}

// away lets every statement fail from now on, or no more.
func (k *killer) away(is bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.dead = is
}

// A submission that came while no worker ran is taken by the next one.
func TestQueueWaitsForAWorker(t *testing.T) {
	t.Parallel()
	l := newLive(t, servers(t))
	q := l.queue()
	q.submit(cancellation("b1", 1))
	l.runLogged(app.Outside{})
	began := time.Now()
	l.must(l.core.wait(l.ctx, message.BookingAccepted, 1))
	if took := time.Since(began); took > limit/2 {
		t.Errorf("it took %s", took)
	}
}
