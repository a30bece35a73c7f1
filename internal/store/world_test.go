package store_test

import (
	"fmt"
	"reflect"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// leaseTime is how long claims hold in tests.
const leaseTime = time.Minute

// world is a tenant with one connected account and its calendars.
type world struct {
	*harness
	tenant     cal.TenantID
	connection cal.ConnectionID
	calendars  []record.Calendar
}

// newTenant makes a tenant whose schedules are done for now.
func (h *harness) newTenant(name string) cal.TenantID {
	h.Helper()
	tenant, err := h.CreateTenant(h.ctx, name, "test")
	h.ok(err)
	h.served(task.Ref{Tenant: tenant, Kind: task.TenantPrune, Subject: string(tenant)})
	return tenant
}

// newWorld makes a world with n calendars and no work left to do.
func (h *harness) newWorld(n int) *world {
	h.Helper()
	w := &world{harness: h, tenant: h.newTenant("world")}
	w.connection = w.connect("account")
	for i := range n {
		w.calendars = append(w.calendars, record.Calendar{Remote: cal.RemoteCalendarID(fmt.Sprintf("remote-%d", i))})
	}
	w.discover()
	h.told.take()
	return w
}

// connect makes an active connection.
func (w *world) connect(name string) cal.ConnectionID {
	w.Helper()
	id, err := w.BeginConnection(w.ctx, w.tenant, record.NewFlow{
		Provider: cal.Google, AppID: "app", ConnectToken: w.secret("connect", name), State: w.secret("state", name), Verifier: "canary-verifier-" + name,
		ExpiresAt: w.clock.Now().Add(time.Hour), Actor: "test",
	})
	w.ok(err)
	w.ok(w.Activate(w.ctx, w.tenant, id, w.tokens("first")))
	return id
}

// secret is one that no other tenant has.
func (w *world) secret(kind, name string) string {
	return "canary-" + kind + "-" + name + "-" + string(w.tenant)
}

func (w *world) tokens(name string) record.Grant {
	return record.Grant{
		AccessToken: "canary-access-" + name, RefreshToken: "canary-refresh-" + name, Scopes: "calendar", ExpiresAt: w.clock.Now().Add(time.Hour),
	}
}

// discover stores the world's calendars and learns their ids.
func (w *world) discover() {
	w.Helper()
	var listed []cal.Calendar
	for i, c := range w.calendars {
		listed = append(listed, cal.Calendar{
			ID: c.Remote, Name: "canary " + string(c.Remote), Primary: i == 0, Owner: "canary@example.test", Writable: true, Zone: "Europe/Berlin",
		})
	}
	l := w.claim(w.ref(task.ConnectionDiscover, string(w.connection)))
	w.ok(w.Discovered(w.ctx, l, record.Discovery{Connection: w.connection, Calendars: listed, Outcome: record.Served()}))
	found, err := w.Calendars(w.ctx, w.tenant, record.CalendarFilter{}, "", 100)
	w.ok(err)
	w.calendars = found
}

func (w *world) ref(kind task.Kind, subject string) task.Ref {
	return task.Ref{Tenant: w.tenant, Kind: kind, Subject: subject}
}

// claim takes a lease that has to be there for the taking.
func (h *harness) claim(ref task.Ref) record.Lease {
	h.Helper()
	l, ok, err := h.Claim(h.ctx, ref, leaseTime)
	h.ok(err)
	if !ok {
		h.Fatalf("%s cannot be claimed: %+v", ref, h.row(ref))
	}
	return l
}

// notDue wants a row that nobody can claim.
func (h *harness) notDue(ref task.Ref) {
	h.Helper()
	_, ok, err := h.Claim(h.ctx, ref, leaseTime)
	h.ok(err)
	if ok {
		h.Fatalf("%s was claimed", ref)
	}
}

// served does what is wanted of a row.
func (h *harness) served(ref task.Ref) {
	h.Helper()
	h.ok(h.Finish(h.ctx, h.claim(ref), record.Served()))
}

// row returns a row of the work table.
func (h *harness) row(ref task.Ref) record.Work {
	h.Helper()
	w, err := h.Work(h.ctx, ref)
	h.ok(err)
	return w
}

// slot is an hour, that many hours after the epoch.
func slot(hours int) cal.Slot {
	from := epoch().Add(time.Duration(hours) * time.Hour)
	return cal.Slot{Start: cal.Moment{Instant: from, Zone: "UTC"}, End: cal.Moment{Instant: from.Add(time.Hour), Zone: "UTC"}}
}

// booking is a version of a booking in some of the world's calendars, the first of them authoritative.
func (w *world) booking(id cal.BookingID, version int64, calendars ...int) record.Acceptance {
	a := record.Acceptance{
		ID: id, Version: version, Hash: fmt.Sprintf("hash-%d", version), TZData: "2026a", Slot: slot(24), Actor: "key_test", Via: "http",
		Seen: version - 1, // true as long as nothing but the core changes the booking
	}
	a.Spec = cal.Booking{
		Version: version, Title: fmt.Sprintf("canary %d", version), Description: "canary description", Location: "canary location",
		Start: a.Slot.Start.When(), End: a.Slot.End.When(), Notify: cal.NotifyNone,
		Attendees: []cal.Attendee{{Email: "canary@example.test", Name: "canary guest"}}, Metadata: map[string]string{"canary": "canary"},
	}
	for i, c := range calendars {
		a.Targets = append(a.Targets, record.AcceptedTarget{Calendar: w.calendars[c], Authoritative: i == 0})
		a.Spec.Targets = append(a.Spec.Targets, cal.Target{CalendarID: w.calendars[c].ID, Authoritative: i == 0})
	}
	return a
}

// accept commits a version.
func (w *world) accept(a record.Acceptance) record.Booking {
	w.Helper()
	b, err := w.Accept(w.ctx, w.tenant, a)
	w.ok(err)
	if is := w.read(a.ID); !reflect.DeepEqual(b, is) {
		w.Errorf("the answer to an acceptance is not what was stored:\n got %+v\nwant %+v", b, is)
	}
	return b
}

// cancellation is a version that cancels a booking as it stands.
func (w *world) cancellation(b record.Booking, version int64) record.Acceptance {
	a := w.booking(b.ID, version)
	a.Spec, a.Slot, a.Cancelled, a.Seen = b.Spec, b.Slot, true, b.Revision
	return a
}

// push is the work on a link.
func (w *world) push(l record.Link) task.Ref { return w.ref(task.LinkPush, string(l.ID)) }

// linkOf returns the booking's link to a calendar.
func (w *world) linkOf(b record.Booking, calendar int) record.Link {
	w.Helper()
	for _, l := range b.Links {
		if l.CalendarID == w.calendars[calendar].ID {
			return l
		}
	}
	w.Fatalf("booking %s has no link to calendar %d", b.ID, calendar)
	return record.Link{}
}

// read returns a booking as it is now.
func (w *world) read(id cal.BookingID) record.Booking {
	w.Helper()
	b, err := w.Booking(w.ctx, w.tenant, id)
	w.ok(err)
	return b
}

// event is an event with that content.
func event(id, etag string, content cal.Content) cal.Event {
	return cal.Event{ID: cal.EventID(id), ETag: etag, Status: cal.StatusConfirmed, Content: content}
}

// content is an event's content, named after what it shows.
func content(title string, hours int) cal.Content {
	return cal.Content{Title: "canary " + title, Description: "canary text", Location: "canary place", Slot: slot(hours)}
}

// agreed settles a link's claimed work as in agreement with an event.
func (w *world) agreed(l record.Lease, link record.Link, e cal.Event, version int64) {
	w.Helper()
	w.ok(w.Settle(w.ctx, l, agreement(link, e, version)))
}

// agreement is the decision that a link shows a version as that event.
func agreement(link record.Link, e cal.Event, version int64) record.Decision {
	link.EventID, link.ETag, link.State = e.ID, e.ETag, record.LinkSynced
	link.Base, link.BaseVersion = &record.Base{Sent: e.Content, Read: e.Content}, version
	link.InFlight, link.Observed, link.Synced = nil, nil, version
	return record.Decision{Link: link, Event: &e, Outcome: record.Served()}
}

// standing is a booking in calendar 0 whose event is agreed on and whose work is done.
func (w *world) standing(id cal.BookingID, eventID, etag string) (record.Booking, record.Link) {
	w.Helper()
	b := w.accept(w.booking(id, 1, 0))
	link := w.linkOf(b, 0)
	w.agreed(w.claim(w.push(link)), link, event(eventID, etag, content("Title 1", 24)), 1)
	w.told.take()
	b = w.read(id)
	return b, w.linkOf(b, 0)
}
