package google

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
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
	// syncable says that the listing ends with a sync token.
	syncable bool
	// shape names what must not change between a listing and the one that goes on from its sync token.
	shape string
}

// unsyncable are the parameters that cannot stand beside a sync token.
func unsyncable() []string {
	return []string{"iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin"}
}

func (s *Server) parseQuery(v url.Values, cal *calendar) (query, error) {
	q := query{
		in: cal.loc, syncToken: v.Get("syncToken"), pageToken: v.Get("pageToken"), uid: v.Get("iCalUID"), words: strings.ToLower(v.Get("q")),
		private: v["privateExtendedProperty"], shared: v["sharedExtendedProperty"], syncable: true,
	}
	if err := checkCombination(v); err != nil {
		return q, err
	}
	var err error
	if q.size, err = sizeOf(v, 250, 2500); err != nil {
		return q, err
	}
	if q.single, err = boolOf(v, "singleEvents"); err != nil {
		return q, err
	}
	if q.showDeleted, err = boolOf(v, "showDeleted"); err != nil {
		return q, err
	}
	if zone := v.Get("timeZone"); zone != "" {
		if q.in, err = s.world.Zones.Load(zone); err != nil {
			return q, invalidParameter("timeZone", "Invalid time zone definition.")
		}
	}
	for _, name := range unsyncable() {
		q.syncable = q.syncable && (name == "timeMin" || name == "timeMax" || !v.Has(name))
	}
	types := slices.Sorted(slices.Values(v["eventTypes"]))
	q.shape = strconv.FormatBool(q.single) + " " + strings.Join(types, ",")
	if len(types) > 0 {
		return q, notSimulated("events.list with eventTypes")
	}
	return q, q.parseTimes(v, s.world.Now())
}

// checkCombination refuses what cannot stand together.
func checkCombination(v url.Values) error {
	if v.Get("orderBy") == "startTime" && v.Get("singleEvents") != "true" {
		return invalidParameter("orderBy", "The requested ordering is not available for the particular query.")
	}
	if !v.Has("syncToken") && v.Has("orderBy") {
		return notSimulated("events.list with orderBy")
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
		at, err := time.Parse(time.RFC3339, v.Get(name))
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

// matches reports whether a listing of everything shows the event.
func (q *query) matches(e *event, cal *calendar) bool {
	switch {
	case e.gone() && !q.showDeleted && q.updatedMin.IsZero(),
		q.uid != "" && e.iCalUID != q.uid,
		!q.updatedMin.IsZero() && e.updated.Before(q.updatedMin),
		!e.series() && !q.timeMin.IsZero() && !e.end.instant(cal.loc).After(q.timeMin),
		!q.timeMax.IsZero() && !e.start.instant(cal.loc).Before(q.timeMax),
		!carries(e.properties.Private, q.private), !carries(e.properties.Shared, q.shared):
		return false
	}
	return q.words == "" || strings.Contains(strings.ToLower(e.text("summary")+"\n"+e.text("description")+"\n"+e.text("location")), q.words)
}

// carries reports whether all of the constraints, each "name=value", hold.
func carries(have map[string]string, wanted []string) bool {
	for _, w := range wanted {
		name, value, _ := strings.Cut(w, "=")
		if got, ok := have[name]; !ok || got != value {
			return false
		}
	}
	return true
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
