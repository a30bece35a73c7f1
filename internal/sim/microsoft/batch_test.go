package microsoft_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// parts are the answers of a batch by id.
func parts(t *testing.T, a simtest.Answer) map[string]simtest.Answer {
	t.Helper()
	wantStatus(t, a, http.StatusOK)
	all := map[string]simtest.Answer{}
	for _, row := range a.Rows("responses") {
		body, _ := row["body"].(map[string]any)
		status, _ := row["status"].(float64)
		one := simtest.Answer{Status: int(status), Body: body, Header: http.Header{}, Raw: fmt.Sprint(row)}
		headers, _ := row["headers"].(map[string]any)
		for name, v := range headers {
			one.Header.Set(name, fmt.Sprint(v))
		}
		all[fmt.Sprint(row["id"])] = one
	}
	return all
}

func batch(requests ...object) object { return object{"requests": requests} }

func post(id, subject string, after ...string) object {
	return object{
		"id": id, "method": "POST", "url": "/me/events", "body": meeting(object{"subject": subject}), "dependsOn": after,
		"headers": object{"Content-Type": "application/json", "Prefer": immutable},
	}
}

func get(id, path string) object { return object{"id": id, "method": "GET", "url": path} }

func TestBatch(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	made := createOn(t, c, "/me/events", "old", "2026-04-15")
	got := parts(t, c.Do("POST", "/$batch", batch(
		post("a", "new"), get("b", "/me/events/"+url.PathEscape(made)+"?$select=subject"), get("c", "/me/events/AAMkgone"),
		post("d", "never", "c"), post("e", "nor", "d"), object{"id": "f", "method": "DELETE", "url": "/me/events/" + url.PathEscape(made), "dependsOn": []string{"A"}},
	)))
	for id, status := range map[string]int{"a": 201, "b": 200, "c": 404, "d": 424, "e": 424, "f": 204} {
		if got[id].Status != status {
			t.Errorf("%s is %s, want %d", id, got[id].Raw, status)
		}
	}
	if got["d"].Header.Get("Content-Type") != "application/json" {
		t.Errorf("a body without a type: %s", got["d"].Raw)
	}
	if got["a"].Text("subject") != "new" || got["b"].Text("subject") != "old" || got["c"].Reason() != "ErrorItemNotFound" || got["d"].Reason() != "FailedDependency" || got["f"].Body != nil {
		t.Errorf("answers: %v", got)
	}
	if rows := c.Do("GET", "/me/events", nil).Rows("value"); len(rows) != 1 || rows[0]["subject"] != "new" {
		t.Errorf("there are %v", rows)
	}
	set(t, s, func(w *sim.Switches) { w.Microsoft.BatchReversed = true })
	if rows := c.Do("POST", "/$batch", batch(get("1", "/me"), get("2", "/me"))).Rows("responses"); rows[0]["id"] != "2" {
		t.Errorf("reversed: %v", rows)
	}
}

func TestBatchRefuses(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	var many []object
	for i := range 21 {
		many = append(many, get(fmt.Sprint(i), "/me"))
	}
	bare := post("1", "x")
	delete(bare, "headers")
	for name, body := range map[string]any{
		"21 parts": batch(many...), "no parts": batch(), "no JSON": "{", "the same id": batch(get("a", "/me"), get("A", "/me")), "no content type": batch(bare),
		"waits for what comes later": batch(post("1", "x", "2"), get("2", "/me")), "another host": batch(get("1", "https://x.org/me")), "a batch": batch(get("1", "/$batch")),
		"a version": batch(get("1", "/v1.0/me")),
	} {
		wantRefusal(t, name, c.Do("POST", "/$batch", body), "BadRequest")
	}
	wantStatus(t, c.Do("POST", "/$batch", batch(many[:20]...)), http.StatusOK)
	c.Token = "eyJ0eXAiother"
	wantError(t, c.Do("POST", "/$batch", batch(get("1", "/me"))), http.StatusUnauthorized, "InvalidAuthenticationToken")
}

// TestPartsAreThrottledAlone has faults and limits strike single parts.
func TestPartsAreThrottledAlone(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	for _, f := range []sim.Fault{
		{Path: "/v1.0/me/calendars", Action: sim.ActStatus, Status: http.StatusTooManyRequests, RetryAfter: "300"},
		{Path: "/v1.0/me/calendar", Action: sim.ActHTML},
		{Path: "/v1.0/me/events", Method: "GET", Action: sim.ActClosed},
		{Path: "/v1.0/me/events", Method: "POST", Action: sim.ActLostAnswer},
	} {
		if _, err := s.AddFault(f); err != nil {
			t.Fatal(err)
		}
	}
	got := parts(t, c.Do("POST", "/$batch", batch(get("1", "/me"), get("2", "/me/calendars"), get("3", "/me/calendar"), get("4", "/me/events"), post("5", "x"))))
	for id, status := range map[string]int{"1": 200, "2": 429, "3": 502, "4": 504, "5": 504} {
		if got[id].Status != status {
			t.Errorf("%s is %s, want %d", id, got[id].Raw, status)
		}
	}
	if got["2"].Header.Get("Retry-After") != "300" || got["2"].Reason() != "ApplicationThrottled" || got["5"].Reason() != "UnknownError" {
		t.Errorf("refused with %s and %s", got["2"].Raw, got["5"].Raw)
	}
	if all, err := s.Events(sim.In{Provider: sim.Microsoft, Email: host}); err != nil || len(all) != 1 {
		t.Errorf("stored are %v, %v", all, err)
	}
}
