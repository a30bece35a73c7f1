package google

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/sim/stage"
)

// sight is which entries a listing of calendars shows
// (https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/list).
type sight struct {
	hidden, deleted bool
	least           stage.Role
	// syncable says that the listing ends with a sync token.
	syncable bool
}

func parseSight(v url.Values) (sight, error) {
	show := sight{least: stage.Role(v.Get("minAccessRole"))}
	show.syncable = show.least == ""
	if show.least != "" && !slices.Contains(roles(), show.least) {
		return show, invalidParameter("minAccessRole", "Invalid value for: minAccessRole")
	}
	var own bool
	for name, into := range map[string]*bool{"showHidden": &show.hidden, "showDeleted": &show.deleted, "showOwnOrganizationOnly": &own} {
		var err error
		if *into, err = boolOf(v, name); err != nil {
			return show, err
		}
	}
	if !v.Has("syncToken") {
		return show, nil
	}
	if !show.syncable {
		return show, invalidParameter("minAccessRole", "Sync token cannot be used together with minAccessRole.")
	}
	for _, name := range []string{"showHidden", "showDeleted"} {
		if v.Get(name) == "false" {
			return show, invalidParameter(name, "Hidden and deleted entries cannot be left out when a sync token is given.")
		}
	}
	return show, nil
}

// shows says whether the entry is listed. What was hidden or deleted since is part of every listing of changes.
func (show sight) shows(e *listEntry, changes bool) bool {
	if changes {
		return true
	}
	return (show.hidden || !e.hidden) && (show.deleted || !e.deleted) && slices.Index(roles(), e.role) >= slices.Index(roles(), show.least)
}

func (e *listEntry) wire(conferences []string) map[string]any {
	v := map[string]any{
		"kind": "calendar#calendarListEntry", "etag": e.etag, "id": e.calendar.id, "timeZone": e.calendar.zone, "selected": true, "accessRole": string(e.role),
		"defaultReminders":     []any{map[string]any{"method": "popup", "minutes": 10}},
		"conferenceProperties": map[string]any{"allowedConferenceSolutionTypes": conferences},
	}
	for name, set := range map[string]bool{"primary": e.primary, "hidden": e.hidden, "deleted": e.deleted} {
		if set {
			v[name] = true
		}
	}
	if e.deselected || e.hidden {
		delete(v, "selected")
	}
	if e.override != "" {
		v["summaryOverride"] = e.override
	}
	e.colour(v)
	e.calendar.describe(v)
	return v
}

// colour adds the colours of the entry: those of its colorId unless others were set.
func (e *listEntry) colour(v map[string]any) {
	id := cmp.Or(e.colorID, "14")
	v["colorId"], v["backgroundColor"], v["foregroundColor"] = id, cmp.Or(e.background, calendarColours()[id]), cmp.Or(e.foreground, "#000000")
}

// patchEntry serves https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/patch.
func (s *Server) patchEntry(c *call) (answer, error) {
	return s.changeEntry(c, func(*listEntry) {})
}

// updateEntry serves https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/update.
func (s *Server) updateEntry(c *call) (answer, error) {
	return s.changeEntry(c, func(e *listEntry) {
		*e = listEntry{calendar: e.calendar, role: e.role, primary: e.primary, deleted: e.deleted, etag: e.etag, deselected: true}
	})
}

func (s *Server) changeEntry(c *call, reset func(*listEntry)) (answer, error) {
	doc, err := c.document()
	if err != nil {
		return answer{}, err
	}
	return s.relist(c, c.r.PathValue("calendar"), func(e *listEntry) error {
		if e.deleted {
			return notFound()
		}
		if err := c.matches(e.etag); err != nil {
			return err
		}
		reset(e)
		return e.read(doc, c.query.Get("colorRgbFormat") == "true")
	})
}

// read takes over what a client wrote of the entry. Colours by value count with colorRgbFormat only.
func (e *listEntry) read(doc map[string]json.RawMessage, byValue bool) error {
	selected := !e.deselected
	into := map[string]any{"hidden": &e.hidden, "selected": &selected, "summaryOverride": &e.override, "colorId": &e.colorID}
	if byValue {
		into["backgroundColor"], into["foregroundColor"] = &e.background, &e.foreground
	} else if doc["colorId"] != nil {
		e.background, e.foreground = "", ""
	}
	for _, name := range []string{"defaultReminders", "notificationSettings"} {
		if !isNull(doc[name]) {
			return notSimulated(name + " of an entry of the calendar list")
		}
	}
	for name, to := range into {
		if err := decode(doc, name, to); err != nil {
			return err
		}
	}
	if e.colorID != "" && calendarColours()[e.colorID] == "" {
		return invalid("Invalid value for: colorId")
	}
	e.deselected = !selected
	return nil
}

// deleteEntry serves https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/delete: the person no longer sees the
// calendar in the list, but keeps the access to it. Who owns a calendar keeps it in the list
// (https://developers.google.com/calendar/releases, October 2025). Not documented: the errors; clients report the reasons.
func (s *Server) deleteEntry(c *call) (answer, error) {
	_, err := s.relist(c, c.r.PathValue("calendar"), func(e *listEntry) error {
		switch {
		case e.primary:
			return failed(http.StatusForbidden, "cannotChangeOwnPrimarySubscription", "Cannot change own primary subscription.").in("calendar")
		case strings.EqualFold(e.calendar.dataOwner(), c.access.Account):
			return failed(http.StatusForbidden, "cannotUnsubscribeFromOwnedCalendar",
				"The data owner of a calendar cannot remove such a calendar from their calendar list.").in("calendar")
		case e.deleted:
			return notFound()
		}
		e.deleted = true
		return c.matches(e.etag)
	})
	return answer{status: http.StatusNoContent}, err
}

// insertEntry serves https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/insert: whoever has access to a calendar can
// take it into the list.
func (s *Server) insertEntry(c *call) (answer, error) {
	doc, err := c.document()
	if err != nil {
		return answer{}, err
	}
	var id string
	if err := decode(doc, "id", &id); err != nil {
		return answer{}, err
	}
	if id == "" {
		return answer{}, required("Missing calendar id.")
	}
	return s.relist(c, id, func(e *listEntry) error {
		e.deleted, e.hidden = false, false
		return e.read(doc, c.query.Get("colorRgbFormat") == "true")
	})
}

// relist changes how a person sees a calendar, and answers with what became of it.
func (s *Server) relist(c *call, id string, change func(*listEntry) error) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.caller(c)
	if err != nil {
		return answer{}, err
	}
	old := s.sees(a, id)
	if old == nil {
		return answer{}, notFound()
	}
	next := *old
	if err := change(&next); err != nil {
		return answer{}, err
	}
	stored := s.relisted(a, old, func(e *listEntry) { *e = next })
	return answer{body: stored.wire(s.conferences())}, nil
}
