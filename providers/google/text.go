package google

import (
	"html"
	"strings"

	tokens "golang.org/x/net/html"
)

// plain turns a description into text. Google keeps descriptions as HTML in which line breaks count
// (https://developers.google.com/workspace/calendar/api/v3/reference/events, description); a text without markup comes out as it is.
func plain(description string) string {
	if !strings.ContainsAny(description, "<&") {
		return description
	}
	var w textWriter
	z := tokens.NewTokenizer(strings.NewReader(description))
	for {
		switch kind := z.Next(); kind {
		case tokens.ErrorToken: // the end: reading from a string fails in no other way
			return w.out.String()
		case tokens.TextToken:
			w.text(string(z.Text()))
		case tokens.StartTagToken, tokens.SelfClosingTagToken, tokens.EndTagToken:
			w.tag(z.Token())
		case tokens.CommentToken, tokens.DoctypeToken:
		}
	}
}

// markup is the description to store so that plain gives text back and Google shows text as it is: text itself, or its HTML when it holds
// what would be taken for markup.
func markup(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "").Replace(text)
	if plain(text) == text {
		return text
	}
	return html.EscapeString(text)
}

// textWriter collects the text of HTML.
type textWriter struct {
	out strings.Builder
	// hidden is the element whose text is not shown, while inside one.
	hidden string
	// href and from are the address of the link being read and where its text begins.
	href string
	from int
}

func (w *textWriter) text(s string) {
	if w.hidden == "" {
		w.out.WriteString(s)
	}
}

func (w *textWriter) tag(t tokens.Token) {
	opens := t.Type != tokens.EndTagToken
	switch t.Data {
	case "style", "script", "head", "title":
		w.hidden = ""
		if t.Type == tokens.StartTagToken {
			w.hidden = t.Data
		}
	case "br":
		w.out.WriteByte('\n')
	case "p", "div", "ul", "ol", "table", "tr", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6":
		w.newLine()
	case "li":
		w.newLine()
		if opens {
			w.out.WriteString("- ")
		}
	case "a":
		w.link(t, opens)
	}
}

func (w *textWriter) newLine() {
	if s := w.out.String(); s != "" && !strings.HasSuffix(s, "\n") {
		w.out.WriteByte('\n')
	}
}

// link adds a link's address after its text, unless the text shows it already.
func (w *textWriter) link(t tokens.Token, opens bool) {
	if opens {
		w.href, w.from = "", w.out.Len()
		for _, a := range t.Attr {
			if a.Key == "href" && (strings.HasPrefix(a.Val, "https://") || strings.HasPrefix(a.Val, "http://")) {
				w.href = a.Val
			}
		}
		return
	}
	if w.href != "" && !strings.Contains(w.out.String()[w.from:], w.href) {
		w.out.WriteString(" (" + w.href + ")")
	}
	w.href = ""
}
