package microsoft

import (
	"encoding/json"
	"strings"

	"github.com/calweave/calweave/internal/sim/stage"
)

// meetingPart is what Outlook adds to the text of an online meeting: a line, and below it a link to join. A client that writes a text without it
// loses the meeting (https://learn.microsoft.com/graph/api/event-update#notes-for-updating-specific-properties). Its form is not documented; this
// one has what the example of an online meeting's joinInformation has
// (https://learn.microsoft.com/graph/api/application-post-onlinemeetings).
func meetingPart(join string) string {
	return `<div class="me-email-text"><div>` + meetingLine + `</div><div>` + meetingTitle + `</div><div><a class="me-email-headline" href="` + join + `">` +
		meetingInvitation + `</a></div></div>`
}

const (
	meetingTitle      = "Microsoft Teams meeting"
	meetingInvitation = "Join the meeting now"
	teamsProvider     = `"teamsForBusiness"`
)

// meetingLine is eighty underscores.
const meetingLine = "________________________________________________________________________________"

func (c *content) online() bool { return string(c.fields["isOnlineMeeting"]) == "true" }

// meetOnline makes the event an online meeting if that is asked for and the calendar can do it; if not, the wish is passed over without a word.
// What is an online meeting stays one (https://learn.microsoft.com/graph/api/resources/event#properties, isOnlineMeeting), unless its text is
// written over.
func (s *Server) meetOnline(c *content, old content, wroteBody bool) {
	was := old.online()
	switch {
	case was && wroteBody && !strings.Contains(c.body.html, old.join):
		delete(c.fields, "isOnlineMeeting")
		delete(c.fields, "onlineMeetingProvider")
		c.join = ""
	case was:
		c.fields["isOnlineMeeting"], c.fields["onlineMeetingProvider"] = json.RawMessage("true"), old.fields["onlineMeetingProvider"]
	case !c.online():
	case s.world.Switches().Microsoft.OnlineMeetings == stage.Ignored:
		delete(c.fields, "isOnlineMeeting")
		delete(c.fields, "onlineMeetingProvider")
	default:
		c.fields["onlineMeetingProvider"] = json.RawMessage(teamsProvider)
		c.join = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_" + s.world.IDs.Hex(32) + "%40thread.v2/0"
		c.body = c.body.withMeeting(c.join)
	}
}

// withMeeting is the text with the meeting's own part at its end.
func (b body) withMeeting(join string) body {
	if b.html == "" {
		return richBody(meetingPart(join))
	}
	i := strings.LastIndex(b.html, htmlTail)
	return body{
		html: b.html[:i] + meetingPart(join) + htmlTail,
		text: b.text + "\r\n" + strings.Join([]string{meetingLine, meetingTitle, meetingInvitation + "<" + join + ">"}, "\r\n"),
	}
}

// onlineMeeting is how to join (https://learn.microsoft.com/graph/api/resources/onlinemeetinginfo).
func (e *event) onlineMeeting() map[string]any {
	return map[string]any{"joinUrl": e.join, "conferenceId": nil, "tollNumber": nil}
}
