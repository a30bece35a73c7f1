package store_test

import (
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

// fencedCall is a method that writes under a lease.
type fencedCall struct {
	kind task.Kind
	// prepare makes, under the lease in force, what the call needs.
	prepare func(*fenceWorld, record.Lease) record.Lease
	call    func(*fenceWorld, record.Lease) error
}

// fenceWorld has work of every kind.
type fenceWorld struct {
	*world
	link     record.Link
	delivery task.Ref
	// endpointID is the endpoint that the delivery goes to.
	endpointID cal.EndpointID
	begun      record.Listing
	// resolved is the booking as it was before the call.
	resolved record.Booking
}

func fenceTrials() []trial {
	var trials []trial
	for name, c := range fencedCalls() {
		trials = append(trials, trial{"fence: " + name, func(h *harness) { fence(h, c) }})
	}
	trials = append(trials, trial{"fence: a prolongation that was not committed is none", fenceNotProlonged})
	return append(trials, trial{"fence: every method that takes a lease is tried", fenceAll})
}

func fencedCalls() map[string]fencedCall {
	return map[string]fencedCall{
		"Finish": {kind: task.CalendarPoll, call: func(w *fenceWorld, l record.Lease) error {
			return w.Finish(w.ctx, l, record.Served(), ask(subject))
		}},
		"ReportDrift": {kind: task.CalendarPoll, call: func(w *fenceWorld, l record.Lease) error {
			drifted := record.Finding{AuditedLink: record.AuditedLink{ID: w.link.ID, BookingID: w.link.BookingID, CalendarID: w.link.CalendarID}, Would: record.WouldPush}
			drifted.Judge()
			return w.ReportDrift(w.ctx, l, record.AuditReport{Found: []record.Finding{drifted}, Whole: true, Outcome: record.Served()})
		}},
		"Intend": {kind: task.LinkPush, call: func(w *fenceWorld, l record.Lease) error {
			link := w.link
			link.InFlight = []record.Write{{Op: record.OpCreate, Version: 1, Content: content("x", 1), At: epoch()}}
			_, err := w.Intend(w.ctx, l, link, leaseTime, record.Note{Actor: "engine", Action: "link.writing", Subject: string(link.ID)})
			return err
		}},
		"Settle": {kind: task.LinkPush, call: func(w *fenceWorld, l record.Lease) error {
			d := agreement(w.link, event("e", "1", content("x", 1)), 1)
			d.Reports = []record.Report{{Type: "booking.synced", Version: 1, Outcome: "present"}}
			d.Notes = []record.Note{{Actor: "engine", Action: "link.synced", Subject: string(w.link.ID)}}
			return w.Settle(w.ctx, l, d)
		}},
		"Discovered": {kind: task.ConnectionDiscover, call: func(w *fenceWorld, l record.Lease) error {
			return w.Discovered(w.ctx, l, record.Discovery{
				Connection: w.connection, Calendars: []cal.Calendar{{ID: "new", Name: "canary", Primary: true, Owner: "canary@example.test"}}, Outcome: record.Served(),
			})
		}},
		"AddChannel": {kind: task.CalendarWatch, call: func(w *fenceWorld, l record.Lease) error {
			_, err := w.AddChannel(w.ctx, l, "chn_new", "hash", time.Time{}, leaseTime)
			return err
		}},
		"SaveChannels": {kind: task.CalendarWatch, prepare: func(w *fenceWorld, l record.Lease) record.Lease {
			l, err := w.AddChannel(w.ctx, l, "chn_old", "hash", time.Time{}, leaseTime)
			w.ok(err)
			return l
		}, call: func(w *fenceWorld, l record.Lease) error {
			_, err := w.SaveChannels(w.ctx, l, leaseTime, record.Channel{Channel: cal.Channel{ID: "chn_old"}, State: record.ChannelOpen})
			return err
		}},
		"LeaveAccount": {kind: task.ConnectionClose, prepare: (*fenceWorld).closing, call: func(w *fenceWorld, l record.Lease) error {
			_, err := w.LeaveAccount(w.ctx, l, leaseTime)
			return err
		}},
		"SharesAccount": {kind: task.ConnectionClose, prepare: (*fenceWorld).closing, call: func(w *fenceWorld, l record.Lease) error {
			_, _, err := w.SharesAccount(w.ctx, l, 2*leaseTime)
			return err
		}},
		"Disconnected": {kind: task.ConnectionClose, prepare: (*fenceWorld).closing, call: func(w *fenceWorld, l record.Lease) error {
			return w.Disconnected(w.ctx, l, record.Disconnection{Revocation: message.Revoked})
		}},
		"BeginListing": {kind: task.CalendarSync, prepare: (*fenceWorld).beginListing, call: func(w *fenceWorld, l record.Lease) error {
			_, _, err := w.BeginListing(w.ctx, l, record.Listing{Kind: cal.Snapshot}, leaseTime)
			return err
		}},
		"Stage": {kind: task.CalendarSync, prepare: (*fenceWorld).beginListing, call: func(w *fenceWorld, l record.Lease) error {
			page := cal.Page{Kind: cal.Snapshot, Next: "canary-page", Items: []cal.Item{{Event: event("e1", "1", content("x", 1))}}}
			_, _, err := w.Stage(w.ctx, l, w.calendars[0], w.begun, page, leaseTime)
			return err
		}},
		"DiscardListing": {kind: task.CalendarSync, prepare: (*fenceWorld).beginListing, call: func(w *fenceWorld, l record.Lease) error {
			_, err := w.DiscardListing(w.ctx, l, true, "lost", leaseTime)
			return err
		}},
		"Publish": {kind: task.CalendarSync, prepare: (*fenceWorld).beginListing, call: func(w *fenceWorld, l record.Lease) error {
			_, err := w.Publish(w.ctx, l, record.Publication{
				Calendar: w.calendars[0], Listing: w.begun, Outcome: record.Served(), Lane: task.Background,
				Last: cal.Page{Kind: cal.Snapshot, Cursor: cal.Cursor{Token: "canary-cursor", Scope: "s"}, Items: []cal.Item{{Event: event("e1", "1", content("x", 1))}}},
			})
			return err
		}},
		"EndDelivery": {kind: task.DeliverySend, call: func(w *fenceWorld, l record.Lease) error { return w.EndDelivery(w.ctx, l, attempt(204)) }},
		"ParkDelivery": {kind: task.DeliverySend, prepare: func(w *fenceWorld, l record.Lease) record.Lease {
			w.owner(`UPDATE endpoints SET state = 'disabled' WHERE tenant_id = $1`, string(w.tenant))
			return l
		}, call: func(w *fenceWorld, l record.Lease) error { return w.ParkDelivery(w.ctx, l) }},
		"Reseal": {kind: task.SealRotate, call: func(w *fenceWorld, l record.Lease) error {
			_, _, err := w.Reseal(w.ctx, l, leaseTime)
			return err
		}},
		"StampZones": {kind: task.ZoneRefresh, prepare: (*fenceWorld).resolving, call: func(w *fenceWorld, l record.Lease) error {
			_, err := w.StampZones(w.ctx, l, "2099a", []record.Booking{w.resolved}, leaseTime)
			return err
		}},
		"Resolve": {kind: task.ZoneRefresh, prepare: (*fenceWorld).resolving, call: func(w *fenceWorld, l record.Lease) error {
			b := w.resolved
			b.TZData = "2099a"
			_, err := w.Resolve(w.ctx, l, b, b.Slot, leaseTime)
			return err
		}},
		"Prune": {kind: task.TenantPrune, call: func(w *fenceWorld, l record.Lease) error {
			_, err := w.Prune(w.ctx, l, record.Served())
			return err
		}},
	}
}

// resolving reads the booking that is resolved anew.
func (w *fenceWorld) resolving(l record.Lease) record.Lease {
	w.Helper()
	w.resolved = w.read("b")
	return l
}

func (w *fenceWorld) beginListing(l record.Lease) record.Lease {
	w.Helper()
	var err error
	w.begun, l, err = w.BeginListing(w.ctx, l, record.Listing{Kind: cal.Snapshot}, leaseTime)
	w.ok(err)
	return l
}

// closing lets the lease's connection be disconnected.
func (w *fenceWorld) closing(l record.Lease) record.Lease {
	w.Helper()
	w.owner(`UPDATE connections SET state = 'disconnecting' WHERE tenant_id = $1`, string(w.tenant))
	return l
}

// newFenceWorld has a row of each kind of work that is due.
func newFenceWorld(h *harness) *fenceWorld {
	w := &fenceWorld{world: h.newWorld(1)}
	e, err := w.CreateEndpoint(w.ctx, w.tenant, newEndpoint(), "test")
	w.ok(err)
	w.endpointID = e.ID
	w.link = w.linkOf(w.accept(w.booking("b", 1, 0)), 0)
	for _, hint := range w.told.take() {
		if hint.Kind == task.DeliverySend {
			w.delivery = hint.Ref
		}
	}
	w.reconnect()
	w.mark(record.Mark{Kind: task.ConnectionClose, Subject: string(w.connection), Lane: task.Interactive})
	w.mark(record.Mark{Kind: task.TenantPrune, Subject: string(w.tenant), Lane: task.Bulk})
	w.ok(w.StartRotation(w.ctx, w.tenant, "test"))
	w.ok(w.AskZones(w.ctx, w.tenant, "2099a"))
	w.told.take()
	return w
}

func (w *fenceWorld) work(kind task.Kind) task.Ref {
	switch kind {
	case task.LinkPush:
		return w.push(w.link)
	case task.ConnectionDiscover, task.ConnectionClose:
		return w.ref(kind, string(w.connection))
	case task.DeliverySend:
		return w.delivery
	case task.TenantPrune, task.SealRotate, task.ZoneRefresh:
		return w.ref(kind, string(w.tenant))
	default:
		return w.ref(kind, string(w.calendars[0].ID))
	}
}

// fence lets one worker freeze while another takes over: what the first one writes afterwards changes nothing.
func fence(h *harness, c fencedCall) {
	w := newFenceWorld(h)
	frozen := w.claim(w.work(c.kind))
	h.clock.Advance(leaseTime)
	rival := w.claim(w.work(c.kind))
	if c.prepare != nil {
		rival = c.prepare(w, rival)
	}
	h.told.take()
	before := h.dump()
	h.faulty(c.call(w, frozen), fault.Fenced)
	forged := frozen
	forged.Until, forged.Wanted = rival.Until, rival.Wanted
	h.faulty(c.call(w, forged), fault.Fenced)
	h.unchanged(before)
	same(h, "hints", len(h.told.take()), 0)
	h.ok(c.call(w, rival))
	if len(differences(before, h.dump())) == 0 {
		h.Error("the call changes nothing even with the lease: this trial proves nothing")
	}
}

// fenceNotProlonged breaks the connection at the commit: whoever goes on with the lease must not think that it holds for longer.
func fenceNotProlonged(h *harness) {
	w := newFenceWorld(h)
	l := w.claim(w.work(task.CalendarSync))
	h.wire.breakAt(callCommit)
	got, err := h.SaveChannels(h.ctx, l, time.Hour)
	h.fails(err, errWire)
	same(h, "extended", got, l)
	_, got, err = h.BeginListing(h.ctx, l, record.Listing{Kind: cal.Delta}, time.Hour)
	h.fails(err, errWire)
	same(h, "of a listing", got, l)
}

// fenceAll holds the table of calls to the store's methods.
func fenceAll(h *harness) {
	reads := []string{"CalendarAudit", "Case", "Closing", "Delivery", "Doubted", "Polling", "ResolvedElsewise", "Sync", "Watch"}
	tried := slices.Sorted(maps.Keys(fencedCalls()))
	sameList(h, "methods that take a lease", leaseMethods(h.T), slices.Sorted(slices.Values(slices.Concat(tried, reads))))
}

func leaseMethods(t *testing.T) []string {
	t.Helper()
	var names []string
	for m := range reflect.TypeFor[*store.Store]().Methods() {
		for in := range m.Type.Ins() {
			if in == reflect.TypeFor[record.Lease]() {
				names = append(names, m.Name)
			}
		}
	}
	slices.Sort(names)
	return names
}
