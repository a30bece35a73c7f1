package tinydriver

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/calweave/calweave/contracts/fault"
)

// call is one request. It is made once: trying again is for the engine, which knows how often and when.
type call struct {
	op     string
	method string
	// path are the segments below the base, as they are before they are escaped.
	path  []string
	query url.Values
	etag  string
	body  any
}

// maxAnswer bounds how much of an answer is read.
const maxAnswer = 16 << 20

// send makes the call and decodes its answer into out; without out, no content is wanted.
func (c *client) send(ctx context.Context, r call, out any) (status int, err error) {
	req, err := c.request(ctx, r)
	if err != nil {
		return 0, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, unanswered(ctx, r.op, err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return 0, unanswered(ctx, r.op, err)
	case len(raw) > maxAnswer:
		return 0, fault.New(fault.Transient, r.op, fault.ErrTooLarge)
	case resp.StatusCode >= http.StatusMultipleChoices:
		return 0, c.refusal(r.op, resp, raw)
	case out == nil && resp.StatusCode != http.StatusNoContent, out != nil && json.Unmarshal(raw, out) != nil:
		return 0, unreadable(r.op)
	}
	return resp.StatusCode, nil
}

func (c *client) request(ctx context.Context, r call) (*http.Request, error) {
	target := []string{c.base}
	for _, segment := range r.path {
		if segment == "" || segment == "." || segment == ".." {
			return nil, fault.Newf(fault.Invalid, r.op, "an id is no id")
		}
		target = append(target, url.PathEscape(segment))
	}
	var body io.Reader
	if r.body != nil {
		raw, err := json.Marshal(r.body)
		if err != nil {
			return nil, fault.Newf(fault.Invalid, r.op, "the content cannot be written as JSON")
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, strings.Join(target, "/")+"?"+r.query.Encode(), body)
	if err != nil {
		return nil, fault.Newf(fault.Invalid, r.op, "no request can be made of it")
	}
	req.Header.Set("Content-Type", "application/json")
	if r.etag != "" {
		req.Header.Set("If-Match", strconv.Quote(r.etag))
	}
	return req, nil
}

// unanswered is a call that ended without a whole answer. The given transport's own failures, such as a token that cannot be had, say what they are.
func unanswered(ctx context.Context, op string, err error) *fault.Error {
	if f, ok := fault.As(err); ok {
		own := *f
		own.Op = op
		return &own
	}
	return fault.Network(ctx, op, err)
}

// unreadable is an answer that makes no sense. A write may have taken effect.
func unreadable(op string) *fault.Error {
	return fault.Newf(fault.Transient, op, "the answer cannot be read")
}

// cursorLost is the one code that says more than its status.
const cursorLost = "cursor_lost"

// said is the code of a refusal; something in between has none. The text beside it is not passed on: it may quote what was sent.
func said(raw []byte) string {
	var refusal struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(raw, &refusal) != nil {
		return ""
	}
	return refusal.Error
}

func (c *client) refusal(op string, resp *http.Response, raw []byte) *fault.Error {
	f := &fault.Error{
		Kind: kindOf(resp.StatusCode), Op: op, Status: resp.StatusCode, RetryAfter: fault.ParseRetryAfter(resp.Header, c.clock.Now()),
	}
	if said(raw) == cursorLost {
		f.Kind, f.Code = fault.CursorLost, cursorLost
	}
	return f
}

func kindOf(status int) fault.Kind {
	kind, known := map[int]fault.Kind{
		http.StatusUnauthorized: fault.Unauthorized, http.StatusForbidden: fault.Forbidden, http.StatusNotFound: fault.NotFound,
		http.StatusGone: fault.Gone, http.StatusPreconditionFailed: fault.Conflict, http.StatusTooManyRequests: fault.RateLimited,
		http.StatusRequestTimeout: fault.Transient,
	}[status]
	switch {
	case known:
		return kind
	case status >= http.StatusBadRequest && status < http.StatusInternalServerError:
		return fault.Invalid
	default:
		return fault.Transient
	}
}
