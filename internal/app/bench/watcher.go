package bench

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/calweave/calweave/internal/clock"
)

// watcher stands in front of the simulated provider, counts what it is asked, and tells when events were written.
type watcher struct {
	clock clock.Clock
	// wrote gets the moment at which each event was written, as long as somebody listens.
	wrote chan time.Time

	mu     sync.Mutex
	counts map[callKind]int
	// sample is the first write of an event, with its body.
	sample *http.Request
	body   []byte
	// listed is the first listing since this was last nil.
	listed *http.Request
}

// callKind is what a provider is asked for.
type callKind string

const (
	callWrite   callKind = "write"
	callRead    callKind = "read of one event"
	callListing callKind = "listing"
	callOther   callKind = "other"
)

func newWatcher(c clock.Clock) *watcher {
	const room = 4096
	return &watcher{clock: c, wrote: make(chan time.Time, room), counts: map[callKind]int{}}
}

// kindOf tells Google's calls apart: …/events is a calendar's list, …/events/{id} one of them.
func kindOf(r *http.Request) callKind {
	_, below, events := strings.Cut(r.URL.Path, "/events")
	switch {
	case !events || strings.HasPrefix(below, "/watch"):
		return callOther
	case r.Method != http.MethodGet:
		return callWrite
	case strings.Trim(below, "/") == "":
		return callListing
	default:
		return callRead
	}
}

func (w *watcher) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		kind := kindOf(r)
		if kind == callWrite {
			w.keep(r)
		}
		if kind == callListing {
			w.keepListing(r)
		}
		status := &statusWriter{ResponseWriter: rw, status: http.StatusOK}
		next.ServeHTTP(status, r)
		w.mu.Lock()
		w.counts[kind]++
		w.mu.Unlock()
		if kind == callWrite && status.status/100 == 2 {
			select {
			case w.wrote <- w.clock.Now():
			default: // nobody listens
			}
		}
	})
}

// keep remembers the first write, which a floor repeats.
func (w *watcher) keep(r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sample != nil {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the simulator will say so
	}
	w.sample, w.body = r.Clone(r.Context()), body
	r.Body = io.NopCloser(bytes.NewReader(body))
}

func (w *watcher) keepListing(r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.listed == nil {
		w.listed = r.Clone(r.Context())
	}
}

// takeListed returns the first listing since it was last called, or nil.
func (w *watcher) takeListed() *http.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.listed
	w.listed = nil
	return out
}

// taken returns what was counted since it was last called, and forgets it.
func (w *watcher) taken() map[callKind]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.counts
	w.counts = map[callKind]int{}
	return out
}

// drain forgets what was written so far.
func (w *watcher) drain() {
	for {
		select {
		case <-w.wrote:
		default:
			return
		}
	}
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the writer below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
