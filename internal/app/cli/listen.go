package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/calweave/calweave/webhooks/tryout"
)

type webhookListen struct {
	secretFlag
	Listen    listenAddress `default:"127.0.0.1:9797" placeholder:"HOST:PORT" help:"Where messages are received, at any path (default: ${default}). calweave delivers there once CALWEAVE_EGRESS_ALLOW names the network, as calweave dev has it."`
	Status    int           `default:"204" placeholder:"STATUS" help:"What valid messages are answered with, such as 503 to see calweave try again (default: ${default})."`
	Tolerance time.Duration `default:"5m" placeholder:"DURATION" help:"How far a timestamp may be from now (default: ${default})."`
	Count     int           `placeholder:"N" help:"End once this many valid messages have been heard (default: go on until Ctrl-C)."`
	JSON      bool          `help:"Print one JSON object for each message, on a line of its own."`
}

var (
	errStatus = errors.New("--status: give an HTTP status from 200 to 599")
	errCount  = errors.New("--count: give a number of messages")
)

// Validate refuses what no answer can have for a status, and what nobody can count to.
func (l webhookListen) Validate() error {
	if l.Status < 200 || l.Status > 599 {
		return errStatus
	}
	if l.Count < 0 {
		return errCount
	}
	return nil
}

// listenGrace is how long requests in hand may take once the listener is told to end.
const listenGrace = time.Second

// Run receives until it is told to stop, or has heard enough.
func (l webhookListen) Run(e *env) error {
	verifier, err := l.verifier(e, l.Tolerance)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(e.ctx, "tcp", string(l.Listen))
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	tell, over := l.teller(e)
	const patience = 10 * time.Second
	server := &http.Server{
		Handler:           &tryout.Listener{Verifier: verifier, Status: l.Status, Clock: e.clock, Tell: tell},
		ReadHeaderTimeout: patience, ReadTimeout: patience, WriteTimeout: patience, MaxHeaderBytes: 32 << 10,
	}
	_, _ = fmt.Fprintf(e.err, "listening at http://%s\n", listener.Addr()) // messages are what standard output is for
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case <-e.ctx.Done():
	case err = <-over:
	case err = <-served:
		return err
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(e.ctx), listenGrace)
	defer cancel()
	if server.Shutdown(grace) != nil {
		err = errors.Join(err, server.Close())
	}
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

// teller prints what is heard, one message at a time, and says on over when that is enough or why it does not go on.
func (l webhookListen) teller(e *env) (tell func(tryout.Heard), over <-chan error) {
	enough, left := make(chan error, 1), l.Count
	return func(h tryout.Heard) {
		err := l.tell(e, h)
		if h.Verified {
			left--
		}
		if err == nil && (left != 0 || !h.Verified) {
			return
		}
		select {
		case enough <- err:
		default: // the first is enough
		}
	}, enough
}

// tell prints a message. Nothing of one that is not valid is printed.
func (l webhookListen) tell(e *env, h tryout.Heard) error {
	if l.JSON {
		out := json.NewEncoder(e.out)
		out.SetEscapeHTML(false)
		return out.Encode(h)
	}
	at := h.At.Format(time.RFC3339)
	if !h.Verified {
		return e.printf("%s  not valid, answered with %d: %s\n", at, h.Answered, strings.Join(h.Wrong, "; "))
	}
	var body bytes.Buffer
	if err := json.Indent(&body, h.Message, "", "  "); err != nil {
		return err
	}
	typ := strings.Trim(strconv.Quote(string(h.Type)), `"`) // what a terminal would obey stays quoted
	return e.printf("%s  valid, answered with %d: %s %s\n%s\n", at, h.Answered, typ, h.ID, body.String())
}
