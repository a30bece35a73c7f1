package google

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/api/calendar/v3"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// readGuests reads the event whose guests are to change, in the state that the change was decided on.
func (c *client) readGuests(ctx context.Context, op string, req provider.UpdateEvent) (guestList, error) {
	var raw json.RawMessage
	err := c.send(ctx, call{method: http.MethodGet, path: eventPath, ids: eventIDs(req.Ref), query: url.Values{}}, &raw)
	if err != nil {
		return guestList{}, c.fault(ctx, op, err)
	}
	current := guestList{event: &calendar.Event{}}
	if json.Unmarshal(raw, &current) != nil || json.Unmarshal(raw, current.event) != nil {
		return guestList{}, unreadable(op)
	}
	switch {
	case statusOf(current.event.Status) == cal.StatusCancelled:
		return guestList{}, fault.Newf(fault.Gone, op, "the event is cancelled")
	case req.ETag != "" && req.ETag != current.ETag:
		return guestList{}, fault.Newf(fault.Conflict, op, "the event has changed since")
	case current.AttendeesOmitted: // a list that is not whole must not be written back
		return guestList{}, fault.Newf(fault.Unsupported, op, "Google does not show all guests")
	}
	return current, nil
}

// guestEntry is what a change of guests needs to know of an attendee.
type guestEntry struct {
	Email     string `json:"email"`
	Optional  bool   `json:"optional"`
	Organizer bool   `json:"organizer"`
	Resource  bool   `json:"resource"`
}

// guestChange is who is to come and who is not, by address. Who is named as both comes.
type guestChange struct {
	wanted   map[string]cal.Attendee
	unwanted map[string]bool
}

func newChange(invite []cal.Attendee, uninvite []string) guestChange {
	change := guestChange{wanted: map[string]cal.Attendee{}, unwanted: map[string]bool{}}
	for _, email := range uninvite {
		change.unwanted[fold(email)] = true
	}
	for _, a := range invite {
		change.wanted[fold(a.Email)] = a
		delete(change.unwanted, fold(a.Email))
	}
	delete(change.wanted, "") // nobody
	return change
}

// mergeGuests takes out the uninvited, adds the invited, and sets whether those who are there already are optional. All other guests, and
// all other fields, stay as they came. The organizer and rooms are no guests and stay. It reports whether anything changed.
func mergeGuests(attendees []json.RawMessage, change guestChange) (merged []json.RawMessage, changed bool, err error) {
	merged = []json.RawMessage{}
	for _, raw := range attendees {
		var entry guestEntry
		if err := json.Unmarshal(raw, &entry); err != nil {
			return nil, false, err
		}
		who := fold(entry.Email)
		guest, invited := change.wanted[who]
		delete(change.wanted, who)
		switch {
		case entry.Organizer || entry.Resource:
		case change.unwanted[who]:
			changed = true
			continue
		case invited && guest.Optional != entry.Optional:
			changed = true
			if raw, err = setOptional(raw, guest.Optional); err != nil {
				return nil, false, err
			}
		}
		merged = append(merged, raw)
	}
	added, err := newGuests(change.wanted)
	return append(merged, added...), changed || len(added) > 0, err
}

// newGuests are the entries of those who are not there yet, by their address.
func newGuests(wanted map[string]cal.Attendee) ([]json.RawMessage, error) {
	var out []json.RawMessage
	for _, who := range slices.Sorted(maps.Keys(wanted)) {
		a := wanted[who]
		raw, err := json.Marshal(&calendar.EventAttendee{Email: a.Email, DisplayName: a.Name, Optional: a.Optional})
		if err != nil {
			return nil, err
		}
		out = append(out, raw)
	}
	return out, nil
}

func setOptional(attendee json.RawMessage, optional bool) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(attendee, &fields); err != nil {
		return nil, err
	}
	fields["optional"] = json.RawMessage("false")
	if optional {
		fields["optional"] = json.RawMessage("true")
	}
	return json.Marshal(fields)
}

func fold(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
