package stage

import "time"

// Every calls f again and again, as often as d says in the machine's time, until the World is closed. It is how something happens when the
// simulators' clock, which tells nobody that it was moved, has come so far. f may be called by several at once.
func (w *World) Every(d time.Duration, f func()) {
	w.mu.Lock()
	w.due = append(w.due, f)
	w.mu.Unlock()
	p := w.Pusher
	p.workers.Go(func() {
		t := time.NewTicker(d)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				f()
			case <-p.ctx.Done():
				return
			}
		}
	})
}

// CatchUp does at once what the clock has made due.
func (w *World) CatchUp() {
	w.mu.Lock()
	due := w.due
	w.mu.Unlock()
	for _, f := range due {
		f()
	}
}
