package converge_test

import (
	"context"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/app/converge"
	"github.com/calweave/calweave/internal/testkit"
)

// mutant is an engine with one fault: in a query, or where it calls providers.
type mutant struct {
	name string
	// query is the name of a query in which from is replaced by to.
	query, from, to string
	create          func(*provider.CreateEvent)
	update          func(*provider.UpdateEvent)
	remove          func(*provider.DeleteEvent)
	list            func(*provider.ListEvents, *cal.Page)
	read            func(cal.Event, error) (cal.Event, error)
}

// statement is a statement as the mutant makes it.
func (m *mutant) statement(query string) string {
	if m == nil || m.query == "" || !strings.HasPrefix(query, "-- name: "+m.query+" ") {
		return query
	}
	return strings.ReplaceAll(query, m.from, m.to)
}

// bent is a client as the mutant uses it.
type bent struct {
	provider.Client
	provider.DeltaLister
	mutant *mutant
}

func (b bent) CreateEvent(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
	if b.mutant.create != nil {
		b.mutant.create(&req)
	}
	return b.Client.CreateEvent(ctx, req)
}

func (b bent) UpdateEvent(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
	if b.mutant.update != nil {
		b.mutant.update(&req)
	}
	return b.Client.UpdateEvent(ctx, req)
}

func (b bent) DeleteEvent(ctx context.Context, req provider.DeleteEvent) error {
	if b.mutant.remove != nil {
		b.mutant.remove(&req)
		if req.Ref.ID == "" {
			return nil
		}
	}
	return b.Client.DeleteEvent(ctx, req)
}

func (b bent) ReadEvent(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
	e, err := b.Client.ReadEvent(ctx, ref)
	if b.mutant.read != nil {
		return b.mutant.read(e, err)
	}
	return e, err
}

func (b bent) ListEvents(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
	page, err := b.DeltaLister.ListEvents(ctx, req)
	if b.mutant.list != nil && err == nil {
		b.mutant.list(&req, &page)
	}
	return page, err
}

// mutants are faults of which each has to be seen.
func mutants() []mutant {
	return []mutant{
		{name: "a sequence number is given twice", query: "CountMessage", from: "sequence = sequence + 1", to: "sequence = MAX(1, sequence)"},
		{name: "a changed event marks nothing", query: "TouchedLinks", from: "e.etag <> l.etag OR ", to: ""},
		{name: "an event that is gone marks nothing", query: "TouchedLinks", from: "e.status = 'cancelled' OR e.missing > 0 OR ", to: ""},
		{name: "a clock says what a snapshot spares", query: "MissEvents", from: "events.listing_id <> $6", to: "events.updated_at < $1 AND $6 IS NOT NULL"},
		{name: "the cursor is saved without the rows", query: "PublishStaged", from: "s.listing_id = ", to: "s.etag = 'none' AND s.listing_id = "},
		{name: "a message is written without its delivery", query: "InsertDelivery", from: "VALUES ($1, $2, $3, $4, 'pending', 0, 0, $5, $5)", to: "SELECT $1, $2, $3, $4, 'pending', 0, 0, $5, $5 WHERE FALSE"},
		{name: "a mark is lost", query: "MarkWork", from: "wanted = work.wanted + 1", to: "wanted = work.wanted"},
		{name: "If-Match is left out", update: func(r *provider.UpdateEvent) { r.ETag = "" }, remove: func(r *provider.DeleteEvent) { r.ETag = "" }},
		{name: "every write mails", create: func(r *provider.CreateEvent) { r.Notify = cal.NotifyAll }, update: func(r *provider.UpdateEvent) { r.Notify = cal.NotifyAll }},
		{name: "guests are written on every target", create: func(r *provider.CreateEvent) {
			r.Content.Attendees = []cal.Attendee{{Email: "guest@core.test"}}
			r.Fields = cal.AllFields
		}},
		{name: "a create has another key each time", create: func() func(*provider.CreateEvent) {
			n := 0
			return func(r *provider.CreateEvent) { n++; r.Key = cal.NewKey("other", "b", "c", "", n) }
		}()},
		{name: "an update leaves the title out", update: func(r *provider.UpdateEvent) { r.Fields &^= cal.Fields(cal.FieldTitle) }},
		{name: "an update writes all fields", update: func(r *provider.UpdateEvent) { r.Fields |= cal.Fields(cal.FieldLocation); r.Content.Location = "" }},
		{name: "a delete is not made", remove: func(r *provider.DeleteEvent) { r.Ref.ID = "" }},
		{name: "a page is dropped", list: func(_ *provider.ListEvents, p *cal.Page) { p.Items = nil }},
		{name: "a target that was left stays one", query: "AimLink", from: "target = $1", to: "target = target"},
		{name: "a booking that was moved keeps its slot", query: "ReviseBooking", from: "slot = $4", to: "slot = slot"},
		{name: "a decision is not compared with what was decided about", query: "DecideLink", from: "base = $2", to: "base = base"},
		{name: "a conference is forgotten", query: "SettleLink", from: "conference = $13", to: "conference = conference"},
		{name: "a conference is not seen", read: func(e cal.Event, err error) (cal.Event, error) {
			e.Conference = cal.Conference{}
			return e, err
		}},
		{name: "a tombstone counts as an event", list: func(_ *provider.ListEvents, p *cal.Page) {
			for i := range p.Items {
				if p.Items[i].Event.Gone() {
					p.Items[i].Event.Status = cal.StatusConfirmed
				}
			}
		}},
		{name: "what is not found counts as deleted", read: func(e cal.Event, err error) (cal.Event, error) {
			if fault.Is(err, fault.NotFound) {
				return cal.Event{Status: cal.StatusCancelled}, nil
			}
			return e, err
		}},
	}
}

// budget is how many histories a mutant may survive.
const budget = 150

// TestMutants wants each mutant to be seen within the first histories.
func TestMutants(t *testing.T) {
	t.Parallel()
	if testkit.UnderRace || testing.Short() {
		t.Skip("mutants run in the pass without the race detector")
	}
	for _, each := range mutants() {
		t.Run(each.name, func(t *testing.T) {
			t.Parallel()
			m := newModel(t)
			m.mutant = &each
			for seed := range budget {
				if out := m.play(t, converge.Draw(seed)); len(out.Violations) > 0 {
					m.mutant = nil
					if without := m.play(t, converge.Draw(seed)); len(without.Violations) > 0 {
						t.Errorf("history %d is violated without the mutant too: %s", seed, without.Violations[0])
					}
					t.Logf("seen in history %d: %s", seed, out.Violations[0])
					return
				}
			}
			t.Errorf("nobody saw it in %d histories", budget)
		})
	}
}
