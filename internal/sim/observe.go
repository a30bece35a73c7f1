package sim

import (
	"context"

	"github.com/calweave/calweave/internal/sim/stage"
)

// What acting as a person can fail with.
var (
	ErrUnknownPerson   = stage.ErrUnknownPerson
	ErrUnknownCalendar = stage.ErrUnknownCalendar
	ErrUnknownEvent    = stage.ErrUnknownEvent
	ErrUnknownChannel  = stage.ErrUnknownChannel
	ErrInvalid         = stage.ErrInvalid
)

// Requests are those that the simulators finished, numbered higher than after, oldest first; at most Config.LogSize of them are kept.
func (s *Sim) Requests(after uint64) []Request { return s.world.Requests.After(after) }

// Mails are those that the providers would have sent, numbered higher than after, oldest first.
func (s *Sim) Mails(after uint64) []Mail { return s.world.Mails.After(after) }

// Pushes are those that the simulators sent or will send, numbered higher than after, oldest first.
func (s *Sim) Pushes(after uint64) []Push { return s.world.Pusher.After(after) }

// PushesPending is how many pushes are queued, on their way or held.
func (s *Sim) PushesPending() int { return s.world.Pusher.Pending() }

// Wait returns when cond holds, which is evaluated now and after every change of the simulators' state, logs among it; or with an error once
// ctx ends. cond may call any method of Sim.
func (s *Sim) Wait(ctx context.Context, cond func() bool) error {
	return s.world.Signal.Wait(ctx, cond)
}
