package microsoft

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
)

const (
	join = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%22Tid%22%3a%22x%22%7d"
	line = "________________________________________________________________________________"
)

// part is what Teams adds, as far as it matters.
const part = `<div style="width:100%"><span style="white-space:nowrap">` + line + `</span></div><div class="me-email-text"><span>Microsoft Teams</span>` +
	`<a href="` + join + `" id="j">Join the meeting now</a></div><div><span>` + line + `</span></div>`

func TestWithoutMeeting(t *testing.T) {
	t.Parallel()
	teams := line + "\r\nMicrosoft Teams\r\nJoin <" + join + ">\r\n" + line + "\r\n"
	for _, tt := range []struct{ name, in, join, want string }{
		{"ours above", "Booked online\r\n\r\n" + teams, join, "Booked online"},
		{"nothing of ours", teams, join, ""},
		{"no part", "Booked online", join, "Booked online"},
		{"a line of ours", "a\r\n" + line + "\r\nb\r\n" + teams, join, "a\r\n" + line + "\r\nb"},
		{"no join link known", "a\r\n" + teams, "", "a"},
		{"no join link shown", "a\r\n" + teams, "https://other", "a"},
		{"a short line", "a\r\n________\r\nb", join, "a\r\n________\r\nb"},
		{"text below", "a\r\n" + teams + "typed below", join, "a"},
	} {
		if got := withoutMeeting(tt.in, tt.join); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestReplaceText(t *testing.T) {
	t.Parallel()
	const ours = `<div>new<br/>&lt;text&gt;</div>`
	for _, tt := range []struct{ name, in, join, want string }{
		{
			"ours above", `<html><head><style>p{}</style></head><body><p>old</p><p>text</p>` + part + `</body></html>`, join,
			`<html><head><style>p{}</style></head><body>` + ours + part + `</body></html>`,
		},
		{
			"all in one box", `<html><head></head><body><div class="Section"><p>old</p>` + part + `</div></body></html>`, join,
			`<html><head></head><body>` + ours + `<div class="Section">` + part + `</div></body></html>`,
		},
		{"nothing of ours", `<html><head></head><body>` + part + `</body></html>`, join, `<html><head></head><body>` + ours + part + `</body></html>`},
		{
			"a line of ours", `<html><head></head><body><p>a</p><p>` + line + `</p><p>b</p>` + part + `</body></html>`, join,
			`<html><head></head><body>` + ours + part + `</body></html>`,
		},
		{
			"no line", `<html><head></head><body><p>old</p><div><p>Teams</p><a href="` + join + `">Join</a></div></body></html>`, join,
			`<html><head></head><body>` + ours + `<div><p>Teams</p><a href="` + join + `">Join</a></div></body></html>`,
		},
		{"no link known", `<html><head></head><body><p>old</p>` + part + `</body></html>`, "", `<html><head></head><body>` + ours + part + `</body></html>`},
		{
			"text below", `<html><head></head><body>old` + part + `<p>typed below</p></body></html>`, join,
			`<html><head></head><body>` + ours + part + `<p>typed below</p></body></html>`,
		},
	} {
		got, ok := replaceText(tt.in, "new\r\n<text>", tt.join)
		if !ok || got != tt.want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", tt.name, ok, got, tt.want)
		}
		again, ok := replaceText(got, "new\n<text>", tt.join)
		if !ok || again != tt.want {
			t.Errorf("%s: a second time %s", tt.name, again)
		}
		if text := withoutMeeting(plain(got), tt.join); tt.name != "no line" && text != "new\n<text>" {
			t.Errorf("%s: reads as %q", tt.name, text)
		}
	}
	for _, in := range []string{"", "<html><body>old</body></html>", "old"} {
		if got, ok := replaceText(in, "new", join); ok {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// TestMeetingWithoutAPart writes a description where Teams' part is not to be found in the body: the link to join has to stand in the new one.
func TestMeetingWithoutAPart(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"", "<html><body>typed over</body></html>", `<a href="https://safe.example/?u=other">Join</a>`} {
		var current eventState
		current.IsOnlineMeeting, current.Body.Content, current.OnlineMeeting.JoinURL = true, before, join
		patch := map[string]any{"body": body{ContentType: "text", Content: "new"}}
		req := provider.UpdateEvent{Fields: cal.Fields(cal.FieldDescription), Content: cal.Content{Description: "new\n<text>"}}
		if err := merge(patch, current, req); err != nil {
			t.Fatal(err)
		}
		wrote, ok := patch["body"].(body)
		if !ok || wrote.ContentType != "html" || !strings.Contains(wrote.Content, `href="`+join+`"`) {
			t.Errorf("over %q: %+v", before, wrote)
		}
		if text := withoutMeeting(plain(wrote.Content), join); text != "new\n<text>" {
			t.Errorf("over %q: reads as %q", before, text)
		}
		again, ok := replaceText(wrote.Content, "newer", join)
		if text := withoutMeeting(plain(again), join); !ok || text != "newer" || strings.Count(again, "href=") != 1 {
			t.Errorf("over %q: a second time %q", before, again)
		}
	}
}

// TestReplaceTextKeepsThePart replaces any text by any other.
func TestReplaceTextKeepsThePart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SampledFrom([]string{"", "<p>old</p>", "old", "<div><div>x</div></div>", "<ul><li>1</ul>", line}).Draw(t, "before")
		text := rapid.String().Draw(t, "text")
		got, ok := replaceText("<html><head></head><body>"+before+part+"</body></html>", text, join)
		if !ok || !strings.HasSuffix(got, part+"</body></html>") {
			t.Fatalf("got %s", got)
		}
	})
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":              "",
		"Booked online": "Booked online",
		"<html><head><title>t</title></head><body>Booked online</body></html>": "Booked online",
		"<div>one</div>\r\n<div>two</div>":                                     "one\ntwo",
		"one<br>\r\ntwo<br><br>three":                                          "one\ntwo\n\nthree",
		"<p>a   b\n c</p>":                                                     "a b c",
		"<b>bold</b> and <i>light</i>":                                         "bold and light",
		"Tom &amp; Jerry":                                                      "Tom & Jerry",
		`<a href="https://a.b">x</a>`:                                          "x <https://a.b>",
		`<a href="https://a.b">https://a.b</a>`:                                "https://a.b",
		"<script>x</script><style>y</style>z":                                  "z",
		strings.Repeat("<div>", 600) + "x":                                     strings.Repeat("<div>", 600) + "x", // more than the parser takes
	} {
		if got := plain(in); got != want {
			t.Errorf("%.60q: %.60q, want %q", in, got, want)
		}
	}
}
