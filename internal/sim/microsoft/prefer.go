package microsoft

import (
	"net/http"
	"strconv"
	"strings"
)

// preferences are what the Prefer headers of a request ask for. They come in several lines or one, in any order.
type preferences struct {
	// immutable asks for ids that survive a move (https://learn.microsoft.com/graph/outlook-immutable-id).
	immutable bool
	// zone is the name of the zone to show times in; empty is UTC.
	zone string
	// text asks for bodies as plain text.
	text bool
	// pageSize is odata.maxpagesize; 0 if not given.
	pageSize int
}

func parsePrefer(h http.Header) preferences {
	var p preferences
	for _, line := range h.Values("Prefer") {
		for _, one := range splitQuoted(line) {
			name, value, _ := strings.Cut(one, "=")
			value = strings.Trim(strings.TrimSpace(value), `"`)
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "idtype":
				p.immutable = strings.EqualFold(value, "ImmutableId")
			case "outlook.timezone":
				p.zone = value
			case "outlook.body-content-type":
				p.text = strings.EqualFold(value, "text")
			case "odata.maxpagesize":
				if n, err := strconv.Atoi(value); err == nil && n > 0 {
					p.pageSize = n
				}
			}
		}
	}
	return p
}

// splitQuoted splits at commas and semicolons that are not in quotes.
func splitQuoted(s string) []string {
	quoted := false
	return strings.FieldsFunc(s, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return !quoted && (r == ',' || r == ';')
	})
}

// applied lists the preferences that the answer follows, for the Preference-Applied header.
func (p preferences) applied() string {
	var all []string
	if p.immutable {
		all = append(all, `IdType="ImmutableId"`)
	}
	if p.zone != "" {
		all = append(all, `outlook.timezone="`+p.zone+`"`)
	}
	if p.text {
		all = append(all, `outlook.body-content-type="text"`)
	}
	if p.pageSize > 0 {
		all = append(all, "odata.maxpagesize="+strconv.Itoa(p.pageSize))
	}
	return strings.Join(all, ", ")
}
