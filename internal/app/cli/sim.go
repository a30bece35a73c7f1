package cli

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/calweave/calweave/internal/scenario"
	"github.com/calweave/calweave/internal/sim"
)

type simCommand struct {
	Google    listenAddress `default:"127.0.0.1:9081" placeholder:"HOST:PORT" help:"Where simulated Google is served (default: ${default})."`
	Microsoft listenAddress `default:"127.0.0.1:9082" placeholder:"HOST:PORT" help:"Where simulated Microsoft is served (default: ${default})."`
	Admin     listenAddress `default:"127.0.0.1:9080" placeholder:"HOST:PORT" help:"Where the admin API is served. It asks for no credential (default: ${default})."`
	Scenario  string        `placeholder:"FILE" help:"Begin with the people, events, switches, faults and clock in this YAML file (see docs/simulators.md)."`
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
	if err := s.play(world); err != nil {
		return err
	}
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

// play puts the scenario in force, if one is named.
func (s simCommand) play(world *sim.Sim) error {
	if s.Scenario == "" {
		return nil
	}
	read, err := scenario.Read(s.Scenario)
	if err != nil {
		return fmt.Errorf("--scenario: %w", err)
	}
	if err := read.Apply(world); err != nil {
		return fmt.Errorf("--scenario: %w", err)
	}
	return nil
}
