package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/jobs"
)

// The bounds of one HTTP exchange with us.
const (
	headerTime = 10 * time.Second
	readTime   = 30 * time.Second
	writeTime  = 60 * time.Second
	// exchangeTime is how long a request may be worked on: less than what is left for its answer once it was read.
	exchangeTime = 25 * time.Second
	idleTime     = 2 * time.Minute
	headerLimit  = 32 << 10
)

// Handler returns the routes of the App's roles.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	if a.Config.Roles.Has(config.RoleReceiver) {
		for name, receiver := range a.receivers() {
			mux.Handle("/hooks/"+string(name), receiver)
		}
	}
	server := a.server()
	if a.Config.Roles.Has(config.RoleAPI) {
		mux.Handle("/", server.Handler())
	} else {
		mux.Handle("/", server.HealthHandler())
	}
	return server.Guard(mux)
}

// Run plays the App's roles until ctx ends, and returns once everything in hand has its outcome. listener serves HTTP. Metrics are served to the end.
func (a *App) Run(ctx context.Context, listener net.Listener) error {
	scrapes, err := a.listenMetrics(ctx)
	if err != nil {
		return err
	}
	if scrapes == nil {
		return a.play(ctx, listener)
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	var served sync.WaitGroup
	served.Go(func() { a.serveMetrics(serving, scrapes) })
	defer served.Wait()
	defer stop()
	return a.play(ctx, listener)
}

// play is Run without metrics.
func (a *App) play(ctx context.Context, listener net.Listener) error {
	stopWork, cancelWork := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelWork()
	stopReports, cancelReports := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelReports()
	var wg, inHand sync.WaitGroup
	queue, err := a.startQueue(&inHand)
	if err != nil {
		return err
	}
	wg.Go(func() { a.Feeder.Forward(stopWork) })
	var reports sync.WaitGroup
	reports.Go(func() { a.budget.Run(stopReports) })
	if a.pool != nil {
		wg.Go(func() { a.pool.Run(stopWork) })
	}
	scheduler := a.Config.Roles.Has(config.RoleScheduler)
	if scheduler {
		wg.Go(func() { a.followZones(stopWork) })
	}
	if scheduler || a.pool != nil {
		wg.Go(func() { a.Feeder.Sweep(stopWork, !scheduler) })
	}
	a.log.InfoContext(ctx, "started", slog.String("roles", a.Config.Roles.String()), slog.String("listen", listener.Addr().String()))
	err = a.serve(ctx, listener)
	// What comes in has ended; what is in hand may end.
	if queue != nil {
		queue.Shutdown()
	}
	cancelWork()
	wg.Wait()
	inHand.Wait()
	cancelReports()
	reports.Wait()
	a.log.InfoContext(ctx, "stopped")
	return err
}

// startQueue counts in inHand the work that was taken out of the queue.
func (a *App) startQueue(inHand *sync.WaitGroup) (*jobs.Server, error) {
	if a.redis == nil || a.pool == nil {
		return nil, nil //nolint:nilnil // no queue to serve, and nothing wrong
	}
	queue := jobs.NewServer(a.redis, a.Config.Workers, a.Config.ShutdownTimeout, engineWorker{a, inHand}, a.Queue, a.log)
	return queue, queue.Start()
}

// engineWorker does the work of hints. Asynq's shutdown cancels what takes too long and does not wait for its outcome, which would be lost with the
// process, and with it the row until its lease runs out.
type engineWorker struct {
	app    *App
	inHand *sync.WaitGroup
}

// Work does the work that is due on a row.
func (w engineWorker) Work(ctx context.Context, ref task.Ref) error {
	w.inHand.Add(1)
	defer w.inHand.Done()
	_, err := w.app.Engine.Work(ctx, ref)
	return err
}

func (a *App) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: headerLimit, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
}

// serve answers HTTP until ctx ends, and then lets requests in hand finish.
func (a *App) serve(ctx context.Context, listener net.Listener) error {
	server := a.httpServer(a.Handler())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.Config.ShutdownTimeout)
	defer cancel()
	err := server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	if serveErr := <-failed; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	return err
}
