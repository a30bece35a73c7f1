package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/app/dev"
	"github.com/calweave/calweave/internal/config"
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
	Env  string `placeholder:"FILE" help:"While everything is up, keep URL, KEY, CALENDAR, CORE, SIM, REDIS, SIGNING_KEY and SIGNING_SECRET in this file, for a shell to source."`
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
