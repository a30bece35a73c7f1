package microsoft

import (
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"unicode/utf8"
)

// body is an event's text as Outlook keeps it: always as HTML of its own making, and as what is left of it in plain text.
type body struct {
	html string
	text string
}

type wireBody struct {
	ContentType string `json:"contentType"`
	Content     string `json:"content"`
}

const (
	htmlHead = "<html>\r\n<head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n"
	textHead = "<meta name=\"Generator\" content=\"Microsoft Exchange Server\">\r\n<!-- converted from text --><style><!-- .EmailQuote { margin-left: 1pt; padding-left: 4pt; border-left: #800000 2px solid; } --></style>"
	openBody = "</head>\r\n<body>\r\n"
	htmlTail = "\r\n</body>\r\n</html>\r\n"
	textOpen = "<font size=\"2\"><span style=\"font-size:11pt;\"><div class=\"PlainText\">"
	textShut = "</div></span></font>"
	// previewLength is what bodyPreview shows (https://learn.microsoft.com/graph/api/resources/event#properties).
	previewLength = 255
)

var (
	inBody    = regexp.MustCompile(`(?is)<body[^>]*>(.*)</body>`)
	dropped   = regexp.MustCompile(`(?is)<script.*?</script>|<style.*?</style>|<!--.*?-->|<head.*?</head>|</?html[^>]*>`)
	breaks    = regexp.MustCompile(`(?i)<br\s*/?>|</(p|div|li|tr|h[1-6])>`)
	tags      = regexp.MustCompile(`(?s)<[^>]*>`)
	blanks    = regexp.MustCompile(`[ \t\r\n]+`)
	lineBlank = regexp.MustCompile(` *\n *`)
)

func parseBody(raw json.RawMessage) (body, error) {
	if isNull(raw) {
		return body{}, nil
	}
	var w wireBody
	if err := json.Unmarshal(raw, &w); err != nil {
		return body{}, unreadable("body")
	}
	switch strings.ToLower(w.ContentType) {
	case "", "text":
		return plainBody(w.Content), nil
	case "html":
		return richBody(w.Content), nil
	default:
		return body{}, unreadable("body.contentType")
	}
}

// plainBody is what a plain text becomes.
func plainBody(text string) body {
	if text == "" {
		return body{}
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	lines := strings.ReplaceAll(html.EscapeString(text), "\r\n", "<br>\r\n")
	return body{html: htmlHead + textHead + openBody + textOpen + lines + textShut + htmlTail, text: text}
}

// richBody is what HTML becomes: wrapped anew, without scripts, comments or styles.
func richBody(content string) body {
	if content == "" {
		return body{}
	}
	if m := inBody.FindStringSubmatch(content); m != nil {
		content = m[1]
	}
	content = strings.TrimSpace(dropped.ReplaceAllString(content, ""))
	return body{html: htmlHead + openBody + content + htmlTail, text: plainText(content)}
}

// plainText is what is left of HTML when it is read as text.
func plainText(content string) string {
	content = blanks.ReplaceAllString(content, " ")
	content = breaks.ReplaceAllString(content, "\n")
	content = html.UnescapeString(tags.ReplaceAllString(content, ""))
	content = strings.TrimSpace(lineBlank.ReplaceAllString(content, "\n"))
	return strings.ReplaceAll(content, "\n", "\r\n")
}

// wire shows the body as HTML, or as text to a client that prefers it.
func (b body) wire(asText bool) wireBody {
	if asText {
		return wireBody{ContentType: "text", Content: b.text}
	}
	return wireBody{ContentType: "html", Content: b.html}
}

func (b body) preview() string {
	if utf8.RuneCountInString(b.text) <= previewLength {
		return b.text
	}
	return string([]rune(b.text)[:previewLength])
}
