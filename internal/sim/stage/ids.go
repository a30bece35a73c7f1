package stage

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync/atomic"
)

// IDs makes identifiers that look random and are the same for the same seed and order of calls.
type IDs struct {
	seed uint64
	n    atomic.Uint64
}

// NewIDs returns a source of identifiers.
func NewIDs(seed uint64) *IDs { return &IDs{seed: seed} }

// bytes returns 32 bytes that no other call returns.
func (g *IDs) bytes() [sha256.Size]byte {
	var in [16]byte
	binary.BigEndian.PutUint64(in[:8], g.seed)
	binary.BigEndian.PutUint64(in[8:], g.n.Add(1))
	return sha256.Sum256(in[:])
}

// Number returns a number below n.
func (g *IDs) Number(n uint64) uint64 {
	b := g.bytes()
	return binary.BigEndian.Uint64(b[:8]) % n
}

// Hex returns n hexadecimal digits, at most 64.
func (g *IDs) Hex(n int) string {
	b := g.bytes()
	return hex.EncodeToString(b[:])[:n]
}

// Base32 returns n digits of RFC 4648's extended hex alphabet in lower case, at most 51.
func (g *IDs) Base32(n int) string {
	b := g.bytes()
	return strings.ToLower(base32.HexEncoding.EncodeToString(b[:]))[:n]
}

// Base64 returns n bytes, at most 32, in the standard alphabet with padding, so that "/", "+" and "=" occur.
func (g *IDs) Base64(n int) string {
	b := g.bytes()
	return base64.StdEncoding.EncodeToString(b[:n])
}

// UUID returns a version 4 UUID.
func (g *IDs) UUID() string {
	b := g.bytes()
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b[:16])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
