//go:build pact

package pacts_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/hibiken/asynq"
	"github.com/pact-foundation/pact-go/v2/message"
	"github.com/pact-foundation/pact-go/v2/models"

	"github.com/calweave/calweave/contracts/cal"
	contract "github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/jobs"
)

func TestCoreHearsMessages(t *testing.T) {
	e := messageEdge{edge: edge{
		ID: "c", Title: "A booking core hears calweave's messages", Consumer: "booking-core", Provider: "calweave-messages",
		Against: "calweave on SQLite, with both simulators", Interactions: 20,
	}, scenes: coreScenes()}
	kinds := map[contract.Type]int{}
	for _, s := range e.scenes {
		kinds[s.kind]++
	}
	for _, kind := range contract.Types() {
		if kinds[kind] != 1 {
			t.Errorf("%d scenes of %s, want one", kinds[kind], kind)
		}
	}
	path := fresh(t, e.edge, e.make)
	l := startLive(t)
	makers := message.Handlers{}
	for _, s := range e.scenes {
		makers[s.name] = func([]models.ProviderState) (message.Body, message.Metadata, error) {
			raw, err := l.newest(s.kind)
			return raw, message.Metadata{"contentType": "application/json"}, err
		}
	}
	hold(t, e.edge, path, &providerSide{handler: l.handler, messages: makers, clean: l.clear, states: l.states(t)})
}

// states are those in which calweave sends each type of message.
func (l *live) states(t *testing.T) map[string]setup {
	t.Helper()
	back := object{"start": "2027-09-08T08:00:00Z"}
	agreed := func(id string, words map[string]string) error {
		return l.becomes(id, words, func(b bookingDocument) bool { return !b.Diverged })
	}
	return map[string]setup{
		"a booking in version 2":                          l.after(l.booked),
		"a booking that a person has moved":               l.after(l.booked, l.movedByHand),
		"a booking that a person has renamed":             l.after(l.booked, l.byHand(googlePath, object{"title": "Interview with Gus"})),
		"a booking that a person has removed":             l.after(l.connected, l.bookedThere(""), l.removedByHand("")),
		"a calendar from which too much has vanished":     l.after(l.connected, l.bookedThere("", "-b", "-c"), l.removedByHand("", "-b", "-c"), l.aboutItsCalendar),
		"a calendar whose deletions were believed":        l.after(l.connected, l.bookedThere("", "-b", "-c"), l.removedByHand("", "-b", "-c"), l.aboutItsCalendar, l.believed),
		"a booking that a person has moved to and fro":    l.after(l.booked, l.movedByHand, l.byHand(googlePath, back), agreed),
		"a booking whose move was accepted":               l.after(l.booked, l.movedByHand, l.acceptedByCore),
		"a booking whose guest has accepted":              l.after(l.bookedWithGuest, l.byHand(googlePath, object{"attendees": []any{invitee("accepted")}})),
		"a booking with a conference":                     l.after(l.conferring),
		"a booking whose conference is refused":           l.after(l.refusedConference),
		"a booking that would mail a guest":               l.after(l.enforced),
		"a booking that the provider refuses":             l.after(l.refused),
		"a booking that cannot be":                        l.after(l.queuedWrongly),
		"a connected account":                             l.after(l.connected),
		"an account whose owner has withdrawn the access": l.after(l.connected, l.withdrawn),
		"an account that was disconnected":                l.after(l.connected, l.disconnected),
		"an endpoint that was tested":                     l.after(l.endpoint(t, http.StatusOK), l.tested),
		"an endpoint that is gone":                        l.after(l.endpoint(t, http.StatusGone), l.booked),
	}
}

func invitee(response string) object {
	g := object{"email": "guest@example.org"}
	if response != "" {
		g["response"] = response
	}
	return g
}

func (l *live) bookedWithGuest(id string, words map[string]string) error {
	body := bookingBody(id, 2, "Interview", l.env["CALENDAR"])
	body["attendees"] = []any{invitee("")}
	return l.bookedAs(body)(id, words)
}

// bookedThere books in the account that the state has connected: one booking for each suffix of the name. In an account of its own, since calweave
// believes only so many deletions of a calendar in a day.
func (l *live) bookedThere(suffixes ...string) func(string, map[string]string) error {
	return func(id string, words map[string]string) error {
		l.about = id
		for _, suffix := range suffixes {
			if err := l.bookedAs(bookingBody(id+suffix, 2, "Interview", words[calendarWord]))(id+suffix, words); err != nil {
				return err
			}
		}
		return nil
	}
}

// removedByHand has that account's owner delete the events of the bookings.
func (l *live) removedByHand(suffixes ...string) func(string, map[string]string) error {
	return func(id string, _ map[string]string) error {
		calendar := "/people/google/" + id + "@example.com/calendars/primary/events"
		for _, suffix := range suffixes {
			event, err := l.event(calendar, id+suffix)
			if err != nil {
				return err
			}
			if err := l.sim(http.MethodDelete, calendar+"/"+event, nil, nil); err != nil {
				return err
			}
		}
		return nil
	}
}

func (l *live) aboutItsCalendar(_ string, words map[string]string) error {
	l.about = words[calendarWord]
	return nil
}

// believed has an operator approve the calendar's hold.
func (l *live) believed(_ string, words map[string]string) error {
	var page struct{ Guards []struct{ ID string } }
	err := until(func() (bool, error) {
		err := l.api(http.MethodGet, "/v1/guards?calendar_id="+words[calendarWord], nil, &page)
		return len(page.Guards) == 1, err
	})
	if err != nil {
		return err
	}
	return l.api(http.MethodPost, "/v1/guards/"+page.Guards[0].ID+"/approve", nil, nil)
}

func (l *live) acceptedByCore(id string, words map[string]string) error {
	req := httptest.NewRequest(http.MethodPost, "/v1/bookings/"+id+"/divergence:accept", http.NoBody)
	req.Header.Set("Authorization", "Bearer "+l.env["KEY"])
	req.Header.Set("If-Match", words[revisionWord])
	rec := httptest.NewRecorder()
	l.proxy.ServeHTTP(rec, req)
	if rec.Code != http.StatusAccepted {
		return fmt.Errorf("accept: %d %s", rec.Code, rec.Body)
	}
	return nil
}

// enforced books at Microsoft too, where the host invites a guest and moves the event: to move it back would mail the guest.
func (l *live) enforced(id string, words map[string]string) error {
	var page struct {
		Calendars []struct {
			ID, Provider string
			Primary      bool
		}
	}
	if err := l.api(http.MethodGet, "/v1/calendars", nil, &page); err != nil {
		return err
	}
	for _, c := range page.Calendars {
		if c.Provider != "microsoft" || !c.Primary {
			continue
		}
		body := bookingBody(id, 2, "Interview", c.ID)
		body["targets"] = []any{object{"calendar_id": l.env["CALENDAR"], "authoritative": true}, object{"calendar_id": c.ID}}
		body["backflow"] = object{"moved": "enforce"}
		return errors.Join(l.bookedAs(body)(id, words), l.byHand(microsoftPath, object{"start": "2027-09-09T12:00:00Z", "attendees": []any{invitee("")}})(id, words))
	}
	return fmt.Errorf("no calendar at Microsoft: %+v", page)
}

// conferring books with a conference, which is made in the background.
func (l *live) conferring(id string, words map[string]string) error {
	body := bookingBody(id, 2, "Interview", l.env["CALENDAR"])
	body["conference"] = "requested"
	return l.bookedAs(body)(id, words)
}

// refusedConference has Google refuse an event that is to have a conference, as it does where the calendar allows none.
func (l *live) refusedConference(id string, words map[string]string) error {
	return errors.Join(l.refusesOnce(), l.conferring(id, words))
}

// refused has Google refuse to make the booking's event, as it refuses what can never be.
func (l *live) refused(id string, _ map[string]string) error {
	if err := l.refusesOnce(); err != nil {
		return err
	}
	return l.api(http.MethodPut, "/v1/bookings/"+id, bookingBody(id, 2, "Interview", l.env["CALENDAR"]), nil)
}

// refusesOnce has Google refuse the next event.
func (l *live) refusesOnce() error {
	return l.sim(http.MethodPost, "/faults", object{
		"provider": "google", "method": "POST", "path": "*/events", "count": 1, "action": "status", "status": http.StatusBadRequest,
	}, nil)
}

// queuedWrongly submits a booking through the queue whose time zone nobody knows.
func (l *live) queuedWrongly(id string, _ map[string]string) error {
	client := jobs.NewClient(asynq.RedisClientOpt{Addr: l.env["REDIS"]}, l.env["SIGNING_KEY"], l.env["SIGNING_SECRET"])
	defer client.Close()
	at := cal.When{DateTime: "2027-09-08T10:00:00", TimeZone: "Europe/Berln"}
	return client.SubmitBooking(context.Background(), task.SubmitBooking{BookingID: cal.BookingID(id), Booking: &cal.Booking{
		Version: 2, Title: "Interview", Start: at, End: at, Targets: []cal.Target{{CalendarID: cal.CalendarID(l.env["CALENDAR"])}},
	}})
}

// connected connects another account, whose owner consents, and waits for its calendar.
func (l *live) connected(id string, words map[string]string) error {
	email := id + "@example.com"
	if err := l.sim(http.MethodPost, "/people", object{"provider": "google", "email": email, "zone": "Europe/Berlin"}, nil); err != nil {
		return err
	}
	var begun struct {
		ID         string
		ConnectURL string `json:"connect_url"`
	}
	if err := l.api(http.MethodPost, "/v1/connections", object{"provider": "google"}, &begun); err != nil {
		return err
	}
	if err := l.sim(http.MethodPost, "/people/google/"+email+"/consent", object{"url": begun.ConnectURL}, nil); err != nil {
		return err
	}
	l.about = begun.ID
	return until(func() (bool, error) {
		var page struct {
			Calendars []struct {
				ID           string
				ConnectionID string `json:"connection_id"`
			}
		}
		err := l.api(http.MethodGet, "/v1/calendars?limit=200", nil, &page)
		for _, c := range page.Calendars {
			if c.ConnectionID == begun.ID {
				words[calendarWord] = c.ID
				return true, err
			}
		}
		return false, err
	})
}

// withdrawn has the owner end the grant, which calweave hears of when it writes a booking.
func (l *live) withdrawn(id string, words map[string]string) error {
	if err := l.sim(http.MethodPost, "/people/google/"+id+"@example.com/revoke-grants", nil, nil); err != nil {
		return err
	}
	return l.api(http.MethodPut, "/v1/bookings/"+id, bookingBody(id, 2, "Interview", words[calendarWord]), nil)
}

func (l *live) disconnected(string, map[string]string) error {
	return l.api(http.MethodDelete, "/v1/connections/"+l.about, nil, nil)
}

// endpoint makes an endpoint that answers every message with a status.
func (l *live) endpoint(t *testing.T, status int) func(string, map[string]string) error {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(server.Close)
	return func(string, map[string]string) error {
		var made struct{ ID string }
		err := l.api(http.MethodPost, "/v1/endpoints", object{"url": server.URL + "/calweave"}, &made)
		l.about = made.ID
		return err
	}
}

func (l *live) tested(string, map[string]string) error {
	return l.api(http.MethodPost, "/v1/endpoints/"+l.about+"/test", nil, nil)
}

// newest waits for a message of a type that is about what the state has brought about, and returns it as the feed shows it.
func (l *live) newest(kind contract.Type) (found json.RawMessage, err error) {
	name, cursor := []byte(fmt.Sprintf("%q", l.about)), ""
	err = until(func() (bool, error) {
		for {
			var page struct {
				Messages []json.RawMessage `json:"messages"`
				Next     string            `json:"next_cursor"`
			}
			if err := l.api(http.MethodGet, "/v1/messages?limit=100"+cursor, nil, &page); err != nil {
				return false, err
			}
			for _, raw := range page.Messages {
				var e contract.Envelope
				if json.Unmarshal(raw, &e) == nil && e.Type == kind && bytes.Contains(e.Data, name) {
					found = raw
				}
			}
			if len(page.Messages) == 0 {
				return found != nil, nil
			}
			cursor = "&after=" + page.Next
		}
	})
	if err != nil {
		err = fmt.Errorf("%s about %s: %w", kind, l.about, err)
	}
	return found, err
}

// heard is a scene of one message: what it says beside what every message says, and what the core takes from it.
func heard(kind contract.Type, given string, data object, reads func(json.RawMessage) bool) messageScene {
	return messageScene{kind: kind, name: "the message " + string(kind), state: state{given}, meta: map[string]string{"contentType": "application/json"}, body: object{
		"id": matching("msg_[0-9a-f]+", "msg_01"), "type": exactly(string(kind)), "timestamp": matching(rfc3339, "2026-09-01T08:00:00Z"), "data": data,
	}, take: func(contents []byte) error {
		var e contract.Envelope
		err := json.Unmarshal(contents, &e)
		return wants(err, e.ID != "" && e.Type == kind && !e.Timestamp.IsZero() && reads(e.Data), string(contents))
	}}
}

// aBooking is what every message about a booking says, and more.
func aBooking(more object) object {
	data := object{
		"booking_id": like(bookingWord), "version": like(2), "revision": like(1), "sequence": like(1), "reservation_token": matching("rsv_[0-9a-f]+", "rsv_01"),
	}
	for name, value := range more {
		data[name] = value
	}
	return data
}

func aTarget(provider string) object {
	return object{
		"calendar_id": matching("cal_[0-9a-f]+", "cal_01"), "connection_id": matching("con_[0-9a-f]+", "con_01"), "provider": exactly(provider),
	}
}

// aChange is what a message says about a person's change; day is that of the event.
func aChange(day, title string, diverged bool, fields object) object {
	return aBooking(object{"target": aTarget("google"), "diverged": exactly(diverged), "fields": fields, "event": object{
		"title": exactly(title), "location": like(bookingWord),
		"start": object{"date_time": matching(rfc3339, day+"T10:00:00+02:00"), "time_zone": like("Europe/Berlin")},
		"end":   object{"date_time": matching(rfc3339, day+"T10:30:00+02:00"), "time_zone": like("Europe/Berlin")},
	}})
}

// read is what of data the core's own type holds.
func read[T any](data json.RawMessage) (m T) {
	_ = json.Unmarshal(data, &m) // what could not be read is empty
	return m
}

func coreScenes() []messageScene {
	return append(bookingScenes(), otherScenes()...)
}

func bookingScenes() []messageScene {
	const moved, booked = "2027-09-09", "2027-09-08"
	changed := func(title string, diverged bool, fields ...string) func(json.RawMessage) bool {
		return func(data json.RawMessage) bool {
			m := read[contract.Changed](data)
			return m.BookingID == bookingWord && m.Event.Title == title && m.Event.Start.DateTime != "" && m.Diverged == diverged &&
				slices.Equal(m.Fields, fields)
		}
	}
	stopped := func(data json.RawMessage) bool {
		m := read[contract.Stopped](data)
		return m.BookingID == bookingWord && m.Target.CalendarID != "" && m.Reason != ""
	}
	return []messageScene{
		heard(contract.BookingAccepted, "a booking in version 2", aBooking(object{"cancelled": exactly(false)}), func(data json.RawMessage) bool {
			m := read[contract.Accepted](data)
			return m.BookingID == bookingWord && m.Version == 2 && m.Sequence == 1 && m.ReservationToken != ""
		}),
		heard(contract.BookingSynced, "a booking in version 2", aBooking(object{"target": aTarget("google"), "outcome": exactly("present")}), func(data json.RawMessage) bool {
			m := read[contract.Synced](data)
			return m.Outcome == contract.OutcomePresent && m.Target.CalendarID != ""
		}),
		heard(contract.BookingMoved, "a booking that a person has moved", aChange(moved, "Interview", true, some(exactly("slot"))), changed("Interview", true, "slot")),
		heard(contract.BookingEdited, "a booking that a person has renamed", aChange(booked, "Interview with Gus", true, some(exactly("title"))),
			changed("Interview with Gus", true, "title")),
		heard(contract.BookingRestored, "a booking that a person has moved to and fro", aChange(booked, "Interview", false, none()), changed("Interview", false)),
		heard(contract.BookingRemoved, "a booking that a person has removed", aBooking(object{"target": aTarget("google"), "diverged": exactly(true)}),
			func(data json.RawMessage) bool {
				m := read[contract.Removed](data)
				return m.BookingID == bookingWord && m.Diverged
			}),
		heard(contract.BookingDecided, "a booking whose move was accepted", aBooking(object{
			"target": aTarget("google"), "decision": exactly("accepted"), "by": exactly("core"), "fields": some(exactly("slot")), "cancelled": exactly(false),
		}), func(data json.RawMessage) bool {
			m := read[contract.Decided](data)
			return m.Decision == contract.DecisionAccepted && m.By == contract.DeciderCore && !m.Cancelled
		}),
		heard(contract.BookingAttendeeResponded, "a booking whose guest has accepted", aBooking(object{
			"target": aTarget("google"), "attendee": object{"email": exactly("guest@example.org"), "response": exactly("accepted")}, "was": exactly("none"),
		}), func(data json.RawMessage) bool {
			m := read[contract.Responded](data)
			return m.Attendee.Email == "guest@example.org" && m.Attendee.Response == cal.ResponseAccepted && m.Was == cal.ResponseNone
		}),
		heard(contract.BookingConferenceReady, "a booking with a conference", aBooking(object{
			"target": aTarget("google"), "url": matching("https://.+", "https://meet.google.com/abc-defg-hij"),
		}), func(data json.RawMessage) bool {
			m := read[contract.Conference](data)
			return m.BookingID == bookingWord && m.Target.CalendarID != "" && m.URL != ""
		}),
		heard(contract.BookingConferenceFailed, "a booking whose conference is refused", aBooking(object{"target": aTarget("google"), "reason": like("the calendar has none")}),
			stopped),
		heard(contract.BookingHeld, "a booking that would mail a guest", aBooking(object{"target": aTarget("microsoft"), "reason": like("it would mail a guest")}), stopped),
		heard(contract.BookingFailed, "a booking that the provider refuses", aBooking(object{"target": aTarget("google"), "reason": like("the provider refuses it")}), stopped),
		heard(contract.BookingRejected, "a booking that cannot be", object{
			"booking_id": like(bookingWord), "version": exactly(2), "reason": exactly("invalid-request"), "detail": like("one field is wrong"),
			"problems": some(object{"pointer": matching("/booking/.+", "/booking/start/time_zone"), "detail": like("no such time zone")}),
		}, func(data json.RawMessage) bool {
			m := read[contract.Rejected](data)
			return m.BookingID == bookingWord && m.Version == 2 && m.Reason == "invalid-request" && len(m.Problems) > 0 && m.Problems[0].Pointer != ""
		}),
	}
}

func otherScenes() []messageScene {
	account := object{"connection_id": matching("con_[0-9a-f]+", "con_01"), "provider": exactly("google")}
	with := func(more object) object {
		all := maps.Clone(account)
		maps.Copy(all, more)
		return all
	}
	return []messageScene{
		heard(contract.ConnectionActivated, "a connected account", account, func(data json.RawMessage) bool {
			return read[contract.Connection](data).ConnectionID != ""
		}),
		heard(contract.ConnectionNeedsReauth, "an account whose owner has withdrawn the access", with(object{"reason": like("the grant has ended")}),
			func(data json.RawMessage) bool {
				m := read[contract.Connection](data)
				return m.ConnectionID != "" && m.Reason != ""
			}),
		heard(contract.ConnectionDisconnected, "an account that was disconnected", with(object{"revocation": exactly("revoked"), "channels_left": exactly(0)}),
			func(data json.RawMessage) bool {
				m := read[contract.Disconnected](data)
				return m.ConnectionID != "" && m.Revocation == contract.Revoked && m.ChannelsLeft == 0
			}),
		heard(contract.CalendarGuarded, "a calendar from which too much has vanished", with(object{
			"calendar_id": matching("cal_[0-9a-f]+", "cal_01"), "guard_id": matching("grd_[0-9a-f]+", "grd_01"), "missing": like(3),
		}), func(data json.RawMessage) bool {
			m := read[contract.Guarded](data)
			return m.CalendarID != "" && m.GuardID != "" && m.Missing > 0
		}),
		heard(contract.CalendarUnguarded, "a calendar whose deletions were believed", with(object{
			"calendar_id": matching("cal_[0-9a-f]+", "cal_01"), "guard_id": matching("grd_[0-9a-f]+", "grd_01"), "outcome": exactly("approved"), "events": like(3),
		}), func(data json.RawMessage) bool {
			m := read[contract.Unguarded](data)
			return m.CalendarID != "" && m.GuardID != "" && m.Outcome == contract.GuardApproved && m.Events > 0
		}),
		heard(contract.EndpointTested, "an endpoint that was tested", object{"endpoint_id": matching("end_[0-9a-f]+", "end_01")}, func(data json.RawMessage) bool {
			return read[contract.EndpointTest](data).EndpointID != ""
		}),
		heard(contract.EndpointDisabled, "an endpoint that is gone", object{
			"endpoint_id": matching("end_[0-9a-f]+", "end_01"), "reason": exactly("gone"), "message_id": matching("msg_[0-9a-f]+", "msg_01"),
		}, func(data json.RawMessage) bool {
			m := read[contract.EndpointStopped](data)
			return m.EndpointID != "" && m.Reason == contract.DisabledGone
		}),
	}
}
