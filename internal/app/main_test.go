package app_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/app/cli"
	"github.com/calweave/calweave/internal/testkit"
)

// asBinary makes the test binary behave as calweave itself, so that tests can run, freeze and kill real processes of this very build.
const asBinary = "CALWEAVE_TEST_AS_BINARY"

func TestMain(m *testing.M) {
	if poison := os.Getenv(asPoisoned); poison != "" {
		os.Exit(runPoisoned(poison))
	}
	if os.Getenv(asBinary) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		code := cli.Main(ctx, os.Args[1:], environ(), os.Stdin, os.Stdout, os.Stderr)
		stop()
		os.Exit(code)
	}
	if os.Getenv(asRefresher) != "" {
		if err := refresherMain(os.Stdin, os.Stdout); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	app.QuietRedis()
	goleak.VerifyTestMain(m, testkit.RedisProbe())
}

// environ is the environment without our own marker, which the configuration would take for a mistake.
func environ() []string {
	var out []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, asBinary) && !strings.HasPrefix(e, asPoisoned) {
			out = append(out, e)
		}
	}
	return out
}
