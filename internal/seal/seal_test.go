package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/seal"
)

const (
	tenant = cal.TenantID("ten_1")
	canary = "canary-refresh-token"
)

// place is where a sealed value belongs.
type place struct {
	tenant             cal.TenantID
	table, column, row string
}

// home is the place that sealCanary seals for.
func home() place { return place{tenant, "grants", "token", "gra_1"} }

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	for name, plaintext := range map[string][]byte{
		"text": []byte(canary), "nothing": nil, "zeroes": make([]byte, 100), "a large base": bytes.Repeat([]byte("x"), 1<<20),
	} {
		sealed, err := s.Seal(tenant, "grants", "token", "gra_1", plaintext)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(sealed) != len(plaintext)+33 {
			t.Errorf("%s: %d bytes became %d, want 33 more", name, len(plaintext), len(sealed))
		}
		got, err := s.Open(tenant, "grants", "token", "gra_1", sealed)
		if err != nil || !bytes.Equal(got, plaintext) {
			t.Errorf("%s: opens as %d bytes, %v", name, len(got), err)
		}
	}
}

func TestSealingTwiceDiffers(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	if a, b := sealCanary(t, s), sealCanary(t, s); bytes.Equal(a, b) {
		t.Error("the same value was made twice: whoever reads the dump sees which secrets are equal")
	}
}

func TestAMovedValueDoesNotOpen(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	sealed := sealCanary(t, s)
	for name, elsewhere := range map[string]place{
		"another tenant":         {"ten_2", "grants", "token", "gra_1"},
		"no tenant":              {"", "grants", "token", "gra_1"},
		"another table":          {tenant, "endpoints", "token", "gra_1"},
		"another column":         {tenant, "grants", "secret", "gra_1"},
		"another row":            {tenant, "grants", "token", "gra_2"},
		"tenant takes a byte":    {"ten_1g", "rants", "token", "gra_1"},
		"table takes a byte":     {tenant, "grantsg", "token", "ra_1"},
		"row takes a byte":       {tenant, "grants", "oken", "gra_1t"},
		"column and row swapped": {tenant, "grants", "gra_1", "token"},
	} {
		checkShut(t, name, s, elsewhere, sealed)
	}
}

func TestAnAlteredValueDoesNotOpen(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	sealed := sealCanary(t, s)
	for n := range sealed {
		checkShut(t, "cut short", s, home(), sealed[:n])
		altered := bytes.Clone(sealed)
		altered[n] ^= 1
		checkShut(t, "a flipped bit", s, home(), altered)
	}
	checkShut(t, "a byte more", s, home(), append(bytes.Clone(sealed), 0))
	checkShut(t, "nothing", s, home(), nil)
	checkShut(t, "another keyset", fresh(t), home(), sealed)
	checkShut(t, "the plain text", s, home(), []byte(canary))
}

func TestRotation(t *testing.T) {
	t.Parallel()
	first, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	old := parse(t, first)
	sealedBefore := sealCanary(t, old)
	both, removed := rotate(t, first)
	rotated, after := parse(t, both), parse(t, removed)

	if got, err := rotated.Open(tenant, "grants", "token", "gra_1", sealedBefore); err != nil || string(got) != canary {
		t.Errorf("with the old key still in the set: %q, %v", got, err)
	}
	sealedAfter := sealCanary(t, rotated)
	if bytes.Equal(sealedBefore[:5], sealedAfter[:5]) {
		t.Error("the new primary does not seal")
	}
	if got, err := after.Open(tenant, "grants", "token", "gra_1", sealedAfter); err != nil || string(got) != canary {
		t.Errorf("after the old key was removed: %q, %v", got, err)
	}
	checkShut(t, "the old value without its key", after, home(), sealedBefore)
	checkShut(t, "the new value under the old set", old, home(), sealedAfter)
}

// The value in testdata was sealed once and must open for ever.
func TestFormatIsStable(t *testing.T) {
	t.Parallel()
	s := parse(t, read(t, "keyset.json"))
	sealed, err := hex.DecodeString(strings.TrimSpace(string(read(t, "sealed.hex"))))
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Open("ten_golden", "grants", "refresh_token", "gra_golden", sealed)
	if err != nil || string(got) != "a token sealed long ago" {
		t.Errorf("the golden value opens as %q, %v", got, err)
	}
	var keys struct {
		Primary uint32 `json:"primaryKeyId"`
	}
	if err := json.Unmarshal(read(t, "keyset.json"), &keys); err != nil {
		t.Fatal(err)
	}
	if sealed[0] != 1 || binary.BigEndian.Uint32(sealed[1:]) != keys.Primary {
		t.Errorf("the value begins with %x, want 01 and key id %08x", sealed[:5], keys.Primary)
	}
}

func TestGenerateMakesNewKeys(t *testing.T) {
	t.Parallel()
	a, errA := seal.Generate()
	b, errB := seal.Generate()
	if errA != nil || errB != nil || bytes.Equal(a, b) || !json.Valid(a) {
		t.Errorf("two keysets: %t alike, %v, %v", bytes.Equal(a, b), errA, errB)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	good, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	var keys struct {
		Key []struct {
			KeyData struct {
				Value string `json:"value"`
			} `json:"keyData"`
		} `json:"key"`
	}
	if err := json.Unmarshal(good, &keys); err != nil {
		t.Fatal(err)
	}
	secret := keys.Key[0].KeyData.Value
	edit := func(old, replacement string) []byte {
		if !bytes.Contains(good, []byte(old)) {
			t.Fatalf("no %q in a keyset", old)
		}
		return bytes.ReplaceAll(good, []byte(old), []byte(replacement))
	}
	for name, raw := range map[string][]byte{
		"nothing":            nil,
		"not JSON":           []byte(secret),
		"another JSON value": []byte(`{"keys":"` + secret + `"}`),
		"no keys":            []byte(`{"primaryKeyId":1,"key":[]}`),
		"no primary":         edit(`"primaryKeyId":`, `"primaryKeyId":1`),
		"a key cut short":    edit(secret, base64.StdEncoding.EncodeToString([]byte("\x1a\x10sixteen bytes!!!"))),
		"a key that is none": edit(secret, secret[:8]),
		"an unknown type":    edit("AesGcmKey", "Unknown"),
		"a disabled primary": edit(`"ENABLED"`, `"DISABLED"`),
		"no key id prefix":   edit(`"TINK"`, `"RAW"`),
		"another algorithm":  written(t, aead.ChaCha20Poly1305KeyTemplate()),
		"a shorter key":      written(t, aead.AES128GCMKeyTemplate()),
	} {
		_, err := seal.Parse(raw)
		if !errors.Is(err, seal.ErrKeyset) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), secret[:8]) {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	s, err := seal.Parse(read(f, "keyset.json"))
	if err != nil {
		f.Fatal(err)
	}
	golden, err := hex.DecodeString(strings.TrimSpace(string(read(f, "sealed.hex"))))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("ten_golden", "grants", "refresh_token", "gra_golden", golden)
	f.Add("", "", "", "", []byte{1})
	f.Fuzz(func(t *testing.T, ten, table, column, row string, sealed []byte) {
		plaintext, err := s.Open(cal.TenantID(ten), table, column, row, sealed)
		isGolden := ten == "ten_golden" && table == "grants" && column == "refresh_token" && row == "gra_golden" && bytes.Equal(sealed, golden)
		if (err == nil) != isGolden {
			t.Fatalf("opened %t, golden %t: %q", err == nil, isGolden, plaintext)
		}
		if err != nil && (!errors.Is(err, seal.ErrSealed) || plaintext != nil) {
			t.Fatalf("%q, %v", plaintext, err)
		}
	})
}

func fresh(t *testing.T) *seal.Sealer {
	t.Helper()
	raw, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, raw)
}

func parse(t *testing.T, raw []byte) *seal.Sealer {
	t.Helper()
	s, err := seal.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sealCanary(t *testing.T, s *seal.Sealer) []byte {
	t.Helper()
	sealed, err := s.Seal(tenant, "grants", "token", "gra_1", []byte(canary))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte(canary)) {
		t.Fatal("the plain text is in the sealed value")
	}
	return sealed
}

func checkShut(t *testing.T, name string, s *seal.Sealer, at place, sealed []byte) {
	t.Helper()
	got, err := s.Open(at.tenant, at.table, at.column, at.row, sealed)
	if !errors.Is(err, seal.ErrSealed) || got != nil {
		t.Errorf("%s: opens as %q, %v", name, got, err)
		return
	}
	if text := err.Error(); strings.Contains(text, canary) || strings.Contains(text, string(tenant)) {
		t.Errorf("%s: the error says too much: %s", name, text)
	}
}

// rotate adds a primary key to a keyset, and returns it with the old key and without.
func rotate(t *testing.T, raw []byte) (both, removed []byte) {
	t.Helper()
	old := parse(t, raw).Keys()[0]
	both, added, err := seal.AddKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	if keys := parse(t, both).Keys(); !slices.Equal(keys, []record.SealKeyID{old, added}) {
		t.Fatalf("keys %v after %v was added to %v", keys, added, old)
	}
	if both, err = seal.Promote(both, added); err != nil {
		t.Fatal(err)
	}
	if keys := parse(t, both).Keys(); !slices.Equal(keys, []record.SealKeyID{added, old}) {
		t.Fatalf("keys %v after %v was promoted", keys, added)
	}
	if removed, err = seal.RemoveKey(both, old); err != nil {
		t.Fatal(err)
	}
	if keys := parse(t, removed).Keys(); !slices.Equal(keys, []record.SealKeyID{added}) {
		t.Fatalf("keys %v after %v was removed", keys, old)
	}
	return both, removed
}

func written(t *testing.T, template *tinkpb.KeyTemplate) []byte {
	t.Helper()
	handle, err := keyset.NewHandle(template)
	if err != nil {
		t.Fatal(err)
	}
	return cleartext(t, handle)
}

func cleartext(t *testing.T, handle *keyset.Handle) []byte {
	t.Helper()
	raw, err := protojson.Marshal(insecurecleartextkeyset.KeysetMaterial(handle))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func read(tb testing.TB, name string) []byte {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// A missing key is the operator's to mend; anything else that does not open is not.
func TestAMissingKeyIsToldFromAnAlteredValue(t *testing.T) {
	t.Parallel()
	s, other := fresh(t), fresh(t)
	sealed := sealCanary(t, s)
	_, err := other.Open(tenant, "grants", "token", "gra_1", sealed)
	if missing, ok := errors.AsType[*record.MissingKeyError](err); !ok || missing.Key != s.Keys()[0] {
		t.Errorf("%v, want the error to tell the key", err)
	}
	if !errors.Is(err, seal.ErrKeyMissing) || !fault.Is(err, fault.Misconfigured) || !strings.Contains(err.Error(), s.Keys()[0].String()) {
		t.Errorf("with another keyset: %v", err)
	}
	sealed[len(sealed)-1] ^= 1
	_, err = s.Open(tenant, "grants", "token", "gra_1", sealed)
	if errors.Is(err, seal.ErrKeyMissing) || fault.Is(err, fault.Misconfigured) {
		t.Errorf("altered: %v", err)
	}
}

func TestSealedBy(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	sealed, want := sealCanary(t, s), s.Keys()[0]
	for _, of := range [][]byte{sealed, sealed[:record.SealPrefixLength], want.Prefix()} {
		if id, ok := record.SealedBy(of); !ok || id != want {
			t.Errorf("%x: key %s, %t, want %s", of, id, ok, want)
		}
	}
	for _, of := range [][]byte{nil, sealed[:record.SealPrefixLength-1], []byte(canary)} {
		if id, ok := record.SealedBy(of); ok {
			t.Errorf("%x: key %s", of, id)
		}
	}
}

func TestAKeysetIsNotChangedIntoAWorseOne(t *testing.T) {
	t.Parallel()
	raw, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	own := parse(t, raw).Keys()[0]
	for name, change := range map[string]func() ([]byte, error){
		"the primary is removed": func() ([]byte, error) { return seal.RemoveKey(raw, own) },
		"a stranger is removed":  func() ([]byte, error) { return seal.RemoveKey(raw, own+1) },
		"a stranger is promoted": func() ([]byte, error) { return seal.Promote(raw, own+1) },
		"no keyset":              func() ([]byte, error) { out, _, err := seal.AddKey([]byte(canary)); return out, err },
	} {
		if out, err := change(); err == nil || out != nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %s, %v", name, out, err)
		}
	}
}
