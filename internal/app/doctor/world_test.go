package doctor

import (
	"bufio"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/testkit"
	"github.com/calweave/calweave/internal/transport"
)

const canary = "CANARY"

// start is what the clock of a world says.
func start() time.Time { return time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC) }

// world is an installation that nothing is wrong with, until a test breaks it.
type world struct {
	settings map[string]string
	doctor   Doctor
	clock    *clock.Manual
	provider *site
	public   *site
}

// site is a server whose answers a test sets.
type site struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	body   string
	date   time.Time
}

func (s *site) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header()["Date"] = nil
	if !s.date.IsZero() {
		w.Header().Set("Date", s.date.UTC().Format(http.TimeFormat))
	}
	w.WriteHeader(s.status)
	_, _ = io.WriteString(w, s.body) // the caller has hung up
}

func (s *site) set(change func(*site)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func newSite(t *testing.T, status int, body string, serve func(http.Handler) *httptest.Server) *site {
	t.Helper()
	s := &site{status: status, body: body, date: start()}
	s.Server = serve(s)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(s.Close)
	return s
}

// newWorld stands on SQLite, without Redis.
func newWorld(t *testing.T) *world {
	t.Helper()
	keys, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	provider := newSite(t, http.StatusUnauthorized, "", httptest.NewServer)
	public := newSite(t, http.StatusOK, `{"status":"ok"}`, httptest.NewTLSServer)
	now := clock.NewManual(start())
	roots := x509.NewCertPool()
	roots.AddCert(public.Certificate())
	w := &world{clock: now, provider: provider, public: public, settings: map[string]string{
		"DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "calweave.db"), "REDIS_URL": "", "SEAL_KEYS": string(keys), "PUBLIC_URL": public.URL,
		"LISTEN": closedPort(t), "EGRESS_ALLOW": "127.0.0.0/8",
		"GOOGLE_CLIENT_ID": "google", "GOOGLE_CLIENT_SECRET": canary, "GOOGLE_API_URL": provider.URL + "/calendar/v3", "GOOGLE_TOKEN_URL": provider.URL + "/token",
	}}
	w.doctor = Doctor{Clock: now, Base: func(g *transport.Guard) *http.Transport {
		base := transport.Base(g)
		base.TLSClientConfig.RootCAs = roots
		return base
	}}
	w.migrate(t, w.settings["DATABASE_URL"], "")
	return w
}

// migrate brings a database up to date and admits a login.
func (w *world) migrate(t *testing.T, owner, login string) {
	t.Helper()
	w.migrator(t, owner, func(m *store.Migrator) error {
		_, err := m.Up(t.Context())
		if err == nil && login != "" {
			err = m.Admit(t.Context(), login)
		}
		return err
	})
}

func (*world) migrator(t *testing.T, owner string, do func(*store.Migrator) error) {
	t.Helper()
	m, err := store.NewMigrator(owner, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(do(m), m.Close()); err != nil {
		t.Fatal(err)
	}
}

// onPostgres moves a world to a database of its own, with a login that may do what it has to.
func (w *world) onPostgres(t *testing.T) (owner string) {
	t.Helper()
	owner = testkit.Postgres(t)
	w.settings["DATABASE_URL"] = testkit.Login(t, owner)
	w.migrate(t, owner, w.settings["DATABASE_URL"])
	return owner
}

// onRedis gives a world a Redis of its own.
func (w *world) onRedis(t *testing.T) redis.UniversalClient {
	t.Helper()
	w.settings["REDIS_URL"] = testkit.Redis(t)
	o, err := redis.ParseURL(w.settings["REDIS_URL"])
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// examine returns the findings. None may show a secret.
func (w *world) examine(t *testing.T) []Finding {
	t.Helper()
	var environ []string
	for name, value := range w.settings {
		environ = append(environ, "CALWEAVE_"+name+"="+value)
	}
	c, err := config.Load(config.Source{Purpose: config.ForRun, Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	w.doctor.Config = c
	all := w.doctor.Examine(t.Context())
	if text := fmt.Sprint(all); strings.Contains(text, canary) || strings.Contains(text, c.SealKeys.Reveal()) {
		t.Errorf("a secret is in %s", text)
	}
	return all
}

// find returns the finding of a check.
func find(t *testing.T, all []Finding, check string) Finding {
	t.Helper()
	i := slices.IndexFunc(all, func(f Finding) bool { return f.Check == check })
	if i < 0 {
		t.Fatalf("no finding on %s in %+v", check, all)
	}
	return all[i]
}

func closedPort(t *testing.T) string {
	t.Helper()
	l := listen(t)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// oldRedis answers as Redis 3 did, which knew no HELLO and quoted what it did not know.
func oldRedis(t *testing.T) string {
	t.Helper()
	l := listen(t)
	var wg sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close() //nolint:errcheck // the test is over
				in := bufio.NewReader(conn)
				for {
					words, err := command(in)
					if err != nil {
						return
					}
					reply := "+OK\r\n"
					switch strings.ToUpper(words[0]) {
					case "HELLO":
						reply = fmt.Sprintf("-ERR unknown command `%s`, with args beginning with: %s\r\n", words[0], strings.Join(words[1:], " "))
					case "INFO":
						const info = "# Server\r\nredis_version:3.2.12\r\n"
						reply = fmt.Sprintf("$%d\r\n%s\r\n", len(info), info)
					}
					if _, err := io.WriteString(conn, reply); err != nil {
						return
					}
				}
			})
		}
	})
	return l.Addr().String()
}

// command reads one command of Redis's protocol.
func command(in *bufio.Reader) ([]string, error) {
	number := func() (int, error) {
		text, err := in.ReadString('\n')
		if err != nil || len(text) < 2 {
			return 0, io.ErrUnexpectedEOF
		}
		return strconv.Atoi(strings.TrimSpace(text[1:]))
	}
	n, err := number()
	if err != nil {
		return nil, err
	}
	words := make([]string, n)
	for i := range words {
		size, err := number()
		if err != nil {
			return nil, err
		}
		raw := make([]byte, size+2)
		if _, err := io.ReadFull(in, raw); err != nil {
			return nil, err
		}
		words[i] = string(raw[:size])
	}
	return words, nil
}
