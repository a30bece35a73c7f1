package task

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strconv"

	"github.com/calweave/calweave/contracts/cal"
)

// The public task: its Asynq type, the queue it belongs in, and the schema version that this package writes.
const (
	TypeSubmitBooking = "booking:submit"
	QueueIntake       = "intake"
	SchemaVersion     = 1
)

// Readable reports whether this build reads payloads of a schema version: its own, the one before and the one after.
func Readable(schema int) bool {
	return schema >= max(1, SchemaVersion-1) && schema <= SchemaVersion+1
}

// The headers of a SubmitBooking task. The signature covers the other two, the task's type and the payload byte for byte.
const (
	HeaderSchema    = "calweave-schema"
	HeaderKey       = "calweave-key"
	HeaderSignature = "calweave-signature"
)

// SubmitBooking is the payload of TypeSubmitBooking: exactly one of a booking and a cancellation. Submitting the same version again is a
// no-op, so a core resubmits until it reads booking.accepted or booking.rejected.
type SubmitBooking struct {
	BookingID cal.BookingID `json:"booking_id"`
	Booking   *cal.Booking  `json:"booking,omitempty"`
	Cancel    *Cancellation `json:"cancellation,omitempty"`
	// IfRevision is the revision that the decision was made on. It overrules a person's change that was reported, as If-Match does over HTTP.
	IfRevision *int64 `json:"if_revision,omitempty"`
}

// Cancellation removes a booking. Its version counts like any other: it is higher than the one that it cancels.
type Cancellation struct {
	Version int64 `json:"version"`
}

// ErrSignature means that a task's signature does not match its key, type, schema and payload.
var ErrSignature = errors.New("signature does not match: sign type, schema, key id and the exact payload with the tenant's signing key")

const signaturePrefix = "v1,"

// Sign returns the value of HeaderSignature.
func Sign(secret []byte, schema int, keyID string, payload []byte) string {
	return signaturePrefix + base64.StdEncoding.EncodeToString(mac(secret, schema, keyID, payload))
}

// Verify checks the value of HeaderSignature in constant time. Without a secret nothing matches.
func Verify(secret []byte, schema int, keyID string, payload []byte, signature string) error {
	want := Sign(secret, schema, keyID, payload)
	if len(secret) == 0 || !hmac.Equal([]byte(want), []byte(signature)) {
		return ErrSignature
	}
	return nil
}

// mac is HMAC-SHA256 over the length-prefixed type, schema version, key id and payload, so that no part can lend a byte to its neighbour.
func mac(secret []byte, schema int, keyID string, payload []byte) []byte {
	h := hmac.New(sha256.New, secret)
	for _, part := range [][]byte{[]byte(TypeSubmitBooking), []byte(strconv.Itoa(schema)), []byte(keyID), payload} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write(part)
	}
	return h.Sum(nil)
}
