package microsoft

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
)

var (
	comparison  = regexp.MustCompile(`(?i)^\s*([a-z/]+)\s+(eq|ne|ge|gt|le|lt)\s+('(?:[^']|'')*'|true|false|[0-9TZ:.+-]+)\s*$`)
	anyCategory = regexp.MustCompile(`(?i)^\s*categories/any\s*\(\s*(\w+)\s*:\s*(\w+)\s+eq\s+'((?:[^']|'')*)'\s*\)\s*$`)
	textSearch  = regexp.MustCompile(`(?i)^\s*(startswith|contains)\s*\(\s*subject\s*,\s*'((?:[^']|'')*)'\s*\)\s*$`)
)

// maxDepth bounds how deep a condition can be nested.
const maxDepth = 20

// parseFilter reads a condition (https://learn.microsoft.com/graph/filter-query-parameter): comparisons of what instants and texts list, of
// extended properties and categories, with and, or, not and brackets. Others are not simulated.
func parseFilter(text string) (filter, error) {
	if text == "" {
		return func(*event) bool { return true }, nil
	}
	if !balanced(text) {
		return nil, syntaxError("filter", text)
	}
	return parseCondition(text, maxDepth)
}

func parseCondition(text string, depth int) (filter, error) {
	text = strings.TrimSpace(text)
	if depth == 0 {
		return nil, notSimulated("$filter=" + text)
	}
	if text == "" {
		return nil, syntaxError("filter", text)
	}
	if parts := splitWord(text, " or "); len(parts) > 1 { // "and" binds tighter
		all, err := parseConditions(parts, depth)
		return func(e *event) bool { return slices.ContainsFunc(all, func(f filter) bool { return f(e) }) }, err
	}
	if parts := splitWord(text, " and "); len(parts) > 1 {
		all, err := parseConditions(parts, depth)
		return func(e *event) bool { return !slices.ContainsFunc(all, func(f filter) bool { return !f(e) }) }, err
	}
	if len(text) > 4 && strings.EqualFold(text[:4], "not ") || strings.HasPrefix(strings.ToLower(text), "not(") {
		f, err := parseCondition(text[3:], depth-1)
		return func(e *event) bool { return !f(e) }, err
	}
	if text[0] == '(' && text[len(text)-1] == ')' { // nothing is beside the brackets, or it would have been split off
		return parseCondition(text[1:len(text)-1], depth-1)
	}
	return parseClause(text)
}

func parseConditions(texts []string, depth int) ([]filter, error) {
	all := make([]filter, 0, len(texts))
	for _, text := range texts {
		f, err := parseCondition(text, depth-1)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

// splitWord splits at every such word that is neither in quotes nor in brackets.
func splitWord(text, word string) []string {
	var all []string
	quoted, depth, begin := false, 0, 0
	for i := range len(text) {
		switch {
		case text[i] == '\'':
			quoted = !quoted
		case quoted:
		case text[i] == '(':
			depth++
		case text[i] == ')':
			depth--
		case depth == 0 && i >= begin && len(text) >= i+len(word) && strings.EqualFold(text[i:i+len(word)], word):
			all = append(all, text[begin:i])
			begin = i + len(word)
		}
	}
	return append(all, text[begin:])
}

// parseClause reads one comparison.
func parseClause(text string) (filter, error) {
	if m := anyProperty.FindStringSubmatch(text); m != nil && m[1] == m[2] && m[2] == m[4] {
		id, ok := normalProperty(unquoted(m[3]))
		if !ok {
			return nil, badRequest("ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes.")
		}
		value := unquoted(m[5])
		return func(e *event) bool { got, ok := e.properties[id]; return ok && got == value }, nil
	}
	if m := anyCategory.FindStringSubmatch(text); m != nil && m[1] == m[2] {
		value := unquoted(m[3])
		return func(e *event) bool {
			return slices.ContainsFunc(e.categories(), func(c string) bool { return strings.EqualFold(c, value) })
		}, nil
	}
	if m := textSearch.FindStringSubmatch(text); m != nil {
		find := strings.Contains
		if strings.EqualFold(m[1], "startswith") {
			find = strings.HasPrefix
		}
		want := strings.ToLower(unquoted(m[2]))
		return func(e *event) bool { return find(strings.ToLower(e.subject()), want) }, nil
	}
	return parseComparison(text)
}

func parseComparison(text string) (filter, error) {
	m := comparison.FindStringSubmatch(text)
	if m == nil {
		return nil, unread(text)
	}
	literal := unquoted(strings.Trim(m[3], "'"))
	if value := instants()[strings.ToLower(m[1])]; value != nil {
		at, ok := parseBound(literal)
		if !ok {
			return nil, badRequest("ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes.")
		}
		return func(e *event) bool { return holds(value(e).Compare(at), m[2]) }, nil
	}
	value := texts()[strings.ToLower(m[1])]
	if value == nil {
		return nil, unread(text)
	}
	return func(e *event) bool {
		return holds(cmp.Compare(strings.ToLower(value(e)), strings.ToLower(literal)), m[2])
	}, nil
}

func (e *event) categories() []string {
	var all []string
	if raw := e.fields["categories"]; raw != nil && json.Unmarshal(raw, &all) != nil {
		return nil
	}
	return all
}

func holds(order int, operator string) bool {
	switch strings.ToLower(operator) {
	case "eq":
		return order == 0
	case "ne":
		return order != 0
	case "ge":
		return order >= 0
	case "gt":
		return order > 0
	case "le":
		return order <= 0
	default:
		return order < 0
	}
}

// word is a property that is a text.
func (e *event) word(name, usual string) string {
	v := usual
	if raw := e.fields[name]; raw != nil && json.Unmarshal(raw, &v) != nil {
		return usual
	}
	return v
}

// instants are the properties that are compared as such.
func instants() map[string]func(*event) time.Time {
	return map[string]func(*event) time.Time{
		"start/datetime":       func(e *event) time.Time { return e.start.at },
		"end/datetime":         func(e *event) time.Time { return e.end.at },
		"createddatetime":      func(e *event) time.Time { return e.created },
		"lastmodifieddatetime": func(e *event) time.Time { return e.updated },
	}
}

// texts are the properties that are compared as such, without regard to case.
func texts() map[string]func(*event) string {
	truth := func(b bool) string {
		if b {
			return "true"
		}
		return "false"
	}
	return map[string]func(*event) string{
		"subject":     (*event).subject,
		"type":        (*event).kind,
		"icaluid":     func(e *event) string { return e.iCalUID },
		"showas":      (*event).status,
		"importance":  func(e *event) string { return e.word("importance", "normal") },
		"sensitivity": func(e *event) string { return e.word("sensitivity", "normal") },
		"isallday":    func(e *event) string { return truth(e.allDay) },
		"iscancelled": func(e *event) string { return truth(e.calledOff) },
		"isorganizer": func(e *event) string { return truth(e.isOrganizer()) },
	}
}

// parseOrder reads $orderby; nil without a word. A property counts where those before it are the same.
func parseOrder(text string) (func(a, b *event) int, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no order is asked for
	}
	var all []func(a, b *event) int
	for one := range strings.SplitSeq(text, ",") {
		name, way, _ := strings.Cut(strings.ToLower(strings.TrimSpace(one)), " ")
		sign := map[string]int{"": 1, "asc": 1, "desc": -1}[strings.TrimSpace(way)]
		switch instant, plain := instants()[name], texts()[name]; {
		case sign != 0 && instant != nil:
			all = append(all, func(a, b *event) int { return sign * instant(a).Compare(instant(b)) })
		case sign != 0 && plain != nil:
			all = append(all, func(a, b *event) int { return sign * strings.Compare(plain(a), plain(b)) })
		default:
			return nil, unordered(name, sign, text)
		}
	}
	return func(a, b *event) int {
		for _, order := range all {
			if c := order(a, b); c != 0 {
				return c
			}
		}
		return 0
	}, nil
}
