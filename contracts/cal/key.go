package cal

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// Key makes the creation of one event idempotent at its provider: the same key never yields two events. It is derived, not stored, from
// the tenant, the booking, the calendar, the part of the booking (empty unless a booking is expanded into several events; later the
// original start of an occurrence) and the generation, which rises only when the event of the current one is proven gone.
type Key [sha256.Size]byte

// base32hex is RFC 4648's extended hex alphabet in lower case without padding: the alphabet of Google's client-chosen event ids.
//
//nolint:gochecknoglobals // an immutable encoding, as in encoding/base32 itself
var base32hex = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// NewKey derives the key of one event. Parts are length-prefixed, so that no two inputs share an encoding.
func NewKey(tenant TenantID, booking BookingID, calendar CalendarID, part string, generation int) Key {
	h := sha256.New()
	for _, s := range []string{"calweave event key v1", string(tenant), string(booking), string(calendar), part} {
		writeSized(h, s)
	}
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(generation)) //nolint:gosec // a generation is never negative
	h.Write(n[:])
	return Key(h.Sum(nil))
}

// writeSized adds s and its length to a hash, so that no string can lend a byte to its neighbour.
func writeSized(h hash.Hash, s string) {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(s)))
	h.Write(n[:])
	h.Write([]byte(s))
}

// Base32Hex is the key in 52 characters of a-v and 0-9, the alphabet and length that Google allows for an event id.
func (k Key) Base32Hex() string { return base32hex.EncodeToString(k[:]) }

// UUID is the first 16 bytes of the key as a version 8 (custom) UUID of RFC 9562, for providers that want one.
func (k Key) UUID() string {
	b := k
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b[:16])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// String is the whole key in hexadecimal; it is what an event is stamped with.
func (k Key) String() string { return hex.EncodeToString(k[:]) }
