package drivertest

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/provider/providertest"
)

// receiver is where pushes arrive, by https.
type receiver struct {
	url       string
	transport http.RoundTripper
	mu        sync.Mutex
	take      func(provider.Push) (status int, text string)
}

func receive(t providertest.T) *receiver {
	r := &receiver{take: func(provider.Push) (int, string) { return http.StatusNotFound, "" }}
	server := httptest.NewUnstartedServer(r)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // of connections that end with the test
	server.StartTLS()
	t.Cleanup(server.Close)
	r.url, r.transport = server.URL, server.Client().Transport
	return r
}

// receive implements providertest.Account.Receive.
func (r *receiver) receive(take func(provider.Push) (status int, text string)) (address string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.take = take
	return r.url
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	const most = 1 << 20
	body, err := io.ReadAll(io.LimitReader(req.Body, most))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	take := r.take
	r.mu.Unlock()
	status, text := take(provider.Push{Header: req.Header, Query: req.URL.Query(), Body: body})
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}
