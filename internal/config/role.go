package config

import (
	"slices"
	"strings"
)

// Role is a part of calweave that a process can play.
type Role string

// The roles.
const (
	RoleAPI       Role = "api"
	RoleReceiver  Role = "receiver"
	RoleWorker    Role = "worker"
	RoleScheduler Role = "scheduler"
)

// AllRoles returns every role.
func AllRoles() Roles { return Roles{RoleAPI, RoleReceiver, RoleWorker, RoleScheduler} }

// Roles are the roles of one process.
type Roles []Role

// ParseRoles reads roles that are separated by commas.
func ParseRoles(s string) (Roles, error) {
	var out Roles
	for part := range strings.SplitSeq(s, ",") {
		role := Role(strings.TrimSpace(part))
		if !slices.Contains(AllRoles(), role) {
			return nil, formErrorf("%q is no role%s", role, didYouMean(string(role), names(AllRoles())))
		}
		if !out.Has(role) {
			out = append(out, role)
		}
	}
	return out, nil
}

// Has reports whether r is among the roles.
func (rs Roles) Has(r Role) bool { return slices.Contains(rs, r) }

// String gives the roles separated by commas.
func (rs Roles) String() string { return strings.Join(names(rs), ",") }

// UnmarshalText is ParseRoles.
func (rs *Roles) UnmarshalText(text []byte) error {
	parsed, err := ParseRoles(string(text))
	if err == nil {
		*rs = parsed
	}
	return err
}

func names(rs Roles) []string {
	out := make([]string, len(rs))
	for i, r := range rs {
		out[i] = string(r)
	}
	return out
}
