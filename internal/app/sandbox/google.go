package sandbox

import (
	"context"
	"net/http"
	"net/url"
)

func googleStates() map[string]state {
	lost := state{steps: []step{googleBooked, googleListed, troubled("a calendar whose cursors are lost")}, fresh: true, left: loses}
	return map[string]state{
		"an account":                        {},
		"an event of ours":                  {steps: []step{googleBooked}},
		"an event of ours that was deleted": {steps: []step{googleBooked, googleDeleted}},
		"an event of ours that was edited": {steps: []step{googleBooked, func(ctx context.Context, s *scene) error {
			_, err := s.account.ask(ctx, http.MethodPatch, s.googleEvents("/"+s.event), object{"summary": "By hand"})
			return err
		}}},
		"an event of ours with a guest":                  {steps: []step{googleBookedWith(object{"email": "ben@example.net"})}, left: mails},
		"an account whose token has expired":             {steps: []step{unauthorised}},
		"two events":                                     {steps: []step{googleTwo}, fresh: true},
		"two events, listed by one page":                 {steps: []step{googleTwo, googlePaged}, fresh: true},
		"a calendar that was listed":                     {steps: []step{googleBooked, googleListed}, fresh: true},
		"a calendar that was listed, and lost its event": {steps: []step{googleBooked, googleListed, googleDeleted}, fresh: true},
		"a calendar whose cursors are lost":              lost,
		"an open channel":                                {steps: []step{googleOpen}},
		"a series of ours":                               {steps: []step{googleRepeats}},
		"a series of ours that lacks its second occurrence": {steps: []step{googleRepeats, func(ctx context.Context, s *scene) error {
			_, err := s.account.ask(ctx, http.MethodDelete, s.googleEvents("/"+s.words[secondWord]+"?sendUpdates=none"), nil)
			return err
		}}},
	}
}

// googleEvents is a path below the events of the calendar.
func (s *scene) googleEvents(rest string) string {
	return "/calendar/v3/calendars/" + url.PathEscape(s.calendar) + "/events" + rest
}

func googleBooked(ctx context.Context, s *scene) error { return googleBookedWith()(ctx, s) }

// googleBooking is the event as calweave makes it.
func (s *scene) googleBooking() object {
	return object{
		"id": s.event, "summary": "Interview", "description": "Room for questions", "location": "Room 4",
		"start":              object{"dateTime": "2026-09-08T10:00:00+02:00", "timeZone": "Europe/Berlin"},
		"end":                object{"dateTime": "2026-09-08T10:30:00+02:00", "timeZone": "Europe/Berlin"},
		"extendedProperties": object{"private": object{"calweave": keyWord}},
	}
}

// googleRepeats makes a series that begins with that event.
func googleRepeats(ctx context.Context, s *scene) error {
	e := s.googleBooking()
	e["recurrence"] = []string{"RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=3"}
	doc, err := s.account.ask(ctx, http.MethodPost, s.googleEvents("?sendUpdates=none"), e)
	if err != nil {
		return err
	}
	s.words[etagWord], _ = doc["etag"].(string)
	s.words[uidWord], _ = doc["iCalUID"].(string)
	return s.second(ctx, s.googleEvents("?singleEvents=true&iCalUID="+url.QueryEscape(s.words[uidWord])+"&timeMin=2026-09-15T00:00:00Z&timeMax=2026-09-16T00:00:00Z"), "items")
}

// googleBookedWith makes the event as calweave would.
func googleBookedWith(guests ...object) step {
	return func(ctx context.Context, s *scene) error {
		e := s.googleBooking()
		if guests != nil {
			e["attendees"] = guests
		}
		doc, err := s.account.ask(ctx, http.MethodPost, s.googleEvents("?sendUpdates=none"), e)
		s.words[etagWord], _ = doc["etag"].(string)
		return err
	}
}

func googleDeleted(ctx context.Context, s *scene) error {
	_, err := s.account.ask(ctx, http.MethodDelete, s.googleEvents("/"+s.event+"?sendUpdates=none"), nil)
	return err
}

func googleTwo(ctx context.Context, s *scene) error {
	for _, day := range []string{"2026-09-02", "2026-09-03"} {
		e := object{"summary": "By hand", "start": object{"dateTime": day + "T08:00:00Z"}, "end": object{"dateTime": day + "T09:00:00Z"}}
		if _, err := s.account.ask(ctx, http.MethodPost, s.googleEvents(""), e); err != nil {
			return err
		}
	}
	return nil
}

const googleListing = "?singleEvents=false&showDeleted=true&timeMin=2026-08-31T08:00:00Z"

func googleListed(ctx context.Context, s *scene) error {
	doc, err := s.account.ask(ctx, http.MethodGet, s.googleEvents(googleListing), nil)
	s.words[syncWord], _ = doc["nextSyncToken"].(string)
	return err
}

func googlePaged(ctx context.Context, s *scene) error {
	doc, err := s.account.ask(ctx, http.MethodGet, s.googleEvents(googleListing+"&maxResults=1"), nil)
	s.words[pageWord], _ = doc["nextPageToken"].(string)
	return err
}

func googleOpen(ctx context.Context, s *scene) error {
	id := s.words[channelWord]
	doc, err := s.account.ask(ctx, http.MethodPost, s.googleEvents("/watch"), object{
		"id": id, "type": "web_hook", "address": "https://hooks.example/hooks/google", "token": "secret-of-the-channel", "expiration": s.words[googleUntilWord],
	})
	if err != nil {
		return err
	}
	s.words[resourceWord], _ = doc["resourceId"].(string)
	s.account.opened(channel{id, s.words[resourceWord]})
	return nil
}
