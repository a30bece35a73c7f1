package app_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

// An endpoint that says that it is gone is left alone, and the others are told. Once it is enabled again it is sent what it missed, each message once, and
// what it had before it was gone is not sent again.
func TestEndpointComesBack(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	second, gone, calls := newCore(), atomic.Bool{}, atomic.Int64{}
	url := serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if gone.Load() {
			rw.WriteHeader(http.StatusGone)
			return
		}
		second.ServeHTTP(rw, r)
	}))
	e, err := w.app.Store.CreateEndpoint(w.ctx, w.tenant, record.Endpoint{URL: url, Secret: coreSecret, Types: []message.Type{message.BookingAccepted}}, "test")
	w.must(err)
	path := "/v1/endpoints/" + string(e.ID)

	w.submit("before", w.booking(1, "Before", wall), nil)
	w.settle()
	gone.Store(true)
	w.submit("while", w.booking(1, "While", wall), nil)
	w.settle()
	asked := calls.Load()
	w.submit("after", w.booking(1, "After", wall), nil)
	w.settle()
	if status, body := w.send(http.MethodGet, path, ""); status != http.StatusOK || !strings.Contains(body, `"disabled_reason":"gone"`) {
		t.Errorf("gone: %d %s", status, body)
	}
	if n := w.core.count(message.EndpointDisabled); n != 1 || calls.Load() != asked {
		t.Errorf("told %d times, and called %d times after it was gone", n, calls.Load()-asked)
	}
	if n := second.count(message.BookingAccepted); n != 1 {
		t.Errorf("%d messages before it was gone", n)
	}

	gone.Store(false)
	if status, body := w.send(http.MethodPatch, path, `{"state": "enabled"}`); status != http.StatusOK {
		t.Fatalf("enable: %d %s", status, body)
	}
	w.settle()
	if n := second.count(message.BookingAccepted); n != 3 || second.deliveries != 3 || second.forged != 0 {
		t.Errorf("%d messages in %d deliveries, %d forged", n, second.deliveries, second.forged)
	}
	if n := w.core.types()[message.BookingAccepted]; n != 3 {
		t.Errorf("the other endpoint has %d", n)
	}
}
