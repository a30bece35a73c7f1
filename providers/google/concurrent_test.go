package google

import (
	"io"
	"net/http"
	"sync"
	"testing"
)

// TestConcurrentUse sends all operations at once through one client; the race detector watches.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, stored("abc01", ""))
	}))
	var wg sync.WaitGroup
	for range 8 {
		for _, op := range operations() {
			wg.Go(func() { _ = op.run(t.Context(), client) })
		}
	}
	wg.Wait()
}
