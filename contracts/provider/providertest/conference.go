package providertest

import (
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
)

func conferenceCases() []Case {
	needs := []provider.Capability{provider.CanConfer}
	return []Case{
		{"conference/with a new event", needs, confersAtOnce},
		{"conference/asked for later", needs, confersLater},
	}
}

const wish = "0c9a3f6e-wish-1"

func confersAtOnce(t T, r *Run) {
	req := r.create(r.key(), content("Intro call"))
	req.Conference = wish
	made, err := r.Client.CreateEvent(t.Context(), req)
	r.must("create", err)
	now := r.settled("the new event", made.Event)
	if now.Content.Differences(req.Content, cal.AllFields) != 0 {
		t.Errorf("the event with a conference is %+v", now.Content)
	}
	if r.NoConferences {
		return
	}
	next := content("Second title")
	next.Description = "Other words"
	got, err := r.Client.UpdateEvent(t.Context(), r.update(now, next, cal.Fields(cal.FieldTitle|cal.FieldDescription)))
	r.must("update", err)
	read, err := r.Client.ReadEvent(t.Context(), r.ref(now.ID))
	r.must("read", err)
	for what, e := range map[string]cal.Event{"the update": got, "what is read": read} {
		if e.Conference != now.Conference {
			t.Errorf("%s has the conference %+v, and it was %+v", what, e.Conference, now.Conference)
		}
		if e.Content.Description != "Other words" {
			t.Errorf("%s has the description %q", what, e.Content.Description)
		}
	}
}

func confersLater(t T, r *Run) {
	e := r.booked("Intro call")
	if e.Conference != (cal.Conference{}) {
		t.Errorf("nobody asked for %+v", e.Conference)
	}
	var first cal.Conference
	for range 2 { // the second wish has the id of the first
		next := content("Second title")
		req := r.update(e, next, cal.Fields(cal.FieldTitle))
		req.Conference = wish
		got, err := r.Client.UpdateEvent(t.Context(), req)
		r.must("update", err)
		e = r.settled("the update", got)
		if first == (cal.Conference{}) {
			first = e.Conference
		}
		if e.Conference != first || e.Content.Title != next.Title {
			t.Errorf("%+v with %+v, which was %+v", e.Content, e.Conference, first)
		}
	}
}

// settled is the event once its conference, which was asked for, is made or refused.
func (r *Run) settled(what string, e cal.Event) cal.Event {
	r.t.Helper()
	if e.Conference.State == cal.ConferencePending {
		r.Pass(time.Minute)
		now, err := r.Client.ReadEvent(r.t.Context(), r.ref(e.ID))
		r.must("read", err)
		e = now
	}
	got := e.Conference
	switch {
	case r.NoConferences && (got.State != cal.ConferenceRefused || got.Reason == "" || got.URL != ""):
		r.t.Errorf("%s: %+v where none is made", what, got)
	case !r.NoConferences && (got.State != cal.ConferenceReady || !strings.HasPrefix(got.URL, "https://") || got.Reason != ""):
		r.t.Errorf("%s: %+v", what, got)
	}
	return e
}
