package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// KMS opens keysets that are kept wrapped, so that whoever reads only where they are kept can open nothing with them.
type KMS interface {
	// Unwrap returns a keyset in Tink's cleartext JSON. An error shows nothing of either form.
	Unwrap(ctx context.Context, wrapped []byte) ([]byte, error)
}

// ErrKMS means that a keyset could not be unwrapped.
var ErrKMS = errors.New("the keyset was not unwrapped")

const (
	// unwrapTime is how long a program may take to unwrap a keyset.
	unwrapTime = 15 * time.Second
	// keysetLimit is how long a keyset may be, in bytes; one key takes some 200.
	keysetLimit = 64 << 10
)

// Command is a KMS behind a program, which reads the wrapped keyset from its standard input and prints the keyset. No shell is involved.
type Command struct {
	program string
	args    []string
	environ []string
	timeout time.Duration
}

// NewCommand makes a Command of a program and its arguments, separated by blanks, which runs with that environment and no other.
func NewCommand(line string, environ []string) Command {
	c := Command{environ: environ, timeout: unwrapTime}
	if words := strings.Fields(line); len(words) > 0 {
		c.program, c.args = words[0], words[1:]
	}
	return c
}

// Unwrap runs the program. What the program writes to its standard error is dropped, for it may show what the program was given.
func (c Command) Unwrap(ctx context.Context, wrapped []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.program, c.args...) //nolint:gosec // the operator names the program
	out := &bounded{full: cancel}
	cmd.Stdin, cmd.Stdout, cmd.Env = bytes.NewReader(wrapped), out, c.environ
	cmd.WaitDelay = time.Second // for a child of its own that holds its output open
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) { // the program itself has ended well, and has printed what it had to
		err = nil
	}
	var exit *exec.ExitError
	switch {
	case out.tooLong:
		return nil, fmt.Errorf("%w: the program printed more than %d bytes", ErrKMS, keysetLimit)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("%w: the program did not end within %s", ErrKMS, c.timeout)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%w: %w", ErrKMS, ctx.Err())
	case errors.As(err, &exit):
		return nil, fmt.Errorf("%w: the program ended with %s: run it by hand to see why", ErrKMS, exit.ProcessState)
	case err != nil:
		return nil, fmt.Errorf("%w: the program cannot be run: %w", ErrKMS, err)
	}
	return out.text.Bytes(), nil
}

// bounded keeps what is written, up to a limit. More than that is refused, and whoever writes it is ended by full.
type bounded struct {
	text    bytes.Buffer // not embedded: io.Copy would read into it past Write
	tooLong bool
	full    func()
}

var errTooLong = errors.New("too long")

func (b *bounded) Write(p []byte) (int, error) {
	if b.text.Len()+len(p) > keysetLimit {
		b.tooLong = true
		b.full()
		return 0, errTooLong
	}
	return b.text.Write(p)
}
