package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/pprof"
	"strings"
	"syscall"

	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/app/bench"
)

func main() {
	app.QuietRedis()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	child, err := bench.Child(ctx)
	if !child {
		err = run(ctx, os.Args[1:])
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "calweave-bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("calweave-bench", flag.ContinueOnError)
	only := flags.String("parts", "", "the parts to run, separated by commas: "+strings.Join(bench.Parts(), ", ")+" (default: all)")
	tiny := flags.Bool("tiny", false, "measure as little as shows that everything works")
	asJSON := flags.Bool("json", false, "print one JSON object")
	verbose := flags.Bool("log", false, "write calweave's own log to standard error")
	profile := flags.String("cpuprofile", "", "write a profile of the processor's time to this file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o := bench.Options{
		Postgres: os.Getenv("CALWEAVE_TEST_POSTGRES_URL"), Redis: os.Getenv("CALWEAVE_TEST_REDIS_URL"),
		Scale: bench.FullScale(), JSON: *asJSON, Out: os.Stdout, Log: slog.New(slog.DiscardHandler),
	}
	if o.Postgres == "" || o.Redis == "" {
		return fmt.Errorf("CALWEAVE_TEST_POSTGRES_URL or CALWEAVE_TEST_REDIS_URL is not set: run make bench, or source what scripts/services up prints")
	}
	if *only != "" {
		o.Parts = strings.Split(*only, ",")
	}
	if *tiny {
		o.Scale = bench.TinyScale()
	}
	if *verbose {
		o.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	if *profile == "" {
		return bench.Run(ctx, o)
	}
	return profiled(*profile, func() error { return bench.Run(ctx, o) })
}

// profiled writes a profile of what a function does.
func profiled(path string, fn func() error) (err error) {
	f, err := os.Create(path) //nolint:gosec // whoever runs it has named the file
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return fn()
}
