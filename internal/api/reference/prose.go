package reference

import (
	"regexp"
	"strings"
)

// span is a piece of text: plain, code, or a link to itself.
type span struct {
	Text       string
	Code, Link bool
}

var marked = regexp.MustCompile("`[^`]+`|https://[^\\s`]*[^\\s`.,;:]")

// prose splits a description into its paragraphs.
func prose(text string) [][]span {
	var out [][]span
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if spans := inline(paragraph); len(spans) > 0 {
			out = append(out, spans)
		}
	}
	return out
}

// inline splits one paragraph at its code, between backticks, and its URLs.
func inline(text string) []span {
	text = strings.Join(strings.Fields(text), " ")
	var out []span
	at := 0
	for _, m := range marked.FindAllStringIndex(text, -1) {
		if m[0] > at {
			out = append(out, span{Text: text[at:m[0]]})
		}
		if found := text[m[0]:m[1]]; found[0] == '`' {
			out = append(out, span{Text: strings.Trim(found, "`"), Code: true})
		} else {
			out = append(out, span{Text: found, Link: true})
		}
		at = m[1]
	}
	if at < len(text) {
		out = append(out, span{Text: text[at:]})
	}
	return out
}
