package app_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/hibiken/asynq"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/jobs"
)

// headers are those of a task that a key has signed.
func headers(schema int, keyID, secret string, payload []byte) map[string]string {
	return map[string]string{
		task.HeaderSchema: strconv.Itoa(schema), task.HeaderKey: keyID, task.HeaderSignature: task.Sign([]byte(secret), schema, keyID, payload),
	}
}

// A task that no key in force has signed is archived at once with the reason, and changes nothing for anybody.
func TestQueueForged(t *testing.T) {
	t.Parallel()
	for name, prepare := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLive(t, prepare(t))
			l.runLogged(app.Outside{})
			l.connect()
			l.must(l.core.wait(l.ctx, message.ConnectionActivated, 2))
			l.idle()
			q := l.queue()
			payload, err := json.Marshal(q.book("b1", 1, "Intro call"))
			l.must(err)
			forged := forgeries(l, q, payload)
			client := asynq.NewClientFromRedisClient(l.redis())
			for name, h := range forged {
				_, err := client.EnqueueContext(l.ctx, asynq.NewTaskWithHeaders(task.TypeSubmitBooking, payload, h), asynq.Queue(task.QueueIntake), asynq.TaskID(name))
				l.must(err)
			}
			if archived := q.taken(); archived != len(forged) {
				t.Errorf("%d of %d were archived", archived, len(forged))
			}
			all, err := q.inspector.ListArchivedTasks(task.QueueIntake, asynq.PageSize(100))
			l.must(err)
			for _, a := range all {
				if a.Retried > 0 || !strings.Contains(a.LastErr, jobs.ErrForged.Error()) {
					t.Errorf("%s was tried %d times again: %s", a.ID, a.Retried, a.LastErr)
				}
			}
			l.idle()
			if status, body := l.try(http.MethodGet, "/v1/bookings/b1", nil); status != http.StatusNotFound {
				t.Errorf("%d %s", status, body)
			}
			if n := l.core.types(); len(n) != 1 {
				t.Errorf("messages %v", n)
			}
		})
	}
}

// forgeries are the headers that a payload may come with and that prove nothing.
func forgeries(l *live, q *queue, payload []byte) map[string]map[string]string {
	key := func(p store.Purpose) store.Key {
		k, err := l.admin.CreateKey(l.ctx, l.tenant, p, record.AllScopes())
		l.must(err)
		return k
	}
	revoked := key(store.PurposeSigning)
	l.must(l.admin.RevokeKey(l.ctx, l.tenant, revoked.ID))
	other, err := l.admin.CreateTenant(l.ctx, "other")
	l.must(err)
	foreign, err := l.admin.CreateKey(l.ctx, other, store.PurposeSigning, "")
	l.must(err)
	api := key(store.PurposeAPI)
	genuine := headers(task.SchemaVersion, q.key.ID, q.key.Secret, payload)
	with := func(name, value string) map[string]string {
		h := maps.Clone(genuine)
		h[name] = value
		return h
	}
	return map[string]map[string]string{
		"wrong secret":       headers(task.SchemaVersion, q.key.ID, "cws_other", payload),
		"wrong payload":      headers(task.SchemaVersion, q.key.ID, q.key.Secret, append([]byte(" "), payload...)),
		"revoked key":        headers(task.SchemaVersion, revoked.ID, revoked.Secret, payload),
		"another's secret":   headers(task.SchemaVersion, q.key.ID, foreign.Secret, payload),
		"an API key":         headers(task.SchemaVersion, api.ID, api.Secret, payload),
		"an API key's token": headers(task.SchemaVersion, api.Secret, api.Secret, payload),
		"an unknown key":     headers(task.SchemaVersion, "key_none", q.key.Secret, payload),
		"no signature":       with(task.HeaderSignature, ""),
		"another schema":     with(task.HeaderSchema, "2"),
		"schema in words":    with(task.HeaderSchema, "one"),
		"schema missing":     nil,
	}
}

// Another tenant's key in force speaks for that tenant alone: it can neither name this one's calendars nor touch its bookings.
func TestQueueAnotherTenantsKey(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, l *live) {
		t.Helper()
		q := l.queue()
		q.submit(q.book("b1", 1, "Intro call"))
		q.synced("b1", 1)
		l.idle()
		before := l.core.types()
		other, err := l.admin.CreateTenant(l.ctx, "other")
		l.must(err)
		k, err := l.admin.CreateKey(l.ctx, other, store.PurposeSigning, "")
		l.must(err)
		c := jobs.NewClient(asynq.RedisClientOpt{Addr: l.redis().Options().Addr}, k.ID, k.Secret)
		defer func() { l.must(c.Close()) }()
		l.must(c.SubmitBooking(l.ctx, q.book("b1", 2, "Stolen")))
		l.must(c.SubmitBooking(l.ctx, cancellation("b1", 3)))
		if archived := q.taken(); archived > 0 {
			t.Errorf("%d were archived", archived)
		}
		l.idle()
		l.exactlyOnce("Intro call")
		if after := l.core.types(); !maps.Equal(before, after) {
			t.Errorf("messages %v, then %v", before, after)
		}
		refused, err := l.admin.Store.Rejections(l.ctx, other, "", 10)
		if err != nil || len(refused) != 1 || refused[0].BookingID != "b1" || refused[0].Version != 2 {
			t.Errorf("%+v, %v", refused, err)
		}
		if b, err := l.admin.Store.Booking(l.ctx, l.tenant, "b1"); err != nil || b.Version != 1 || b.Cancelled {
			t.Errorf("%+v, %v", b, err)
		}
	})
}

// Whatever stands in a payload that was signed, it is refused for good: trying again would change nothing.
func TestQueueHostilePayloads(t *testing.T) {
	t.Parallel()
	for name, prepare := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLive(t, prepare(t))
			l.runLogged(app.Outside{})
			q := l.queue()
			client := asynq.NewClientFromRedisClient(l.redis())
			payloads := []string{
				"", "{", "null", "[]", `{"booking_id":"a\u0000b","cancellation":{"version":1}}`, "{\"booking_id\":\"\xff\",\"cancellation\":{\"version\":1}}",
				`{"booking_id":"b1","cancellation":{"version":1e400}}`, `{"booking_id":"b1","cancellation":{"version":-1}}`, `{"booking_id":7,"cancellation":{"version":1}}`,
				`{"booking_id":"b1","booking":{"version":"1"}}`, `{"booking_id":"b1","booking_id":"b2","cancellation":{"version":1}}`,
				`{"booking_id":"` + strings.Repeat("b", 200) + `","cancellation":{"version":1}}`, `{"booking_id":"b1","cancellation":{"version":1},"extra":1}`,
				strings.Repeat("[", 100_000), `{"booking_id":"` + strings.Repeat("b", 300<<10) + `"}`,
			}
			for _, p := range payloads {
				h := headers(task.SchemaVersion, q.key.ID, q.key.Secret, []byte(p))
				_, err := client.EnqueueContext(l.ctx, asynq.NewTaskWithHeaders(task.TypeSubmitBooking, []byte(p), h), asynq.Queue(task.QueueIntake))
				l.must(err)
			}
			l.must(l.core.wait(l.ctx, message.BookingRejected, len(payloads)))
			if archived := q.taken(); archived > 0 {
				t.Errorf("%d were archived", archived)
			}
			if n := l.core.types(); len(n) != 1 || n[message.BookingRejected] != len(payloads) {
				t.Errorf("messages %v", n)
			}
		})
	}
}
