package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/transport"
	"github.com/calweave/calweave/webhooks/outbound"
	"github.com/calweave/calweave/webhooks/tryout"
)

type webhookCommand struct {
	Listen  webhookListen  `cmd:"" help:"Receive messages on this machine, verify them and print them."`
	Verify  webhookVerify  `cmd:"" help:"Say whether a message is valid, or what is wrong with it."`
	Trigger webhookTrigger `cmd:"" help:"Send a signed sample message of a type to a URL, as calweave would."`
}

// secretFlag is an endpoint's secret, which is better given in the environment: others can read command lines.
type secretFlag struct {
	Secret string `placeholder:"SECRET" help:"The endpoint's secret, whsec_ and base64. Better given as $$CALWEAVE_WEBHOOK_SECRET: others can read command lines."`
}

func (s secretFlag) find(e *env) string {
	if s.Secret != "" {
		return s.Secret
	}
	return e.variable(config.WebhookSecret)
}

// verifier checks messages against the secret that was given.
func (s secretFlag) verifier(e *env, tolerance time.Duration) (*tryout.Verifier, error) {
	v, err := tryout.NewVerifier(s.find(e), tolerance, e.clock)
	return v, wrongSecret(err)
}

func wrongSecret(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, tryout.ErrNoSecret):
		return usageError{errors.New("give the endpoint's secret in $" + config.WebhookSecret + ", or as --secret")}
	default:
		return usageError{err}
	}
}

type webhookVerify struct {
	secretFlag
	ID        string        `name:"id" placeholder:"ID" help:"The header webhook-id."`
	Timestamp string        `placeholder:"SECONDS" help:"The header webhook-timestamp."`
	Signature string        `placeholder:"SIGNATURE" help:"The header webhook-signature."`
	Tolerance time.Duration `default:"5m" placeholder:"DURATION" help:"How far the timestamp may be from now (default: ${default})."`
	File      string        `arg:"" optional:"" default:"-" help:"The file with the body, byte for byte; - or nothing for standard input."`
}

// Run verifies one message. Everything that is wrong with it is told at once.
func (v webhookVerify) Run(e *env) error {
	verifier, err := v.verifier(e, v.Tolerance)
	if err != nil {
		return err
	}
	body, err := v.body(e)
	if err != nil {
		return err
	}
	h := http.Header{}
	h.Set(standardwebhooks.HeaderWebhookID, v.ID)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, v.Timestamp)
	h.Set(standardwebhooks.HeaderWebhookSignature, v.Signature)
	if wrong := verifier.Verify(h, body); len(wrong) > 0 {
		return errors.New("the message is not valid:\n  " + strings.Join(wrong, "\n  "))
	}
	return e.printf("valid\n")
}

func (v webhookVerify) body(e *env) ([]byte, error) {
	in := e.in
	if v.File != "-" {
		file, err := os.Open(v.File)
		if err != nil {
			return nil, err
		}
		defer file.Close() //nolint:errcheck // it is only read
		in = file
	}
	body, err := io.ReadAll(io.LimitReader(in, tryout.MaxBody+1))
	if err == nil && len(body) > tryout.MaxBody {
		err = errors.New("the body is longer than 1 MiB")
	}
	return body, err
}

// messageTypes are the types that there is a sample of.
func messageTypes(separator string) string {
	var names []string
	for _, t := range message.Types() {
		names = append(names, string(t))
	}
	return strings.Join(names, separator)
}

type webhookTrigger struct {
	Type message.Type `arg:"" enum:"${message_types}" help:"The message's type: ${message_list}."`
	URL  string       `name:"url" required:"" placeholder:"URL" help:"The receiver, on this machine, in a private network or public."`
	secretFlag
	Wait time.Duration `placeholder:"DURATION" help:"Wait as long as this for somebody to listen there."`
}

// Run sends a sample. Like calweave it follows no redirect, and takes a 2xx for success.
func (t webhookTrigger) Run(e *env) error {
	secret := t.find(e)
	if _, err := t.verifier(e, tryout.DefaultTolerance); err != nil {
		return err
	}
	sample, ok := message.Example(t.Type)
	if !ok {
		return fmt.Errorf("there is no sample of %s", t.Type) // unreachable: the command line takes types that have one
	}
	sample.ID = cal.MessageID(ident.New(e.clock, rand.Reader).ID("msg"))
	sample.Timestamp = e.clock.Now().UTC().Truncate(time.Second)
	base := transport.Base(transport.NewGuard(developers()))
	defer base.CloseIdleConnections()
	client := transport.Client(transport.Options{Base: base, Timeout: triggerTime})
	began := e.clock.Now()
	resp, err := t.send(e, client, record.Delivery{Endpoint: record.Endpoint{URL: t.URL, Secret: secret}, Message: sample})
	if err != nil {
		return fmt.Errorf("%s was not sent: %w", t.Type, transport.Redact(err))
	}
	defer resp.Body.Close() //nolint:errcheck // its status has said all
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s was answered with %d", t.Type, sample.ID, resp.StatusCode)
	}
	return e.printf("%s %s was answered with %d in %d ms\n", t.Type, sample.ID, resp.StatusCode, e.clock.Now().Sub(began).Milliseconds())
}

const (
	// triggerTime is what calweave gives an endpoint.
	triggerTime = 10 * time.Second
	// knock is how long to wait before knocking again at a port that nobody listens on yet.
	knock = 50 * time.Millisecond
)

// send sends d, again and again while nobody listens and there is time to wait.
func (t webhookTrigger) send(e *env, client *http.Client, d record.Delivery) (*http.Response, error) {
	waiting, cancel := context.WithTimeout(e.ctx, t.Wait)
	defer cancel()
	for {
		req, err := outbound.NewRequest(e.ctx, d, e.clock)
		if err != nil {
			return nil, usageError{err}
		}
		resp, err := client.Do(req)
		if err == nil || !errors.Is(err, syscall.ECONNREFUSED) {
			return resp, err
		}
		select {
		case <-waiting.Done():
			return nil, err
		case <-time.After(knock):
		}
	}
}

// developers are the networks besides the public one that receivers are developed in. Link-local addresses, where clouds keep their secrets, are not
// among them.
func developers() []netip.Prefix {
	var out []netip.Prefix
	for _, p := range []string{"127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"} {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}
