package app_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

// privateHosts lead to places that nobody outside may have calweave call. One loopback address is allowed in this world: that of its simulators.
func privateHosts() []string {
	return []string{
		"127.0.0.2", "[::1]", "0.0.0.0", "[::]", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "168.63.129.16",
		"[::ffff:127.0.0.2]", "[64:ff9b::7f00:2]", "[2002:7f00:2::1]", "[fe80::1]", "[fd00:ec2::254]", "2130706434", "0x7f000002", "0177.0.0.2", "127.2",
		"metadata.google.internal", "core.test@127.0.0.2", "core.test:443@[::1]",
	}
}

// An endpoint at a private address is refused when it is saved, and reached neither by a test nor by a message if it was saved all the same, as when its
// name came to lead elsewhere.
func TestPrivateEndpoints(t *testing.T) {
	t.Parallel()
	for hosts := range slices.Chunk(privateHosts(), record.MaxEndpoints/2) {
		t.Run(hosts[0], func(t *testing.T) {
			t.Parallel()
			privateEndpoints(t, hosts)
		})
	}
}

func privateEndpoints(t *testing.T, hosts []string) {
	t.Helper()
	w := sqliteWorld(t)
	_, port, err := net.SplitHostPort(everywhere(t).Addr().String())
	w.must(err)
	public, err := w.app.Store.CreateEndpoint(w.ctx, w.tenant, record.Endpoint{URL: "https://core.example.com/", Secret: coreSecret}, "test")
	w.must(err)
	var saved []cal.EndpointID
	for _, host := range hosts {
		url := "http://" + host + ":" + port + "/"
		for method, path := range map[string]string{http.MethodPost: "/v1/endpoints", http.MethodPatch: "/v1/endpoints/" + string(public.ID)} {
			if status, body := w.send(method, path, fmt.Sprintf(`{"url":%q}`, url)); status != http.StatusUnprocessableEntity || !strings.Contains(body, "#endpoint-unusable") {
				t.Errorf("%s %s of %s: %d %s", method, path, url, status, body)
			}
		}
		e, err := w.app.Store.CreateEndpoint(w.ctx, w.tenant, record.Endpoint{URL: url, Secret: coreSecret, Types: []message.Type{message.BookingAccepted}}, "test")
		w.must(err)
		saved = append(saved, e.ID)
		if status, body := w.send(http.MethodPost, "/v1/endpoints/"+string(e.ID)+"/test", ""); status != http.StatusAccepted {
			t.Errorf("test of %s: %d %s", url, status, body)
		}
	}
	w.must(w.app.Store.DeleteEndpoint(w.ctx, w.tenant, public.ID, "test"))
	w.submit("b1", w.booking(1, "Intro call", wall), nil)
	w.settle()
	for i, id := range saved {
		all, err := w.app.Store.Deliveries(w.ctx, w.tenant, record.DeliveryFilter{Endpoint: id}, "", 100)
		w.must(err)
		kinds := map[string]bool{}
		for _, d := range all {
			kinds[string(d.Type)] = true
			if len(d.Attempts) == 0 || d.State == record.DeliveryDelivered {
				t.Errorf("%s of %s: %s after %d attempts", d.Type, hosts[i], d.State, len(d.Attempts))
			}
			for _, a := range d.Attempts {
				if a.Status != 0 || a.Failure != record.FailureBlocked && a.Failure != record.FailureDNS {
					t.Errorf("%s of %s: %d %q", d.Type, hosts[i], a.Status, a.Failure)
				}
			}
		}
		if !kinds["endpoint.tested"] || !kinds["booking.accepted"] {
			t.Errorf("%s was sent %v only: this proves nothing", hosts[i], kinds)
		}
	}
}

// everywhere listens on all addresses of the machine, and fails the test if anybody comes.
func everywhere(t *testing.T) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was reached at a private address", r.Method, r.Host)
	}))
	_ = s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	return l
}
