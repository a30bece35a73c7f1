package google

import (
	"io"
	"net/http"
	"strconv"

	"github.com/calweave/calweave/contracts/fault"
)

// Bounds of an answer's body. The largest honest one is a full page of events with long descriptions and many guests.
const (
	maxAnswer  = 64 << 20
	maxRefusal = 1 << 20
)

// bound returns httpc with bounded answers and without redirects: the API answers where it is asked, and a token goes nowhere else.
func bound(httpc *http.Client) *http.Client {
	c := *httpc
	next := c.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	c.Transport = boundedTransport{next: next}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// statusHeader carries an answer's status to where its error is read: the SDK's error holds the body's word for it if there is one.
const statusHeader = "Calweave-Status"

type boundedTransport struct{ next http.RoundTripper }

// RoundTrip sends the request, bounds the body of its answer and notes its status.
func (t boundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	limit := int64(maxAnswer)
	if res.StatusCode >= http.StatusMultipleChoices {
		limit = maxRefusal
	}
	if res.Header == nil {
		res.Header = http.Header{}
	}
	res.Header.Set(statusHeader, strconv.Itoa(res.StatusCode))
	res.Body = &boundedBody{ReadCloser: res.Body, left: limit}
	return res, nil
}

// boundedBody fails once more than left bytes are read, where io.LimitReader would end as if the answer were whole.
type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, fault.ErrTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n, fault.ErrTooLarge
	}
	return n, err
}
