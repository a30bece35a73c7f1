package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/app/cli"
)

func main() {
	app.QuietRedis()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
