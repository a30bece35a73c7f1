package converge_test

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/app/converge"
	"github.com/calweave/calweave/internal/memdriver"
	"github.com/calweave/calweave/internal/record"
)

const remote cal.RemoteCalendarID = "work"

// site is an account in memory, with channels.
type site struct {
	*memdriver.Account
	*memdriver.Calendar
	world   *memory
	faults  []converge.Fault
	effects []converge.Effect
	// mailed is how many mails had been sent when the last effect was looked at.
	mailed int
	// channels are open; changed says that they have something to say.
	channels map[cal.ChannelID]bool
}

func newSite(w *memory, k memdriver.Kind) *site {
	a := memdriver.New(k, w.clock, cal.Calendar{ID: remote, Name: "Work", Primary: true, Writable: true})
	s := &site{Account: a, Calendar: a.Calendar(remote), world: w, channels: map[cal.ChannelID]bool{}}
	a.Hooks = memdriver.Hooks{
		Fate:    s.fate,
		Created: func(_ provider.CreateEvent, made cal.Event) { s.wrote("create", made, false) },
		Updated: func(req provider.UpdateEvent, before, after cal.Event) {
			if before.ETag != after.ETag {
				s.wrote("update", after, req.ETag != before.ETag)
			}
		},
		Deleted: func(req provider.DeleteEvent, before cal.Event) { s.wrote("delete", before, req.ETag != before.ETag) },
	}
	return s
}

// wrote keeps what a write has done.
func (s *site) wrote(op string, e cal.Event, stale bool) {
	mails := s.Mails()
	s.effects = append(s.effects, converge.Effect{Op: op, Event: e.ID, Stamp: e.Stamp, Mails: mails - s.mailed, Stale: stale})
	s.mailed = mails
}

// fate is what becomes of a call.
func (s *site) fate(context.Context, memdriver.Op) memdriver.Fate {
	if len(s.faults) == 0 {
		return memdriver.Fate{}
	}
	f := s.faults[0]
	s.faults = s.faults[1:]
	const op = "memory: call"
	switch f.Kind {
	case converge.Away:
		return memdriver.Fate{Err: fault.Newf(fault.Transient, op, "away")}
	case converge.Lost:
		return memdriver.Fate{Err: fault.Newf(fault.Transient, op, "the answer is lost"), Done: true}
	case converge.Limited:
		return memdriver.Fate{Err: &fault.Error{Kind: fault.RateLimited, Op: op, RetryAfter: 30 * time.Second}}
	case converge.Conflicts:
		return memdriver.Fate{Err: fault.Newf(fault.Conflict, op, "changed meanwhile")}
	case converge.Unauthorized:
		return memdriver.Fate{Err: fault.Newf(fault.Unauthorized, op, "expired")}
	case converge.Hidden:
		return memdriver.Fate{Err: fault.Newf(fault.NotFound, op, "no such event")}
	case converge.Frozen:
		f.Meanwhile()
	}
	return memdriver.Fate{}
}

// Strike implements converge.Provides.
func (s *site) Strike(f converge.Fault) { s.faults = append(s.faults, f) }

// Unconfer implements converge.Persons.
func (s *site) Unconfer(id cal.EventID) bool {
	e, ok := s.Event(id)
	return ok && e.Conference.State != "" && s.Confer(id, "")
}

// Standing implements converge.Persons.
func (s *site) Standing() []cal.Event {
	var out []cal.Event
	for _, e := range s.Calendar.Standing() {
		if e.Kind != cal.KindSeries {
			out = append(out, e)
			continue
		}
		for n := 0; ; n++ {
			id := s.Occurrence(e.ID, n)
			if id == "" {
				break
			}
			if o, ok := s.Event(id); ok && !o.Gone() {
				out = append(out, o)
			}
		}
	}
	return out
}

// Listed implements converge.Persons.
func (s *site) Listed() []cal.Event {
	return slices.DeleteFunc(s.Events(), cal.Event.Gone)
}

// Heal implements converge.Provides.
func (s *site) Heal() { s.faults = nil }

// Consent implements converge.Provides.
func (s *site) Consent(id cal.ConnectionID, closed time.Time) (record.Grant, error) {
	return record.Grant{
		ConnectionID: id, AccessToken: "access", RefreshToken: "refresh", ClosedAt: closed, ExpiresAt: s.world.clock.Now().Add(time.Hour),
	}, nil
}

// Writes implements converge.Provides.
func (s *site) Writes() []converge.Effect { return s.effects }

// Push implements converge.Provides. What a push says is that something may have changed, whether or not it has.
func (s *site) Push(times int) error {
	var open []cal.ChannelID
	for id := range s.channels {
		open = append(open, id)
	}
	for range times {
		err := s.world.App().Store.Receive(s.world.ctx, s.world.tenant, open, func(known []record.Channel) (out []record.Notification) {
			for _, c := range known {
				out = append(out, record.Notification{Channel: c, Kind: string(provider.NoticeChanged), Sync: true})
			}
			return out
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// memProvider is the account's provider, with a token endpoint and with channels.
type memProvider struct{ site *site }

func (d memProvider) Name() cal.Provider { return d.site.Kind.Name }
func (memProvider) MakesConferences()    {}
func (d memProvider) OAuth() provider.OAuth {
	return provider.OAuth{TokenURL: "http://google.test/token", Resource: "http://google.test"}
}

func (d memProvider) TokenFault(status int, h http.Header, body []byte) *fault.Error {
	return d.site.Driver().TokenFault(status, h, body)
}

func (d memProvider) Open(*http.Client) (provider.Client, error) {
	c := d.site.Client()
	lister := c.(provider.DeltaLister)  //nolint:forcetypeassert // both kinds list
	series := c.(provider.SeriesKeeper) //nolint:forcetypeassert // both kinds keep series
	finder, finds := c.(provider.EventFinder)
	if d.site.world.mutant != nil {
		b := bent{c, lister, d.site.world.mutant}
		c, lister = b, b
	}
	if finds {
		return struct {
			provider.Client
			provider.DeltaLister
			provider.EventFinder
			provider.SeriesKeeper
			keeper
		}{c, lister, finder, series, keeper(d)}, nil
	}
	return struct {
		provider.Client
		provider.DeltaLister
		provider.SeriesKeeper
		keeper
	}{c, lister, series, keeper(d)}, nil
}

// quietDriver is one that is told whom to mail, and refuses what is stale.
type quietDriver struct{ memProvider }

func (quietDriver) QuietWrites()       {}
func (quietDriver) ConditionalWrites() {}

func (s *site) provider() provider.Driver {
	if s.Kind.Quiet {
		return quietDriver{memProvider{s}}
	}
	return memProvider{s}
}

// keeper keeps channels.
type keeper struct{ site *site }

func (k keeper) OpenChannel(_ context.Context, req provider.OpenChannel) (cal.Channel, error) {
	k.site.channels[req.ID] = true
	return cal.Channel{ID: req.ID, Resource: "r" + strconv.Itoa(len(k.site.channels)), Expires: req.Expires}, nil
}

func (k keeper) CloseChannel(_ context.Context, ch cal.Channel) error {
	delete(k.site.channels, ch.ID)
	return nil
}
