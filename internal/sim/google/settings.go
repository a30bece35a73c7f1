package google

import (
	"maps"
	"slices"
	"strconv"

	"github.com/calweave/calweave/internal/sim/stage"
)

// settings are what a person would see on the settings page (https://developers.google.com/workspace/calendar/api/v3/reference/settings). They
// are the defaults of somebody who has changed none, but for the zone; the API cannot change them either.
func (a *account) settings() map[string]string {
	return map[string]string{
		"autoAddHangouts": "true", "dateFieldOrder": "MDY", "defaultEventLength": "60", "format24HourTime": "false", "hideInvitations": "false",
		"hideWeekends": "false", "locale": "en", "remindOnRespondedEventsOnly": "false", "showDeclinedEvents": "true", "timezone": a.person.Zone,
		"useKeyboardShortcuts": "true", "weekStart": "0",
	}
}

// settingETag never changes, since settings do not.
const settingETag = `"0"`

func wireSetting(id, value string) map[string]any {
	return map[string]any{"kind": "calendar#setting", "etag": settingETag, "id": id, "value": value}
}

// listSettings serves https://developers.google.com/workspace/calendar/api/v3/reference/settings/list.
func (s *Server) listSettings(c *call) (answer, error) {
	size, err := sizeOf(c.query, 100, 250)
	if err != nil {
		return answer{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	a, err := s.caller(c)
	if err != nil {
		return answer{}, err
	}
	all := a.settings()
	var seen stage.Journal
	for _, id := range slices.Sorted(maps.Keys(all)) {
		seen.Record(id)
	}
	l := listing{kind: "calendar#settings", name: "settings:" + a.person.Email, seen: &seen, size: size}
	return s.list(c, l, func(id string, _ bool) map[string]any { return wireSetting(id, all[id]) })
}

// readSetting serves https://developers.google.com/workspace/calendar/api/v3/reference/settings/get.
func (s *Server) readSetting(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	a, err := s.caller(c)
	if err != nil {
		return answer{}, err
	}
	id := c.r.PathValue("setting")
	value, ok := a.settings()[id]
	switch {
	case !ok:
		return answer{}, notFound()
	case c.unchanged(settingETag):
		return notModified(settingETag), nil
	}
	return answer{body: wireSetting(id, value)}, nil
}

// calendarColours are the backgrounds that a calendar can have, by their ids.
func calendarColours() map[string]string {
	return colours("ac725e", "d06b64", "f83a22", "fa573c", "ff7537", "ffad46", "42d692", "16a765", "7bd148", "b3dc6c", "fbe983", "fad165",
		"92e1c0", "9fe1e7", "9fc6e7", "4986e7", "9a9cff", "b99aff", "c2c2c2", "cabdbf", "cca6ac", "f691b2", "cd74e6", "a47ae2")
}

// eventColours are those that an event can have.
func eventColours() map[string]string {
	return colours("a4bdfc", "7ae7bf", "dbadff", "ff887c", "fbd75b", "ffb878", "46d6db", "e1e1e1", "5484ed", "51b749", "dc2127")
}

// colours numbers the colours from 1 on.
func colours(all ...string) map[string]string {
	out := map[string]string{}
	for i, one := range all {
		out[strconv.Itoa(i+1)] = "#" + one
	}
	return out
}

func palette(all map[string]string) map[string]any {
	out := map[string]any{}
	for id, one := range all {
		out[id] = map[string]string{"background": one, "foreground": "#1d1d1d"}
	}
	return out
}

// colors serves https://developers.google.com/workspace/calendar/api/v3/reference/colors/get. The palette is what the service has answered for
// years; no page lists it.
func (s *Server) colors(*call) (answer, error) {
	return answer{body: map[string]any{
		"kind": "calendar#colors", "updated": "2012-02-14T00:00:00.000Z",
		"calendar": palette(calendarColours()),
		"event":    palette(eventColours()),
	}}, nil
}
