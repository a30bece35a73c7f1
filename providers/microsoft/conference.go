package microsoft

import (
	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/calweave/calweave/contracts/cal"
)

// wireConference asks for a Teams meeting. It needs no id: an event is made into a meeting once, and stays one
// (https://learn.microsoft.com/en-us/graph/api/resources/event, isOnlineMeeting).
func wireConference(body map[string]any, id string) {
	if id != "" {
		body["isOnlineMeeting"], body["onlineMeetingProvider"] = true, "teamsForBusiness"
	}
}

// conferenceOf reads an online meeting; its link may come after the event.
func conferenceOf(e models.Eventable) cal.Conference {
	if !is(e.GetIsOnlineMeeting()) {
		return cal.Conference{}
	}
	if meeting := e.GetOnlineMeeting(); meeting != nil && text(meeting.GetJoinUrl()) != "" {
		return cal.Conference{State: cal.ConferenceReady, URL: text(meeting.GetJoinUrl())}
	}
	return cal.Conference{State: cal.ConferencePending}
}

// answerTo maps the answer to a write that asked for a conference under id, if id is set.
func answerTo(op string, got []byte, id string) (cal.Event, error) {
	event, err := answer(op, got)
	if err != nil {
		return cal.Event{}, err
	}
	return asked(event, id), nil
}

// asked is the answer to a write that asked for a meeting if id is set. A calendar that allows none passes the wish over without a word
// (https://learn.microsoft.com/en-us/graph/api/resources/calendar, allowedOnlineMeetingProviders).
func asked(e cal.Event, id string) cal.Event {
	if id != "" && e.Conference.State == "" {
		e.Conference = cal.Conference{State: cal.ConferenceRefused, Reason: "The calendar allows no Teams meetings."}
	}
	return e
}
