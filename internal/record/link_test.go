package record_test

import (
	"reflect"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

func TestSettleKeepsWhatWasSentOfOtherFields(t *testing.T) {
	t.Parallel()
	sent := cal.Content{Title: "Intro call", Description: "Booked online"}
	read := cal.Content{Title: "Intro call", Description: "<p>Booked online</p>"}
	observed := cal.Content{Title: "Intro, postponed", Description: "<p>Booked online</p>"}
	link := record.Link{State: record.LinkDiverged, Base: &record.Base{Sent: sent, Read: read}, Observed: &observed}
	link.Settle()
	want := record.Base{Sent: cal.Content{Title: "Intro, postponed", Description: "Booked online"}, Read: observed}
	if link.Observed != nil || link.Base == nil || !reflect.DeepEqual(*link.Base, want) {
		t.Errorf("the agreement is %+v, want %+v", link.Base, want)
	}
	before := *link.Base
	link.Settle()
	if !reflect.DeepEqual(*link.Base, before) {
		t.Errorf("with nothing to decide the agreement became %+v", link.Base)
	}
}

func TestSettleBeforeTheFirstAgreement(t *testing.T) {
	t.Parallel()
	observed := cal.Content{Title: "Intro, postponed"}
	link := record.Link{State: record.LinkDiverged, Observed: &observed}
	link.Settle()
	if link.Base == nil || !reflect.DeepEqual(*link.Base, record.Base{Sent: observed, Read: observed}) {
		t.Errorf("the agreement is %+v, want what was observed", link.Base)
	}
}

func TestDivergedWhileAnythingIsUndecided(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		link record.Link
		want bool
	}{
		"a change":               {record.Link{State: record.LinkDiverged, Target: true, Observed: &cal.Content{}}, true},
		"a deletion":             {record.Link{State: record.LinkDiverged, Target: true}, true},
		"a change, a write held": {record.Link{State: record.LinkHeld, Target: true, Observed: &cal.Content{}}, true},
		"a write held":           {record.Link{State: record.LinkHeld, Target: true}, false},
		"where it is no target":  {record.Link{State: record.LinkDiverged, Observed: &cal.Content{}}, false},
		"in agreement":           {record.Link{State: record.LinkSynced, Target: true}, false},
		"about to be written":    {record.Link{State: record.LinkPending, Target: true}, false},
	} {
		b := record.Booking{Links: []record.Link{{State: record.LinkSynced, Target: true}, c.link}}
		if b.Diverged() != c.want {
			t.Errorf("%s: diverged is %t", name, b.Diverged())
		}
	}
}
