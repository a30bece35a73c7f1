package watch

import (
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// Channels that were opened together are renewed apart: between three eighths and half of their life, and a schedule that comes so early renews.
func TestRenewalsAreSpread(t *testing.T) {
	t.Parallel()
	for jitter, want := range map[time.Duration]time.Duration{0: 4 * time.Hour, 30 * time.Minute: 210 * time.Minute} {
		s := newShelf(cal.Microsoft)
		p := newPusher(s, 8*time.Hour)
		k := keeper(s, p, true)
		k.Jitter = func(d time.Duration) time.Duration {
			if d != time.Hour {
				t.Errorf("spread over %s, want an eighth of the channel's life", d)
			}
			return jitter
		}
		if err := k.Work(t.Context(), s.claim()); err != nil {
			t.Fatal(err)
		}
		renew, _ := s.mark(task.CalendarRenew)
		if got := renew.NotBefore.Sub(began); got != want {
			t.Errorf("renewed after %s, want %s", got, want)
		}
		s.clock.Set(renew.NotBefore)
		if err := k.Work(t.Context(), s.claim()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(p.calls, []string{"open", "renew"}) || !slices.Equal(s.kept, []string{VerdictOpened, VerdictRenewed}) {
			t.Errorf("called %v, told %v", p.calls, s.kept)
		}
	}
}

// Until a channel is open nobody pushes the calendar's changes, whether or not the provider grants it; one that is replaced pushes until its end.
func TestCalendarWithoutAChannelIsPolledSoon(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*shelf, *pusher)
		renews  bool
		want    []time.Time
	}{
		"none yet":        {func(*shelf, *pusher) {}, false, []time.Time{began.Add(quarter)}},
		"none, refused":   {func(_ *shelf, p *pusher) { p.fail["open"] = fault.New(fault.Forbidden, "open", nil) }, false, []time.Time{began.Add(quarter)}},
		"none, no answer": {func(_ *shelf, p *pusher) { p.fail["open"] = fault.New(fault.Transient, "open", nil) }, false, []time.Time{began.Add(quarter)}},
		"dropped": {func(s *shelf, p *pusher) {
			s.with("chn_1", record.ChannelExpiring, "r1", began, began.Add(week))
			p.fail["renew"] = fault.New(fault.NotFound, "renew", nil)
		}, true, []time.Time{began.Add(quarter)}},
		"expired": {func(s *shelf, _ *pusher) { s.with("chn_1", record.ChannelOpen, "r1", began.Add(-week), began) }, true, []time.Time{began.Add(quarter)}},
		"replaced": {func(s *shelf, _ *pusher) {
			s.with("chn_1", record.ChannelOpen, "r1", began.Add(-time.Hour), began.Add(time.Hour))
		}, false, []time.Time{{}}},
		"renewed": {func(s *shelf, _ *pusher) {
			s.with("chn_1", record.ChannelOpen, "r1", began.Add(-time.Hour), began.Add(time.Hour))
		}, true, nil},
	} {
		s := newShelf(cal.Google)
		p := newPusher(s, week)
		c.prepare(s, p)
		err := keeper(s, p, c.renews).Work(t.Context(), s.claim())
		if !slices.Equal(s.polls, c.want) {
			t.Errorf("%s: polled by %v, want %v", name, s.polls, c.want)
		}
		if failed := slices.Equal(s.kept, []string{VerdictFailed}); failed != (err != nil) {
			t.Errorf("%s: told %v of %v", name, s.kept, err)
		}
	}
}
