package reconcile

import (
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/memdriver"
	"github.com/calweave/calweave/internal/record"
)

func wantsConference(s *cal.Booking) { s.Conference = cal.ConferenceRequested }

// conferenceReports are how often the core was told that there is a conference, and that there is none.
func (b *bench) conferenceReports() (ready, failed int) {
	for _, r := range b.shelf.reports {
		switch r.Type { //nolint:exhaustive // the others are about something else
		case message.BookingConferenceReady:
			ready++
		case message.BookingConferenceFailed:
			failed++
		}
	}
	return ready, failed
}

// What is never made is looked at ever less often, given up once, and told all the same should it come after all.
func TestConferenceThatIsNotMade(t *testing.T) {
	t.Parallel()
	b := newBench(t, cal.Google)
	b.account.Kind.Conferences = memdriver.ConfersSomeday
	b.want(wantsConference)
	asked, looks := b.clock.Now(), 0
	d := b.settle()
	for ; d.Link.Conference.State == cal.ConferencePending && looks < 100; looks++ {
		wait := d.Outcome.NotBefore.Sub(b.clock.Now())
		if wait < firstConferenceLook || wait > lastConferenceLook || d.Link.State != record.LinkSynced {
			t.Fatalf("look %d: waits %s, and is %s", looks, wait, d.Link.State)
		}
		b.clock.Advance(wait)
		d = b.settle()
	}
	if took := b.clock.Now().Sub(asked); took < conferencePatience || took > conferencePatience+lastConferenceLook || looks > 25 {
		t.Errorf("given up after %s and %d looks", took, looks)
	}
	if is := d.Link.Conference; is.State != cal.ConferenceRefused || is.Reason != conferenceOverdue || !d.Outcome.Served {
		t.Errorf("in the end %+v, %+v", is, d.Outcome)
	}
	if ready, failed := b.conferenceReports(); ready != 0 || failed != 1 {
		t.Errorf("told %d times that it is ready and %d times that it is not", ready, failed)
	}
	b.clock.Advance(25 * time.Hour)
	if _, err := b.account.Client().ReadEvent(t.Context(), (&run{s: Situation{Link: b.shelf.link}, c: record.Case{Calendar: b.shelf.calendar}}).ref()); err != nil {
		t.Fatal(err)
	}
	b.listed()
	b.shelf.mark()
	if d := b.settle(); d.Link.Conference.State != cal.ConferenceReady || !reported(d, message.BookingConferenceReady) {
		t.Errorf("after all %+v", d.Link.Conference)
	}
}

// An answer that was lost leaves the event with a conference or without: it is asked for once more only where there is none.
func TestConferenceWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for kind, want := range map[memdriver.Conferring]struct {
		state cal.ConferenceState
		calls int
	}{memdriver.ConfersAtOnce: {cal.ConferenceReady, 0}, memdriver.PassesOver: {cal.ConferenceRefused, 1}} {
		b := newBench(t, cal.Microsoft)
		b.account.Kind.Conferences = kind
		lost := false
		b.account.fates = func(op string) fate {
			if op == "create" && !lost {
				lost = true
				return lostAfter
			}
			return answered
		}
		b.want(wantsConference)
		if err := b.run(); err == nil {
			t.Fatal("the answer was not lost")
		}
		d := b.settle()
		updates := 0
		for _, call := range b.account.calls {
			if call == "update" {
				updates++
			}
		}
		ready, failed := b.conferenceReports()
		if d.Link.Conference == nil || d.Link.Conference.State != want.state || updates != want.calls || ready+failed != 1 {
			t.Errorf("%q: %+v after %v, told %d and %d times", kind, d.Link.Conference, b.account.calls, ready, failed)
		}
	}
}

// A provider that makes no conferences keeps no booking from being synced.
func TestConferenceOfAProviderWithout(t *testing.T) {
	t.Parallel()
	b := newBench(t, cal.Google)
	b.account.can.Confers = false
	b.want(wantsConference)
	if d := b.settle(); d.Link.State != record.LinkSynced || d.Link.Conference == nil || d.Link.Conference.Reason != noConferences {
		t.Errorf("%+v, %+v", d.Link.State, d.Link.Conference)
	}
	b.want(func(s *cal.Booking) { s.Title = "other" })
	b.settle()
	if ready, failed := b.conferenceReports(); ready != 0 || failed != 1 {
		t.Errorf("told %d and %d times", ready, failed)
	}
}
