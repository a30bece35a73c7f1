package microsoft

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// unserved tells what Graph does not have from what the simulator does not have yet.
func (s *Server) unserved(method string, t target) error {
	if slices.Contains([]string{"POST calendargroups", "PATCH calendargroups/*", "DELETE calendargroups/*"}, method+" "+t.shape) {
		return notSimulated(method + " " + t.shape) // Graph has it
	}
	for _, other := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		if _, ok := s.paths[other+" "+t.shape]; ok {
			return failed(http.StatusMethodNotAllowed, "UnsupportedMethod", "The HTTP method "+method+" is not supported for this resource.")
		}
	}
	below, ofEvent := strings.CutPrefix(t.shape, "events/*/")
	name, _, _ := strings.Cut(below, "/")
	if ofEvent && !slices.Contains(eventSegments(), name) || !ofEvent && t.named && !slices.Contains(calendarSegments(), name) {
		return noSegment(name)
	}
	return notSimulated(method + " " + t.shape)
}

func noSegment(name string) error {
	return badRequest("BadRequest", "Resource not found for the segment '"+name+"'.")
}

// eventSegments and calendarSegments are what Graph has below an event and a calendar, served here or not
// (https://learn.microsoft.com/graph/api/resources/event, https://learn.microsoft.com/graph/api/resources/calendar).
func eventSegments() []string {
	return []string{
		"accept", "attachments", "calendar", "cancel", "decline", "dismissreminder", "exceptionoccurrences", "extensions", "forward", "instances",
		"multivalueextendedproperties", "permanentdelete", "singlevalueextendedproperties", "snoozereminder", "tentativelyaccept",
	}
}

func calendarSegments() []string {
	return []string{
		"calendar", "calendarpermissions", "calendarview", "events", "getschedule", "multivalueextendedproperties", "permanentdelete",
		"singlevalueextendedproperties", "allowedcalendarsharingroles",
	}
}

// rootSegments are what else calendar clients find at Graph's root, where the list would be long.
func rootSegments() []string {
	return []string{
		"$metadata", "applications", "communications", "directory", "directoryobjects", "domains", "groups", "organization", "places", "search",
		"serviceprincipals", "solutions", "teams", "users",
	}
}

// keyed is a segment with its key in brackets, which is another way to write the key as a segment of its own: events('id') for events/id.
var keyed = regexp.MustCompile(`(?i)^(events|calendars|calendargroups|users|subscriptions|instances)\('((?:[^']|'')*)'\)$`)

// parseTarget reads an escaped path. Identifiers may hold escaped slashes; names of segments have no case.
func parseTarget(path string) (target, error) {
	var parts []string
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		plain, err := url.PathUnescape(part)
		if err != nil {
			return target{}, noSegment(part)
		}
		if key := keyed.FindStringSubmatch(plain); key != nil {
			parts = append(parts, key[1], unquoted(key[2]))
			continue
		}
		parts = append(parts, plain)
	}
	switch head := strings.ToLower(parts[0]); {
	case head == "me":
		return target{user: "me"}.within(parts[1:]), nil
	case head == "users" && len(parts) > 1:
		return target{user: parts[1]}.within(parts[2:]), nil
	case head == "subscriptions":
		return target{user: "me"}.below(parts), nil
	case slices.Contains(rootSegments(), head):
		return target{}, notSimulated(head)
	default:
		return target{}, noSegment(parts[0])
	}
}

// within takes in the calendar that the path goes through, if any, and what comes after it.
func (t target) within(parts []string) target {
	if len(parts) > 1 && strings.EqualFold(parts[0], "calendarGroups") {
		t.group = parts[1]
		if len(parts) < 4 {
			return t.below(parts)
		}
		parts = parts[2:]
	}
	switch {
	case len(parts) > 1 && strings.EqualFold(parts[0], "calendar"):
		t.named, parts = true, parts[1:]
	case len(parts) > 1 && strings.EqualFold(parts[0], "calendars"):
		t.named, t.calendar, parts = true, parts[1], parts[2:]
		if len(parts) == 0 {
			parts = []string{"calendar"}
		}
	}
	return t.below(parts)
}

// below takes in what comes after the mailbox and calendar.
func (t target) below(parts []string) target {
	names := make([]string, 0, len(parts))
	for i, part := range parts {
		before := ""
		if i > 0 {
			before = names[i-1]
		}
		name := strings.ToLower(part)
		switch {
		case before == "events" && !strings.HasPrefix(name, "$") && !strings.HasPrefix(name, "delta") && !strings.HasPrefix(name, "microsoft.graph."), before == "subscriptions":
			t.id = part
			names = append(names, "*")
		case before == "calendargroups":
			names = append(names, "*")
		case name == "reauthorize" || name == "microsoft.graph.reauthorize":
			names = append(names, "auth")
		default: // functions and actions may be qualified and have brackets
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(name, "microsoft.graph."), "()"))
		}
	}
	t.shape = strings.Join(names, "/")
	return t
}
