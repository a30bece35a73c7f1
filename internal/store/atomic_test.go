package store_test

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

// write is one call of a method that changes something.
type write struct {
	// prepare makes what the call needs and returns the call.
	prepare func(*fenceWorld) func() error
	// unaudited says why the method writes no audit row, steps why it is more than one transaction, and repeats why asking twice leaves more than
	// asking once; each is empty when it is not so.
	unaudited, steps, repeats string
}

func atomicTrials() []trial {
	var trials []trial
	for name, c := range writes() {
		trials = append(trials,
			trial{"atomic: " + name, func(h *harness) { broken(h, c) }},
			trial{"atomic: " + name + ", answer lost", func(h *harness) { ambiguous(h, c) }},
		)
	}
	return append(trials, trial{"atomic: every method is tried or only reads", atomicAll})
}

// writes are the methods that change something, besides those that are fenced.
func writes() map[string]write {
	all := map[string]write{
		"Accept": {prepare: func(w *fenceWorld) func() error {
			a := w.booking("new", 1, 0)
			return func() error { _, err := w.Accept(w.ctx, w.tenant, a); return err }
		}},
		"Accept of a decision": {prepare: func(w *fenceWorld) func() error {
			w.diverge()
			a := w.booking("b", 2, 0)
			a.Seen, a.Decide = w.read("b").Revision, true
			return func() error { _, err := w.Accept(w.ctx, w.tenant, a); return err }
		}},
		"Activate": {prepare: func(w *fenceWorld) func() error {
			w.die()
			return func() error { return w.Activate(w.ctx, w.tenant, w.connection, w.tokens("again")) }
		}},
		"BeginConnection": {prepare: func(w *fenceWorld) func() error {
			n := record.NewFlow{Provider: cal.Google, ConnectToken: "canary-c", State: "canary-s", Verifier: "canary-v", ExpiresAt: w.clock.Now().Add(time.Hour), Actor: "test"}
			return func() error { _, err := w.BeginConnection(w.ctx, w.tenant, n); return err }
		}},
		"CreateApplication": {repeats: "each call makes one", prepare: func(w *fenceWorld) func() error {
			return func() error {
				_, err := w.CreateApplication(w.ctx, w.tenant, record.Application{Provider: cal.Google, Credential: "canary"}, "test")
				return err
			}
		}},
		"DeleteApplication": {prepare: func(w *fenceWorld) func() error {
			a := w.registered(record.AppOnly)
			return func() error { return w.DeleteApplication(w.ctx, w.tenant, a.ID, "test") }
		}},
		"ConnectMailbox": {repeats: "each call makes one", prepare: func(w *fenceWorld) func() error {
			a := w.registered(record.AppOnly)
			return func() error { _, err := w.mailbox(a.ID, "canary@example.test", ""); return err }
		}},
		"Disconnect": {prepare: func(w *fenceWorld) func() error {
			return func() error { _, err := w.Disconnect(w.ctx, w.tenant, w.connection, "test"); return err }
		}},
		"BindFlow": {prepare: func(w *fenceWorld) func() error {
			n := w.flow("f")
			return func() error { _, _, err := w.BindFlow(w.ctx, n.ConnectToken, "browser"); return err }
		}},
		"UseFlow": {prepare: func(w *fenceWorld) func() error {
			n := w.flow("f")
			_, _, err := w.BindFlow(w.ctx, n.ConnectToken, "browser")
			w.ok(err)
			return func() error { _, _, err := w.UseFlow(w.ctx, n.State, "browser"); return err }
		}},
		"AskZones": {repeats: "asked twice, it is audited twice", prepare: func(w *fenceWorld) func() error {
			return func() error { return w.AskZones(w.ctx, w.tenant, "2099a") }
		}},
		"Decide": {prepare: func(w *fenceWorld) func() error {
			w.diverge()
			r := w.ruling("accepted", 0)
			return func() error { _, err := w.Decide(w.ctx, w.tenant, r); return err }
		}},
		"ChooseConnection": {prepare: func(w *fenceWorld) func() error {
			choice := record.ConnectionChoice{Backflow: cal.Backflow{Moved: cal.StanceAccept}, Actor: "test"}
			return func() error { _, err := w.ChooseConnection(w.ctx, w.tenant, w.connection, choice); return err }
		}},
		"DecideGuard": {prepare: func(w *fenceWorld) func() error {
			links, _ := w.stand(3)
			for _, link := range links {
				w.finds(link, limits(2))
			}
			id := w.openGuard().ID
			return func() error {
				_, err := w.DecideGuard(w.ctx, w.tenant, id, record.GuardDecision{Approve: true, Actor: "test"})
				return err
			}
		}},
		"ChooseCalendar": {prepare: func(w *fenceWorld) func() error {
			full := cal.SyncFull
			return func() error {
				_, err := w.ChooseCalendar(w.ctx, w.tenant, w.calendars[0].ID, record.CalendarChoice{Sync: &full, Actor: "test"})
				return err
			}
		}},
		"CreateEndpoint": {prepare: func(w *fenceWorld) func() error {
			return func() error {
				_, err := w.CreateEndpoint(w.ctx, w.tenant, newEndpoint(), "test")
				return err
			}
		}},
		"ReviseEndpoint": {prepare: func(w *fenceWorld) func() error {
			_, err := w.ReviseEndpoint(w.ctx, w.tenant, w.endpointID, record.EndpointChange{Enabled: new(false)}, "test")
			w.ok(err)
			return func() error {
				_, err := w.ReviseEndpoint(w.ctx, w.tenant, w.endpointID, record.EndpointChange{Enabled: new(true)}, "test")
				return err
			}
		}},
		"RotateSecret": {prepare: func(w *fenceWorld) func() error {
			return func() error {
				_, err := w.RotateSecret(w.ctx, w.tenant, w.endpointID, "whsec_canary2", "test")
				return err
			}
		}},
		"DeleteEndpoint": {prepare: func(w *fenceWorld) func() error {
			return func() error { return w.DeleteEndpoint(w.ctx, w.tenant, w.endpointID, "test") }
		}},
		"TestEndpoint": {prepare: func(w *fenceWorld) func() error {
			return func() error { _, err := w.TestEndpoint(w.ctx, w.tenant, w.endpointID, "test"); return err }
		}},
		"Redeliver": {prepare: func(w *fenceWorld) func() error {
			return func() error { return w.Redeliver(w.ctx, w.tenant, cal.DeliveryID(w.delivery.Subject), "test") }
		}},
		"RedeliverSince": {prepare: func(w *fenceWorld) func() error {
			w.ok(w.Finish(w.ctx, w.claim(w.delivery), record.Outcome{State: record.Dead, Attempt: refused(500)}))
			return func() error {
				_, err := w.RedeliverSince(w.ctx, w.tenant, w.endpointID, epoch(), "test")
				return err
			}
		}},
		"Finish of a dead delivery": {prepare: func(w *fenceWorld) func() error {
			w.endpoint()
			l := w.claim(w.delivery)
			return func() error {
				return w.Finish(w.ctx, l, record.Outcome{State: record.Dead, Attempts: 1, Attempt: refused(410)})
			}
		}},
		"ClaimRequest": {
			unaudited: "it changes nothing of the tenant's", repeats: "another attempt is told to wait",
			prepare: func(w *fenceWorld) func() error {
				return func() error { _, _, err := w.ClaimRequest(w.ctx, w.tenant, asked("k")); return err }
			},
		},
		"SettleRequest": {
			unaudited: "it changes nothing of the tenant's",
			prepare: func(w *fenceWorld) func() error {
				_, c := w.claims(asked("k"), record.RequestClaimed)
				return func() error { return w.SettleRequest(w.ctx, w.tenant, c, answered()) }
			},
		},
		"GiveBackRequest": {
			unaudited: "it changes nothing of the tenant's",
			prepare: func(w *fenceWorld) func() error {
				_, c := w.claims(asked("k"), record.RequestClaimed)
				return func() error { return w.GiveBackRequest(w.ctx, w.tenant, c) }
			},
		},
		"Accept of a request": {prepare: func(w *fenceWorld) func() error {
			ctx, _ := w.claims(asked("k"), record.RequestClaimed)
			return func() error { _, err := w.Accept(ctx, w.tenant, w.booking("new", 1, 0)); return err }
		}},
		"StartRotation": {prepare: func(w *fenceWorld) func() error {
			return func() error { return w.StartRotation(w.ctx, w.tenant, "test") }
		}},
		"RetireSealKey": {prepare: func(w *fenceWorld) func() error {
			w.insert("seal_keys", map[string]any{"tenant_id": "installation", "seal_key": 7, "proof": []byte{1}, "first_used_at": 1, "retired_at": 0})
			return func() error { return w.RetireSealKey(w.ctx, 7, "test") }
		}},
		"CreateKey": {prepare: func(w *fenceWorld) func() error {
			return func() error { _, err := w.CreateKey(w.ctx, w.tenant, store.PurposeSigning, "", "test"); return err }
		}},
		"CreateTenant": {prepare: func(w *fenceWorld) func() error {
			return func() error { _, err := w.CreateTenant(w.ctx, "new", "test"); return err }
		}},
		"RevokeKey": {prepare: func(w *fenceWorld) func() error {
			k, err := w.CreateKey(w.ctx, w.tenant, store.PurposeAPI, record.AllScopes(), "test")
			w.ok(err)
			return func() error { return w.RevokeKey(w.ctx, w.tenant, k.ID, "test") }
		}},
		"Reject": {prepare: func(w *fenceWorld) func() error {
			r := record.Rejection{ID: "rej_1", BookingID: "b", Reason: "malformed", Payload: []byte("canary"), Detail: "canary", Actor: "queue"}
			return func() error { return w.Reject(w.ctx, w.tenant, r) }
		}},
		"Release": {prepare: func(w *fenceWorld) func() error {
			link := w.link
			link.State = record.LinkHeld
			w.ok(w.Settle(w.ctx, w.claim(w.push(link)), record.Decision{Link: link, Outcome: record.Outcome{State: record.Held, HeldFor: record.HeldForApproval}}))
			return func() error { return w.Release(w.ctx, w.push(link), "operator") }
		}},
		"Receive": {prepare: func(w *fenceWorld) func() error {
			n := w.notification()
			return func() error { return w.pushed(w.ctx, n) }
		}},
		"Claim": {unaudited: "coordination: the outcome is what counts", prepare: func(w *fenceWorld) func() error {
			return func() error { _, _, err := w.Claim(w.ctx, w.push(w.link), leaseTime); return err }
		}},
		"ClaimIn": {unaudited: "coordination: the outcome is what counts", prepare: func(w *fenceWorld) func() error {
			return func() error { _, _, err := w.ClaimIn(w.ctx, record.Haunted, w.push(w.link), leaseTime); return err }
		}},
		"Replay": {prepare: func(w *fenceWorld) func() error {
			w.crash(w.delivery)
			return func() error { return w.Replay(w.ctx, w.delivery, "operator") }
		}},
		"Claim of a poisoned row": {steps: "claiming, then quarantining: a worker that ends in between is one more crash", prepare: func(w *fenceWorld) func() error {
			w.owner(`UPDATE work SET crashes = $1 WHERE subject = $2`, store.CrashLimit, string(w.link.ID))
			var wait time.Duration
			return func() error {
				w.clock.Advance(wait) // until the claim has ended that no quarantine has followed
				wait = leaseTime
				_, _, err := w.Claim(w.ctx, w.push(w.link), leaseTime)
				return err
			}
		}},
		"Feed": {unaudited: "positions are bookkeeping of what the messages' own transactions have audited", steps: "placing, then reading", prepare: func(w *fenceWorld) func() error {
			return func() error { _, err := w.Feed(w.ctx, w.tenant, 0, 10); return err }
		}},
		"Finish of a dead link": {prepare: func(w *fenceWorld) func() error {
			l := w.claim(w.push(w.link))
			return func() error {
				return w.Finish(w.ctx, l, record.Outcome{State: record.Dead, Attempts: 100, Reason: "x"}, ask(subject))
			}
		}},
		"Penalise": {prepare: func(w *fenceWorld) func() error {
			return func() error { return w.Penalise(w.ctx, w.tenant, w.connection, w.clock.Now().Add(time.Minute)) }
		}},
		"PenaliseApplication": {prepare: func(w *fenceWorld) func() error {
			return func() error { return w.PenaliseApplication(w.ctx, w.tenant, "google", w.clock.Now().Add(time.Minute)) }
		}},
		"ExpireAccess": {prepare: func(w *fenceWorld) func() error {
			version := w.grant().Version
			return func() error { return w.ExpireAccess(w.ctx, w.tenant, w.connection, version) }
		}},
		"LeaseRefresh": {unaudited: "coordination: rotation and revocation are what counts", prepare: func(w *fenceWorld) func() error {
			g := w.grant()
			return func() error {
				_, _, err := w.LeaseRefresh(w.ctx, w.tenant, g, w.clock.Now().Add(time.Minute))
				return err
			}
		}},
		"ReleaseRefresh": {unaudited: "coordination, likewise", prepare: func(w *fenceWorld) func() error {
			_, fence := w.leased()
			return func() error { return w.ReleaseRefresh(w.ctx, w.tenant, w.connection, fence) }
		}},
		"Rotate": {prepare: func(w *fenceWorld) func() error {
			next, fence := w.leased()
			return func() error { _, err := w.Rotate(w.ctx, w.tenant, next, fence); return err }
		}},
		"Revoke": {prepare: func(w *fenceWorld) func() error {
			version := w.grant().Version
			return func() error { _, err := w.Revoke(w.ctx, w.tenant, w.connection, version, "invalid_grant"); return err }
		}},
	}
	unaudited := map[string]string{
		"Finish":       "an outcome that stops nothing changes nothing that anybody sees",
		"StampZones":   "only by which tables the same is known",
		"BeginListing": "nothing of a listing is seen before it is published", "Stage": "likewise",
		"ParkDelivery": "the delivery is as it was", "LeaveAccount": "coordination: the end of the connection is what counts", "SharesAccount": "likewise",
	}
	for name, c := range fencedCalls() {
		all[name] = write{unaudited: unaudited[name], prepare: c.underLease}
	}
	for name, why := range map[string]string{
		"StartRotation": "the rotation is the same, and audited twice", "Activate": "another code was exchanged for another grant", "BindFlow": "the page was opened twice", "Receive": "each push is a row",
		"ReviseEndpoint": "the endpoint is the same, and audited twice", "RotateSecret": "the secret is replaced twice", "TestEndpoint": "each test is a message",
		"Redeliver": "asked twice, the delivery is sent again for each", "RedeliverSince": "the second finds nothing, and is audited",
		"CreateEndpoint": "its core sees and removes it", "CreateKey": "an operator does", "CreateTenant": "likewise",
		"Intend": "the intent is the same, and audited twice", "SaveChannels": "likewise", "DiscardListing": "likewise",
		"BeginListing": "the listing begins anew", "Claim of a poisoned row": "the claim whose answer was lost was not followed by its quarantine",
	} {
		c := all[name]
		c.repeats = why
		all[name] = c
	}
	return all
}

// underLease prepares a fenced call by whoever has the lease.
func (c fencedCall) underLease(w *fenceWorld) func() error {
	l := w.claim(w.work(c.kind))
	if c.prepare != nil {
		l = c.prepare(w, l)
	}
	if c.kind == task.TenantPrune {
		w.insert("notifications", map[string]any{
			"tenant_id": string(w.tenant), "notification_id": "ntf_old", "channel_id": "c", "kind": "k", "traceparent": "", "received_at": 1,
		})
	}
	return func() error { return c.call(w, l) }
}

// diverge makes a person change the event of the world's booking.
func (w *fenceWorld) diverge() {
	w.Helper()
	moved := content("x", 30)
	link := w.link
	link.EventID, link.ETag, link.State, link.Observed = "e", "2", record.LinkDiverged, &moved
	w.ok(w.Settle(w.ctx, w.claim(w.push(link)), record.Decision{Link: link, Outcome: record.Served()}))
}

// notification is a push of a channel of the world's calendar.
func (w *fenceWorld) notification() record.Notification {
	w.Helper()
	_, err := w.AddChannel(w.ctx, w.claim(w.work(task.CalendarWatch)), "chn_1", "hash", time.Time{}, leaseTime)
	w.ok(err)
	c, err := w.readChannel("chn_1")
	w.ok(err)
	return record.Notification{Channel: c, Kind: "exists", Remote: "r", Resource: "s", Sync: true, Watch: true, State: record.ChannelExpiring}
}

// broken breaks the connection at the first call that the method makes, then at the second, and so on until it makes no more: each time
// nothing may be left of it.
func broken(h *harness, c write) {
	w := newFenceWorld(h)
	do := c.prepare(w)
	h.told.take()
	before, audits := h.dump(), h.number(`SELECT COUNT(*) FROM audit`)
	calls, failing := 0, 1
	h.wire.onCall(func(call) error {
		if calls++; calls == failing {
			return errWire
		}
		return nil
	})
	for {
		calls = 0
		err := do()
		if calls < failing {
			h.ok(err)
			break
		}
		h.fails(err, errWire)
		h.faulty(err, fault.Transient)
		same(h, "hints", len(h.told.take()), 0)
		if c.steps == "" {
			h.unchanged(before)
		}
		failing++
	}
	if failing < 4 {
		h.Errorf("the method made %d calls: this trial proves nothing", failing-1)
	}
	if len(differences(before, h.dump())) == 0 {
		h.Error("the method changes nothing: this trial proves nothing")
	}
	written := h.number(`SELECT COUNT(*) FROM audit`) - audits
	if (written > 0) == (c.unaudited != "") {
		h.Errorf("%d audit rows were written, unaudited: %q", written, c.unaudited)
	}
}

// ambiguous lets the commit take effect and its answer get lost: whoever asks again does not make it happen twice.
func ambiguous(h *harness, c write) {
	w := newFenceWorld(h)
	do := c.prepare(w)
	before, lose := h.dump(), true
	h.wire.onAnswer(func(c call) error {
		if lose && c.name == callCommit {
			return errWire
		}
		return nil
	})
	h.faulty(do(), fault.Transient)
	lose = false
	once := h.dump()
	if len(differences(before, once)) == 0 {
		h.Error("the commit had no effect: this trial proves nothing")
	}
	_ = do() // whether it succeeds is the method's own affair
	if c.repeats == "" {
		h.unchanged(once)
	}
}

// atomicAll holds the table of writes to the store's methods.
func atomicAll(h *harness) {
	reads := []string{
		"APIKey", "Application", "Applications", "AuditedLinks", "Backlogs", "Booking", "Bookings", "Busy", "Calendar", "CalendarAudit", "Calendars", "Case", "ChannelTenants", "Closing", "Connection", "Connections", "Copies", "DeadLetter", "DeadLetters", "Deliveries", "Delivery", "DeliveryReport", "Doubted", "Drifts", "Due", "Endpoint", "Endpoints", "Events", "Followings", "Grant", "Guard", "GuardedDeletions", "Guards", "History",
		"Kept", "Keys", "LeaseEnd", "ListWork", "Penalties", "Ping", "Polling", "Rejections", "Reservation", "ResolvedElsewise", "Rotation", "SealCounts", "SealKeys", "SealedWith", "SigningKey", "Sync", "TZVersions", "Tenant", "TenantCounts", "Tenants", "Version", "Watch", "Work", "WorkCounts", "Close",
	}
	tried := slices.Collect(maps.Keys(writes()))
	for m := range reflect.TypeFor[*store.Store]().Methods() {
		if slices.Contains(reads, m.Name) == slices.Contains(tried, m.Name) {
			h.Errorf("%s is neither tried nor known to only read, or both", m.Name)
		}
	}
}
