package stage

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
)

// maxBody is the most that a request may hold, before and after decompression; Microsoft's limit for one REST call
// (https://learn.microsoft.com/graph/outlook-large-attachments).
const maxBody = 4 << 20

var (
	errTooLarge = errors.New("the request body is too large")
	errEncoding = errors.New("the request body's encoding is not known")
)

// readBody reads the whole body, decompresses it if it says so, and leaves r with the plain bytes.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	src := io.Reader(r.Body)
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(io.LimitReader(r.Body, maxBody+1))
		if err != nil {
			return nil, err
		}
		src = z
	default:
		return nil, errEncoding
	}
	body, err := io.ReadAll(io.LimitReader(src, maxBody+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxBody {
		return nil, errTooLarge
	}
	r.Header.Del("Content-Encoding")
	r.ContentLength = int64(len(body))
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

// bodyStatus is the status of a body that could not be read.
func bodyStatus(err error) int {
	switch {
	case errors.Is(err, errTooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, errEncoding):
		return http.StatusUnsupportedMediaType
	default:
		return http.StatusBadRequest
	}
}
