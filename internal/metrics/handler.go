package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	// scrapes is how many scrapes may go on at once, scrapeTime how long one may take.
	scrapes    = 4
	scrapeTime = 10 * time.Second
)

// Handler answers GET /metrics and nothing else.
//
// Mounted on an address of its own, for the operator's monitoring, which asks every few seconds; protected by where that address can be reached from.
func (m *Metrics) Handler() http.Handler {
	written := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: scrapes, Timeout: scrapeTime, EnableOpenMetrics: true})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		m.readings.refresh(r.Context())
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		written.ServeHTTP(w, r)
	})
	return mux
}
