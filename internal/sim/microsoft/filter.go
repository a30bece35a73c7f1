package microsoft

import (
	"cmp"
	"regexp"
	"strings"
	"time"
)

var (
	comparison = regexp.MustCompile(`(?i)^\s*([a-z/]+)\s+(eq|ne|ge|gt|le|lt)\s+('(?:[^']|'')*'|true|false|[0-9TZ:.+-]+)\s*$`)
	textSearch = regexp.MustCompile(`(?i)^\s*(startswith|contains)\s*\(\s*subject\s*,\s*'((?:[^']|'')*)'\s*\)\s*$`)
)

// parseClauses reads conditions that are joined by "and" (https://learn.microsoft.com/graph/filter-query-parameter). Others are not simulated.
func parseClauses(text string) (filter, error) {
	var all []filter
	for _, clause := range splitAnd(text) {
		f, ok := parseClause(clause)
		if !ok {
			return nil, notSimulated("$filter=" + text)
		}
		all = append(all, f)
	}
	return func(e *event) bool {
		for _, f := range all {
			if !f(e) {
				return false
			}
		}
		return true
	}, nil
}

// splitAnd splits at every "and" that is not in quotes.
func splitAnd(text string) []string {
	var all []string
	quoted, begin := false, 0
	for i := range len(text) {
		if text[i] == '\'' {
			quoted = !quoted
		}
		if !quoted && i >= begin && len(text) >= i+5 && strings.EqualFold(text[i:i+5], " and ") {
			all = append(all, text[begin:i])
			begin = i + 5
		}
	}
	return append(all, text[begin:])
}

func parseClause(text string) (filter, bool) {
	if m := textSearch.FindStringSubmatch(text); m != nil {
		find := strings.Contains
		if strings.EqualFold(m[1], "startswith") {
			find = strings.HasPrefix
		}
		want := strings.ToLower(unquoted(m[2]))
		return func(e *event) bool { return find(strings.ToLower(e.subject()), want) }, true
	}
	m := comparison.FindStringSubmatch(text)
	if m == nil {
		return nil, false
	}
	literal := unquoted(strings.Trim(m[3], "'"))
	if value := instants()[strings.ToLower(m[1])]; value != nil {
		at, ok := parseBound(literal)
		return func(e *event) bool { return holds(value(e).Compare(at), m[2]) }, ok
	}
	value := texts()[strings.ToLower(m[1])]
	return func(e *event) bool {
		return holds(cmp.Compare(strings.ToLower(value(e)), strings.ToLower(literal)), m[2])
	}, value != nil
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
		"isallday":    func(e *event) string { return truth(e.allDay) },
		"iscancelled": func(e *event) string { return truth(e.calledOff) },
		"isorganizer": func(e *event) string { return truth(e.isOrganizer()) },
	}
}

// parseOrder reads $orderby with one property; nil without a word.
func parseOrder(text string) (func(a, b *event) int, error) {
	name, way, _ := strings.Cut(strings.ToLower(strings.TrimSpace(text)), " ")
	sign := map[string]int{"": 1, "asc": 1, "desc": -1}[strings.TrimSpace(way)]
	switch instant, plain := instants()[name], texts()[name]; {
	case name == "":
		return nil, nil //nolint:nilnil // no order is asked for
	case sign != 0 && instant != nil:
		return func(a, b *event) int { return sign * instant(a).Compare(instant(b)) }, nil
	case sign != 0 && plain != nil:
		return func(a, b *event) int { return sign * strings.Compare(plain(a), plain(b)) }, nil
	default:
		return nil, notSimulated("$orderby=" + text)
	}
}
