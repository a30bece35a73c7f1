//go:build pact

package pacts_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
)

func TestCoreUsesTheAPI(t *testing.T) {
	e := httpEdge{edge: edge{
		ID: "e", Title: "A booking core uses the HTTP API", Consumer: "booking-core", Provider: "calweave-api",
		Against: "calweave on SQLite, with both simulators", Headers: []string{"Authorization", "Content-Type", "If-Match"}, Interactions: 15,
	}, scenes: apiScenes()}
	path := fresh(t, e.edge, e.make)
	l := startLive(t)
	hold(t, e.edge, path, &providerSide{handler: l.handler, states: map[string]setup{
		"a calendar":                        l.after(),
		"a booking in version 2":            l.after(l.booked),
		"a booking that a person has moved": l.after(l.booked, l.movedByHand),
	}, clean: l.clear})
}

// call is a request of a core and what it wants of the answer.
type call struct {
	method, path string
	body         any
	header       map[string]string
	// open says that no key goes along.
	open bool
	want int
	// reads is what the core takes from the answer; nil for nothing.
	reads func(doc object) bool
}

func (c call) act(ctx context.Context, httpc *http.Client) error {
	raw, err := json.Marshal(c.body)
	if err != nil {
		return err
	}
	if c.body == nil {
		raw = nil
	}
	req, err := http.NewRequestWithContext(ctx, c.method, "https://calweave.example"+c.path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if !c.open {
		req.Header.Set("Authorization", "Bearer "+tokenWord)
	}
	for name, value := range c.header {
		req.Header.Set(name, value)
	}
	resp, err := httpc.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != c.want {
		return fmt.Errorf("it answers %d: %s", resp.StatusCode, answer)
	}
	var doc object
	if c.reads != nil {
		if err := json.Unmarshal(answer, &doc); err != nil {
			return err
		}
		return wants(nil, c.reads(doc), doc)
	}
	return nil
}

func problem(status int, name string) reply {
	return reply{status: status, body: object{
		"type": matching(`https://.+#`+name, "https://calweave.example/problems.md#"+name), "title": like("No"), "status": exactly(status),
		"detail": like("why, and how to mend it"), "request_id": matching("req_[0-9a-f]+", "req_01"),
	}, header: map[string]any{"Content-Type": matching(`application/problem\+json.*`, "application/problem+json")}}
}

func isProblem(doc object) bool {
	kind, ok := doc["type"].(string)
	return ok && kind != "" && doc["detail"] != nil
}

func bookingReply(status int, more object) reply {
	body := object{
		"id": like(bookingWord), "version": like(2), "revision": like(1), "state": exactly("booked"), "diverged": exactly(false),
		"reservation_token": matching("rsv_[0-9a-f]+", "rsv_01"), "targets": some(object{
			"calendar_id": matching("cal_[0-9a-f]+", "cal_01"), "connection_id": matching("con_[0-9a-f]+", "con_01"),
			"provider": exactly("google"), "status": matching("pending|synced", "pending"), "authoritative": exactly(true),
		}),
	}
	for name, value := range more {
		body[name] = value
	}
	return reply{status: status, body: body, header: map[string]any{"ETag": matching(`"\d+"`, `"1"`)}}
}

func apiScenes() []scene {
	const at = "/v1/bookings/" + bookingWord
	body := func(version int, title string) object { return bookingBody(bookingWord, version, title, calendarWord) }
	inState := func(want string) func(object) bool {
		return func(doc object) bool {
			return doc["state"] == want && doc["reservation_token"] != "" && doc["revision"] != nil
		}
	}
	recurring := body(1, "Interview")
	recurring["recurrence"], recurring["expand"], recurring["conference"] = []any{"RRULE:FREQ=WEEKLY;COUNT=2"}, true, "requested"
	undone := bookingBody(bookingWord, 1, "Interview", calendarWord)
	undone["start"] = object{"date_time": "2027-09-08T10:00:00"}
	of := func(name, given string, r reply, c call) scene {
		c.want = r.status
		return one(name, state{given}, r, c.act)
	}
	return []scene{
		of("a new booking", "a calendar", bookingReply(202, nil), call{method: "PUT", path: at, body: body(1, "Interview"), reads: inState("booked")}),
		of("a new booking that recurs and wants a conference", "a calendar", bookingReply(202, object{
			"booking": object{"recurrence": some(matching("RRULE:.+", "RRULE:FREQ=WEEKLY;COUNT=2")), "expand": exactly(true), "conference": exactly("requested")},
			"targets": some(object{
				"calendar_id": matching("cal_[0-9a-f]+", "cal_01"), "status": matching("pending|synced", "pending"),
				"occurrence": object{"original_start": object{"date_time": matching(rfc3339, "2027-09-08T08:00:00Z")}},
			}),
		}), call{method: "PUT", path: at, body: recurring, reads: inState("booked")}),
		of("a new version", "a booking in version 2", bookingReply(202, nil), call{method: "PUT", path: at, body: body(3, "Second interview"), reads: inState("booked")}),
		of("the same version again", "a booking in version 2", bookingReply(200, nil), call{method: "PUT", path: at, body: body(2, "Interview"), reads: inState("booked")}),
		of("the same version with another content", "a booking in version 2", problem(409, "version-reused"),
			call{method: "PUT", path: at, body: body(2, "Another title"), reads: isProblem}),
		of("an older version", "a booking in version 2", problem(409, "version-.+"), call{method: "PUT", path: at, body: body(1, "Interview"), reads: isProblem}),
		of("a booking without a time zone", "a calendar", problem(422, ".+"), call{method: "PUT", path: at, body: undone, reads: isProblem}),
		of("a booking without a key", "a calendar", problem(401, ".+"), call{method: "PUT", path: at, body: body(1, "Interview"), open: true, reads: isProblem}),
		of("a booking as it is", "a booking in version 2", bookingReply(200, nil), call{method: "GET", path: at, reads: inState("booked")}),
		of("a booking that is not there", "a calendar", problem(404, ".+"), call{method: "GET", path: at, reads: isProblem}),
		of("a cancellation", "a booking in version 2", bookingReply(202, object{"state": exactly("cancelled")}),
			call{method: "DELETE", path: at + "?version=3", reads: inState("cancelled")}),
		of("a new version of a booking that a person has moved", "a booking that a person has moved", problem(409, "booking-diverged"),
			call{method: "PUT", path: at, body: body(3, "Second interview"), reads: isProblem}),
		of("that a person's change is accepted", "a booking that a person has moved", bookingReply(202, nil),
			call{method: "POST", path: at + "/divergence:accept", header: map[string]string{"If-Match": revisionWord}, reads: inState("booked")}),
		of("the messages", "a booking in version 2", reply{status: 200, body: object{"messages": some(object{
			"id": matching("msg_[0-9a-f]+", "msg_01"), "type": matching(`[a-z]+\.[a-z_]+`, "booking.accepted"), "timestamp": matching(rfc3339, "2026-09-01T08:00:00Z"),
			"data": like(object{}),
		}), "next_cursor": like("cursor")}}, call{method: "GET", path: "/v1/messages?limit=10", reads: func(doc object) bool { return doc["next_cursor"] != nil }}),
		of("the calendars", "a calendar", reply{status: 200, body: object{"calendars": some(object{
			"id": matching("cal_[0-9a-f]+", "cal_01"), "provider": matching("google|microsoft", "google"), "writable": exactly(true),
			"connection_state": exactly("active"),
		})}}, call{method: "GET", path: "/v1/calendars", reads: func(doc object) bool { return doc["calendars"] != nil }}),
	}
}
