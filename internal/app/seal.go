package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/seal"
)

const (
	// resealParts is how many short transactions one claim of a rotation makes before it lets other work go first.
	resealParts = 32
	// betweenPasses is how long a rotation waits before it looks at everything again.
	betweenPasses = 10 * time.Second
)

// Keyset reads the keys that values are sealed with as the configuration gives them: in clear, or wrapped for a program that opens them.
func Keyset(ctx context.Context, c *config.Config) ([]byte, error) {
	raw := []byte(c.SealKeys.Reveal())
	kms := kmsOf(c)
	if kms == nil {
		return raw, nil
	}
	raw, err := kms.Unwrap(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("CALWEAVE_SEAL_KMS_COMMAND: %w", err)
	}
	return raw, nil
}

// kmsOf is the KMS that a configuration names, if any. One that needs no program gets its line here.
func kmsOf(c *config.Config) seal.KMS {
	if c.SealKMSCommand == "" {
		return nil
	}
	return seal.NewCommand(c.SealKMSCommand, foreign(os.Environ()))
}

// foreign are the variables of an environment that are not calweave's own: a program that unwraps keys needs none of its passwords.
func foreign(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(v string) bool { return strings.HasPrefix(v, "CALWEAVE_") })
}

// Sealer seals and opens values with the configuration's keys.
func Sealer(ctx context.Context, c *config.Config) (*seal.Sealer, error) {
	raw, err := Keyset(ctx, c)
	if err != nil {
		return nil, err
	}
	s, err := seal.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("CALWEAVE_SEAL_KEYS: %w", err)
	}
	return s, nil
}

// reseal goes on with the rotation of a tenant's values.
func (a *App) reseal(ctx context.Context, l record.Lease) error {
	again := record.Served()
	again.Again = true
	for range resealParts {
		var r record.Rotation
		var err error
		if l, r, err = a.Store.Reseal(ctx, l, a.Config.Lease); err != nil {
			return err
		}
		if r.Key == 0 || r.Finished() {
			a.resealed(ctx, r)
			return a.Store.Finish(ctx, l, record.Served())
		}
		if r.Place == "" && r.Missing > 0 {
			return lacking(r)
		}
		if r.Place == "" {
			again.NotBefore = a.clock.Now().Add(betweenPasses)
			break
		}
	}
	return a.Store.Finish(ctx, l, again)
}

// lacking is a pass that left values as they are for want of their key. Everything else was sealed anew; another pass looks again, in case the key was
// given.
func lacking(r record.Rotation) error {
	return fault.Newf(fault.Misconfigured, "seal anew", "%d values wait for key %s: give it back in CALWEAVE_SEAL_KEYS", r.Missing, r.MissingKey)
}

// resealed tells of a rotation that has finished.
func (a *App) resealed(ctx context.Context, r record.Rotation) {
	level := slog.LevelInfo
	if r.Unopened > 0 {
		level = slog.LevelError
	}
	a.log.LogAttrs(ctx, level, "all values were sealed anew", slog.String("key_id", r.Key.String()), slog.Int64("values", r.Resealed), slog.Int64("unopened", r.Unopened))
}

// RotateSeals asks for the values of all tenants to be sealed with the key that this process seals with, and returns how many tenants there are.
func (a *App) RotateSeals(ctx context.Context) (int, error) {
	tenants, err := a.Store.Tenants(ctx)
	if err != nil {
		return 0, err
	}
	for i, tenant := range tenants {
		if err := a.Store.StartRotation(ctx, tenant, record.ActorOperator); err != nil {
			return i, fmt.Errorf("tenant %s: %w", tenant, err)
		}
	}
	return len(tenants), nil
}

// SealStatus is which keys seal what.
type SealStatus struct {
	// Counts are the values of all tenants by table, column and key.
	Counts []record.SealCount
	// Keys are all keys that there were or are, those of this process's keyset first and the one that it seals with before all.
	Keys []SealKeyStatus
	// Rotations are the rotations that were asked for, by tenant.
	Rotations []TenantRotation
	// Tenants is how many tenants were asked to rotate, or have something that another key has sealed. One that was made since has neither.
	Tenants int
}

// SealKeyStatus is what is known of one key.
type SealKeyStatus struct {
	record.SealKey
	Values int64
	// Given reports whether the key is in this process's keyset.
	Given bool
}

// TenantRotation is the rotation of one tenant.
type TenantRotation struct {
	Tenant cal.TenantID
	record.Rotation
}

// SealStatus counts all values by key without opening any, and says how far rotations have come.
func (a *App) SealStatus(ctx context.Context) (SealStatus, error) {
	var out SealStatus
	tenants, err := a.Store.Tenants(ctx)
	if err != nil {
		return out, err
	}
	for _, tenant := range tenants {
		counts, err := a.Store.SealCounts(ctx, tenant)
		if err != nil {
			return out, err
		}
		out.add(counts)
		r, err := a.Store.Rotation(ctx, tenant)
		if err != nil {
			return out, err
		}
		if r.Key != 0 {
			out.Rotations = append(out.Rotations, TenantRotation{tenant, r})
		}
		if r.Key != 0 || slices.ContainsFunc(counts, a.sealedElsewise) {
			out.Tenants++
		}
	}
	known, err := a.Store.SealKeys(ctx)
	out.keys(a.sealer.Keys(), known)
	return out, err
}

// sealedElsewise reports whether values are sealed with another key than this process seals with.
func (a *App) sealedElsewise(c record.SealCount) bool {
	return c.Values > 0 && c.Key != a.sealer.Keys()[0]
}

func (s *SealStatus) add(counts []record.SealCount) {
	for _, c := range counts {
		at := slices.IndexFunc(s.Counts, func(have record.SealCount) bool {
			return have.Table == c.Table && have.Column == c.Column && have.Key == c.Key
		})
		if at < 0 {
			s.Counts = append(s.Counts, c)
			continue
		}
		s.Counts[at].Values += c.Values
	}
	slices.SortFunc(s.Counts, func(a, b record.SealCount) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Key, b.Key))
	})
}

// keys gathers the keys of the keyset, those that are known, and those that values name though nobody knows them.
func (s *SealStatus) keys(given []record.SealKeyID, known []record.SealKey) {
	index := func(id record.SealKeyID) int {
		at := slices.IndexFunc(s.Keys, func(k SealKeyStatus) bool { return k.ID == id })
		if at < 0 {
			s.Keys = append(s.Keys, SealKeyStatus{SealKey: record.SealKey{ID: id}})
			at = len(s.Keys) - 1
		}
		return at
	}
	for _, id := range given {
		s.Keys[index(id)].Given = true
	}
	for _, k := range known {
		s.Keys[index(k.ID)].SealKey = k
	}
	for _, c := range s.Counts {
		s.Keys[index(c.Key)].Values += c.Values
	}
}

// RetireSealKey lets a key be missing from then on, unless it still seals values: then it changes nothing and returns how many. It fails as the
// store's does.
func (a *App) RetireSealKey(ctx context.Context, id record.SealKeyID) (left int64, err error) {
	if id == a.sealer.Keys()[0] {
		return 0, record.ErrTaken
	}
	if left, err = a.Store.SealedWith(ctx, id); err != nil || left > 0 {
		return left, err
	}
	return 0, a.Store.RetireSealKey(ctx, id, record.ActorOperator)
}
