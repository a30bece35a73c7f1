package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/app/dev"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/telemetry"
)

type runCommand struct {
	// Roles is nil unless it was given: what is given empty is a mistake, since without it the process does everything.
	Roles  *string `placeholder:"ROLES" help:"What this process does: api, receiver, worker, scheduler, separated by commas (default: all)."`
	Listen string  `placeholder:"HOST:PORT" help:"Where HTTP is served (default: 127.0.0.1:8080)."`
}

// Run serves until it is told to stop.
func (r runCommand) Run(e *env) (err error) {
	flags := map[string]string{}
	if r.Roles != nil {
		flags["CALWEAVE_ROLES"] = *r.Roles
	}
	if r.Listen != "" {
		flags["CALWEAVE_LISTEN"] = r.Listen
	}
	c, err := e.load(config.ForRun, flags)
	if err != nil {
		return err
	}
	log := e.logger(c)
	log.InfoContext(e.ctx, "configuration", settings(c))
	a, err := app.New(e.ctx, c, app.Outside{Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	l, err := (&net.ListenConfig{}).Listen(e.ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("CALWEAVE_LISTEN: %w", err)
	}
	return a.Run(e.ctx, l)
}

type devCommand struct {
	Once bool   `help:"End after the tour, with exit code 0 or 1."`
	JSON bool   `help:"Print one JSON object: ok, and each hop with its name, ms and ok."`
	Log  bool   `help:"Write calweave's own log to standard error."`
	Env  string `placeholder:"FILE" help:"While everything is up, keep URL, KEY, CALENDAR and CORE in this file, for a shell to source."`
	// Listen is a wish when nobody has named it, and an order when somebody has.
	Listen listenAddress `placeholder:"HOST:PORT" help:"Where calweave is served (default: 127.0.0.1:8080 if it is free, else any port; with --once any port)."`
}

// Run gives the tour.
func (d devCommand) Run(e *env) error {
	log := slog.New(slog.DiscardHandler)
	if d.Log {
		log = telemetry.NewLogger(e.err, telemetry.Text, slog.LevelInfo)
	}
	return dev.Run(e.ctx, dev.Options{Once: d.Once, JSON: d.JSON, Listen: string(d.Listen), Env: d.Env, Out: e.out, Log: log})
}

type simCommand struct {
	Google    listenAddress `default:"127.0.0.1:9081" placeholder:"HOST:PORT" help:"Where simulated Google is served (default: ${default})."`
	Microsoft listenAddress `default:"127.0.0.1:9082" placeholder:"HOST:PORT" help:"Where simulated Microsoft is served (default: ${default})."`
	Admin     listenAddress `default:"127.0.0.1:9080" placeholder:"HOST:PORT" help:"Where the admin API is served. It asks for no credential (default: ${default})."`
	HTTPSPush bool          `name:"https-push" help:"Refuse push addresses that are not https, as the providers do."`
}

// Run serves the simulators until it is told to stop.
func (s simCommand) Run(e *env) error {
	switches := sim.DefaultSwitches()
	switches.HTTPSPushOnly = s.HTTPSPush
	world, err := sim.New(sim.Config{Switches: &switches})
	if err != nil {
		return err
	}
	defer world.Close()
	failed := make(chan error, 3)
	for _, l := range []struct {
		name    string
		listen  listenAddress
		handler http.Handler
	}{{"google", s.Google, world.Google()}, {"microsoft", s.Microsoft, world.Microsoft()}, {"admin", s.Admin, world.Admin()}} {
		listener, err := (&net.ListenConfig{}).Listen(e.ctx, "tcp", string(l.listen))
		if err != nil {
			return fmt.Errorf("--%s: %w", l.name, err)
		}
		server := &http.Server{Handler: l.handler, ReadHeaderTimeout: 10 * time.Second}
		defer server.Close() //nolint:errcheck // the process ends
		go func() { failed <- server.Serve(listener) }()
		if err := e.printf("%-9s http://%s\n", l.name, listener.Addr()); err != nil {
			return err
		}
	}
	select {
	case <-e.ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}
