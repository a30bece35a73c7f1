package seal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/record"
)

// ErrSealed means that a value does not open here: it was moved or altered, or, which ErrKeyMissing tells, its key is not in the set.
var ErrSealed = errors.New("sealed value does not open")

// ErrKeyMissing means that a value names a key that is not in the set. As far as can be told the value is whole: it opens once its key is given.
var ErrKeyMissing = fmt.Errorf("%w: its key is missing", ErrSealed)

// errAltered means that a value does not open though its key is in the set.
var errAltered = fmt.Errorf("%w: it was moved or altered", ErrSealed)

// Sealer seals and opens values. It is safe for concurrent use.
type Sealer struct {
	aead tink.AEAD
	keys []record.SealKeyID // the primary key first
}

// Keys are the keys that open, the one that seals first.
func (s *Sealer) Keys() []record.SealKeyID { return slices.Clone(s.keys) }

// Seal encrypts plaintext for one column of one row of a tenant. Sealing twice gives two different values.
func (s *Sealer) Seal(tenant cal.TenantID, table, column, row string, plaintext []byte) ([]byte, error) {
	sealed, err := s.aead.Encrypt(plaintext, place(tenant, table, column, row))
	if err != nil {
		return nil, fmt.Errorf("seal: encrypt %s.%s: %w", table, column, err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same place. An error is always ErrSealed; its text names the table, the column and the key only. A value whose
// key is missing is no worse for that, and an operator's to mend: that error is ErrKeyMissing and a
// record.MissingKeyError, too, and fault.Misconfigured.
func (s *Sealer) Open(tenant cal.TenantID, table, column, row string, sealed []byte) ([]byte, error) {
	plaintext, err := s.aead.Decrypt(sealed, place(tenant, table, column, row))
	if err == nil {
		return plaintext, nil
	}
	op := fmt.Sprintf("seal: open %s.%s", table, column)
	if id, ok := record.SealedBy(sealed); ok && !slices.Contains(s.keys, id) {
		return nil, fault.New(fault.Misconfigured, op, fmt.Errorf("%w: %w", ErrKeyMissing, &record.MissingKeyError{Key: id}))
	}
	return nil, fmt.Errorf("%s: %w", op, errAltered)
}

// place is what a value is bound to: each part led by its length, so that no part can lend a byte to its neighbour.
func place(tenant cal.TenantID, table, column, row string) []byte {
	var out []byte
	for _, part := range []string{"calweave seal v1", string(tenant), table, row, column} {
		out = binary.BigEndian.AppendUint64(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}
