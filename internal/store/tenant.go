package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store/db"
)

// entry is a kind of row in the directory.
type entry string

const (
	entryAPIKey     entry = "api_key"
	entrySigningKey entry = "signing_key"
	entryChannel    entry = "channel"
	entryConnect    entry = "connect"
	entryState      entry = "state"
	// entryAccount is the one kind that several subjects may share: the connections of one account.
	entryAccount entry = "account"
)

// Purpose says what a key is for.
type Purpose string

// The purposes: a key that calls the HTTP API, and a key that signs tasks.
const (
	PurposeAPI     Purpose = "api"
	PurposeSigning Purpose = "signing"
)

// hashOf is what the directory knows a credential or identifier by.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// CreateTenant makes a tenant and the schedules that serve it.
func (s *Store) CreateTenant(ctx context.Context, name, actor string) (cal.TenantID, error) {
	id := cal.TenantID(s.ids.ID("ten"))
	err := s.update(ctx, id, "create tenant", func(ctx context.Context, t *tx) error {
		if err := t.InsertTenant(ctx, db.InsertTenantParams{TenantID: t.tenant, Name: name, CreatedAt: t.now}); err != nil {
			return err
		}
		t.mark(record.Mark{Kind: task.TenantPrune, Subject: string(id), Lane: task.Bulk})
		return t.note(ctx, record.Note{Actor: actor, Action: "tenant.created", Subject: string(id)})
	})
	return id, err
}

// Tenant returns a tenant's name, or record.ErrNotFound.
func (s *Store) Tenant(ctx context.Context, id cal.TenantID) (string, error) {
	var name string
	err := s.view(ctx, id, "read tenant", func(ctx context.Context, t *tx) error {
		row, err := t.TenantByID(ctx, db.TenantByIDParams{TenantID: t.tenant})
		name = row.Name
		return found(err)
	})
	return name, err
}

// Key is a credential of a tenant.
type Key struct {
	ID      string
	Tenant  cal.TenantID
	Purpose Purpose
	// Scopes are what an API key may do; a signing key has none.
	Scopes record.Scopes
	// Secret is known of signing keys only.
	Secret string
}

// ListedKey is a key as it is shown to an operator.
type ListedKey struct {
	Key

	CreatedAt time.Time
	// RevokedAt is zero while the key is in force.
	RevokedAt time.Time
}

// CreateKey makes a key and returns its secret, which for an API key is never shown again. The secret of an API key is the bearer token
// itself; that of a signing key goes with the key's id. The scopes are the API key's for as long as it lives.
func (s *Store) CreateKey(ctx context.Context, tenant cal.TenantID, p Purpose, scopes record.Scopes, actor string) (Key, error) {
	k := Key{ID: s.ids.ID("key"), Tenant: tenant, Purpose: p, Scopes: scopes}
	err := s.update(ctx, tenant, "create key", func(ctx context.Context, t *tx) error {
		if _, err := t.TenantByID(ctx, db.TenantByIDParams{TenantID: t.tenant}); err != nil {
			return found(err)
		}
		sealed, err := t.makeSecret(ctx, &k)
		if err != nil {
			return err
		}
		err = t.InsertKey(ctx, db.InsertKeyParams{
			TenantID: t.tenant, KeyID: k.ID, Purpose: string(p), Scopes: string(scopes), Secret: sealed, CreatedAt: t.now,
		})
		if err != nil {
			return err
		}
		return t.note(ctx, record.Note{Actor: actor, Action: "key.created", Subject: k.ID, Detail: map[string]any{"purpose": p, "scopes": scopes}})
	})
	return k, err
}

// makeSecret gives a key its secret and lets it be found, and returns what of the secret is kept.
func (t *tx) makeSecret(ctx context.Context, k *Key) ([]byte, error) {
	if k.Purpose != PurposeSigning {
		k.Secret = "cwk_" + t.ids.Secret()
		return []byte{}, t.register(ctx, entryAPIKey, k.Secret, k.ID)
	}
	k.Secret = "cws_" + t.ids.Secret()
	if err := t.register(ctx, entrySigningKey, k.ID, k.ID); err != nil {
		return nil, err
	}
	return t.sealText("keys", "secret", k.ID, k.Secret)
}

// Keys returns all keys of a tenant without their secrets, the oldest first, those that are revoked too.
func (s *Store) Keys(ctx context.Context, tenant cal.TenantID) ([]ListedKey, error) {
	var out []ListedKey
	err := s.view(ctx, tenant, "list keys", func(ctx context.Context, t *tx) error {
		out = nil
		rows, err := t.ListKeys(ctx, db.ListKeysParams{TenantID: t.tenant})
		for _, row := range rows {
			k := Key{ID: row.KeyID, Tenant: tenant, Purpose: Purpose(row.Purpose), Scopes: record.Scopes(row.Scopes)}
			out = append(out, ListedKey{Key: k, CreatedAt: instant(row.CreatedAt), RevokedAt: instant(row.RevokedAt)})
		}
		return err
	})
	return out, err
}

// RevokeKey ends a key at once. It fails with record.ErrNotFound when the tenant has no such key in force.
func (s *Store) RevokeKey(ctx context.Context, tenant cal.TenantID, id, actor string) error {
	return s.update(ctx, tenant, "revoke key", func(ctx context.Context, t *tx) error {
		err := changed(t.Queries.RevokeKey(ctx, db.RevokeKeyParams{TenantID: t.tenant, KeyID: id, RevokedAt: t.now}))
		if errors.Is(err, record.ErrStale) {
			return record.ErrNotFound
		}
		if err != nil {
			return err
		}
		// No process finds it from now on, whatever it remembers.
		for _, kind := range []entry{entryAPIKey, entrySigningKey} {
			if err := t.ForgetSubject(ctx, db.ForgetSubjectParams{TenantID: t.tenant, Kind: string(kind), Subject: id}); err != nil {
				return err
			}
		}
		return t.note(ctx, record.Note{Actor: actor, Action: "key.revoked", Subject: id})
	})
}

// APIKey returns the tenant, id and scopes of the API key in force whose bearer token is given, or record.ErrNotFound.
func (s *Store) APIKey(ctx context.Context, token string) (Key, error) {
	return s.key(ctx, entryAPIKey, token, PurposeAPI)
}

// SigningKey returns a signing key in force with its secret, or record.ErrNotFound.
func (s *Store) SigningKey(ctx context.Context, id string) (Key, error) {
	return s.key(ctx, entrySigningKey, id, PurposeSigning)
}

func (s *Store) key(ctx context.Context, kind entry, lookup string, p Purpose) (Key, error) {
	tenant, id, err := s.lookUp(ctx, kind, lookup)
	if err != nil {
		return Key{}, err
	}
	if k, ok := s.keys.find(id); ok && k.Purpose == p {
		return k, nil
	}
	k := Key{ID: id, Tenant: tenant, Purpose: p}
	err = s.view(ctx, tenant, "read key", func(ctx context.Context, t *tx) error {
		row, err := t.KeyByID(ctx, db.KeyByIDParams{TenantID: t.tenant, KeyID: id})
		if err != nil {
			return found(err)
		}
		if row.RevokedAt != 0 || row.Purpose != string(p) {
			return record.ErrNotFound
		}
		k.Scopes = record.Scopes(row.Scopes)
		k.Secret, err = t.openText("keys", "secret", id, row.Secret)
		return err
	})
	if err == nil && p == PurposeAPI { // the secret of the others is not kept in clear for longer than it is needed
		s.keys.add(k)
	}
	return k, err
}

// register lets lookUp find a subject of this tenant by a credential or identifier.
func (t *tx) register(ctx context.Context, kind entry, lookup, subject string) error {
	return t.InsertDirectory(ctx, db.InsertDirectoryParams{Kind: string(kind), Hash: hashOf(lookup), TenantID: t.tenant, Subject: subject})
}

// lookUp finds whose a credential or identifier is, before any tenant is known. Nobody's yields record.ErrNotFound.
func (s *Store) lookUp(ctx context.Context, kind entry, lookup string) (cal.TenantID, string, error) {
	bounded, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	rows, err := db.New(s.read).DirectoryEntries(bounded, db.DirectoryEntriesParams{Kind: string(kind), Hash: hashOf(lookup)})
	if err != nil {
		return "", "", infrastructure(ctx, "look up "+string(kind), err)
	}
	if len(rows) == 0 {
		return "", "", record.ErrNotFound
	}
	return cal.TenantID(rows[0].TenantID), rows[0].Subject, nil
}

// The times that rows are kept for once nothing needs them any more.
const (
	keepNotifications = 7 * 24 * time.Hour
	keepDelivered     = 30 * 24 * time.Hour
	keepTombstones    = 30 * 24 * time.Hour
	keepLinkWrites    = 90 * 24 * time.Hour
	keepPenalties     = time.Hour
	keepFlows         = 24 * time.Hour
	keepPending       = 30 * 24 * time.Hour
	keepRejections    = 90 * 24 * time.Hour
	keepChannels      = 7 * 24 * time.Hour
	keepGuards        = 90 * 24 * time.Hour
)

// Prune deletes what has outlived its retention and says how many rows that were.
func (s *Store) Prune(ctx context.Context, l record.Lease, o record.Outcome) (int64, error) {
	var total int64
	err := s.updateMany(ctx, l.Tenant, "prune", func(ctx context.Context, t *tx) error {
		total = 0
		steps := []func(before int64) (int64, error){
			func(b int64) (int64, error) {
				return t.PruneNotifications(ctx, db.PruneNotificationsParams{TenantID: t.tenant, Before: b - keepNotifications.Microseconds()})
			},
			func(b int64) (int64, error) {
				return t.PruneDeliveries(ctx, db.PruneDeliveriesParams{TenantID: t.tenant, Before: b - keepDelivered.Microseconds()})
			},
			func(b int64) (int64, error) {
				return t.PruneEvents(ctx, db.PruneEventsParams{TenantID: t.tenant, Before: b - keepTombstones.Microseconds()})
			},
			func(b int64) (int64, error) {
				return t.PruneLinkWrites(ctx, db.PruneLinkWritesParams{TenantID: t.tenant, Before: b - keepLinkWrites.Microseconds()})
			},
			func(b int64) (int64, error) {
				return t.PrunePenalties(ctx, db.PrunePenaltiesParams{TenantID: t.tenant, Before: b - keepPenalties.Microseconds()})
			},
			func(b int64) (int64, error) { return t.pruneFlows(ctx, b-keepFlows.Microseconds()) },
			func(b int64) (int64, error) {
				return t.PruneConnections(ctx, db.PruneConnectionsParams{TenantID: t.tenant, Before: b - keepPending.Microseconds()})
			},
			func(b int64) (int64, error) {
				return t.PruneRejections(ctx, db.PruneRejectionsParams{TenantID: t.tenant, Before: b - keepRejections.Microseconds()})
			},
			func(b int64) (int64, error) {
				return t.PruneRequests(ctx, db.PruneRequestsParams{TenantID: t.tenant, Before: b - keepRequests.Microseconds()})
			},
			func(b int64) (int64, error) { return t.pruneGuards(ctx, b-keepGuards.Microseconds()) },
			func(b int64) (int64, error) { return t.pruneChannels(ctx, b-keepChannels.Microseconds()) },
		}
		for _, step := range steps {
			n, err := step(t.now)
			if err != nil {
				return err
			}
			total += n
		}
		if total > 0 {
			err := t.note(ctx, record.Note{Actor: record.ActorEngine, Action: "tenant.pruned", Subject: t.tenant, Detail: map[string]any{"rows": total}})
			if err != nil {
				return err
			}
		}
		return t.finish(ctx, l, o)
	})
	return total, err
}

// pruneFlows forgets flows that nobody can finish any more, and how to find them.
func (t *tx) pruneFlows(ctx context.Context, before int64) (int64, error) {
	ids, err := t.EndedFlows(ctx, db.EndedFlowsParams{TenantID: t.tenant, Before: before})
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		for _, kind := range []entry{entryConnect, entryState} {
			if err := t.ForgetSubject(ctx, db.ForgetSubjectParams{TenantID: t.tenant, Kind: string(kind), Subject: id}); err != nil {
				return 0, err
			}
		}
	}
	return t.PruneFlows(ctx, db.PruneFlowsParams{TenantID: t.tenant, Before: before})
}

// pruneChannels forgets closed channels and, with them, how to find their tenant: from then on a push of theirs is a stranger's.
func (t *tx) pruneChannels(ctx context.Context, before int64) (int64, error) {
	ids, err := t.ClosedChannels(ctx, db.ClosedChannelsParams{TenantID: t.tenant, Before: before})
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		err := t.DeleteDirectory(ctx, db.DeleteDirectoryParams{Kind: string(entryChannel), Hash: hashOf(id), TenantID: t.tenant})
		if err != nil {
			return 0, err
		}
	}
	return t.PruneChannels(ctx, db.PruneChannelsParams{TenantID: t.tenant, Before: before})
}
