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

func TestCoreHearsMessages(t *testing.T) {
	e := messageEdge{edge: edge{
		ID: "c", Title: "A booking core hears calweave's messages", Consumer: "booking-core", Provider: "calweave-messages",
		Against: "calweave on SQLite, with both simulators", Interactions: 5,
	}, scenes: coreScenes()}
	path := fresh(t, e.edge, e.make)
	l := startLive(t)
	makers := message.Handlers{}
	for _, s := range e.scenes {
		makers[s.name] = func([]models.ProviderState) (message.Body, message.Metadata, error) {
			raw, err := l.newest(strings.TrimPrefix(s.name, "the message "))
			return raw, message.Metadata{"contentType": "application/json"}, err
		}
	}
	hold(t, e.edge, path, &providerSide{handler: l.handler, messages: makers, clean: l.clear, states: map[string]setup{
		"a connected account":                 l.after(),
		"a booking in version 2":              l.after(l.booked),
		"a booking that a person has moved":   l.after(l.booked, l.movedByHand),
		"a booking that a person has removed": l.after(l.booked, l.removedByHand),
	}})
}

// removedByHand has the host delete the booking's event.
func (l *live) removedByHand(string, map[string]string) error {
	event, err := l.event()
	if err != nil {
		return err
	}
	return l.sim(http.MethodDelete, calendarPath+"/"+event, nil, nil)
}

// newest waits for a message of a type about the last booking, or about no booking, and returns it as the feed shows it.
func (l *live) newest(kind string) (found json.RawMessage, err error) {
	id, cursor := fmt.Sprint("booking-", l.bookings), ""
	err = until(func() (bool, error) {
		for {
			var page struct {
				Messages []json.RawMessage `json:"messages"`
				Next     string            `json:"next_cursor"`
			}
			if err := l.api(http.MethodGet, "/v1/messages?limit=100"+cursor, nil, &page); err != nil {
				return false, err
			}
			for _, raw := range page.Messages {
				var e struct {
					Type string
					Data struct {
						ID string `json:"booking_id"`
					}
				}
				if json.Unmarshal(raw, &e) == nil && e.Type == kind && (e.Data.ID == "" || e.Data.ID == id) {
					found = raw
				}
			}
			if len(page.Messages) == 0 {
				return found != nil, nil
			}
			cursor = "&after=" + page.Next
		}
	})
	return found, err
}

func coreScenes() []messageScene {
	about := func(more object) object {
		data := object{
			"booking_id": like(bookingWord), "version": like(2), "revision": like(1), "sequence": like(1), "reservation_token": matching("rsv_[0-9a-f]+", "rsv_01"),
		}
		for name, value := range more {
			data[name] = value
		}
		return data
	}
	target := object{
		"calendar_id": matching("cal_[0-9a-f]+", "cal_01"), "connection_id": matching("con_[0-9a-f]+", "con_01"), "provider": exactly("google"),
	}
	scene := func(kind contract.Type, given string, data object, reads func(json.RawMessage) bool) messageScene {
		return messageScene{name: "the message " + string(kind), state: state{given}, meta: map[string]string{"contentType": "application/json"}, body: object{
			"id": matching("msg_[0-9a-f]+", "msg_01"), "type": exactly(string(kind)), "timestamp": matching(rfc3339, "2026-09-01T08:00:00Z"), "data": data,
		}, take: func(contents []byte) error {
			var e contract.Envelope
			err := json.Unmarshal(contents, &e)
			return wants(err, e.ID != "" && e.Type == kind && !e.Timestamp.IsZero() && reads(e.Data), string(contents))
		}}
	}
	read := func(data json.RawMessage, into any) bool { return json.Unmarshal(data, into) == nil }
	return []messageScene{
		scene(contract.BookingAccepted, "a booking in version 2", about(object{"cancelled": exactly(false)}), func(data json.RawMessage) bool {
			var m contract.Accepted
			return read(data, &m) && m.BookingID == bookingWord && m.Version == 2 && m.Sequence == 1 && m.ReservationToken != ""
		}),
		scene(contract.BookingSynced, "a booking in version 2", about(object{"target": target, "outcome": exactly("present")}), func(data json.RawMessage) bool {
			var m contract.Synced
			return read(data, &m) && m.Outcome == contract.OutcomePresent && m.Target.CalendarID != ""
		}),
		scene(contract.BookingMoved, "a booking that a person has moved", about(object{
			"target": target, "diverged": exactly(true), "fields": some(exactly("slot")), "event": object{
				"title": like("Interview"), "start": object{"date_time": matching(rfc3339, "2027-09-09T14:00:00+02:00"), "time_zone": like("Europe/Berlin")},
				"end": object{"date_time": matching(rfc3339, "2027-09-09T14:30:00+02:00"), "time_zone": like("Europe/Berlin")},
			},
		}), func(data json.RawMessage) bool {
			var m contract.Changed
			return read(data, &m) && m.Event.Start.DateTime == "2027-09-09T14:00:00+02:00" && m.Diverged
		}),
		scene(contract.BookingRemoved, "a booking that a person has removed", about(object{"target": target, "diverged": exactly(true)}),
			func(data json.RawMessage) bool {
				var m contract.Booking
				return read(data, &m) && m.BookingID == bookingWord
			}),
		scene(contract.ConnectionActivated, "a connected account", object{
			"connection_id": matching("con_[0-9a-f]+", "con_01"), "provider": matching("google|microsoft", "google"),
		}, func(data json.RawMessage) bool {
			var m struct {
				ID cal.ConnectionID `json:"connection_id"`
			}
			return read(data, &m) && m.ID != ""
		}),
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
