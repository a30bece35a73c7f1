package record

import (
	"encoding/binary"
	"strconv"
	"time"
)

// SealKeyID names a key that values are sealed with. It is random, and no secret: it stands in clear in each value that the key has sealed.
type SealKeyID uint32

// String gives the decimal number that Tink's JSON shows.
func (id SealKeyID) String() string { return strconv.FormatUint(uint64(id), 10) }

// SealPrefixLength is how many bytes of a sealed value say which key opens it: 0x01 and the key's id, big-endian
// (https://developers.google.com/tink/wire-format#tink_output_prefix).
const SealPrefixLength = 5

const sealPrefixMark = 1

// Prefix is what every value that the key has sealed begins with.
func (id SealKeyID) Prefix() []byte {
	return binary.BigEndian.AppendUint32([]byte{sealPrefixMark}, uint32(id))
}

// SealedBy reads which key has sealed a value, of which it needs the prefix only. It reports false for what is no sealed value.
func SealedBy(sealed []byte) (SealKeyID, bool) {
	if len(sealed) < SealPrefixLength || sealed[0] != sealPrefixMark {
		return 0, false
	}
	return SealKeyID(binary.BigEndian.Uint32(sealed[1:])), true
}

// MissingKeyError is a value whose key is not in the keyset.
type MissingKeyError struct{ Key SealKeyID }

// Error names the key.
func (e *MissingKeyError) Error() string {
	return "it was sealed with key " + e.Key.String() + ", which CALWEAVE_SEAL_KEYS lacks"
}

// SealKey is a key that values of this installation were sealed with.
type SealKey struct {
	ID          SealKeyID
	FirstUsedAt time.Time
	// RetiredAt is zero unless an operator has retired the key, which only happens when it seals no value any more.
	RetiredAt time.Time
}

// SealCount is how many values of one column a key has sealed.
type SealCount struct {
	Table, Column string
	// Key is zero for values that are not in the form of sealed ones.
	Key    SealKeyID
	Values int64
}

// Rotation is how far one tenant's values were sealed anew.
type Rotation struct {
	// Key is what they are sealed with. It is zero if nobody has asked for a rotation.
	Key SealKeyID
	// Place is the table.column that is looked at, empty before the first.
	Place string
	// Resealed counts the values that were sealed anew since the rotation began, Unopened those that the last whole pass found altered, or moved.
	Resealed, Unopened int64
	// Missing counts the values that the last whole pass could not open for want of their key, and MissingKey is the key of one of them. They open once
	// it is given, and so the rotation does not finish without it.
	Missing    int64
	MissingKey SealKeyID
	StartedAt  time.Time
	// FinishedAt is zero until a whole pass has found nothing left to do.
	FinishedAt time.Time
}

// Finished reports whether a whole pass has found every value sealed with the rotation's key.
func (r Rotation) Finished() bool { return !r.FinishedAt.IsZero() }
