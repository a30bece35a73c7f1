package watch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// Store is what the keeper needs of the store. Each method that writes prolongs the lease by d, and fails once it is lost.
type Store interface {
	Watch(ctx context.Context, l record.Lease) (record.Watch, error)
	AddChannel(ctx context.Context, l record.Lease, id cal.ChannelID, secretHash string, poll time.Time, d time.Duration) (record.Lease, error)
	SaveChannels(ctx context.Context, l record.Lease, d time.Duration, channels ...record.Channel) (record.Lease, error)
	Finish(ctx context.Context, l record.Lease, o record.Outcome, marks ...record.Mark) error
}

// Client opens and ends channels of one connection.
type Client interface {
	provider.ChannelKeeper
	provider.ChannelRenewer
}

// Abilities are what the keeper needs to know about a provider.
type Abilities struct{ Pushes, Renews bool }

// Open opens the client of a connection and says what its provider can do.
type Open func(ctx context.Context, tenant cal.TenantID, id cal.ConnectionID) (Client, Abilities, error)

// Secrets makes random secrets and identifiers.
type Secrets interface {
	Secret() string
	ID(prefix string) string
}

// Keeper keeps channels.
type Keeper struct {
	Store   Store
	Open    Open
	Secrets Secrets
	Clock   clock.Clock
	// Address is where a provider's pushes arrive.
	Address func(cal.Provider) string
	// Enabled says whether pushes are wanted at all; without them calendars are polled.
	Enabled bool
	// Lease is how long a lease is prolonged by before each call.
	Lease time.Duration
	// Poll is how soon a calendar without a channel is polled at the latest.
	Poll time.Duration
	// Jitter returns a random duration below its argument. It spreads the renewals of channels that were opened together.
	Jitter func(time.Duration) time.Duration
	// Kept hears of what became of channels: one of Verdicts; nil for nobody.
	Kept func(p cal.Provider, verdict string)
}

// What becomes of a channel.
const (
	VerdictOpened   = "opened"
	VerdictRenewed  = "renewed"
	VerdictReplaced = "replaced"
	VerdictStray    = "stray_ended"
	// VerdictFailed could be neither opened nor renewed.
	VerdictFailed = "failed"
)

// Verdicts are what Kept hears.
func Verdicts() []string {
	return []string{VerdictOpened, VerdictRenewed, VerdictReplaced, VerdictStray, VerdictFailed}
}

const (
	// wish is how long a channel is asked for; the provider may grant less. Microsoft documents 10,080 minutes in one place and 4,230 in
	// another, and refuses what is too long (https://learn.microsoft.com/graph/api/resources/subscription): this is below both. It is also
	// how long a channel may live whose opening was never answered.
	wish = 70 * time.Hour
	// soonest keeps a provider that grants next to nothing from being asked all the time.
	soonest = time.Minute
	// spread is the part of a channel's life over which renewals are spread: they come between three eighths and half of it.
	spread = 8
	// leftover is when a channel that could not be ended is tried again.
	leftover = time.Hour
)

// HashSecret is what is kept of a channel's secret.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// run is one calendar's turn.
type run struct {
	*Keeper
	lease  record.Lease
	w      record.Watch
	client Client
	can    Abilities
	// opened says that pushes of a new channel have just begun: what changed before that is found by a listing.
	opened bool
	// left says that a channel whose name is known could not be ended.
	left bool
}

// Work leaves the lease's calendar with one open channel, if it is to have one, and with none otherwise.
func (k *Keeper) Work(ctx context.Context, l record.Lease) error {
	w, err := k.Store.Watch(ctx, l)
	if err != nil {
		return err
	}
	wanted := k.Enabled && w.Connection.Follows(w.Calendar)
	if !wanted && len(w.Channels) == 0 {
		return k.Store.Finish(ctx, l, record.Served())
	}
	client, can, err := k.Open(ctx, l.Tenant, w.Connection.ID)
	if err != nil {
		return err
	}
	if !can.Pushes {
		return k.Store.Finish(ctx, l, record.Served())
	}
	r := &run{Keeper: k, lease: l, w: w, client: client, can: can}
	if !wanted {
		if err := r.tidy(ctx, record.Channel{}); err != nil {
			return err
		}
		return k.Store.Finish(ctx, r.lease, record.Served())
	}
	current, err := r.keep(ctx)
	if err != nil {
		r.tell(VerdictFailed)
		return err
	}
	if err := r.tidy(ctx, current); err != nil {
		return err
	}
	return r.finish(ctx, current)
}

// keep returns the channel that serves the calendar from now on.
func (r *run) keep(ctx context.Context) (record.Channel, error) {
	now := r.Clock.Now()
	current, ok := r.current(now)
	switch {
	case !ok:
		return r.open(ctx, now.Add(r.Poll), VerdictOpened)
	case current.State == record.ChannelOpen && now.Before(half(current).Add(-life(current)/spread)):
		return current, nil
	case r.can.Renews:
		return r.renew(ctx, current)
	default:
		return r.open(ctx, time.Time{}, VerdictReplaced)
	}
}

// current is the newest channel that still delivers.
func (r *run) current(now time.Time) (record.Channel, bool) {
	for _, c := range slices.Backward(r.w.Channels) {
		if (c.State == record.ChannelOpen || c.State == record.ChannelExpiring) && c.Expires.After(now) {
			return c, true
		}
	}
	return record.Channel{}, false
}

// life is how long a channel was granted for.
func life(c record.Channel) time.Duration { return c.Expires.Sub(c.OpenedAt) }

// half is when half of a channel's life is over.
func half(c record.Channel) time.Time { return c.OpenedAt.Add(life(c) / 2) }

func (r *run) tell(verdict string) {
	if r.Kept != nil {
		r.Kept(r.w.Calendar.Provider, verdict)
	}
}

// open opens a channel. Where there is none yet, the calendar is polled by a time at the latest.
func (r *run) open(ctx context.Context, poll time.Time, verdict string) (record.Channel, error) {
	id, secret := cal.ChannelID(r.Secrets.ID("chn")), r.Secrets.Secret()
	var err error
	if r.lease, err = r.Store.AddChannel(ctx, r.lease, id, HashSecret(secret), poll, r.Lease); err != nil {
		return record.Channel{}, err
	}
	now := r.Clock.Now()
	granted, err := r.ask(ctx, provider.OpenChannel{
		ID: id, Calendar: r.w.Calendar.Remote, Address: r.Address(r.w.Calendar.Provider), Secret: secret, Expires: now.Add(wish),
	})
	if err != nil {
		return record.Channel{}, r.refused(ctx, id, err)
	}
	r.opened = true
	c := record.Channel{Channel: granted, CalendarID: r.w.Calendar.ID, State: record.ChannelOpen, OpenedAt: now, CreatedAt: now}
	r.lease, err = r.Store.SaveChannels(ctx, r.lease, r.Lease, c)
	if err == nil {
		r.tell(verdict)
	}
	return c, err
}

// ask opens a channel. Where the provider allows one only, the one that stands in the way is of an opening whose answer was lost, since every
// channel that is known was looked at before: it is ended, and the new one is asked for once more.
func (r *run) ask(ctx context.Context, req provider.OpenChannel) (granted cal.Channel, err error) {
	open := func(ctx context.Context) error {
		granted, err = r.client.OpenChannel(ctx, req)
		return err
	}
	err = r.call(ctx, open)
	f, _ := fault.As(err)
	if f == nil || f.Kind != fault.Duplicate || f.Existing == "" {
		return granted, err
	}
	err = r.call(ctx, func(ctx context.Context) error { return r.client.CloseChannel(ctx, cal.Channel{Remote: f.Existing}) })
	if err != nil && !fault.Is(err, fault.NotFound) {
		return cal.Channel{}, err
	}
	err = r.call(ctx, open)
	return granted, err
}

// refused closes a channel that the provider certainly has not opened. One whose answer was lost may be open: it stays findable.
func (r *run) refused(ctx context.Context, id cal.ChannelID, cause error) error {
	if kind := fault.KindOf(cause); kind == fault.Transient || kind == fault.Canceled || kind == fault.Fenced {
		return cause
	}
	closed := record.Channel{Channel: cal.Channel{ID: id}, State: record.ChannelClosed}
	var err error
	r.lease, err = r.Store.SaveChannels(ctx, r.lease, r.Lease, closed)
	return errors.Join(cause, err)
}

func (r *run) renew(ctx context.Context, c record.Channel) (record.Channel, error) {
	now := r.Clock.Now()
	var granted cal.Channel
	err := r.call(ctx, func(ctx context.Context) (err error) {
		granted, err = r.client.RenewChannel(ctx, c.Channel, now.Add(wish))
		return err
	})
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		c.State = record.ChannelClosed
		if r.lease, err = r.Store.SaveChannels(ctx, r.lease, r.Lease, c); err != nil {
			return c, err
		}
		r.drop(c.ID)
		return r.open(ctx, now.Add(r.Poll), VerdictOpened)
	}
	if err != nil {
		return c, err
	}
	c.Channel, c.State, c.OpenedAt = granted, record.ChannelOpen, now
	r.lease, err = r.Store.SaveChannels(ctx, r.lease, r.Lease, c)
	if err == nil {
		r.tell(VerdictRenewed)
	}
	return c, err
}

func (r *run) drop(id cal.ChannelID) {
	kept := r.w.Channels[:0]
	for _, c := range r.w.Channels {
		if c.ID != id {
			kept = append(kept, c)
		}
	}
	r.w.Channels = kept
}

// tidy ends every channel but the current one. One that cannot be ended yet is left to a later turn; it never fails the calendar.
func (r *run) tidy(ctx context.Context, current record.Channel) error {
	now := r.Clock.Now()
	for _, c := range r.w.Channels {
		if c.ID == current.ID {
			continue
		}
		before := c.State
		c.State = record.ChannelClosing
		if r.ended(ctx, c, now) {
			c.State = record.ChannelClosed
		} else if named(c) {
			r.left = true
		}
		if before != record.ChannelOpen && c.State == record.ChannelClosed && named(c) {
			r.tell(VerdictStray)
		}
		if c.State == before {
			continue // a push may be telling its name just now
		}
		var err error
		if r.lease, err = r.Store.SaveChannels(ctx, r.lease, r.Lease, c); err != nil {
			return err
		}
	}
	return nil
}

// named reports whether the provider's name for a channel is known, so that it can be ended.
func named(c record.Channel) bool { return c.Remote != "" || c.Resource != "" }

// ended ends a channel if it can be ended, and reports whether it is over.
func (r *run) ended(ctx context.Context, c record.Channel, now time.Time) bool {
	if !c.Expires.IsZero() && !c.Expires.After(now) {
		return true
	}
	if !named(c) {
		return now.After(c.CreatedAt.Add(wish))
	}
	err := r.call(ctx, func(ctx context.Context) error { return r.client.CloseChannel(ctx, c.Channel) })
	return err == nil || fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone)
}

func (r *run) finish(ctx context.Context, current record.Channel) error {
	due := half(current).Add(-r.Jitter(life(current) / spread))
	if again := r.Clock.Now().Add(leftover); r.left && again.Before(due) {
		due = again
	}
	if least := r.Clock.Now().Add(soonest); due.Before(least) {
		due = least
	}
	marks := []record.Mark{{
		Kind: task.CalendarRenew, Subject: r.lease.Subject, Lane: task.Background, ConnectionID: r.w.Connection.ID, NotBefore: due, Reset: true,
	}}
	if r.opened {
		lane := task.Background
		if !r.w.Listed {
			lane = task.Bulk // a first listing is a backfill
		}
		marks = append(marks, record.Mark{
			Kind: task.CalendarSync, Subject: r.lease.Subject, Lane: lane, ConnectionID: r.w.Connection.ID,
		})
	}
	return r.Store.Finish(ctx, r.lease, record.Served(), marks...)
}

// call runs one provider call, which has to end well before the lease does.
func (r *run) call(ctx context.Context, fn func(context.Context) error) error {
	ctx, cancel, err := r.lease.Call(ctx, r.Clock.Now())
	if err != nil {
		return err
	}
	defer cancel()
	return fn(ctx)
}

// Renewer is the schedule's side: it marks the keeper's work when a channel has lived half its life.
type Renewer struct{ Store Store }

// Work marks the lease's calendar.
func (r *Renewer) Work(ctx context.Context, l record.Lease) error {
	return r.Store.Finish(ctx, l, record.Served(), record.Mark{
		Kind: task.CalendarWatch, Subject: l.Subject, Lane: task.Background, ConnectionID: l.ConnectionID,
	})
}
