package store_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/store"
)

func sealKeyTrials() []trial {
	return []trial{
		{"seal keys: a store without a key in use does not open, and changes nothing", keysMissing},
		{"seal keys: a store with another key of the same id does not open", keysForged},
		{"seal keys: what a missing key has sealed is the operator's to mend, and is never replaced", keysMissingLater},
		{"seal keys: one that is retired may be missing, and never seals again", keysRetired},
		{"seal keys: what cannot be retired", keysNotRetired},
		{"seal keys: values of all tenants are counted", keysCounted},
	}
}

// generations are keysets as a rotation goes through them.
type generations struct {
	// old is the keyset of all tests; both has a key more, promoted a newer key first, fresh nothing else.
	old, both, promoted, fresh *seal.Sealer
}

func (h *harness) generations() generations {
	h.Helper()
	both, added, err := seal.AddKey(keyset())
	h.ok(err)
	promoted, err := seal.Promote(both, added)
	h.ok(err)
	fresh, err := seal.RemoveKey(promoted, sealer().Keys()[0])
	h.ok(err)
	return generations{sealer(), h.parse(both), h.parse(promoted), h.parse(fresh)}
}

func (h *harness) parse(raw []byte) *seal.Sealer {
	h.Helper()
	s, err := seal.Parse(raw)
	h.ok(err)
	return s
}

// generation opens another store on the same database that seals with other keys.
func (h *harness) generation(name string, keys *seal.Sealer) *harness {
	h.Helper()
	other := *h
	other.keys = keys
	return other.opened(h.seed + "/" + name)
}

// refusesKeys wants a store not to open with a keyset, with words about it.
func (h *harness) refusesKeys(keys store.Sealer, words ...string) {
	h.Helper()
	before := h.dump()
	s, err := store.Open(h.ctx, h.place.url, "", store.Options{Sealer: h.flaw.sealer(keys), Clock: h.clock, IDs: ident.New(h.clock, randomness(h.seed+"/refused"))})
	if err == nil {
		h.ok(s.Close())
		h.Fatalf("the store opens, though it should say %q", words)
	}
	u, ok := errors.AsType[*store.UnreadyError](err)
	if !ok || u.Mend == "" {
		h.Fatalf("%v", err)
	}
	for _, w := range words {
		if !strings.Contains(u.What, w) {
			h.Errorf("%q does not say %q", u.What, w)
		}
	}
	h.unchanged(before)
}

func keysMissing(h *harness) {
	h.full()
	g := h.generations()
	h.refusesKeys(g.fresh, "key "+g.old.Keys()[0].String()+",", "lacks")
	h.generation("both", g.both)
	h.generation("promoted", g.promoted)
	h.refusesKeys(g.old, "key "+g.fresh.Keys()[0].String()+",", "lacks")
	other, err := seal.Generate()
	h.ok(err)
	h.refusesKeys(h.parse(other), "key "+g.old.Keys()[0].String()+" and "+g.fresh.Keys()[0].String()+",", "lacks")
	keys, err := h.SealKeys(h.ctx)
	h.ok(err)
	same(h, "keys in use", len(keys), 2)
	same(h, "keys in use that were noted", h.number(`SELECT COUNT(*) FROM audit WHERE tenant_id = 'installation' AND action = 'seal_key.used'`), 2)
}

// keysForged gives a keyset whose key has the id of the one in use.
func keysForged(h *harness) {
	var theirs, ours struct {
		Primary json.Number `json:"primaryKeyId"`
	}
	other, err := seal.Generate()
	h.ok(err)
	h.ok(json.Unmarshal(other, &theirs))
	h.ok(json.Unmarshal(keyset(), &ours))
	h.refusesKeys(h.parse(bytes.ReplaceAll(other, []byte(theirs.Primary), []byte(ours.Primary))), "key "+ours.Primary.String()+" ", "is not the one")
}

// keysMissingLater rotates while a process runs that was never given the new key.
func keysMissingLater(h *harness) {
	w := h.full()
	g := h.generations()
	next := h.generation("promoted", g.promoted)
	for _, v := range sealedValues() {
		h.ok(v.read(w))
	}
	next.rotate(w.tenant)
	read := []string{"endpoints", "cursors", "listings", "staged", "events", "grants", "links", "bookings"}
	before := h.dump(read...)
	for _, v := range sealedValues() {
		err := v.read(w)
		if !errors.Is(err, seal.ErrKeyMissing) || !fault.Is(err, fault.Misconfigured) || leaks([]byte(err.Error())) != "" ||
			!strings.Contains(err.Error(), "key "+g.fresh.Keys()[0].String()+",") {
			h.Errorf("%s: %v", v.column, err)
		}
	}
	_, err := w.RotateSecret(w.ctx, w.tenant, w.endpointID, "whsec_canary3", "test")
	h.faulty(err, fault.Misconfigured)
	h.clock.Advance(2 * leaseTime)
	l := w.claim(w.syncOf(0))
	claimed := h.dump()
	_, err = w.Sync(w.ctx, l)
	h.faulty(err, fault.Misconfigured)
	h.unchanged(claimed)
	h.unchanged(before, read...)
	w.Store = next.Store
	for _, v := range sealedValues() {
		h.ok(v.read(w))
	}
}

func keysRetired(h *harness) {
	w := h.full()
	g := h.generations()
	next := h.generation("promoted", g.promoted)
	old := g.old.Keys()[0]
	next.rotate(w.tenant)
	h.refusesKeys(g.fresh, "lacks")
	for range 2 {
		h.ok(next.RetireSealKey(h.ctx, old, "test"))
	}
	same(h, "retired", h.number(`SELECT COUNT(*) FROM audit WHERE action = 'seal_key.retired'`), 1)
	w.Store = h.generation("fresh", g.fresh).Store
	for _, v := range sealedValues() {
		h.ok(v.read(w))
	}
	h.refusesKeys(g.both, "key "+old.String()+",", "retired")
	h.generation("promoted again", g.promoted)
}

func keysNotRetired(h *harness) {
	before := h.dump()
	h.fails(h.RetireSealKey(h.ctx, h.generations().old.Keys()[0], "test"), record.ErrTaken)
	h.fails(h.RetireSealKey(h.ctx, 1, "test"), record.ErrNotFound)
	h.unchanged(before)
}

// keysCounted hides one last value behind those of another tenant.
func keysCounted(h *harness) {
	g := h.generations()
	old := g.old.Keys()[0]
	a, b := h.newWorld(1), h.newWorld(1)
	next := h.generation("promoted", g.promoted)
	before, err := next.SealedWith(h.ctx, old)
	h.ok(err)
	same(h, "values before", int(before), h.sealedWith(a.tenant, old)+h.sealedWith(b.tenant, old))
	next.rotate(a.tenant)
	next.rotate(b.tenant)
	for _, id := range []cal.BookingID{"", "late"} {
		if id != "" {
			b.accept(b.booking(id, 1, 0))
		}
		left, err := next.SealedWith(h.ctx, old)
		h.ok(err)
		same(h, "values left", left > 0, id != "")
	}
}
