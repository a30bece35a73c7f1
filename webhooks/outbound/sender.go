package outbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// Store is what the sender needs of the store.
type Store interface {
	// Delivery fails with record.ErrNotFound once the endpoint was deleted.
	Delivery(ctx context.Context, l record.Lease) (record.Delivery, error)
	// EndDelivery records an attempt that took the message, or that is not to be repeated.
	EndDelivery(ctx context.Context, l record.Lease, a record.Attempt) error
	// ParkDelivery lets a delivery wait for its endpoint to be enabled.
	ParkDelivery(ctx context.Context, l record.Lease) error
	Finish(ctx context.Context, l record.Lease, o record.Outcome, marks ...record.Mark) error
}

// Sender delivers messages.
type Sender struct {
	Store Store
	// HTTP guards where it connects and follows no redirect.
	HTTP *http.Client
	// Blocked reports whether HTTP refused to connect to an address.
	Blocked func(error) bool
	Clock   clock.Clock
	// Attempted hears of each attempt, and of how it failed, if it did; nil for nobody.
	Attempted func(failure string, took time.Duration)
}

const (
	op = "deliver message"
	// endpointTime is how long an endpoint may take to answer. A slow one must not keep the workers from others.
	endpointTime = 10 * time.Second
	// answerLimit and answerTime are how much of an answer is read and kept, and for how long it is read. Its status has said all that counts; the
	// rest is for a person who looks for the fault, and an endpoint that never ends holds up nobody.
	answerLimit = 4096
	answerTime  = time.Second
)

// Work sends the lease's delivery. Whatever is not a 2xx is a failure, which the engine's table decides about; a test is not repeated.
func (s *Sender) Work(ctx context.Context, l record.Lease) error {
	d, err := s.Store.Delivery(ctx, l)
	switch {
	case errors.Is(err, record.ErrNotFound), err == nil && d.State == record.DeliveryDelivered:
		o := record.Served()
		o.Forget = true
		return s.Store.Finish(ctx, l, o)
	case err != nil:
		return err
	case !d.Endpoint.Enabled && d.Message.Type != message.EndpointTested:
		return s.Store.ParkDelivery(ctx, l)
	}
	attempt, err := s.send(ctx, l, d)
	failed, tried := errors.AsType[*record.AttemptError](err)
	s.attempted(attempt, failed, err)
	switch {
	case err == nil:
		return s.Store.EndDelivery(ctx, l, attempt)
	case tried && d.Message.Type == message.EndpointTested:
		return s.Store.EndDelivery(ctx, l, failed.Attempt)
	default:
		return err
	}
}

func (s *Sender) attempted(a record.Attempt, failed *record.AttemptError, err error) {
	if failed != nil {
		a = failed.Attempt
	} else if err != nil {
		return // none was made
	}
	if s.Attempted != nil {
		s.Attempted(string(a.Failure), a.Latency)
	}
}

// send makes one attempt. Its failure is a record.AttemptError, unless no attempt was made or it was given up for a shutdown.
func (s *Sender) send(ctx context.Context, l record.Lease, d record.Delivery) (record.Attempt, error) {
	a := record.Attempt{At: s.Clock.Now()}
	leased, release, err := l.Call(ctx, a.At)
	if err != nil {
		return a, err
	}
	defer release()
	call, cancel := context.WithTimeout(leased, endpointTime)
	defer cancel()
	req, err := s.request(call, d)
	if err != nil {
		return a, fault.New(fault.Invalid, op, err)
	}
	resp, err := s.HTTP.Do(req)
	a.Latency = s.Clock.Now().Sub(a.At)
	if err != nil {
		f := fault.Network(call, op, err)
		if f.Kind == fault.Canceled {
			return a, f
		}
		a.Failure = s.failure(err)
		return a, &record.AttemptError{Attempt: a, Err: f}
	}
	defer resp.Body.Close() //nolint:errcheck // it was read as far as wanted
	defer time.AfterFunc(answerTime, cancel).Stop()
	a.Status = resp.StatusCode
	a.Answer, _ = io.ReadAll(io.LimitReader(resp.Body, answerLimit)) // what has come is enough
	if resp.StatusCode/100 == 2 {
		return a, nil
	}
	a.Failure = record.FailureStatus
	return a, &record.AttemptError{Attempt: a, Err: s.refusal(resp)}
}

func (s *Sender) request(ctx context.Context, d record.Delivery) (*http.Request, error) {
	body, err := json.Marshal(d.Message)
	if err != nil {
		return nil, errors.New("the message cannot be written") // the cause quotes it
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.Endpoint.URL, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the endpoint's URL cannot be used") // the cause quotes it
	}
	now := s.Clock.Now()
	signature, err := signatures(d, now, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "calweave")
	req.Header.Set(standardwebhooks.HeaderWebhookID, string(d.Message.ID))
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	if d.Traceparent != "" {
		req.Header.Set("Traceparent", d.Traceparent)
	}
	return req, nil
}

// signatures signs with each secret that is in force, the newest first and with a blank between, as a receiver that rotates expects them.
func signatures(d record.Delivery, at time.Time, body []byte) (string, error) {
	var all []string
	for _, secret := range []string{d.Endpoint.Secret, d.Endpoint.Previous} {
		if secret == "" {
			continue
		}
		signer, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return "", errors.New("the endpoint's secret cannot be used")
		}
		signature, err := signer.Sign(string(d.Message.ID), at, body)
		if err != nil {
			return "", errors.New("the message cannot be signed")
		}
		all = append(all, signature)
	}
	if len(all) == 0 {
		return "", errors.New("the endpoint has no secret")
	}
	return strings.Join(all, " "), nil
}

// failure tells failed connections apart. Nothing of the error's text is kept.
func (s *Sender) failure(err error) record.Failure {
	if s.Blocked(err) {
		return record.FailureBlocked
	}
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return record.FailureTimeout
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return record.FailureDNS
	}
	if isTLS(err) {
		return record.FailureTLS
	}
	if oe, ok := errors.AsType[*net.OpError](err); ok && oe.Op == "dial" {
		return record.FailureConnect
	}
	return record.FailureExchange
}

// isTLS reports whether a handshake failed: by our judgement of the certificate, by what is no TLS, or by the peer's alert.
func isTLS(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	_, ok := errors.AsType[tls.AlertError](err)
	return ok
}

// refusal is what an answer other than 2xx means. 410 says that the endpoint is gone for good.
func (s *Sender) refusal(resp *http.Response) error {
	f := fault.Newf(fault.Transient, op, "the endpoint answered %d", resp.StatusCode)
	f.Status = resp.StatusCode
	switch resp.StatusCode {
	case http.StatusGone:
		f.Kind = fault.Gone
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		f.RetryAfter = fault.ParseRetryAfter(resp.Header, s.Clock.Now())
	}
	return f
}
