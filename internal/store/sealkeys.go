package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// installation stands for the tenant in rows that are no tenant's. No tenant is called so: their ids begin with ten_.
const installation cal.TenantID = "installation"

// proofText is what each key seals to prove itself.
const proofText = "calweave"

// admitKeys refuses a keyset that lacks a key which values are sealed with, and notes the key that this process seals with. It runs before anything
// else is read or written.
func (s *Store) admitKeys(ctx context.Context) error {
	known, err := s.examineKeyset(ctx)
	if err != nil || known {
		return err
	}
	return s.update(ctx, installation, "note a seal key", func(ctx context.Context, t *tx) error { return t.noteSealKey(ctx) })
}

// examineKeyset compares the keyset with the keys in use, and reports whether the one that seals is among them.
func (s *Store) examineKeyset(ctx context.Context) (known bool, err error) {
	err = s.view(ctx, installation, "read seal keys", func(ctx context.Context, t *tx) error {
		rows, err := t.KnownSealKeys(ctx, db.KnownSealKeysParams{TenantID: t.tenant})
		if err != nil {
			return err
		}
		known = slices.ContainsFunc(rows, func(r db.SealKey) bool { return keyOf(r) == s.sealingKey() })
		return unready(t.examineKeys(rows))
	})
	if u, ok := errors.AsType[*UnreadyError](err); ok {
		return false, u
	}
	return known, err
}

// unready is an error only if there is one: a pointer to none is not.
func unready(u *UnreadyError) error {
	if u == nil {
		return nil
	}
	return u
}

// sealingKey is the key that this process seals with.
func (s *Store) sealingKey() record.SealKeyID { return s.seal.Keys()[0] }

func keyOf(row db.SealKey) record.SealKeyID { return record.SealKeyID(row.SealKey) } //nolint:gosec // it was one when it was stored

// examineKeys compares the keyset with the keys that values are sealed with.
func (t *tx) examineKeys(rows []db.SealKey) *UnreadyError {
	var missing []string
	for _, row := range rows {
		id := keyOf(row)
		switch {
		case row.RetiredAt > 0 && id == t.sealingKey():
			return &UnreadyError{
				What: fmt.Sprintf("CALWEAVE_SEAL_KEYS seals with key %s, which was retired", id),
				Mend: "make the key that the other processes seal with the primary one (calweave seal promote)",
			}
		case row.RetiredAt > 0:
		case !slices.Contains(t.seal.Keys(), id):
			missing = append(missing, id.String())
		case !t.proves(id, row.Proof):
			return &UnreadyError{
				What: fmt.Sprintf("key %s of CALWEAVE_SEAL_KEYS is not the one that this database's values are sealed with, though it has its id", id),
				Mend: "give the keyset that calweave was run with before; nothing was changed",
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &UnreadyError{
		What: "the database holds values sealed with key " + strings.Join(missing, " and ") + ", which CALWEAVE_SEAL_KEYS lacks",
		Mend: "give the keyset that has it, beside newer keys; nothing was changed. A key that seals nothing any more is let go by calweave seal retire",
	}
}

// proves reports whether the key of that id is the one that has sealed the proof.
func (t *tx) proves(id record.SealKeyID, proof []byte) bool {
	text, err := t.seal.Open(t.tenantID(), "seal_keys", "proof", id.String(), proof)
	return err == nil && string(text) == proofText
}

func (t *tx) noteSealKey(ctx context.Context) error {
	id := t.sealingKey()
	proof, err := t.sealText("seal_keys", "proof", id.String(), proofText)
	if err != nil {
		return err
	}
	n, err := t.InsertSealKey(ctx, db.InsertSealKeyParams{TenantID: t.tenant, SealKey: int64(id), Proof: proof, Now: t.now})
	if err != nil || n == 0 {
		return err // another process was first
	}
	return t.note(ctx, record.Note{Actor: record.ActorEngine, Action: "seal_key.used", Subject: id.String()})
}

// SealKeys lists the keys that values were sealed with, the oldest first, those that are retired too.
func (s *Store) SealKeys(ctx context.Context) ([]record.SealKey, error) {
	var out []record.SealKey
	err := s.view(ctx, installation, "list seal keys", func(ctx context.Context, t *tx) error {
		out = nil
		rows, err := t.KnownSealKeys(ctx, db.KnownSealKeysParams{TenantID: t.tenant})
		for _, row := range rows {
			out = append(out, record.SealKey{ID: keyOf(row), FirstUsedAt: instant(row.FirstUsedAt), RetiredAt: instant(row.RetiredAt)})
		}
		return err
	})
	return out, err
}

// SealedWith counts the values of all tenants that a key has sealed.
func (s *Store) SealedWith(ctx context.Context, id record.SealKeyID) (values int64, err error) {
	tenants, err := s.Tenants(ctx)
	if err != nil {
		return 0, err
	}
	for _, tenant := range tenants {
		counts, err := s.SealCounts(ctx, tenant)
		if err != nil {
			return 0, err
		}
		for _, c := range counts {
			if c.Key == id {
				values += c.Values
			}
		}
	}
	return values, nil
}

// RetireSealKey lets calweave start without a key from then on, and never seal with it again. Whoever calls it has found with SealedWith that the key
// seals nothing. It fails with record.ErrNotFound when no value was ever sealed with the key, and with record.ErrTaken when this process seals with it;
// to retire a key twice changes nothing.
//
// A process that seals with the key at that time is not stopped by this. What it seals is not lost: it opens where the key is given.
func (s *Store) RetireSealKey(ctx context.Context, id record.SealKeyID, actor string) error {
	if id == s.sealingKey() {
		return record.ErrTaken
	}
	return s.update(ctx, installation, "retire a seal key", func(ctx context.Context, t *tx) error {
		n, err := t.EndSealKey(ctx, db.EndSealKeyParams{TenantID: t.tenant, SealKey: int64(id), Now: t.now})
		if err != nil {
			return err
		}
		if n == 0 {
			return t.retired(ctx, id)
		}
		return t.note(ctx, record.Note{Actor: actor, Action: "seal_key.retired", Subject: id.String()})
	})
}

// retired fails unless the key was retired before.
func (t *tx) retired(ctx context.Context, id record.SealKeyID) error {
	rows, err := t.KnownSealKeys(ctx, db.KnownSealKeysParams{TenantID: t.tenant})
	if err != nil || slices.ContainsFunc(rows, func(r db.SealKey) bool { return keyOf(r) == id }) {
		return err
	}
	return record.ErrNotFound
}
