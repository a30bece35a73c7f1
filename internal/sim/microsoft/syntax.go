package microsoft

import (
	"regexp"
	"slices"
	"strings"
)

const operand = `(?:'(?:[^']|'')*'|-?[0-9][0-9TZ:.+-]*|[a-z_][\w./]*(?:\(.*\))?)`

var (
	// leaf is a condition without and, or and not (https://learn.microsoft.com/graph/filter-query-parameter): a comparison, or an operand that is
	// true or false by itself.
	leaf = regexp.MustCompile(`(?i)^(` + operand + `)(?:\s+(?:eq|ne|ge|gt|le|lt|has|in)\s+(?:` + operand + `|\(.*\)))?$`)
	// applied is an operand that is a function with its first argument, or the any and all of a property.
	applied   = regexp.MustCompile(`(?i)^([a-z_][\w./]*)\((?:\s*([a-z_][\w/]*)\s*[,)])?.*\)$`)
	named     = regexp.MustCompile(`(?i)^[a-z_][\w./]*$`)
	expansion = regexp.MustCompile(`^(\w+)\s*(?:\(.*\))?$`)
)

func syntaxError(option, text string) *graphError {
	return badRequest("BadRequest", "Invalid "+option+" clause: Syntax error in '"+text+"'.")
}

func noSuchProperty(name string) *graphError {
	return badRequest("BadRequest", "Could not find a property named '"+name+"' on type 'microsoft.graph.event'.")
}

// balanced reports whether all quotes and brackets of the text are closed.
func balanced(text string) bool {
	quoted, depth := false, 0
	for _, r := range text {
		switch {
		case r == '\'':
			quoted = !quoted
		case quoted:
		case r == '(':
			depth++
		case r == ')':
			depth--
		}
		if depth < 0 {
			return false
		}
	}
	return !quoted && depth == 0
}

// checkPath refuses a path that does not begin with a property of events.
func checkPath(path string) error {
	name, _, _ := strings.Cut(path, "/")
	if !selectable()[strings.ToLower(name)] {
		return noSuchProperty(name)
	}
	return nil
}

// unread is the error for a condition that was not understood: what is wrong with it, or that it is not simulated.
func unread(text string) error {
	m := leaf.FindStringSubmatch(text)
	if m == nil {
		return syntaxError("filter", text)
	}
	path := m[1]
	if call := applied.FindStringSubmatch(path); call != nil {
		name := strings.ToLower(call[1])
		path = call[2]
		if of, ok := strings.CutSuffix(strings.Replace(name, "/all", "/any", 1), "/any"); ok {
			path = of
		} else if !slices.Contains([]string{"startswith", "endswith", "contains", "tolower", "toupper", "concat", "substring", "indexof", "length", "trim"}, name) {
			return badRequest("BadRequest", "An unknown function with name '"+name+"' was found.")
		}
	}
	if named.MatchString(path) && path != "true" && path != "false" {
		if err := checkPath(path); err != nil {
			return err
		}
	}
	return notSimulated("$filter=" + text)
}

// unordered is the error for an order that was not understood.
func unordered(path string, sign int, text string) error {
	if sign == 0 || !named.MatchString(path) {
		return syntaxError("orderby", text)
	}
	if err := checkPath(path); err != nil {
		return err
	}
	return notSimulated("$orderby=" + text)
}

// unexpanded is the error for something besides that was not understood.
func unexpanded(text string) error {
	m := expansion.FindStringSubmatch(text)
	if m == nil || !balanced(text) {
		return syntaxError("expand", text)
	}
	same := func(name string) bool { return strings.EqualFold(name, m[1]) }
	if !slices.ContainsFunc(append(relations(), "singleValueExtendedProperties", "exceptionOccurrences"), same) {
		return noSuchProperty(m[1])
	}
	return notSimulated("$expand=" + text)
}
