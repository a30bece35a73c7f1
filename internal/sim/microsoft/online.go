package microsoft

import (
	"encoding/json"
	"strings"

	"github.com/calweave/calweave/internal/sim/stage"
)

// meetingBlob is what Outlook adds to the text of an online meeting. A client that writes a text without it loses the meeting
// (https://learn.microsoft.com/graph/api/event-update#notes-for-updating-specific-properties).
const (
	meetingBlob   = "<div class=\"teams-meeting\"><p>Microsoft Teams meeting</p></div>"
	blobClass     = "class=\"teams-meeting\""
	blobText      = "Microsoft Teams meeting"
	teamsProvider = `"teamsForBusiness"`
)

func (c *content) online() bool { return string(c.fields["isOnlineMeeting"]) == "true" }

// meetOnline makes the event an online meeting if that is asked for and the calendar can do it; if not, the wish is passed over without a word.
// What is an online meeting stays one (https://learn.microsoft.com/graph/api/resources/event#properties, isOnlineMeeting), unless its text is
// written over.
func (s *Server) meetOnline(c *content, old content, wroteBody bool) {
	was := old.online()
	switch {
	case was && wroteBody && !strings.Contains(c.body.html, blobClass):
		delete(c.fields, "isOnlineMeeting")
		delete(c.fields, "onlineMeetingProvider")
	case was:
		c.fields["isOnlineMeeting"], c.fields["onlineMeetingProvider"] = json.RawMessage("true"), old.fields["onlineMeetingProvider"]
	case !c.online():
	case s.world.Switches().Microsoft.OnlineMeetings == stage.Ignored:
		delete(c.fields, "isOnlineMeeting")
		delete(c.fields, "onlineMeetingProvider")
	default:
		c.fields["onlineMeetingProvider"] = json.RawMessage(teamsProvider)
		c.body = c.body.withMeeting()
	}
}

// withMeeting is the text with the meeting's own at its end.
func (b body) withMeeting() body {
	if b.html == "" {
		return richBody(meetingBlob)
	}
	i := strings.LastIndex(b.html, htmlTail)
	return body{html: b.html[:i] + meetingBlob + htmlTail, text: b.text + "\r\n" + blobText}
}

// onlineMeeting is how to join (https://learn.microsoft.com/graph/api/resources/onlinemeetinginfo).
func (e *event) onlineMeeting() map[string]any {
	id := derivedUUID("meeting " + e.iCalUID)
	return map[string]any{
		"joinUrl": "https://teams.microsoft.com/l/meetup-join/19%3ameeting_" + strings.ReplaceAll(id, "-", "") + "%40thread.v2/0", "conferenceId": nil,
		"tollNumber": nil,
	}
}
