package google

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/calweave/calweave/internal/sim/stage"
)

// maxBatch is how many calls a batch can have (https://developers.google.com/workspace/calendar/api/guides/batch).
const maxBatch = 1000

// part is one call of a batch.
type part struct {
	// id is the Content-ID, which stands in the answer too.
	id      string
	request *http.Request
}

// batch serves https://developers.google.com/workspace/calendar/api/guides/batch. Each call goes the way of a request of its own, past faults
// and quotas, in the order in which it stands; Google promises none. Not documented: how a batch is refused as a whole.
func (s *Server) batch(w http.ResponseWriter, r *http.Request) {
	parts, err := parseBatch(r)
	if err != nil {
		writeError(w, err)
		return
	}
	to := io.Writer(w)
	if packWanted(r.Header) {
		z := gzip.NewWriter(w)
		defer func() { _ = z.Close() }() // a client that has gone needs no answer
		to = z
		w.Header().Set("Content-Encoding", "gzip")
	}
	out := multipart.NewWriter(to)
	if err := out.SetBoundary("batch_" + s.world.IDs.Hex(24)); err != nil {
		writeError(w, err)
		return
	}
	w.Header().Set("Content-Type", "multipart/mixed; boundary="+out.Boundary())
	w.WriteHeader(http.StatusOK)
	for _, p := range parts { // one after the other, so that no more than one answer is kept
		if s.answerPart(out, p) != nil {
			return // the client has gone
		}
	}
	_ = out.Close()
}

func badBatch(message string) *apiError { return failed(http.StatusBadRequest, "badRequest", message) }

func parseBatch(r *http.Request) ([]part, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" || params["boundary"] == "" {
		return nil, badBatch("Failed to parse batch request: the content type is not multipart/mixed.")
	}
	in := multipart.NewReader(r.Body, params["boundary"])
	var all []part
	for {
		raw, err := in.NextRawPart()
		if errors.Is(err, io.EOF) && len(all) > 0 {
			return all, nil
		}
		if err != nil {
			return nil, badBatch("Failed to parse batch request.")
		}
		if len(all) == maxBatch {
			return nil, badBatch(fmt.Sprintf("The batch request has more than %d calls.", maxBatch))
		}
		one, err := parsePart(r, raw.Header, raw)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
}

// parsePart reads the call in a part. Its URL is to be a path; Google's client for Java sends the whole.
func parsePart(outer *http.Request, h textproto.MIMEHeader, raw io.Reader) (part, error) {
	if kind, _, err := mime.ParseMediaType(h.Get("Content-Type")); err != nil || kind != "application/http" {
		return part{}, badBatch("Failed to parse batch request: a part is not application/http.")
	}
	in := bufio.NewReader(raw)
	line, err := in.ReadString('\n')
	method, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	target, _, _ := strings.Cut(rest, " ")
	to, broken := url.Parse(target)
	if (err != nil && !errors.Is(err, io.EOF)) || broken != nil || method == "" || !strings.HasPrefix(to.Path, "/") {
		return part{}, badBatch("Failed to parse batch request: a part has no request line.")
	}
	header, err := textproto.NewReader(in).ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) { // a part without a body may end with its headers
		return part{}, badBatch("Failed to parse batch request: a part has headers that cannot be read.")
	}
	body, err := io.ReadAll(in) // the gate has bounded the whole
	if err != nil {
		return part{}, badBatch("Failed to parse batch request.")
	}
	to.Scheme, to.Host, to.User = "", "", nil
	to.RawQuery = strings.Trim(outer.URL.RawQuery+"&"+to.RawQuery, "&")
	inner := outer.Clone(outer.Context())
	inner.Method, inner.URL, inner.RequestURI = method, to, to.RequestURI()
	inner.Header = inherited(outer.Header, http.Header(header))
	inner.Body, inner.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return part{id: h.Get("Content-Id"), request: inner}, nil
}

// inherited are the headers of a part: those of the batch but Content-* ones, and its own, which count for more. A part is compressed with the
// whole or not at all.
func inherited(outer, own http.Header) http.Header {
	h := maps.Clone(outer)
	maps.DeleteFunc(h, func(name string, _ []string) bool { return strings.HasPrefix(name, "Content-") })
	maps.Copy(h, own)
	for _, name := range []string{"Accept-Encoding", "Content-Length", "Transfer-Encoding"} {
		h.Del(name)
	}
	return h
}

// answerPart writes the answer to one call.
func (s *Server) answerPart(out *multipart.Writer, p part) error {
	kept, aborted := stage.NewKept(), false
	if strings.HasPrefix(p.request.URL.Path, apiPath) {
		kept, aborted = stage.Keep(s.Handler(), p.request)
	} else {
		notFound().write(kept) // a batch is of one API and holds no batch
	}
	if aborted { // a connection that a fault closes is a failure of the part
		usual(http.StatusServiceUnavailable).write(kept)
	}
	h := textproto.MIMEHeader{"Content-Type": {"application/http"}}
	if id, bracketed := strings.CutPrefix(p.id, "<"); bracketed {
		h.Set("Content-Id", "<response-"+id)
	} else if p.id != "" {
		h.Set("Content-Id", "response-"+p.id)
	}
	to, err := out.CreatePart(h)
	if err != nil {
		return err
	}
	return writePart(to, kept)
}

// writePart writes the answer as it would have been sent.
func writePart(w io.Writer, kept *stage.Kept) error {
	h := kept.Header()
	h.Set("Content-Length", strconv.Itoa(len(kept.Body())))
	var head strings.Builder
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", kept.Status(), http.StatusText(kept.Status()))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		fmt.Fprintf(&head, "%s: %s\r\n", name, h.Get(name))
	}
	if _, err := io.WriteString(w, head.String()+"\r\n"); err != nil {
		return err
	}
	_, err := w.Write(kept.Body())
	return err
}
