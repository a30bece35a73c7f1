package app_test

import (
	"net/http"
	"syscall"
	"testing"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
)

// waiting waits until a fault holds a request.
func (l *live) waiting(fault string) {
	l.tb.Helper()
	l.must(l.sim.Wait(l.ctx, func() bool { f, _ := l.sim.Fault(fault); return f.Waiting > 0 }))
}

// A worker is killed after the provider has stored the new event and before its answer arrives: another worker finds one event and agrees with it.
func TestWorkerKilledAfterProviderStored(t *testing.T) {
	t.Parallel()
	l := newLive(t, servers(t))
	l.run("api,receiver,scheduler")
	first := l.spawn("worker")
	l.connect()
	var held []string
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		id, err := l.sim.AddFault(sim.Fault{Provider: p, Method: http.MethodPost, Path: "*/events", Count: 1, Action: stage.ActHoldAnswer})
		l.must(err)
		held = append(held, id)
	}
	l.put("b1", 1, "Intro call", wall)
	for _, id := range held {
		l.waiting(id)
	}
	first.kill()
	for _, id := range held {
		l.sim.ReleaseFault(id)
	}
	l.spawn("worker")
	l.synced("b1", 1)
	l.idle()
	l.exactlyOnce("Intro call")
	if n := l.core.count(message.BookingSynced); n != 2 {
		t.Errorf("booking.synced was sent %d times", n)
	}
}

// A worker is frozen between its claim and its write while another one finishes that version and a newer one. Thawed, it must change nothing.
func TestWorkerFrozenBetweenClaimAndWrite(t *testing.T) {
	t.Parallel()
	l := newLive(t, servers(t))
	l.run("api,receiver,scheduler")
	frozen := l.spawn("worker")
	l.connect()
	l.put("b1", 1, "Intro call", wall)
	l.watched()
	l.synced("b1", 1)
	// The read before the update is answered only once the worker is frozen.
	read, err := l.sim.AddFault(sim.Fault{
		Provider: sim.Microsoft, Method: http.MethodGet, Path: "*/events/*", Count: 1, Action: stage.ActHoldAnswer,
	})
	l.must(err)
	l.put("b1", 2, "Second title", later)
	l.waiting(read)
	l.must(frozen.cmd.Process.Signal(syscall.SIGSTOP))
	l.sim.ReleaseFault(read)
	l.spawn("worker")
	l.synced("b1", 2)
	l.put("b1", 3, "Third title", wall)
	l.synced("b1", 3)
	before := writes(l.sim)
	l.must(frozen.cmd.Process.Signal(syscall.SIGCONT))
	l.put("b2", 1, "Proof of life", later)
	l.synced("b2", 1)
	l.idle()
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		shown, err := l.sim.Standing(in(p))
		l.must(err)
		if len(shown) != 2 || shown[0].Title != "Third title" {
			t.Errorf("%s shows %+v", p, shown)
		}
	}
	if after := writes(l.sim); after != before+2 {
		t.Errorf("%d writes after the thaw, want the two of the new booking: %+v", after-before, l.sim.Requests(0))
	}
	if n := l.core.types(); n[message.BookingEdited]+n[message.BookingMoved]+n[message.BookingFailed] > 0 {
		t.Errorf("messages %v", n)
	}
}

// writes is how many changes of events the providers have made. One that was on its way when its worker was frozen may be asked for later; it is
// refused, since the event has moved on.
func writes(s *sim.Sim) int {
	n := 0
	for _, r := range s.Requests(0) {
		if r.Status/100 == 2 && (r.Method == http.MethodPatch || r.Method == http.MethodPost && isListing(r.Path)) {
			n++
		}
	}
	return n
}

// The one process of an embedded installation is killed in the middle of everything, and started again.
func TestWholeProcessKilledAndRestarted(t *testing.T) {
	t.Parallel()
	l := newLive(t, embedded(t))
	l.must(l.listener.Close())
	first := l.spawn("api,receiver,worker,scheduler")
	l.alive()
	l.connect()
	var held []string
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		id, err := l.sim.AddFault(sim.Fault{Provider: p, Method: http.MethodPost, Path: "*/events", Count: 1, Action: stage.ActHoldAnswer})
		l.must(err)
		held = append(held, id)
	}
	l.put("b1", 1, "Intro call", wall)
	for _, id := range held {
		l.waiting(id)
	}
	first.kill()
	for _, id := range held {
		l.sim.ReleaseFault(id)
	}
	l.spawn("api,receiver,worker,scheduler")
	l.alive()
	l.synced("b1", 1)
	l.watched()
	l.idle()
	l.exactlyOnce("Intro call")
	if n := l.core.types(); n[message.BookingAccepted] != 1 || n[message.BookingSynced] != 2 {
		t.Errorf("messages %v", n)
	}
}

// alive waits until the process answers.
func (l *live) alive() {
	l.tb.Helper()
	l.until("the process answers", func() bool {
		status, _ := l.try(http.MethodGet, "/readyz", nil)
		return status == http.StatusOK
	})
}
