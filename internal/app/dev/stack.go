package dev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/store"
)

// stack is everything that runs.
type stack struct {
	app       *app.App
	sim       *sim.Sim
	redis     *miniredis.Miniredis
	core      *core
	url       string
	googleURL string
	graphURL  string
	adminURL  string
	coreURL   string
	key       string
	signing   store.Key
	database  string
	servers   []*http.Server
	cancel    context.CancelFunc
	failed    chan error
	wg        sync.WaitGroup
}

// serve answers on a free port of this machine until the stack stops.
func (s *stack) serve(ctx context.Context, h http.Handler) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", anyPort)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	s.servers = append(s.servers, server)
	s.wg.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	})
	return "http://" + l.Addr().String(), nil
}

const (
	usualPort = "127.0.0.1:8080"
	anyPort   = "127.0.0.1:0"
)

// start starts the stack with its data in dir. It runs until stop, whatever becomes of ctx.
func start(ctx context.Context, dir string, o Options) (*stack, error) {
	const failures = 8
	s := &stack{core: newCore(), failed: make(chan error, failures), database: filepath.Join(dir, "calweave.db")}
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for _, step := range []func(context.Context, Options) error{s.startSimulators, s.startCore, s.startRedis, s.startApp} {
		if err := step(ctx, o); err != nil {
			return nil, errors.Join(err, s.stop())
		}
	}
	return s, nil
}

func (s *stack) startSimulators(ctx context.Context, _ Options) error {
	var err error
	if s.sim, err = sim.New(sim.Config{}); err != nil {
		return err
	}
	if s.googleURL, err = s.serve(ctx, s.sim.Google()); err != nil {
		return err
	}
	if s.graphURL, err = s.serve(ctx, s.sim.Microsoft()); err != nil {
		return err
	}
	s.adminURL, err = s.serve(ctx, s.sim.Admin())
	return err
}

func (s *stack) startCore(ctx context.Context, _ Options) error {
	var err error
	s.coreURL, err = s.serve(ctx, s.core)
	return err
}

// startRedis starts the embedded Redis. Its clock stands still unless it is told how much time has passed.
func (s *stack) startRedis(ctx context.Context, _ Options) error {
	s.redis = miniredis.NewMiniRedis()
	if err := s.redis.Start(); err != nil {
		return err
	}
	s.wg.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				s.redis.FastForward(time.Second)
			}
		}
	})
	return nil
}

// listen takes the port that was ordered, or the first of those that will do.
func listen(ctx context.Context, o Options) (l net.Listener, err error) {
	ports := []string{usualPort, anyPort}
	switch {
	case o.Listen != "":
		ports = []string{o.Listen}
	case o.Once:
		ports = []string{anyPort}
	}
	for _, port := range ports {
		if l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", port); err == nil {
			break
		}
	}
	return l, err
}

func (s *stack) startApp(ctx context.Context, o Options) error {
	l, err := listen(ctx, o)
	if err != nil {
		return err
	}
	s.url = "http://" + l.Addr().String()
	c, err := s.config()
	if err != nil {
		return errors.Join(err, l.Close())
	}
	if err := migrate(ctx, c, o); err != nil {
		return errors.Join(err, l.Close())
	}
	if s.app, err = app.New(ctx, c, app.Outside{Log: o.Log}); err != nil {
		return errors.Join(err, l.Close())
	}
	s.wg.Go(func() {
		if err := s.app.Run(ctx, l); err != nil {
			s.failed <- err
		}
	})
	return nil
}

// config is the configuration that an operator would write, pointed at the simulators.
func (s *stack) config() (*config.Config, error) {
	keys, err := seal.Generate()
	if err != nil {
		return nil, err
	}
	presets := map[string]string{
		"CALWEAVE_DATABASE_URL":            "sqlite:" + s.database,
		"CALWEAVE_REDIS_URL":               "redis://" + s.redis.Addr(),
		"CALWEAVE_PUBLIC_URL":              s.url,
		"CALWEAVE_SEAL_KEYS":               string(keys),
		"CALWEAVE_EGRESS_ALLOW":            "127.0.0.1/32",
		"CALWEAVE_GOOGLE_LIMIT_PER_DAY":    "0", // a new account of a day fills slowly, and a simulator sends no bill
		"CALWEAVE_GOOGLE_CLIENT_ID":        "calweave-dev",
		"CALWEAVE_GOOGLE_CLIENT_SECRET":    "simulated",
		"CALWEAVE_GOOGLE_API_URL":          s.googleURL + "/calendar/v3/",
		"CALWEAVE_GOOGLE_AUTH_URL":         s.googleURL + "/o/oauth2/v2/auth",
		"CALWEAVE_GOOGLE_TOKEN_URL":        s.googleURL + "/token",
		"CALWEAVE_MICROSOFT_CLIENT_ID":     "calweave-dev",
		"CALWEAVE_MICROSOFT_CLIENT_SECRET": "simulated",
		"CALWEAVE_MICROSOFT_API_URL":       s.graphURL + "/v1.0",
		"CALWEAVE_MICROSOFT_AUTH_URL":      s.graphURL + "/common/oauth2/v2.0/authorize",
		"CALWEAVE_MICROSOFT_TOKEN_URL":     s.graphURL + "/common/oauth2/v2.0/token",
	}
	return config.Load(config.Source{Purpose: config.ForRun, Presets: presets})
}

func migrate(ctx context.Context, c *config.Config, o Options) (err error) {
	m, err := store.NewMigrator(c.DatabaseURL.Reveal(), o.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	if _, err := m.Up(ctx); err != nil {
		return fmt.Errorf("prepare the database: %w", err)
	}
	return nil
}

// stop ends everything in the order in which it depends on each other.
func (s *stack) stop() error {
	s.cancel()
	if s.sim != nil {
		s.sim.Close()
	}
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	s.wg.Wait()
	if s.app != nil {
		errs = append(errs, s.app.Close())
	}
	if s.redis != nil {
		s.redis.Close()
	}
	return errors.Join(errs...)
}
