package google_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// partCall is a call as it stands in a batch.
func partCall(id, request string) string {
	if id != "" {
		id = "Content-ID: " + id + "\r\n"
	}
	return "--b\r\nContent-Type: application/http\r\n" + id + "\r\n" + request + "\r\n"
}

func get(path string) string { return "GET /calendar/v3" + path + " HTTP/1.1\r\n\r\n" }

func sendBatch(s *simtest.Sim, c simtest.Client, query, body string, headers ...string) simtest.Answer {
	return c.Do("POST", s.GoogleURL+"/batch/calendar/v3"+query, body, append([]string{"Content-Type", `multipart/mixed; boundary="b"`}, headers...)...)
}

// partAnswer is the answer to one call.
type partAnswer struct {
	id     string
	status int
	header http.Header
	body   string
}

func readBatch(t *testing.T, a simtest.Answer) []partAnswer {
	t.Helper()
	kind, params, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if a.Status != http.StatusOK || err != nil || kind != "multipart/mixed" {
		t.Fatalf("%d %v: %s", a.Status, a.Header, a.Raw)
	}
	in := multipart.NewReader(strings.NewReader(a.Raw), params["boundary"])
	var all []partAnswer
	for {
		p, err := in.NextPart()
		if err != nil {
			return all
		}
		if p.Header.Get("Content-Type") != "application/http" {
			t.Errorf("a part is %v", p.Header)
		}
		resp, err := http.ReadResponse(bufio.NewReader(p), nil)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		all = append(all, partAnswer{p.Header.Get("Content-Id"), resp.StatusCode, resp.Header, string(raw)})
	}
}

func statuses(all []partAnswer) (out []int) {
	for _, p := range all {
		out = append(out, p.status)
	}
	return out
}

func TestBatch(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Person(sim.Google, "other@example.com")
	theirs := s.Client(sim.Google, "other@example.com").Token
	const made = `{"id":"booking1","summary":"in a batch","start":{"date":"2026-10-01"},"end":{"date":"2026-10-02"}}`
	body := partCall("<item1:12930812@barnyard.example.com>", fmt.Sprintf("POST /calendar/v3/calendars/primary/events HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(made), made)) +
		partCall("<b0 + two>", get("/calendars/primary/events/booking1?fields=summary")) +
		partCall("three", get("/calendars/primary?fields=id")+"") +
		partCall("", strings.Replace(get("/calendars/primary?fields=id"), "\r\n\r\n", "\r\nAuthorization: Bearer "+theirs+"\r\n\r\n", 1)) +
		// Google's client for Java sends the whole URL
		partCall("", "GET https://www.googleapis.com/calendar/v3/calendars/nosuch HTTP/1.1\r\n\r\n") +
		partCall("", "POST /calendar/v3/calendars/primary/events/booking1 HTTP/1.1\r\nX-HTTP-Method-Override: PATCH\r\nIf-Match: \"1\"\r\n\r\n{}") +
		partCall("", "DELETE /calendar/v3/calendars/primary/events/booking1 HTTP/1.1") +
		partCall("", "POST /batch/calendar/v3 HTTP/1.1\r\n\r\n") + "--b--\r\n"
	all := readBatch(t, sendBatch(s, c, "?prettyPrint=false", body))
	if got := statuses(all); !slices.Equal(got, []int{200, 200, 200, 200, 404, 412, 204, 404}) {
		t.Fatalf("answered %v", got)
	}
	for i, want := range []string{"<response-item1:12930812@barnyard.example.com>", "<response-b0 + two>", "response-three", ""} {
		if all[i].id != want {
			t.Errorf("part %d is %q, want %q", i, all[i].id, want)
		}
	}
	// The parameters of the batch are those of each call, and so are its headers unless the call has its own.
	for i, want := range map[int]string{1: `{"summary":"in a batch"}`, 2: `{"id":"` + host + `"}`, 3: `{"id":"other@example.com"}`} {
		if got := strings.TrimSpace(all[i].body); got != want {
			t.Errorf("part %d: %s", i, got)
		}
	}
	if all[0].header.Get("ETag") == "" || !strings.HasPrefix(all[0].header.Get("Content-Type"), "application/json") {
		t.Errorf("headers: %v", all[0].header)
	}
	if a := sendBatch(s, c, "", body, "Accept-Encoding", "gzip", "User-Agent", "gzip"); a.Header.Get("Content-Encoding") != "gzip" || len(readBatch(t, unzipped(t, a))) != 8 {
		t.Errorf("compressed: %v", a.Header)
	}
	// Some clients end lines with nothing but a line feed.
	if all := readBatch(t, sendBatch(s, c, "", strings.ReplaceAll(body, "\r\n", "\n"))); len(all) != 8 || all[2].status != http.StatusOK {
		t.Errorf("with line feeds: %v", statuses(all))
	}
}

func unzipped(t *testing.T, a simtest.Answer) simtest.Answer {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(a.Raw))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	a.Raw = string(raw)
	return a
}

func TestEachCallOfABatchCounts(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	body := partCall("", get("/colors")) + partCall("", get("/users/me/settings")) + partCall("", get("/colors")) + "--b--"
	switchTo(t, s, func(w *sim.Switches) { w.Google.UserPerMinute = 2 })
	if got := statuses(readBatch(t, sendBatch(s, c, "", body))); !slices.Equal(got, []int{200, 200, 403}) {
		t.Errorf("answered %v", got)
	}
	switchTo(t, s, func(w *sim.Switches) { w.Google.UserPerMinute = 0 })
	for _, f := range []sim.Fault{
		{Provider: sim.Google, Path: "*/settings", Action: sim.ActStatus, Status: 500, Count: 1},
		{Provider: sim.Google, Path: "*/settings", Action: sim.ActClosed, Count: 1},
	} {
		if _, err := s.AddFault(f); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []int{500, 503} {
		if got := statuses(readBatch(t, sendBatch(s, c, "", body))); !slices.Equal(got, []int{200, want, 200}) {
			t.Errorf("answered %v", got)
		}
	}
	var paths []string
	for _, r := range s.Requests(0) {
		paths = append(paths, r.Path)
		if r.Path != "/batch/calendar/v3" && r.Header.Get("Content-Type") != "" {
			t.Errorf("a call has the headers %v", r.Header)
		}
	}
	if len(paths) != 12 || paths[0] != "/calendar/v3/colors" || paths[3] != "/batch/calendar/v3" {
		t.Errorf("logged: %v", paths)
	}
}

func TestBatchesThatAreRefused(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	wantBad := func(name string, a simtest.Answer) {
		t.Helper()
		if a.Status != http.StatusBadRequest || a.Reason() != "badRequest" {
			t.Errorf("%s: %d %.200s", name, a.Status, a.Raw)
		}
	}
	many := strings.Repeat(partCall("", get("/colors?fields=kind")), 1000)
	if all := readBatch(t, sendBatch(s, c, "", many+"--b--")); len(all) != 1000 || all[999].status != http.StatusOK {
		t.Errorf("%d answers", len(all))
	}
	wantBad("too many", sendBatch(s, c, "", many+partCall("", get("/colors"))+"--b--"))
	wantBad("none", sendBatch(s, c, "", "--b--"))
	wantBad("cut off", sendBatch(s, c, "", partCall("", get("/colors"))))
	wantBad("another type", sendBatch(s, c, "", "--b\r\nContent-Type: text/plain\r\n\r\n"+get("/colors")+"\r\n--b--"))
	wantBad("no request line", sendBatch(s, c, "", partCall("", "colors")+"--b--"))
	wantBad("no headers", sendBatch(s, c, "", partCall("", "GET /calendar/v3/colors HTTP/1.1\r\nx y\r\n\r\n")+"--b--"))
	wantBad("JSON", c.Do("POST", s.GoogleURL+"/batch/calendar/v3", object{}))
	c.Token = ""
	if got := statuses(readBatch(t, sendBatch(s, c, "", partCall("", get("/colors"))+"--b--"))); !slices.Equal(got, []int{401}) {
		t.Errorf("without a token: %v", got)
	}
}
