package bench

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/calweave/calweave/contracts/cal"
)

// pushSecret is what each push has to carry.
const pushSecret = "bench-secret"

// intake measures how many notifications are taken in, over one calendar and over many. The process is a receiver, as a large installation has them:
// the listings that the notifications ask for are somebody else's.
func (b *bench) intake(ctx context.Context) (err error) {
	s, err := b.start(ctx, plan{roles: "api,receiver", calendars: b.Scale.Calendars})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop(ctx)) }()
	f, err := s.newFloor(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.pool.Close()) }()
	if err := s.openChannels(ctx, f); err != nil {
		return err
	}
	in := &intakeRun{stack: s, floor: f}
	for _, calendars := range []int{1, b.Scale.Calendars} {
		if err := in.measure(ctx, calendars); err != nil {
			return err
		}
	}
	return in.check(ctx)
}

// openChannels gives each calendar a channel that is open, as the keeper would have with a call for each.
func (s *stack) openChannels(ctx context.Context, f *floor) error {
	sum := sha256.Sum256([]byte(pushSecret))
	for i, c := range s.calendars {
		id := sha256.Sum256([]byte(channelID(i)))
		_, err := f.pool.ExecContext(ctx, `INSERT INTO channels
			(tenant_id, channel_id, calendar_id, state, secret_hash, remote, resource, opened_at, expires_at, pushed_at, pushes, created_at, updated_at)
			VALUES ($1, $2, $3, 'open', $4, $2, $2, 1, $5, 0, 0, 1, 1)`,
			string(s.tenant), string(channelID(i)), string(c.ID), hex.EncodeToString(sum[:]), s.bench.clock.Now().AddDate(0, 0, 1).UnixMicro())
		if err == nil {
			_, err = f.pool.ExecContext(ctx, `INSERT INTO directory (kind, hash, tenant_id, subject) VALUES ('channel', $1, $2, $3)`,
				hex.EncodeToString(id[:]), string(s.tenant), string(channelID(i)))
		}
		if err != nil {
			return err
		}
	}
	return s.db.analyze(ctx)
}

func channelID(i int) cal.ChannelID { return cal.ChannelID(fmt.Sprintf("chn_bench_%d", i)) }

// intakeRun counts what was answered 2xx.
type intakeRun struct {
	stack       *stack
	floor       *floor
	acks, bared atomic.Int64
}

func (in *intakeRun) measure(ctx context.Context, calendars int) error {
	b := in.stack.bench
	var values, floors []float64
	var sql int64
	var taken int
	for range b.Scale.Rounds {
		floor, err := b.closedLoop(ctx, b.Scale.Clients, b.Scale.Load, in.push(in.floor.url, calendars, &in.bared))
		if err != nil {
			return err
		}
		before := in.acks.Load()
		in.stack.sql.taken()
		value, err := b.closedLoop(ctx, b.Scale.Clients, b.Scale.Load, in.push(in.stack.url, calendars, &in.acks))
		if err != nil {
			return err
		}
		sql, taken = sql+in.stack.sql.taken(), taken+int(in.acks.Load()-before)
		values, floors = append(values, value), append(floors, floor)
	}
	const aim = 1.0
	b.report.addRate(fmt.Sprintf("notifications over %d calendars", calendars), values, floors, aim,
		fmt.Sprintf("%d clients, %d rounds of %s", b.Scale.Clients, b.Scale.Rounds, b.Scale.Load))
	b.report.addExchanges("database exchanges for each of them", sql, taken, 1)
	return nil
}

// push sends a notification as Google does.
func (in *intakeRun) push(base string, calendars int, acks *atomic.Int64) func(context.Context, int) error {
	return func(ctx context.Context, n int) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/hooks/google", http.NoBody)
		if err != nil {
			return err
		}
		h := req.Header
		h["X-Goog-Channel-Id"], h["X-Goog-Channel-Token"] = []string{string(channelID(n % calendars))}, []string{pushSecret}
		h["X-Goog-Resource-State"], h["X-Goog-Resource-Id"], h["X-Goog-Message-Number"] = []string{"exists"}, []string{"resource"}, []string{"7"}
		if err := in.stack.do(req); err != nil {
			return err
		}
		acks.Add(1)
		return nil
	}
}

// check wants a row for everything that was answered 2xx.
func (in *intakeRun) check(ctx context.Context) error {
	var kept int64
	if err := in.floor.pool.QueryRowContext(ctx, `SELECT COUNT(*) FROM notifications`).Scan(&kept); err != nil {
		return err
	}
	bare, err := in.floor.count(ctx)
	if err == nil && (kept != in.acks.Load() || int64(bare) != in.bared.Load()) {
		err = fmt.Errorf("%d notifications were answered 2xx and %d are kept; at the floor %d and %d", in.acks.Load(), kept, in.bared.Load(), bare)
	}
	return err
}
