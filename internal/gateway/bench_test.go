package gateway

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
)

const (
	tenant     cal.TenantID     = "ten_1"
	connection cal.ConnectionID = "con_1"
	canary                      = "hunter2"
)

var began = time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)

// bench is a gateway whose surroundings are in memory. It keeps the connection, its token and what was recorded about it.
type bench struct {
	connection record.Connection
	readErr    error
	penalties  []time.Time
	parked     []time.Time // of the application
	storeErr   error
	tokens     []string // the one in use is the last
	tokenErr   error
	refused    []int64
	refuseErr  error
	// written is what ended the context of a write before it was made.
	written error
	client  provider.Client
	openErr error
	// given are the access tokens that HTTP clients were made for.
	given []string
	http  *http.Client
	calls []string
	clock *clock.Manual
}

func newBench() *bench {
	b := &bench{
		connection: record.Connection{ID: connection, Provider: cal.Google, State: cal.ConnectionActive}, tokens: []string{"access-1"},
		http: &http.Client{}, clock: clock.NewManual(began),
	}
	b.client = &able{bare: bare{bench: b}}
	return b
}

func (b *bench) gateway() *Gateway {
	return &Gateway{
		Drivers: map[cal.Provider]provider.Driver{cal.Google: conditional{driver{bench: b, name: cal.Google}}, cal.Microsoft: driver{bench: b, name: cal.Microsoft}},
		Store:   b, Tokens: b, Clock: b.clock,
		HTTP: func(_ cal.Provider, access string) *http.Client {
			b.given = append(b.given, access)
			return b.http
		},
	}
}

// open opens the client of the connection, and fails the test when that fails.
func (b *bench) open(t *testing.T) *Client {
	t.Helper()
	c, err := b.gateway().Open(t.Context(), tenant, connection)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ours(t cal.TenantID, id cal.ConnectionID) error {
	if t != tenant || id != connection {
		return record.ErrNotFound
	}
	return nil
}

func (b *bench) Connection(ctx context.Context, t cal.TenantID, id cal.ConnectionID) (record.Connection, error) {
	return b.connection, errors.Join(ctx.Err(), ours(t, id), b.readErr)
}

func (b *bench) Penalise(ctx context.Context, t cal.TenantID, id cal.ConnectionID, until time.Time) error {
	if err := errors.Join(b.bounded(ctx), ours(t, id), b.storeErr); err != nil {
		return err
	}
	b.penalties = append(b.penalties, until)
	b.connection.Penalty = until
	return nil
}

func (b *bench) PenaliseApplication(ctx context.Context, t cal.TenantID, app cal.AppID, until time.Time) error {
	if err := errors.Join(b.bounded(ctx), ours(t, connection), b.storeErr); err != nil {
		return err
	}
	if app != b.connection.AppID {
		return record.ErrNotFound
	}
	b.parked = append(b.parked, until)
	return nil
}

func (b *bench) Token(ctx context.Context, t cal.TenantID, c record.Connection) (string, int64, error) {
	if err := errors.Join(ctx.Err(), ours(t, c.ID)); err != nil {
		return "", 0, err
	}
	return b.tokens[len(b.tokens)-1], int64(len(b.tokens)), b.tokenErr
}

func (b *bench) Refused(ctx context.Context, t cal.TenantID, id cal.ConnectionID, version int64) error {
	if err := errors.Join(b.bounded(ctx), ours(t, id)); err != nil {
		return err
	}
	b.refused = append(b.refused, version)
	return b.refuseErr
}

// bounded notes whether a write could be made, and fails if nothing bounds it.
func (b *bench) bounded(ctx context.Context) error {
	b.written = ctx.Err()
	if _, ok := ctx.Deadline(); !ok {
		b.written = errors.New("nothing bounds the write")
	}
	return b.written
}

// driver opens whatever client the bench holds. It is quiet about nothing and conditional about nothing.
type driver struct {
	bench *bench
	name  cal.Provider
}

func (d driver) Name() cal.Provider                               { return d.name }
func (d driver) OAuth() provider.OAuth                            { return provider.OAuth{} }
func (d driver) TokenFault(int, http.Header, []byte) *fault.Error { return nil }
func (d driver) Open(c *http.Client) (provider.Client, error) {
	if c != d.bench.http {
		return nil, errors.New("not the client that was made for it")
	}
	return d.bench.client, d.bench.openErr
}

// conditional is a driver that can do all that drivers can.
type conditional struct{ driver }

func (conditional) QuietWrites()       {}
func (conditional) ConditionalWrites() {}

// quiet is a driver that can be told to mail nobody, and checks no ETag.
type quiet struct{ driver }

func (quiet) QuietWrites() {}

// bare is a client that can do the least.
type bare struct {
	bench *bench
	// answer is what every call ends with.
	answer func(ctx context.Context) error
}

func (c *bare) call(ctx context.Context, name string) error {
	c.bench.calls = append(c.bench.calls, name)
	if c.answer == nil {
		return ctx.Err()
	}
	return c.answer(ctx)
}

func (c *bare) Calendars(ctx context.Context) ([]cal.Calendar, error) {
	return []cal.Calendar{{Name: "Work"}}, c.call(ctx, "Calendars")
}

func (c *bare) ReadEvent(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
	return cal.Event{ID: ref.ID}, c.call(ctx, "ReadEvent")
}

func (c *bare) CreateEvent(ctx context.Context, _ provider.CreateEvent) (provider.Created, error) {
	return provider.Created{Adopted: true}, c.call(ctx, "CreateEvent")
}

func (c *bare) UpdateEvent(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
	return cal.Event{ID: req.Ref.ID}, c.call(ctx, "UpdateEvent")
}

func (c *bare) DeleteEvent(ctx context.Context, _ provider.DeleteEvent) error {
	return c.call(ctx, "DeleteEvent")
}

// able is a client that can do all that clients can.
type able struct{ bare }

func (c *able) FindEvent(ctx context.Context, _ cal.RemoteCalendarID, _ cal.Key) (cal.Event, error) {
	return cal.Event{ID: "found"}, c.call(ctx, "FindEvent")
}

func (c *able) ListEvents(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
	return cal.Page{Next: req.Page}, c.call(ctx, "ListEvents")
}

func (c *able) OpenChannel(ctx context.Context, req provider.OpenChannel) (cal.Channel, error) {
	return cal.Channel{ID: req.ID}, c.call(ctx, "OpenChannel")
}

func (c *able) CloseChannel(ctx context.Context, _ cal.Channel) error {
	return c.call(ctx, "CloseChannel")
}

func (c *able) RenewChannel(ctx context.Context, ch cal.Channel, until time.Time) (cal.Channel, error) {
	ch.Expires = until
	return ch, c.call(ctx, "RenewChannel")
}

// replacing is a client whose channels are replaced before they end.
type replacing struct{ bare }

func (c *replacing) OpenChannel(ctx context.Context, req provider.OpenChannel) (cal.Channel, error) {
	return cal.Channel{ID: req.ID}, c.call(ctx, "OpenChannel")
}

func (c *replacing) CloseChannel(ctx context.Context, _ cal.Channel) error {
	return c.call(ctx, "CloseChannel")
}

// answering makes the bench's client end every call with an error.
func (b *bench) answering(answer func(ctx context.Context) error) *bench {
	b.client = &able{bare: bare{bench: b, answer: answer}}
	return b
}

func (b *bench) failing(err error) *bench {
	return b.answering(func(context.Context) error { return err })
}
