//go:build pact

package pacts_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/providers/google"
)

func TestGoogleCalendar(t *testing.T) {
	e := httpEdge{edge: edge{
		ID: "a", Title: "calweave asks Google Calendar", Consumer: "calweave", Provider: "google-calendar", Against: "the simulator of Google",
		Headers: []string{"Authorization", "Content-Type", "If-Match"}, Interactions: 44,
	}, scenes: googleScenes()}
	path := fresh(t, e.edge, e.make)
	side := newSimulated(sim.Google)
	t.Cleanup(side.close)
	hold(t, e.edge, path, &providerSide{states: side.googleStates(), handler: side.handler, clean: side.close})
}

// The words of the examples.
const (
	ana       = "ana@example.com"
	guest     = "ben@example.net"
	etagWord  = `"etag-of-the-event"`
	syncWord  = "token-of-the-last-listing"
	pageWord  = "token-of-the-next-page"
	tokenWord = "token-of-the-account"
)

var (
	today   = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	key     = cal.NewKey("tenant", "booking", "calendar", "", 1)
	eventID = cal.EventID(key.Base32Hex())
	slot    = cal.Slot{
		Start: cal.Moment{Instant: time.Date(2026, 9, 8, 8, 0, 0, 0, time.UTC), Zone: "Europe/Berlin"},
		End:   cal.Moment{Instant: time.Date(2026, 9, 8, 8, 30, 0, 0, time.UTC), Zone: "Europe/Berlin"},
	}
	content = cal.Content{Title: "Interview", Description: "Room for questions", Location: "Room 4", Slot: slot}
)

// asGoogle makes a scene's act of a call of the driver's client.
func asGoogle(fn func(ctx context.Context, c provider.Client) error) func(context.Context, *http.Client) error {
	return func(ctx context.Context, httpc *http.Client) error {
		client, err := google.New(google.Config{Clock: clock.NewManual(today)}).Open(bearer(httpc))
		if err != nil {
			return err
		}
		return fn(ctx, client)
	}
}

// bearer authorises requests as calweave's own transport does.
func bearer(httpc *http.Client) *http.Client {
	return &http.Client{Transport: authorised{httpc.Transport}}
}

type authorised struct{ next http.RoundTripper }

func (a authorised) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+tokenWord)
	return a.next.RoundTrip(req)
}

// fails wants a call to fail with a kind.
func fails(kind fault.Kind, err error) error {
	if err == nil || fault.KindOf(err) != kind {
		return fmt.Errorf("it is %w, not %s", errors.Join(err), kind)
	}
	return nil
}

// wants turns a condition into an error.
func wants(err error, ok bool, got any) error {
	if err == nil && !ok {
		return fmt.Errorf("calweave reads %+v", got)
	}
	return err
}

func googleEvent(more object) object {
	e := object{
		"id": like(string(eventID)), "etag": matching(filled, etagWord), "status": exactly("confirmed"), "summary": "Interview",
		"description": "Room for questions", "location": "Room 4", "iCalUID": "uid@google.com", "htmlLink": "https://www.google.com/calendar/event?eid=1",
		"updated":            matching(rfc3339, "2026-09-01T08:00:00.000Z"),
		"start":              object{"dateTime": matching(rfc3339, "2026-09-08T10:00:00+02:00"), "timeZone": exactly("Europe/Berlin")},
		"end":                object{"dateTime": matching(rfc3339, "2026-09-08T10:30:00+02:00"), "timeZone": exactly("Europe/Berlin")},
		"extendedProperties": object{"private": object{"calweave": exactly(key.String())}},
	}
	for name, value := range more {
		e[name] = value
	}
	return e
}

func googleRefusal(status int, reason string) reply {
	body := object{"error": object{"code": exactly(status), "message": matching(filled, "No."), "errors": []any{object{"reason": exactly(reason)}}}}
	return reply{status: status, body: body}
}

func given(name string) state { return state{name: name} }

// refusing is the state of a provider that refuses everything.
func refusing(status int, code, retry string) state {
	return given(strings.TrimSuffix(fmt.Sprintf("the provider refuses with %d %s, Retry-After %s", status, code, retry), ", Retry-After "))
}

// wish is the id under which a conference is asked for.
const wish = "2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d-1"

// wishedMeet is what an event shows while its conference is being made.
var wishedMeet = object{"conferenceData": object{"createRequest": object{
	"requestId": exactly(wish), "conferenceSolutionKey": object{"type": exactly("hangoutsMeet")}, "status": object{"statusCode": exactly("pending")},
}}}

func googleScenes() []scene {
	at := provider.EventRef{Calendar: ana, ID: eventID}
	create := provider.CreateEvent{Calendar: ana, Key: key, Content: content, Fields: cal.AllFields &^ cal.Fields(cal.FieldAttendees), Notify: cal.NotifyNone}
	scenes := []scene{
		one("a list of calendars", given("an account"), reply{status: 200, body: object{"items": some(object{
			"id": like(ana), "summary": like("Ana"), "accessRole": exactly("owner"), "primary": exactly(true), "timeZone": like("Europe/Berlin"),
		})}}, asGoogle(func(ctx context.Context, c provider.Client) error {
			got, err := c.Calendars(ctx)
			return wants(err, len(got) == 1 && got[0].ID == ana && got[0].Primary && got[0].Writable && got[0].Zone == "Europe/Berlin", got)
		})),
		one("an event", given("an event of ours"), reply{status: 200, body: like(googleEvent(nil))}, asGoogle(func(ctx context.Context, c provider.Client) error {
			got, err := c.ReadEvent(ctx, at)
			same := got.ID == eventID && got.ETag == etagWord && got.Stamp == key.String() && got.Content.Slot.Equal(slot) && got.Content.Title == "Interview"
			return wants(err, same, got)
		})),
		one("an event that was deleted", given("an event of ours that was deleted"), reply{status: 200, body: object{
			"id": like(string(eventID)), "status": exactly("cancelled"), "etag": matching(filled, etagWord),
		}}, asGoogle(func(ctx context.Context, c provider.Client) error {
			got, err := c.ReadEvent(ctx, at)
			return wants(err, got.Gone(), got)
		})),
		one("an event that never was", given("an account"), googleRefusal(404, "notFound"), asGoogle(func(ctx context.Context, c provider.Client) error {
			_, err := c.ReadEvent(ctx, at)
			return fails(fault.NotFound, err)
		})),
		one("an event with a token that has expired", given("an account whose token has expired"), googleRefusal(401, "authError"),
			asGoogle(func(ctx context.Context, c provider.Client) error {
				_, err := c.ReadEvent(ctx, at)
				return fails(fault.Unauthorized, err)
			})),
		one("a new event", given("an account"), reply{status: 200, body: like(googleEvent(nil))}, asGoogle(func(ctx context.Context, c provider.Client) error {
			got, err := c.CreateEvent(ctx, create)
			return wants(err, !got.Adopted && got.Event.ID == eventID && got.Event.Stamp == key.String(), got)
		})),
		one("a new event with a conference", given("an account"), reply{status: 200, body: like(googleEvent(wishedMeet))},
			asGoogle(func(ctx context.Context, c provider.Client) error {
				asks := create
				asks.Conference = wish
				got, err := c.CreateEvent(ctx, asks)
				return wants(err, got.Event.Conference.State == cal.ConferencePending, got)
			})),
		one("a change that asks for a conference", given("an event of ours"), reply{status: 200, body: like(googleEvent(wishedMeet))},
			asGoogle(func(ctx context.Context, c provider.Client) error {
				got, err := c.UpdateEvent(ctx, provider.UpdateEvent{
					Ref: at, ETag: etagWord, Content: content, Fields: cal.Fields(cal.FieldTitle), Notify: cal.NotifyNone, Conference: wish,
				})
				return wants(err, got.Conference.State == cal.ConferencePending, got)
			})),
		{act: asGoogle(func(ctx context.Context, c provider.Client) error {
			got, err := c.CreateEvent(ctx, create)
			return wants(err, got.Adopted && got.Event.Stamp == key.String(), got)
		}), steps: []step{
			{"a new event under an id that is taken", given("an event of ours"), googleRefusal(409, "duplicate")},
			{"the event that has the id", given("an event of ours"), reply{status: 200, body: like(googleEvent(nil))}},
		}},
		one("a change of the time", given("an event of ours"), reply{status: 200, body: like(googleEvent(nil))},
			asGoogle(func(ctx context.Context, c provider.Client) error {
				got, err := c.UpdateEvent(ctx, provider.UpdateEvent{
					Ref: at, ETag: etagWord, Content: content, Fields: cal.Fields(cal.FieldSlot), Notify: cal.NotifyNone,
				})
				return wants(err, got.Content.Slot.Equal(slot), got)
			})),
		one("a change of an event that has changed", given("an event of ours that was edited"), googleRefusal(412, "conditionNotMet"),
			asGoogle(func(ctx context.Context, c provider.Client) error {
				_, err := c.UpdateEvent(ctx, provider.UpdateEvent{
					Ref: at, ETag: etagWord, Content: content, Fields: cal.Fields(cal.FieldSlot), Notify: cal.NotifyNone,
				})
				return fails(fault.Conflict, err)
			})),
		{act: asGoogle(func(ctx context.Context, c provider.Client) error {
			got, err := c.UpdateEvent(ctx, provider.UpdateEvent{
				Ref: at, ETag: etagWord, Content: content, Invite: []cal.Attendee{{Email: "cleo@example.net"}}, Notify: cal.NotifyAll,
			})
			return wants(err, len(got.Content.Attendees) == 2, got)
		}), steps: []step{
			{"an event whose guests are to change", given("an event of ours with a guest"), reply{status: 200, body: like(googleEvent(object{
				"attendees": some(object{"email": exactly(guest), "responseStatus": exactly("needsAction")}),
			}))}},
			{"a change of the guests", given("an event of ours with a guest"), reply{status: 200, body: like(googleEvent(object{"attendees": []any{
				object{"email": exactly(guest), "responseStatus": exactly("needsAction")},
				object{"email": exactly("cleo@example.net"), "responseStatus": exactly("needsAction")},
			}}))}},
		}},
		one("a deletion", given("an event of ours"), reply{status: 204}, asGoogle(func(ctx context.Context, c provider.Client) error {
			return c.DeleteEvent(ctx, provider.DeleteEvent{Ref: at, ETag: etagWord, Notify: cal.NotifyNone})
		})),
		one("a second deletion", given("an event of ours that was deleted"), googleRefusal(410, "deleted"),
			asGoogle(func(ctx context.Context, c provider.Client) error {
				return fails(fault.Gone, c.DeleteEvent(ctx, provider.DeleteEvent{Ref: at, Notify: cal.NotifyNone}))
			})),
	}
	scenes = append(scenes, googleSeries()...)
	scenes = append(scenes, googleListings()...)
	scenes = append(scenes, googleChannels()...)
	return append(scenes, googleRefusals()...)
}

func googleListings() []scene {
	list := func(req provider.ListEvents, check func(cal.Page) bool) func(context.Context, *http.Client) error {
		return asGoogle(func(ctx context.Context, c provider.Client) error {
			lister, _ := c.(provider.DeltaLister)
			req.Calendar, req.Window = ana, cal.Window{From: today.AddDate(0, 0, -1)}
			got, err := lister.ListEvents(ctx, req)
			return wants(err, check(got), got)
		})
	}
	lost := func(req provider.ListEvents) func(context.Context, *http.Client) error {
		return asGoogle(func(ctx context.Context, c provider.Client) error {
			lister, _ := c.(provider.DeltaLister)
			req.Calendar, req.Window = ana, cal.Window{From: today.AddDate(0, 0, -1)}
			_, err := lister.ListEvents(ctx, req)
			return fails(fault.CursorLost, err)
		})
	}
	cursor := cal.Cursor{Token: syncWord, Scope: "events.list showDeleted=true&singleEvents=false calendar=" + ana + " timeMin=2026-08-31T08:00:00Z"}
	return []scene{
		one("a snapshot", given("an event of ours"), reply{status: 200, body: object{
			"items": some(like(googleEvent(nil))), "nextSyncToken": matching(filled, syncWord),
		}}, list(provider.ListEvents{}, func(p cal.Page) bool {
			return p.Kind == cal.Snapshot && len(p.Items) == 1 && p.Cursor.Token == syncWord && p.Next == ""
		})),
		one("the first page of a snapshot", given("two events"), reply{status: 200, body: object{
			"items":         some(object{"id": like("0123456789"), "start": like(object{"dateTime": "2026-09-08T10:00:00Z"}), "end": like(object{"dateTime": "2026-09-08T10:30:00Z"})}),
			"nextPageToken": matching(filled, pageWord),
		}}, list(provider.ListEvents{PageSize: 1}, func(p cal.Page) bool { return p.Next == pageWord && p.Cursor.Token == "" && len(p.Items) == 1 })),
		one("the last page of a snapshot", given("two events, listed by one page"), reply{status: 200, body: object{
			"items":         some(object{"id": like("0123456789"), "start": like(object{"dateTime": "2026-09-08T10:00:00Z"}), "end": like(object{"dateTime": "2026-09-08T10:30:00Z"})}),
			"nextSyncToken": matching(filled, syncWord),
		}}, list(provider.ListEvents{PageSize: 1, Page: pageWord}, func(p cal.Page) bool { return p.Next == "" && p.Cursor.Token == syncWord })),
		one("what has changed: nothing", given("a calendar that was listed"), reply{status: 200, body: object{
			"items": none(), "nextSyncToken": matching(filled, syncWord),
		}}, list(provider.ListEvents{Cursor: cursor}, func(p cal.Page) bool { return p.Kind == cal.Delta && len(p.Items) == 0 && p.Cursor.Token != "" })),
		one("what has changed: an event was deleted", given("a calendar that was listed, and lost its event"), reply{status: 200, body: object{
			"items": some(object{"id": like(string(eventID)), "status": exactly("cancelled")}), "nextSyncToken": matching(filled, syncWord),
		}}, list(provider.ListEvents{Cursor: cursor}, func(p cal.Page) bool { return len(p.Items) == 1 && p.Items[0].Event.Gone() })),
		one("what has changed, after the token was lost", given("a calendar whose cursors are lost"), googleRefusal(410, "fullSyncRequired"),
			lost(provider.ListEvents{Cursor: cursor})),
		one("a page, after its token was lost", given("a calendar whose cursors are lost"), reply{status: 400, body: object{"error": object{"code": exactly(400)}}},
			lost(provider.ListEvents{PageSize: 1, Page: "a token of no listing"})),
	}
}

func googleChannels() []scene {
	open := func(ctx context.Context, c provider.Client) (cal.Channel, error) {
		keeper, _ := c.(provider.ChannelKeeper)
		return keeper.OpenChannel(ctx, provider.OpenChannel{
			ID: "channel-1", Calendar: ana, Address: "https://hooks.example/hooks/google", Secret: "secret-of-the-channel", Expires: today.AddDate(0, 0, 7),
		})
	}
	stop := func(ctx context.Context, c provider.Client) error {
		keeper, _ := c.(provider.ChannelKeeper)
		return keeper.CloseChannel(ctx, cal.Channel{ID: "channel-1", Resource: "id-of-the-resource"})
	}
	return []scene{
		one("a new channel", given("an account"), reply{status: 200, body: object{
			"resourceId": matching(filled, "id-of-the-resource"), "expiration": matching(`\d{13}`, "1788854400000"),
		}}, asGoogle(func(ctx context.Context, c provider.Client) error {
			got, err := open(ctx, c)
			return wants(err, got.Resource == "id-of-the-resource" && got.Expires.Equal(time.UnixMilli(1788854400000)), got)
		})),
		one("a channel with an id that is taken", given("an open channel"), googleRefusal(400, "channelIdNotUnique"),
			asGoogle(func(ctx context.Context, c provider.Client) error {
				_, err := open(ctx, c)
				return fails(fault.Duplicate, err)
			})),
		one("the end of a channel", given("an open channel"), reply{status: 204}, asGoogle(stop)),
		one("the end of a channel that is not there", given("an account"), reply{status: 404, body: object{"error": object{"code": exactly(404)}}},
			asGoogle(func(ctx context.Context, c provider.Client) error { return fails(fault.NotFound, stop(ctx, c)) })),
	}
}

// refused is a refusal and what calweave makes of it.
type refused struct {
	status int
	code   string
	retry  string
	kind   fault.Kind
}

var googleRefused = []refused{
	{400, "invalid", "", fault.Invalid},
	{403, "forbidden", "", fault.Forbidden},
	{403, "rateLimitExceeded", "", fault.RateLimited},
	{403, "userRateLimitExceeded", "", fault.RateLimited},
	{403, "quotaExceeded", "", fault.QuotaExhausted},
	{403, "dailyLimitExceeded", "", fault.QuotaExhausted},
	{403, "accessNotConfigured", "", fault.Misconfigured},
	{403, "notACalendarUser", "", fault.Unsupported},
	{410, "updatedMinTooLongAgo", "", fault.CursorLost},
	{429, "rateLimitExceeded", "17", fault.RateLimited},
	{429, "quotaExceeded", "", fault.QuotaExhausted},
	{500, "backendError", "", fault.Transient},
	{503, "backendError", "", fault.Transient},
}

// googleRefusals are the refusals that calweave does something about, beside those that the scenes above lead to.
func googleRefusals() []scene {
	var scenes []scene
	for _, r := range googleRefused {
		answer := googleRefusal(r.status, r.code)
		if r.retry != "" {
			answer.header = map[string]any{"Retry-After": r.retry}
		}
		scenes = append(scenes, one(fmt.Sprintf("an event, and is refused with %d %s", r.status, r.code), refusing(r.status, r.code, r.retry), answer,
			asGoogle(func(ctx context.Context, c provider.Client) error {
				_, err := c.ReadEvent(ctx, provider.EventRef{Calendar: ana, ID: eventID})
				if r.retry != "" && fault.RetryAfter(err) != 17*time.Second {
					return fmt.Errorf("it waits for %s", fault.RetryAfter(err))
				}
				return fails(r.kind, err)
			})))
	}
	return scenes
}

// simulated is a provider's simulator, made anew for each state.
type simulated struct {
	provider sim.Provider
	sim      *sim.Sim
	now      *clock.Manual
	calendar string
	words    map[string]string
	token    string
	// pushes carries pushes; nil answers them as calweave does.
	pushes http.RoundTripper
	// prefer is what ask prefers besides.
	prefer string
	// transaction and stamp are what calweave's own create says at Microsoft.
	transaction, stamp string
}

func newSimulated(p sim.Provider) *simulated {
	return &simulated{provider: p, transaction: key.UUID(), stamp: stampName}
}

func (s *simulated) close() {
	if s.sim != nil {
		s.sim.Close()
		s.sim = nil
	}
}

func (s *simulated) handler() http.Handler {
	switch {
	case s.sim == nil:
		return http.NotFoundHandler()
	case s.provider == sim.Google:
		return s.sim.Google()
	default:
		return s.sim.Microsoft()
	}
}

func (s *simulated) in() sim.In { return sim.In{Provider: s.provider, Email: ana} }

// begin starts a simulator with one account, which has allowed calweave everything.
func (s *simulated) begin() error {
	s.close()
	s.now = clock.NewManual(today)
	var err error
	var pushes http.RoundTripper = hearing{}
	if s.pushes != nil {
		pushes = s.pushes
	}
	if s.sim, err = sim.New(sim.Config{Clock: s.now, Seed: 1, PushTransport: pushes, PushBackoff: time.Millisecond}); err != nil {
		return err
	}
	p, err := s.sim.Seed(sim.Person{
		Provider: s.provider, Email: ana, Zone: "Europe/Berlin", Calendars: []sim.Calendar{{Primary: true, Zone: "Europe/Berlin"}},
	})
	if err != nil {
		return err
	}
	s.calendar = p.Calendars[0].ID
	token, err := s.sim.IssueToken(s.provider, ana, "calweave")
	s.token = token.Access
	s.words = map[string]string{tokenWord: token.Access, refreshWord: token.Refresh, calendarWord: s.calendar}
	return err
}

// hearing answers pushes and handshakes as calweave does.
type hearing struct{}

func (hearing) RoundTrip(req *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	if token := req.URL.Query().Get("validationToken"); token != "" {
		rec.Header().Set("Content-Type", "text/plain")
		_, _ = rec.WriteString(token)
	} else {
		rec.WriteHeader(http.StatusAccepted)
	}
	return rec.Result(), nil
}

// ask sends a request of another application of the account's to the simulator.
func (s *simulated) ask(method, path string, body any) (object, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req := httptest.NewRequest(method, path, bytes.NewReader(raw))
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Prefer", `IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text"`+s.prefer)
	rec := httptest.NewRecorder()
	s.handler().ServeHTTP(rec, req)
	var doc object
	if rec.Code/100 != 2 {
		return nil, fmt.Errorf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
	if rec.Body.Len() == 0 {
		return object{}, nil
	}
	return doc, json.Unmarshal(rec.Body.Bytes(), &doc)
}

// after is a setup that begins anew and then does each of the steps.
func (s *simulated) after(steps ...func() error) setup {
	return func() (map[string]string, error) {
		if err := s.begin(); err != nil {
			return nil, err
		}
		for _, step := range steps {
			if err := step(); err != nil {
				return nil, err
			}
		}
		return s.words, nil
	}
}

// refuses has the simulator refuse whatever it is asked.
func (s *simulated) refuses(status int, code, retry string) setup {
	return s.after(func() error {
		_, err := s.sim.AddFault(sim.Fault{Provider: s.provider, Action: sim.ActStatus, Status: status, Code: code, RetryAfter: retry})
		return err
	})
}

const (
	googleEvents = "/calendar/v3/calendars/" + ana + "/events"
	channelPath  = googleEvents + "/watch"
)

// googleBooking is the event as calweave makes it.
func googleBooking() object {
	return object{
		"id": string(eventID), "summary": "Interview", "description": "Room for questions", "location": "Room 4",
		"start":              object{"dateTime": "2026-09-08T10:00:00+02:00", "timeZone": "Europe/Berlin"},
		"end":                object{"dateTime": "2026-09-08T10:30:00+02:00", "timeZone": "Europe/Berlin"},
		"extendedProperties": object{"private": object{"calweave": key.String()}},
	}
}

func (s *simulated) googleBooked(guests ...string) func() error {
	return func() error {
		e := googleBooking()
		var attendees []object
		for _, g := range guests {
			attendees = append(attendees, object{"email": g})
		}
		if attendees != nil {
			e["attendees"] = attendees
		}
		doc, err := s.ask(http.MethodPost, googleEvents, e)
		s.words[etagWord], _ = doc["etag"].(string)
		return err
	}
}

func (s *simulated) googleListed() error {
	doc, err := s.ask(http.MethodGet, googleEvents+"?singleEvents=false&showDeleted=true&timeMin=2026-08-31T08:00:00Z", nil)
	s.words[syncWord], _ = doc["nextSyncToken"].(string)
	return err
}

func (s *simulated) twoEvents() error {
	for n := range 2 {
		at := today.AddDate(0, 0, 1+n)
		if _, err := s.sim.CreateEvent(s.in(), sim.Draft{Title: "By hand", Start: at, End: at.Add(time.Hour), Zone: "UTC"}); err != nil {
			return err
		}
	}
	return nil
}

func (s *simulated) googleStates() map[string]setup {
	deleted := func() error { return s.sim.DeleteEvent(s.in(), string(eventID), false) }
	states := map[string]setup{
		"an account":                        s.after(),
		"an event of ours":                  s.after(s.googleBooked()),
		"an event of ours that was deleted": s.after(s.googleBooked(), deleted),
		"an event of ours that was edited": s.after(s.googleBooked(), func() error {
			title := "By hand"
			s.now.Advance(time.Minute)
			_, err := s.sim.EditEvent(s.in(), string(eventID), sim.Edit{Title: &title})
			return err
		}),
		"an event of ours with a guest":                  s.after(s.googleBooked(guest)),
		"an account whose token has expired":             s.after(func() error { return s.sim.ExpireAccess(s.provider, ana) }),
		"two events":                                     s.after(s.twoEvents),
		"a calendar that was listed":                     s.after(s.googleBooked(), s.googleListed),
		"a calendar that was listed, and lost its event": s.after(s.googleBooked(), s.googleListed, deleted),
		"a calendar whose cursors are lost":              s.after(s.googleBooked(), s.googleListed, func() error { return s.sim.ExpireCursors(s.in()) }),
		"two events, listed by one page": s.after(s.twoEvents, func() error {
			doc, err := s.ask(http.MethodGet, googleEvents+"?singleEvents=false&showDeleted=true&timeMin=2026-08-31T08:00:00Z&maxResults=1", nil)
			s.words[pageWord], _ = doc["nextPageToken"].(string)
			return err
		}),
		aSeries: s.after(s.googleRepeats),
		lacking: s.after(s.googleRepeats, s.loses(googleEvents)),
		"an open channel": s.after(func() error {
			doc, err := s.ask(http.MethodPost, channelPath, object{
				"id": "channel-1", "type": "web_hook", "address": "https://hooks.example/hooks/google", "token": "secret-of-the-channel",
			})
			s.words["id-of-the-resource"], _ = doc["resourceId"].(string)
			return err
		}),
	}
	for _, r := range googleRefused {
		states[refusing(r.status, r.code, r.retry).name] = s.refuses(r.status, r.code, r.retry)
	}
	return states
}

const refreshWord = "refresh-token-of-the-account"
