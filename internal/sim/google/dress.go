package google

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// dressed gives answers the form that the client asked for: with line breaks unless prettyPrint is false, and compressed
// (https://developers.google.com/workspace/calendar/api/guides/performance).
func dressed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := &dresser{ResponseWriter: w, pretty: !plainWanted(r), packed: packWanted(r.Header)}
		if !d.pretty && !d.packed {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(d, r)
		d.send()
	})
}

func plainWanted(r *http.Request) bool {
	wanted, err := strconv.ParseBool(r.URL.Query().Get("prettyPrint"))
	return err == nil && !wanted
}

// packWanted reports whether the client takes gzip: it has to say so in Accept-Encoding and in its name
// (https://developers.google.com/workspace/calendar/api/guides/performance#gzip).
func packWanted(h http.Header) bool {
	return strings.Contains(h.Get("Accept-Encoding"), "gzip") && strings.Contains(h.Get("User-Agent"), "gzip")
}

// dresser keeps an answer until it is whole.
type dresser struct {
	http.ResponseWriter

	pretty, packed bool
	status         int
	body           bytes.Buffer
	sent           bool
}

// WriteHeader implements http.ResponseWriter.
func (d *dresser) WriteHeader(status int) { d.status = status }

// Write implements http.ResponseWriter.
func (d *dresser) Write(b []byte) (int, error) { return d.body.Write(b) }

// Flush sends the answer, which is whole by then.
func (d *dresser) Flush() {
	d.send()
	_ = http.NewResponseController(d.ResponseWriter).Flush() // without a flusher the answer is complete in any case
}

func (d *dresser) send() {
	if d.sent {
		return
	}
	d.sent = true
	raw := d.body.Bytes()
	if d.pretty && len(raw) > 0 {
		var out bytes.Buffer
		if json.Indent(&out, raw, "", " ") == nil {
			raw = out.Bytes()
		}
	}
	if d.packed && len(raw) > 0 {
		raw = packed(raw)
		d.Header().Set("Content-Encoding", "gzip")
		d.Header().Add("Vary", "Accept-Encoding")
	}
	if len(raw) > 0 {
		d.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	}
	d.ResponseWriter.WriteHeader(max(d.status, http.StatusOK))
	_, _ = d.ResponseWriter.Write(raw) // a client that has gone needs no answer
}

func packed(raw []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(raw) // a buffer takes everything
	_ = z.Close()
	return out.Bytes()
}
