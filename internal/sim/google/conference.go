package google

import (
	"encoding/json"
	"maps"
	"net/url"
	"strconv"

	"github.com/calweave/calweave/internal/sim/stage"
)

// How far the making of a conference is
// (https://developers.google.com/workspace/calendar/api/v3/reference/events#conferenceData.createRequest.status.statusCode).
const (
	pending = "pending"
	success = "success"
	failure = "failure"
)

const meet = "hangoutsMeet"

// conferenceWish is the part of conferenceData that asks for a new conference.
type conferenceWish struct {
	CreateRequest *struct {
		RequestID string `json:"requestId"`
		Solution  struct {
			Type string `json:"type"`
		} `json:"conferenceSolutionKey"`
		Status struct {
			StatusCode string `json:"statusCode"`
		} `json:"status"`
	} `json:"createRequest"`
}

// conferenceVersion reports whether the client knows conferences
// (https://developers.google.com/workspace/calendar/api/v3/reference/events/insert#conferenceDataVersion).
func conferenceVersion(v url.Values) (bool, error) {
	const name = "conferenceDataVersion"
	text := v.Get(name)
	if text == "" {
		return false, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1 {
		return false, invalidParameter(name, "Invalid value '"+text+"'. Values must be within the range: [0, 1]")
	}
	return n == 1, nil
}

func wishOf(raw json.RawMessage) (w conferenceWish) {
	if raw != nil && json.Unmarshal(raw, &w) != nil {
		return conferenceWish{}
	}
	return w
}

// confer looks at the conference that a client writes. A request by an id that was used is ignored, any other begins as pending
// (https://developers.google.com/workspace/calendar/api/guides/create-events#conferencing).
func (s *Server) confer(c *content, old *event) error {
	wish := wishOf(c.fields["conferenceData"]).CreateRequest
	if wish == nil {
		return nil
	}
	if wish.RequestID == "" {
		return required("Missing conference request id.")
	}
	if old != nil {
		if before := wishOf(old.fields["conferenceData"]).CreateRequest; before != nil && before.RequestID == wish.RequestID {
			c.fields["conferenceData"] = old.fields["conferenceData"]
			return nil
		}
	}
	conferences := s.world.Switches().Google.Conferences
	if conferences == stage.ConferenceRefused || wish.Solution.Type != "" && wish.Solution.Type != meet {
		return invalid("Invalid conference type value.")
	}
	status := pending
	if conferences == stage.ConferenceAtOnce {
		status = success
	}
	s.setConference(c.fields, wish.RequestID, status)
	return nil
}

// setConference writes the conference as it is at that status; a client that reads success finds the link.
func (s *Server) setConference(fields map[string]json.RawMessage, request, status string) {
	v := map[string]any{"createRequest": map[string]any{
		"requestId": request, "conferenceSolutionKey": map[string]string{"type": meet}, "status": map[string]string{"statusCode": status},
	}}
	delete(fields, "hangoutLink")
	if status == success {
		letters := s.letters(10)
		code := letters[:3] + "-" + letters[3:7] + "-" + letters[7:]
		link := "https://meet.google.com/" + code
		v["entryPoints"] = []any{map[string]string{"entryPointType": "video", "uri": link, "label": "meet.google.com/" + code}}
		v["conferenceSolution"] = map[string]any{"key": map[string]string{"type": meet}, "name": "Google Meet"}
		v["conferenceId"] = code
		fields["hangoutLink"] = json.RawMessage(`"` + link + `"`)
	}
	if raw, err := json.Marshal(v); err == nil { // it always marshals
		fields["conferenceData"] = raw
	}
}

// letters are n of them, small.
func (s *Server) letters(n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = byte('a' + s.world.IDs.Number(26)) //nolint:gosec // below 26
	}
	return string(text)
}

// waits reports whether the event's conference is still being made.
func (e *event) waits() bool {
	wish := wishOf(e.fields["conferenceData"]).CreateRequest
	return wish != nil && wish.Status.StatusCode == pending && !e.gone()
}

// finishConference completes what is pending, as another change of the event that everyone learns of. Called once the answer to the write that
// asked for it is made up, and before any client has it: the next request finds the conference.
func (s *Server) finishConference(cal *calendar, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := cal.events[id]
	if old == nil || !old.waits() {
		return
	}
	status := success
	if s.world.Switches().Google.Conferences == stage.ConferenceFails {
		status = failure
	}
	e := *old
	e.fields = maps.Clone(old.fields)
	s.setConference(e.fields, wishOf(old.fields["conferenceData"]).CreateRequest.RequestID, status)
	s.commit(writing{cal: cal, by: old.creator}, old, &e)
}

// conferences are the kinds that calendars allow
// (https://developers.google.com/workspace/calendar/api/v3/reference/calendars#conferenceProperties.allowedConferenceSolutionTypes).
func (s *Server) conferences() []string {
	if s.world.Switches().Google.Conferences == stage.ConferenceRefused {
		return []string{}
	}
	return []string{meet}
}
