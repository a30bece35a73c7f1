package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/intake"
	"github.com/calweave/calweave/internal/store"
	"github.com/calweave/calweave/internal/work"
)

// warmUp is how many bookings are written before it counts.
const warmUp = 100

// pushClients is how much is written side by side.
const pushClients = 8

// push measures how many accepted bookings are written into calendars.
func (b *bench) push(ctx context.Context) (err error) {
	const calendars = 16
	s, err := b.start(ctx, plan{roles: "api", calendars: min(calendars, b.Scale.Calendars)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop(ctx)) }()
	f, err := s.newFloor(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.pool.Close()) }()
	p := &pushRun{stack: s, floor: f}
	if _, err := p.product(ctx, min(warmUp, b.Scale.Pushes)); err != nil { // which shows what call a floor has to repeat
		return err
	}
	if err := s.db.analyze(ctx); err != nil {
		return err
	}
	p.sql, p.submitted, p.n = 0, 0, 0
	var values, floors []float64
	for range b.Scale.Rounds {
		floor, err := p.bare(ctx, b.Scale.Pushes)
		if err != nil {
			return err
		}
		value, err := p.product(ctx, b.Scale.Pushes)
		if err != nil {
			return err
		}
		values, floors = append(values, value), append(floors, floor)
	}
	const aim = 0.5
	b.report.addRate("bookings written by link:push", values, floors, aim,
		fmt.Sprintf("%d at a time, %d rounds of %d", pushClients, b.Scale.Rounds, b.Scale.Pushes))
	b.report.addExchanges("database exchanges for each of them", p.sql, p.n, 1)
	b.report.addExchanges("database exchanges to accept a booking", p.submitted, p.n, 1)
	return nil
}

// pushRun makes bookings with numbers of their own.
type pushRun struct {
	stack *stack
	floor *floor
	next  int
	bared int
	// sql counts exchanges with the database for the pushes, and submitted those for the submissions, of n bookings each.
	sql, submitted int64
	n              int
}

// product submits n bookings and then measures how fast the engine writes them.
func (p *pushRun) product(ctx context.Context, n int) (float64, error) {
	s := p.stack
	s.sql.taken()
	for range n {
		p.next++
		spec := s.booking(p.next)
		_, err := s.app.Intake.Submit(ctx, s.tenant, intake.Submission{
			ID: cal.BookingID(fmt.Sprintf("bkg-%d", p.next)), Booking: &spec, Actor: "bench", Via: "bench",
		})
		if err != nil {
			return 0, err
		}
	}
	p.submitted += s.sql.taken()
	refs, err := s.openLinks(ctx)
	if err != nil {
		return 0, err
	}
	if len(refs) != n {
		return 0, fmt.Errorf("%d links wait for a push, want %d", len(refs), n)
	}
	s.watcher.taken()
	s.sql.taken()
	rate, err := s.bench.batch(ctx, pushClients, n, func(ctx context.Context, i int) error {
		result, err := s.app.Engine.Work(ctx, refs[i])
		if err == nil && result != work.Done {
			err = fmt.Errorf("%s: %s", refs[i], result)
		}
		return err
	})
	p.sql, p.n = p.sql+s.sql.taken(), p.n+n
	if writes := s.watcher.taken()[callWrite]; err == nil && writes != n {
		err = fmt.Errorf("%d bookings led to %d writes", n, writes)
	}
	return rate, err
}

// openLinks lists the links that wait for a push.
func (s *stack) openLinks(ctx context.Context) ([]task.Ref, error) {
	const many = 10_000
	all, err := s.app.Store.ListWork(ctx, s.tenant, store.OpenWork, task.Ref{}, many)
	var refs []task.Ref
	for _, w := range all {
		if w.Kind == task.LinkPush {
			refs = append(refs, w.Ref)
		}
	}
	return refs, err
}

// bare makes the same call to the provider n times, each followed by one update.
func (p *pushRun) bare(ctx context.Context, n int) (float64, error) {
	s := p.stack
	var event map[string]any
	if err := json.Unmarshal(s.watcher.body, &event); err != nil {
		return 0, err
	}
	bodies := make([][]byte, n)
	for i := range bodies {
		p.bared++
		event["id"] = fmt.Sprintf("be%08x", p.bared)
		var err error
		if bodies[i], err = json.Marshal(event); err != nil {
			return 0, err
		}
		_, err = p.floor.pool.ExecContext(ctx, `INSERT INTO floor (id, kind, body, received_at) VALUES ($1, '', '', 0)`, event["id"])
		if err != nil {
			return 0, err
		}
	}
	first := p.bared - n
	return s.bench.batch(ctx, pushClients, n, func(ctx context.Context, i int) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.google+s.watcher.sample.URL.RequestURI(), bytes.NewReader(bodies[i]))
		if err != nil {
			return err
		}
		req.Header = s.watcher.sample.Header.Clone()
		if err := s.do(req); err != nil {
			return err
		}
		_, err = p.floor.pool.ExecContext(ctx, `UPDATE floor SET received_at = $1 WHERE id = $2`, s.bench.clock.Now().UnixMicro(), fmt.Sprintf("be%08x", first+i+1))
		return err
	})
}
