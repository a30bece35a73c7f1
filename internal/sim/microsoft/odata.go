package microsoft

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/calweave/calweave/internal/sim/stage"
)

// view is how the answer to a request shows events.
type view struct {
	preferences

	// expand are the normal ids of the extended properties to show.
	expand []string
	// exceptions asks for the exceptions of a series, and shown are those.
	exceptions bool
	shown      []*event
	// only are the properties to show, in lower case; nil is all.
	only map[string]bool
}

var (
	expandProperties = regexp.MustCompile(`(?i)^singleValueExtendedProperties\s*\(\s*\$filter\s*=\s*(.*)\)$`)
	idEquals         = regexp.MustCompile(`(?i)id\s+eq\s+'((?:[^']|'')*)'`)
	anyProperty      = regexp.MustCompile(`(?i)^\s*singleValueExtendedProperties/any\s*\(\s*(\w+)\s*:\s*(\w+)/id\s+eq\s+'((?:[^']|'')*)'\s+and\s+(\w+)/value\s+eq\s+'((?:[^']|'')*)'\s*\)\s*$`)
)

// parseView reads what the client wants to see. known are the names that it may select.
func parseView(p preferences, q url.Values, known map[string]bool) (view, error) {
	v := view{preferences: p}
	if names := q.Get("$select"); names != "" {
		v.only = map[string]bool{"id": true, "@odata.etag": true}
		for name := range strings.SplitSeq(names, ",") {
			name = strings.TrimSpace(name)
			if !known[strings.ToLower(name)] {
				return v, noProperty(name, "event")
			}
			v.only[strings.ToLower(name)] = true
		}
		if v.only["*"] {
			v.only = nil
		}
	}
	for _, expand := range splitExpand(q.Get("$expand")) {
		if err := v.expanded(expand); err != nil {
			return v, err
		}
	}
	return v, nil
}

// selectable are the names of an event's properties and links in lower case, for they have none; "*" is all of them.
func selectable() map[string]bool {
	all := map[string]bool{
		"*": true, "@odata.etag": true, "calendar": true, "attachments": true, "extensions": true, "instances": true,
		"multivalueextendedproperties": true,
	}
	for name := range schema() {
		all[strings.ToLower(name)] = true
	}
	return all
}

// splitExpand splits at commas that are not in brackets.
func splitExpand(text string) []string {
	depth := 0
	all := strings.FieldsFunc(text, func(r rune) bool {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		return r == ',' && depth == 0
	})
	return all
}

// expanded takes in one thing that the client wants to see besides.
func (v *view) expanded(expand string) error {
	expand = strings.TrimSpace(expand)
	if strings.EqualFold(expand, "exceptionOccurrences") {
		v.exceptions = true
		return nil
	}
	m := expandProperties.FindStringSubmatch(expand)
	if m == nil {
		return unexpanded(expand)
	}
	for _, one := range idEquals.FindAllStringSubmatch(m[1], -1) {
		id, ok := normalProperty(unquoted(one[1]))
		if !ok {
			return badRequest("ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes.")
		}
		v.expand = append(v.expand, id)
	}
	if v.expand == nil {
		return badRequest("ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes.")
	}
	return nil
}

func unquoted(s string) string { return strings.ReplaceAll(s, "''", "'") }

// filter decides which events a collection shows.
type filter func(*event) bool

// collection is what a listing without delta asks for.
type collection struct {
	// filter and orderBy are the words of keep and order.
	filter, orderBy string
	keep            filter
	// order is what $orderby says; nil is the order of creation, and of a view that by start.
	order     func(a, b *event) int
	top, skip int
	// count asks for the number of all events beside the page.
	count bool
}

// counted reads $count.
func counted(q url.Values) (bool, error) {
	switch strings.ToLower(q.Get("$count")) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, badRequest("BadRequest", "Invalid value for $count.")
	}
}

// checkOptions refuses options of the query that OData does not have, and those that are said twice. $seal is of the simulator's own making.
func checkOptions(q url.Values) error {
	for name, values := range q {
		if !strings.HasPrefix(name, "$") {
			continue
		}
		switch name {
		case "$select", "$expand", "$filter", "$orderby", "$top", "$skip", "$count", "$search", "$skiptoken", "$deltatoken", "$format", "$seal":
		default:
			return badRequest("BadRequest", "The query option '"+name+"' is not known.")
		}
		if len(values) > 1 {
			return badRequest("BadRequest", "Query option '"+name+"' was specified more than once, but it must be specified at most once.")
		}
	}
	return nil
}

func (s *Server) parseCollection(c *call) (collection, error) {
	q := collection{filter: c.query.Get("$filter"), orderBy: c.query.Get("$orderby")}
	var err error
	if q.keep, err = parseFilter(c.query.Get("$filter")); err != nil {
		return q, err
	}
	if q.order, err = parseOrder(c.query.Get("$orderby")); err != nil {
		return q, err
	}
	if c.query.Has("$search") { // not documented: the words; that events cannot be searched is (https://learn.microsoft.com/graph/search-query-parameter)
		return q, badRequest("ErrorInvalidUrlQuery", "The query parameter '$search' is not supported for this resource.")
	}
	if q.count, err = counted(c.query); err != nil {
		return q, err
	}
	usual := c.prefer.pageSize
	if usual == 0 {
		usual = 10
	}
	m := s.world.Switches().Microsoft
	most := m.MaxTop
	if m.LongTop == stage.Cut {
		most = 1 << 30
	}
	if q.top, err = numberOf(c.query, "$top", usual, most); err != nil {
		return q, err
	}
	q.top = min(q.top, m.MaxTop)
	q.skip, err = numberOf(c.query, "$skip", 0, 1<<30)
	return q, err
}

// numberOf reads $top or $skip.
func numberOf(q url.Values, name string, usual, most int) (int, error) {
	if q.Get(name) == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < 0 || n > most {
		return 0, badRequest("ErrorInvalidUrlQuery", "Invalid value for "+name+".")
	}
	return n, nil
}
