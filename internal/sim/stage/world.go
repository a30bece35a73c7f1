package stage

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/calweave/calweave/internal/clock"
)

// Provider names one of the simulated providers.
type Provider string

// The simulated providers.
const (
	Google    Provider = "google"
	Microsoft Provider = "microsoft"
)

// Options are what a World is made from. The zero value is usable.
type Options struct {
	// Clock is the simulators' time; nil is the machine's.
	Clock clock.Clock
	// Seed makes identifiers repeatable.
	Seed uint64
	// Transport carries pushes; nil is a transport of the World's own.
	Transport http.RoundTripper
	// PushTimeout bounds one attempt to push; 0 is 10 s, what Microsoft waits for a handshake and for a retried notification
	// (https://learn.microsoft.com/graph/change-notifications-delivery-webhooks).
	PushTimeout time.Duration
	// PushBackoff is the wait before the second attempt, which doubles up to a minute; 0 is one second.
	PushBackoff time.Duration
	// LogSize bounds the logs of requests, mails and pushes, each; 0 is 10,000.
	LogSize int
	// Switches are in force from the start; nil is DefaultSwitches.
	Switches *Switches
}

// World is shared by the simulators of one Sim. All of it is safe for concurrent use.
type World struct {
	Clock    *Clock
	IDs      *IDs
	Signal   *Signal
	Zones    *Zones
	Requests *RequestLog
	Mails    *Mails
	Faults   *Faults
	Pusher   *Pusher

	switches atomic.Pointer[Switches]

	mu sync.Mutex
	// due are called when the clock may have moved. None is ever removed.
	due []func()
}

// New returns a World. Close ends its pusher.
func New(o Options) (*World, error) {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.LogSize <= 0 {
		o.LogSize = 10_000
	}
	w := &World{IDs: NewIDs(o.Seed), Signal: &Signal{}, Zones: &Zones{}}
	w.Clock = newClock(o.Clock, w.Signal)
	w.Requests = newRequestLog(o.LogSize, w.Signal)
	w.Mails = newMails(o.LogSize, w.Signal, w.Requests)
	w.Faults = newFaults(w)
	w.Pusher = newPusher(w, o)
	s := DefaultSwitches()
	if o.Switches != nil {
		s = *o.Switches
	}
	return w, w.SetSwitches(s)
}

// Switches are the ones in force.
func (w *World) Switches() Switches { return *w.switches.Load() }

// SetSwitches puts s in force for every request that begins from now on. It fails on a value that is not one of those documented.
func (w *World) SetSwitches(s Switches) error {
	if err := s.check(); err != nil {
		return err
	}
	w.switches.Store(&s)
	w.Signal.Raise()
	return nil
}

// Now is the simulators' time in UTC.
func (w *World) Now() time.Time { return w.Clock.Now().UTC() }

// Done is closed once the World is being closed.
func (w *World) Done() <-chan struct{} { return w.Pusher.ctx.Done() }

// Close ends the pusher, lets go of every held request, and returns when all of the World's goroutines have ended.
func (w *World) Close() {
	w.Faults.close()
	w.Pusher.close()
}
