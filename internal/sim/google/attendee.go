package google

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
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

// shown marks the organizer, and the one whose calendar it is.
func shown(all []attendee, organizer, calendar string) []attendee {
	out := slices.Clone(all)
	for i, a := range out {
		out[i].Organizer, out[i].Self = strings.EqualFold(a.Email, organizer), strings.EqualFold(a.Email, calendar)
	}
	return out
}

// mostAttendees reads maxAttendees; 0 is no limit.
func mostAttendees(v url.Values) (int, error) {
	text := v.Get("maxAttendees")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, invalidParameter("maxAttendees", "Invalid value '"+text+"'. Values must be within the range: [1, 2147483647]")
	}
	return n, nil
}

// trimmed shows no more than the one whose calendar it is when an event has more guests than the client wants to see
// (https://developers.google.com/workspace/calendar/api/v3/reference/events/list#maxAttendees).
func trimmed(v map[string]any, cal *calendar, most int) map[string]any {
	all, _ := v["attendees"].([]attendee)
	if most == 0 || len(all) <= most {
		return v
	}
	v["attendeesOmitted"] = true
	delete(v, "attendees")
	if i := guestIndex(all, cal.id); i >= 0 {
		v["attendees"] = all[i : i+1]
	}
	return v
}

// completed are the guests as a client means them that was shown only some, and says so: those it names are changed, the others stay
// (https://developers.google.com/workspace/calendar/api/v3/reference/events#attendeesOmitted).
func completed(doc map[string]json.RawMessage, old, written []attendee) []attendee {
	if string(doc["attendeesOmitted"]) != "true" {
		return written
	}
	out := slices.Clone(old)
	for _, a := range written {
		if i := guestIndex(out, a.Email); i >= 0 {
			out[i] = a
		}
	}
	return out
}
