package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/scenario"
	"github.com/calweave/calweave/internal/telemetry"
)

// commands is the command line.
type commands struct {
	Config string `placeholder:"PATH" help:"Read settings from this environment file too (default: $$CALWEAVE_CONFIG)."`

	Dev       devCommand       `cmd:"" help:"Start everything embedded, with simulated providers, and show a booking travel both ways."`
	Run       runCommand       `cmd:"" help:"Serve."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database's schema up to date, or take it back."`
	Sim       simCommand       `cmd:"" help:"Serve the simulators of both providers."`
	Tenant    tenantCommand    `cmd:"" help:"Make tenants."`
	Key       keyCommand       `cmd:"" help:"Make, list and revoke keys."`
	Seal      sealCommand      `cmd:"" help:"Rotate the keys that tokens and booking text are sealed with."`
	App       appCommand       `cmd:"" help:"Register, list and delete tenants' own clients at providers."`
	Work      workCommand      `cmd:"" help:"See work that waits for an operator, approve and replay it."`
	Guard     guardCommand     `cmd:"" help:"Decide about deletions that wait for a person's word."`
	Dead      deadCommand      `cmd:"" help:"See what was given up, and try it again."`
	Reconcile reconcileCommand `cmd:"" help:"Compare bookings with their events, and print what would be done about each."`
	Settings  configCommand    `cmd:"" name:"config" help:"See the settings: what they are set to, and what there is to set."`
	Doctor    doctorCommand    `cmd:"" help:"Examine this installation: say what is wrong with it, and how to mend it."`
	Providers providersCommand `cmd:"" help:"Print what each provider can do, and what calweave does where one cannot."`
	Problems  problemsCommand  `cmd:"" help:"Print the problems that the HTTP API answers, and how to mend each."`
	Metrics   metricsCommand   `cmd:"" help:"Print the metrics that Prometheus is told, and what each means."`
	Webhook   webhookCommand   `cmd:"" help:"Try out a receiver of messages: hear them, verify them, send samples."`
	Contracts contractsCommand `cmd:"" help:"Verify contracts, say which versions keep them, and tell a Pact Broker."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
}

// env is what a command has of the world.
type env struct {
	ctx     context.Context //nolint:containedctx // it lives as long as the command
	clock   clock.Clock
	environ []string
	config  string
	in      io.Reader
	out     io.Writer
	err     io.Writer
}

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	// exitDrift says that a dry run has found drift, exitUnseen that it has found none and could not look at everything.
	exitDrift  = 3
	exitUnseen = 4
)

// Main runs one command and returns its exit code.
func Main(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c commands
	exit := -1
	parser, err := kong.New(&c, kong.Name("calweave"), kong.Writers(stdout, stderr), kong.Exit(func(code int) { exit = code }),
		kong.Vars{"scopes": strings.ReplaceAll(record.AllScopes().String(), ",", ", "), "message_types": messageTypes(","), "message_list": messageTypes(", ")},
		kong.Description("The calendar engine of a booking core: it keeps bookings and calendars in agreement."))
	if err != nil {
		return report(stderr, err)
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 {
		return exit // help was printed
	}
	if err != nil {
		return report(stderr, usageError{err})
	}
	return report(stderr, parsed.Run(&env{ctx: ctx, clock: clock.System{}, environ: environ, config: c.Config, in: stdin, out: stdout, err: stderr}))
}

// usageError is a command line that is wrong.
type usageError struct{ error }

func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	if usage, ok := errors.AsType[usageError](err); ok {
		_, _ = fmt.Fprintf(stderr, "calweave: %v\nTry calweave --help.\n", usage) // nowhere else to tell
		return exitUsage
	}
	if mistakes, ok := errors.AsType[config.MistakesError](err); ok {
		_, _ = fmt.Fprintln(stderr, "calweave: the configuration cannot be used:")
		for _, m := range mistakes {
			_, _ = fmt.Fprintf(stderr, "  %s\n", m)
		}
		return exitUsage
	}
	if mistakes, ok := errors.AsType[scenario.MistakesError](err); ok {
		_, _ = fmt.Fprintf(stderr, "calweave: the scenario cannot be used:\n%v\n", mistakes)
		return exitUsage
	}
	_, _ = fmt.Fprintf(stderr, "calweave: %v\n", err)
	if drift, ok := errors.AsType[driftError](err); ok {
		return drift.exit()
	}
	return exitFailed
}

// load reads the configuration. flags win over everything.
func (e *env) load(p config.Purpose, flags map[string]string) (*config.Config, error) {
	return config.Load(e.source(p, flags))
}

func (e *env) source(p config.Purpose, flags map[string]string) config.Source {
	return config.Source{Purpose: p, Environ: e.environ, File: e.config, Flags: flags, Checks: checks()}
}

func (e *env) logger(c *config.Config) *slog.Logger {
	return telemetry.NewLogger(e.err, telemetry.Format(c.LogFormat), c.LogLevel)
}

func (e *env) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(e.out, format, args...)
	return err
}

type versionCommand struct{}

// Run prints what the binary was built from.
func (versionCommand) Run(e *env) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return e.printf("calweave (unknown build)\n")
	}
	revision, when := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = " " + s.Value
		case "vcs.time":
			when = " " + s.Value
		}
	}
	return e.printf("calweave %s%s%s %s\n", info.Main.Version, revision, when, info.GoVersion)
}
