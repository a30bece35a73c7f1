package memdriver

import (
	"slices"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
)

// merged are the guests of an event once some were invited and others taken off. Whoever stays keeps their answer.
func merged(there, invite []cal.Attendee, uninvite []string) []cal.Attendee {
	var out []cal.Attendee
	for _, g := range there {
		if slices.ContainsFunc(uninvite, func(email string) bool { return strings.EqualFold(email, g.Email) }) {
			continue
		}
		if i := slices.IndexFunc(invite, sameGuest(g.Email)); i >= 0 {
			g.Optional = invite[i].Optional
		}
		out = append(out, g)
	}
	for _, g := range invite {
		if !slices.ContainsFunc(out, sameGuest(g.Email)) {
			g.Response = cal.ResponseNone
			out = append(out, g)
		}
	}
	return out
}

func sameGuest(email string) func(cal.Attendee) bool {
	return func(a cal.Attendee) bool { return strings.EqualFold(a.Email, email) }
}
