package stage

import (
	"net/http"
	"sync"
	"time"
)

// Request is a request that a simulator received. Its access token is left out.
type Request struct {
	// N numbers the requests of one World from 1 on, in the order in which they were finished.
	N        uint64    `json:"n"`
	At       time.Time `json:"at"`
	Provider Provider  `json:"provider"`
	Account  string    `json:"account,omitempty"`
	Method   string    `json:"method"`
	// Path is as it came, escaped.
	Path   string      `json:"path"`
	Query  string      `json:"query,omitempty"`
	Header http.Header `json:"header"`
	// Body is at most the first 16 KiB, decompressed.
	Body string `json:"body,omitempty"`
	// Status is what was answered, or would have been had the answer not been lost; 0 when nothing was done.
	Status int `json:"status"`
	// Fault is the action of the fault that struck the request.
	Fault Action `json:"fault,omitempty"`
}

// RequestLog holds the latest requests.
type RequestLog struct {
	signal *Signal
	mu     sync.Mutex
	ring   ring[Request]
}

func newRequestLog(size int, signal *Signal) *RequestLog {
	return &RequestLog{signal: signal, ring: ring[Request]{size: size}}
}

func (l *RequestLog) add(r Request) {
	l.mu.Lock()
	r.N = l.ring.n + 1
	l.ring.add(r)
	l.mu.Unlock()
	l.signal.Raise()
}

// finished is how many requests were.
func (l *RequestLog) finished() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ring.n
}

// After returns the requests that are numbered higher than n, oldest first.
func (l *RequestLog) After(n uint64) []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ring.after(n)
}

// ring holds the latest size items, numbered from 1 on. It is not safe for concurrent use.
type ring[T any] struct {
	size  int
	n     uint64
	items []T
}

func (r *ring[T]) add(item T) {
	if len(r.items) < r.size {
		r.items = append(r.items, item)
	} else {
		r.items[r.n%uint64(r.size)] = item //nolint:gosec // a size is positive
	}
	r.n++
}

// at returns the item numbered n, or nil when it is no longer or not yet there.
func (r *ring[T]) at(n uint64) *T {
	if n == 0 || n > r.n || r.n-n >= uint64(len(r.items)) {
		return nil
	}
	return &r.items[(n-1)%uint64(r.size)] //nolint:gosec // a size is positive
}

func (r *ring[T]) after(n uint64) []T {
	first := max(n, r.n-uint64(len(r.items)))
	if first >= r.n {
		return nil
	}
	out := make([]T, 0, r.n-first)
	for i := first + 1; i <= r.n; i++ {
		out = append(out, *r.at(i))
	}
	return out
}
