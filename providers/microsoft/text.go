package microsoft

import (
	"html"
	"regexp"
	"strings"

	dom "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A Teams meeting writes its link and dial-in numbers into the body of its event, below a line of underscores, and the meeting is lost when
// they are (https://learn.microsoft.com/en-us/graph/api/event-update). The part from that line on is Teams' and never ours: reading leaves it
// out, and writing keeps it as it is and puts our text in place of all that stands before it. The line is the last one before the join link,
// or the first of all where there is no such link.

// rule matches Teams' line, and no line that people draw by habit.
var rule = regexp.MustCompile(`_{20,}`)

// withoutMeeting cuts Teams' part off a text.
func withoutMeeting(s, joinURL string) string {
	lines := rule.FindAllStringIndex(s, -1)
	if len(lines) == 0 {
		return s
	}
	cut := lines[0][0]
	if link := strings.Index(s, joinURL); joinURL != "" && link >= 0 {
		for _, line := range lines {
			if line[0] < link {
				cut = line[0]
			}
		}
	}
	return strings.TrimRight(s[:cut], " \t\r\n\u00a0")
}

// replaceText puts description in place of the text before Teams' part of an HTML body. It reports false when there is no such part.
func replaceText(bodyHTML, description, joinURL string) (string, bool) {
	doc, err := dom.Parse(strings.NewReader(bodyHTML))
	if err != nil {
		return "", false
	}
	root := find(doc, func(n *dom.Node) bool { return n.DataAtom == atom.Body })
	part := meetingPart(root, joinURL)
	if root == nil || part == nil {
		return "", false
	}
	dropBefore(root, part)
	root.InsertBefore(textNode(description), root.FirstChild)
	var out strings.Builder
	if err := dom.Render(&out, doc); err != nil {
		return "", false
	}
	return out.String(), true
}

// withMeeting is description with a part like Teams' own behind it, for a body in which there is none to keep, or none that is known for it: a text
// without the link to join may lose the meeting.
func withMeeting(description, joinURL string) (string, bool) {
	root := &dom.Node{Type: dom.ElementNode, Data: "body", DataAtom: atom.Body}
	root.AppendChild(textNode(description))
	root.AppendChild(textNode(strings.Repeat("_", meetingRule)))
	link := &dom.Node{Type: dom.ElementNode, Data: "a", DataAtom: atom.A, Attr: []dom.Attribute{{Key: "href", Val: joinURL}}}
	link.AppendChild(&dom.Node{Type: dom.TextNode, Data: joinURL})
	root.AppendChild(link)
	var out strings.Builder
	if err := dom.Render(&out, root); err != nil {
		return "", false
	}
	return out.String(), true
}

// meetingRule is how long the line is that Teams draws, in underscores.
const meetingRule = 80

// meetingPart is the node where Teams' part begins: its line, or without one the child of the body that holds the join link.
func meetingPart(root *dom.Node, joinURL string) *dom.Node {
	if root == nil {
		return nil
	}
	var line, first *dom.Node
	link := find(root, func(n *dom.Node) bool {
		if n.Type == dom.TextNode && rule.MatchString(n.Data) {
			line = n
			if first == nil {
				first = n
			}
		}
		return joinURL != "" && n.DataAtom == atom.A && linkOf(n) == joinURL
	})
	switch {
	case link != nil && line != nil:
		return line
	case link != nil:
		for link.Parent != root {
			link = link.Parent
		}
		return link
	default:
		return first
	}
}

// find returns the first node in document order, n and what is below it, for which ok holds.
func find(n *dom.Node, ok func(*dom.Node) bool) *dom.Node {
	if ok(n) {
		return n
	}
	for child := range n.ChildNodes() {
		if found := find(child, ok); found != nil {
			return found
		}
	}
	return nil
}

// dropBefore removes all that comes before part in document order, except what part stands in.
func dropBefore(root, part *dom.Node) {
	for n := part; n != root; n = n.Parent {
		for n.PrevSibling != nil {
			n.Parent.RemoveChild(n.PrevSibling)
		}
	}
}

// textNode is text as HTML that shows it line by line.
func textNode(s string) *dom.Node {
	box := &dom.Node{Type: dom.ElementNode, Data: "div", DataAtom: atom.Div}
	for i, line := range strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s), "\n") {
		if i > 0 {
			box.AppendChild(&dom.Node{Type: dom.ElementNode, Data: "br", DataAtom: atom.Br})
		}
		if line != "" {
			box.AppendChild(&dom.Node{Type: dom.TextNode, Data: line})
		}
	}
	return box
}

// plain is the text of an HTML body, for answers that do not come as text although it was asked for. As everywhere in HTML, white space
// counts as one blank.
func plain(bodyHTML string) string {
	if !strings.ContainsAny(bodyHTML, "<&") {
		return bodyHTML
	}
	doc, err := dom.Parse(strings.NewReader(bodyHTML))
	if err != nil { // reading from a string does not fail
		return html.UnescapeString(bodyHTML)
	}
	var w textWriter
	w.node(doc)
	return strings.TrimSpace(w.out.String())
}

// textWriter collects the text of HTML. started says that the line has text on it, and blank that white space waits for more.
type textWriter struct {
	out            strings.Builder
	started, blank bool
}

func (w *textWriter) node(n *dom.Node) {
	if n.Type == dom.TextNode {
		w.words(n.Data)
		return
	}
	switch n.DataAtom { //nolint:exhaustive // all others are shown as they come
	case atom.Head, atom.Style, atom.Script, atom.Title:
		return
	case atom.Br:
		w.line()
		return
	case atom.P, atom.Div, atom.Ul, atom.Ol, atom.Li, atom.Table, atom.Tr, atom.Blockquote, atom.Pre,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.block()
		if n.DataAtom == atom.Li {
			w.words("- ")
		}
		w.children(n)
		w.block()
		return
	case atom.A:
		from := w.out.Len()
		w.children(n)
		if href := linkOf(n); href != "" && !strings.Contains(w.out.String()[from:], href) {
			w.words(" <" + href + ">")
		}
		return
	}
	w.children(n)
}

func (w *textWriter) children(n *dom.Node) {
	for child := range n.ChildNodes() {
		w.node(child)
	}
}

// words writes text with its white space folded; a blank waits until there is something to part.
func (w *textWriter) words(s string) {
	for _, r := range s {
		switch r {
		case ' ', '\t', '\n', '\r', '\f':
			w.blank = true
		default:
			if w.blank && w.started {
				w.out.WriteByte(' ')
			}
			w.blank, w.started = false, true
			w.out.WriteRune(r)
		}
	}
}

// line ends the line; block does so only when there is something on it.
func (w *textWriter) line() {
	w.out.WriteByte('\n')
	w.started, w.blank = false, false
}

func (w *textWriter) block() {
	if w.started {
		w.line()
	}
}

// linkOf is the address of a link to the web.
func linkOf(n *dom.Node) string {
	for _, a := range n.Attr {
		if a.Key == "href" && (strings.HasPrefix(a.Val, "https://") || strings.HasPrefix(a.Val, "http://")) {
			return a.Val
		}
	}
	return ""
}
