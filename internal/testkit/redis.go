package testkit

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Redis starts a redis-server for this test alone, so that FLUSHALL and a stop harm nobody else, and returns its URL. It ends with the test.
func Redis(tb testing.TB) string {
	tb.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		missing(tb, "redis-server is not in the path: run make test, or scripts/services up")
	}
	var said string
	for range 5 { // somebody else may take the port in between
		port := freePort(tb)
		var ok bool
		if said, ok = startRedis(tb, binary, port); ok {
			return fmt.Sprintf("redis://127.0.0.1:%d/0", port)
		}
	}
	tb.Fatalf("redis-server does not start:\n%s", said)
	return ""
}

// startRedis starts a server without persistence and waits for it to accept connections. When it ends instead, said is what it printed.
func startRedis(tb testing.TB, binary string, port int) (said string, ok bool) {
	tb.Helper()
	cmd := exec.Command(binary, "--bind", "127.0.0.1", "--port", fmt.Sprint(port), "--save", "", "--appendonly", "no", //nolint:gosec // our own arguments
		"--maxmemory-policy", "noeviction", "--dir", tb.TempDir(), "--daemonize", "no")
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	watchdog := time.AfterFunc(limit, func() { _ = cmd.Process.Kill() })
	defer watchdog.Stop()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		said += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			go func() { _, _ = io.Copy(io.Discard, out) }() // ends when the server does
			tb.Cleanup(func() { end(cmd) })
			return said, true
		}
	}
	end(cmd)
	return said, false
}

// end kills a process and waits until it is gone.
func end(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_, _ = cmd.Process.Wait()
}

// freePort returns a port of 127.0.0.1 that nobody listens on.
func freePort(tb testing.TB) int {
	tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		tb.Fatalf("%s is no TCP address", l.Addr())
	}
	return addr.Port
}
