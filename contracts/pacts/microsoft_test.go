//go:build pact

package pacts_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/providers/microsoft"
)

func TestMicrosoftGraph(t *testing.T) {
	e := httpEdge{edge: edge{
		ID: "a", Title: "calweave asks Microsoft Graph", Consumer: "calweave", Provider: "microsoft-graph", Against: "the simulator of Microsoft",
		Headers: []string{"Authorization", "Content-Type", "If-Match", "Prefer"}, Interactions: 45,
	}, scenes: graphScenes()}
	path := fresh(t, e.edge, e.make)
	side := newSimulated(sim.Microsoft)
	t.Cleanup(side.close)
	hold(t, e.edge, path, &providerSide{states: side.graphStates(), handler: side.handler, clean: side.close})
}

const (
	calendarWord     = "id-of-the-calendar"
	eventWord        = "id-of-the-event"
	subscriptionWord = "id-of-the-subscription"
	graphURL         = "https://graph.microsoft.com/v1.0"
	linkForm         = `https?://.+/v1\.0/.+`
)

func asGraph(fn func(ctx context.Context, c provider.Client) error) func(context.Context, *http.Client) error {
	return func(ctx context.Context, httpc *http.Client) error {
		client, err := microsoft.New(microsoft.Config{Clock: clock.NewManual(today)}).Open(bearer(httpc))
		if err != nil {
			return err
		}
		return fn(ctx, client)
	}
}

// stampID is the extended property that holds an event's key.
const stampForm = `String \{[0-9a-f-]+\} Name .+`

func graphEvent(more object) object {
	e := object{
		"id": matching(filled, eventWord), "@odata.etag": matching(filled, etagWord), "changeKey": matching(filled, "key-of-the-change"),
		"iCalUId": matching(filled, "uid"), "webLink": matching(filled, "https://outlook.office365.com/owa/?itemid=1"), "subject": "Interview",
		"body":     object{"contentType": exactly("text"), "content": matching(`Room for questions\s*`, "Room for questions")},
		"location": object{"displayName": "Room 4"}, "isCancelled": exactly(false), "type": exactly("singleInstance"), "isAllDay": exactly(false),
		"lastModifiedDateTime": matching(rfc3339, "2026-09-01T08:00:00Z"), "originalStartTimeZone": exactly("W. Europe Standard Time"),
		"start": object{"dateTime": matching(wallTime, "2026-09-08T08:00:00.0000000"), "timeZone": exactly("UTC")},
		"end":   object{"dateTime": matching(wallTime, "2026-09-08T08:30:00.0000000"), "timeZone": exactly("UTC")},
	}
	for name, value := range more {
		e[name] = value
	}
	return e
}

func stamped(more object) object {
	e := graphEvent(object{"singleValueExtendedProperties": some(object{
		"id": matching(stampForm, stampName), "value": exactly(key.String()),
	})})
	for name, value := range more {
		e[name] = value
	}
	return e
}

func graphRefusal(status int, code string) reply {
	return reply{status: status, body: object{"error": object{"code": exactly(code), "message": matching(filled, "No.")}}}
}

// wishedTeams is what an event shows that is an online meeting; the link to join may come later, and Teams adds to the text.
var wishedTeams = object{
	"isOnlineMeeting": exactly(true), "onlineMeetingProvider": exactly("teamsForBusiness"),
	"body": object{"contentType": exactly("text"), "content": matching(`Room for questions[\s\S]*`, "Room for questions")},
}

func graphScenes() []scene {
	at := provider.EventRef{Calendar: calendarWord, ID: eventWord}
	create := provider.CreateEvent{Calendar: calendarWord, Key: key, Content: content, Fields: cal.AllFields &^ cal.Fields(cal.FieldAttendees)}
	read := func(ctx context.Context, c provider.Client) error {
		got, err := c.ReadEvent(ctx, at)
		same := got.ID == eventWord && got.ETag == etagWord && got.Stamp == key.String() && got.Content.Slot.Equal(slot) && got.Content.Title == "Interview"
		return wants(err, same, got)
	}
	update := func(u provider.UpdateEvent) func(ctx context.Context, c provider.Client) (cal.Event, error) {
		u.Ref, u.ETag, u.Content = at, etagWord, content
		return func(ctx context.Context, c provider.Client) (cal.Event, error) { return c.UpdateEvent(ctx, u) }
	}
	move := update(provider.UpdateEvent{Fields: cal.Fields(cal.FieldSlot)})
	find := func(ctx context.Context, c provider.Client) (cal.Event, error) {
		finder, _ := c.(provider.EventFinder)
		return finder.FindEvent(ctx, calendarWord, key)
	}
	scenes := []scene{
		one("a list of calendars", given("an account"), reply{status: 200, body: object{"value": some(object{
			"id": matching(filled, calendarWord), "name": like("Calendar"), "isDefaultCalendar": exactly(true), "canEdit": exactly(true),
			"owner": object{"address": like(ana)},
		})}}, asGraph(func(ctx context.Context, c provider.Client) error {
			got, err := c.Calendars(ctx)
			return wants(err, len(got) == 1 && got[0].ID == calendarWord && got[0].Primary && got[0].Writable && got[0].Owner == ana, got)
		})),
		one("an event", given("an event of ours"), reply{status: 200, body: like(stamped(nil))}, asGraph(read)),
		one("an event that is not there", given("an event of ours that was deleted"), graphRefusal(404, "ErrorItemNotFound"), asGraph(func(ctx context.Context, c provider.Client) error {
			return fails(fault.NotFound, read(ctx, c))
		})),
		one("an event with a token that has expired", given("an account whose token has expired"), graphRefusal(401, "InvalidAuthenticationToken"),
			asGraph(func(ctx context.Context, c provider.Client) error { return fails(fault.Unauthorized, read(ctx, c)) })),
		one("a new event", given("an account"), reply{status: 201, body: like(graphEvent(nil))}, asGraph(func(ctx context.Context, c provider.Client) error {
			got, err := c.CreateEvent(ctx, create)
			return wants(err, !got.Adopted && got.Event.ID == eventWord, got)
		})),
		one("a new event with a conference", given("an account"), reply{status: 201, body: like(graphEvent(wishedTeams))},
			asGraph(func(ctx context.Context, c provider.Client) error {
				asks := create
				asks.Conference = wish
				got, err := c.CreateEvent(ctx, asks)
				return wants(err, got.Event.Conference.State == cal.ConferencePending, got)
			})),
		one("a change that asks for a conference", given("an event of ours"), reply{status: 200, body: like(graphEvent(wishedTeams))},
			asGraph(func(ctx context.Context, c provider.Client) error {
				got, err := update(provider.UpdateEvent{Fields: cal.Fields(cal.FieldTitle), Conference: wish})(ctx, c)
				return wants(err, got.Conference.State == cal.ConferencePending, got)
			})),
		{act: asGraph(func(ctx context.Context, c provider.Client) error {
			got, err := c.CreateEvent(ctx, create)
			return wants(err, got.Adopted && got.Event.Stamp == key.String(), got)
		}), steps: []step{
			{"a new event with a transactionId that is taken", given("an event of ours, with another content"), reply{status: 400, body: object{"error": object{
				"code": exactly("ErrorDuplicateTransactionId"), "@event.existingEventId": matching(filled, eventWord),
			}}}},
			{"the event that has the transactionId", given("an event of ours"), reply{status: 200, body: like(stamped(nil))}},
		}},
		one("the event that carries a key", given("an event of ours"), reply{status: 200, body: object{"value": some(like(stamped(nil)))}},
			asGraph(func(ctx context.Context, c provider.Client) error {
				got, err := find(ctx, c)
				return wants(err, got.ID == eventWord, got)
			})),
		one("the event that carries a key, where there is none", given("an account"), reply{status: 200, body: object{"value": none()}},
			asGraph(func(ctx context.Context, c provider.Client) error {
				_, err := find(ctx, c)
				return fails(fault.NotFound, err)
			})),
		one("a change of the time", given("an event of ours"), reply{status: 200, body: like(graphEvent(nil))},
			asGraph(func(ctx context.Context, c provider.Client) error {
				got, err := move(ctx, c)
				return wants(err, got.Content.Slot.Equal(slot), got)
			})),
		one("a change of an event that has changed", given("an event of ours that was edited"), graphRefusal(412, "ErrorIrresolvableConflict"),
			asGraph(func(ctx context.Context, c provider.Client) error {
				_, err := move(ctx, c)
				return fails(fault.Conflict, err)
			})),
		{act: asGraph(func(ctx context.Context, c provider.Client) error {
			got, err := update(provider.UpdateEvent{Invite: []cal.Attendee{{Email: "cleo@example.net"}}})(ctx, c)
			return wants(err, len(got.Content.Attendees) == 2, got)
		}), steps: []step{
			{"an event whose guests are to change", given("an event of ours with a guest"), reply{status: 200, body: like(stamped(object{
				"body":      object{"contentType": exactly("html"), "content": matching(`(?m:.)+`, "Room for questions")},
				"organizer": object{"emailAddress": object{"address": exactly(ana)}}, "isOnlineMeeting": exactly(false),
				"attendees": some(object{"type": exactly("required"), "emailAddress": object{"address": exactly(guest)}, "status": object{"response": exactly("none")}}),
			}))}},
			{"a change of the guests", given("an event of ours with a guest"), reply{status: 200, body: like(graphEvent(object{"attendees": []any{
				object{"type": exactly("required"), "emailAddress": object{"address": exactly(guest)}},
				object{"type": exactly("required"), "emailAddress": object{"address": exactly("cleo@example.net")}},
			}}))}},
		}},
		one("a deletion", given("an event of ours"), reply{status: 204}, asGraph(func(ctx context.Context, c provider.Client) error {
			return c.DeleteEvent(ctx, provider.DeleteEvent{Ref: at, ETag: etagWord})
		})),
		one("a second deletion", given("an event of ours that was deleted"), graphRefusal(404, "ErrorItemNotFound"),
			asGraph(func(ctx context.Context, c provider.Client) error {
				return fails(fault.NotFound, c.DeleteEvent(ctx, provider.DeleteEvent{Ref: at}))
			})),
	}
	scenes = append(scenes, graphSeries()...)
	scenes = append(scenes, graphListings()...)
	scenes = append(scenes, graphChannels()...)
	for _, r := range graphRefused {
		answer := graphRefusal(r.status, r.code)
		if r.retry != "" {
			answer.header = map[string]any{"Retry-After": r.retry}
		}
		scenes = append(scenes, one(fmt.Sprintf("an event, and is refused with %d %s", r.status, r.code), refusing(r.status, r.code, r.retry), answer,
			asGraph(func(ctx context.Context, c provider.Client) error {
				err := read(ctx, c)
				if r.retry != "" && fault.RetryAfter(err) != 17*time.Second {
					return fmt.Errorf("it waits for %s", fault.RetryAfter(err))
				}
				return fails(r.kind, err)
			})))
	}
	return scenes
}

// graphRefused are the refusals that calweave does something about, beside those that the other scenes lead to.
var graphRefused = []refused{
	{400, "ErrorInvalidRequest", "", fault.Invalid},
	{403, "ErrorAccessDenied", "", fault.Forbidden},
	{403, "ExtensionError", "", fault.Unsupported},
	{404, "MailboxNotEnabledForRESTAPI", "", fault.Unsupported},
	{429, "TooManyRequests", "17", fault.RateLimited},
	{429, "ApplicationThrottled", "17", fault.RateLimited},
	{503, "MailboxConcurrency", "", fault.RateLimited},
	{507, "ErrorQuotaExceeded", "", fault.QuotaExhausted},
	{500, "InternalServerError", "", fault.Transient},
	{503, "ServiceUnavailable", "17", fault.Transient},
	{504, "GatewayTimeout", "", fault.Transient},
}

func graphListings() []scene {
	window := cal.Window{From: today.AddDate(0, 0, -1), Until: today.AddDate(0, 1, 0)}
	deltaPath := graphURL + "/me/calendars/" + calendarWord + "/calendarView/delta"
	delta, next := deltaPath+"?$deltatoken="+syncWord, deltaPath+"?$skiptoken="+pageWord
	list := func(req provider.ListEvents) func(ctx context.Context, c provider.Client) (cal.Page, error) {
		req.Calendar, req.Window = calendarWord, window
		return func(ctx context.Context, c provider.Client) (cal.Page, error) {
			lister, _ := c.(provider.DeltaLister)
			return lister.ListEvents(ctx, req)
		}
	}
	check := func(req provider.ListEvents, ok func(cal.Page) bool) func(context.Context, *http.Client) error {
		return asGraph(func(ctx context.Context, c provider.Client) error {
			got, err := list(req)(ctx, c)
			return wants(err, ok(got), got)
		})
	}
	cursor := cal.Cursor{Token: delta, Scope: "calendarView.delta ids=immutable times=UTC body=text calendar=" + calendarWord + " window=any"}
	return []scene{
		one("a snapshot", given("an event of ours"), reply{status: 200, body: object{
			"value": some(like(graphEvent(nil))), "@odata.deltaLink": matching(linkForm, delta),
		}}, check(provider.ListEvents{}, func(p cal.Page) bool {
			return p.Kind == cal.Snapshot && len(p.Items) == 1 && p.Items[0].Withheld == "" && p.Cursor.Token == delta && p.Next == ""
		})),
		one("the first page of a snapshot", given("two events"), reply{status: 200, body: object{
			"value": some(object{"id": matching(filled, eventWord)}), "@odata.nextLink": matching(linkForm, next),
		}}, check(provider.ListEvents{PageSize: 1}, func(p cal.Page) bool { return strings.HasSuffix(p.Next, next) && p.Cursor.Token == "" })),
		one("the last page of a snapshot", given("two events, listed by one page"), reply{status: 200, body: object{
			"value": some(object{"id": matching(filled, eventWord)}), "@odata.deltaLink": matching(linkForm, delta),
		}}, check(provider.ListEvents{PageSize: 1, Page: "0123456789abcdef 0 1 " + next}, func(p cal.Page) bool { return p.Next == "" && p.Cursor.Token == delta })),
		one("what has changed: nothing", given("a calendar that was listed"), reply{status: 200, body: object{
			"value": none(), "@odata.deltaLink": matching(linkForm, delta),
		}}, check(provider.ListEvents{Cursor: cursor}, func(p cal.Page) bool { return p.Kind == cal.Delta && len(p.Items) == 0 && p.Cursor.Token != "" })),
		one("what has changed: an event was deleted", given("a calendar that was listed, and lost its event"), reply{status: 200, body: object{
			"value":            some(object{"id": matching(filled, eventWord), "@removed": object{"reason": matching("deleted|changed", "deleted")}}),
			"@odata.deltaLink": matching(linkForm, delta),
		}}, check(provider.ListEvents{Cursor: cursor}, func(p cal.Page) bool { return len(p.Items) == 1 && p.Items[0].Event.Gone() })),
		one("what has changed, after the token was lost", given("a calendar whose cursors are lost"), graphRefusal(410, "SyncStateNotFound"),
			asGraph(func(ctx context.Context, c provider.Client) error {
				_, err := list(provider.ListEvents{Cursor: cursor})(ctx, c)
				return fails(fault.CursorLost, err)
			})),
	}
}

func graphChannels() []scene {
	until := today.AddDate(0, 0, 3)
	channel := cal.Channel{ID: "channel-1", Remote: subscriptionWord}
	open := func(ctx context.Context, c provider.Client) (cal.Channel, error) {
		keeper, _ := c.(provider.ChannelKeeper)
		return keeper.OpenChannel(ctx, provider.OpenChannel{
			ID: "channel-1", Calendar: calendarWord, Address: "https://hooks.example/hooks/microsoft", Secret: "secret-of-the-channel", Expires: until,
		})
	}
	granted := object{"id": matching(filled, subscriptionWord), "expirationDateTime": matching(rfc3339, "2026-09-04T08:00:00Z")}
	renew := func(ctx context.Context, c provider.Client) (cal.Channel, error) {
		renewer, _ := c.(provider.ChannelRenewer)
		return renewer.RenewChannel(ctx, channel, until)
	}
	stop := func(ctx context.Context, c provider.Client) error {
		keeper, _ := c.(provider.ChannelKeeper)
		return keeper.CloseChannel(ctx, channel)
	}
	return []scene{
		one("a new subscription", given("an account"), reply{status: 201, body: granted}, asGraph(func(ctx context.Context, c provider.Client) error {
			got, err := open(ctx, c)
			return wants(err, got.Remote == subscriptionWord && got.Expires.Equal(until), got)
		})),
		{act: asGraph(func(ctx context.Context, c provider.Client) error {
			_, err := open(ctx, c)
			if f, ok := fault.As(err); !ok || f.Existing != subscriptionWord {
				return fmt.Errorf("the standing subscription is not named: %w", err)
			}
			return fails(fault.Duplicate, err)
		}), steps: []step{
			{"a second subscription to the same", refusing(409, "ExtensionError", ""), reply{status: 409, body: object{"error": object{"message": matching(filled, "No.")}}}},
			{"the subscriptions", given("a subscription"), reply{status: 200, body: object{"value": some(object{
				"id": matching(filled, subscriptionWord), "notificationUrl": exactly("https://hooks.example/hooks/microsoft"),
				"resource": matching(`/?me/calendars/.+/events`, "me/calendars/"+calendarWord+"/events"),
			})}}},
		}},
		one("a longer life of a subscription", given("a subscription"), reply{status: 200, body: granted}, asGraph(func(ctx context.Context, c provider.Client) error {
			got, err := renew(ctx, c)
			return wants(err, got.Expires.Equal(until), got)
		})),
		one("a longer life of a subscription that is not there", given("an account"), reply{status: 404, body: object{"error": object{"code": matching(filled, "ResourceNotFound")}}},
			asGraph(func(ctx context.Context, c provider.Client) error {
				_, err := renew(ctx, c)
				return fails(fault.NotFound, err)
			})),
		one("the end of a subscription", given("a subscription"), reply{status: 204}, asGraph(stop)),
		one("the end of a subscription that is not there", given("an account"), reply{status: 404, body: object{"error": object{"code": matching(filled, "ResourceNotFound")}}},
			asGraph(func(ctx context.Context, c provider.Client) error { return fails(fault.NotFound, stop(ctx, c)) })),
	}
}

const (
	stampName   = "String {4422b8a6-d6f5-4a6e-a69c-61cb33259201} Name calweave"
	graphEvents = "/v1.0/me/events"
)

// graphBooked makes the event as calweave would; other is whether its content is another.
// graphBooking is the event as calweave makes it.
func (s *simulated) graphBooking(title string) object {
	return object{
		"subject": title, "body": object{"contentType": "text", "content": "Room for questions"}, "location": object{"displayName": "Room 4"},
		"start":         object{"dateTime": "2026-09-08T10:00:00", "timeZone": "W. Europe Standard Time"},
		"end":           object{"dateTime": "2026-09-08T10:30:00", "timeZone": "W. Europe Standard Time"},
		"transactionId": s.transaction, "singleValueExtendedProperties": []object{{"id": s.stamp, "value": key.String()}},
	}
}

func (s *simulated) graphBooked(title string, guests ...string) func() error {
	return func() error {
		e := s.graphBooking(title)
		var attendees []object
		for _, g := range guests {
			attendees = append(attendees, object{"type": "required", "emailAddress": object{"address": g}})
		}
		if attendees != nil {
			e["attendees"] = attendees
		}
		doc, err := s.ask(http.MethodPost, graphEvents, e)
		s.words[etagWord], _ = doc["@odata.etag"].(string)
		s.words[eventWord], _ = doc["id"].(string)
		return err
	}
}

// graphListed lists the calendar, by pages of a size, until there is a link of that name.
func (s *simulated) graphListed(link, word, parameter string) func() error {
	return func() error {
		doc, err := s.ask(http.MethodGet, "/v1.0/me/calendars/"+s.calendar+
			"/calendarView/delta?startDateTime=2026-08-31T08:00:00Z&endDateTime=2026-10-01T08:00:00Z", nil)
		if err != nil {
			return err
		}
		got, _ := doc[link].(string)
		_, token, found := strings.Cut(got, parameter+"=")
		if !found {
			return fmt.Errorf("there is no %s in %v", link, doc)
		}
		s.words[word] = token
		return nil
	}
}

func (s *simulated) graphStates() map[string]setup {
	booked := s.graphBooked("Interview")
	listed := s.graphListed("@odata.deltaLink", syncWord, "$deltatoken")
	id := func() string { return s.words[eventWord] }
	deleted := func() error { return s.sim.DeleteEvent(s.in(), id(), false) }
	states := map[string]setup{
		"an account":                                     s.after(),
		"an event of ours":                               s.after(booked),
		"an event of ours, with another content":         s.after(s.graphBooked("Another title")),
		"an event of ours that was deleted":              s.after(booked, deleted),
		"an event of ours with a guest":                  s.after(s.graphBooked("Interview", guest)),
		"an account whose token has expired":             s.after(func() error { return s.sim.ExpireAccess(s.provider, ana) }),
		"two events":                                     s.after(s.twoEvents),
		"a calendar that was listed":                     s.after(booked, listed),
		"a calendar that was listed, and lost its event": s.after(booked, listed, deleted),
		"a calendar whose cursors are lost":              s.after(booked, listed, func() error { return s.sim.ExpireCursors(s.in()) }),
		"an event of ours that was edited": s.after(booked, func() error {
			title := "By hand"
			s.now.Advance(time.Minute)
			_, err := s.sim.EditEvent(s.in(), id(), sim.Edit{Title: &title})
			return err
		}),
		"two events, listed by one page": s.after(s.twoEvents, func() error {
			s.prefer = ", odata.maxpagesize=1"
			defer func() { s.prefer = "" }()
			return s.graphListed("@odata.nextLink", pageWord, "$skiptoken")()
		}),
		aSeries: s.after(s.graphRepeats),
		lacking: s.after(s.graphRepeats, s.loses(graphEvents)),
		"a subscription": s.after(func() error {
			doc, err := s.ask(http.MethodPost, "/v1.0/subscriptions", object{
				"changeType": "created,updated,deleted", "resource": "me/calendars/" + s.calendar + "/events", "clientState": "channel-1.secret-of-the-channel",
				"notificationUrl": "https://hooks.example/hooks/microsoft", "lifecycleNotificationUrl": "https://hooks.example/hooks/microsoft",
				"expirationDateTime": "2026-09-03T08:00:00Z",
			})
			s.words[subscriptionWord], _ = doc["id"].(string)
			return err
		}),
	}
	for _, r := range append(graphRefused, refused{409, "ExtensionError", "", ""}) {
		states[refusing(r.status, r.code, r.retry).name] = s.refuses(r.status, r.code, r.retry)
	}
	return states
}
