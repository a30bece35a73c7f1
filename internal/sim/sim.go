package sim

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim/google"
	"github.com/calweave/calweave/internal/sim/microsoft"
	"github.com/calweave/calweave/internal/sim/oauth"
	"github.com/calweave/calweave/internal/sim/stage"
)

// What the simulators are spoken to in. Package stage and package oauth document the members.
type (
	// Provider names one of the simulated providers.
	Provider = stage.Provider
	// Person is an account at one provider.
	Person = stage.Person
	// Calendar is a calendar as one person sees it.
	Calendar = stage.Calendar
	// Role is what a person may do with a calendar.
	Role = stage.Role
	// Event is an event in a calendar, without a provider's words.
	Event = stage.Event
	// Attendee is a guest.
	Attendee = stage.Attendee
	// Draft is an event that a person makes by hand.
	Draft = stage.Draft
	// Edit is what a person changes by hand.
	Edit = stage.Edit
	// Token is a pair of tokens that was issued without anyone at a browser.
	Token = stage.Token
	// Channel is a push channel (Google) or subscription (Microsoft).
	Channel = stage.Channel
	// Switches decide what is unknown about the providers.
	Switches = stage.Switches
	// Alternative is a switch and the values of it that a client has to hold for.
	Alternative = stage.Alternative
	// Fault is a failure on demand.
	Fault = stage.Fault
	// Action is what a fault does to a request.
	Action = stage.Action
	// FaultState is a fault and what became of it.
	FaultState = stage.FaultState
	// PushFault is a failure of pushing on demand.
	PushFault = stage.PushFault
	// PushFaultState is a push fault and what became of it.
	PushFaultState = stage.PushFaultState
	// FieldError is a value that is not possible, and the field that holds it.
	FieldError = stage.FieldError
	// Schedule says which of what a fault matches it strikes.
	Schedule = stage.Schedule
	// Forged is a push that no provider meant.
	Forged = stage.Forged
	// ClockState is where the simulators' clock stands.
	ClockState = stage.ClockState
	// ClockChange is what to do with the clock.
	ClockChange = stage.ClockChange
	// Request is a request that a simulator received.
	Request = stage.Request
	// Mail is a mail that the provider would have sent.
	Mail = stage.Mail
	// Push is a push and what became of it.
	Push = stage.PushRecord
	// OAuthClient is an application that is registered with a provider.
	OAuthClient = oauth.Client
)

// The simulated providers.
const (
	Google    = stage.Google
	Microsoft = stage.Microsoft
)

// When a Google channel's first message goes out, and what Microsoft does with a header or a wish: values of switches.
const (
	SyncEither = stage.SyncEither
	SyncBefore = stage.SyncBefore
	SyncAfter  = stage.SyncAfter

	Honoured = stage.Honoured
	Ignored  = stage.Ignored
	Served   = stage.Served
	Refused  = stage.Refused
	Cut      = stage.Cut

	GuestsKept = stage.GuestsKept
	GuestsLost = stage.GuestsLost

	ConferenceLater   = stage.ConferenceLater
	ConferenceAtOnce  = stage.ConferenceAtOnce
	ConferenceFails   = stage.ConferenceFails
	ConferenceRefused = stage.ConferenceRefused

	ScopeMailbox  = stage.ScopeMailbox
	ScopeCalendar = stage.ScopeCalendar
)

// What a fault does: see package stage.
const (
	ActStatus     = stage.ActStatus
	ActHTML       = stage.ActHTML
	ActClosed     = stage.ActClosed
	ActLostAnswer = stage.ActLostAnswer
	ActCursorLost = stage.ActCursorLost
	ActReset      = stage.ActReset
	ActResetAfter = stage.ActResetAfter
	ActTruncated  = stage.ActTruncated
	ActSlow       = stage.ActSlow
	ActHold       = stage.ActHold
	ActHoldAnswer = stage.ActHoldAnswer
	ActEarly      = stage.ActEarly
	ActRevoke     = stage.ActRevoke

	PushDrop      = stage.PushDrop
	PushDuplicate = stage.PushDuplicate
	PushHold      = stage.PushHold
	PushReorder   = stage.PushReorder
	PushDelay     = stage.PushDelay
	PushForge     = stage.PushForge
)

// What a person may do with a calendar.
const (
	RoleOwner          = stage.RoleOwner
	RoleWriter         = stage.RoleWriter
	RoleReader         = stage.RoleReader
	RoleFreeBusyReader = stage.RoleFreeBusyReader
)

// Config is what a Sim is made from. The zero value is usable: the machine's clock, everything allowed that is not documented as forbidden.
type Config struct {
	// Clock is the simulators' time until SetClock departs from it; nil is the machine's. Waits between two attempts to push are real time in any case.
	Clock clock.Clock
	// Seed makes identifiers repeatable.
	Seed uint64
	// GoogleClients and MicrosoftClients are the OAuth clients that are registered; without any, every client is known.
	GoogleClients    []OAuthClient
	MicrosoftClients []OAuthClient
	// Switches decide what is unknown about the providers; nil is DefaultSwitches.
	Switches *Switches
	// PushTransport carries pushes and handshakes; nil is a transport of the simulators' own.
	PushTransport http.RoundTripper
	// PushTimeout bounds one attempt to push; 0 is 10 s.
	PushTimeout time.Duration
	// PushBackoff is the wait before a push is tried again, which doubles each time up to a minute; 0 is one second.
	PushBackoff time.Duration
	// LogSize bounds the logs of requests, mails and pushes, each; 0 is 10,000.
	LogSize int
}

// DefaultSwitches are the switches that are in force without a word: what is documented or, failing that, what is reported most.
func DefaultSwitches() Switches { return stage.DefaultSwitches() }

// Sim is a pair of simulated providers that share time, faults and logs. It is safe for concurrent use.
type Sim struct {
	world     *stage.World
	google    *google.Server
	microsoft *microsoft.Server
	admin     http.Handler
	// switching is held while the switches are changed.
	switching sync.Mutex
}

// New returns a Sim without anyone in it. It fails on switches with undocumented values.
func New(cfg Config) (*Sim, error) {
	w, err := stage.New(stage.Options{
		Clock: cfg.Clock, Seed: cfg.Seed, Switches: cfg.Switches, LogSize: cfg.LogSize,
		Transport: cfg.PushTransport, PushTimeout: cfg.PushTimeout, PushBackoff: cfg.PushBackoff,
	})
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	s := &Sim{world: w, google: google.New(w, cfg.GoogleClients), microsoft: microsoft.New(w, cfg.MicrosoftClients)}
	s.admin = s.adminRoutes()
	return s, nil
}

// Google serves accounts.google.com, oauth2.googleapis.com and www.googleapis.com, mounted at the root of a listener.
func (s *Sim) Google() http.Handler { return s.google.Handler() }

// Microsoft serves login.microsoftonline.com and graph.microsoft.com, mounted at the root of a listener.
func (s *Sim) Microsoft() http.Handler { return s.microsoft.Handler() }

// Admin serves the admin API under /sim/v1, mounted at the root of a listener. It asks for no credential: never let strangers reach it.
func (s *Sim) Admin() http.Handler { return s.admin }

// Close lets go of held requests, drops the pushes that are under way, and returns when no goroutine of the simulators is left. Close it before
// the servers that it is mounted on, which wait for held requests.
func (s *Sim) Close() { s.world.Close() }

// Switches are those in force.
func (s *Sim) Switches() Switches { return s.world.Switches() }

// Alternatives are all switches with their values.
func Alternatives() []Alternative { return stage.Alternatives() }

// SetSwitches changes the switches by set, for requests that begin from now on. It fails on undocumented values, and then changes nothing.
func (s *Sim) SetSwitches(set func(*Switches)) error {
	s.switching.Lock()
	defer s.switching.Unlock()
	now := s.world.Switches()
	set(&now)
	return s.world.SetSwitches(now)
}

// AddFault arms a fault and returns its id.
func (s *Sim) AddFault(f Fault) (string, error) { return s.world.Faults.Add(f) }

// Fault returns a fault as it stands.
func (s *Sim) Fault(id string) (FaultState, bool) { return s.world.Faults.State(id) }

// Faults are all faults that were not removed, in the order in which they were added.
func (s *Sim) Faults() []FaultState { return s.world.Faults.All() }

// ReleaseFault lets go of the requests that a fault holds and ends the fault. It reports whether the fault exists.
func (s *Sim) ReleaseFault(id string) bool { return s.world.Faults.Release(id) }

// RemoveFault releases a fault and forgets it. It reports whether the fault exists.
func (s *Sim) RemoveFault(id string) bool { return s.world.Faults.Remove(id) }

// AddPushFault arms a fault of pushing and returns its id.
func (s *Sim) AddPushFault(f PushFault) (string, error) { return s.world.Pusher.Arm(f) }

// ReleasePushFault ends a push fault and sends what it held, in order. It reports whether the fault exists.
func (s *Sim) ReleasePushFault(id string) bool { return s.world.Pusher.Release(id) }

// PushFaults are the push faults that were not released, in the order in which they were added.
func (s *Sim) PushFaults() []PushFaultState { return s.world.Pusher.PushFaults() }

// ForgePush sends a push that no provider meant, and returns its number.
func (s *Sim) ForgePush(f Forged) (uint64, error) { return s.world.Pusher.Forge(f) }

// Clock is where the simulators' clock stands.
func (s *Sim) Clock() ClockState { return s.world.Clock.State() }

// SetClock moves, freezes or releases the clock of both simulators. What has come due by then is done when it returns, or on its way.
func (s *Sim) SetClock(c ClockChange) (ClockState, error) {
	state, err := s.world.Clock.Change(c)
	if err == nil {
		s.world.CatchUp()
	}
	return state, err
}

// CatchUp does what has come due by a clock that was moved from outside, as SetClock does by itself. Without it, that takes a moment.
func (s *Sim) CatchUp() { s.world.CatchUp() }
