package microsoft

import (
	"encoding/json"
	"slices"
	"strings"
)

// maxAttendees is the limit of https://learn.microsoft.com/graph/api/user-post-events.
const maxAttendees = 500

// never is the time of a response that was not given.
const never = "0001-01-01T00:00:00Z"

// attendee is a guest of an event.
type attendee struct {
	Type            string          `json:"type"`
	Status          response        `json:"status"`
	EmailAddress    emailAddress    `json:"emailAddress"`
	ProposedNewTime json.RawMessage `json:"proposedNewTime,omitempty"`
}

type response struct {
	Response string `json:"response"`
	Time     string `json:"time"`
}

type emailAddress struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// parseAttendees reads the guests. What they answered is theirs: it is taken from before, never from the writer.
func parseAttendees(raw json.RawMessage, before []attendee) ([]attendee, error) {
	if isNull(raw) {
		return nil, nil
	}
	var all []attendee
	if json.Unmarshal(raw, &all) != nil {
		return nil, unreadable("attendees")
	}
	var kept []attendee
	for _, a := range all {
		a.EmailAddress.Address = strings.TrimSpace(a.EmailAddress.Address)
		if !strings.Contains(a.EmailAddress.Address, "@") {
			return nil, badRequest("ErrorInvalidRecipients", "At least one recipient isn't valid.")
		}
		if a.Type == "" {
			a.Type = "required"
		}
		if !slices.Contains([]string{"required", "optional", "resource"}, a.Type) {
			return nil, unreadable("attendees.type")
		}
		if a.EmailAddress.Name == "" {
			a.EmailAddress.Name = a.EmailAddress.Address
		}
		a.Status, a.ProposedNewTime = response{Response: "none", Time: never}, nil
		if i := guestIndex(before, a.EmailAddress.Address); i >= 0 {
			a.Status, a.ProposedNewTime = before[i].Status, before[i].ProposedNewTime
		}
		if guestIndex(kept, a.EmailAddress.Address) < 0 {
			kept = append(kept, a)
		}
	}
	if len(kept) > maxAttendees {
		return nil, badRequest("ErrorInvalidRequest", "The number of attendees exceeds the limit of 500.")
	}
	return kept, nil
}

func guestIndex(all []attendee, address string) int {
	return slices.IndexFunc(all, func(a attendee) bool { return strings.EqualFold(a.EmailAddress.Address, address) })
}
