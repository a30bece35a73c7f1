package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
)

// changedBooking is a booking whose event a person changes in the calendar of one provider, which is the authoritative target.
type changedBooking struct {
	id     string
	at     sim.Provider
	change cal.Change
	stance cal.Stance
	setBy  string
	// event is the event that the person changes.
	event string
}

// policied books one booking for each kind of change, each stance on it and each provider, over HTTP. The connections accept moves and deletions and
// enforce what is edited; whatever else is to happen, the booking says itself.
func (w *world) policied() []*changedBooking {
	w.tb.Helper()
	connections := cal.Backflow{Moved: cal.StanceAccept, Cancelled: cal.StanceAccept, Edited: cal.StanceEnforce}
	var page gen.ConnectionPage
	w.call(http.MethodGet, "/v1/connections", "", &page)
	for _, c := range page.Connections {
		var chosen gen.Connection
		w.call(http.MethodPatch, "/v1/connections/"+c.ID, `{"backflow":{"moved":"accept","cancelled":"accept","edited":"enforce"}}`, &chosen)
		if chosen.Backflow != connections {
			w.tb.Fatalf("%+v", chosen)
		}
	}
	var out []*changedBooking
	for i, change := range []cal.Change{cal.ChangeMoved, cal.ChangeEdited, cal.ChangeCancelled} {
		for j, stance := range []cal.Stance{cal.StanceReport, cal.StanceAccept, cal.StanceEnforce} {
			for k, p := range []sim.Provider{sim.Google, sim.Microsoft} {
				c := &changedBooking{id: fmt.Sprintf("%s-%s-%s", change, stance, p), at: p, change: change, stance: stance, setBy: "connection"}
				b := w.booking(1, c.id, fmt.Sprintf("2027-03-%02dT10:00:00", 1+i*6+j*2+k))
				w.guestsStand(&b, p)
				if connections.On(change) != stance {
					c.setBy = "booking"
					b.Backflow = map[cal.Change]cal.Backflow{cal.ChangeMoved: {Moved: stance}, cal.ChangeEdited: {Edited: stance}, cal.ChangeCancelled: {Cancelled: stance}}[change]
				}
				raw, err := json.Marshal(b)
				w.must(err)
				if status, answer := w.send(http.MethodPut, "/v1/bookings/"+c.id, string(raw)); status != http.StatusAccepted {
					w.tb.Fatalf("%s: %d %s", c.id, status, answer)
				}
				out = append(out, c)
			}
		}
	}
	w.settle()
	return out
}

// named is the event of a title in a provider's calendar; ok is false if there is none.
func (w *world) named(p sim.Provider, title string) (found sim.Event, ok bool) {
	w.tb.Helper()
	for _, e := range w.standing(p) {
		if e.Title == title {
			if ok {
				w.tb.Errorf("%s shows %q twice", p, title)
			}
			found, ok = e, true
		}
	}
	return found, ok
}

// private gives an event something of which calweave knows nothing: a colour, or a category. With an empty value it reads that.
func (w *world) private(p sim.Provider, event, value string) string {
	w.tb.Helper()
	api, path, body := strings.TrimSuffix(w.config.Google.APIURL, "/"), "/calendars/primary/events/"+event, map[string]any{"colorId": value}
	if p == sim.Microsoft {
		api, path, body = w.config.Microsoft.APIURL, "/me/events/"+event, map[string]any{"categories": []string{value}}
	}
	token, err := w.sim.IssueToken(p, in(p).Email, "by-hand")
	w.must(err)
	method, raw := http.MethodGet, []byte{}
	if value != "" {
		method = http.MethodPatch
		raw, err = json.Marshal(body)
		w.must(err)
	}
	req, err := http.NewRequestWithContext(w.ctx, method, api+path, strings.NewReader(string(raw)))
	w.must(err)
	req.Header.Set("Authorization", "Bearer "+token.Access)
	req.Header.Set("Content-Type", "application/json")
	status, answer := w.do(req)
	if status != http.StatusOK {
		w.tb.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	var e struct {
		ColorID    string `json:"colorId"`
		Categories []string
	}
	w.must(json.Unmarshal([]byte(answer), &e))
	return e.ColorID + strings.Join(e.Categories, ",")
}

const byHand = " by hand"

// act lets the person do what the booking is there for.
func (w *world) act(c *changedBooking) {
	w.tb.Helper()
	e, ok := w.named(c.at, c.id)
	if !ok {
		w.tb.Fatalf("%s is not shown", c.id)
	}
	c.event = e.ID
	w.private(c.at, e.ID, "5")
	var err error
	switch c.change {
	case cal.ChangeMoved:
		_, err = w.sim.MoveEvent(in(c.at), e.ID, e.Start.Add(time.Hour))
	case cal.ChangeEdited:
		title := c.id + byHand
		_, err = w.sim.EditEvent(in(c.at), e.ID, sim.Edit{Title: &title})
	case cal.ChangeCancelled:
		err = w.sim.DeleteEvent(in(c.at), e.ID, false)
	}
	w.must(err)
}

// wants holds a booking, its events and its history to what its policy says.
func (w *world) wants(c *changedBooking) {
	w.tb.Helper()
	var b gen.Booking
	w.call(http.MethodGet, "/v1/bookings/"+c.id, "", &b)
	accepts, enforces := c.stance == cal.StanceAccept, c.stance == cal.StanceEnforce
	if b.Diverged != (c.stance == cal.StanceReport) || b.Version != 1 || b.Revision != map[bool]int64{true: 2, false: 3}[b.Diverged] {
		w.tb.Errorf("%s: diverged %t, version %d, revision %d", c.id, b.Diverged, b.Version, b.Revision)
	}
	title, start := c.id, "T10:00:00"
	if c.change == cal.ChangeEdited && accepts {
		title += byHand
	}
	if c.change == cal.ChangeMoved && accepts {
		start = "T11:00:00"
	}
	if cancelled := b.State == gen.BookingStateCancelled; b.Booking.Title != title || !strings.Contains(b.Booking.Start.DateTime, start) || cancelled != (accepts && c.change == cal.ChangeCancelled) {
		w.tb.Errorf("%s: %s, %+v", c.id, b.State, b.Booking)
	}
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		w.wantsShown(c, p, b)
	}
	if !enforces || c.change != cal.ChangeCancelled {
		return
	}
	if e, _ := w.named(c.at, c.id); e.ID == c.event {
		w.tb.Errorf("%s: the deleted event came back under its old id", c.id)
	}
}

// wantsShown holds what a provider's calendar shows of a booking to what becomes of the person's change.
func (w *world) wantsShown(c *changedBooking, p sim.Provider, b gen.Booking) {
	w.tb.Helper()
	left := c.stance == cal.StanceReport && p == c.at // as the person made it
	title, hour := b.Booking.Title, 10
	if strings.Contains(b.Booking.Start.DateTime, "T11:") || left && c.change == cal.ChangeMoved {
		hour = 11
	}
	if left && c.change == cal.ChangeEdited {
		title = c.id + byHand
	}
	e, shown := w.named(p, title)
	if want := b.State == gen.BookingStateBooked && (!left || c.change != cal.ChangeCancelled); shown != want {
		w.tb.Errorf("%s: shown by %s %t", c.id, p, shown)
	}
	if !shown {
		return
	}
	berlin, err := time.LoadLocation(zone)
	w.must(err)
	if e.Start.In(berlin).Hour() != hour {
		w.tb.Errorf("%s: %s shows it at %s", c.id, p, e.Start)
	}
	if p == c.at && c.change != cal.ChangeCancelled {
		if got := w.private(p, e.ID, ""); got != "5" {
			w.tb.Errorf("%s: what calweave knows nothing of has become %q", c.id, got)
		}
	}
}

// explained holds a booking's history and messages to its policy.
func (w *world) explained(c *changedBooking) {
	w.tb.Helper()
	var page gen.HistoryPage
	w.call(http.MethodGet, "/v1/bookings/"+c.id+"/history", "", &page)
	outcome := map[cal.Stance]string{cal.StanceReport: "reported", cal.StanceAccept: "accepted", cal.StanceEnforce: "reverted"}[c.stance]
	var decisions, actors []string
	for _, e := range page.Entries {
		if e.Detail.Policy != nil {
			for _, d := range *e.Detail.Policy {
				decisions = append(decisions, strings.Join([]string{d.Change, d.Stance, d.SetBy, d.Outcome}, " "))
			}
		}
		if strings.HasPrefix(e.Action, "divergence.") {
			actors = append(actors, e.Actor+" "+e.Action+": "+*e.Detail.Why)
		}
	}
	if want := []string{strings.Join([]string{string(c.change), string(c.stance), c.setBy, outcome}, " ")}; !slices.Equal(decisions, want) {
		w.tb.Errorf("%s: the history says %q, want %q", c.id, decisions, want)
	}
	var want []string
	if c.stance != cal.StanceReport {
		want = []string{fmt.Sprintf("policy divergence.%s: the policy of the %s is to %s what a person has %s", outcome, c.setBy, c.stance, c.change)}
	}
	if !slices.Equal(actors, want) {
		w.tb.Errorf("%s: decided by %q, want %q", c.id, actors, want)
	}
}

// Each kind of change, each stance, both providers, over HTTP from end to end. Nobody is mailed.
func TestPoliciesEndToEnd(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	all := w.policied()
	for _, c := range all {
		w.act(c)
	}
	w.settle()
	for _, c := range all {
		w.wants(c)
		w.explained(c)
	}
	told := w.core.types()
	if told[message.BookingMoved] != 6 || told[message.BookingEdited] != 6 || told[message.BookingRemoved] != 6 || told[message.BookingDecided] != 12 || told[message.BookingHeld] != 0 {
		t.Errorf("messages %v", told)
	}
	if mails := w.sim.Mails(0); len(mails) != 0 {
		t.Errorf("mails %+v", mails)
	}
	before := len(w.sim.Requests(0))
	w.settle()
	if n := len(w.sim.Requests(0)) - before; n != 0 {
		t.Errorf("%d requests with nothing left to do", n)
	}
}

// At Microsoft, what is enforced on an event with a guest whom notify does not cover waits for an operator, and mails nobody until then.
func TestPolicyThatWouldMailWaits(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	b := w.booking(1, "Intro call", wall)
	b.Backflow = cal.Backflow{Moved: cal.StanceEnforce}
	w.submit("b1", b, nil)
	w.settle()
	graph, _ := w.named(sim.Microsoft, "Intro call")
	google, _ := w.named(sim.Google, "Intro call")
	w.must(w.invite(sim.Microsoft, graph.ID))
	w.must(w.invite(sim.Google, google.ID))
	w.settle()
	for p, id := range map[sim.Provider]string{sim.Google: google.ID, sim.Microsoft: graph.ID} {
		_, err := w.sim.MoveEvent(in(p), id, graph.Start.Add(time.Hour))
		w.must(err)
	}
	theirs := len(w.sim.Mails(0)) // Outlook mails what a person does there
	w.settle()
	var read gen.Booking
	w.call(http.MethodGet, "/v1/bookings/b1", "", &read)
	for _, target := range read.Targets {
		if held := target.Status == gen.TargetStatusStatusHeld; held != (target.Provider == gen.ProviderMicrosoft) {
			t.Errorf("%s is %s", target.Provider, target.Status)
		}
	}
	back, _ := w.named(sim.Google, "Intro call")
	still, _ := w.named(sim.Microsoft, "Intro call")
	if !back.Start.Equal(google.Start) || len(back.Attendees) == 0 || still.Start.Equal(graph.Start) {
		t.Errorf("Google shows %s with %v, Microsoft %s", back.Start, back.Attendees, still.Start)
	}
	if n := w.core.count(message.BookingHeld); n != 1 {
		t.Errorf("booking.held was sent %d times", n)
	}
	if mails := w.sim.Mails(0)[theirs:]; len(mails) != 0 {
		t.Errorf("mails %+v", mails)
	}
	w.approve("b1", cal.Microsoft)
	w.settle()
	if after, _ := w.named(sim.Microsoft, "Intro call"); !after.Start.Equal(graph.Start) || len(w.sim.Mails(0)) != theirs+1 {
		t.Errorf("approved, Microsoft shows %s and mails %v", after.Start, w.sim.Mails(0))
	}
}

// invite has the host add a guest without mailing them.
func (w *world) invite(p sim.Provider, event string) error {
	guests := []sim.Attendee{{Email: "guest@example.org"}}
	_, err := w.sim.EditEvent(in(p), event, sim.Edit{Attendees: &guests})
	return err
}

// approve is an operator's word for the write that waits at a provider.
func (w *world) approve(id cal.BookingID, p cal.Provider) {
	w.tb.Helper()
	b, err := w.app.Store.Booking(w.ctx, w.tenant, id)
	w.must(err)
	for _, l := range b.Links {
		if l.Provider == p && l.State == record.LinkHeld {
			w.wishes.allows(id, p)
			w.must(w.app.Store.Release(w.ctx, w.pushOf(l.ID), "operator"))
		}
	}
}

// pushOf is the work of a link.
func (w *world) pushOf(id cal.LinkID) task.Ref {
	return task.Ref{Tenant: w.tenant, Kind: task.LinkPush, Subject: string(id)}
}

// A guest answers in their own calendar, and the core hears of it once, from the target on which guests stand.
func TestGuestsAnswer(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	for _, c := range []struct {
		at     sim.Provider
		guest  string
		answer string
	}{{sim.Google, "gus@example.com", "accepted"}, {sim.Microsoft, "mia@contoso.example", "tentativelyAccepted"}} {
		_, err := w.sim.Seed(sim.Person{Provider: c.at, Email: c.guest, Zone: zone})
		w.must(err)
		b := w.booking(1, "Call of "+c.guest, wall)
		w.guestsStand(&b, c.at)
		b.Notify, b.Attendees = cal.NotifyAll, []cal.Attendee{{Email: c.guest, Name: "Guest"}}
		w.submit(cal.BookingID("b-"+string(c.at)), b, nil)
		w.settle()
		theirs := sim.In{Provider: c.at, Email: c.guest}
		copies, err := w.sim.Standing(theirs)
		w.must(err)
		if len(copies) != 1 {
			t.Fatalf("%s has %d events", c.guest, len(copies))
		}
		w.must(w.sim.Answer(theirs, copies[0].ID, c.answer))
		w.settle()
	}
	want := []string{"google gus@example.com none accepted 1", "microsoft mia@contoso.example none tentative 1"}
	if got := w.responses(); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	if n := w.core.types(); n[message.BookingEdited]+n[message.BookingMoved]+n[message.BookingRemoved] != 0 {
		t.Errorf("messages %v", n)
	}
}

// responses are what the core was told of guests' answers, with the revision that it was told at.
func (w *world) responses() []string {
	w.tb.Helper()
	items, err := w.app.Store.Feed(w.ctx, w.tenant, 0, 200)
	w.must(err)
	var out []string
	for _, m := range items {
		var r message.Responded
		if m.Type == message.BookingAttendeeResponded {
			w.must(json.Unmarshal(m.Data, &r))
			out = append(out, fmt.Sprintf("%s %s %s %s %d", r.Target.Provider, r.Attendee.Email, r.Was, r.Attendee.Response, r.Revision))
		}
	}
	return out
}

// TestKillWhilePoliciesDecide ends the process at each third statement and call of a person's change on its way back, of which one part is accepted
// and one enforced. Whatever is left must be brought to the same end by the next process, and each message be sent once.
func TestKillWhilePoliciesDecide(t *testing.T) {
	t.Parallel()
	everyCall(t, "what policies decide", 3, func(t *testing.T, at int, after bool) int {
		t.Helper()
		w := sqliteWorld(t)
		b := w.booking(1, "Intro call", wall)
		b.Backflow = cal.Backflow{Moved: cal.StanceAccept, Edited: cal.StanceEnforce}
		w.guestsStand(&b, sim.Google) // what is accepted is accepted of the authoritative target
		w.submit("b1", b, nil)
		w.settle()
		w.killer.arm(at, after)
		armed := w.killer
		e, title := w.standing(sim.Google)[0], "By hand"
		start, end := e.Start.Add(time.Hour), e.End.Add(time.Hour)
		_, err := w.sim.EditEvent(in(sim.Google), e.ID, sim.Edit{Title: &title, Start: &start, End: &end})
		w.must(err)
		w.settle()
		calls := struck(t, armed, at)
		for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
			if events := w.standing(p); len(events) != 1 || events[0].Title != "Intro call" || !events[0].Start.Equal(start) {
				t.Errorf("killed at %q: %s shows %+v", armed.what, p, events)
			}
		}
		want := map[message.Type]int{
			message.ConnectionActivated: 2, message.BookingAccepted: 1, message.BookingMoved: 1, message.BookingDecided: 2, message.BookingSynced: 4,
		}
		if got := w.core.types(); !maps.Equal(got, want) {
			t.Errorf("killed at %q: messages %v, want %v", armed.what, got, want)
		}
		stored, err := w.app.Store.Booking(w.ctx, w.tenant, "b1")
		w.must(err)
		if stored.Diverged() || stored.Revision != 4 || stored.Version != 1 {
			t.Errorf("killed at %q: diverged %t, revision %d", armed.what, stored.Diverged(), stored.Revision)
		}
		w.checkNothingStopped(armed.what)
		return calls
	})
}
