package app_test

import (
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
	"github.com/calweave/calweave/internal/store"
)

// stop asks a process to end and returns its exit code. When it has not ended by the end of the test, it is killed and fails it.
func (l *live) stop(p *process) int {
	l.tb.Helper()
	l.must(p.cmd.Process.Signal(syscall.SIGTERM))
	ended := make(chan *os.ProcessState, 1)
	go p.once.Do(func() {
		_ = p.cmd.Wait() // its exit code says more
		ended <- p.cmd.ProcessState
	})
	select {
	case s := <-ended:
		return s.ExitCode()
	case <-l.ctx.Done():
		_ = p.cmd.Process.Kill()
		l.tb.Fatal("the process does not end")
		return -1
	}
}

// A process that is asked to end while the provider keeps it waiting ends well and soon, and gives its work back: the next one need not wait for the
// leases, which here outlast the test, and no attempt or crash is held against the links.
func TestStoppedProcessGivesWorkBack(t *testing.T) {
	t.Parallel()
	for name, prepare := range backends() {
		for _, without := range []string{"", "without Redis"} {
			t.Run(strings.TrimSpace(name+" "+without), func(t *testing.T) {
				t.Parallel()
				back := prepare(t)
				if without != "" {
					back.redisURL = ""
				}
				l := newLive(t, back)
				l.settings["CALWEAVE_LEASE"], l.settings["CALWEAVE_SHUTDOWN_TIMEOUT"] = "10m", "500ms"
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
				if code := l.stop(first); code != 0 {
					t.Errorf("exit code %d", code)
				}
				l.givenBack()
				for _, id := range held {
					l.sim.ReleaseFault(id)
				}
				l.spawn("api,receiver,worker,scheduler")
				l.alive()
				l.synced("b1", 1)
				l.idle()
				l.exactlyOnce("Intro call")
				if n := l.core.types(); n[message.BookingAccepted] != 1 || n[message.BookingSynced] != 2 {
					t.Errorf("messages %v", n)
				}
			})
		}
	}
}

// givenBack wants no row to be leased, and no link to be blamed.
func (l *live) givenBack() {
	l.tb.Helper()
	rows, err := l.admin.Store.ListWork(l.ctx, l.tenant, store.OpenWork, task.Ref{}, 1000)
	l.must(err)
	links := 0
	for _, r := range rows {
		blamed := false // a channel that was being opened may be: our own address has stopped answering
		if r.Kind == task.LinkPush {
			links++
			blamed = r.Attempts > 0 || r.Crashes > 0
		}
		if !r.LeaseUntil.IsZero() || blamed {
			l.tb.Errorf("%s: leased until %s, %d attempts, %d crashes", r.Ref, r.LeaseUntil, r.Attempts, r.Crashes)
		}
	}
	if links != 2 {
		l.tb.Errorf("%d links wait: %+v", links, rows)
	}
}
