package work

import (
	"context"
	"log/slog"
	"sync"

	"github.com/calweave/calweave/contracts/task"
)

// Pool runs work in this process, a bounded number of rows at a time. What does not fit is left to the next sweep.
type Pool struct {
	engine *Engine
	queue  chan task.Ref
	mu     sync.Mutex
	held   map[task.Ref]bool
	wg     sync.WaitGroup
}

// poolBacklog is how many rows may wait for a free worker, for each worker.
const poolBacklog = 16

// NewPool makes a pool of n workers. Run starts them.
func NewPool(e *Engine, n int) *Pool {
	return &Pool{engine: e, queue: make(chan task.Ref, n*poolBacklog), held: map[task.Ref]bool{}}
}

// Run works until ctx ends, and returns once every row in hand has its outcome.
func (p *Pool) Run(ctx context.Context, n int) {
	for range n {
		p.wg.Go(func() { p.serve(ctx) })
	}
	p.wg.Wait()
}

func (p *Pool) serve(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case ref := <-p.queue:
			if ctx.Err() != nil {
				return // both were there to take
			}
			if _, err := p.engine.Work(ctx, ref); err != nil && ctx.Err() == nil {
				p.engine.Log.ErrorContext(ctx, "work could not be claimed or settled", slog.String("tenant", string(ref.Tenant)),
					slog.String("work", ref.String()), slog.String("error", err.Error()))
			}
			p.mu.Lock()
			delete(p.held, ref)
			p.mu.Unlock()
		}
	}
}

// Offer hands a row over if there is room for it and it is not in hand already. It never blocks.
func (p *Pool) Offer(ref task.Ref) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held[ref] {
		return
	}
	select {
	case p.queue <- ref:
		p.held[ref] = true
	default:
	}
}
