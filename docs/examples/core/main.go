package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/jobs"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	err := run(ctx, os.Stdout)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "core:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	for _, name := range []string{"URL", "KEY", "CALENDAR", "REDIS", "SIGNING_KEY", "SIGNING_SECRET"} {
		if os.Getenv(name) == "" {
			return fmt.Errorf("%s is not set: while make run is up, source .run/dev.env", name)
		}
	}
	inbox, end, err := listen(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()

	queue := jobs.NewClient(asynq.RedisClientOpt{Addr: os.Getenv("REDIS")}, os.Getenv("SIGNING_KEY"), os.Getenv("SIGNING_SECRET"))
	defer func() { err = errors.Join(err, queue.Close()) }()

	id := cal.BookingID("go-" + strings.ToLower(rand.Text()))
	day := time.Now().AddDate(0, 0, 14).Format(cal.DateLayout)
	booking := cal.Booking{
		Version: 1, Title: "Booked in Go",
		Start:   cal.When{DateTime: day + "T10:00:00", TimeZone: "Europe/Berlin"},
		End:     cal.When{DateTime: day + "T10:30:00", TimeZone: "Europe/Berlin"},
		Targets: []cal.Target{{CalendarID: cal.CalendarID(os.Getenv("CALENDAR"))}},
	}
	for _, s := range []task.SubmitBooking{{BookingID: id, Booking: &booking}, {BookingID: id, Cancel: &task.Cancellation{Version: 2}}} {
		if err := submit(ctx, queue, s, inbox, out); err != nil {
			return err
		}
	}
	return nil
}

// submit hands a version over until calweave has confirmed it, and returns once the calendar shows it. Submitting an accepted version again changes
// nothing, so a core that is not sure does it once more.
func submit(ctx context.Context, queue *jobs.Client, s task.SubmitBooking, inbox <-chan message.Envelope, out io.Writer) error {
	again := time.NewTicker(10 * time.Second)
	defer again.Stop()
	known := progress{id: s.BookingID}
	err := queue.SubmitBooking(ctx, s)
	for err == nil && !known.synced {
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-again.C:
			if known.sequence == 0 {
				err = queue.SubmitBooking(ctx, s)
			}
		case e := <-inbox:
			err = known.take(e, out)
		}
	}
	return err
}

// progress is how far a booking has come.
type progress struct {
	id cal.BookingID
	// sequence is that of the newest message: one that comes after it and has a lower one is out of date.
	sequence int64
	synced   bool
}

func (p *progress) take(e message.Envelope, out io.Writer) error {
	var about message.Booking
	if err := json.Unmarshal(e.Data, &about); err != nil {
		return err
	}
	if about.BookingID != p.id || about.Sequence != 0 && about.Sequence <= p.sequence {
		return nil
	}
	p.sequence = about.Sequence
	_, _ = fmt.Fprintf(out, "%-17s %s version %d\n", e.Type, about.BookingID, about.Version)
	switch e.Type { //nolint:exhaustive // this core leaves people's changes as they are
	case message.BookingRejected, message.BookingFailed:
		return fmt.Errorf("the booking did not make it: %s", e.Data)
	case message.BookingSynced:
		p.synced = true
	}
	return nil
}

// listen receives messages, verified and each once, until end is called.
func listen(ctx context.Context) (inbox <-chan message.Envelope, end func() error, err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	var endpoint struct{ ID, Secret string }
	if err := call(ctx, http.MethodPost, "/v1/endpoints", map[string]any{"url": "http://" + l.Addr().String() + "/"}, &endpoint); err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	verifier, err := standardwebhooks.NewWebhook(endpoint.Secret)
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	const waiting = 1000
	messages := make(chan message.Envelope, waiting)
	server := &http.Server{Handler: receiver(verifier, messages), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }()
	return messages, func() error {
		return errors.Join(call(context.WithoutCancel(ctx), http.MethodDelete, "/v1/endpoints/"+endpoint.ID, nil, nil), server.Close())
	}, nil
}

// receiver answers 2xx only for what it has taken over: calweave sends the rest again, over three days. A real core stores the id with the message, in one
// transaction.
func receiver(verifier *standardwebhooks.Webhook, messages chan<- message.Envelope) http.HandlerFunc {
	seen := make(chan map[cal.MessageID]bool, 1)
	seen <- map[cal.MessageID]bool{}
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		var e message.Envelope
		switch {
		case err != nil || verifier.Verify(body, r.Header) != nil:
			w.WriteHeader(http.StatusUnauthorized)
			return
		case json.Unmarshal(body, &e) != nil:
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		known := <-seen
		defer func() { seen <- known }()
		if known[e.ID] {
			return
		}
		select {
		case messages <- e:
			known[e.ID] = true
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
}

// call calls the API. An Idempotency-Key lets a request that got no answer be sent again without being carried out twice.
func call(ctx context.Context, method, path string, in, out any) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, os.Getenv("URL")+path, bytes.NewReader(raw)) //nolint:gosec // the URL is whoever runs this core's
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+os.Getenv("KEY"))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", rand.Text())
	resp, err := (&http.Client{Timeout: 10 * time.Second}).Do(req) //nolint:gosec // see above
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode >= http.StatusMultipleChoices:
		return fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, answer)
	case out == nil:
		return nil
	}
	return json.Unmarshal(answer, out)
}
