package store_test

import (
	"context"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

// network is what lies between a store and its server. Held, it carries nothing and drops nothing, as after a failover that nobody announced.
type network struct {
	net.Listener
	to    string
	flow  sync.RWMutex
	ended context.Context
}

// newNetwork leads to the server of a database, and returns the database's URL by it.
func (h *harness) newNetwork(raw string) (*network, string) {
	h.Helper()
	u, err := url.Parse(raw)
	h.ok(err)
	listener, err := (&net.ListenConfig{}).Listen(h.ctx, "tcp", "127.0.0.1:0")
	h.ok(err)
	l := &network{Listener: listener, to: u.Host, ended: h.ctx}
	go l.serve()
	h.Cleanup(func() { _ = listener.Close() })
	u.Host = listener.Addr().String()
	return l, u.String()
}

func (l *network) serve() {
	for {
		near, err := l.Accept()
		if err != nil {
			return
		}
		far, err := (&net.Dialer{}).DialContext(l.ended, "tcp", l.to)
		if err != nil {
			_ = near.Close()
			return
		}
		go l.carry(near, far)
		go l.carry(far, near)
	}
}

func (l *network) carry(from, to net.Conn) {
	defer to.Close() //nolint:errcheck // either side may have gone
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		l.flow.RLock()
		_, err = to.Write(buffer[:n])
		l.flow.RUnlock()
		if err != nil {
			return
		}
	}
}

func errorsServerFrozen(h *harness) {
	w := h.newWorld(0)
	l, raw := h.newNetwork(h.place.url)
	s, err := store.Open(h.ctx, raw, "", store.Options{
		Sealer: sealer(), Clock: h.clock, IDs: ident.New(h.clock, randomness(h.seed+"/frozen")), Patience: 250 * time.Millisecond,
	})
	h.ok(err)
	h.Cleanup(func() { h.ok(s.Close()) })
	w.mark(ask(subject))
	calls := map[string]func() error{
		"ping":   func() error { return s.Ping(h.ctx) },
		"lookup": func() error { _, err := s.APIKey(h.ctx, "cwk_x"); return err },
		"read":   func() error { _, err := s.Connection(h.ctx, w.tenant, w.connection); return err },
		"write":  func() error { return s.Penalise(h.ctx, w.tenant, w.connection, h.clock.Now().Add(time.Hour)) },
		"sweep":  func() error { _, err := s.Due(h.ctx, h.clock.Now(), h.clock.Now(), 1, 1); return err },
	}
	for name, call := range calls {
		if err := call(); err != nil && name != "lookup" {
			h.Fatalf("%s before: %v", name, err)
		}
	}
	l.flow.Lock()
	done := map[string]<-chan error{}
	for name, call := range calls {
		done[name] = background(call)
	}
	for name := range calls {
		if err := await(h, done[name]); !fault.Is(err, fault.Transient) {
			h.Errorf("%s: %v, want something that may pass", name, err)
		}
	}
	l.flow.Unlock()
	_, err = s.Connection(h.ctx, w.tenant, cal.ConnectionID("con_unknown"))
	h.fails(err, record.ErrNotFound)
}
