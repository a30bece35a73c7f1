package reconcile

import (
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

var began = time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)

// bench is one link under a reconciler that tests step by hand.
type bench struct {
	t       *testing.T
	clock   *clock.Manual
	shelf   *shelf
	account *account
	r       *Reconciler
	spec    cal.Booking
}

func newBench(t *testing.T, p cal.Provider) *bench {
	t.Helper()
	c := clock.NewManual(began)
	b := &bench{t: t, clock: c, shelf: newShelf(c, p), account: newAccount(p, c)}
	b.r = &Reconciler{
		Store: b.shelf, Clock: c, Lease: leaseTime, Quiet: func(p cal.Provider) bool { return p == cal.Google },
		Open: b.account.open,
	}
	b.spec = cal.Booking{
		Title: "title", Description: "description", Location: "location", Notify: cal.NotifyNone, Attendees: guestList("a@core.test", "b@core.test"),
	}
	return b
}

// submit accepts the next version.
func (b *bench) submit(a accepted) {
	b.spec.Version++
	a.spec, a.slot = b.spec, slotAt(0)
	b.shelf.accept(a)
}

// want accepts the next version on the authoritative target.
func (b *bench) want(change func(*cal.Booking)) {
	if change != nil {
		change(&b.spec)
	}
	b.submit(accepted{target: true, authoritative: true})
}

// cancel accepts the booking's cancellation.
func (b *bench) cancel() { b.submit(accepted{cancelled: true}) }

// run claims the link and works on it once.
func (b *bench) run() error {
	b.t.Helper()
	l := b.shelf.claim()
	err := b.r.Work(b.t.Context(), l)
	if err != nil {
		b.clock.Set(b.shelf.work.until.Add(time.Second))
	}
	return err
}

// settle runs the link, which has to succeed, and returns what was decided.
func (b *bench) settle() record.Decision {
	b.t.Helper()
	if err := b.run(); err != nil {
		b.t.Fatal(err)
	}
	return b.shelf.settled[len(b.shelf.settled)-1]
}

// listed lets a listing show the events as they are.
func (b *bench) listed() {
	for _, e := range b.account.work.Events() {
		b.shelf.publish(e.ID, e.ETag, e.Gone())
	}
}

// event is the one that the link knows.
func (b *bench) event() cal.Event {
	b.t.Helper()
	e, ok := b.account.work.Event(b.shelf.link.EventID)
	if !ok {
		b.t.Fatalf("the link has no event: %+v", b.shelf.link)
	}
	return e
}

// person changes a field of the event by hand, and a listing shows it.
func (b *bench) person(f cal.Field, change func(*cal.Content)) {
	b.t.Helper()
	e := b.event()
	c := copied(e.Content)
	change(&c)
	b.account.person(e.ID, f, c)
	b.listed()
}

func (b *bench) guests() []string {
	b.t.Helper()
	out := []string{}
	for _, a := range b.event().Content.Attendees {
		out = append(out, a.Email)
	}
	return out
}

func reported(d record.Decision, kind message.Type) bool {
	return slices.Contains(types(d.Reports), kind)
}
