package seal_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/seal"
)

// program writes a shell script and returns the command that runs it. To run the file itself would fail while a process that was just forked still
// has it open.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "unwrap")
	if err := os.WriteFile(path, []byte(script+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "/bin/sh " + path
}

// The program turns letters around, which any other wrapping is here as good as.
func TestCommandUnwraps(t *testing.T) {
	t.Parallel()
	const turn = "tr 'A-Za-z' 'N-ZA-Mn-za-m'"
	raw, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	wrapped, err := seal.NewCommand(program(t, turn), os.Environ()).Unwrap(ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Parse(wrapped); !errors.Is(err, seal.ErrKeyset) {
		t.Fatalf("the wrapped keyset is used as it is: %v", err)
	}
	var kms seal.KMS = seal.NewCommand(program(t, turn), os.Environ())
	got, err := kms.Unwrap(ctx, wrapped)
	if err != nil || string(got) != string(raw) {
		t.Fatalf("%d bytes of %d, %v", len(got), len(raw), err)
	}
	sealed := sealCanary(t, parse(t, raw))
	if _, err := parse(t, got).Open(tenant, "grants", "token", "gra_1", sealed); err != nil {
		t.Error(err)
	}
}

func TestCommandGetsItsArgumentsAndEnvironment(t *testing.T) {
	t.Parallel()
	got, err := seal.NewCommand(program(t, `echo "$#:$1:$2:$GIVEN:$HOME"`)+"  a  $HOME ", []string{"GIVEN=yes"}).Unwrap(t.Context(), nil)
	if err != nil || string(got) != "2:a:$HOME:yes:\n" {
		t.Errorf("%q, %v", got, err)
	}
}

// A program that has ended well has printed the keyset, whatever it leaves running: an agent, say, that inherits its output.
func TestCommandLeavesAChildBehind(t *testing.T) {
	t.Parallel()
	pid := filepath.Join(t.TempDir(), "pid")
	got, err := seal.NewCommand(program(t, "sleep 600 & echo $! > "+pid+"; cat"), os.Environ()).Unwrap(t.Context(), []byte(canary))
	if err != nil || string(got) != canary {
		t.Errorf("%q, %v", got, err)
	}
	raw, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := os.FindProcess(child); err != nil || p.Kill() != nil {
		t.Errorf("the child was ended with it, so that this test proves nothing: %v", err)
	}
}

func TestCommandFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ line, words string }{
		"it ends with an error":  {program(t, "cat; cat >&2; echo "+canary+" >&2; exit 3"), "exit status 3"},
		"it is not there":        {filepath.Join(t.TempDir(), "nothing"), "cannot be run"},
		"no program":             {" ", "cannot be run"},
		"it prints without end":  {program(t, "while :; do echo "+canary+canary+canary+canary+"; done"), "more than 65536 bytes"},
		"it does not end":        {program(t, "exec sleep 600"), "did not end within 100ms"},
		"its child does not end": {program(t, "sleep 600 & sleep 600"), "did not end within 100ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := seal.NewCommand(c.line, os.Environ())
			if strings.HasSuffix(name, "does not end") {
				command = command.Within(100 * time.Millisecond)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			got, err := command.Unwrap(ctx, []byte(canary))
			if !errors.Is(err, seal.ErrKMS) || got != nil || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), canary) || ctx.Err() != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
