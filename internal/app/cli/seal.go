package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/seal"
)

type sealCommand struct {
	Generate sealGenerate `cmd:"" help:"Print a new value for CALWEAVE_SEAL_KEYS, with one new key."`
	Add      sealAdd      `cmd:"" help:"Print CALWEAVE_SEAL_KEYS with one new key more, which opens and does not seal yet."`
	Promote  sealPromote  `cmd:"" help:"Print CALWEAVE_SEAL_KEYS with another of its keys as the one that seals."`
	Rotate   sealRotate   `cmd:"" help:"Have everything sealed anew with the key that seals. The workers do it in the background."`
	Status   sealStatus   `cmd:"" help:"Say which key seals how much, how far a rotation is, and which key may go. Nothing is opened."`
	Retire   sealRetire   `cmd:"" help:"Let a key that seals nothing any more be missing from then on."`
	Remove   sealRemove   `cmd:"" help:"Print CALWEAVE_SEAL_KEYS without a key that was retired."`
}

type sealGenerate struct{}

// Run prints a keyset.
func (sealGenerate) Run(e *env) error {
	keys, err := seal.Generate()
	if err != nil {
		return err
	}
	return e.printf("%s\n", strings.TrimSpace(string(keys)))
}

// keyset changes the keyset that is configured, and prints what it has become.
func (e *env) keyset(change func(raw []byte) ([]byte, error)) error {
	c, err := e.load(config.ForAdmin, nil)
	if err != nil {
		return err
	}
	raw, err := app.Keyset(e.ctx, c)
	if err != nil {
		return err
	}
	if raw, err = change(raw); err != nil {
		return err
	}
	return e.printf("%s\n", strings.TrimSpace(string(raw)))
}

type sealAdd struct{}

// Run prints the keyset with a key more, and tells its id where it is not taken for a part of the keyset.
func (sealAdd) Run(e *env) error {
	return e.keyset(func(raw []byte) ([]byte, error) {
		out, id, err := seal.AddKey(raw)
		if err != nil {
			return nil, err
		}
		_, err = fmt.Fprintf(e.err, "calweave: the new key is %s\n", id)
		return out, err
	})
}

type sealPromote struct {
	Key record.SealKeyID `arg:"" help:"The key's id, as status lists it."`
}

// Run prints the keyset with another primary key.
func (p sealPromote) Run(e *env) error {
	return e.keyset(func(raw []byte) ([]byte, error) { return seal.Promote(raw, p.Key) })
}

type sealRemove struct {
	Key record.SealKeyID `arg:"" help:"The key's id, as status lists it."`
}

// Run prints the keyset without a key, once that is known to be retired.
func (r sealRemove) Run(e *env) error {
	return e.app(func(a *app.App) error {
		keys, err := a.Store.SealKeys(e.ctx)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if k.ID == r.Key && k.RetiredAt.IsZero() {
				return fmt.Errorf("key %s is in use: calweave seal retire %s lets it go first, once it seals nothing", r.Key, r.Key)
			}
		}
		return e.keyset(func(raw []byte) ([]byte, error) { return seal.RemoveKey(raw, r.Key) })
	})
}

type sealRotate struct{}

// Run asks for a rotation.
func (sealRotate) Run(e *env) error {
	return e.app(func(a *app.App) error {
		n, err := a.RotateSeals(e.ctx)
		if err != nil {
			return fmt.Errorf("after %d tenants: %w", n, err)
		}
		return e.printf("%d tenants: the workers seal their values anew; calweave seal status says how far they are\n", n)
	})
}

type sealStatus struct{}

// Run prints what is sealed by which key.
func (sealStatus) Run(e *env) error {
	return e.app(func(a *app.App) error {
		s, err := a.SealStatus(e.ctx)
		if err != nil {
			return err
		}
		err = e.table("TABLE\tCOLUMN\tKEY\tVALUES", func(w io.Writer) {
			for _, c := range s.Counts {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\n", c.Table, c.Column, keyName(c.Key), c.Values) // Flush tells
			}
		})
		if err != nil {
			return err
		}
		if err := e.printf("\n"); err != nil {
			return err
		}
		err = e.table("KEY\tVALUES\tFIRST USED\tSTATE", func(w io.Writer) {
			for i, k := range s.Keys {
				first := "-"
				if !k.FirstUsedAt.IsZero() {
					first = k.FirstUsedAt.Format(time.RFC3339)
				}
				_, _ = fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", keyName(k.ID), k.Values, first, stateOf(i, k)) // Flush tells
			}
		})
		if err != nil {
			return err
		}
		return e.printf("\n%s\n", progress(s))
	})
}

// keyName is a key's id, or what stands for none.
func keyName(id record.SealKeyID) string {
	if id == 0 {
		return "(none)"
	}
	return id.String()
}

// stateOf says what may be done about a key. The first one seals.
func stateOf(place int, k app.SealKeyStatus) string {
	switch {
	case place == 0:
		return "seals"
	case k.ID == 0:
		return "values that are not in the form of sealed ones: they do not open"
	case !k.RetiredAt.IsZero():
		return stateOfRetired(k)
	case k.Values > 0 && !k.Given:
		return "missing in CALWEAVE_SEAL_KEYS: give it back"
	case k.Values > 0:
		return "opens; needed until calweave seal rotate is done"
	case k.FirstUsedAt.IsZero():
		return "opens; has sealed nothing yet"
	default:
		return "opens; may go once no process seals with it: calweave seal retire " + k.ID.String()
	}
}

// stateOfRetired says what is left to do about a key that may be missing.
func stateOfRetired(k app.SealKeyStatus) string {
	switch {
	case k.Values > 0 && !k.Given:
		return "retired, and yet needed: some process has sealed with it since; give it back, and rotate again"
	case k.Values > 0:
		return "retired, and yet needed: some process has sealed with it since; keep it, and rotate again"
	case k.Given:
		return "retired: calweave seal remove " + k.ID.String()
	default:
		return "retired"
	}
}

// progress says how far rotations are.
func progress(s app.SealStatus) string {
	if len(s.Rotations) == 0 {
		return "No rotation was asked for."
	}
	done, resealed, unopened, missing, missingKey := 0, int64(0), int64(0), int64(0), record.SealKeyID(0)
	var under []string
	const most = 10
	for _, r := range s.Rotations {
		resealed, unopened = resealed+r.Resealed, unopened+r.Unopened
		if r.Missing > 0 {
			missing, missingKey = missing+r.Missing, r.MissingKey
		}
		if r.Finished() {
			done++
		} else if len(under) < most {
			under = append(under, fmt.Sprintf("\n  %s: to key %s, since %s, %d values so far", r.Tenant, r.Key, r.StartedAt.Format(time.RFC3339), r.Resealed))
		}
	}
	text := fmt.Sprintf("Rotation: %d of %d tenants are done, %d values were sealed anew, %d did not open", done, s.Tenants, resealed, unopened)
	if missing > 0 {
		text += fmt.Sprintf(", %d lack their key: give key %s back in CALWEAVE_SEAL_KEYS", missing, missingKey)
	}
	return text + "." + strings.Join(under, "")
}

type sealRetire struct {
	Key record.SealKeyID `arg:"" help:"The key's id, as status lists it."`
}

// Run retires a key.
func (r sealRetire) Run(e *env) error {
	return e.app(func(a *app.App) error { return retire(e.ctx, e, a, r.Key) })
}

func retire(ctx context.Context, e *env, a *app.App, id record.SealKeyID) error {
	left, err := a.RetireSealKey(ctx, id)
	switch {
	case errors.Is(err, record.ErrTaken):
		return fmt.Errorf("key %s seals: calweave seal promote makes another one do so", id)
	case errors.Is(err, record.ErrNotFound):
		return fmt.Errorf("key %s has sealed nothing yet: calweave seal status lists the keys", id)
	case err != nil:
		return err
	case left > 0:
		return fmt.Errorf("key %s still seals %d values: calweave seal rotate replaces them", id, left)
	}
	return e.printf("retired: calweave starts without key %s from now on; calweave seal remove %s prints CALWEAVE_SEAL_KEYS without it\n", id, id)
}
