package reconcile

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// audited is the link as an audit's list shows it.
func (s *shelf) audited() record.AuditedLink {
	l := record.AuditedLink{
		ID: s.link.ID, BookingID: s.link.BookingID, CalendarID: s.link.CalendarID, ConnectionID: s.link.ConnectionID, Provider: s.link.Provider,
		State: s.link.State, ChangedAt: s.changed,
	}
	if s.work.wanted > s.work.done {
		l.Work = record.AuditedWork{State: s.work.state, HeldFor: s.work.held, NotBefore: s.work.notBefore}
	}
	return l
}

// look looks at the link, and fails the test if that has changed anything.
func (b *bench) look() record.Finding {
	b.t.Helper()
	before, row, ops, writes := copied(b.shelf.link), b.shelf.work, len(b.shelf.ops), len(b.account.writes)
	k := &Looker{Store: b.shelf, Open: b.r.Open, Clock: b.clock, Quiet: b.r.Quiet, Taken: b.r.Taken}
	l := b.shelf.audited()
	f, err := k.Look(b.t.Context(), l.Lease(tenant, b.clock.Now().Add(leaseTime)), l)
	if err != nil {
		b.t.Fatal(err)
	}
	if got := b.shelf.ops[ops:]; !slices.Equal(got, []string{"case"}) || len(b.account.writes) != writes {
		b.t.Errorf("a look did %v at the store and wrote %v", got, b.account.writes[writes:])
	}
	if !reflect.DeepEqual(before, copied(b.shelf.link)) || b.shelf.work != row {
		b.t.Errorf("a look changed the link: %+v", b.shelf.link)
	}
	return f
}

// happens lets the reconciler look at the event, and returns what it wrote first and what the core was told in that run.
func (b *bench) happens() (wrote string, told []message.Type) {
	b.t.Helper()
	writes, reports := len(b.account.writes), len(b.shelf.reports)
	b.shelf.link.ETag = "" // what was read is no agreement: it has to read
	clear(b.shelf.mirror)  // and no listing has shown another
	b.shelf.mark()
	if err := b.run(); err != nil {
		b.t.Fatal(err)
	}
	if len(b.account.writes) > writes {
		wrote = b.account.writes[writes]
	}
	return wrote, types(b.shelf.reports[reports:])
}

// What a look says is what the reconciler then does, and the verdict follows from what is under way.
func TestALookSaysWhatARunWouldDo(t *testing.T) {
	t.Parallel()
	moved := func(b *bench) { b.account.person(b.event().ID, cal.FieldSlot, cal.Content{Slot: slotAt(3)}) }
	retitled := func(b *bench) { b.account.person(b.event().ID, cal.FieldTitle, cal.Content{Title: "by hand"}) }
	gave := func(b *bench) { b.shelf.work.done = b.shelf.work.wanted } // nothing is under way
	for name, c := range map[string]struct {
		provider cal.Provider
		before   []func(*bench)
		would    record.Would
		verdict  record.Verdict
		wrote    string
		told     []message.Type
		by       string
	}{
		"all is well":                      {cal.Google, nil, record.WouldNothing, record.Agreed, "", nil, ""},
		"all is well at Microsoft":         {cal.Microsoft, nil, record.WouldNothing, record.Agreed, "", nil, ""},
		"a person moved it, unseen":        {cal.Google, []func(*bench){moved}, record.WouldReport, record.Drifted, "", []message.Type{message.BookingMoved}, "person"},
		"a person retitled it, unseen":     {cal.Microsoft, []func(*bench){retitled}, record.WouldReport, record.Drifted, "", []message.Type{message.BookingEdited}, "person"},
		"the core has heard of it":         {cal.Google, []func(*bench){moved, func(b *bench) { b.happens() }}, record.WouldAwaitCore, record.Agreed, "", nil, "person"},
		"a new version, on its way":        {cal.Google, []func(*bench){func(b *bench) { b.want(titled("other")) }}, record.WouldPush, record.Pending, "update title", nil, "core"},
		"a new version that was given up":  {cal.Google, []func(*bench){func(b *bench) { b.want(titled("other")) }, gave}, record.WouldPush, record.Drifted, "update title", nil, "core"},
		"a person and the core, two parts": {cal.Google, []func(*bench){moved, func(b *bench) { b.want(titled("other")) }, gave}, record.WouldPush, record.Drifted, "update title", nil, "core"},
		"a cancellation that was given up": {cal.Google, []func(*bench){(*bench).cancel, gave}, record.WouldDelete, record.Drifted, "delete", nil, ""},
		"a person deleted it, unseen": {
			cal.Google,
			[]func(*bench){func(b *bench) { b.account.bury(b.event().ID) }},
			record.WouldReport, record.Drifted, "",
			[]message.Type{message.BookingRemoved},
			"",
		},
		"it is not found at Microsoft": {
			cal.Microsoft,
			[]func(*bench){func(b *bench) {
				b.account.bury(b.event().ID)
				b.clock.Advance(straggling)
			}},
			record.WouldLookAgain, record.Drifted, "", nil, "",
		},
		"it is gone, as wanted by now": {
			cal.Google,
			[]func(*bench){func(b *bench) { b.account.bury(b.event().ID) }, (*bench).cancel, gave},
			record.WouldSettle, record.Drifted, "",
			[]message.Type{message.BookingSynced},
			"",
		},
		"a create that was lost": {cal.Google, []func(*bench){bookedAnew, gave}, record.WouldCreate, record.Drifted, "create", nil, ""},
		"an update that landed late": {cal.Google, []func(*bench){func(b *bench) {
			old := copied(b.event().Content)
			b.want(titled("other"))
			b.settle()
			b.account.work.Edit(b.event().ID, func(now *cal.Content) { *now = old })
		}}, record.WouldPush, record.Drifted, "update title", nil, "late_write"},
		"guests would be mailed": {cal.Microsoft, []func(*bench){func(b *bench) {
			b.account.person(b.event().ID, cal.FieldAttendees, cal.Content{Attendees: guestList("x@person.test")})
			b.want(titled("other"))
		}, gave}, record.WouldHold, record.Drifted, "", []message.Type{message.BookingHeld}, "core"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := booked(t, c.provider)
			for _, do := range c.before {
				do(b)
			}
			f := b.look()
			if f.Would != c.would || f.Verdict != c.verdict || f.Why == "" {
				t.Errorf("it would %s (%s), want %s (%s), since %q", f.Would, f.Verdict, c.would, c.verdict, f.Why)
			}
			if c.by != "" && !slices.Contains(values(f.By), c.by) {
				t.Errorf("done by %v, want %s", f.By, c.by)
			}
			wrote, told := b.happens()
			if wrote != c.wrote || wrote == "" && (!slices.Equal(told, c.told) || !slices.Equal(f.Messages, told)) {
				t.Errorf("the run wrote %q and told %v; the look foretold %v", wrote, told, f.Messages)
			}
			if fields, ok := strings.CutPrefix(wrote, "update "); ok && fields != strings.Join(f.Fields.Names(), "+") {
				t.Errorf("the run wrote %s, the look foretold %v", fields, f.Fields.Names())
			}
		})
	}
}

func titled(to string) func(*cal.Booking) { return func(s *cal.Booking) { s.Title = to } }

// bookedAnew lets the booking's event be deleted and wanted again.
func bookedAnew(b *bench) {
	b.cancel()
	b.settle()
	b.settleAll()
	b.want(nil)
}

// settleAll runs the link until nothing is wanted of it.
func (b *bench) settleAll() {
	b.t.Helper()
	for b.shelf.due() {
		b.settle()
	}
}

func values(m map[string]string) (out []string) {
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

// An event whose create was never answered is found by its key, and adopted, pushed to, or made again.
func TestALookFindsWhatWasNeverAnswered(t *testing.T) {
	t.Parallel()
	for _, how := range []fate{lostAfter, lostBefore} {
		b := newBench(t, cal.Microsoft)
		b.want(nil)
		b.loses("create", how)
		f, want := b.look(), record.WouldAdopt
		if how == lostBefore {
			want = record.WouldCreate
		}
		if f.Would != want || f.Verdict != record.Pending || slices.Contains(b.account.calls[1:], "create") {
			t.Errorf("it would %s (%s), want %s: %v", f.Would, f.Verdict, want, b.account.calls)
		}
	}
}

// An event that is too new to be seen is no drift; one that was to be seen for long is.
func TestALookAtANewEventProvesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, cal.Microsoft)
	b.account.Kind.Lag = time.Hour
	b.want(nil)
	b.settle()
	if f := b.look(); f.Would != record.WouldLookAgain || f.Verdict != record.Pending {
		t.Errorf("at once it would %s (%s)", f.Would, f.Verdict)
	}
	b.clock.Advance(straggling)
	if f := b.look(); f.Would != record.WouldLookAgain || f.Verdict != record.Drifted {
		t.Errorf("later it would %s (%s)", f.Would, f.Verdict)
	}
}

// A link that has no event and is to have none costs no call.
func TestALookAtNothingAsksNobody(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	b.cancel()
	b.settle()
	b.settleAll()
	b.r.Open = func(context.Context, cal.TenantID, cal.ConnectionID) (Client, Abilities, error) {
		t.Error("it opened a client")
		return nil, Abilities{}, fault.New(fault.NeedsReauth, "open", nil)
	}
	if f := b.look(); f.Would != record.WouldNothing || f.Verdict != record.Agreed {
		t.Errorf("%+v", f)
	}
}

// What a look is given refuses to write, should a plan ever come to that.
func TestALookCannotWrite(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	open, _, err := b.account.open(t.Context(), tenant, "")
	if err != nil {
		t.Fatal(err)
	}
	c, s, e := reading{open}, unwritten{b.shelf}, b.event()
	_, created := c.CreateEvent(t.Context(), provider.CreateEvent{Calendar: "work"})
	_, updated := c.UpdateEvent(t.Context(), provider.UpdateEvent{Ref: provider.EventRef{Calendar: "work", ID: e.ID}, Fields: cal.AllFields})
	deleted := c.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: provider.EventRef{Calendar: "work", ID: e.ID}})
	_, intended := s.Intend(t.Context(), record.Lease{}, record.Link{}, 0, record.Note{})
	for _, err := range []error{created, updated, deleted, intended, s.Settle(t.Context(), record.Lease{}, record.Decision{})} {
		if !fault.Is(err, fault.Unsupported) {
			t.Errorf("%v", err)
		}
	}
	if len(b.account.writes) != 1 {
		t.Errorf("%v", b.account.writes)
	}
}

// pages are links in memory.
type pages struct {
	all   []record.AuditedLink
	limit int
	asked int
}

// AuditedLinks lists them.
func (p *pages) AuditedLinks(_ context.Context, _ cal.TenantID, _ record.AuditFilter, after cal.LinkID, limit int) ([]record.AuditedLink, error) {
	p.asked, p.limit = p.asked+1, limit
	at, _ := slices.BinarySearchFunc(p.all, after, func(l record.AuditedLink, id cal.LinkID) int { return strings.Compare(string(l.ID), string(id)) })
	if after != "" {
		at++
	}
	return p.all[at:min(len(p.all), at+limit)], nil
}

// audit is an audit of n links, which are the bench's one under as many ids.
func (b *bench) audit(n int) (*Audit, *pages) {
	p := &pages{}
	for i := range n {
		l := b.shelf.audited()
		l.ID = cal.LinkID("lnk_" + string(rune('a'+i/26)) + string(rune('a'+i%26)))
		p.all = append(p.all, l)
	}
	return &Audit{
		Looker: Looker{Store: b.shelf, Open: b.r.Open, Clock: b.clock, Quiet: b.r.Quiet, Taken: b.r.Taken}, Links: p, Lease: leaseTime,
		Wait: func(_ context.Context, d time.Duration) error { b.clock.Advance(d); return nil },
	}, p
}

func TestAnAuditTakesPageByPage(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	a, p := b.audit(2*auditPage + 1)
	var lanes []task.Lane
	b.account.asked = func(ctx context.Context, _ string) { lanes = append(lanes, record.TurnOf(ctx).Lane) }
	n := 0
	last, err := a.Walk(t.Context(), tenant, record.AuditFilter{}, p.all[0].ID, func(record.Finding) error { n++; return nil })
	if err != nil || n != 2*auditPage || last != p.all[2*auditPage].ID || p.limit != auditPage || p.asked != 3 {
		t.Errorf("%d findings on %d pages of %d, the last %s: %v", n, p.asked, p.limit, last, err)
	}
	if len(lanes) == 0 || slices.ContainsFunc(lanes, func(l task.Lane) bool { return l != task.Bulk }) {
		t.Errorf("calls in the lanes %v", lanes[:1])
	}
}

// What keeps one event from being seen is told of that link; what keeps a connection away, of all its links, without another call.
func TestAnAuditTellsWhatItCannotSee(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind  fault.Kind
		calls int
	}{{fault.Forbidden, 3}, {fault.Transient, 3}, {fault.NeedsReauth, 1}, {fault.RateLimited, 1}} {
		b := booked(t, cal.Google)
		a, _ := b.audit(3)
		calls := 0
		b.account.asked = func(context.Context, string) {
			calls++
			b.account.refusal = fault.Newf(c.kind, "read event", "no")
		}
		_, err := a.Walk(t.Context(), tenant, record.AuditFilter{}, "", func(f record.Finding) error {
			if f.Would != record.WouldFail || f.Verdict != record.Unreachable || f.Fault != c.kind || f.Why == "" {
				t.Errorf("%+v", f)
			}
			return nil
		})
		if err != nil || calls != c.calls {
			t.Errorf("%s: %d calls, want %d: %v", c.kind, calls, c.calls, err)
		}
	}
}

// A wait that was asked for is granted within bounds, and the link looked at again.
func TestAnAuditWaitsAsTold(t *testing.T) {
	t.Parallel()
	for patience, want := range map[time.Duration]record.Verdict{time.Minute: record.Agreed, 10 * time.Second: record.Unreachable} {
		b := booked(t, cal.Google)
		a, _ := b.audit(1)
		a.Patience = patience
		asked := fault.Newf(fault.RateLimited, "read event", "slower")
		asked.RetryAfter = 20 * time.Second
		b.account.refusal = asked
		began := b.clock.Now()
		_, err := a.Walk(t.Context(), tenant, record.AuditFilter{}, "", func(f record.Finding) error {
			if f.Verdict != want {
				t.Errorf("%s: %+v", patience, f)
			}
			return nil
		})
		if waited := b.clock.Now().Sub(began); err != nil || (waited == asked.RetryAfter) != (want == record.Agreed) {
			t.Errorf("%s: waited %s: %v", patience, waited, err)
		}
	}
}

// The store's failure is nobody's drift, and the end of the time says where to go on.
func TestAnAuditEnds(t *testing.T) {
	t.Parallel()
	b := booked(t, cal.Google)
	a, p := b.audit(3)
	b.shelf.before = func(string) error { return fault.New(fault.Transient, "store", nil) }
	none := func(f record.Finding) error { t.Errorf("found %+v", f); return nil }
	if _, err := a.Walk(t.Context(), tenant, record.AuditFilter{}, "", none); !fault.Is(err, fault.Transient) {
		t.Errorf("%v", err)
	}
	b.shelf.before = nil
	ctx, cancel := context.WithCancel(t.Context())
	last, err := a.Walk(ctx, tenant, record.AuditFilter{}, "", func(record.Finding) error {
		b.account.asked = func(context.Context, string) {
			cancel()
			b.account.refusal = fault.Newf(fault.Canceled, "read event", "ended")
		}
		return nil
	})
	if err == nil || last != p.all[0].ID {
		t.Errorf("ended after %s: %v", last, err)
	}
}
