package google

import (
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/sim/stage"
)

// noRole is the role of a rule that gives no access.
const noRole stage.Role = "none"

// accessRule says who may do what with a calendar (https://developers.google.com/workspace/calendar/api/concepts/sharing). Its states are never
// changed in place.
type accessRule struct {
	// kind is default, user, group or domain, and value whom it means.
	kind, value string
	role        stage.Role
	etag        string
}

func (r *accessRule) id() string {
	if r.kind == "default" {
		return r.kind
	}
	return r.kind + ":" + r.value
}

func (r *accessRule) wire() map[string]any {
	scope := map[string]any{"type": r.kind}
	if r.value != "" {
		scope["value"] = r.value
	}
	return map[string]any{"kind": "calendar#aclRule", "etag": r.etag, "id": r.id(), "scope": scope, "role": string(r.role)}
}

// roles are the access roles, the least first.
func roles() []stage.Role {
	return []stage.Role{stage.RoleFreeBusyReader, stage.RoleReader, "writerWithoutPrivateAccess", stage.RoleWriter, stage.RoleOwner}
}

// atLeast reports whether the one role may do all that the other may.
func atLeast(have, wanted stage.Role) bool {
	return slices.Index(roles(), have) >= slices.Index(roles(), wanted)
}

// roleOf is the most that any rule allows the person; "" for somebody who has no access. Nobody is in a group here. s.mu is held.
func (c *calendar) roleOf(email string) stage.Role {
	if c.gone {
		return ""
	}
	email = strings.ToLower(email)
	_, domain, _ := strings.Cut(email, "@")
	var most stage.Role
	for _, id := range []string{"default", "domain:" + domain, "user:" + email} {
		if r := c.rules[id]; r != nil && r.role != noRole && (most == "" || atLeast(r.role, most)) {
			most = r.role
		}
	}
	return most
}

// allow sets a rule, and what everyone who has the calendar in their list may do from now on. s.mu is held.
func (s *Server) allow(c *calendar, r accessRule) *accessRule {
	r.value = strings.ToLower(r.value)
	r.etag = quoted(c.nextStamp(s.world.Now()))
	c.rules[r.id()] = &r
	c.ruled.Record(r.id())
	for _, a := range s.order {
		e := a.entries[c.id]
		role := c.roleOf(a.person.Email)
		if e == nil || e.role == role {
			continue
		}
		// Whoever may do more or less than before has to begin anew
		// (https://developers.google.com/workspace/calendar/api/guides/sync#full_sync_required_by_server).
		c.epoch++
		s.relisted(a, e, func(next *listEntry) {
			if role == "" {
				next.deleted = true
			} else {
				next.role = role
			}
		})
	}
	s.push(&c.ruleChannels, stateExists)
	s.world.Signal.Raise()
	return &r
}

// relisted stores a new state of how a person sees a calendar: a listing may hold on to the one that was. s.mu is held.
func (s *Server) relisted(a *account, old *listEntry, change func(*listEntry)) *listEntry {
	e := *old
	change(&e)
	e.etag = quoted(e.calendar.nextStamp(s.world.Now()))
	a.entries[e.calendar.id] = &e
	a.seen.Record(e.calendar.id)
	s.push(&a.listChannels, stateExists)
	s.world.Signal.Raise()
	return &e
}

// sees finds a calendar that the person has access to, be it in the person's list or not; nil if there is none. s.mu is held.
func (s *Server) sees(a *account, id string) *listEntry {
	if e := a.entry(id); e != nil {
		if e.calendar.roleOf(a.person.Email) == "" {
			return nil
		}
		return e
	}
	c := s.calendars[strings.ToLower(id)]
	if c == nil {
		c = s.calendars[id]
	}
	if c == nil {
		return nil
	}
	role := c.roleOf(a.person.Email)
	if role == "" {
		return nil
	}
	return &listEntry{calendar: c, role: role, deleted: true, etag: c.etag}
}
