package microsoft

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// readState reads the event that is to change, in the state that the change was decided on, with its body as HTML.
func (c *client) readState(ctx context.Context, op string, req provider.UpdateEvent) (eventState, error) {
	raw, err := c.get(ctx, op, req.Ref, preferHTML)
	if err != nil {
		return eventState{}, err
	}
	current := eventState{raw: raw}
	if json.Unmarshal(raw, &current) != nil {
		return eventState{}, unreadable(op)
	}
	if current.ETag == "" {
		current.ETag = etagFrom(current.ChangeKey)
	}
	if req.ETag != "" && req.ETag != current.ETag {
		return eventState{}, fault.Newf(fault.Conflict, op, "the event has changed since")
	}
	return current, nil
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
func mergeGuests(current eventState, change guestChange) (merged []any, changed bool, err error) {
	merged = []any{}
	organizer := fold(current.Organizer.EmailAddress.Address)
	for _, raw := range current.Attendees {
		var entry attendee
		if err := json.Unmarshal(raw, &entry); err != nil {
			return nil, false, err
		}
		who := fold(entry.EmailAddress.Address)
		guest, invited := change.wanted[who]
		delete(change.wanted, who)
		switch {
		case entry.Type == "resource" || who == organizer:
		case change.unwanted[who]:
			changed = true
			continue
		case invited && guestType(guest.Optional) != entry.Type:
			changed = true
			if raw, err = setType(raw, guest.Optional); err != nil {
				return nil, false, err
			}
		}
		merged = append(merged, raw)
	}
	for _, who := range slices.Sorted(maps.Keys(change.wanted)) {
		merged, changed = append(merged, wireGuest(change.wanted[who])), true
	}
	return merged, changed, nil
}

func setType(raw json.RawMessage, optional bool) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	fields["type"] = json.RawMessage(`"` + guestType(optional) + `"`)
	return json.Marshal(fields)
}
