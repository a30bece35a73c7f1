package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// maxQueue is how many pushes of one channel wait at most, and how many a push fault holds; further ones are dropped.
	maxQueue = 1000
	// maxAttempts is how often a push is tried. Google does not say how often it tries; Microsoft tries for four hours.
	maxAttempts = 12
	// maxPushWait is the longest wait between two attempts.
	maxPushWait = time.Minute
)

var errClosed = errors.New("the simulator is closed")

// Pusher sends what the providers push. Pushes of one channel go out one after the other; channels do not wait for each other.
type Pusher struct {
	world  *World
	client *http.Client
	// wire is the transport of the Pusher's own, nil if another's carries the pushes.
	wire    *http.Transport
	backoff time.Duration
	ctx     context.Context //nolint:containedctx // the pusher's own life, which close ends
	cancel  context.CancelFunc
	workers sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	pending int
	ring    ring[PushRecord]
	queues  map[string][]job
	faults  []*armedPush
}

// job is a push on its way.
type job struct {
	Push

	n uint64
	// tried is closed when the first attempt is over or will never be.
	tried chan struct{}
}

func newPusher(w *World, o Options) *Pusher {
	if o.PushTimeout <= 0 {
		o.PushTimeout = 10 * time.Second
	}
	if o.PushBackoff <= 0 {
		o.PushBackoff = time.Second
	}
	p := &Pusher{world: w, backoff: o.PushBackoff, queues: map[string][]job{}, ring: ring[PushRecord]{size: o.LogSize}}
	if o.Transport == nil {
		p.wire = &http.Transport{MaxIdleConnsPerHost: 8, IdleConnTimeout: 30 * time.Second}
		o.Transport = p.wire
	}
	p.client = &http.Client{
		Transport: o.Transport, Timeout: o.PushTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	p.ctx, p.cancel = context.WithCancel(context.Background()) //nolint:forbidigo // pushes outlive the request that causes them; close ends them
	return p
}

// Send queues a push. The channel it returns is closed when the first attempt is over, or at once when there will be none for now.
func (p *Pusher) Send(push Push) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	j := p.record(push)
	a := p.strike(push)
	switch {
	case a == nil:
		p.enqueue(j)
		p.overtaken(push)
	case a.Action == PushDrop:
		p.finish(j, StateDropped)
	case a.Action == PushForge:
		p.enqueue(j)
		p.overtaken(push)
		p.forge(push)
	case a.Action == PushDuplicate:
		p.enqueue(j)
		p.duplicate(j)
		p.overtaken(push)
	default:
		p.keep(a, j)
	}
	p.world.Signal.Raise()
	return j.tried
}

// record keeps a push that is to be sent. p.mu is held.
func (p *Pusher) record(push Push) job {
	p.ring.add(PushRecord{
		N: p.ring.n + 1, At: p.world.Now(), Provider: push.Provider, Account: push.Account, Channel: push.Channel, Kind: push.Kind,
		URL: push.URL, Header: push.Header, Body: string(push.Body), State: StateQueued,
	})
	p.pending++
	return job{Push: push, n: p.ring.n, tried: make(chan struct{})}
}

// duplicate queues the push once more. p.mu is held.
func (p *Pusher) duplicate(j job) {
	record := *p.ring.at(j.n)
	record.N, record.State = p.ring.n+1, StateQueued
	p.ring.add(record)
	p.pending++
	p.enqueue(job{Push: j.Push, n: p.ring.n, tried: make(chan struct{})})
}

// enqueue appends to the channel's queue, and starts its worker when the queue was empty. p.mu is held.
func (p *Pusher) enqueue(j job) {
	key := string(j.Provider) + " " + j.Channel
	queue := p.queues[key]
	if p.closed || len(queue) >= maxQueue {
		p.finish(j, StateDropped)
		return
	}
	p.note(j.n, StateQueued)
	p.queues[key] = append(queue, j)
	if len(queue) == 0 {
		p.workers.Go(func() { p.drain(key) })
	}
}

// drain sends what is queued under key until nothing is left.
func (p *Pusher) drain(key string) {
	for {
		p.mu.Lock()
		queue := p.queues[key]
		if len(queue) == 0 {
			delete(p.queues, key)
			p.mu.Unlock()
			return
		}
		j := queue[0]
		p.mu.Unlock()
		state := p.deliver(j)
		p.mu.Lock()
		p.queues[key] = p.queues[key][1:]
		p.finish(j, state)
		p.mu.Unlock()
	}
}

// deliver tries until the provider is content, gives up, or the pusher is closed.
func (p *Pusher) deliver(j job) PushState {
	wait := p.backoff
	for range maxAttempts {
		status := p.attempt(j)
		switch {
		case p.ctx.Err() != nil:
			return StateDropped
		case j.Judge(status) == PushDelivered:
			return StateDelivered
		case j.Judge(status) == PushGivenUp:
			return StateGivenUp
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-p.ctx.Done():
			timer.Stop()
			return StateDropped
		}
		wait = min(2*wait, maxPushWait)
	}
	return StateGivenUp
}

// attempt sends the push once and returns the answer's status, 0 for none.
func (p *Pusher) attempt(j job) int {
	begun := p.world.Now()
	answer, _ := p.Post(p.ctx, j.URL, j.Header, j.Body) // no answer has the status 0, whatever the reason
	if j.Took != nil {
		j.Took(p.world.Now().Sub(begun))
	}
	status := answer.Status
	p.mu.Lock()
	if r := p.ring.at(j.n); r != nil {
		r.Statuses = append(r.Statuses, status)
	}
	markTried(j)
	p.mu.Unlock()
	p.world.Signal.Raise()
	return status
}

// Answer is what a receiver answers. Body is at most its first 64 KiB.
type Answer struct {
	Status      int
	ContentType string
	Body        string
}

// Post sends one request past all queues and without a second attempt, such as a handshake. It ends with ctx and with the World.
func (p *Pusher) Post(ctx context.Context, url string, header http.Header, body []byte) (Answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.ctx, func() { cancel(errClosed) })() //nolint:contextcheck // the pusher's own life
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("push: %w", err)
	}
	req.Header = header.Clone()
	resp, err := p.client.Do(req)
	if err != nil {
		return Answer{}, fmt.Errorf("push: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return Answer{}, fmt.Errorf("push: reading the answer: %w", err)
	}
	return Answer{Status: resp.StatusCode, ContentType: resp.Header.Get("Content-Type"), Body: string(text)}, nil
}

// note sets a record's state. p.mu is held.
func (p *Pusher) note(n uint64, state PushState) {
	if r := p.ring.at(n); r != nil {
		r.State = state
	}
}

// finish ends a push. p.mu is held.
func (p *Pusher) finish(j job, state PushState) {
	p.note(j.n, state)
	p.pending--
	markTried(j)
	p.world.Signal.Raise()
}

func markTried(j job) {
	select {
	case <-j.tried:
	default:
		close(j.tried)
	}
}

// After returns the pushes that are numbered higher than n, oldest first.
func (p *Pusher) After(n uint64) []PushRecord {
	p.mu.Lock()
	defer p.mu.Unlock()
	records := p.ring.after(n)
	for i := range records {
		records[i].Statuses = append([]int(nil), records[i].Statuses...)
	}
	return records
}

// Pending is how many pushes are queued, being sent or held.
func (p *Pusher) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pending
}

// close stops sending and returns when nothing runs any more.
func (p *Pusher) close() {
	p.mu.Lock()
	p.closed = true
	p.dropHeld()
	p.mu.Unlock()
	p.cancel()
	p.workers.Wait()
	if p.wire != nil {
		p.wire.CloseIdleConnections()
	}
}
