package intake_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/deltasync"
	"github.com/calweave/calweave/internal/ident"
	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/memdriver"
	"github.com/calweave/calweave/internal/reconcile"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/work"
)

const (
	leaseTime = 30 * time.Second
	pollTime  = time.Minute
)

// house is the engine on a real store, between a core and one account in memory at each provider. Nothing is done unless it is stepped.
type house struct {
	*testing.T
	clock   *clock.Manual
	store   *store.Store
	service *intake.Service
	engine  *work.Engine
	tenant  cal.TenantID
	// accounts and targets are those of each provider; booked events stand in the calendar "work".
	accounts map[cal.Provider]*memdriver.Account
	targets  map[cal.Provider]cal.CalendarID
	opens    map[cal.ConnectionID]*memdriver.Account
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{
		T: t, clock: clock.NewManual(time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC)), accounts: map[cal.Provider]*memdriver.Account{},
		targets: map[cal.Provider]cal.CalendarID{}, opens: map[cal.ConnectionID]*memdriver.Account{},
	}
	ids := ident.New(h.clock, rand.Reader)
	h.open(ids)
	quiet := func(p cal.Provider) bool { return p == cal.Google }
	contract, err := api.NewContract()
	h.ok(err)
	h.service = &intake.Service{Store: h.store, Quiet: quiet, Fits: contract.Booking}
	reconciler := &reconcile.Reconciler{Store: h.store, Clock: h.clock, Lease: leaseTime, Quiet: quiet, Open: h.openEvents, Taken: h.service.Taken}
	syncer := &deltasync.Syncer{
		Store: h.store, Clock: h.clock, Lease: leaseTime, Past: 24 * time.Hour, Future: 90 * 24 * time.Hour, Open: h.openLister,
		Rhythm: deltasync.NewRhythm(pollTime, pollTime, pollTime, func(time.Duration) time.Duration { return 0 }),
	}
	poller := &deltasync.Poller{Store: h.store, Clock: h.clock, Rhythm: deltasync.NewRhythm(pollTime, pollTime, pollTime, func(time.Duration) time.Duration { return 0 })}
	h.engine = &work.Engine{
		Store: h.store, Clock: h.clock, Jitter: func(time.Duration) time.Duration { return 0 }, Lease: leaseTime, Log: slog.New(slog.DiscardHandler),
		Trace:    func(ctx context.Context, parent string) (context.Context, string) { return ctx, parent },
		Handlers: map[task.Kind]work.Handler{task.LinkPush: reconciler.Work, task.CalendarSync: syncer.Work, task.CalendarPoll: poller.Work},
	}
	h.tenant, err = h.store.CreateTenant(t.Context(), "test", "test")
	h.ok(err)
	for _, k := range []memdriver.Kind{memdriver.Google(), memdriver.Microsoft()} {
		h.connect(k, ids)
	}
	return h
}

func (h *house) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) open(ids *ident.Source) {
	h.Helper()
	url := "sqlite:" + filepath.Join(h.TempDir(), "calweave.db")
	m, err := store.NewMigrator(url, slog.New(slog.DiscardHandler))
	h.ok(err)
	_, err = m.Up(h.Context())
	h.ok(errors.Join(err, m.Close()))
	raw, err := seal.Generate()
	h.ok(err)
	sealer, err := seal.Parse(raw)
	h.ok(err)
	h.store, err = store.Open(h.Context(), url, "", store.Options{Sealer: sealer, Clock: h.clock, IDs: ids, Committed: func([]task.Hint) {}})
	h.ok(err)
	h.Cleanup(func() { _ = h.store.Close() })
}

// connect connects an account with one calendar.
func (h *house) connect(k memdriver.Kind, ids *ident.Source) {
	h.Helper()
	account := memdriver.New(k, h.clock, cal.Calendar{ID: "work", Writable: true})
	id, err := h.store.BeginConnection(h.Context(), h.tenant, record.NewFlow{
		Provider: k.Name, AppID: "app", ConnectToken: ids.Secret(), State: ids.Secret(), Verifier: ids.Secret(), ExpiresAt: h.clock.Now().Add(time.Hour), Actor: "test",
	})
	h.ok(err)
	h.ok(h.store.Activate(h.Context(), h.tenant, id, record.Grant{AccessToken: "a", RefreshToken: "r", Scopes: "calendar", ExpiresAt: h.clock.Now().Add(time.Hour)}))
	l, ok, err := h.store.Claim(h.Context(), task.Ref{Tenant: h.tenant, Kind: task.ConnectionDiscover, Subject: string(id)}, time.Minute)
	h.ok(err)
	if !ok {
		h.Fatal("the calendars cannot be listed")
	}
	h.ok(h.store.Discovered(h.Context(), l, record.Discovery{
		Connection: id, Calendars: []cal.Calendar{{ID: "work", Name: "Work", Primary: true, Writable: true}}, Outcome: record.Served(),
	}))
	all, err := h.store.Calendars(h.Context(), h.tenant, record.CalendarFilter{Connection: id}, "", 1)
	h.ok(err)
	h.accounts[k.Name], h.opens[id], h.targets[k.Name] = account, account, all[0].ID
}

// client is what the gateway makes of a provider's client.
type client struct {
	provider.Client
	provider.SeriesKeeper // nil where the provider keeps none
}

// FindEvent implements reconcile.Client.
func (c client) FindEvent(ctx context.Context, calendar cal.RemoteCalendarID, key cal.Key) (cal.Event, error) {
	finder, ok := c.Client.(provider.EventFinder)
	if !ok {
		return cal.Event{}, fault.Newf(fault.Unsupported, "find", "this provider cannot do it")
	}
	return finder.FindEvent(ctx, calendar, key)
}

func (h *house) openEvents(_ context.Context, _ cal.TenantID, id cal.ConnectionID) (reconcile.Client, reconcile.Abilities, error) {
	d, c := h.opens[id].Driver(), h.opens[id].Client()
	keeper, _ := c.(provider.SeriesKeeper)
	return client{c, keeper}, reconcile.Abilities{
		Quiet: provider.CanBeQuiet.Claims(d, c), Conditional: provider.CanCondition.Claims(d, c), Finds: provider.CanFind.Claims(d, c),
	}, nil
}

func (h *house) openLister(_ context.Context, _ cal.TenantID, id cal.ConnectionID) (deltasync.Lister, bool, error) {
	l, ok := h.opens[id].Client().(deltasync.Lister)
	return l, ok, nil
}

// settle lets calendars be listed and does what is due, until nothing more is.
func (h *house) settle() {
	h.Helper()
	for range 4 { // an event that is not found is looked for a second time
		h.clock.Advance(pollTime)
		for range 50 {
			if h.step() == 0 {
				break
			}
		}
	}
}

func (h *house) step() (steps int) {
	h.Helper()
	due, err := h.store.Due(h.Context(), h.clock.Now(), h.clock.Now(), 100, 100)
	h.ok(err)
	for _, hint := range due {
		if h.engine.Handlers[hint.Kind] == nil {
			continue
		}
		_, err := h.engine.Work(h.Context(), hint.Ref)
		h.ok(err)
		steps++
	}
	return steps
}

const bookingID cal.BookingID = "b1"

// spec is a booking in the calendars of providers.
func (h *house) spec(version int64, in ...cal.Provider) cal.Booking {
	b := cal.Booking{
		Version: version, Title: "Intro call", Description: "Booked online", Location: "Room 4", Notify: cal.NotifyNone,
		Start:     cal.When{DateTime: "2026-10-01T10:00:00", TimeZone: "Europe/Berlin"},
		End:       cal.When{DateTime: "2026-10-01T10:30:00", TimeZone: "Europe/Berlin"},
		Attendees: []cal.Attendee{{Email: "guest@core.test", Name: "Gus Guest"}},
	}
	for _, p := range in {
		b.Targets = append(b.Targets, cal.Target{CalendarID: h.targets[p]})
	}
	return b
}

// submit is a PUT; ifMatch is 0 without one.
func (h *house) submit(b cal.Booking, ifMatch int64) (intake.Receipt, error) {
	sub := intake.Submission{ID: bookingID, Booking: &b, Actor: "key_1", Via: "http"}
	if ifMatch > 0 {
		sub.IfMatch = &ifMatch
	}
	return h.service.Submit(h.Context(), h.tenant, sub)
}

// book submits a booking and lets it reach its calendars.
func (h *house) book(b cal.Booking) {
	h.Helper()
	_, err := h.submit(b, 0)
	h.ok(err)
	h.settle()
	for _, t := range h.read().Links {
		if t.State != record.LinkSynced {
			h.Fatalf("%s is %s: %s", t.Provider, t.State, t.Reason)
		}
	}
}

func (h *house) read() record.Booking {
	h.Helper()
	b, err := h.store.Booking(h.Context(), h.tenant, bookingID)
	h.ok(err)
	return b
}

// decide is a POST; in is empty for no calendar_id, ifMatch 0 for no If-Match.
func (h *house) decide(d message.Decision, in cal.Provider, ifMatch int64) (record.Booking, error) {
	v := intake.Verdict{ID: bookingID, Decision: d, Calendar: h.targets[in], Actor: "key_1"}
	if ifMatch > 0 {
		v.IfMatch = &ifMatch
	}
	return h.service.Decide(h.Context(), h.tenant, v)
}

// event is the one event that stands in a provider's calendar.
func (h *house) event(p cal.Provider) cal.Event {
	h.Helper()
	all := h.accounts[p].Calendar("work").Standing()
	if len(all) != 1 {
		h.Fatalf("%s shows %d events", p, len(all))
	}
	return all[0]
}

// empty wants no event in a provider's calendar.
func (h *house) empty(p cal.Provider) {
	h.Helper()
	if n := len(h.accounts[p].Calendar("work").Standing()); n != 0 {
		h.Errorf("%s shows %d events", p, n)
	}
}

// person changes the event in a provider's calendar by hand, and calweave hears of it.
func (h *house) person(p cal.Provider, change func(*cal.Content)) {
	h.Helper()
	h.accounts[p].Calendar("work").Edit(h.event(p).ID, change)
	h.settle()
	h.wantDiverged(true)
}

// deletes has a person delete the event in a provider's calendar, and calweave hear of it.
func (h *house) deletes(p cal.Provider) {
	h.Helper()
	h.accounts[p].Calendar("work").Delete(h.event(p).ID)
	h.settle()
	h.wantDiverged(true)
}

func (h *house) wantDiverged(want bool) {
	h.Helper()
	if b := h.read(); b.Diverged() != want {
		h.Fatalf("diverged is %t: %+v", b.Diverged(), b.Links)
	}
}

// agreed wants the booking and each calendar to show the same, and every target to say so.
func (h *house) agreed(in ...cal.Provider) {
	h.Helper()
	h.settle()
	b := h.read()
	if b.Diverged() || b.Cancelled {
		h.Errorf("diverged %t, cancelled %t", b.Diverged(), b.Cancelled)
	}
	want := cal.Content{Title: b.Spec.Title, Description: b.Spec.Description, Location: b.Spec.Location, Slot: b.Slot}
	if b.Slot.Start.When().DateTime[:len(cal.WallLayout)] != b.Spec.Start.DateTime[:len(cal.WallLayout)] {
		h.Errorf("the booking says %+v, and begins at %+v", b.Spec.Start, b.Slot.Start)
	}
	for _, p := range in {
		if d := h.event(p).Content.Differences(want, cal.AllFields&^cal.Fields(cal.FieldAttendees)); d != 0 {
			h.Errorf("%s differs in %v: %+v, the booking says %+v", p, d.Names(), h.event(p).Content, want)
		}
	}
	for _, l := range b.Links {
		if l.State != record.LinkSynced || l.Synced != b.Version {
			h.Errorf("%s is %s at version %d", l.Provider, l.State, l.Synced)
		}
	}
}

// told are the types of the booking's messages, in order.
func (h *house) told() []message.Type {
	h.Helper()
	var out []message.Type
	for _, m := range h.feed() {
		out = append(out, m.Type)
	}
	return out
}

func (h *house) feed() []message.Envelope {
	h.Helper()
	items, err := h.store.Feed(h.Context(), h.tenant, 0, 200)
	h.ok(err)
	var out []message.Envelope
	for _, i := range items {
		if i.Type != message.ConnectionActivated {
			out = append(out, i.Envelope)
		}
	}
	return out
}

// decided is the last booking.decided.
func (h *house) decided() message.Decided {
	h.Helper()
	var out message.Decided
	for _, m := range h.feed() {
		if m.Type == message.BookingDecided {
			h.ok(json.Unmarshal(m.Data, &out))
		}
	}
	return out
}

// refused wants a refusal for a reason, and returns what it says is wrong.
func (h *house) refused(err error, reason record.Reason) []message.Problem {
	h.Helper()
	refusal, ok := errors.AsType[*record.RefusalError](err)
	if !ok || refusal.Reason != reason {
		h.Fatalf("%v, want a refusal for %s", err, reason)
	}
	return refusal.Problems
}
