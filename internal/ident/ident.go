package ident

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/calweave/calweave/internal/clock"
)

// Source makes identifiers and secrets. It is safe for concurrent use.
type Source struct {
	clock clock.Clock
	mu    sync.Mutex
	rand  io.Reader
	// last is the millisecond of the last identifier and count how many it has given out: they keep identifiers in order within it.
	last  int64
	count uint16
}

// New returns a source. Outside tests rand is crypto/rand.Reader.
func New(c clock.Clock, rand io.Reader) *Source { return &Source{clock: c, rand: rand} }

// ID returns prefix, an underscore and a UUIDv7 (RFC 9562, section 6.2, method 1) in hexadecimal. The identifiers of one source sort by the
// order in which they were made, even when the clock stands still or goes back.
func (s *Source) ID(prefix string) string {
	const perMilli = 1 << 12
	b := s.bytes(16)
	s.mu.Lock()
	if ms := s.clock.Now().UnixMilli(); ms > s.last {
		s.last, s.count = ms, 0
	} else if s.count++; s.count == perMilli {
		s.last, s.count = s.last+1, 0
	}
	ms, count := s.last, s.count
	s.mu.Unlock()
	var head [8]byte
	binary.BigEndian.PutUint64(head[:], uint64(max(0, ms)))
	copy(b, head[2:])
	binary.BigEndian.PutUint16(b[6:], count)
	b[6] |= 0x70
	b[8] = b[8]&0x3f | 0x80
	return prefix + "_" + hex.EncodeToString(b)
}

// Secret returns 32 random bytes in unpadded base64url, 43 characters.
func (s *Source) Secret() string { return base64.RawURLEncoding.EncodeToString(s.bytes(32)) }

// Bytes returns n random bytes.
func (s *Source) Bytes(n int) []byte { return s.bytes(n) }

// Jitter returns a random duration in [0, d), or 0 when d is not positive.
func (s *Source) Jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(binary.BigEndian.Uint64(s.bytes(8)) % uint64(d)) //nolint:gosec // below d, which is positive
}

func (s *Source) bytes(n int) []byte {
	b := make([]byte, n)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := io.ReadFull(s.rand, b); err != nil {
		panic(fmt.Sprintf("ident: no randomness: %v", err)) // crypto/rand.Reader never fails; a broken one must not yield weak secrets
	}
	return b
}
