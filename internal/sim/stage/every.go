package stage

import "time"

// Every calls f again and again, as often as d says in the machine's time, until the World is closed. It is how something happens when the
// simulators' clock, which tells nobody that it was moved, has come so far.
func (w *World) Every(d time.Duration, f func()) {
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
