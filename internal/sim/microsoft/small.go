package microsoft

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// listed answers with one page of a collection that is small enough to be looked at whole: calendars, groups and subscriptions. what is the name
// of their type.
func listed(c *call, context, what string, all []map[string]any) (answer, error) {
	q := c.query
	for _, name := range []string{"$search", "$expand"} {
		if q.Has(name) {
			return answer{}, notSimulated(what + " with " + name)
		}
	}
	top, err := numberOf(q, "$top", 10, 1000)
	if err != nil {
		return answer{}, err
	}
	skip, err := numberOf(q, "$skip", 0, 1<<30)
	if err != nil {
		return answer{}, err
	}
	if all, err = kept(all, q.Get("$filter")); err != nil {
		return answer{}, err
	}
	if err := sortBy(all, q.Get("$orderby")); err != nil {
		return answer{}, err
	}
	names, err := selected(c, what, all)
	if err != nil {
		return answer{}, err
	}
	page := all[min(skip, len(all)):min(skip+top, len(all))]
	value := make([]any, 0, len(page))
	for _, v := range page {
		value = append(value, only(v, names))
	}
	body := map[string]any{"@odata.context": context + selection(q.Get("$select")), "value": value}
	count, err := counted(q)
	if err != nil {
		return answer{}, err
	}
	if count {
		body["@odata.count"] = len(all)
	}
	if skip+top < len(all) {
		body["@odata.nextLink"] = nextLink(c, skip+top)
	}
	return answer{body: body}, nil
}

// shownAlone answers with one thing that is not an event.
func shownAlone(c *call, context, what string, v map[string]any) (answer, error) {
	if c.query.Has("$expand") {
		return answer{}, notSimulated(what + " with $expand")
	}
	names, err := selected(c, what, []map[string]any{v})
	if err != nil {
		return answer{}, err
	}
	shown := only(v, names)
	shown["@odata.context"] = strings.TrimSuffix(context, "/$entity") + selection(c.query.Get("$select")) + "/$entity"
	return answer{body: shown}, nil
}

// selection is how a context tells what was selected.
func selection(names string) string {
	if names == "" {
		return ""
	}
	return "(" + strings.ReplaceAll(names, " ", "") + ")"
}

// selected are the names in $select; nil is all. A type's own names are those of the things at hand, which have them all.
func selected(c *call, what string, all []map[string]any) ([]string, error) {
	if c.query.Get("$select") == "" || c.query.Get("$select") == "*" || len(all) == 0 {
		return nil, nil
	}
	names := strings.Split(strings.ReplaceAll(c.query.Get("$select"), " ", ""), ",")
	for i, name := range names {
		found := ""
		for known := range all[0] {
			if strings.EqualFold(known, name) {
				found = known
			}
		}
		if found == "" {
			return nil, noProperty(name, what)
		}
		names[i] = found
	}
	return names, nil
}

func noProperty(name, what string) error {
	return badRequest("BadRequest", "Parsing OData Select and Expand failed: Could not find a property named '"+name+"' on type 'microsoft.graph."+what+"'.")
}

// only is the thing with nothing but the named properties and its id.
func only(v map[string]any, names []string) map[string]any {
	if names == nil {
		return v
	}
	shown := map[string]any{"id": v["id"]}
	for _, name := range names {
		shown[name] = v[name]
	}
	return shown
}

var smallFilter = regexp.MustCompile(`(?i)^\s*(\w+)\s+(eq|ne)\s+('(?:[^']|'')*'|true|false)\s*$|^\s*(startswith)\s*\(\s*(\w+)\s*,\s*('(?:[^']|'')*')\s*\)\s*$`)

// kept are the things for which the condition holds: one comparison of a text or truth value, or startswith. Others are not simulated.
func kept(all []map[string]any, filter string) ([]map[string]any, error) {
	if filter == "" {
		return all, nil
	}
	m := smallFilter.FindStringSubmatch(filter)
	if m == nil {
		return nil, notSimulated("$filter=" + filter)
	}
	if len(all) > 0 {
		if _, has := all[0][m[1]+m[5]]; !has {
			return nil, badRequest("BadRequest", "Invalid filter clause: Could not find a property named '"+m[1]+m[5]+"'.")
		}
	}
	name, literal := m[1]+m[5], strings.ToLower(unquoted(strings.Trim(m[3]+m[6], "'")))
	return slices.DeleteFunc(all, func(v map[string]any) bool {
		value := strings.ToLower(fmt.Sprint(v[name]))
		switch {
		case m[4] != "":
			return !strings.HasPrefix(value, literal)
		case strings.EqualFold(m[2], "ne"):
			return value == literal
		default:
			return value != literal
		}
	}), nil
}

// sortBy sorts by one property that is a text or truth value.
func sortBy(all []map[string]any, order string) error {
	name, way, _ := strings.Cut(strings.TrimSpace(order), " ")
	sign := map[string]int{"": 1, "asc": 1, "desc": -1}[strings.ToLower(strings.TrimSpace(way))]
	switch {
	case order == "":
		return nil
	case sign == 0 || strings.ContainsAny(name, ",/"):
		return notSimulated("$orderby=" + order)
	}
	slices.SortStableFunc(all, func(a, b map[string]any) int {
		return sign * cmp.Compare(strings.ToLower(fmt.Sprint(a[name])), strings.ToLower(fmt.Sprint(b[name])))
	})
	return nil
}
