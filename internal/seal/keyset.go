package seal

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/calweave/calweave/internal/record"
)

// ErrKeyset means that bytes are no usable keyset. Its text says why without repeating any of them.
var ErrKeyset = errors.New("no usable keyset")

// Generate makes a keyset with one new key, as Tink's cleartext JSON. Whoever reads it can open everything sealed with it.
func Generate() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("seal: generate a key: %w", err)
	}
	return cleartext(handle)
}

func cleartext(handle *keyset.Handle) ([]byte, error) {
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)); err != nil {
		return nil, fmt.Errorf("seal: write a keyset: %w", err)
	}
	return out.Bytes(), nil
}

// AddKey returns a keyset with one new key, which opens and does not seal yet: every process has to know it before any seals with it.
func AddKey(raw []byte) ([]byte, record.SealKeyID, error) {
	var id uint32
	changed, err := change(raw, func(m *keyset.Manager) (err error) {
		id, err = m.Add(aead.AES256GCMKeyTemplate())
		return err
	})
	return changed, record.SealKeyID(id), err
}

// Promote returns a keyset in which another of its keys is the primary.
func Promote(raw []byte, id record.SealKeyID) ([]byte, error) {
	return change(raw, func(m *keyset.Manager) error { return m.SetPrimary(uint32(id)) })
}

// RemoveKey returns a keyset without one of its keys. What that key has sealed does not open any more. The primary key cannot be removed.
func RemoveKey(raw []byte, id record.SealKeyID) ([]byte, error) {
	return change(raw, func(m *keyset.Manager) error { return m.Delete(uint32(id)) })
}

// change makes another keyset of one. Tink's words about it name keys by their ids only.
func change(raw []byte, how func(*keyset.Manager) error) ([]byte, error) {
	handle, err := parse(raw)
	if err != nil {
		return nil, err
	}
	m := keyset.NewManagerFromHandle(handle)
	if err := how(m); err != nil {
		return nil, fmt.Errorf("seal: change a keyset: %w", err)
	}
	if handle, err = m.Handle(); err != nil {
		return nil, fmt.Errorf("seal: change a keyset: %w", err)
	}
	return cleartext(handle)
}

// Parse reads a keyset in Tink's cleartext JSON. Its primary key seals; every enabled key opens. An error is always ErrKeyset.
func Parse(raw []byte) (*Sealer, error) {
	handle, err := parse(raw)
	if err != nil {
		return nil, err
	}
	keys, err := enabled(handle)
	if err != nil {
		return nil, err
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("seal: %w: a key is malformed", ErrKeyset)
	}
	return &Sealer{aead: primitive, keys: keys}, nil
}

func parse(raw []byte) (*keyset.Handle, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, fmt.Errorf("seal: %w: not Tink's cleartext JSON with a primary key", ErrKeyset) // err may quote the key
	}
	for i := range handle.Len() {
		if err := checkKey(handle, i); err != nil {
			return nil, err
		}
	}
	return handle, nil
}

// enabled are the keys that open, the primary first.
func enabled(handle *keyset.Handle) ([]record.SealKeyID, error) {
	primary, err := handle.Primary()
	if err != nil {
		return nil, fmt.Errorf("seal: %w: there is no primary key", ErrKeyset)
	}
	keys := []record.SealKeyID{record.SealKeyID(primary.KeyID())}
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, fmt.Errorf("seal: %w: key number %d cannot be read", ErrKeyset, i+1)
		}
		if !entry.IsPrimary() && entry.KeyStatus() == keyset.Enabled {
			keys = append(keys, record.SealKeyID(entry.KeyID()))
		}
	}
	return keys, nil
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
