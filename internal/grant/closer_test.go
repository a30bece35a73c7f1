package grant

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

// ending is one connection that is being disconnected, in memory: its rows, its provider, and what was done, in order.
type ending struct {
	// registry knows tenants' applications.
	registry *Registry

	clock    *clock.Manual
	of       record.Connection
	channels []record.Channel
	others   bool
	done     []string
	ended    *record.Disconnection
	outcomes []record.Outcome
	// fail is what a step comes to, by its name or by the channel that it is about.
	fail map[string]error
	// before runs ahead of each step.
	before func(step string)
}

// closeable is an active Google connection that was deleted just now, with two open channels.
func closeable() *ending {
	c := connectionOf(cal.Google)
	c.State, c.Account, c.ClosedAt = cal.ConnectionDisconnecting, "ada@example.com", began
	e := &ending{clock: clock.NewManual(began), of: c, fail: map[string]error{}}
	for _, id := range []cal.ChannelID{"chn_1", "chn_2"} {
		e.channels = append(e.channels, record.Channel{
			CalendarID: "cal_1", State: record.ChannelOpen, Channel: cal.Channel{ID: id, Remote: "remote of " + string(id), Expires: began.Add(72 * time.Hour)},
		})
	}
	return e
}

func (e *ending) step(name string) error {
	e.done = append(e.done, name)
	if e.before != nil {
		e.before(name)
	}
	return e.fail[name]
}

func (e *ending) Closing(context.Context, record.Lease) (record.Closing, error) {
	open := slices.DeleteFunc(slices.Clone(e.channels), func(c record.Channel) bool { return c.State == record.ChannelClosed })
	return record.Closing{Connection: e.of, Channels: open}, e.fail["closing"]
}

func (e *ending) SaveChannels(_ context.Context, l record.Lease, d time.Duration, channels ...record.Channel) (record.Lease, error) {
	for _, c := range channels {
		if err := e.step("save " + string(c.State)); err != nil {
			return l, err
		}
		e.channels[slices.IndexFunc(e.channels, func(one record.Channel) bool { return one.ID == c.ID })].State = c.State
	}
	return e.prolonged(l, d)
}

func (e *ending) prolonged(l record.Lease, d time.Duration) (record.Lease, error) {
	l.Until = e.clock.Now().Add(d)
	return l, nil
}

func (e *ending) LeaveAccount(_ context.Context, l record.Lease, d time.Duration) (record.Lease, error) {
	if err := e.step("leave"); err != nil {
		return l, err
	}
	return e.prolonged(l, d)
}

func (e *ending) SharesAccount(_ context.Context, l record.Lease, d time.Duration) (record.Lease, bool, error) {
	if err := e.step("shares"); err != nil {
		return l, false, err
	}
	l, err := e.prolonged(l, d)
	return l, e.others, err
}

func (e *ending) Disconnected(_ context.Context, _ record.Lease, d record.Disconnection) error {
	if err := e.step("disconnected"); err != nil {
		return err
	}
	e.ended = &d
	return nil
}

func (e *ending) Finish(_ context.Context, _ record.Lease, o record.Outcome, _ ...record.Mark) error {
	e.outcomes = append(e.outcomes, o)
	return e.step("finish")
}

func (e *ending) CloseChannel(ctx context.Context, ch cal.Channel) error {
	if _, limited := ctx.Deadline(); !limited {
		return errors.New("a call without an end")
	}
	return e.step("end " + string(ch.ID))
}

// work lets a closer end the connection, whose authorization server is at.
func (e *ending) work(t *testing.T, at *endpoint) error {
	t.Helper()
	v := newVault(e.clock, oldGrant())
	v.before = func(_ context.Context, call string) error { return e.fail["vault "+call] }
	if e.of.ID != "con_1" {
		v.grants = nil
	}
	inner := at.answer
	at.answer = func(n int, r *http.Request) (answer, error) {
		e.done = append(e.done, "revoke")
		return inner(n, r)
	}
	k := &Closer{
		Store: e, Grants: v, Exchange: exchange(at, e.clock), Clock: e.clock, Lease: leaseTime,
		Open: func(_ context.Context, of cal.TenantID, id cal.ConnectionID) (Channels, error) {
			if of != tenant || id != e.of.ID {
				t.Errorf("opened %s of %s", id, of)
			}
			return e, e.step("open")
		},
	}
	k.Exchange.Registry = e.registry
	return k.Work(t.Context(), record.Lease{
		Ref: task.Ref{Tenant: tenant, Kind: task.ConnectionClose, Subject: string(e.of.ID)}, Token: 1, Until: e.clock.Now().Add(leaseTime),
	})
}

func TestConnectionIsEnded(t *testing.T) {
	t.Parallel()
	e, at := closeable(), answering(says(http.StatusOK, "{}"))
	if err := e.work(t, at); err != nil {
		t.Fatal(err)
	}
	want := []string{"open", "end chn_1", "save closed", "end chn_2", "save closed", "leave", "shares", "revoke", "disconnected"}
	if !slices.Equal(e.done, want) {
		t.Errorf("%v, want %v", e.done, want)
	}
	if *e.ended != (record.Disconnection{Revocation: message.Revoked}) {
		t.Errorf("%+v", e.ended)
	}
	wantForm(t, at, map[string]string{"token": oldRefresh})
}

// What becomes of a grant that cannot be revoked, or need not be.
func TestRevocations(t *testing.T) {
	t.Parallel()
	revoked := says(http.StatusOK, "")
	for name, c := range map[string]struct {
		change func(*ending)
		answer answer
		want   record.Disconnection
		calls  int
	}{
		"nothing is left of it at the provider": {nil, says(400, `{"error":"invalid_token"}`), record.Disconnection{Revocation: message.Revoked}, 1},
		"it was dead before":                    {func(e *ending) { e.of.Reason = "ended" }, revoked, record.Disconnection{Revocation: message.RevocationNeedless, ChannelsLeft: 2}, 0},
		"it turns out to be dead": {
			func(e *ending) { e.fail["open"] = fault.New(fault.NeedsReauth, "open", nil) }, revoked,
			record.Disconnection{Revocation: message.RevocationNeedless, ChannelsLeft: 2},
			0,
		},
		"there never was one": {func(e *ending) { e.of.ID, e.channels = "con_2", nil }, revoked, record.Disconnection{Revocation: message.RevocationNeedless}, 0},
		"no endpoint":         {func(e *ending) { e.of.AppID = "microsoft" }, revoked, record.Disconnection{Revocation: message.RevocationUnsupported}, 0},
		"no application":      {func(e *ending) { e.of.AppID = "gone" }, revoked, record.Disconnection{Revocation: message.RevocationFailed}, 0},
		"somebody else's too": {func(e *ending) { e.others = true }, revoked, record.Disconnection{Revocation: message.RevocationShared}, 0},
		"perhaps":             {func(e *ending) { e.of.Account = "" }, revoked, record.Disconnection{Revocation: message.RevocationShared}, 0},
	} {
		e, at := closeable(), answering(c.answer)
		if c.change != nil {
			c.change(e)
		}
		if err := e.work(t, at); err != nil || e.ended == nil || *e.ended != c.want || at.count() != c.calls {
			t.Errorf("%s: %+v after %d calls, %v, want %+v", name, e.ended, at.count(), err, c.want)
		}
	}
}

// What may pass is tried again for a day, and what is not left of the connection then is left as it is.
func TestFailuresOfTheProviderDelayTheEndForADay(t *testing.T) {
	t.Parallel()
	down := fault.New(fault.Transient, "x", nil)
	for name, c := range map[string]struct {
		fail   map[string]error
		answer answer
		want   record.Disconnection
	}{
		"no client": {map[string]error{"open": down}, says(200, ""), record.Disconnection{Revocation: message.Revoked, ChannelsLeft: 2}},
		"a channel": {map[string]error{"end chn_1": down}, says(200, ""), record.Disconnection{Revocation: message.Revoked, ChannelsLeft: 1}},
		"the grant": {nil, says(503, ""), record.Disconnection{Revocation: message.RevocationFailed}},
		"limits":    {nil, says(429, ""), record.Disconnection{Revocation: message.RevocationFailed}},
	} {
		e := closeable()
		e.fail = c.fail
		for _, wait := range []time.Duration{0, time.Hour, patience - time.Hour - time.Nanosecond} {
			e.clock.Advance(wait)
			if err := e.work(t, answering(c.answer)); err == nil || e.ended != nil || fault.KindOf(err) == fault.Fenced {
				t.Fatalf("%s: ended %+v at %s, %v", name, e.ended, e.clock.Now().Sub(began), err)
			}
		}
		e.clock.Advance(time.Nanosecond)
		if err := e.work(t, answering(c.answer)); err != nil || e.ended == nil || *e.ended != c.want {
			t.Errorf("%s: %+v, %v, want %+v", name, e.ended, err, c.want)
		}
	}
}

func TestChannelsThatCannotBeEnded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*ending)
		want   []record.ChannelState
		done   []string
		left   int
	}{
		"it is gone": {
			func(e *ending) {
				e.fail["end chn_1"] = fault.New(fault.NotFound, "x", nil)
				e.fail["end chn_2"] = fault.New(fault.Gone, "x", nil)
			},
			[]record.ChannelState{record.ChannelClosed, record.ChannelClosed},
			[]string{"open", "end chn_1", "save closed", "end chn_2", "save closed"},
			0,
		},
		"its time is over": {
			func(e *ending) { e.channels[0].Expires = began },
			[]record.ChannelState{record.ChannelClosed, record.ChannelClosed},
			[]string{"open", "save closed", "end chn_2", "save closed"},
			0,
		},
		"it is refused": {
			func(e *ending) { e.fail["end chn_1"] = fault.New(fault.Forbidden, "x", nil) },
			[]record.ChannelState{record.ChannelClosing, record.ChannelClosed},
			[]string{"open", "end chn_1", "save closing", "end chn_2", "save closed"},
			1,
		},
		"it has no name": {
			func(e *ending) {
				e.channels[0].Channel = cal.Channel{ID: "chn_1"}
				e.channels[0].State = record.ChannelOpening
			},
			[]record.ChannelState{record.ChannelClosing, record.ChannelClosed},
			[]string{"open", "save closing", "end chn_2", "save closed"},
			1,
		},
		"there is none": {func(e *ending) { e.channels = nil }, nil, nil, 0},
	} {
		e := closeable()
		c.change(e)
		if err := e.work(t, answering(says(200, ""))); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var states []record.ChannelState
		for _, ch := range e.channels {
			states = append(states, ch.State)
		}
		done := e.done[:max(0, slices.Index(e.done, "leave"))]
		if !slices.Equal(states, c.want) || !slices.Equal(done, c.done) || e.ended.ChannelsLeft != c.left {
			t.Errorf("%s: %v after %v, %d left", name, states, done, e.ended.ChannelsLeft)
		}
	}
}

// A provider that wants to be left alone is asked for nothing more.
func TestEndWaitsAsTold(t *testing.T) {
	t.Parallel()
	e := closeable()
	limited := fault.New(fault.RateLimited, "x", nil)
	limited.RetryAfter = time.Minute
	e.fail["end chn_1"] = limited
	err := e.work(t, answering(says(200, "")))
	if fault.RetryAfter(err) != time.Minute || slices.Contains(e.done, "end chn_2") || slices.Contains(e.done, "revoke") {
		t.Errorf("%v after %v", err, e.done)
	}
}

func TestConnectionThatIsNotBeingClosedIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, state := range []cal.ConnectionState{cal.ConnectionActive, cal.ConnectionNeedsReauth, cal.ConnectionPending, cal.ConnectionDisconnected} {
		e := closeable()
		e.of.State = state
		if err := e.work(t, answering(says(200, ""))); err != nil || !slices.Equal(e.done, []string{"finish"}) || !e.outcomes[0].Served || !e.outcomes[0].Forget {
			t.Errorf("%s: %v after %v", state, err, e.done)
		}
	}
}

// Whatever the store refuses ends the run, and the lease's end does, whenever the connection was closed.
func TestStoreEndsTheRun(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"closing", "save closed", "vault grant", "leave", "shares", "disconnected"} {
		e := closeable()
		e.clock.Advance(2 * patience)
		e.of.ClosedAt, e.channels[0].Expires, e.channels[1].Expires = began, began.Add(3*patience), began.Add(3*patience)
		e.fail[step] = errDown
		if err := e.work(t, answering(says(200, ""))); !errors.Is(err, errDown) || e.ended != nil {
			t.Errorf("%s: %v, ended %+v", step, err, e.ended)
		}
	}
	stop := fault.New(fault.Canceled, "x", nil)
	for _, step := range []string{"open", "end chn_1"} {
		e := closeable()
		e.of.ClosedAt, e.fail[step] = began.Add(-2*patience), stop
		if err := e.work(t, answering(says(200, ""))); !fault.Is(err, fault.Canceled) || e.ended != nil {
			t.Errorf("%s: %v, ended %+v: a process that stops decides nothing", step, err, e.ended)
		}
	}
	e, at := closeable(), answering(says(200, ""))
	e.of.ClosedAt = began.Add(-2 * patience)
	e.before = func(now string) {
		if now == "open" {
			e.clock.Advance(leaseTime)
		}
		if now == "save closing" {
			e.fail[now] = fault.New(fault.Fenced, "store", nil)
		}
	}
	if err := e.work(t, at); !fault.Is(err, fault.Fenced) || slices.Contains(e.done, "end chn_1") || at.count() != 0 || e.ended != nil {
		t.Errorf("%v after %v", err, e.done)
	}
}
