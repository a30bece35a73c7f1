package store_test

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

func tenantTrials() []trial {
	return []trial{
		{"tenant: made with its schedule", tenantMade},
		{"key: an API key is found by its secret until it is revoked", keyAPI},
		{"key: one that a process knows is found in one exchange, and ended for all at once", keyKnown},
		{"key: a signing key is read by its id until it is revoked", keySigning},
		{"key: one purpose is not another", keyPurposes},
		{"key: all are listed without their secrets, and no other tenant's", keyList},
		{"key: nothing of an API key's secret is kept", keyHashOnly},
		{"prune: what has outlived its time, to the microsecond", prune},
		{"prune: a channel is forgotten with its entry in the directory", pruneDirectory},
		{"prune: leaves other tenants alone", pruneTenants},
	}
}

func tenantMade(h *harness) {
	id, err := h.CreateTenant(h.ctx, "Acme", "operator")
	h.ok(err)
	name, err := h.Tenant(h.ctx, id)
	h.ok(err)
	same(h, "name", name, "Acme")
	row := h.row(task.Ref{Tenant: id, Kind: task.TenantPrune, Subject: string(id)})
	same(h, "lane", row.Lane, task.Bulk)
	_, err = h.Tenant(h.ctx, "ten_unknown")
	h.fails(err, record.ErrNotFound)
}

func keyAPI(h *harness) {
	tenant := h.newTenant("a")
	k, err := h.CreateKey(h.ctx, tenant, store.PurposeAPI, "bookings:read messages:read", "operator")
	h.ok(err)
	same(h, "secret", strings.HasPrefix(k.Secret, "cwk_") && len(k.Secret) == 47, true)
	found, err := h.APIKey(h.ctx, k.Secret)
	h.ok(err)
	same(h, "key", found, store.Key{ID: k.ID, Tenant: tenant, Purpose: store.PurposeAPI, Scopes: "bookings:read messages:read"})
	for _, wrong := range []string{"", k.ID, k.Secret[:46], strings.ToUpper(k.Secret), k.Secret + "x"} {
		_, err := h.APIKey(h.ctx, wrong)
		h.fails(err, record.ErrNotFound)
	}
	h.ok(h.RevokeKey(h.ctx, tenant, k.ID, "operator"))
	_, err = h.APIKey(h.ctx, k.Secret)
	h.fails(err, record.ErrNotFound)
	h.fails(h.RevokeKey(h.ctx, tenant, k.ID, "operator"), record.ErrNotFound)
	_, err = h.CreateKey(h.ctx, "ten_unknown", store.PurposeAPI, record.AllScopes(), "operator")
	h.fails(err, record.ErrNotFound)
}

func keyKnown(h *harness) {
	tenant := h.newTenant("a")
	k, err := h.CreateKey(h.ctx, tenant, store.PurposeAPI, record.AllScopes(), "operator")
	h.ok(err)
	other := h.replica("other")
	first, err := other.APIKey(h.ctx, k.Secret)
	h.ok(err)
	var calls atomic.Int64
	other.wire.onCall(func(call) error { calls.Add(1); return nil })
	again, err := other.APIKey(h.ctx, k.Secret)
	h.ok(err)
	same(h, "exchanges", calls.Load(), 1)
	same(h, "key", again, first)
	h.ok(h.RevokeKey(h.ctx, tenant, k.ID, "operator"))
	_, err = other.APIKey(h.ctx, k.Secret)
	h.fails(err, record.ErrNotFound)
}

func keySigning(h *harness) {
	tenant := h.newTenant("a")
	k, err := h.CreateKey(h.ctx, tenant, store.PurposeSigning, "", "operator")
	h.ok(err)
	same(h, "secret", strings.HasPrefix(k.Secret, "cws_"), true)
	found, err := h.SigningKey(h.ctx, k.ID)
	h.ok(err)
	same(h, "key", found, k)
	other := h.newTenant("b")
	h.fails(h.RevokeKey(h.ctx, other, k.ID, "operator"), record.ErrNotFound)
	h.ok(h.RevokeKey(h.ctx, tenant, k.ID, "operator"))
	_, err = h.SigningKey(h.ctx, k.ID)
	h.fails(err, record.ErrNotFound)
}

func keyPurposes(h *harness) {
	tenant := h.newTenant("a")
	api, err := h.CreateKey(h.ctx, tenant, store.PurposeAPI, record.AllScopes(), "operator")
	h.ok(err)
	signing, err := h.CreateKey(h.ctx, tenant, store.PurposeSigning, "", "operator")
	h.ok(err)
	for _, token := range []string{signing.Secret, signing.ID} {
		_, err := h.APIKey(h.ctx, token)
		h.fails(err, record.ErrNotFound)
	}
	for _, id := range []string{api.Secret, api.ID} {
		_, err := h.SigningKey(h.ctx, id)
		h.fails(err, record.ErrNotFound)
	}
}

func keyList(h *harness) {
	tenant, other := h.newTenant("a"), h.newTenant("b")
	began := h.clock.Now()
	reads, err := h.CreateKey(h.ctx, tenant, store.PurposeAPI, "bookings:read", "operator")
	h.ok(err)
	h.clock.Advance(time.Second)
	signs, err := h.CreateKey(h.ctx, tenant, store.PurposeSigning, "", "operator")
	h.ok(err)
	_, err = h.CreateKey(h.ctx, other, store.PurposeAPI, record.AllScopes(), "operator")
	h.ok(err)
	h.clock.Advance(time.Second)
	h.ok(h.RevokeKey(h.ctx, tenant, reads.ID, "operator"))
	got, err := h.Keys(h.ctx, tenant)
	h.ok(err)
	reads.Secret, signs.Secret = "", ""
	sameList(h, "keys", got, []store.ListedKey{
		{Key: reads, CreatedAt: began, RevokedAt: began.Add(2 * time.Second)}, {Key: signs, CreatedAt: began.Add(time.Second)},
	})
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'key.created' AND detail LIKE '%bookings:read"%'`), 1)
}

func keyHashOnly(h *harness) {
	k, err := h.CreateKey(h.ctx, h.newTenant("a"), store.PurposeAPI, record.AllScopes(), "operator")
	h.ok(err)
	for _, l := range h.dump() {
		for at := 0; at+8 <= len(k.Secret); at++ {
			if strings.Contains(l, k.Secret[at:at+8]) {
				h.Errorf("a part of the secret is in %s", l)
			}
		}
	}
	same(h, "secret column", h.number(`SELECT LENGTH(secret) FROM keys`), 0)
}

const day = 24 * time.Hour

// aged puts a row into a table whose time is that long ago.
func (w *world) aged(table, timeColumn string, age time.Duration, row map[string]any) {
	w.Helper()
	row["tenant_id"], row[timeColumn] = string(w.tenant), w.clock.Now().Add(-age).UnixMicro()
	w.insert(table, row)
}

func (w *world) pruned() int64 {
	w.Helper()
	w.mark(record.Mark{Kind: task.TenantPrune, Subject: string(w.tenant), Lane: task.Bulk})
	n, err := w.Prune(w.ctx, w.claim(w.ref(task.TenantPrune, string(w.tenant))), record.Served())
	w.ok(err)
	return n
}

// expiring puts a row into each table that is pruned, which has outlived its time by that much.
func (w *world) expiring(name string, over time.Duration) {
	w.Helper()
	calendar, message := string(w.calendars[0].ID), w.query(`SELECT message_id FROM messages WHERE tenant_id = $1`, string(w.tenant))[0]["message_id"]
	w.aged("notifications", "received_at", 7*day+over, map[string]any{"notification_id": name, "channel_id": "c", "kind": "k", "traceparent": ""})
	for _, state := range []string{"delivered", "failed", "pending"} {
		e := w.endpoint()
		w.aged("deliveries", "updated_at", 30*day+over, map[string]any{
			"delivery_id": name + state, "message_id": message, "endpoint_id": string(e.ID), "state": state, "attempts": 1, "status": 200, "created_at": 1,
		})
	}
	for _, status := range []string{"cancelled", "confirmed"} {
		w.aged("events", "updated_at", 30*day+over, map[string]any{
			"calendar_id": calendar, "event_id": name + status, "etag": "1", "status": status, "starts_at": 0, "ends_at": 0, "content": []byte{}, "listing_id": "", "missing": 0,
			"all_day": false, "free": false, "kind": "single", "series_id": "", "original_at": 0, "unexpanded": "", "meeting": "",
		})
	}
	for kind, used := range map[string]int{"used": 1, "unused": 0} {
		w.aged("oauth_flows", "expires_at", day+over, map[string]any{
			"flow_id": name + kind, "connection_id": string(w.connection), "browser_hash": "", "verifier": []byte{}, "return_url": []byte{}, "state": []byte{}, "used_at": used,
		})
		for _, entry := range []string{"connect", "state"} {
			w.insert("directory", map[string]any{"kind": entry, "hash": name + kind, "tenant_id": string(w.tenant), "subject": name + kind})
		}
	}
	for _, state := range []string{"pending", "needs_reauth"} {
		w.aged("connections", "updated_at", 30*day+over, map[string]any{
			"connection_id": name + state, "provider": "google", "app_id": "a", "state": state, "account": []byte{}, "mailbox": []byte{}, "lacks": "", "on_moved": "", "on_cancelled": "", "on_edited": "", "reason": "", "closed_at": 0, "created_at": 1,
		})
	}
	w.aged("rejections", "created_at", 90*day+over, map[string]any{
		"rejection_id": name, "booking_id": "b", "version": 1, "reason": "invalid-request", "payload": []byte{},
	})
	w.aged("connections", "updated_at", 60*day+over, map[string]any{
		"connection_id": name + "begunagain", "provider": "google", "app_id": "a", "state": "pending", "account": []byte{}, "mailbox": []byte{}, "lacks": "", "on_moved": "", "on_cancelled": "", "on_edited": "", "reason": "", "closed_at": 0, "created_at": 1,
	})
	w.insert("oauth_flows", map[string]any{
		"tenant_id": string(w.tenant), "flow_id": name + "fresh", "connection_id": name + "begunagain", "browser_hash": "", "verifier": []byte{}, "return_url": []byte{},
		"state": []byte{}, "used_at": 0, "expires_at": w.clock.Now().Add(time.Hour).UnixMicro(),
	})
	w.aged("requests", "created_at", day+over, map[string]any{
		"key_hash": name, "fingerprint": []byte{}, "state": "answered", "token": "t", "lease_until": 0, "answer": []byte{},
	})
	w.aged("penalties", "until", time.Hour+over, map[string]any{"bucket": name})
	link := w.query(`SELECT link_id FROM links WHERE tenant_id = $1`, string(w.tenant))[0]["link_id"]
	w.aged("link_writes", "written_at", 90*day+over, map[string]any{"link_id": link, "generation": 1, "version": 1, "hash": name})
	for _, state := range []string{"closed", "open"} {
		w.aged("channels", "updated_at", 7*day+over, map[string]any{
			"channel_id": name + state, "calendar_id": calendar, "state": state, "secret_hash": "h", "remote": "", "resource": "", "opened_at": 0,
			"expires_at": 0, "pushed_at": 0, "pushes": 0, "created_at": 1,
		})
	}
}

func prune(h *harness) {
	w := h.newWorld(1)
	w.accept(w.booking("b", 1, 0))
	h.clock.Advance(365 * day)
	same(h, "the flow that the connection was made by", w.pruned(), 1)
	w.expiring("kept", 0)
	before := h.dump()
	same(h, "nothing is old enough", w.pruned(), 0)
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'tenant.pruned'`), 1)
	w.expiring("gone", time.Microsecond)
	same(h, "pruned", w.pruned(), 11)
	same(h, "audit", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'tenant.pruned' AND detail = '{"rows":11}'`), 1)
	for _, l := range differences(before, h.dump()) {
		if strings.Contains(l, "gone:") && !strings.Contains(l, "work:") {
			h.Error(l)
		}
	}
	same(h, "entries of flows", h.number(`SELECT COUNT(*) FROM directory WHERE subject LIKE 'gone%'`), 0)
	same(h, "connections that somebody is about to make", h.number(`SELECT COUNT(*) FROM connections WHERE connection_id = 'gonebegunagain'`), 1)
	same(h, "connections that stood once", h.number(`SELECT COUNT(*) FROM connections WHERE connection_id = 'goneneeds_reauth'`), 1)
	same(h, "failed and pending deliveries", h.number(`SELECT COUNT(*) FROM deliveries WHERE delivery_id IN ('gonefailed', 'gonepending')`), 2)
}

func pruneDirectory(h *harness) {
	w := h.newWorld(1)
	open, old, young := w.channel("chn_open"), w.channel("chn_old"), w.channel("chn_young")
	for _, c := range []record.Channel{old, young} {
		c.State = record.ChannelClosed
		l, err := h.SaveChannels(h.ctx, w.keeper(), leaseTime, c)
		h.ok(err)
		h.ok(h.Finish(h.ctx, l, record.Served()))
		h.clock.Advance(4 * day)
	}
	same(h, "pruned, with the flow of the connection", w.pruned(), 2)
	_, err := h.readChannel(old.ID)
	h.fails(err, record.ErrNotFound)
	same(h, "directory", h.number(`SELECT COUNT(*) FROM directory WHERE kind = 'channel'`), 2)
	same(h, "one that is not closed", w.channelNow(open.ID).State, record.ChannelOpening)
	same(h, "younger", w.channelNow(young.ID).State, record.ChannelClosed)
}

func pruneTenants(h *harness) {
	a, b := h.newWorld(1), h.newWorld(1)
	for _, w := range []*world{a, b} {
		w.accept(w.booking("b", 1, 0))
	}
	h.clock.Advance(365 * day)
	a.pruned()
	b.expiring("old", time.Hour)
	pruned := []string{"notifications", "deliveries", "events", "link_writes", "penalties", "channels", "oauth_flows", "directory", "connections"}
	before := h.dump(pruned...)
	same(h, "pruned", a.pruned(), 0)
	h.unchanged(before, pruned...)
}
