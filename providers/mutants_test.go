package providers_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/provider/providertest"
	"github.com/calweave/calweave/internal/drivertest"
	"github.com/calweave/calweave/internal/testkit"
)

// leastMutants is how many there have to be.
const leastMutants = 60

// mutant is a driver that does one thing wrong, and the case that has to notice.
type mutant struct {
	name, by string
	// on is whose driver it is; nil is Google's.
	on func() drivertest.Provider
	// harm makes the driver wrong, wrap the transport beneath it.
	harm func(*wrong)
	wrap func(http.RoundTripper) http.RoundTripper
}

// wrong is a client with parts that a mutant replaces.
type wrong struct {
	full
	account *providertest.Account

	calendars func(ctx context.Context) ([]cal.Calendar, error)
	list      func(ctx context.Context, req provider.ListEvents) (cal.Page, error)
	read      func(ctx context.Context, ref provider.EventRef) (cal.Event, error)
	create    func(ctx context.Context, req provider.CreateEvent) (provider.Created, error)
	update    func(ctx context.Context, req provider.UpdateEvent) (cal.Event, error)
	remove    func(ctx context.Context, req provider.DeleteEvent) error

	occurrence func(ctx context.Context, series provider.EventRef, original cal.Moment) (cal.Event, error)
	exceptions func(ctx context.Context, series provider.EventRef) ([]cal.Event, error)

	open   func(ctx context.Context, req provider.OpenChannel) (cal.Channel, error)
	shut   func(ctx context.Context, ch cal.Channel) error
	decode func(req provider.Push) (provider.Notification, error)
	// finds and renews are nil where the provider cannot.
	finds  func(ctx context.Context, calendar cal.RemoteCalendarID, key cal.Key) (cal.Event, error)
	renews func(ctx context.Context, ch cal.Channel, until time.Time) (cal.Channel, error)
	// quiet and conditional are what the driver claims.
	quiet, conditional bool
}

// full is what every one of our clients can do.
type full interface {
	provider.Client
	provider.DeltaLister
	provider.ChannelKeeper
	provider.SeriesKeeper
}

func (w *wrong) Calendars(ctx context.Context) ([]cal.Calendar, error) { return w.calendars(ctx) }

func (w *wrong) ListEvents(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
	return w.list(ctx, req)
}

func (w *wrong) ReadEvent(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
	return w.read(ctx, ref)
}

func (w *wrong) CreateEvent(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
	return w.create(ctx, req)
}

func (w *wrong) UpdateEvent(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
	return w.update(ctx, req)
}

func (w *wrong) DeleteEvent(ctx context.Context, req provider.DeleteEvent) error {
	return w.remove(ctx, req)
}

func (w *wrong) ReadOccurrence(ctx context.Context, series provider.EventRef, original cal.Moment) (cal.Event, error) {
	return w.occurrence(ctx, series, original)
}

func (w *wrong) ListExceptions(ctx context.Context, series provider.EventRef) ([]cal.Event, error) {
	return w.exceptions(ctx, series)
}

func (w *wrong) OpenChannel(ctx context.Context, req provider.OpenChannel) (cal.Channel, error) {
	return w.open(ctx, req)
}

func (w *wrong) CloseChannel(ctx context.Context, ch cal.Channel) error { return w.shut(ctx, ch) }

// finder and renewer are clients that claim more.
type finder struct{ *wrong }

func (f finder) FindEvent(ctx context.Context, calendar cal.RemoteCalendarID, key cal.Key) (cal.Event, error) {
	return f.finds(ctx, calendar, key)
}

type renewer struct{ *wrong }

func (r renewer) RenewChannel(ctx context.Context, ch cal.Channel, until time.Time) (cal.Channel, error) {
	return r.renews(ctx, ch, until)
}

type both struct {
	finder
	renews renewer
}

func (b both) RenewChannel(ctx context.Context, ch cal.Channel, until time.Time) (cal.Channel, error) {
	return b.renews.RenewChannel(ctx, ch, until)
}

// decoder is a driver that claims to decode pushes, and to know which rules map, and nothing else.
type decoder struct {
	provider.Driver
	wrong *wrong
}

func (d decoder) MapRecurrence(c cal.Content) error {
	return d.Driver.(provider.RecurrenceMapper).MapRecurrence(c) //nolint:forcetypeassert // one of ours
}

func (decoder) MakesConferences() {}

func (d decoder) DecodeNotification(req provider.Push) (provider.Notification, error) {
	return d.wrong.decode(req)
}

type quietDecoder struct{ decoder }

func (quietDecoder) QuietWrites() {}

type conditionalDecoder struct{ decoder }

func (conditionalDecoder) ConditionalWrites() {}

type fullDecoder struct{ quietDecoder }

func (fullDecoder) ConditionalWrites() {}

// install puts the wrong client and driver into the account.
func (w *wrong) install(a *providertest.Account) {
	switch {
	case w.finds != nil && w.renews != nil:
		a.Client = both{finder{w}, renewer{w}}
	case w.finds != nil:
		a.Client = finder{w}
	case w.renews != nil:
		a.Client = renewer{w}
	default:
		a.Client = w
	}
	d := decoder{a.Driver, w}
	switch {
	case w.quiet && w.conditional:
		a.Driver = fullDecoder{quietDecoder{d}}
	case w.quiet:
		a.Driver = quietDecoder{d}
	case w.conditional:
		a.Driver = conditionalDecoder{d}
	default:
		a.Driver = d
	}
}

// subject makes accounts whose driver is the mutant.
func (m mutant) subject(t providertest.T) *providertest.Account {
	on := onGoogle()
	if m.on != nil {
		on = m.on()
	}
	on.Wrap = m.wrap
	a := on.Account(t)
	inner := a.Client.(full) //nolint:forcetypeassert // one of ours
	w := &wrong{
		full: inner, account: a, calendars: inner.Calendars, list: inner.ListEvents, read: inner.ReadEvent, create: inner.CreateEvent,
		update: inner.UpdateEvent, remove: inner.DeleteEvent, open: inner.OpenChannel, shut: inner.CloseChannel,
		occurrence: inner.ReadOccurrence, exceptions: inner.ListExceptions,
		decode: a.Driver.(provider.NotificationDecoder).DecodeNotification, //nolint:forcetypeassert // one of ours
		quiet:  provider.CanBeQuiet.Claims(a.Driver, inner), conditional: provider.CanCondition.Claims(a.Driver, inner),
	}
	if f, ok := a.Client.(provider.EventFinder); ok {
		w.finds = f.FindEvent
	}
	if r, ok := a.Client.(provider.ChannelRenewer); ok {
		w.renews = r.RenewChannel
	}
	if m.harm != nil {
		m.harm(w)
	}
	w.install(a)
	return a
}

func TestMutants(t *testing.T) {
	t.Parallel()
	if testkit.UnderRace {
		t.Skip("mutants run in the pass without the race detector")
	}
	all := mutants()
	if len(all) < leastMutants {
		t.Errorf("%d mutants are fewer than %d", len(all), leastMutants)
	}
	for _, m := range all {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(providertest.Cases(), func(c providertest.Case) bool { return c.Name == m.by })
			if i < 0 {
				t.Fatalf("there is no case %q", m.by)
			}
			m.dies(t, providertest.Cases()[i])
		})
	}
}

// dies wants the case to notice.
func (m mutant) dies(t *testing.T, by providertest.Case) {
	t.Helper()
	failures, skipped := providertest.Record(t.Context(), func(r providertest.T) { by.Try(r, m.subject) })
	if len(failures) == 0 || skipped != "" {
		t.Errorf("it survived %q: %s", by.Name, skipped)
	}
	t.Logf("%.300q", failures)
}

// The wrapping alone makes no driver wrong.
func TestNoMutant(t *testing.T) {
	t.Parallel()
	for _, on := range []func() drivertest.Provider{onGoogle, onMicrosoft} {
		t.Run(string(on().Name), func(t *testing.T) {
			t.Parallel()
			providertest.Test(t, mutant{on: on, wrap: func(next http.RoundTripper) http.RoundTripper { return next }}.subject)
		})
	}
}

func mutants() []mutant {
	return slices.Concat(listingMutants(), seriesMutants(), recurMutants(), writeMutants(), guestMutants(), conferenceMutants(), timeMutants(), channelMutants(), claimMutants(), callMutants(), wireMutants())
}
