package microsoft

import (
	"context"

	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// CreateEvent posts an event with a transactionId made from its key. Graph answers the same request again with the same event, and one with other
// content with ErrorDuplicateTransactionId and the id of the event that stands (https://learn.microsoft.com/en-us/graph/api/resources/event,
// transactionId). Then that event is read, which is a second request, and returned if it is ours; if it is not to be seen, that is fault.NotFound
// with its id, which proves nothing of it. The answer to a create leaves extended properties out; the stamp is set here, since the create has written
// it.
func (c *client) CreateEvent(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
	const op = "microsoft: create event"
	if err := checkCalendar(op, req.Calendar); err != nil {
		return provider.Created{}, err
	}
	if !req.Fields.Has(cal.FieldSlot) {
		return provider.Created{}, refused(op, "an event needs a start and an end")
	}
	info, err := c.events(req.Calendar).ToPostRequestInformation(ctx, models.NewEvent(), nil)
	if err != nil {
		return provider.Created{}, refused(op, "the request cannot be made")
	}
	body := newEvent(req.Key, req.Content, req.Fields)
	if err := wireRecurrence(op, body, req.Content, req.Fields); err != nil {
		return provider.Created{}, err
	}
	wireConference(body, req.Conference)
	raw, err := c.send(ctx, call{info: info, prefer: []string{preferUTC, preferText}, body: body})
	if err != nil {
		f := c.fault(ctx, op, err)
		if f.Kind == fault.Duplicate {
			return c.adopt(ctx, req, f)
		}
		return provider.Created{}, f
	}
	made, err := answer(op, raw)
	if err != nil {
		return provider.Created{}, err
	}
	made.Stamp = req.Key.String()
	return provider.Created{Event: asked(made, req.Conference)}, nil
}

// adopt returns what holds the key: the event that the refusal names, or the one that is found by its stamp.
func (c *client) adopt(ctx context.Context, req provider.CreateEvent, taken *fault.Error) (provider.Created, error) {
	id := cal.EventID(taken.Existing)
	event, err := c.holder(ctx, req, id)
	switch {
	case fault.Is(err, fault.NotFound):
		if id != "" { // it was deleted, or is hidden or too new
			taken.Kind = fault.NotFound
		}
		return provider.Created{}, taken
	case err != nil:
		return provider.Created{}, err
	case event.Stamp != req.Key.String():
		return provider.Created{}, taken
	}
	return provider.Created{Event: event, Adopted: true}, nil
}

func (c *client) holder(ctx context.Context, req provider.CreateEvent, id cal.EventID) (cal.Event, error) {
	if id == "" {
		return c.FindEvent(ctx, req.Calendar, req.Key)
	}
	return c.ReadEvent(ctx, provider.EventRef{Calendar: req.Calendar, ID: id})
}

// wireRecurrence puts the recurrence into the body of a write: none for a single event that is created, and the word for none when a series becomes one.
func wireRecurrence(op string, body map[string]any, content cal.Content, fields cal.Fields) error {
	_, creates := body["transactionId"]
	switch {
	case !fields.Has(cal.FieldRecurrence) || creates && len(content.Recurrence) == 0:
		return nil
	case len(content.Recurrence) == 0:
		body["recurrence"] = nil
		return nil
	}
	wire, err := patternOf(content.Recurrence, content.Slot.Start)
	if err != nil {
		return refused(op, err.Error())
	}
	body["recurrence"] = wire
	return nil
}

// startOfSeries is the content with the start that the event has, unless another one is written: a recurrence begins on the day of its event.
func (c *client) startOfSeries(ctx context.Context, req provider.UpdateEvent) (cal.Content, error) {
	content := req.Content
	if !req.Fields.Has(cal.FieldRecurrence) || req.Fields.Has(cal.FieldSlot) || len(content.Recurrence) == 0 {
		return content, nil
	}
	current, err := c.ReadEvent(ctx, req.Ref)
	content.Slot = current.Content.Slot
	return content, err
}

// UpdateEvent patches the given fields and no others (https://learn.microsoft.com/en-us/graph/api/event-update). Guests change through
// Invite and Uninvite alone, and since a patch replaces the whole list, the event is read first; so it is for a description, which must not
// take the place of what Teams has written into the body, and for a recurrence that is written without a start. If-Match goes along although Graph documents none for events, and the read is
// compared here. When nothing would change, nothing is written.
func (c *client) UpdateEvent(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
	const op = "microsoft: update event"
	if err := checkRef(op, req.Ref); err != nil {
		return cal.Event{}, err
	}
	patch, etag := wireEvent(req.Content, req.Fields), req.ETag
	content, err := c.startOfSeries(ctx, req)
	if err != nil {
		return cal.Event{}, err
	}
	if err := wireRecurrence(op, patch, content, req.Fields); err != nil {
		return cal.Event{}, err
	}
	wireConference(patch, req.Conference)
	changesGuests := len(req.Invite)+len(req.Uninvite) > 0
	if changesGuests || req.Fields.Has(cal.FieldDescription) {
		current, err := c.readState(ctx, op, req)
		if err != nil {
			return cal.Event{}, err
		}
		etag = current.ETag
		if err := merge(patch, current, req); err != nil {
			return cal.Event{}, unreadable(op)
		}
		if len(patch) == 0 {
			return answer(op, current.raw)
		}
	}
	if len(patch) == 0 {
		return c.ReadEvent(ctx, req.Ref)
	}
	info, err := c.event(req.Ref).ToPatchRequestInformation(ctx, models.NewEvent(), nil)
	if err != nil {
		return cal.Event{}, refused(op, "the request cannot be made")
	}
	raw, err := c.send(ctx, call{info: info, prefer: []string{preferUTC, preferText}, ifMatch: etag, body: patch})
	if err != nil {
		return cal.Event{}, c.fault(ctx, op, err)
	}
	return answerTo(op, raw, req.Conference)
}

// merge puts into patch what has to be made from the event's state.
func merge(patch map[string]any, current eventState, req provider.UpdateEvent) error {
	if req.Fields.Has(cal.FieldDescription) && current.IsOnlineMeeting {
		join := current.OnlineMeeting.JoinURL
		kept, ok := replaceText(current.Body.Content, req.Content.Description, join)
		if !ok && join != "" {
			kept, ok = withMeeting(req.Content.Description, join)
		}
		if ok {
			patch["body"] = body{ContentType: "html", Content: kept}
		}
	}
	attendees, changed, err := mergeGuests(current, newChange(req.Invite, req.Uninvite))
	if changed {
		patch["attendees"] = attendees
	}
	return err
}

// DeleteEvent deletes an event. Graph mails its attendees.
func (c *client) DeleteEvent(ctx context.Context, req provider.DeleteEvent) error {
	const op = "microsoft: delete event"
	if err := checkRef(op, req.Ref); err != nil {
		return err
	}
	info, err := c.event(req.Ref).ToDeleteRequestInformation(ctx, nil)
	if err != nil {
		return refused(op, "the request cannot be made")
	}
	if _, err := c.send(ctx, call{info: info, ifMatch: req.ETag}); err != nil {
		return c.fault(ctx, op, err)
	}
	return nil
}
