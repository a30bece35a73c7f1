package seal

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/calweave/calweave/contracts/cal"
)

// ErrSealed means that a value does not open here: it was moved or altered, or its key is not in the set.
var ErrSealed = errors.New("sealed value does not open: it was moved or altered, or its key is missing")

// Sealer seals and opens values. It is safe for concurrent use.
type Sealer struct{ aead tink.AEAD }

// Seal encrypts plaintext for one column of one row of a tenant. Sealing twice gives two different values.
func (s *Sealer) Seal(tenant cal.TenantID, table, column, row string, plaintext []byte) ([]byte, error) {
	sealed, err := s.aead.Encrypt(plaintext, place(tenant, table, column, row))
	if err != nil {
		return nil, fmt.Errorf("seal: encrypt %s.%s: %w", table, column, err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same place. An error is always ErrSealed; its text names the table and the column only.
func (s *Sealer) Open(tenant cal.TenantID, table, column, row string, sealed []byte) ([]byte, error) {
	plaintext, err := s.aead.Decrypt(sealed, place(tenant, table, column, row))
	if err != nil {
		return nil, fmt.Errorf("seal: open %s.%s: %w", table, column, ErrSealed)
	}
	return plaintext, nil
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
