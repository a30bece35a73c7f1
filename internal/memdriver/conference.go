package memdriver

import (
	"slices"
	"strconv"
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// Conferring is what becomes of a wish for a conference.
type Conferring string

// What becomes of it.
const (
	// ConfersAtOnce answers with the conference, ConfersLater makes it in the background.
	ConfersAtOnce Conferring = ""
	ConfersLater  Conferring = "later"
	// ConfersNever fails in the background, and shows that it did.
	ConfersNever Conferring = "never"
	// ConfersSomeday takes a day.
	ConfersSomeday Conferring = "someday"
	// PassesOver makes none and says so in its answer alone: the event shows nothing of it.
	PassesOver Conferring = "passes over"
)

// making is how long a conference is made in the background.
const making = 3 * time.Second

// MakesConferences implements provider.ConferenceMaker. Every kind makes them, or refuses to.
func (driver) MakesConferences() {}

// confer asks for a conference under an id; asking again under the same one changes nothing. It reports whether anything has changed.
func (c *Calendar) confer(e *entry, id string) bool {
	if id == "" || e.wish == id && e.event.Conference.State != "" {
		return false
	}
	a := c.account
	switch a.Kind.Conferences {
	case PassesOver:
		return false
	case ConfersLater, ConfersNever, ConfersSomeday:
		e.event.Conference = cal.Conference{State: cal.ConferencePending}
		e.made = a.clock.Now().Add(making)
		if a.Kind.Conferences == ConfersSomeday {
			e.made = a.clock.Now().AddDate(0, 0, 1)
		}
		a.making = append(a.making, func() (done bool) { return c.completed(e) })
	case ConfersAtOnce:
		e.event.Conference = a.conference()
	}
	e.wish = id
	return true
}

// conference is a new one.
func (a *Account) conference() cal.Conference {
	a.conferences++
	return cal.Conference{State: cal.ConferenceReady, URL: "https://meet.test/" + string(a.Kind.Name) + "/" + strconv.Itoa(a.conferences)}
}

// passedOver is the answer to a write that asked for a conference under id, if id is set.
func (a *Account) passedOver(e cal.Event, id string) cal.Event {
	if id != "" && a.Kind.Conferences == PassesOver && e.Conference.State == "" {
		e.Conference = cal.Conference{State: cal.ConferenceRefused, Reason: "the calendar has none"}
	}
	return e
}

// complete finishes what was made in the background.
func (a *Account) complete() {
	a.making = slices.DeleteFunc(a.making, func(completed func() bool) bool { return completed() })
}

// completed finishes what is made for an entry if its time has come, and reports whether nothing is made any more.
func (c *Calendar) completed(e *entry) bool {
	a := c.account
	switch {
	case e.event.Conference.State != cal.ConferencePending, e.event.Gone():
		return true
	case e.made.After(a.clock.Now()):
		return false
	}
	e.event.Conference = cal.Conference{State: cal.ConferenceRefused, Reason: "it could not be made"}
	if a.Kind.Conferences != ConfersNever {
		e.event.Conference = a.conference()
	}
	c.change(e)
	return true
}

// Confer gives an event a conference of a person's, or takes away whichever it has with an empty URL, and reports whether the event stands.
func (c *Calendar) Confer(id cal.EventID, url string) bool {
	return c.act(id, func(e *entry) {
		e.wish, e.event.Conference = "", cal.Conference{}
		if url != "" {
			e.event.Conference = cal.Conference{State: cal.ConferenceReady, URL: url}
		}
		c.change(e)
	})
}
