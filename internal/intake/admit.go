package intake

import (
	"fmt"

	"github.com/calweave/calweave/internal/record"
)

// candidate is a version that wants to be accepted.
type candidate struct {
	version   int64
	hash      string
	cancelled bool
	// ifMatch is the revision that the core has seen; nil when it did not say.
	ifMatch *int64
	// unordered says that the way in keeps no order: a cancellation may come before its booking, and an older version once more.
	unordered bool
}

// verdict says what becomes of a candidate that is not refused.
type verdict struct {
	// repeat says that this very version is known already: nothing changes.
	repeat bool
	// decide says that the core has seen every reported change and overrules it.
	decide bool
}

// admit decides about a candidate. current is nil when the booking does not exist; known is the hash that the candidate's version was accepted
// with, or empty.
func admit(c candidate, current *record.Booking, known string) (verdict, error) {
	if current == nil {
		return verdict{}, admitFirst(c)
	}
	switch {
	case c.repeats(current.Version, known):
		return verdict{repeat: true}, nil
	case c.version == current.Version:
		return verdict{}, refuse(record.ReasonReused,
			fmt.Sprintf("version %d was accepted with other content: give the changed booking a higher version", c.version))
	case c.version < current.Version:
		return verdict{}, refuse(record.ReasonSuperseded,
			fmt.Sprintf("version %d is older than version %d, which was accepted already: read the booking and go on from there", c.version, current.Version))
	case c.ifMatch != nil && *c.ifMatch != current.Revision:
		return verdict{}, stale(*c.ifMatch, current.Revision)
	case !c.cancelled && current.Diverged() && c.ifMatch == nil:
		return verdict{}, refuse(record.ReasonDiverged,
			fmt.Sprintf("a person has changed the event in a calendar: read the booking and accept or revert that, or send If-Match: \"%d\" to overrule it",
				current.Revision))
	default:
		return verdict{decide: c.ifMatch != nil}, nil
	}
}

// repeats reports whether a candidate is a version that was accepted as it is, and that may come once more.
func (c candidate) repeats(current int64, known string) bool {
	return known == c.hash && (c.version == current || c.version < current && c.unordered)
}

// admitFirst decides about a candidate for a booking that does not exist. Any version may be the first.
func admitFirst(c candidate) error {
	switch {
	case c.ifMatch != nil:
		return refuse(record.ReasonRevision, "If-Match names a revision, but there is no such booking: leave it out to create one")
	case c.cancelled && !c.unordered:
		return refuse(record.ReasonUnknown, "there is no such booking to cancel: check its id")
	default:
		return nil
	}
}

func stale(named, current int64) error {
	return refuse(record.ReasonRevision,
		fmt.Sprintf("If-Match names revision %d and the booking is at revision %d: read it again and decide anew", named, current))
}

func refuse(reason record.Reason, detail string) error {
	return &record.RefusalError{Reason: reason, Detail: detail}
}
