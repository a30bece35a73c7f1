package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
)

// conferring is a booking that wants a conference at a provider.
func (w *world) conferring(p sim.Provider, version int64, title string) cal.Booking {
	w.tb.Helper()
	b := w.booking(version, title, wall)
	b.Attendees, b.Conference = nil, cal.ConferenceRequested
	w.guestsStand(&b, p)
	return b
}

// joins is the link to join that a provider's only event shows; empty for none.
func (w *world) joins(p sim.Provider) string {
	w.tb.Helper()
	all := w.standing(p)
	if len(all) != 1 {
		w.tb.Fatalf("%s shows %+v", p, all)
	}
	return w.byHand(p, http.MethodGet, all[0].ID, nil)
}

// byHand sends a request about an event, as another client of its owner's would, and returns the link to join that the answer shows.
func (w *world) byHand(p sim.Provider, method, id string, body map[string]any) string {
	w.tb.Helper()
	address := strings.TrimSuffix(w.config.Google.APIURL, "/") + "/calendars/primary/events/" + id + "?conferenceDataVersion=1"
	if p == sim.Microsoft {
		address = w.config.Microsoft.APIURL + "/me/events/" + id
	}
	token, err := w.sim.IssueToken(p, in(p).Email, "by-hand")
	w.must(err)
	raw, err := json.Marshal(body)
	w.must(err)
	req, err := http.NewRequestWithContext(w.ctx, method, address, strings.NewReader(string(raw)))
	w.must(err)
	req.Header.Set("Authorization", "Bearer "+token.Access)
	req.Header.Set("Content-Type", "application/json")
	status, answer := w.do(req)
	if status != http.StatusOK {
		w.tb.Fatalf("%s %s: %d %s", method, address, status, answer)
	}
	var e struct {
		HangoutLink   string
		OnlineMeeting *struct{ JoinURL string }
	}
	w.must(json.Unmarshal([]byte(answer), &e))
	if e.OnlineMeeting != nil {
		return e.OnlineMeeting.JoinURL
	}
	return e.HangoutLink
}

// conferences are what the core was told about conferences, in order: "provider URL" or "provider failed: reason".
func (c *core) conferences() (out []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.messages {
		var ready message.Conference
		var failed message.Stopped
		switch {
		case e.Type == message.BookingConferenceReady && json.Unmarshal(e.Data, &ready) == nil:
			out = append(out, fmt.Sprintf("%s %s", ready.Target.Provider, ready.URL))
		case e.Type == message.BookingConferenceFailed && json.Unmarshal(e.Data, &failed) == nil:
			out = append(out, fmt.Sprintf("%s failed: %s", failed.Target.Provider, failed.Reason))
		}
	}
	return out
}

// hasHeard wants the core to have been told just this about conferences.
func (w *world) hasHeard(when string, want ...string) {
	w.tb.Helper()
	if got := w.core.conferences(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		w.tb.Errorf("%s the core has heard %q, want %q", when, got, want)
	}
}

// conferenceAt is what the link of a booking's target says of its conference.
func (w *world) conferenceAt(id cal.BookingID, p sim.Provider) record.Conference {
	w.tb.Helper()
	b, err := w.app.Store.Booking(w.ctx, w.tenant, id)
	w.must(err)
	for _, l := range b.Links {
		if l.Provider == cal.Provider(p) && l.Conference != nil {
			return *l.Conference
		}
	}
	return record.Conference{}
}

// A conference is made once, on the authoritative target, and outlives what is written later. What a person does to it is told and left alone, and a
// booking that moves to another mailbox has one there.
func TestConferences(t *testing.T) {
	t.Parallel()
	for n, p := range both() {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			w, other := sqliteWorld(t), both()[1-n]
			b := w.conferring(p, 1, "Intro call")
			w.submit("b1", b, nil)
			w.settle()
			url := w.joins(p)
			if !strings.HasPrefix(url, "https://") || w.joins(other) != "" {
				t.Fatalf("%s shows %q and %s %q", p, url, other, w.joins(other))
			}
			ready := fmt.Sprintf("%s %s", p, url)
			w.hasHeard("after the first version", ready)
			b.Version, b.Title, b.Description = 2, "Second call", "Other words"
			w.submit("b1", b, nil)
			w.settle()
			if got := w.joins(p); got != url {
				t.Errorf("after a rewrite the event has %q, and had %q", got, url)
			}
			w.hasHeard("after a rewrite", ready)
			w.removesConference(p)
			w.settle()
			if is := w.conferenceAt("b1", p); is.State != cal.ConferenceRefused {
				t.Errorf("once it was removed the link says %+v", is)
			}
			lost := fmt.Sprintf("%s failed: %s", p, w.conferenceAt("b1", p).Reason)
			w.hasHeard("after its removal", ready, lost)
			b.Version, b.Location = 3, "Room 5"
			w.submit("b1", b, w.seen("b1"))
			w.settle()
			if got := w.joins(p); got != "" {
				t.Errorf("a person has removed the conference, and %q was made", got)
			}
			w.hasHeard("after a later version", ready, lost)
			b.Version = 4
			w.guestsStand(&b, other)
			w.submit("b1", b, w.seen("b1"))
			w.settle()
			w.hasHeard("in another mailbox", ready, lost, fmt.Sprintf("%s %s", other, w.joins(other)))
			w.checkNothingStopped("conferences")
		})
	}
}

// Each occurrence of a recurring booking has a conference of its own, which the message names; one that is added later gets one, and the others keep
// theirs.
func TestEachOccurrenceHasAConference(t *testing.T) {
	t.Parallel()
	for n, p := range both() {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			w, other := sqliteWorld(t), both()[1-n]
			b := w.conferring(p, 1, "Course")
			b.Expand = true
			var before map[string]string
			for version, starts := range [][]string{
				{"2027-03-01T10:00:00+01:00", "2027-03-08T10:00:00+01:00"},
				{"2027-03-01T10:00:00+01:00", "2027-03-08T10:00:00+01:00", "2027-03-15T10:00:00+01:00"},
			} {
				b.Version, b.Title = int64(version+1), fmt.Sprint("Course ", version)
				b.Recurrence = []string{fmt.Sprint("RRULE:FREQ=WEEKLY;COUNT=", len(starts))}
				w.submit("course", b, nil)
				w.settle()
				shown, told := w.joinsOf(p), w.core.conferencesOf(p)
				for _, start := range starts {
					if url := shown[start]; url == "" || told[start] != url || before[start] != "" && before[start] != url {
						t.Errorf("version %d, %s: the event shows %q and showed %q, the core was told %q", version+1, start, url, before[start], told[start])
					}
				}
				if n := len(w.core.conferences()); len(shown) != len(starts) || n != len(starts) {
					t.Errorf("version %d: %d conferences, %d messages; want %d", version+1, len(shown), n, len(starts))
				}
				before = shown
			}
			if made := w.joinsOf(other); len(made) != 0 {
				t.Errorf("%s, which is not authoritative, shows %v", other, made)
			}
		})
	}
}

// joinsOf are the links to join that a provider's events show, by when they begin in Berlin.
func (w *world) joinsOf(p sim.Provider) map[string]string {
	w.tb.Helper()
	berlin, err := time.LoadLocation(zone)
	w.must(err)
	out := map[string]string{}
	distinct := map[string]bool{}
	for _, e := range w.standing(p) {
		if url := w.byHand(p, http.MethodGet, e.ID, nil); url != "" {
			if distinct[url] {
				w.tb.Errorf("two events at %s share %q", p, url)
			}
			distinct[url] = true
			out[e.Start.In(berlin).Format(time.RFC3339)] = url
		}
	}
	return out
}

// conferencesOf are the links that the core was told about, by the occurrence that each message names.
func (c *core) conferencesOf(p sim.Provider) map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]string{}
	for _, e := range c.messages {
		var ready message.Conference
		if e.Type != message.BookingConferenceReady || json.Unmarshal(e.Data, &ready) != nil || string(ready.Target.Provider) != string(p) {
			continue
		}
		if ready.Target.Occurrence == nil {
			out["no occurrence"] = ready.URL
			continue
		}
		out[ready.Target.Occurrence.OriginalStart.DateTime] = ready.URL
	}
	return out
}

// seen is the revision of a booking.
func (w *world) seen(id cal.BookingID) *int64 {
	w.tb.Helper()
	b, err := w.app.Store.Booking(w.ctx, w.tenant, id)
	w.must(err)
	return &b.Revision
}

// removesConference lets a person remove it: at Google by a click, at Microsoft by writing over what Teams has put into the text.
func (w *world) removesConference(p sim.Provider) {
	w.tb.Helper()
	body := map[string]any{"conferenceData": nil}
	if p == sim.Microsoft {
		body = map[string]any{"body": map[string]any{"contentType": "text", "content": "typed over"}}
	}
	if left := w.byHand(p, http.MethodPatch, w.standing(p)[0].ID, body); left != "" {
		w.tb.Fatalf("the person has removed the conference, and %q is there", left)
	}
}

// A person who replaces the conference keeps theirs, and the core is told its URL.
func TestReplacedConference(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	b := w.conferring(sim.Google, 1, "Intro call")
	w.submit("b1", b, nil)
	w.settle()
	first := w.joins(sim.Google)
	w.removesConference(sim.Google)
	w.byHand(sim.Google, http.MethodPatch, w.standing(sim.Google)[0].ID, map[string]any{"conferenceData": map[string]any{
		"createRequest": map[string]any{"requestId": "theirs", "conferenceSolutionKey": map[string]any{"type": "hangoutsMeet"}},
	}})
	b.Version, b.Title = 2, "Second call"
	w.submit("b1", b, nil)
	w.settle()
	theirs := w.joins(sim.Google)
	if theirs == "" || theirs == first {
		t.Errorf("the event shows %q, and had %q", theirs, first)
	}
	w.hasHeard("after it was replaced", "google "+first, "google "+theirs)
}

// Where no conference is to be had, the booking is synced all the same and the core hears why, once.
func TestRefusedConferences(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		p      sim.Provider
		change func(*sim.Switches)
	}{
		"Google fails":           {sim.Google, func(s *sim.Switches) { s.Google.Conferences = sim.ConferenceFails }},
		"Google refuses":         {sim.Google, func(s *sim.Switches) { s.Google.Conferences = sim.ConferenceRefused }},
		"Microsoft passes over":  {sim.Microsoft, func(s *sim.Switches) { s.Microsoft.OnlineMeetings = sim.Ignored }},
		"asked for only later":   {sim.Google, func(s *sim.Switches) { s.Google.Conferences = sim.ConferenceRefused }},
		"asked for later, Graph": {sim.Microsoft, func(s *sim.Switches) { s.Microsoft.OnlineMeetings = sim.Ignored }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := sqliteWorld(t)
			w.must(w.sim.SetSwitches(tt.change))
			b := w.conferring(tt.p, 1, "Intro call")
			if strings.Contains(name, "later") {
				b.Conference = ""
				w.submit("b1", b, nil)
				w.settle()
				w.hasHeard("before it was wanted")
				b.Version, b.Conference = 2, cal.ConferenceRequested
			}
			w.submit("b1", b, nil)
			w.settle()
			is := w.conferenceAt("b1", tt.p)
			if is.State != cal.ConferenceRefused || is.Reason == "" || w.joins(tt.p) != "" {
				t.Errorf("%+v, and %s shows %q", is, tt.p, w.joins(tt.p))
			}
			failed := fmt.Sprintf("%s failed: %s", tt.p, is.Reason)
			w.hasHeard("once", failed)
			b.Version, b.Title = b.Version+1, "Second call"
			w.submit("b1", b, nil)
			w.settle()
			w.hasHeard("with a later version", failed)
			for _, p := range both() {
				if all := w.standing(p); len(all) != 1 || all[0].Title != "Second call" {
					t.Errorf("%s shows %+v", p, all)
				}
			}
			w.checkNothingStopped(name)
		})
	}
}

// A wish that is taken back takes no conference away, and one that is made again is answered anew.
func TestWithdrawnConference(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.must(w.sim.SetSwitches(func(s *sim.Switches) { s.Microsoft.OnlineMeetings = sim.Ignored }))
	b := w.conferring(sim.Microsoft, 1, "Intro call")
	w.submit("b1", b, nil)
	w.settle()
	failed := "microsoft failed: " + w.conferenceAt("b1", sim.Microsoft).Reason
	w.must(w.sim.SetSwitches(func(s *sim.Switches) { s.Microsoft.OnlineMeetings = sim.Honoured }))
	for _, wish := range []cal.ConferenceWish{"", cal.ConferenceRequested, ""} {
		b.Version, b.Conference = b.Version+1, wish
		w.submit("b1", b, nil)
		w.settle()
	}
	if is := w.conferenceAt("b1", sim.Microsoft); is.State != "" {
		t.Errorf("nothing is wanted, and the link says %+v", is)
	}
	w.hasHeard("in the end", failed, "microsoft "+w.joins(sim.Microsoft))
}

// TestKillDuringConference ends the process at each statement and call of a booking with a conference.
func TestKillDuringConference(t *testing.T) {
	t.Parallel()
	for _, p := range both() {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			const stride = 13 // TestKillAtEveryStatement walks the rest of the way
			everyCall(t, "a conference at "+string(p), stride, func(t *testing.T, at int, after bool) int {
				t.Helper()
				return conferenceTrip(t, sqliteWorld(t), p, at, after)
			})
		})
	}
}

// conferenceTrip books one event with a conference, killed at one call, and checks the end. It returns how many calls it made.
func conferenceTrip(t *testing.T, w *world, p sim.Provider, at int, after bool) int {
	t.Helper()
	b := w.conferring(p, 1, "Intro call")
	b.Targets = []cal.Target{{CalendarID: w.targets[cal.Provider(p)]}}
	w.killer.arm(at, after)
	armed := w.killer
	w.submit("b1", b, nil)
	w.settle()
	calls := struck(t, armed, at)
	url := w.joins(p)
	if url == "" {
		t.Errorf("killed at %q: %s shows no conference", armed.what, p)
	}
	w.hasHeard("killed at "+armed.what, fmt.Sprintf("%s %s", p, url))
	if is := w.conferenceAt("b1", p); is.State != cal.ConferenceReady || is.URL != url {
		t.Errorf("killed at %q: the link says %+v, the event shows %q", armed.what, is, url)
	}
	w.checkNoWorkStopped(armed.what)
	return calls
}
