package bench

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/record"
)

// asChild makes a process of this program a worker of another one's stack. Its value is a row that is poison to it, and what the row's work does, as
// subject=how.
const asChild = "CALWEAVE_BENCH_WORKER"

// Child reports whether this process is to work for another one's stack, and does so until it is done or ctx ends.
func Child(ctx context.Context) (bool, error) {
	poison, worker := os.LookupEnv(asChild)
	calendar, syncer := os.LookupEnv(asSyncer)
	if !worker && !syncer {
		return false, nil
	}
	presets := map[string]string{}
	for _, e := range os.Environ() {
		name, value, _ := strings.Cut(e, "=")
		if strings.HasPrefix(name, "CALWEAVE_") && !strings.HasPrefix(name, "CALWEAVE_BENCH_") && !strings.HasPrefix(name, "CALWEAVE_TEST_") {
			presets[name] = value
		}
	}
	c, err := config.Load(config.Source{Purpose: config.ForRun, Presets: presets})
	if err != nil {
		return true, err
	}
	a, err := app.New(ctx, c, app.Outside{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return true, err
	}
	if syncer {
		return true, errors.Join(syncOnce(ctx, a, calendar, os.Stdout), a.Close())
	}
	return true, errors.Join(poisonedWorker(ctx, a, poison), a.Close())
}

// workers are processes of a stack, each of which is started again when it ends.
type workers struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
	deaths atomic.Int64
	stack  *stack
	poison string
}

// startWorkers starts n of them, to which a row may be poison.
func (s *stack) startWorkers(ctx context.Context, n int, poison string) *workers {
	ctx, cancel := context.WithCancel(ctx)
	w := &workers{cancel: cancel, stack: s, poison: poison}
	for range n {
		w.wg.Go(func() { w.tend(ctx) })
	}
	return w
}

func (w *workers) tend(ctx context.Context) {
	for ctx.Err() == nil {
		cmd := exec.CommandContext(ctx, os.Args[0]) //nolint:gosec // this very program
		cmd.Env = []string{asChild + "=" + w.poison}
		for name, value := range w.stack.settings {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		cmd.Env = append(cmd.Env, "CALWEAVE_ROLES=worker")
		if err := cmd.Run(); err != nil && ctx.Err() == nil {
			w.deaths.Add(1)
		}
	}
}

// stop kills them.
func (w *workers) stop() {
	w.cancel()
	w.wg.Wait()
}

// What poison does to whoever works on it.
const (
	panics    = "panics"
	neverEnds = "never ends"
	kills     = "ends its process"
)

// poisonedWorker is a worker, to which a row may be poison.
func poisonedWorker(ctx context.Context, a *app.App, poison string) error {
	subject, how, _ := strings.Cut(poison, "=")
	push := a.Engine.Handlers[task.LinkPush]
	a.Engine.Handlers[task.LinkPush] = func(ctx context.Context, l record.Lease) error {
		if l.Subject == subject {
			suffer(how)
		}
		return push(ctx, l)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return a.Run(ctx, listener)
}

// suffer does what poison does.
func suffer(how string) {
	switch how {
	case panics:
		panic(how)
	case neverEnds:
		select {}
	case kills:
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}
