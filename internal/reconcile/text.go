package reconcile

import (
	"html"
	"strings"
)

// reducible is the longest text that is looked into, in bytes: longer ones are the same only if they are equal.
const reducible = 64 << 10

// nesting is how many layers of markup and entities are seen through: text that was escaped is escaped again by some.
const nesting = 4

// sameText reports whether a provider may have made shown of sent: whether both read the same once markup, entities, white space and letter
// case are put aside.
func sameText(shown, sent string) bool {
	if len(shown) > reducible || len(sent) > reducible {
		return shown == sent
	}
	return reduced(shown) == reduced(sent)
}

// reduced is a text without markup, in lower case and with single blanks. Addresses that stand in markup alone stay: they say something that
// the text does not.
func reduced(s string) string {
	for range nesting {
		s = html.UnescapeString(withoutTags(s))
	}
	// In capitals first: some letters share theirs.
	return strings.Join(strings.Fields(strings.ToLower(strings.ToUpper(withoutTags(s)))), " ")
}

// withoutTags removes the tags of HTML that carry no address of their own. In place of one that parts lines there is a blank.
func withoutTags(s string) string {
	var out strings.Builder
	for {
		before, rest, closed := strings.Cut(s, ">")
		open := strings.LastIndexByte(before, '<')
		switch {
		case !closed:
			out.WriteString(s)
			return out.String()
		case open < 0:
			out.WriteString(before + ">")
		default:
			known, parts := tagOf(before[open+1:])
			out.WriteString(before[:open])
			switch {
			case !known || addressed(before[open+1:], rest):
				out.WriteString(before[open:] + ">")
			case parts:
				out.WriteByte(' ')
			}
		}
		s = rest
	}
}

// tagOf tells whether s, from one angle bracket to the other without them, is a tag that providers write, and whether it parts lines.
func tagOf(s string) (known, parts bool) {
	name := strings.TrimPrefix(s, "/")
	if i := strings.IndexAny(name, " \t\r\n/"); i >= 0 {
		name = name[:i]
	}
	switch strings.ToLower(name) {
	case "html", "head", "body", "p", "div", "br", "hr", "ul", "ol", "li", "table", "thead", "tbody", "tr", "td", "th", "blockquote", "pre", "meta",
		"h1", "h2", "h3", "h4", "h5", "h6":
		return true, true
	case "a", "b", "i", "u", "s", "em", "strong", "span", "font", "code", "small", "sub", "sup", "o:p":
		return true, false
	default:
		return false, false
	}
}

// addressed reports whether a tag carries an address that is not the text that follows it.
func addressed(tag, rest string) bool {
	i := strings.Index(strings.ToLower(tag), "href")
	if i < 0 {
		return false
	}
	address := strings.Trim(tag[i+len("href"):], " \t\r\n=\"'/")
	if end := strings.IndexAny(address, "\"' \t\r\n"); end >= 0 {
		address = address[:end]
	}
	return len(rest) < len(address) || !strings.EqualFold(rest[:len(address)], address)
}
