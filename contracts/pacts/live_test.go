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

var errNever = errors.New("it did not come to pass within ten seconds")

// until asks until a condition holds.
func until(holds func() (bool, error)) error {
	tick, end := time.NewTicker(20*time.Millisecond), time.After(10*time.Second)
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

// bookingBody is a version of a booking as a core would submit it.
func bookingBody(version int, title, calendar string) object {
	return object{
		"version": version, "title": title, "targets": []any{object{"calendar_id": calendar}},
		"start": object{"date_time": "2027-09-08T10:00:00", "time_zone": "Europe/Berlin"},
		"end":   object{"date_time": "2027-09-08T10:30:00", "time_zone": "Europe/Berlin"},
	}
}

// words are those of a new booking's name, which nobody has used yet.
func (l *live) words() map[string]string {
	l.bookings++
	return map[string]string{
		bookingWord: fmt.Sprint("booking-", l.bookings), tokenWord: l.env["KEY"], calendarWord: l.env["CALENDAR"],
	}
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
	if err := l.api(http.MethodPut, "/v1/bookings/"+id, bookingBody(2, "Interview", l.env["CALENDAR"]), nil); err != nil {
		return err
	}
	return until(func() (bool, error) {
		var b bookingDocument
		err := l.api(http.MethodGet, "/v1/bookings/"+id, nil, &b)
		words[revisionWord] = fmt.Sprintf("%q", fmt.Sprint(b.Revision))
		return len(b.Targets) == 1 && b.Targets[0].Status == "synced", err
	})
}

const (
	revisionWord = `"4711"`
	calendarPath = "/people/google/ada@example.com/calendars/primary/events"
)

// event is the id of the one event that is called so and stands where bookingBody says.
func (l *live) event() (string, error) {
	var all struct {
		Events []struct{ ID, Title, Status string }
	}
	var list []struct{ ID, Title, Status string }
	var raw json.RawMessage
	if err := l.sim(http.MethodGet, calendarPath, nil, &raw); err != nil {
		return "", err
	}
	if json.Unmarshal(raw, &list) != nil {
		if err := json.Unmarshal(raw, &all); err != nil {
			return "", err
		}
		list = all.Events
	}
	for n := len(list) - 1; n >= 0; n-- {
		if list[n].Title == "Interview" && list[n].Status != "cancelled" {
			return list[n].ID, nil
		}
	}
	return "", fmt.Errorf("no event is called Interview: %s", raw)
}

// movedByHand has the host move the booking's event, and waits until calweave has heard of it.
func (l *live) movedByHand(id string, words map[string]string) error {
	event, err := l.event()
	if err != nil {
		return err
	}
	if err := l.sim(http.MethodPatch, calendarPath+"/"+event, object{"start": "2027-09-09T12:00:00Z"}, nil); err != nil {
		return err
	}
	return until(func() (bool, error) {
		var b bookingDocument
		err := l.api(http.MethodGet, "/v1/bookings/"+id, nil, &b)
		words[revisionWord] = fmt.Sprintf("%q", fmt.Sprint(b.Revision))
		return b.Diverged, err
	})
}

// cancelled takes the booking back, so that no later state finds its event.
func (l *live) cancelled(id string, _ map[string]string) error {
	return l.api(http.MethodDelete, "/v1/bookings/"+id+"?version=9", nil, nil)
}
