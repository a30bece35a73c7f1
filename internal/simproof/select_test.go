package simproof_test

import (
	"bufio"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// What a client can select of an answer is what the discovery document names, no more and no less.
func TestGoogleSelectsWhatItsDiscoveryDocumentNames(t *testing.T) {
	t.Parallel()
	d := readDiscovery(t)
	s := simtest.Start(t, sim.Config{})
	s.Person(sim.Google, googleHost)
	c := s.Client(sim.Google, googleHost)
	for _, m := range d.methods {
		if m.schema == nil || slices.Contains(unserved(), m.ID) {
			continue
		}
		path := "/" + regexp.MustCompile(`\{\w+\}`).ReplaceAllString(m.Path, "nosuch") + "?fields="
		// As the resource is not there, what passes the check of the selection is another error or none.
		refused := func(selected string) bool {
			return strings.HasPrefix(c.Do(m.HTTPMethod, path+url.QueryEscape(selected), object{}).Text("error", "message"), "Invalid field selection")
		}
		if len(m.fields) == 0 || refused(strings.Join(m.fields, ",")) {
			t.Errorf("%s does not let select all of %q", m.ID, m.fields)
		}
		for _, field := range append([]string{""}, m.fields...) {
			wrong := strings.TrimPrefix(strings.TrimSuffix(field, "*")+"/nosuch", "/")
			if strings.Contains(field, "*") || open(m.fields, field) {
				continue
			}
			if !refused(wrong) {
				t.Errorf("%s lets select %s", m.ID, wrong)
			}
		}
	}
}

// open reports whether a client chooses the keys below the field.
func open(all []string, field string) bool { return slices.Contains(all, field+"/*") }

// A batch is judged call by call.
func TestGoogleAnswersBatchesAsItsDiscoveryDocumentSays(t *testing.T) {
	t.Parallel()
	d := readDiscovery(t)
	s := simtest.Start(t, sim.Config{})
	s.Person(sim.Google, googleHost)
	c := s.Client(sim.Google, googleHost)
	var calls strings.Builder
	asked := []string{"GET /calendar/v3/users/me/calendarList", "GET /calendar/v3/colors", "GET /calendar/v3/calendars/nosuch", "GET /calendar/v3/calendars/primary/events"}
	for _, call := range asked {
		calls.WriteString("--b\r\nContent-Type: application/http\r\n\r\n" + call + " HTTP/1.1\r\n\r\n\r\n")
	}
	var doc struct {
		BatchPath string `json:"batchPath"`
	}
	if err := json.Unmarshal(published(t), &doc); err != nil {
		t.Fatal(err)
	}
	a := c.Do("POST", s.GoogleURL+"/"+doc.BatchPath, calls.String()+"--b--", "Content-Type", "multipart/mixed; boundary=b")
	_, params, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil || a.Status != http.StatusOK {
		t.Fatalf("%d %v %s", a.Status, err, a.Raw)
	}
	in := multipart.NewReader(strings.NewReader(a.Raw), params["boundary"])
	for _, call := range asked {
		part, err := in.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(part), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		method, path, _ := strings.Cut(call, " ")
		if _, err := d.judge(httptest.NewRequest(method, path, nil), resp.StatusCode, resp.Header.Get("Content-Type"), body); err != nil {
			t.Error(err)
		}
	}
}
