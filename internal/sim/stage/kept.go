package stage

import (
	"bytes"
	"maps"
	"net/http"
	"strconv"
)

// Kept is an answer that is not sent, or not yet: that of a part of a batch, or one that a fault does harm to. It implements
// http.ResponseWriter.
type Kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// NewKept returns an empty answer, which is 200 until something else is written.
func NewKept() *Kept { return &Kept{header: http.Header{}, status: http.StatusOK} }

// Keep serves a request and keeps its answer. aborted says that the connection would have ended without one.
func Keep(h http.Handler, r *http.Request) (k *Kept, aborted bool) {
	k = NewKept()
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			k, aborted = NewKept(), true
		default:
			panic(v)
		}
	}()
	h.ServeHTTP(k, r)
	return k, false
}

// Header implements http.ResponseWriter.
func (k *Kept) Header() http.Header { return k.header }

// WriteHeader implements http.ResponseWriter.
func (k *Kept) WriteHeader(status int) { k.status = status }

// Write implements http.ResponseWriter.
func (k *Kept) Write(b []byte) (int, error) { return k.body.Write(b) }

// Status is the answer's.
func (k *Kept) Status() int { return k.status }

// Body is what was written. It is not to be changed.
func (k *Kept) Body() []byte { return k.body.Bytes() }

func (k *Kept) copyTo(w http.ResponseWriter) {
	maps.Copy(w.Header(), k.header)
	w.WriteHeader(k.status)
	_, _ = w.Write(k.Body()) // a client that has gone needs no answer
}

// truncateTo announces the whole answer and writes half of its body. An answer without a body is lost.
func (k *Kept) truncateTo(w http.ResponseWriter) {
	if k.body.Len() == 0 {
		return
	}
	maps.Copy(w.Header(), k.header)
	w.Header().Set("Content-Length", strconv.Itoa(k.body.Len()))
	w.WriteHeader(k.status)
	_, _ = w.Write(k.Body()[:k.body.Len()/2]) // a client that has gone needs no answer
	_ = http.NewResponseController(w).Flush() // what is not out yet would be lost with the connection
}
