package google

import (
	"slices"
	"strings"
)

// unknownScope reports whether Google has no such scope (https://developers.google.com/identity/protocols/oauth2/scopes).
func unknownScope(scope string) bool {
	name, ok := strings.CutPrefix(scope, scopePrefix)
	if !ok {
		return !slices.Contains([]string{"openid", "email", "profile"}, scope)
	}
	family, _, _ := strings.Cut(strings.ReplaceAll(name, "/", "."), ".")
	if family == "calendar" || family == "userinfo" {
		return !slices.Contains(knownScopes(), name)
	}
	return !slices.Contains(otherFamilies(), family)
}

// knownScopes are those of the calendar (https://developers.google.com/workspace/calendar/api/auth) and of a person's profile.
func knownScopes() []string {
	return slices.Concat(readScopes(), entryScopes(), calendarScopes(), calendarWriteScopes(), busyScopes(), ruleScopes(), settingScopes(), moveScopes(),
		[]string{
			"calendar.addons.execute", "calendar.addons.current.event.read", "calendar.addons.current.event.write",
			"userinfo.email", "userinfo.profile",
		})
}

// otherFamilies are what the scopes begin with of services that stand beside a calendar. A client may ask for them together; they mean nothing here,
// so their single scopes are not told apart.
func otherFamilies() []string {
	return []string{
		"admin", "chat", "classroom", "cloud-platform", "contacts", "directory", "documents", "drive", "forms", "gmail", "groups", "keep", "meetings",
		"presentations", "script", "spreadsheets", "tasks", "user", "youtube",
	}
}
