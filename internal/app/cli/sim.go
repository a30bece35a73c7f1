package cli

import (
	"crypto/tls"
	"errors"
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
	TLSCert   string        `name:"tls-cert" placeholder:"FILE" help:"Serve all three by TLS with this certificate (PEM), which needs --tls-key: official clients insist on https."`
	TLSKey    string        `name:"tls-key" placeholder:"FILE" help:"The private key of --tls-cert (PEM)."`
}

// Run serves the simulators until it is told to stop.
func (s simCommand) Run(e *env) error {
	secure, err := s.secure()
	if err != nil {
		return err
	}
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
		scheme := "http"
		if secure != nil {
			listener, scheme = tls.NewListener(listener, secure), "https"
		}
		go func() { failed <- server.Serve(listener) }()
		if err := e.printf("%-9s %s://%s\n", l.name, scheme, listener.Addr()); err != nil {
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

// secure is how the listeners speak TLS, nil if they do not. They do not offer HTTP/2, under which a fault could not end a connection.
func (s simCommand) secure() (*tls.Config, error) {
	switch {
	case s.TLSCert == "" && s.TLSKey == "":
		return nil, nil //nolint:nilnil // plain HTTP is asked for
	case s.TLSCert == "":
		return nil, errors.New("--tls-key needs --tls-cert: the certificate is missing")
	case s.TLSKey == "":
		return nil, errors.New("--tls-cert needs --tls-key: the private key is missing")
	}
	pair, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert, --tls-key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
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
