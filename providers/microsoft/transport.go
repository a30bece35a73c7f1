package microsoft

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/calweave/calweave/contracts/fault"
)

// Bounds of an answer's body. The largest honest one is a full page of events with long bodies and many guests.
const (
	maxAnswer  = 64 << 20
	maxRefusal = 1 << 20
)

// chain returns the HTTP client for the SDK: httpc inside a fixed order of steps. From the outside in:
//
//  1. meTransport finishes the URLs that the SDK builds;
//  2. sizedTransport gives request bodies a length, so that they go out neither chunked nor unrepeatable on a connection that was closed idle;
//  3. refusalTransport rewrites every answer that is no success into a short Graph error;
//  4. boundedTransport bounds bodies;
//  5. httpc authorises, guards and sends.
//
// Nothing retries, compresses or follows a redirect.
func chain(httpc *http.Client, user string) *http.Client {
	inner := *httpc
	inner.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: meTransport{sizedTransport{refusalTransport{boundedTransport{&inner}}}, "/" + user}}
}

// meTransport turns /users/me-token-to-replace into the path of the account, /me or that of a user, and %24 in the names of parameters into $.
// Kiota's own handlers for both would undo the escaping of ids that hold a slash, and would rewrite links that have to be followed as they came.
type meTransport struct {
	next http.RoundTripper
	// to is the escaped path.
	to string
}

func (t meTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	const from = "/users/" + meToken
	if strings.Contains(req.URL.Path, from) {
		u := *req.URL
		plain, err := url.PathUnescape(t.to)
		if err != nil {
			return nil, err
		}
		u.Path, u.RawPath = strings.Replace(u.Path, from, plain, 1), strings.Replace(u.EscapedPath(), from, t.to, 1)
		names := strings.Split(u.RawQuery, "&")
		for i, pair := range names {
			if rest, found := strings.CutPrefix(pair, "%24"); found {
				names[i] = "$" + rest
			}
		}
		u.RawQuery = strings.Join(names, "&")
		req = req.Clone(req.Context())
		req.URL = &u
	}
	return t.next.RoundTrip(req)
}

type sizedTransport struct{ next http.RoundTripper }

func (t sizedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return t.next.RoundTrip(req)
	}
	raw, err := io.ReadAll(req.Body) // from memory: the SDK has it whole
	if closeErr := req.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.ContentLength = int64(len(raw))
	req.Body = io.NopCloser(bytes.NewReader(raw))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }
	return t.next.RoundTrip(req)
}

// refusalTransport makes of every answer below 200 or above 299 what the SDK can read: its status, its code, and nothing else. HTML, an
// empty body, {} and an error without a message become an error without a code. A redirect becomes 502. WWW-Authenticate is dropped,
// because the SDK would send the request again on a claims challenge.
type refusalTransport struct{ next http.RoundTripper }

func (t refusalTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := t.next.RoundTrip(req)
	if err != nil || res.StatusCode >= http.StatusOK && res.StatusCode < http.StatusMultipleChoices {
		return res, err
	}
	raw, readErr := io.ReadAll(res.Body)
	if closeErr := res.Body.Close(); readErr != nil || closeErr != nil {
		raw = nil // the status is known, and it decides without a code
	}
	said := refusalOf(raw)
	if res.StatusCode < http.StatusBadRequest {
		said, res.StatusCode = graphError{Code: "redirectRefused"}, http.StatusBadGateway
	}
	said.Message = "refused"
	raw, err = json.Marshal(map[string]graphError{"error": said})
	if err != nil {
		return nil, err
	}
	res.Header = res.Header.Clone()
	res.Header.Del("WWW-Authenticate")
	res.Header.Del("Content-Encoding")
	res.Header.Set("Content-Type", "application/json")
	res.Header.Set("Content-Length", strconv.Itoa(len(raw)))
	res.ContentLength, res.Uncompressed = int64(len(raw)), false
	res.Body = io.NopCloser(bytes.NewReader(raw))
	return res, nil
}

// graphError is the error of Graph's answers (https://learn.microsoft.com/en-us/graph/errors). Existing comes with a transactionId that is
// taken.
type graphError struct {
	Code     string `json:"code"`
	Message  string `json:"message"`
	Existing string `json:"@event.existingEventId,omitempty"`
}

// refusalOf reads each part on its own, so that an odd one does not hide the other.
func refusalOf(raw []byte) graphError {
	var answer struct {
		Error struct {
			Code     json.RawMessage `json:"code"`
			Existing json.RawMessage `json:"@event.existingEventId"`
		} `json:"error"`
	}
	var said graphError
	if json.Unmarshal(raw, &answer) == nil {
		said.Code = code(unquote(answer.Error.Code))
		said.Existing = unquote(answer.Error.Existing)
	}
	return said
}

func unquote(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// boundedTransport sends through a client, so that its own time limit holds too, and bounds the body of the answer.
type boundedTransport struct{ httpc *http.Client }

func (t boundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := t.httpc.Do(req)
	if err != nil {
		return nil, err
	}
	limit := int64(maxAnswer)
	if res.StatusCode >= http.StatusMultipleChoices {
		limit = maxRefusal
	}
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
