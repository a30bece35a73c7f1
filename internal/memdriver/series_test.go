package memdriver_test

import (
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/memdriver"
)

// A series that takes place at other times: one provider forgets what was done to its occurrences, another keeps what the series still has.
func TestAnotherRuleAndTheExceptions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind  memdriver.Kind
		stand int
	}{{memdriver.Google(), 1}, {memdriver.Microsoft(), 0}} {
		a, _ := newAccount(c.kind)
		calendar := a.Calendar(work)
		content := cal.Content{Title: "daily", Slot: slotOf(began, time.Hour)}
		id := calendar.AddSeries(content, 5)
		second, fourth := calendar.Occurrence(id, 1), calendar.Occurrence(id, 3)
		calendar.Delete(second)
		calendar.Edit(fourth, func(c *cal.Content) { c.Title = "by hand" })
		content.Recurrence = []string{"RRULE:FREQ=DAILY;COUNT=3"}
		client := a.Client()
		_, err := client.UpdateEvent(t.Context(), provider.UpdateEvent{Ref: provider.EventRef{Calendar: work, ID: id}, Content: content, Fields: cal.Fields(cal.FieldRecurrence)})
		if err != nil {
			t.Fatal(err)
		}
		all, err := client.(provider.SeriesKeeper).ListExceptions(t.Context(), provider.EventRef{Calendar: work, ID: id}) //nolint:forcetypeassert // it claims to be one
		if err != nil || len(all) != c.stand {
			t.Errorf("%s: %+v, %v", c.kind.Name, all, err)
		}
		if e, there := calendar.Event(fourth); there && !e.Gone() {
			t.Errorf("%s: past the end there is %+v", c.kind.Name, e)
		}
	}
}

// What is free is shown as such, and series are listed with what makes their occurrences.
func TestSeriesAreListed(t *testing.T) {
	t.Parallel()
	for _, kind := range []memdriver.Kind{memdriver.Google(), memdriver.Microsoft()} {
		a, _ := newAccount(kind)
		calendar := a.Calendar(work)
		id := calendar.AddSeries(cal.Content{Slot: slotOf(began, time.Hour)}, 5)
		if !calendar.SetFree(id, true) {
			t.Fatal("there is no series")
		}
		lister := a.Client().(provider.DeltaLister) //nolint:forcetypeassert // it claims to be one
		page, err := lister.ListEvents(t.Context(), provider.ListEvents{Calendar: work, Window: cal.Window{From: began.AddDate(0, 0, 4), Until: began.AddDate(0, 0, 9)}})
		if err != nil || len(page.Items) != 1 || !page.Items[0].Event.Free || len(page.Items[0].Event.Recurrence) != 1 {
			t.Fatalf("%s lists %+v, %v", kind.Name, page, err)
		}
		cursor := page.Cursor
		calendar.Delete(calendar.Occurrence(id, 2))
		page, err = lister.ListEvents(t.Context(), provider.ListEvents{Calendar: work, Cursor: cursor})
		tombstone := false
		for _, i := range page.Items {
			tombstone = tombstone || i.Event.Gone()
		}
		if err != nil || len(page.Items) != 1 || tombstone == kind.Forgets {
			t.Errorf("%s: an occurrence was deleted, and told is %+v, %v", kind.Name, page.Items, err)
		}
	}
}
