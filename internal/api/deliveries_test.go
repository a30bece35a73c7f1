package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// A delivery shows each attempt: when, how long, what came of it; and what the endpoint said, as text, when it is asked for alone.
func TestDeliveryShowsItsAttempts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	d := b.test(b.endpoint())
	if d.State != gen.DeliveryStatePending || d.Type != message.EndpointTested || len(d.Attempts) != 0 || d.NextAttemptAt != nil {
		t.Errorf("%s", mustJSON(t, d))
	}
	first, next := b.clock.Now(), b.clock.Now().Add(5*time.Second)
	silent := record.Attempt{At: first, Latency: 10 * time.Second, Failure: record.FailureTimeout}
	b.ok(b.store.Finish(b.Context(), b.claim(d.ID), record.Outcome{State: record.Ready, Attempts: 1, NotBefore: next, Attempt: &silent}))
	if got := b.reportOf(d.ID); got.NextAttemptAt == nil || !got.NextAttemptAt.Equal(next) || got.State != gen.DeliveryStatePending {
		t.Errorf("%s", mustJSON(t, got))
	}
	b.clock.Advance(5 * time.Second)
	b.ok(b.store.EndDelivery(b.Context(), b.claim(d.ID), answered(b.clock.Now(), 200, "CANARY-said\x00\xff")))
	got := b.reportOf(d.ID)
	if got.State != gen.DeliveryStateDelivered || len(got.Attempts) != 2 || got.MessageID != d.MessageID {
		t.Fatalf("%s", mustJSON(t, got))
	}
	if a := got.Attempts[0]; a.Status != nil || a.Error == nil || *a.Error != gen.AttemptErrorTimeout || a.LatencyMs != 10_000 || !a.At.Equal(first) {
		t.Errorf("%s", mustJSON(t, a))
	}
	if a := got.Attempts[1]; *a.Status != 200 || a.Error != nil || a.LatencyMs != 70 || a.Answer == nil || *a.Answer != "CANARY-said\x00\ufffd" {
		t.Errorf("%s", mustJSON(t, a))
	}
	if a := b.call("GET", "/v1/deliveries", nil); strings.Contains(string(a.body), "CANARY") || strings.Count(string(a.body), "latency_ms") != 2 {
		t.Errorf("the list: %s", a.body)
	}
}

// Lists of deliveries are chosen by endpoint and state, and pages follow each other without a gap.
func TestDeliveryPages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e, other := b.endpoint(), b.endpoint(message.BookingMoved)
	for range 5 {
		b.fails(b.test(e).ID, 500)
	}
	b.test(other)
	for query, want := range map[string]int{
		"": 6, "&endpoint=" + e.ID: 5, "&endpoint=" + other.ID: 1, "&endpoint=end_unknown": 0, "&state=failed": 5, "&state=pending": 1, "&state=delivered": 0,
		"&endpoint=" + other.ID + "&state=failed": 0,
	} {
		for _, limit := range []string{"1", "2", "5", "200"} {
			seen := map[string]bool{}
			for cursor := ""; ; {
				var page gen.DeliveryPage
				b.call("GET", "/v1/deliveries?limit="+limit+query+cursor, nil).into(t, 200, &page)
				for _, d := range page.Deliveries {
					seen[d.ID] = true
				}
				if page.NextCursor == nil {
					break
				}
				cursor = "&cursor=" + *page.NextCursor
			}
			if len(seen) != want {
				t.Errorf("%s, %s at a time: %d, want %d", query, limit, len(seen), want)
			}
		}
	}
}

func TestDeliveryParameters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint()
	b.unchanging()
	for target, problem := range map[string]message.Problem{
		"GET /v1/deliveries?limit=0":                                                at("query: limit", "give a number from 1 to 200"),
		"GET /v1/deliveries?limit=201":                                              at("query: limit", "give a number from 1 to 200"),
		"GET /v1/deliveries?state=lost":                                             at("query: state", "give one of pending, delivered, failed"),
		"GET /v1/deliveries?endpoint=%00":                                           at("query: endpoint", "only this is allowed: visible ASCII characters without blanks"),
		"GET /v1/deliveries?cursor=cal_1":                                           at("query: cursor", "this is no next_cursor of this list with these filters: leave it out to begin at the start"),
		"GET /v1/deliveries?states=failed":                                          at("query: states", "there is no such parameter: remove it, or check its spelling"),
		"GET /v1/deliveries/dlv%00":                                                 at("path: delivery_id", "only this is allowed: visible ASCII characters without blanks"),
		"GET /v1/endpoints/" + strings.Repeat("x", 129):                             at("path: endpoint_id", "give at most 128 characters, not 129"),
		"POST /v1/endpoints/" + e.ID + "/redeliver":                                 at("query: since", "this parameter is required"),
		"POST /v1/endpoints/" + e.ID + "/redeliver?since=monday":                    at("query: since", "it cannot be read: give a time as 2026-10-01T10:00:00Z"),
		"POST /v1/endpoints/" + e.ID + "/redeliver?since=2026-10-01T10:00:00+01:00": at("query: since", "it cannot be read: give a time as 2026-10-01T10:00:00Z"),
		"POST /v1/endpoints/" + e.ID + "/redeliver?since=2026-10-01":                at("query: since", "it cannot be read: give a time as 2026-10-01T10:00:00Z"),
		"GET /v1/messages?limit=0":                                                  at("query: limit", "give a number from 1 to 200"),
		"GET /v1/messages?limit=201":                                                at("query: limit", "give a number from 1 to 200"),
		"GET /v1/messages?after=1":                                                  noCursor(),
		"GET /v1/messages?after=ZmVlZDE6LTE":                                        noCursor(), // feed1:-1
		"GET /v1/messages?after=ZmVlZDE6MDE":                                        noCursor(), // feed1:01
		"GET /v1/messages?after=ZmVlZDI6MQ":                                         noCursor(), // feed2:1
		"GET /v1/messages?after=ZmVlZDE6MR":                                         noCursor(), // feed1:1, with bits to spare
		"GET /v1/messages?cursor=ZmVlZDE6MQ":                                        at("query: cursor", "there is no such parameter: remove it, or check its spelling"),
	} {
		method, path, _ := strings.Cut(target, " ")
		refused{record.ReasonInvalid, parameter, []message.Problem{problem}}.want(t, target, b.call(method, path, nil))
	}
}

func noCursor() message.Problem {
	return at("query: after", "this is no next_cursor of this list: leave it out to begin with the first message")
}

// One delivery, or all that failed since a moment, are sent again at once and as the same messages.
func TestRedelivery(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	e := b.endpoint()
	early := b.test(e)
	b.fails(early.ID, 500)
	b.clock.Advance(time.Minute)
	late := b.test(e)
	b.fails(late.ID, 500)
	var again gen.Delivery
	b.call("POST", "/v1/deliveries/"+early.ID+"/redeliver", nil).into(t, 202, &again)
	if again.State != gen.DeliveryStatePending || again.MessageID != early.MessageID || len(again.Attempts) != 1 {
		t.Errorf("%s", mustJSON(t, again))
	}
	b.fails(early.ID, 500)
	since := b.clock.Now()
	b.clock.Advance(time.Second)
	for target, want := range map[string]int64{
		since.Add(time.Microsecond).Format(time.RFC3339Nano): 0, strings.Replace(since.In(time.FixedZone("", 3600)).Format(time.RFC3339), "+", "%2B", 1): 2,
	} {
		var n gen.Redelivery
		b.call("POST", "/v1/endpoints/"+e.ID+"/redeliver?since="+target, nil).into(t, 202, &n)
		if n.Deliveries != want {
			t.Errorf("since %s: %d, want %d", target, n.Deliveries, want)
		}
	}
	for _, id := range []string{early.ID, late.ID} {
		if got := b.reportOf(id); got.State != gen.DeliveryStatePending {
			t.Errorf("%s", mustJSON(t, got))
		}
		b.claim(id)
	}
}
