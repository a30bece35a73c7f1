package api

import (
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
)

// follow tells of a calendar how it is followed.
func follow(c *gen.Calendar, f record.Following) {
	c.Push = pushOf(f)
	c.Poll = pollOf(f)
	if !f.SyncedAt.IsZero() {
		c.LastListing = &gen.LastListing{At: f.SyncedAt, Window: window(f.Window), Withheld: f.Withheld}
	}
	if l := f.Listing; l != nil {
		c.Listing = &gen.CalendarListing{
			Kind: gen.CalendarListingKind(l.Kind), BeganAt: l.StartedAt, Window: window(l.Window), Pages: l.Pages, Events: l.Events,
		}
	}
}

// pollOf says nothing of a calendar that is polled for the first time.
func pollOf(f record.Following) *gen.CalendarPoll {
	out := gen.CalendarPoll{NextAt: moment(f.NextPoll)}
	if seconds := int64(f.Hearing.Interval / time.Second); seconds > 0 {
		out.IntervalSeconds = &seconds
	}
	if out == (gen.CalendarPoll{}) {
		return nil
	}
	return &out
}

const silent = "changes were found by polling that the open channel had not told of: see whether the provider can reach the address of calweave"

func pushOf(f record.Following) *gen.CalendarPush {
	out := &gen.CalendarPush{State: gen.PushState(f.Push), LastPushAt: moment(f.Hearing.PushedAt)}
	why := f.Keeping.Trouble
	if why != "" {
		out.RetryAt = moment(f.Keeping.RetryAt)
	}
	if f.Push == record.PushSilent {
		out.SilentSince = moment(f.Hearing.MissedAt)
		why = silent
	}
	if why != "" {
		out.Detail = &why
	}
	if f.Hearing.Open() {
		out.OpenUntil, out.Pushes = moment(f.Hearing.OpenUntil), &f.Pushes
	}
	return out
}

func window(w cal.Window) *gen.ListingWindow {
	if w == (cal.Window{}) {
		return nil
	}
	return &gen.ListingWindow{From: moment(w.From), Until: moment(w.Until)}
}
