package google

import (
	"google.golang.org/api/calendar/v3"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
)

// conferenceVersion is the value of conferenceDataVersion by which a write makes, keeps and answers conferences
// (https://developers.google.com/workspace/calendar/api/v3/reference/events/insert#conferenceDataVersion).
const conferenceVersion = 1

// wireConference asks for a Google Meet. Google takes the same id once, and makes the conference after its answer
// (https://developers.google.com/workspace/calendar/api/guides/create-events#conferencing).
func wireConference(id string) *calendar.ConferenceData {
	if id == "" {
		return nil
	}
	return &calendar.ConferenceData{CreateRequest: &calendar.CreateConferenceRequest{
		RequestId: id, ConferenceSolutionKey: &calendar.ConferenceSolutionKey{Type: "hangoutsMeet"},
	}}
}

// conferenceOf reads a conference of any kind; a link to join counts for more than what is said of the request.
func conferenceOf(e *calendar.Event) cal.Conference {
	if url := joinURL(e); url != "" {
		return cal.Conference{State: cal.ConferenceReady, URL: url}
	}
	d := e.ConferenceData
	if d == nil || d.CreateRequest == nil || d.CreateRequest.Status == nil {
		return cal.Conference{}
	}
	switch d.CreateRequest.Status.StatusCode {
	case "pending":
		return cal.Conference{State: cal.ConferencePending}
	case "failure":
		return cal.Conference{State: cal.ConferenceRefused, Reason: "Google could not make the conference."}
	default:
		return cal.Conference{}
	}
}

func joinURL(e *calendar.Event) string {
	if e.ConferenceData != nil {
		for _, p := range e.ConferenceData.EntryPoints {
			if p != nil && p.EntryPointType == "video" {
				return p.Uri
			}
		}
	}
	return e.HangoutLink
}

// passedOver reports whether a write is to be made again without its wish for a conference: Google refuses a wish that the calendar does not allow
// (its conferenceProperties) with 400, and with it the whole write, and no code tells that from another fault of the request.
func passedOver(f *fault.Error, id string) bool { return id != "" && f.Kind == fault.Invalid }

// asked is the answer to a write that asked for a conference if id is set.
func asked(e cal.Event, id string) cal.Event {
	if id != "" && e.Conference.State == "" {
		e.Conference = cal.Conference{State: cal.ConferenceRefused, Reason: "The calendar has no Google Meet."}
	}
	return e
}
