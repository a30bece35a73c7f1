// Package ident makes identifiers and secrets from an injected clock and an injected source of randomness.
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
}

// New returns a source. Outside tests rand is crypto/rand.Reader.
func New(c clock.Clock, rand io.Reader) *Source { return &Source{clock: c, rand: rand} }

// ID returns prefix, an underscore and a UUIDv7 (RFC 9562) in hexadecimal: identifiers of one prefix sort by the millisecond they were made in.
func (s *Source) ID(prefix string) string {
	b := s.bytes(16)
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(0, s.clock.Now().UnixMilli()))) //nolint:gosec // not negative
	copy(b, ms[2:])
	b[6] = b[6]&0x0f | 0x70
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
