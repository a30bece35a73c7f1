package outbound

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// Store is what the sender needs of the store.
type Store interface {
	Delivery(ctx context.Context, l record.Lease) (record.Delivery, error)
	Delivered(ctx context.Context, l record.Lease, status int) error
}

// Sender delivers messages.
type Sender struct {
	Store Store
	// HTTP guards where it connects and follows no redirect.
	HTTP  *http.Client
	Clock clock.Clock
}

const (
	op = "deliver message"
	// endpointTime is how long an endpoint may take to answer. A slow one must not keep the workers from others.
	endpointTime = 10 * time.Second
	// answerLimit and answerTime are how much of an answer is read, and for how long, so that its connection can be used again. What it says is
	// not needed, and an endpoint that never ends holds up nobody.
	answerLimit = 4096
	answerTime  = time.Second
)

// Work sends the lease's delivery. Whatever is not a 2xx is a failure, which the engine's table decides about.
func (s *Sender) Work(ctx context.Context, l record.Lease) error {
	d, err := s.Store.Delivery(ctx, l)
	if err != nil {
		return err
	}
	if d.State == record.DeliveryDelivered {
		return s.Store.Delivered(ctx, l, http.StatusOK)
	}
	if !d.Endpoint.Enabled {
		return fault.Newf(fault.Invalid, op, "the endpoint is disabled")
	}
	leased, release, err := l.Call(ctx, s.Clock.Now())
	if err != nil {
		return err
	}
	defer release()
	call, cancel := context.WithTimeout(leased, endpointTime)
	defer cancel()
	req, err := s.request(call, d)
	if err != nil {
		return fault.New(fault.Invalid, op, err)
	}
	resp, err := s.HTTP.Do(req)
	if err != nil {
		return fault.Network(call, op, err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read as far as wanted
	defer time.AfterFunc(answerTime, cancel).Stop()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, answerLimit)) // its status has said all
	if resp.StatusCode/100 == 2 {
		return s.Store.Delivered(ctx, l, resp.StatusCode)
	}
	return s.refusal(resp)
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
	signer, err := standardwebhooks.NewWebhook(d.Endpoint.Secret)
	if err != nil {
		return nil, errors.New("the endpoint's secret cannot be used")
	}
	signature, err := signer.Sign(string(d.Message.ID), now, body)
	if err != nil {
		return nil, errors.New("the message cannot be signed")
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
