//go:build pact

package pacts_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/app/dev"
)

// live is a whole calweave with simulators of both providers, as calweave dev starts it.
type live struct {
	env      map[string]string
	proxy    http.Handler
	bookings int
	// about is what messages have to name to belong to the state: a booking, a connection or an endpoint.
	about string
}

// startLive starts one and waits until it has shown that it works.
func startLive(t *testing.T) *live {
	t.Helper()
	env := filepath.Join(t.TempDir(), "env")
	ctx, cancel := context.WithCancel(t.Context())
	up := &signalled{text: "Everything stays up", seen: make(chan struct{})}
	ended := make(chan error, 1)
	go func() {
		ended <- dev.Run(ctx, dev.Options{Listen: "127.0.0.1:0", Env: env, Out: up, Log: slog.New(slog.DiscardHandler)})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-up.seen:
	case err := <-ended:
		ended <- nil
		t.Fatalf("calweave dev: %v", err)
	}
	raw, err := os.ReadFile(env)
	if err != nil {
		t.Fatal(err)
	}
	l := &live{env: map[string]string{}}
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		l.env[name] = value
	}
	target, err := url.Parse(l.env["URL"])
	if err != nil {
		t.Fatal(err)
	}
	l.proxy = httputil.NewSingleHostReverseProxy(target)
	return l
}

// signalled tells when a text was written to it.
type signalled struct {
	text string
	seen chan struct{}
	mu   sync.Mutex
	all  strings.Builder
	done bool
}

func (s *signalled) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all.Write(p)
	if !s.done && strings.Contains(s.all.String(), s.text) {
		s.done = true
		close(s.seen)
	}
	return len(p), nil
}

func (l *live) handler() http.Handler { return l.proxy }

// api sends a request to calweave's API as the core.
func (l *live) api(method, path string, body any, out any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req := httptest.NewRequest(method, path, bytes.NewReader(raw))
	req.Header.Set("Authorization", "Bearer "+l.env["KEY"])
	req.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	l.proxy.ServeHTTP(rec, req)
	if rec.Code/100 != 2 {
		return fmt.Errorf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(rec.Body.Bytes(), out)
}

// sim sends a request to the simulators' admin API.
func (l *live) sim(method, path string, body any, out any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(method, l.env["SIM"]+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode/100 != 2:
		return fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, answer)
	case out == nil:
		return nil
	}
	return json.Unmarshal(answer, out)
}

var errNever = errors.New("it did not come to pass within a minute")

// until asks until a condition holds.
func until(holds func() (bool, error)) error {
	tick, end := time.NewTicker(20*time.Millisecond), time.After(time.Minute)
	defer tick.Stop()
	for {
		ok, err := holds()
		if err != nil || ok {
			return err
		}
		select {
		case <-tick.C:
		case <-end:
			return errNever
		}
	}
}

const (
	bookingWord = "booking-of-the-core"
	keyWord     = "key-of-the-core"
)

// bookingBody is a version of a booking as a core would submit it. Its place is its own name, by which its event is known in the calendar.
func bookingBody(id string, version int, title, calendar string) object {
	return object{
		"version": version, "title": title, "location": id, "targets": []any{object{"calendar_id": calendar}},
		"start": object{"date_time": "2027-09-08T10:00:00", "time_zone": "Europe/Berlin"},
		"end":   object{"date_time": "2027-09-08T10:30:00", "time_zone": "Europe/Berlin"},
	}
}

// words are those of a new booking's name, which nobody has used yet.
func (l *live) words() map[string]string {
	l.bookings++
	l.about = fmt.Sprintf("booking-%03d", l.bookings)
	return map[string]string{bookingWord: l.about, tokenWord: l.env["KEY"], calendarWord: l.env["CALENDAR"]}
}

// after is a setup that takes a new name and then does each of the steps with it.
func (l *live) after(steps ...func(id string, words map[string]string) error) setup {
	return func() (map[string]string, error) {
		words := l.words()
		for _, step := range steps {
			if err := step(words[bookingWord], words); err != nil {
				return nil, err
			}
		}
		return words, nil
	}
}

type bookingDocument struct {
	Diverged bool `json:"diverged"`
	Revision int64
	Targets  []struct{ Status string }
}

func (l *live) booked(id string, words map[string]string) error {
	return l.bookedAs(bookingBody(id, 2, "Interview", l.env["CALENDAR"]))(id, words)
}

// bookedAs submits a booking and waits until the calendar shows it.
func (l *live) bookedAs(body object) func(id string, words map[string]string) error {
	return func(id string, words map[string]string) error {
		if err := l.api(http.MethodPut, "/v1/bookings/"+id, body, nil); err != nil {
			return err
		}
		return l.becomes(id, words, func(b bookingDocument) bool { return b.synced() })
	}
}

// synced reports whether every target shows the booking.
func (b bookingDocument) synced() bool {
	return len(b.Targets) > 0 && !slices.ContainsFunc(b.Targets, func(t struct{ Status string }) bool { return t.Status != "synced" })
}

// becomes waits until a booking is so.
func (l *live) becomes(id string, words map[string]string, so func(bookingDocument) bool) error {
	return until(func() (bool, error) {
		var b bookingDocument
		err := l.api(http.MethodGet, "/v1/bookings/"+id, nil, &b)
		words[revisionWord] = fmt.Sprintf("%q", fmt.Sprint(b.Revision))
		return so(b), err
	})
}

const (
	revisionWord  = `"4711"`
	googlePath    = "/people/google/ada@example.com/calendars/primary/events"
	microsoftPath = "/people/microsoft/grace@contoso.example/calendars/primary/events"
)

// event is the id of a booking's event in a calendar of the simulators.
func (l *live) event(calendar, id string) (string, error) {
	var all struct {
		Events []struct {
			ID, Location string
			Deleted      bool
		}
	}
	if err := l.sim(http.MethodGet, calendar, nil, &all); err != nil {
		return "", err
	}
	for _, e := range all.Events {
		if e.Location == id && !e.Deleted {
			return e.ID, nil
		}
	}
	return "", fmt.Errorf("%s has no event of %s", calendar, id)
}

// byHand has the host edit the booking's event.
func (l *live) byHand(calendar string, edit object) func(string, map[string]string) error {
	return func(id string, _ map[string]string) error {
		event, err := l.event(calendar, id)
		if err != nil {
			return err
		}
		return l.sim(http.MethodPatch, calendar+"/"+event, edit, nil)
	}
}

// movedByHand has the host move the booking's event, and waits until calweave has heard of it.
func (l *live) movedByHand(id string, words map[string]string) error {
	if err := l.byHand(googlePath, object{"start": "2027-09-09T12:00:00Z"})(id, words); err != nil {
		return err
	}
	return l.becomes(id, words, func(b bookingDocument) bool { return b.Diverged })
}

// clear cancels the last booking. It is refused where there is none, and where a person's change is not decided.
func (l *live) clear() {
	if l.bookings > 0 {
		_ = l.api(http.MethodDelete, fmt.Sprintf("/v1/bookings/booking-%03d?version=9", l.bookings), nil, nil)
	}
}
