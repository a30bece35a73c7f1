package app_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/telemetry"
)

// asPoisoned makes the test binary a worker that some rows are poison to: subjects and what their work does, as subject=how, with commas.
const asPoisoned = "CALWEAVE_TEST_POISON"

// What poison does.
const (
	panics    = "panics"
	neverEnds = "never ends"
	eatsUp    = "eats up all memory"
)

// runPoisoned is a worker that ends with SIGTERM and returns the exit code.
func runPoisoned(poison string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c, err := config.Load(config.Source{Purpose: config.ForRun, Environ: environ()})
	if err != nil {
		return failed(err)
	}
	a, err := app.New(ctx, c, app.Outside{Log: telemetry.NewLogger(os.Stderr, telemetry.Format(c.LogFormat), c.LogLevel)})
	if err != nil {
		return failed(err)
	}
	how := map[string]string{}
	for p := range strings.SplitSeq(poison, ",") {
		subject, does, _ := strings.Cut(p, "=")
		how[subject] = does
	}
	push := a.Engine.Handlers[task.LinkPush]
	a.Engine.Handlers[task.LinkPush] = func(ctx context.Context, l record.Lease) error {
		poisoned(how[l.Subject])
		return push(ctx, l)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return failed(err)
	}
	if err := errors.Join(a.Run(ctx, listener), a.Close()); err != nil {
		return failed(err)
	}
	return 0
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func poisoned(how string) {
	switch how {
	case panics:
		panic(how)
	case neverEnds:
		for n := uint64(0); ; {
			n++
		}
	case eatsUp:
		// The limit makes the runtime end the process as it does when the system has no more.
		if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20}); err != nil {
			panic(err)
		}
		for all := []byte{1}; ; {
			all = append(all, all...)
		}
	}
}

// tended keeps a worker running: each time it ends, another one is started, until the test is over. It returns how often it has ended.
func (l *live) tended(poison string) (deaths func() int) {
	l.tb.Helper()
	ctx, cancel := context.WithCancel(l.ctx)
	ended, died := make(chan struct{}), make(chan struct{}, 100)
	l.settings[asPoisoned] = poison
	first := l.spawn("worker")
	go func() {
		defer close(ended)
		for p := first; ; {
			over := make(chan struct{})
			go func() {
				p.once.Do(func() { _ = p.cmd.Wait() }) // how it ended does not matter
				close(over)
			}()
			select {
			case <-ctx.Done():
				_ = p.cmd.Process.Kill()
				<-over
				return
			case <-over:
				died <- struct{}{}
				p = l.process("worker")
				if err := p.cmd.Start(); err != nil {
					l.tb.Error(err)
					return
				}
			}
		}
	}()
	l.tb.Cleanup(func() {
		cancel()
		<-ended
	})
	return func() int { return len(died) }
}

// linksOf are the links of a booking.
func (l *live) linksOf(id cal.BookingID) []cal.LinkID {
	l.tb.Helper()
	b, err := l.admin.Store.Booking(l.ctx, l.tenant, id)
	l.must(err)
	var ids []cal.LinkID
	for _, link := range b.Links {
		ids = append(ids, link.ID)
	}
	return ids
}

// Real processes end over and over because of one row, while another panics and a third never ends. After five runs each of them is a dead letter;
// every booking beside them reaches its calendars, once, and no other row is given up.
func TestPoisonInRealProcesses(t *testing.T) {
	t.Parallel()
	l := newLive(t, servers(t))
	l.settings["CALWEAVE_LEASE"] = "2s"
	l.run("api,receiver,scheduler")
	first := l.spawn("worker")
	l.connect()
	l.idle()
	first.kill()
	const others = 12
	var poison []string
	dead := map[string]bool{}
	for i, how := range []string{panics, neverEnds, eatsUp} {
		id := fmt.Sprintf("p%d", i)
		l.put(id, 1, "Poison", wall)
		link := string(l.linksOf(cal.BookingID(id))[0])
		poison = append(poison, link+"="+how)
		dead[link] = true
	}
	for i := range others {
		l.put(fmt.Sprintf("b%d", i), 1, fmt.Sprintf("Call %d", i), later)
	}
	deaths := l.tended(strings.Join(poison, ","))
	for i := range others {
		l.synced(fmt.Sprintf("b%d", i), 1)
	}
	l.until("all poison is quarantined", func() bool { return len(l.stopped()) == len(dead) })
	for _, r := range l.stopped() {
		if !dead[r.Subject] || r.State != record.Dead || !strings.Contains(r.LastError, "quarantined: 5 runs") {
			t.Errorf("%s is %s: %s", r.Ref, r.State, r.LastError)
		}
	}
	// Runs beside what never ends do not count, and end the process all the same.
	if n := deaths(); n < store.CrashLimit || n > 2*store.CrashLimit {
		t.Errorf("%d processes died", n)
	}
	l.idle()
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		shown, err := l.sim.Standing(in(p))
		l.must(err)
		titles := map[string]int{}
		for _, e := range shown {
			titles[e.Title]++
		}
		for i := range others {
			if n := titles[fmt.Sprintf("Call %d", i)]; n != 1 {
				t.Errorf("%s shows call %d %d times", p, i, n)
			}
		}
	}
}

// stopped is what waits for a person.
func (l *live) stopped() []record.Work {
	l.tb.Helper()
	rows, err := l.admin.Store.ListWork(l.ctx, l.tenant, store.StoppedWork, task.Ref{}, 1000)
	l.must(err)
	return rows
}
