package google

import (
	"encoding/json"
	"slices"
	"strings"
)

// attendee is a guest of an event.
type attendee struct {
	ID               string `json:"id,omitempty"`
	Email            string `json:"email"`
	DisplayName      string `json:"displayName,omitempty"`
	Organizer        bool   `json:"organizer,omitempty"`
	Self             bool   `json:"self,omitempty"`
	Resource         bool   `json:"resource,omitempty"`
	Optional         bool   `json:"optional,omitempty"`
	ResponseStatus   string `json:"responseStatus"`
	Comment          string `json:"comment,omitempty"`
	AdditionalGuests int    `json:"additionalGuests,omitempty"`
}

// parseAttendees reads the guests. An address that stands there twice counts once.
func parseAttendees(raw json.RawMessage) ([]attendee, error) {
	if isNull(raw) {
		return nil, nil
	}
	var all []attendee
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, invalid("Invalid value for: attendees")
	}
	var kept []attendee
	for _, a := range all {
		if a.Email == "" {
			return nil, required("Missing attendee email.")
		}
		if !strings.Contains(a.Email, "@") {
			return nil, invalid("Invalid attendee email.")
		}
		if a.ResponseStatus == "" {
			a.ResponseStatus = "needsAction"
		}
		if !slices.Contains([]string{"needsAction", "declined", "tentative", "accepted"}, a.ResponseStatus) {
			return nil, invalid("Invalid value for: attendees.responseStatus")
		}
		a.Organizer, a.Self = false, false
		if i := guestIndex(kept, a.Email); i >= 0 {
			kept[i] = a
			continue
		}
		kept = append(kept, a)
	}
	return kept, nil
}

func guestIndex(all []attendee, email string) int {
	return slices.IndexFunc(all, func(a attendee) bool { return strings.EqualFold(a.Email, email) })
}

// shown marks the organizer, who in the organizer's own calendar is also the one it belongs to.
func shown(all []attendee, organizer string, self bool) []attendee {
	out := slices.Clone(all)
	for i, a := range out {
		if strings.EqualFold(a.Email, organizer) {
			out[i].Organizer, out[i].Self = true, self
		}
	}
	return out
}
