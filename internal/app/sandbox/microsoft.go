package sandbox

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

func microsoftStates() map[string]state {
	booked := graphBooked("Interview")
	lost := state{steps: []step{booked, graphListed, troubled("a calendar whose cursors are lost")}, left: loses}
	return map[string]state{
		"an account":                             {},
		"an event of ours":                       {steps: []step{booked}},
		"an event of ours, with another content": {steps: []step{graphBooked("Another title")}},
		"an event of ours that was deleted":      {steps: []step{booked, graphDeleted}},
		"an event of ours that was edited": {steps: []step{booked, func(ctx context.Context, s *scene) error {
			_, err := s.account.ask(ctx, http.MethodPatch, s.graphCalendar("/events/"+url.PathEscape(s.event)), object{"subject": "By hand"})
			return err
		}}},
		"an event of ours with a guest": {steps: []step{graphBooked("Interview", object{
			"type": "required", "emailAddress": object{"address": "ben@example.net"},
		})}, left: mails},
		"an account whose token has expired":             {steps: []step{unauthorised}},
		"two events":                                     {steps: []step{graphTwo}},
		"two events, listed by one page":                 {steps: []step{graphTwo, graphPaged}},
		"a calendar that was listed":                     {steps: []step{booked, graphListed}},
		"a calendar that was listed, and lost its event": {steps: []step{booked, graphListed, graphDeleted}},
		"a calendar whose cursors are lost":              lost,
		"a subscription":                                 {steps: []step{graphSubscribed}, left: receives},
		"a series of ours":                               {steps: []step{graphRepeats}, fresh: true},
		"a series of ours that lacks its second occurrence": {fresh: true, steps: []step{graphRepeats, func(ctx context.Context, s *scene) error {
			_, err := s.account.ask(ctx, http.MethodDelete, s.graphCalendar("/events/"+url.PathEscape(s.words[secondWord])), nil)
			return err
		}}},
	}
}

// graphCalendar is a path below the calendar.
func (s *scene) graphCalendar(rest string) string {
	return "/v1.0/me/calendars/" + url.PathEscape(s.calendar) + rest
}

const stampName = "String {4422b8a6-d6f5-4a6e-a69c-61cb33259201} Name calweave"

// graphBooking is the event as calweave makes it.
func (s *scene) graphBooking(title string) object {
	return object{
		"subject": title, "body": object{"contentType": "text", "content": "Room for questions"}, "location": object{"displayName": "Room 4"},
		"start":                         object{"dateTime": "2026-09-08T10:00:00", "timeZone": "W. Europe Standard Time"},
		"end":                           object{"dateTime": "2026-09-08T10:30:00", "timeZone": "W. Europe Standard Time"},
		"singleValueExtendedProperties": []object{{"id": stampName, "value": keyWord}},
		"transactionId":                 s.words[transactionWord],
	}
}

// graphBooked makes the event as calweave would.
func graphBooked(title string, guests ...object) step {
	return func(ctx context.Context, s *scene) error {
		e := s.graphBooking(title)
		if guests != nil {
			e["attendees"] = guests
		}
		return s.graphMakes(ctx, e)
	}
}

// graphRepeats makes a series that begins with that event.
func graphRepeats(ctx context.Context, s *scene) error {
	e := s.graphBooking("Interview")
	e["recurrence"] = object{
		"pattern": object{"type": "weekly", "interval": 1, "daysOfWeek": []string{"tuesday"}},
		"range":   object{"type": "numbered", "startDate": "2026-09-08", "numberOfOccurrences": 3, "recurrenceTimeZone": "W. Europe Standard Time"},
	}
	if err := s.graphMakes(ctx, e); err != nil {
		return err
	}
	window := url.Values{"startDateTime": {"2026-09-15T00:00:00Z"}, "endDateTime": {"2026-09-16T00:00:00Z"}}
	return s.second(ctx, s.graphCalendar("/calendarView?"+window.Encode()), "value")
}

func (s *scene) graphMakes(ctx context.Context, e object) error {
	doc, err := s.account.ask(ctx, http.MethodPost, s.graphCalendar("/events"), e)
	if err != nil {
		return err
	}
	s.words[etagWord], _ = doc["@odata.etag"].(string)
	s.event, _ = doc["id"].(string)
	s.words[eventWord] = s.event
	return nil
}

func graphDeleted(ctx context.Context, s *scene) error {
	_, err := s.account.ask(ctx, http.MethodDelete, s.graphCalendar("/events/"+url.PathEscape(s.event)), nil)
	return err
}

func graphTwo(ctx context.Context, s *scene) error {
	for _, day := range []string{"2026-09-02", "2026-09-03"} {
		e := object{
			"subject": "By hand", "start": object{"dateTime": day + "T08:00:00", "timeZone": "UTC"}, "end": object{"dateTime": day + "T09:00:00", "timeZone": "UTC"},
		}
		if _, err := s.account.ask(ctx, http.MethodPost, s.graphCalendar("/events"), e); err != nil {
			return err
		}
	}
	return nil
}

const graphListing = "/calendarView/delta?startDateTime=2026-08-31T08:00:00Z&endDateTime=2026-10-01T08:00:00Z"

func graphListed(ctx context.Context, s *scene) (err error) {
	s.words[syncWord], err = s.graphToken(ctx, "@odata.deltaLink", "$deltatoken")
	return err
}

func graphPaged(ctx context.Context, s *scene) (err error) {
	s.words[pageWord], err = s.graphToken(ctx, "@odata.nextLink", "$skiptoken", ", odata.maxpagesize=1")
	return err
}

// graphToken lists the calendar and returns a parameter of the link that the answer leads to.
func (s *scene) graphToken(ctx context.Context, link, parameter string, prefer ...string) (string, error) {
	doc, err := s.account.ask(ctx, http.MethodGet, s.graphCalendar(graphListing), nil, prefer...)
	if err != nil {
		return "", err
	}
	to, _ := doc[link].(string)
	u, err := url.Parse(to)
	if err != nil || u.Query().Get(parameter) == "" {
		return "", fmt.Errorf("the listing has no %s with %s", link, parameter)
	}
	return u.Query().Get(parameter), nil
}

func graphSubscribed(ctx context.Context, s *scene) error {
	doc, err := s.account.ask(ctx, http.MethodPost, "/v1.0/subscriptions", object{
		"changeType": "created,updated,deleted", "resource": "me/calendars/" + s.calendar + "/events", "clientState": s.words[channelWord],
		"notificationUrl": "https://hooks.example/hooks/microsoft", "lifecycleNotificationUrl": "https://hooks.example/hooks/microsoft",
		"expirationDateTime": s.words[graphUntilWord],
	})
	if err != nil {
		return err
	}
	id, _ := doc["id"].(string)
	s.words[subscriptionWord] = id
	s.account.opened(channel{id: id})
	return nil
}
