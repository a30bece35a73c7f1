package google

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"

	"google.golang.org/api/calendar/v3"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// CreateEvent inserts an event under an id that is made from its key. Google never gives an id away twice, not even after a deletion, and
// refuses the second insert with 409 (https://developers.google.com/workspace/calendar/api/v3/reference/events/insert). Then the event that
// holds the id is read, which is a second request, and returned if it is ours: cancelled, if a person deleted it meanwhile. A wish for a conference that
// is refused costs a second request, too (passedOver).
func (c *client) CreateEvent(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
	const op = "google: create event"
	if err := checkCalendar(op, req.Calendar); err != nil {
		return provider.Created{}, err
	}
	if !req.Fields.Has(cal.FieldSlot) {
		return provider.Created{}, refused(op, "an event needs a start and an end")
	}
	got, err := c.insert(ctx, req, req.Conference)
	if err != nil && passedOver(c.fault(ctx, op, err), req.Conference) {
		got, err = c.insert(ctx, req, "")
	}
	if err != nil {
		f := c.fault(ctx, op, err)
		if f.Kind == fault.Duplicate {
			return c.adopt(ctx, req, f)
		}
		return provider.Created{}, f
	}
	made, err := answer(op, got)
	if err != nil {
		return provider.Created{}, err
	}
	return provider.Created{Event: asked(made, req.Conference)}, nil
}

// insert sends an event, with a wish for a conference if id is set.
func (c *client) insert(ctx context.Context, req provider.CreateEvent, id string) (*calendar.Event, error) {
	event := newEvent(req.Key, req.Content, req.Fields)
	insert := c.service.Events.Insert(string(req.Calendar), event).SendUpdates(sendUpdates(req.Notify)).Context(ctx)
	if event.ConferenceData = wireConference(id); event.ConferenceData != nil {
		insert = insert.ConferenceDataVersion(conferenceVersion)
	}
	return insert.Do()
}

// adopt returns what holds the key's id. A cancelled event may come without its properties; its id, a digest of the key, is proof enough.
func (c *client) adopt(ctx context.Context, req provider.CreateEvent, taken *fault.Error) (provider.Created, error) {
	taken.Existing = req.Key.Base32Hex()
	event, err := c.ReadEvent(ctx, provider.EventRef{Calendar: req.Calendar, ID: cal.EventID(taken.Existing)})
	switch {
	case fault.Is(err, fault.NotFound):
		return provider.Created{}, taken
	case err != nil:
		return provider.Created{}, err
	case event.Gone() && event.Stamp == "":
		event.Stamp = req.Key.String()
	case event.Stamp != req.Key.String():
		return provider.Created{}, taken
	}
	return provider.Created{Event: event, Adopted: true}, nil
}

// UpdateEvent patches the given fields and no others. Guests change through Invite and Uninvite alone; since a patch replaces the whole
// list (https://developers.google.com/workspace/calendar/api/v3/reference/events/patch), the event is read first, and the patch carries the
// ETag of that read. When nothing would change, nothing is written.
func (c *client) UpdateEvent(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
	const op = "google: update event"
	if err := checkRef(op, req.Ref); err != nil {
		return cal.Event{}, err
	}
	patch, err := patchBody(req.Content, req.Fields)
	if err != nil {
		return cal.Event{}, refused(op, "the content cannot be written as JSON")
	}
	if data := wireConference(req.Conference); data != nil {
		patch["conferenceData"] = data
	}
	etag := req.ETag
	if len(req.Invite)+len(req.Uninvite) > 0 {
		current, err := c.readGuests(ctx, op, req)
		if err != nil {
			return cal.Event{}, err
		}
		etag = current.ETag
		attendees, changed, err := mergeGuests(current.Attendees, newChange(req.Invite, req.Uninvite))
		if err != nil {
			return cal.Event{}, unreadable(op)
		}
		if changed {
			patch["attendees"] = attendees
		} else if len(patch) == 0 {
			return answer(op, current.event)
		}
	}
	if len(patch) == 0 {
		return c.ReadEvent(ctx, req.Ref)
	}
	return c.patchAsking(ctx, op, req, etag, patch)
}

// patchAsking is patch, and once more without the wish for a conference if that is refused.
func (c *client) patchAsking(ctx context.Context, op string, req provider.UpdateEvent, etag string, body map[string]any) (cal.Event, error) {
	got, err := c.patch(ctx, op, req, etag, body)
	if f, ok := fault.As(err); ok && passedOver(f, req.Conference) {
		if delete(body, "conferenceData"); len(body) == 0 {
			got, err = c.ReadEvent(ctx, req.Ref)
		} else {
			got, err = c.patch(ctx, op, req, etag, body)
		}
	}
	if err != nil {
		return cal.Event{}, err
	}
	return asked(got, req.Conference), nil
}

// patchBody is the JSON object of a patch of the given fields except guests.
func patchBody(content cal.Content, fields cal.Fields) (map[string]any, error) {
	raw, err := json.Marshal(patchEvent(content, fields))
	if err != nil {
		return nil, err
	}
	var body map[string]any
	return body, json.Unmarshal(raw, &body)
}

// patch sends body. conferenceDataVersion=1 keeps a meeting's link
// (https://developers.google.com/workspace/calendar/api/v3/reference/events/patch).
func (c *client) patch(ctx context.Context, op string, req provider.UpdateEvent, etag string, body map[string]any) (cal.Event, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return cal.Event{}, refused(op, "the content cannot be written as JSON")
	}
	var got calendar.Event
	err = c.send(ctx, call{
		method: http.MethodPatch, path: eventPath, ids: eventIDs(req.Ref), body: raw, header: ifMatch(etag),
		query: url.Values{"sendUpdates": {sendUpdates(req.Notify)}, "conferenceDataVersion": {"1"}},
	}, &got)
	if err != nil {
		return cal.Event{}, c.fault(ctx, op, err)
	}
	return answer(op, &got)
}

// DeleteEvent deletes an event. A second deletion is fault.Gone: Google answers 410.
func (c *client) DeleteEvent(ctx context.Context, req provider.DeleteEvent) error {
	const op = "google: delete event"
	if err := checkRef(op, req.Ref); err != nil {
		return err
	}
	request := c.service.Events.Delete(string(req.Ref.Calendar), string(req.Ref.ID)).SendUpdates(sendUpdates(req.Notify)).Context(ctx)
	maps.Copy(request.Header(), ifMatch(req.ETag))
	if err := request.Do(); err != nil {
		return c.fault(ctx, op, err)
	}
	return nil
}

const eventPath = "calendars/{calendarId}/events/{eventId}"

func eventIDs(ref provider.EventRef) map[string]string {
	return map[string]string{"calendarId": string(ref.Calendar), "eventId": string(ref.ID)}
}

// ifMatch makes a write conditional; the ETag goes back as it came, quotes and all.
func ifMatch(etag string) http.Header {
	if etag == "" {
		return nil
	}
	return http.Header{"If-Match": {etag}}
}
