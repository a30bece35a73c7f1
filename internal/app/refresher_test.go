package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/browser"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// asRefresher makes the test binary a process that gets access tokens, on a clock that is ahead by the variable's value. dying makes it kill itself
// as soon as a token endpoint has answered.
const (
	asRefresher = "CALWEAVE_TEST_AS_REFRESHER"
	dying       = "CALWEAVE_TEST_REFRESHER_DIES"
)

// ask asks a refresher for the access tokens of connections.
type ask struct {
	Tenant      cal.TenantID
	Connections []cal.ConnectionID
	// Once does not come back when another process is refreshing.
	Once bool
}

// told is what a refresher got.
type told struct {
	Access  string
	Version int64
	// Waits is how often another process was refreshing.
	Waits int
	Err   string
}

// ahead is the machine's clock, set forward.
type ahead struct{ by time.Duration }

func (a ahead) Now() time.Time { return clock.System{}.Now().Add(a.by) }

// suicide kills its own process when a token endpoint has answered, before anybody has seen the answer.
type suicide struct{ http.RoundTripper }

func (s suicide) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.RoundTripper.RoundTrip(r)
	if err == nil && strings.HasSuffix(r.URL.Path, "/token") {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return resp, err
}

// refresherMain answers each line of asks with a line of what it got, by connection.
func refresherMain(in io.Reader, out io.Writer) error {
	by, err := time.ParseDuration(os.Getenv(asRefresher))
	if err != nil {
		return err
	}
	presets := map[string]string{}
	for _, e := range os.Environ() {
		if name, value, ok := strings.Cut(e, "="); ok && strings.HasPrefix(name, "CALWEAVE_") && !strings.HasPrefix(name, "CALWEAVE_TEST_") {
			presets[name] = value
		}
	}
	c, err := config.Load(config.Source{Purpose: config.ForRun, Presets: presets})
	if err != nil {
		return err
	}
	o := app.Outside{Log: logger(), Clock: ahead{by}}
	if os.Getenv(dying) != "" {
		o.WrapHTTP = func(next http.RoundTripper) http.RoundTripper { return suicide{next} }
	}
	a, err := app.New(context.Background(), c, o)
	if err != nil {
		return err
	}
	answers := json.NewEncoder(out)
	err = answers.Encode("ready")
	for lines := json.NewDecoder(in); err == nil; {
		var one ask
		if err = lines.Decode(&one); err == nil {
			err = answers.Encode(tokens(a, one))
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, a.Close())
}

// tokens gets the access token of each connection, all at once.
func tokens(a *app.App, one ask) map[cal.ConnectionID]told {
	out := map[cal.ConnectionID]told{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, id := range one.Connections {
		wg.Go(func() {
			got := token(a, one, id)
			mu.Lock()
			defer mu.Unlock()
			out[id] = got
		})
	}
	wg.Wait()
	return out
}

// token comes back when it is told to, as work does.
func token(a *app.App, one ask, id cal.ConnectionID) (got told) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*limit)
	defer cancel()
	for {
		var err error
		got.Access, got.Version, err = a.Token(ctx, one.Tenant, id)
		if !fault.Is(err, fault.Busy) || one.Once {
			if err != nil {
				got.Err = err.Error()
			}
			return got
		}
		got.Waits++
		select {
		case <-ctx.Done():
			got.Err = "still waiting: " + err.Error()
			return got
		case <-time.After(fault.RetryAfter(err)):
		}
	}
}

// refresher is a process that gets access tokens.
type refresher struct {
	process

	live *live
	in   io.WriteCloser
	out  *json.Decoder
}

// refresher starts a process on a clock that is ahead, and waits until it has opened the database.
func (l *live) refresher(ahead time.Duration, extra ...string) *refresher {
	l.tb.Helper()
	cmd := exec.Command(os.Args[0]) //nolint:gosec // this very test binary; it is killed by hand
	cmd.Env = append(append(os.Environ(), asRefresher+"="+ahead.String()), extra...)
	for name, value := range l.settings {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	l.must(err)
	out, err := cmd.StdoutPipe()
	l.must(err)
	l.must(cmd.Start())
	r := &refresher{process: process{cmd: cmd}, live: l, in: in, out: json.NewDecoder(bufio.NewReader(out))}
	l.tb.Cleanup(r.kill)
	var ready string
	l.must(r.out.Decode(&ready))
	return r
}

// ask has the process get access tokens; answer waits for them.
func (r *refresher) ask(connections ...cal.ConnectionID) {
	r.live.tb.Helper()
	r.live.must(json.NewEncoder(r.in).Encode(ask{Tenant: r.live.tenant, Connections: connections}))
}

// askOnce is ask and answer for one connection, without coming back.
func (r *refresher) askOnce(id cal.ConnectionID) told {
	r.live.tb.Helper()
	r.live.must(json.NewEncoder(r.in).Encode(ask{Tenant: r.live.tenant, Connections: []cal.ConnectionID{id}, Once: true}))
	return r.answer()[id]
}

func (r *refresher) answer() map[cal.ConnectionID]told {
	r.live.tb.Helper()
	var got map[cal.ConnectionID]told
	r.live.must(r.out.Decode(&got))
	return got
}

// died waits for the end of a process that ends itself.
func (r *refresher) died() {
	r.live.tb.Helper()
	r.once.Do(func() {
		err := r.cmd.Wait()
		if status, ok := r.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
			r.live.tb.Fatalf("the process was to die at the token endpoint: %v", err)
		}
	})
}

// hostOf is the address of an account.
func hostOf(p sim.Provider, i int) string { return fmt.Sprintf("host%d@%s.example", i, p) }

// accounts connects n accounts of each provider, and does not wait for their calendars.
func (l *live) accounts(n int) []cal.ConnectionID {
	l.tb.Helper()
	var out []cal.ConnectionID
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		for i := range n {
			email := hostOf(p, i)
			_, err := l.sim.Seed(sim.Person{Provider: p, Email: email, Zone: zone})
			l.must(err)
			out = append(out, l.consent(gen.NewConnection{Provider: gen.Provider(p)}, email))
		}
	}
	return out
}

// consent connects an account, or connects it again.
func (l *live) consent(n gen.NewConnection, email string) cal.ConnectionID {
	l.tb.Helper()
	var c gen.BegunConnection
	l.call(http.MethodPost, "/v1/connections", n, &c)
	jar, err := cookiejar.New(nil)
	l.must(err)
	visitor := simtest.HTTP(l.tb)
	visitor.Jar = jar
	page, err := browser.Consent(l.ctx, visitor, c.ConnectURL, browser.Choice{Account: email})
	l.must(err)
	if page.Status != http.StatusOK {
		l.tb.Fatalf("consent of %s ended with %d", email, page.Status)
	}
	return cal.ConnectionID(c.ID)
}

// expire ends the life of an access token and returns its version.
func (l *live) expire(id cal.ConnectionID) int64 {
	l.tb.Helper()
	g, err := l.admin.Store.Grant(l.ctx, l.tenant, id)
	l.must(err)
	l.must(l.admin.Store.ExpireAccess(l.ctx, l.tenant, id, g.Version))
	return g.Version
}

// refreshes is how often calweave has asked for new tokens, by who answered and as which number of request.
func (l *live) refreshes() (out []sim.Request) {
	for _, r := range l.sim.Requests(0) {
		if strings.HasSuffix(r.Path, "/token") && strings.Contains(r.Body, "grant_type=refresh_token") {
			out = append(out, r)
		}
	}
	return out
}
