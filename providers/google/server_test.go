package google

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
)

var (
	noon    = time.Date(2026, 9, 20, 12, 0, 0, 0, time.UTC)
	testKey = cal.NewKey("ten_1", "bk-7781", "cal_1", "", 0)
	ref     = provider.EventRef{Calendar: "host@example.com", ID: "abc01"}
)

const (
	eventURL  = "/calendar/v3/calendars/host%40example.com/events/abc01"
	eventsURL = "/calendar/v3/calendars/host%40example.com/events"
)

// exchange is one request that a server expects and how it answers.
type exchange struct {
	// want is the method and the escaped path.
	want string
	// query is compared without alt and prettyPrint.
	query  url.Values
	header map[string]string
	// absent are headers that must not be there.
	absent []string
	// body is compared as JSON; empty for no body.
	body string

	status  int
	answers map[string]string
	answer  string
}

// script is a server that plays exchanges in order, and fails the test over any other request and over exchanges that never came.
func script(t *testing.T, exchanges ...exchange) provider.Client {
	t.Helper()
	var mu sync.Mutex
	done := 0
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if done >= len(exchanges) {
			t.Errorf("request %d is one too many: %s %s", done+1, r.Method, r.URL)
			w.WriteHeader(http.StatusTeapot)
			return
		}
		e := exchanges[done]
		done++
		e.check(t, r)
		for name, value := range e.answers {
			w.Header().Set(name, value)
		}
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		}
		w.WriteHeader(max(e.status, http.StatusOK))
		_, _ = io.WriteString(w, e.answer)
	}))
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		if done != len(exchanges) {
			t.Errorf("%d of %d requests came", done, len(exchanges))
		}
	})
	return client
}

func (e exchange) check(t *testing.T, r *http.Request) {
	t.Helper()
	if got := r.Method + " " + r.URL.EscapedPath(); got != e.want {
		t.Errorf("request %s, want %s", got, e.want)
	}
	query := r.URL.Query()
	query.Del("alt")
	query.Del("prettyPrint")
	if !maps.EqualFunc(query, e.query, slices.Equal) {
		t.Errorf("%s: query %v, want %v", e.want, query, e.query)
	}
	for name, value := range e.header {
		if got := r.Header.Values(name); len(got) != 1 || got[0] != value {
			t.Errorf("%s: header %s is %q, want %q", e.want, name, got, value)
		}
	}
	for _, name := range e.absent {
		if got := r.Header.Values(name); len(got) != 0 {
			t.Errorf("%s: header %s is %q, want none", e.want, name, got)
		}
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	if !sameJSON(raw, []byte(e.body)) {
		t.Errorf("%s: body %s, want %s", e.want, raw, e.body)
	}
}

func sameJSON(a, b []byte) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// serve opens a client on a server.
func serve(t *testing.T, handler http.Handler) provider.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return open(t, server.URL, server.Client())
}

func open(t *testing.T, base string, httpc *http.Client) provider.Client {
	t.Helper()
	client, err := New(Config{APIURL: base + "/calendar/v3/", Clock: clock.NewManual(noon)}).Open(httpc)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// operation is one method of the client with a request that is fit to be sent.
type operation struct {
	name string
	run  func(ctx context.Context, c provider.Client) error
}

// operations are all that a client can be asked.
func operations() []operation {
	return []operation{
		{"calendars", func(ctx context.Context, c provider.Client) error {
			_, err := c.Calendars(ctx)
			return err
		}},
		{"read", func(ctx context.Context, c provider.Client) error {
			_, err := c.ReadEvent(ctx, ref)
			return err
		}},
		{"create", func(ctx context.Context, c provider.Client) error {
			_, err := c.CreateEvent(ctx, provider.CreateEvent{Calendar: ref.Calendar, Key: testKey, Fields: cal.AllFields, Content: intro()})
			return err
		}},
		{"update", func(ctx context.Context, c provider.Client) error {
			_, err := c.UpdateEvent(ctx, provider.UpdateEvent{Ref: ref, ETag: `"1"`, Fields: cal.Fields(cal.FieldTitle)})
			return err
		}},
		{"guests", func(ctx context.Context, c provider.Client) error {
			_, err := c.UpdateEvent(ctx, provider.UpdateEvent{Ref: ref, Invite: []cal.Attendee{{Email: "guest@example.org"}}})
			return err
		}},
		{"delete", func(ctx context.Context, c provider.Client) error {
			return c.DeleteEvent(ctx, provider.DeleteEvent{Ref: ref})
		}},
		{"snapshot", func(ctx context.Context, c provider.Client) error {
			_, err := c.(provider.DeltaLister).ListEvents(ctx, provider.ListEvents{Calendar: ref.Calendar})
			return err
		}},
		{"open", func(ctx context.Context, c provider.Client) error {
			_, err := c.(provider.ChannelKeeper).OpenChannel(ctx, provider.OpenChannel{
				ID: "chn_1", Calendar: ref.Calendar, Address: "https://hub.example.com/hooks/google", Secret: "s3cret",
			})
			return err
		}},
		{"close", func(ctx context.Context, c provider.Client) error {
			return c.(provider.ChannelKeeper).CloseChannel(ctx, cal.Channel{ID: "chn_1", Resource: "res1"})
		}},
	}
}

func intro() cal.Content {
	return cal.Content{
		Title: "Intro call", Description: "Booked online", Location: "Room 4",
		Slot: cal.Slot{
			Start: cal.Moment{Instant: time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC), Zone: "Europe/Berlin"},
			End:   cal.Moment{Instant: time.Date(2026, 10, 1, 8, 30, 0, 0, time.UTC), Zone: "Europe/Berlin"},
		},
		Attendees: []cal.Attendee{{Email: "guest@example.org", Name: "Guest"}},
	}
}
