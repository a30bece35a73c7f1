package bench

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
)

// way is how a provider is not there.
type way string

const (
	refuses way = "refuses connections"
	hangs   way = "never answers"
	fails   way = "answers 503"
)

// frail stands before a provider that can be taken away, in each of the ways.
type frail struct {
	next  http.Handler
	serve func(l net.Listener, h http.Handler) *http.Server

	mu      sync.Mutex
	way     way // empty while it is there
	address string
	server  *http.Server
}

// up makes the provider answer, at the address that it had before if there was one.
func (f *frail) up(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.way = ""
	if f.server != nil {
		return nil
	}
	address := f.address
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	f.address, f.server = l.Addr().String(), f.serve(l, f)
	return nil
}

// down takes the provider away.
func (f *frail) down(w way) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.way = w
	if w != refuses || f.server == nil {
		return nil
	}
	server := f.server
	f.server = nil
	return server.Close()
}

// ServeHTTP answers as long as the provider is there.
func (f *frail) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	now := f.way
	f.mu.Unlock()
	switch now {
	case hangs:
		_, _ = io.Copy(io.Discard, r.Body) // only then a server notices that its client has gone
		<-r.Context().Done()
	case fails:
		w.WriteHeader(http.StatusServiceUnavailable)
	case refuses: // what was under way when it went
		panic(http.ErrAbortHandler)
	default:
		f.next.ServeHTTP(w, r)
	}
}

// settings lead calweave to the provider. The budget is in the way of each call and never says no, so that as many of them as a process
// has room for hang in a provider that never answers.
func (f *frail) settings() map[string]string {
	url := "http://" + f.address
	return map[string]string{
		"CALWEAVE_MICROSOFT_LIMIT_PER_10S": "0", "CALWEAVE_MICROSOFT_MAILBOX_LIMIT_PER_10M": "0", "CALWEAVE_MICROSOFT_MAILBOX_CALLS": "0",
		"CALWEAVE_MICROSOFT_CLIENT_ID":     "calweave-bench",
		"CALWEAVE_MICROSOFT_CLIENT_SECRET": "simulated",
		"CALWEAVE_MICROSOFT_API_URL":       url + "/v1.0",
		"CALWEAVE_MICROSOFT_AUTH_URL":      url + "/common/oauth2/v2.0/authorize",
		"CALWEAVE_MICROSOFT_TOKEN_URL":     url + "/common/oauth2/v2.0/token",
	}
}
