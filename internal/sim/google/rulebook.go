package google

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/sim/stage"
)

// mailSharing tells somebody that a calendar was shared with them.
const mailSharing stage.MailKind = "sharing"

func needs(e *listEntry, role stage.Role) error {
	if atLeast(e.role, role) {
		return nil
	}
	return failed(http.StatusForbidden, "requiredAccessLevel", "You need to have "+string(role)+" access to this calendar.").in("calendar")
}

// listRules serves https://developers.google.com/workspace/calendar/api/v3/reference/acl/list. Writers may read the rules, owners change them.
func (s *Server) listRules(c *call) (answer, error) {
	size, err := sizeOf(c.query, 100, 250)
	if err != nil {
		return answer{}, err
	}
	deleted, err := boolOf(c.query, "showDeleted")
	if err != nil {
		return answer{}, err
	}
	if c.query.Has("syncToken") && c.query.Get("showDeleted") == "false" {
		return answer{}, invalidParameter("showDeleted", "Deleted rules cannot be left out when a sync token is given.")
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, err := s.entry(c)
	if err != nil {
		return answer{}, err
	}
	if err := needs(e, stage.RoleWriter); err != nil {
		return answer{}, err
	}
	cal := e.calendar
	l := listing{kind: "calendar#acl", name: "acl:" + cal.id, seen: &cal.ruled, size: size}
	return s.list(c, l, func(id string, changes bool) map[string]any {
		if r := cal.rules[id]; changes || deleted || r.role != noRole {
			return r.wire()
		}
		return nil
	})
}

// rule finds the rule that the path names, for somebody of that role. s.mu is held.
func (s *Server) rule(c *call, least stage.Role) (*calendar, *accessRule, error) {
	e, err := s.entry(c)
	if err != nil {
		return nil, nil, err
	}
	if err := needs(e, least); err != nil {
		return nil, nil, err
	}
	r := e.calendar.rules[strings.ToLower(c.r.PathValue("rule"))]
	if r == nil || r.role == noRole {
		return nil, nil, notFound()
	}
	return e.calendar, r, nil
}

// readRule serves https://developers.google.com/workspace/calendar/api/v3/reference/acl/get.
func (s *Server) readRule(c *call) (answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, r, err := s.rule(c, stage.RoleWriter)
	if err != nil {
		return answer{}, err
	}
	if c.unchanged(r.etag) {
		return notModified(r.etag), nil
	}
	return answer{body: r.wire()}, nil
}

// ruleWish is what a client writes of a rule.
type ruleWish struct {
	Role  stage.Role `json:"role"`
	Scope *struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"scope"`
}

func (w ruleWish) rule() (accessRule, error) {
	if w.Scope == nil || w.Scope.Type == "" {
		return accessRule{}, required("Missing scope.")
	}
	r := accessRule{kind: w.Scope.Type, value: w.Scope.Value, role: w.Role}
	switch {
	case !slices.Contains([]string{"default", "user", "group", "domain"}, r.kind):
		return r, invalid("Invalid value for: " + r.kind + " is not a valid value")
	case (r.kind == "default") != (r.value == ""),
		(r.kind == "user" || r.kind == "group") && !strings.Contains(r.value, "@"):
		return r, invalid("Invalid scope value.")
	}
	return r, checkRole(r.role)
}

func checkRole(role stage.Role) error {
	switch {
	case role == "":
		return required("Missing role.")
	case role != noRole && !slices.Contains(roles(), role):
		return invalid("Invalid value for: " + string(role) + " is not a valid value")
	}
	return nil
}

// insertRule serves https://developers.google.com/workspace/calendar/api/v3/reference/acl/insert. Whom a calendar is shared with has access to
// it, and not yet the calendar in their list (https://developers.google.com/workspace/calendar/api/concepts/sharing).
func (s *Server) insertRule(c *call) (answer, error) {
	var wish ruleWish
	if err := c.decode(&wish); err != nil {
		return answer{}, err
	}
	r, err := wish.rule()
	if err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.entry(c)
	if err != nil {
		return answer{}, err
	}
	return s.writeRule(c, e, r)
}

// writeRule stores a rule for an owner. s.mu is held.
func (s *Server) writeRule(c *call, e *listEntry, r accessRule) (answer, error) {
	if err := needs(e, stage.RoleOwner); err != nil {
		return answer{}, err
	}
	r.value = strings.ToLower(r.value)
	if err := c.mayRule(e.calendar, r); err != nil {
		return answer{}, err
	}
	stored := s.allow(e.calendar, r)
	if (r.kind == "user" || r.kind == "group") && r.role != noRole && c.query.Get("sendNotifications") != "false" {
		s.world.Mails.Send(stage.Mail{
			At: s.world.Now(), ByHand: s.acting, Provider: stage.Google, Kind: mailSharing, From: c.access.Account, To: stored.value, Title: e.calendar.name,
		})
	}
	return answer{body: stored.wire()}, nil
}

// mayRule fails for a rule that nobody, or not the caller, can change: one's own, and that of whoever owns the calendar
// (https://developers.google.com/calendar/releases, October 2025). Not documented: the errors; clients report the reasons.
func (c *call) mayRule(cal *calendar, next accessRule) error {
	switch {
	case next.kind != "user" || cal.rules[next.id()] != nil && cal.rules[next.id()].role == next.role:
		return nil
	case strings.EqualFold(next.value, c.access.Account):
		return failed(http.StatusForbidden, "cannotChangeOwnAcl", "Cannot change your own access level.").in("calendar")
	case strings.EqualFold(next.value, cal.owner) && cal.roleOf(cal.owner) == stage.RoleOwner:
		return failed(http.StatusForbidden, "cannotChangeOwnerAcl", "Cannot change the access level of the calendar's owner.").in("calendar")
	}
	return nil
}

// patchRule serves https://developers.google.com/workspace/calendar/api/v3/reference/acl/patch.
func (s *Server) patchRule(c *call) (answer, error) {
	return s.changeRule(c, func(old accessRule, doc map[string]json.RawMessage) (accessRule, error) {
		return old, decode(doc, "role", &old.role)
	})
}

// updateRule serves https://developers.google.com/workspace/calendar/api/v3/reference/acl/update.
func (s *Server) updateRule(c *call) (answer, error) {
	return s.changeRule(c, func(old accessRule, doc map[string]json.RawMessage) (accessRule, error) {
		old.role = ""
		return old, decode(doc, "role", &old.role)
	})
}

// changeRule gives a rule another role. Whom it is for never changes.
func (s *Server) changeRule(c *call, change func(accessRule, map[string]json.RawMessage) (accessRule, error)) (answer, error) {
	doc, err := c.document()
	if err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, old, err := s.rule(c, stage.RoleOwner)
	if err != nil {
		return answer{}, err
	}
	if err := c.matches(old.etag); err != nil {
		return answer{}, err
	}
	next, err := change(*old, doc)
	if err != nil {
		return answer{}, err
	}
	var wish ruleWish
	if err := decode(doc, "scope", &wish.Scope); err != nil {
		return answer{}, err
	}
	if named := wish.Scope; named != nil && (named.Type != old.kind || !strings.EqualFold(named.Value, old.value)) {
		return answer{}, invalid("The scope of a rule cannot be changed.")
	}
	if err := checkRole(next.role); err != nil {
		return answer{}, err
	}
	e, err := s.entry(c)
	if err != nil {
		return answer{}, err
	}
	return s.writeRule(c, e, next)
}

// deleteRule serves https://developers.google.com/workspace/calendar/api/v3/reference/acl/delete. In listings of changes the rule goes on with
// the role none.
func (s *Server) deleteRule(c *call) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cal, old, err := s.rule(c, stage.RoleOwner)
	if err != nil {
		return answer{}, err
	}
	if err := c.matches(old.etag); err != nil {
		return answer{}, err
	}
	lost := *old
	lost.role = noRole
	if err := c.mayRule(cal, lost); err != nil {
		return answer{}, err
	}
	s.allow(cal, lost)
	return answer{status: http.StatusNoContent}, nil
}
