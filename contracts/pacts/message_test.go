//go:build pact

package pacts_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/pact-foundation/pact-go/v2/message"
	v4 "github.com/pact-foundation/pact-go/v2/message/v4"
	"github.com/pact-foundation/pact-go/v2/models"

	"github.com/calweave/calweave/contracts/cal"
	contract "github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/jobs"
)

// messageScene is one message and what its consumer makes of it.
type messageScene struct {
	// kind is the type of calweave's message; empty in a message to calweave.
	kind  contract.Type
	name  string
	state state
	meta  map[string]string
	body  any
	take  func(contents []byte) error
}

// messageEdge is one pact of messages.
type messageEdge struct {
	edge
	scenes []messageScene
}

func (e messageEdge) make(t *testing.T, dir string) {
	t.Helper()
	for _, s := range e.scenes {
		// One for each message: each writes all that it has, and what was written before is not always recognised as the same.
		pact, err := v4.NewAsynchronousPact(v4.Config{Consumer: e.Consumer, Provider: e.Provider, PactDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		err = pact.AddAsynchronousMessage().Given(s.state.name).ExpectsToReceive(s.name).WithMetadata(s.meta).WithJSONContent(s.body).
			AsType(&object{}).ConsumedBy(func(m v4.AsynchronousMessage) error { return s.take(m.Contents) }).Verify(t)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
	}
}

func TestSubmittedBookings(t *testing.T) {
	l := startLive(t)
	e := messageEdge{edge: edge{
		ID: "d", Title: "A booking core submits bookings through Asynq", Consumer: "calweave", Provider: "booking-core-tasks",
		Against: "the Go client that cores use (package jobs)", Interactions: 2,
	}, scenes: l.taskScenes()}
	path := fresh(t, e.edge, e.make)
	booking := cal.Booking{
		Version: 1, Title: "Interview", Targets: []cal.Target{{CalendarID: "cal_01"}},
		Start: cal.When{DateTime: "2027-09-08T10:00:00", TimeZone: "Europe/Berlin"}, End: cal.When{DateTime: "2027-09-08T10:30:00", TimeZone: "Europe/Berlin"},
	}
	hold(t, e.edge, path, &providerSide{states: map[string]setup{"nothing": func() (map[string]string, error) { return nil, nil }}, handler: http.NotFoundHandler, messages: message.Handlers{
		"a booking":      enqueued(t, task.SubmitBooking{BookingID: "bk-1", Booking: &booking}),
		"a cancellation": enqueued(t, task.SubmitBooking{BookingID: "bk-1", Cancel: &task.Cancellation{Version: 2}}),
	}})
}

// taskScenes hand each payload to calweave's own queue, signed, and wait until it is committed.
func (l *live) taskScenes() []messageScene {
	meta := map[string]string{
		"contentType": "application/json", "task": task.TypeSubmitBooking, "queue": task.QueueIntake, task.HeaderSchema: strconv.Itoa(task.SchemaVersion),
	}
	id := "from-the-queue"
	take := func(version int64) func([]byte) error {
		return func(contents []byte) error {
			payload := []byte(strings.NewReplacer("bk-of-the-core", id, "cal_of_the_core", l.env["CALENDAR"]).Replace(string(contents)))
			return l.submitted(id, version, payload)
		}
	}
	when := func(at string) object {
		return object{"date_time": matching(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*`, at), "time_zone": like("Europe/Berlin")}
	}
	return []messageScene{
		{name: "a booking", state: state{"nothing"}, meta: meta, body: object{"booking_id": like("bk-of-the-core"), "booking": object{
			"version": like(1), "title": like("Interview"), "start": when("2027-09-08T10:00:00"), "end": when("2027-09-08T10:30:00"),
			"targets": some(object{"calendar_id": like("cal_of_the_core")}),
		}}, take: take(1)},
		{name: "a cancellation", state: state{"nothing"}, meta: meta, body: object{
			"booking_id": like("bk-of-the-core"), "cancellation": object{"version": like(2)},
		}, take: take(2)},
	}
}

func (l *live) submitted(id string, version int64, payload []byte) error {
	keyID, secret := l.env["SIGNING_KEY"], []byte(l.env["SIGNING_SECRET"])
	queue := asynq.NewClient(asynq.RedisClientOpt{Addr: l.env["REDIS"]})
	defer queue.Close()
	_, err := queue.Enqueue(asynq.NewTaskWithHeaders(task.TypeSubmitBooking, payload, map[string]string{
		task.HeaderSchema: strconv.Itoa(task.SchemaVersion), task.HeaderKey: keyID,
		task.HeaderSignature: task.Sign(secret, task.SchemaVersion, keyID, payload),
	}, asynq.Queue(task.QueueIntake)))
	if err != nil {
		return err
	}
	return until(func() (bool, error) {
		var b struct{ Version int64 }
		return l.api(http.MethodGet, "/v1/bookings/"+id, nil, &b) == nil && b.Version == version, nil
	})
}

// enqueued makes a task as a core does, and returns it as Redis has it.
func enqueued(t *testing.T, s task.SubmitBooking) message.Handler {
	t.Helper()
	return func([]models.ProviderState) (message.Body, message.Metadata, error) {
		redis, err := miniredis.Run()
		if err != nil {
			return nil, nil, err
		}
		defer redis.Close()
		at := asynq.RedisClientOpt{Addr: redis.Addr()}
		client := jobs.NewClient(at, "key_01", "secret")
		defer client.Close()
		if err := client.SubmitBooking(t.Context(), s); err != nil {
			return nil, nil, err
		}
		inspector := asynq.NewInspector(at)
		defer inspector.Close()
		all, err := inspector.ListPendingTasks(task.QueueIntake)
		if err != nil || len(all) != 1 {
			return nil, nil, fmt.Errorf("%d tasks wait: %w", len(all), err)
		}
		one := all[0]
		if err := task.Verify([]byte("secret"), task.SchemaVersion, "key_01", one.Payload, one.Headers[task.HeaderSignature]); err != nil {
			return nil, nil, err
		}
		return json.RawMessage(one.Payload), message.Metadata{
			"contentType": "application/json", "task": one.Type, "queue": one.Queue, task.HeaderSchema: one.Headers[task.HeaderSchema],
		}, nil
	}
}
