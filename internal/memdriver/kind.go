package memdriver

import (
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
)

// Kind is what a provider is like.
type Kind struct {
	Name cal.Provider
	// Lists and Finds are what its clients claim (provider.DeltaLister and EventFinder), Quiet and Conditional what its driver does
	// (provider.QuietWriter and ConditionalWriter). They count when a driver or a client is made.
	Lists, Finds, Quiet, Conditional bool
	// Recurs is another that its clients claim (provider.SeriesKeeper).
	Recurs bool
	// Forgets means that a deleted event is not shown any more, a deleted occurrence not even in listings, and that a series which takes place at other
	// times forgets what was done to single occurrences. Otherwise what was deleted is shown as cancelled.
	Forgets bool
	// Unseen is what is said of an event that there was and that is not shown: fault.NotFound, unless set, or fault.Gone.
	Unseen fault.Kind
	// Blind means that a write on a stale ETag is carried out all the same.
	Blind bool
	// Rewrites means that descriptions are stored in another form than they were sent in.
	Rewrites bool
	// Lag is how long after its create was sent an event cannot be read, found or listed.
	Lag time.Duration
	// Conferences is what becomes of a wish for a conference.
	Conferences Conferring
	// EmptyPages means that every listing begins with a page that is empty and not the last.
	EmptyPages bool
}

// Google is a provider that knows its own mind: writes are conditional and mail whom they are told to, deleted events are shown as such, and a key
// is enough to make a create idempotent.
func Google() Kind {
	return Kind{Name: cal.Google, Lists: true, Quiet: true, Conditional: true, Recurs: true, Conferences: ConfersLater}
}

// Microsoft is one that finds events by their key, forgets those that were deleted, promises nothing of ETags and mails every guest.
func Microsoft() Kind {
	return Kind{Name: cal.Microsoft, Lists: true, Finds: true, Forgets: true, Recurs: true}
}

// Stored is what the provider makes of a content that is written.
func (k Kind) Stored(c cal.Content) cal.Content {
	if k.Rewrites && c.Description != "" && !strings.HasPrefix(c.Description, "<p>") {
		c.Description = "<p>" + strings.ToUpper(c.Description) + "</p>"
	}
	return c
}
