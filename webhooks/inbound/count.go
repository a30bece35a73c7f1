package inbound

import (
	"errors"
	"net/http"
)

// What becomes of a notice, or of a push that has none.
const (
	// verdictAccepted is committed.
	verdictAccepted = "accepted"
	// verdictStray belongs to no open channel.
	verdictStray = "stray"
	// verdictFailed could not be committed, verdictRefused found too many before it: both are answered 503.
	verdictFailed  = "failed"
	verdictRefused = "refused"
	// verdictHandshake asked whether we are there, verdictMalformed cannot be read.
	verdictHandshake = "handshake"
	verdictMalformed = "malformed"
)

// Verdicts returns everything that is counted.
func Verdicts() []string {
	return []string{verdictAccepted, verdictStray, verdictFailed, verdictRefused, verdictHandshake, verdictMalformed}
}

func (h *Receiver) count(verdict string, n int) {
	if h.Counted != nil && n > 0 {
		h.Counted(h.Provider, verdict, n)
	}
}

// countAll counts the notices of one push. If one could not be committed, the whole push comes again: it counts as not committed.
func (h *Receiver) countAll(n int, verdicts []Verdict, err error) {
	strays := 0
	for _, v := range verdicts {
		if v.Stray {
			strays++
		}
	}
	rest := verdictAccepted
	switch {
	case errors.Is(err, ErrFull):
		rest = verdictRefused
	case err != nil:
		rest = verdictFailed
	}
	h.count(verdictStray, strays)
	h.count(rest, n-strays)
}

// malformed answers a push that cannot be read.
func (h *Receiver) malformed(w http.ResponseWriter, r *http.Request, status int, detail string) {
	h.count(verdictMalformed, 1)
	problem(r.Context(), w, status, detail)
}
