package seal

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// ErrKeyset means that bytes are no usable keyset. Its text says why without repeating any of them.
var ErrKeyset = errors.New("no usable keyset")

// Generate makes a keyset with one new key, as Tink's cleartext JSON. Whoever reads it can open everything sealed with it.
func Generate() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("seal: generate a key: %w", err)
	}
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)); err != nil {
		return nil, fmt.Errorf("seal: write a keyset: %w", err)
	}
	return out.Bytes(), nil
}

// Parse reads a keyset in Tink's cleartext JSON. Its primary key seals; every enabled key opens. An error is always ErrKeyset.
func Parse(raw []byte) (*Sealer, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, fmt.Errorf("seal: %w: not Tink's cleartext JSON with a primary key", ErrKeyset) // err may quote the key
	}
	for i := range handle.Len() {
		if err := checkKey(handle, i); err != nil {
			return nil, err
		}
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("seal: %w: a key is malformed", ErrKeyset)
	}
	return &Sealer{aead: primitive}, nil
}

// checkKey wants the one kind of key that sealed values are made of: AES-256-GCM with the key id in the ciphertext's prefix.
func checkKey(handle *keyset.Handle, i int) error {
	entry, err := handle.Entry(i)
	if err != nil {
		return fmt.Errorf("seal: %w: key number %d cannot be read", ErrKeyset, i+1)
	}
	params, ok := entry.Key().Parameters().(*aesgcm.Parameters)
	if !ok || params.KeySizeInBytes() != 32 || params.Variant() != aesgcm.VariantTink {
		return fmt.Errorf("seal: %w: key %d is not AES256_GCM with the TINK output prefix", ErrKeyset, entry.KeyID())
	}
	return nil
}
