package work

import (
	"context"
	"log/slog"
	"sync"

	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
)

// Pool runs work in this process, a bounded number of rows at a time. Lanes take turns by their weights. What does not fit is left to the next
// sweep.
type Pool struct {
	engine *Engine
	wg     sync.WaitGroup
	// ready has a token for each row that waits.
	ready chan struct{}
	// low has one once no more than alarm rows wait, after which alarm is below zero.
	low     chan struct{}
	alarm   int
	workers int

	mu    sync.Mutex
	lanes map[task.Lane]*lane
	held  map[task.Ref]*holding
	waits int
}

// lane is what waits in a lane, and what its turns are worth.
type lane struct {
	rows   []*holding
	credit int
}

// holding is a row that waits for a worker or is in hand.
type holding struct {
	task.Ref
	lane *lane
	// inHand says that a worker has it, again that it was offered since.
	inHand, again bool
}

// poolBacklog is how many rows of a lane may wait for a free worker, for each worker.
const poolBacklog = 16

// NewPool makes a pool of n workers. Run starts them.
func NewPool(e *Engine, n int) *Pool {
	p := &Pool{
		engine: e, workers: n, ready: make(chan struct{}, n*poolBacklog*len(task.Lanes())), low: make(chan struct{}, 1),
		alarm: -1, lanes: map[task.Lane]*lane{}, held: map[task.Ref]*holding{},
	}
	for _, l := range task.Lanes() {
		p.lanes[l] = &lane{}
	}
	return p
}

// Run works until ctx ends, and returns once every row in hand has its outcome.
func (p *Pool) Run(ctx context.Context) {
	for range p.workers {
		p.wg.Go(func() { p.serve(ctx) })
	}
	p.wg.Wait()
}

func (p *Pool) serve(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.ready:
			if ctx.Err() != nil {
				return // both were there to take
			}
			h := p.next()
			if _, err := p.engine.Work(ctx, h.Ref); err != nil && ctx.Err() == nil {
				p.engine.Log.ErrorContext(ctx, "work could not be claimed or settled", slog.String("tenant", string(h.Tenant)),
					slog.String("work", h.String()), slog.String("error", err.Error()))
			}
			p.end(h)
		}
	}
}

// next takes the row that has waited longest in the lane whose turn it is (smooth weighted round robin). Somebody has taken a token for it.
func (p *Pool) next() *holding {
	p.mu.Lock()
	defer p.mu.Unlock()
	var turn *lane
	all := 0
	for _, name := range task.Lanes() {
		if l := p.lanes[name]; len(l.rows) > 0 {
			weight := record.LaneWeight(name)
			l.credit += weight
			all += weight
			if turn == nil || l.credit > turn.credit {
				turn = l
			}
		}
	}
	turn.credit -= all
	h := turn.rows[0]
	h.inHand = true
	if turn.rows = turn.rows[1:]; len(turn.rows) == 0 {
		turn.rows, turn.credit = nil, 0
	}
	p.waits--
	p.ring()
	return h
}

// alarmBelow lets low have a token once half of the rows that wait now are taken, or fewer wait than there are workers.
func (p *Pool) alarmBelow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alarm = max(p.waits/2, min(p.waits, p.workers)-1)
	p.ring()
}

// ring raises the alarm if it is time. mu is held.
func (p *Pool) ring() {
	if p.waits > p.alarm {
		return
	}
	p.alarm = -1
	select {
	case p.low <- struct{}{}:
	default:
	}
}

// Offer hands a row over if there is room for it. One that waits already waits once; one that is in hand waits again once it has ended. It never
// blocks.
func (p *Pool) Offer(hint task.Hint) (taken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h := p.held[hint.Ref]; h != nil {
		h.again = h.inHand
		return false
	}
	l := p.lanes[hint.Lane]
	if l == nil {
		l = p.lanes[task.Background] // of a newer build
	}
	return p.queue(&holding{Ref: hint.Ref, lane: l})
}

// queue lets a row wait if its lane has room. mu is held.
func (p *Pool) queue(h *holding) bool {
	if len(h.lane.rows) >= p.workers*poolBacklog {
		delete(p.held, h.Ref)
		return false
	}
	h.inHand, h.again = false, false
	h.lane.rows = append(h.lane.rows, h)
	p.held[h.Ref] = h
	p.waits++
	p.ready <- struct{}{} // has room for all lanes
	return true
}

// end says that a worker is done with a row.
func (p *Pool) end(h *holding) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h.again {
		p.queue(h)
		return
	}
	delete(p.held, h.Ref)
}

// waiting is how many rows wait for a worker.
func (p *Pool) waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waits
}
