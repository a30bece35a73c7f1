package google

import (
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

// roles are the access roles, the least first.
func roles() []stage.Role {
	return []stage.Role{stage.RoleFreeBusyReader, stage.RoleReader, "writerWithoutPrivateAccess", stage.RoleWriter, stage.RoleOwner}
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

func (e *listEntry) wire() map[string]any {
	v := map[string]any{
		"kind": "calendar#calendarListEntry", "etag": e.etag, "id": e.calendar.id, "summary": e.calendar.name, "timeZone": e.calendar.zone,
		"colorId": "14", "backgroundColor": "#9fe1e7", "foregroundColor": "#000000", "selected": true, "accessRole": string(e.role),
		"defaultReminders":     []any{map[string]any{"method": "popup", "minutes": 10}},
		"conferenceProperties": map[string]any{"allowedConferenceSolutionTypes": []string{"hangoutsMeet"}},
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
	return v
}

// patchEntry serves https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/patch.
func (s *Server) patchEntry(c *call) (answer, error) {
	doc, err := c.document()
	if err != nil {
		return answer{}, err
	}
	return s.relist(c, c.r.PathValue("calendar"), func(e *listEntry) (answer, error) {
		selected := !e.deselected
		for name, into := range map[string]any{"hidden": &e.hidden, "selected": &selected, "summaryOverride": &e.override} {
			if err := decode(doc, name, into); err != nil {
				return answer{}, err
			}
		}
		e.deselected = !selected
		return answer{}, nil
	})
}

// deleteEntry serves https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/delete: the person no longer sees the
// calendar in the list, but keeps the access to it.
func (s *Server) deleteEntry(c *call) (answer, error) {
	return s.relist(c, c.r.PathValue("calendar"), func(e *listEntry) (answer, error) {
		if e.primary {
			return answer{}, failed(http.StatusForbidden, "cannotRemovePrimaryCalendar", "The primary calendar cannot be removed.").in("calendar")
		}
		e.deleted = true
		return answer{status: http.StatusNoContent}, nil
	})
}

// insertEntry serves https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/insert.
func (s *Server) insertEntry(c *call) (answer, error) {
	var wish struct {
		ID string `json:"id"`
	}
	if err := c.decode(&wish); err != nil {
		return answer{}, err
	}
	return s.relist(c, wish.ID, func(e *listEntry) (answer, error) {
		e.deleted, e.hidden = false, false
		return answer{}, nil
	})
}

// relist changes how a person sees a calendar. A listing may hold on to the entry that was, so a new one takes its place.
func (s *Server) relist(c *call, id string, change func(*listEntry) (answer, error)) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[strings.ToLower(c.access.Account)]
	if a == nil || a.entry(id) == nil {
		return answer{}, notFound()
	}
	e := *a.entry(id)
	out, err := change(&e)
	if err != nil {
		return answer{}, err
	}
	e.etag = quoted(e.calendar.nextStamp(s.world.Now()))
	a.entries[e.calendar.id] = &e
	a.seen.Record(e.calendar.id)
	s.world.Signal.Raise()
	if out.status == 0 {
		out.body = e.wire()
	}
	return out, nil
}
