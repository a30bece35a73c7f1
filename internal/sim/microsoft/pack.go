package microsoft

import (
	"compress/gzip"
	"net/http"
	"strings"
	"sync"
)

// packFrom is the least size of an answer that is worth to be compressed.
const packFrom = 1024

// packed compresses answers for clients that accept it, as Graph does. Handlers write their whole answer at once.
func packed(next http.Handler) http.Handler {
	pool := &sync.Pool{New: func() any { return gzip.NewWriter(nil) }}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			next.ServeHTTP(w, r)
			return
		}
		p := &packer{ResponseWriter: w, pool: pool}
		next.ServeHTTP(p, r)
		p.close()
	})
}

// packer decides with the first bytes whether to compress.
type packer struct {
	http.ResponseWriter

	pool    *sync.Pool
	status  int
	started bool
}

func (p *packer) WriteHeader(status int) { p.status = status }

func (p *packer) Write(b []byte) (int, error) {
	if p.started || len(b) < packFrom {
		p.start()
		return p.ResponseWriter.Write(b)
	}
	h := p.Header()
	h.Set("Content-Encoding", "gzip")
	h.Set("Vary", "Accept-Encoding")
	p.start()
	z, ok := p.pool.Get().(*gzip.Writer)
	if !ok {
		return 0, gzip.ErrHeader // unreachable: the pool holds nothing else
	}
	defer p.pool.Put(z)
	z.Reset(p.ResponseWriter)
	if _, err := z.Write(b); err != nil {
		return 0, err
	}
	return len(b), z.Close()
}

func (p *packer) start() {
	if !p.started {
		p.started = true
		p.ResponseWriter.WriteHeader(max(p.status, http.StatusOK))
	}
}

// close sends the status of an answer without a body.
func (p *packer) close() {
	if p.status != 0 {
		p.start()
	}
}
