package google

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

const maxUpdatedMin = 30 * 24 * time.Hour

// query is what a listing of events asks for
// (https://developers.google.com/workspace/calendar/api/v3/reference/events/list).
type query struct {
	size        int
	in          *time.Location
	syncToken   string
	pageToken   string
	single      bool
	showDeleted bool
	timeMin     time.Time
	timeMax     time.Time
	updatedMin  time.Time
	uid         string
	words       string
	private     []string
	shared      []string
	// any says that one of several constraints of a kind is enough.
	any   bool
	types []string
	most  int
	// order is "", startTime or updated.
	order string
	// syncable says that the listing ends with a sync token.
	syncable bool
	// shape names what must not change between a listing and the one that goes on from its sync token.
	shape string
}

// unsyncable are the parameters that cannot stand beside a sync token.
func unsyncable() []string {
	return []string{"iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin"}
}

func (s *Server) parseQuery(v url.Values, entry *listEntry) (query, error) {
	cal := entry.calendar
	q := query{
		syncToken: v.Get("syncToken"), pageToken: v.Get("pageToken"), uid: v.Get("iCalUID"), words: strings.ToLower(v.Get("q")),
		private: v["privateExtendedProperty"], shared: v["sharedExtendedProperty"], syncable: true,
		any: s.world.Switches().Google.PropertyFilters == stage.FilterAny,
	}
	if err := checkCombination(v); err != nil {
		return q, err
	}
	var err error
	if err := q.parseBounds(v); err != nil {
		return q, err
	}
	for name, into := range map[string]*bool{"singleEvents": &q.single, "showDeleted": &q.showDeleted, "showHiddenInvitations": new(bool)} {
		if *into, err = boolOf(v, name); err != nil {
			return q, err
		}
	}
	// Someone who may see no more than free and busy is never shown a series
	// (https://developers.google.com/workspace/calendar/api/concepts/sharing).
	q.single = q.single || entry.role == stage.RoleFreeBusyReader
	if q.in, err = s.zoneOf(v, cal); err != nil {
		return q, err
	}
	for _, name := range unsyncable() {
		q.syncable = q.syncable && (name == "timeMin" || name == "timeMax" || !v.Has(name))
	}
	if err := q.parseTypes(v); err != nil {
		return q, err
	}
	return q, q.parseTimes(v, s.world.Now())
}

// parseBounds reads how much of everything an answer may hold.
func (q *query) parseBounds(v url.Values) (err error) {
	if q.size, err = sizeOf(v, 250, 2500); err != nil {
		return err
	}
	q.most, err = mostAttendees(v)
	return err
}

// zoneOf is the zone in which an answer shows times: the calendar's unless the request asks for another.
func (s *Server) zoneOf(v url.Values, cal *calendar) (*time.Location, error) {
	zone := v.Get("timeZone")
	if zone == "" {
		return cal.loc, nil
	}
	in, err := s.world.Zones.Load(zone)
	if err != nil {
		return nil, invalidParameter("timeZone", "Invalid time zone definition.")
	}
	return in, nil
}

// parseTypes reads eventTypes, which together with singleEvents must stay the same from one listing to the next.
func (q *query) parseTypes(v url.Values) error {
	q.types, q.order = slices.Sorted(slices.Values(v["eventTypes"])), v.Get("orderBy")
	q.shape = strconv.FormatBool(q.single) + " " + strings.Join(q.types, ",")
	for _, name := range q.types {
		if !slices.Contains(choices()["eventType"], name) {
			return invalidParameter("eventTypes", "Invalid value for: "+name+" is not a valid value")
		}
	}
	return nil
}

// checkCombination refuses what cannot stand together.
func checkCombination(v url.Values) error {
	if order := v.Get("orderBy"); order != "" && order != "startTime" && order != "updated" {
		return invalidParameter("orderBy", "Invalid value for: orderBy")
	}
	if v.Get("orderBy") == "startTime" && v.Get("singleEvents") != "true" {
		return invalidParameter("orderBy", "The requested ordering is not available for the particular query.")
	}
	if !v.Has("syncToken") {
		return nil
	}
	for _, name := range unsyncable() {
		if v.Has(name) {
			return invalidParameter(name, "Sync token cannot be used together with "+name+".")
		}
	}
	if v.Get("showDeleted") == "false" {
		return invalidParameter("showDeleted", "Deleted events cannot be left out when a sync token is given.")
	}
	return nil
}

func (q *query) parseTimes(v url.Values, now time.Time) error {
	for name, into := range map[string]*time.Time{"timeMin": &q.timeMin, "timeMax": &q.timeMax, "updatedMin": &q.updatedMin} {
		if v.Get(name) == "" {
			continue
		}
		at, err := timeOf(v.Get(name))
		if err != nil {
			return failed(400, "badRequest", "Bad Request").at("parameter", name)
		}
		*into = at
	}
	if !q.timeMin.IsZero() && !q.timeMax.IsZero() && !q.timeMin.Before(q.timeMax) {
		return failed(400, "timeRangeEmpty", "The specified time range is empty.").in("calendar").at("parameter", "timeMax")
	}
	if !q.updatedMin.IsZero() && now.Sub(q.updatedMin) > maxUpdatedMin {
		return failed(410, "updatedMinTooLongAgo", "The requested minimum modification time lies too far in the past.").in("calendar").at("parameter", "updatedMin")
	}
	return nil
}

// matches reports whether a listing of everything shows the event, which is no series.
func (q *query) matches(e *event, cal *calendar) bool {
	return q.shows(e) && q.selects(e) && e.within(cal, q.timeMin, q.timeMax)
}

// shows says whether an event that is gone is listed: those deleted since updatedMin are in any case, and without singleEvents so are the
// cancelled occurrences of a series (https://developers.google.com/workspace/calendar/api/v3/reference/events/list#showDeleted).
func (q *query) shows(e *event) bool {
	return !e.gone() || q.showDeleted || !q.updatedMin.IsZero() || (e.master != "" && !q.single)
}

// selects says whether the event is what the listing asks for, wherever in time it is.
func (q *query) selects(e *event) bool {
	switch {
	case q.uid != "" && e.iCalUID != q.uid,
		!q.updatedMin.IsZero() && e.updated.Before(q.updatedMin),
		!q.carries(e.properties.Private, q.private), !q.carries(e.properties.Shared, q.shared),
		len(q.types) > 0 && !slices.Contains(q.types, e.kind()):
		return false
	}
	return q.words == "" || strings.Contains(strings.ToLower(e.searched()), q.words)
}

// searched is the text that free text search looks at: the creator is no part of it
// (https://developers.google.com/workspace/calendar/api/v3/reference/events/list#q). Organizers have no display name here.
func (e *event) searched() string {
	all := []string{e.text("summary"), e.text("description"), e.text("location"), e.organizer}
	for _, a := range e.attendees {
		all = append(all, a.DisplayName, a.Email)
	}
	return strings.Join(all, "\n")
}

// carries reports whether the constraints hold, each of which is "name=value".
func (q *query) carries(have map[string]string, wanted []string) bool {
	holds := func(constraint string) bool {
		name, value, _ := strings.Cut(constraint, "=")
		got, ok := have[name]
		return ok && got == value
	}
	if q.any {
		return len(wanted) == 0 || slices.ContainsFunc(wanted, holds)
	}
	return !slices.ContainsFunc(wanted, func(constraint string) bool { return !holds(constraint) })
}

func boolOf(v url.Values, name string) (bool, error) {
	if v.Get(name) == "" {
		return false, nil
	}
	b, err := strconv.ParseBool(v.Get(name))
	if err != nil {
		return false, invalidParameter(name, "Invalid boolean value: '"+v.Get(name)+"'.")
	}
	return b, nil
}
