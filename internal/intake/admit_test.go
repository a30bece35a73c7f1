package intake

import (
	"errors"
	"testing"

	"github.com/calweave/calweave/internal/record"
)

// at returns a booking at version 5 and revision 9, accepted with the hash "five".
func at(links ...record.Link) *record.Booking {
	return &record.Booking{ID: "b", Version: 5, Revision: 9, Hash: "five", Links: links}
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	diverged := record.Link{State: record.LinkDiverged, Target: true}
	given := record.Link{State: record.LinkDiverged} // of a calendar that the booking has left
	for name, c := range map[string]struct {
		candidate candidate
		current   *record.Booking
		// known is what an older version was accepted with.
		known  string
		want   verdict
		reason record.Reason
		detail string
	}{
		"the first version":                {candidate: candidate{version: 1}},
		"any version may be the first":     {candidate: candidate{version: 40}},
		"a cancellation before its time":   {candidate: candidate{version: 2, cancelled: true, unordered: true}},
		"the next version":                 {candidate: candidate{version: 6, hash: "six"}, current: at()},
		"a version may be left out":        {candidate: candidate{version: 60, hash: "six"}, current: at()},
		"the same content, higher":         {candidate: candidate{version: 6, hash: "five"}, current: at()},
		"a cancellation":                   {candidate: candidate{version: 6, cancelled: true}, current: at()},
		"the very same":                    {candidate: candidate{version: 5, hash: "five"}, current: at(), want: verdict{repeat: true}},
		"the very same, of old":            {candidate: candidate{version: 5, hash: "five", ifMatch: new(int64(8))}, current: at(), want: verdict{repeat: true}},
		"the very same, diverged since":    {candidate: candidate{version: 5, hash: "five"}, current: at(diverged), want: verdict{repeat: true}},
		"a decision":                       {candidate: candidate{version: 6, ifMatch: new(int64(9))}, current: at(diverged), want: verdict{decide: true}},
		"seen, with nothing to decide":     {candidate: candidate{version: 6, ifMatch: new(int64(9))}, current: at(), want: verdict{decide: true}},
		"a cancellation of a diverged one": {candidate: candidate{version: 6, cancelled: true}, current: at(diverged)},
		"diverged where it is no target":   {candidate: candidate{version: 6}, current: at(given)},
		"an older one once more, by a way that keeps no order": {
			candidate: candidate{version: 4, hash: "four", unordered: true}, current: at(diverged), known: "four", want: verdict{repeat: true},
		},
		"an older one that never was, by a way that keeps no order": {
			candidate: candidate{version: 4, hash: "four", unordered: true}, current: at(), reason: record.ReasonSuperseded,
			detail: "version 4 is older than version 5, which was accepted already: read the booking and go on from there",
		},
		"an older one with other content, by a way that keeps no order": {
			candidate: candidate{version: 4, hash: "else", unordered: true}, current: at(), known: "four", reason: record.ReasonSuperseded,
			detail: "version 4 is older than version 5, which was accepted already: read the booking and go on from there",
		},
		"an older one once more, by a way that keeps order": {
			candidate: candidate{version: 4, hash: "four"}, current: at(), known: "four", reason: record.ReasonSuperseded,
			detail: "version 4 is older than version 5, which was accepted already: read the booking and go on from there",
		},
		"a revision of nothing": {
			candidate: candidate{version: 1, ifMatch: new(int64(1))}, reason: record.ReasonRevision,
			detail: "If-Match names a revision, but there is no such booking: leave it out to create one",
		},
		"a cancellation of a revision of nothing": {
			candidate: candidate{version: 1, cancelled: true, unordered: true, ifMatch: new(int64(1))}, reason: record.ReasonRevision,
			detail: "If-Match names a revision, but there is no such booking: leave it out to create one",
		},
		"a cancellation of nothing": {
			candidate: candidate{version: 1, cancelled: true}, reason: record.ReasonUnknown,
			detail: "there is no such booking to cancel: check its id",
		},
		"other content": {
			candidate: candidate{version: 5, hash: "else"}, current: at(), reason: record.ReasonReused,
			detail: "version 5 was accepted with other content: give the changed booking a higher version",
		},
		"other content, having seen it": {
			candidate: candidate{version: 5, hash: "else", ifMatch: new(int64(9))}, current: at(), reason: record.ReasonReused,
			detail: "version 5 was accepted with other content: give the changed booking a higher version",
		},
		"older": {
			candidate: candidate{version: 4, hash: "five"}, current: at(), reason: record.ReasonSuperseded,
			detail: "version 4 is older than version 5, which was accepted already: read the booking and go on from there",
		},
		"older, having seen it": {
			candidate: candidate{version: 4, ifMatch: new(int64(9))}, current: at(diverged), reason: record.ReasonSuperseded,
			detail: "version 4 is older than version 5, which was accepted already: read the booking and go on from there",
		},
		"on a revision before": {
			candidate: candidate{version: 6, ifMatch: new(int64(8))}, current: at(), reason: record.ReasonRevision,
			detail: "If-Match names revision 8 and the booking is at revision 9: read it again and decide anew",
		},
		"on a revision to come": {
			candidate: candidate{version: 6, cancelled: true, ifMatch: new(int64(10))}, current: at(diverged), reason: record.ReasonRevision,
			detail: "If-Match names revision 10 and the booking is at revision 9: read it again and decide anew",
		},
		"without a decision": {
			candidate: candidate{version: 6}, current: at(given, diverged), reason: record.ReasonDiverged,
			detail: `a person has changed the event in a calendar: read the booking and accept or revert that, or send If-Match: "9" to overrule it`,
		},
	} {
		known := c.known
		if c.current != nil && c.candidate.version == c.current.Version {
			known = c.current.Hash
		}
		got, err := admit(c.candidate, c.current, known)
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
		if c.reason == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		refusal, ok := errors.AsType[*record.RefusalError](err)
		if !ok || refusal.Reason != c.reason || refusal.Detail != c.detail {
			t.Errorf("%s: %v, want %s: %s", name, err, c.reason, c.detail)
		}
	}
}
