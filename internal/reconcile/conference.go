package reconcile

import (
	"strconv"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/record"
)

// An event is asked for a conference once, and only while it has none. From then on what the event shows counts, whoever has made it so: what persons
// remove or replace stays as they want it, and the core is told. A refusal that shows in the answer to the wish alone is remembered in the link.

// How long a conference may be in the making before it is given up, and how long it is left alone between two looks.
const (
	conferencePatience  = 15 * time.Minute
	firstConferenceLook = 5 * time.Second
	lastConferenceLook  = time.Minute
)

// What the core is told where no provider has said why.
const (
	noConferences      = "The provider makes no conferences."
	conferencePassed   = "The provider has passed the wish over."
	conferenceOverdue  = "The provider has not made the conference in time."
	conferenceVanished = "The event has no conference any more: somebody has removed it."
)

// awaitsConference reports whether it is open what becomes of the conference that the booking wants.
func awaitsConference(s Situation) bool {
	is := s.Link.Conference
	return s.Desired.Present && s.Desired.Conference && (is == nil || is.State == cal.ConferencePending)
}

// looksForConference reports whether the event has to be read for that.
func looksForConference(s Situation) bool { return s.Can.Confers && awaitsConference(s) }

// asksForConference reports whether the next write is to ask for a conference: the booking wants one, nobody knows of an answer, and the event has none.
func asksForConference(s Situation) bool {
	if !s.Desired.Conference || !s.Can.Confers || s.Link.Conference != nil || s.Conferred.State != "" {
		return false
	}
	shown := s.Remote.Event.Conference.State
	return shown == "" || shown == cal.ConferenceRefused
}

// wish is the id under which the link's event is asked for a conference. One that was withdrawn and is made again, in a later version, is another.
func (w *run) wish() string {
	return w.s.Link.Key(w.lease.Tenant).UUID() + "-" + strconv.FormatInt(w.s.Desired.Version, 10)
}

// conferred takes in what was answered to a wish.
func (w *run) conferred(e cal.Event) {
	w.s.Conferred = e.Conference
	if e.Conference.State == "" {
		w.s.Conferred = cal.Conference{State: cal.ConferenceRefused, Reason: conferencePassed}
	}
}

// conferredBy is conferred for a create. An event of an earlier one shows what became of that one's wish.
func (w *run) conferredBy(step Step, made provider.Created) {
	if step.Confer && !made.Adopted {
		w.conferred(made.Event)
	}
}

// confer settles what has become of the conference, and tells the core what is new.
func (w *run) confer(d *record.Decision) {
	l := &d.Link
	if !w.s.Desired.Conference {
		l.Conference = nil
		return
	}
	switch is := w.becameOfConference(); is.State {
	case cal.ConferencePending:
		w.awaitConference(d, is)
	case cal.ConferenceReady:
		if l.Conference == nil || l.Conference.URL != is.URL {
			d.Reports = append(d.Reports, record.Report{Type: message.BookingConferenceReady, URL: is.URL})
		}
		l.Conference = &record.Conference{Conference: is}
	case cal.ConferenceRefused:
		w.refuseConference(d, is.Reason)
	}
}

// becameOfConference is what the event shows, and what is known beyond that of one that shows nothing; zero where there is nothing new.
func (w *run) becameOfConference() cal.Conference {
	known, shown := w.s.Link.Conference, w.s.Remote.Event.Conference
	refused := func(why string) cal.Conference { return cal.Conference{State: cal.ConferenceRefused, Reason: why} }
	switch {
	case !w.s.Can.Confers && known == nil:
		return refused(noConferences)
	case w.s.Remote.Seen != Present:
		return cal.Conference{}
	case shown.State != "":
		return shown
	case w.s.Conferred.State != "":
		return w.s.Conferred
	case known != nil && known.State != cal.ConferenceRefused:
		return refused(conferenceVanished)
	default:
		return cal.Conference{}
	}
}

// awaitConference has the event looked at again, for as long as that makes sense. What was given up is not taken up again before it is ready.
func (w *run) awaitConference(d *record.Decision, is cal.Conference) {
	l, next := &d.Link, record.Conference{Conference: is, Since: w.s.Now.UTC()}
	switch known := l.Conference; {
	case known == nil, known.State == cal.ConferenceReady:
	case known.State == cal.ConferenceRefused:
		return
	default:
		next.Since, next.Looks = known.Since, known.Looks+1
	}
	if w.s.Now.Sub(next.Since) >= conferencePatience {
		w.refuseConference(d, conferenceOverdue)
		return
	}
	l.Conference = &next
	if d.Outcome.Served {
		wait := min(firstConferenceLook<<min(next.Looks, 10), lastConferenceLook)
		d.Outcome = record.Outcome{State: record.Ready, NotBefore: w.s.Now.Add(wait)}
	}
}

// refuseConference tells, once, that there is none.
func (w *run) refuseConference(d *record.Decision, why string) {
	l := &d.Link
	if l.Conference == nil || l.Conference.State != cal.ConferenceRefused {
		d.Reports = append(d.Reports, record.Report{Type: message.BookingConferenceFailed, Reason: why})
		l.Conference = &record.Conference{Conference: cal.Conference{State: cal.ConferenceRefused, Reason: why}}
	}
}
