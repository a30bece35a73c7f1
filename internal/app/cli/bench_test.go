package cli_test

import (
	"bytes"
	"context"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/app/cli"
	"github.com/calweave/calweave/internal/testkit"
)

const limit = 60 * time.Second

// result is what a command did.
type result struct {
	code     int
	out, err string
}

// calweave runs one command to its end.
func calweave(t *testing.T, env settings, args ...string) result {
	t.Helper()
	return reads(t, "", env, args...)
}

// reads runs one command that is given something to read.
func reads(t *testing.T, stdin string, env settings, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var out, err page
	code := cli.Main(ctx, args, env.environ(), strings.NewReader(stdin), &out, &err)
	return result{code, out.String(), err.String()}
}

// succeeds fails the test unless a command ends well and complains of nothing. It returns what was printed.
func succeeds(t *testing.T, env settings, args ...string) string {
	t.Helper()
	r := calweave(t, env, args...)
	if r.code != 0 {
		t.Fatalf("%s: exit code %d: %s", strings.Join(args, " "), r.code, r.err)
	}
	return r.out
}

// fails wants an exit code, nothing on standard output, and words on standard error.
func (r result) fails(t *testing.T, code int, words ...string) {
	t.Helper()
	if r.code != code || r.out != "" {
		t.Errorf("exit code %d, want %d; standard output %q", r.code, code, r.out)
	}
	for _, w := range words {
		if !strings.Contains(r.err, w) {
			t.Errorf("it does not say %q: %s", w, r.err)
		}
	}
}

// settings are environment variables.
type settings map[string]string

func (s settings) environ() (out []string) {
	for name, value := range s {
		out = append(out, name+"="+value)
	}
	return out
}

// with returns a copy with some of them changed.
func (s settings) with(pairs ...string) settings {
	out := maps.Clone(s)
	for pair := range slices.Chunk(pairs, 2) {
		out[pair[0]] = pair[1]
	}
	return out
}

// installation is the smallest configuration on a database, without Redis.
func installation(t *testing.T, databaseURL, ownerURL string) settings {
	t.Helper()
	return settings{
		"CALWEAVE_DATABASE_URL":         databaseURL,
		"CALWEAVE_MIGRATE_DATABASE_URL": ownerURL,
		"CALWEAVE_REDIS_URL":            "",
		"CALWEAVE_PUBLIC_URL":           "http://127.0.0.1:8080",
		"CALWEAVE_LISTEN":               "127.0.0.1:0",
		"CALWEAVE_SEAL_KEYS":            strings.TrimSpace(succeeds(t, nil, "key", "create", "--use=sealing")),
	}
}

func onSQLite(t *testing.T) settings {
	t.Helper()
	url := "sqlite:" + filepath.Join(t.TempDir(), "calweave.db")
	return installation(t, url, url)
}

func onPostgres(t *testing.T) settings {
	t.Helper()
	owner := testkit.Postgres(t)
	return installation(t, testkit.Login(t, owner), owner)
}

// onBoth runs a test on an empty database of each kind.
func onBoth(t *testing.T, test func(t *testing.T, env settings)) {
	t.Helper()
	for name, prepare := range map[string]func(*testing.T) settings{"SQLite": onSQLite, "PostgreSQL": onPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, prepare(t))
		})
	}
}

// page is what a command writes, and a test may read meanwhile.
type page struct {
	mu   sync.Mutex
	b    bytes.Buffer
	more chan struct{}
}

func (p *page) Write(raw []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.more != nil {
		close(p.more)
		p.more = nil
	}
	return p.b.Write(raw)
}

func (p *page) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.String()
}

// await returns once something was written that holds a text.
func (p *page) await(ctx context.Context, text string) bool {
	for {
		p.mu.Lock()
		if strings.Contains(p.b.String(), text) {
			p.mu.Unlock()
			return true
		}
		if p.more == nil {
			p.more = make(chan struct{})
		}
		more := p.more
		p.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return false
		}
	}
}

// serving is a command that goes on until it is told to stop.
type serving struct {
	ctx      context.Context
	out, err *page
	// stop ends it, ends waits for it to end by itself; both return its exit code.
	stop, ends func() int
}

// serve starts a command. It is stopped with the test at the latest.
func serve(t *testing.T, env settings, args ...string) *serving {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	s := &serving{ctx: ctx, out: &page{}, err: &page{}}
	code := make(chan int, 1)
	go func() { code <- cli.Main(ctx, args, env.environ(), strings.NewReader(""), s.out, s.err) }()
	s.ends = sync.OnceValue(func() int { return <-code })
	s.stop = func() int {
		cancel()
		return s.ends()
	}
	t.Cleanup(func() { s.stop() })
	return s
}

// closedPort is an address that nobody listens on.
func closedPort(t *testing.T) string {
	t.Helper()
	l := takenPort(t)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// takenPort is an address that somebody else listens on until the test ends.
func takenPort(t *testing.T) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}
