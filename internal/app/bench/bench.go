package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/calweave/calweave/internal/clock"
)

// Options say what is measured, and how much of it.
type Options struct {
	// Postgres is the URL of a superuser of a PostgreSQL server, on which databases and logins are made and dropped again.
	Postgres string
	// Redis is the URL of a Redis server whose databases from 1 on are used.
	Redis string
	// Parts are the parts to run, in the order of Parts; empty for all.
	Parts []string
	Scale Scale
	// JSON prints one JSON object at the end and nothing else.
	JSON bool
	Out  io.Writer
	// Log is calweave's own.
	Log *slog.Logger
}

// Scale says how much is measured.
type Scale struct {
	// Rounds is how often a figure and its floor take turns.
	Rounds int
	// Load is how long one round of a closed loop lasts, Clients how many requests it has under way.
	Load    time.Duration
	Clients int
	// Calendars is how many calendars the notifications are spread over.
	Calendars int
	// Pushes is how many bookings one round writes into calendars.
	Pushes int
	// Samples is how many latencies are taken, one after the other.
	Samples int
	// Outage is how many bookings are made while a provider is away, for each way of being so.
	Outage int
	// Poison is for how long the neighbours of each kind of poison are measured.
	Poison time.Duration
	// Booked is how many bookings are counted through their lives, Storm how many pushes come at once, Listed how many events a first sync reads.
	Booked, Storm, Listed int
	// Checks is how many calls one round makes under the budget.
	Checks int
	// Calm and Busy are how long the API is loaded with CalmRate and then BusyRate requests in a second; the latter counts.
	Calm, Busy         time.Duration
	CalmRate, BusyRate int
}

// FullScale is what the aims are set for. It takes some four minutes.
func FullScale() Scale {
	return Scale{
		Rounds: 5, Load: 2 * time.Second, Clients: 64, Calendars: 1000, Pushes: 300, Samples: 200, Outage: 100,
		Checks: 1000, Poison: 10 * time.Second, Booked: 100, Storm: 1000, Listed: 10_000,
		Calm: 5 * time.Second, CalmRate: 20, Busy: 30 * time.Second, BusyRate: 200,
	}
}

// TinyScale shows that everything works, and measures nothing worth knowing.
func TinyScale() Scale {
	return Scale{
		Rounds: 1, Load: 50 * time.Millisecond, Clients: 4, Calendars: 8, Pushes: 6, Samples: 4, Outage: 4,
		Checks: 20, Poison: 3 * time.Second, Booked: 3, Storm: 50, Listed: 600,
		Calm: 100 * time.Millisecond, CalmRate: 20, Busy: 200 * time.Millisecond, BusyRate: 50,
	}
}

// part is one thing to measure.
type part struct {
	name string
	run  func(*bench, context.Context) error
}

func parts() []part {
	return []part{
		{"intake", (*bench).intake},
		{"push", (*bench).push},
		{"latency", (*bench).latency},
		{"accept", (*bench).accept},
		{"degrade", (*bench).degrade},
		{"poison", (*bench).poison},
		{"check", (*bench).check},
		{"economy", (*bench).economy},
		{"first", (*bench).firstSync},
	}
}

// Parts are the names of all parts.
func Parts() []string {
	var out []string
	for _, p := range parts() {
		out = append(out, p.name)
	}
	return out
}

// ErrUnknownPart means that there is no part of that name.
var ErrUnknownPart = errors.New("no such part")

// bench is one run.
type bench struct {
	Options
	clock  clock.Clock
	report *Report
	// stacks counts those that were started, each of which has a Redis database of its own.
	stacks int
}

// Run measures and prints.
func Run(ctx context.Context, o Options) error {
	for _, name := range o.Parts {
		if !slices.Contains(Parts(), name) {
			return fmt.Errorf("%w: %q; there are %v", ErrUnknownPart, name, Parts())
		}
	}
	b := &bench{Options: o, clock: clock.System{}, report: &Report{}}
	server, err := describe(ctx, o.Postgres)
	if err != nil {
		return fmt.Errorf("PostgreSQL: %w", err)
	}
	b.report.head(server)
	if !o.JSON {
		b.report.printHead(o.Out)
	}
	for _, p := range parts() {
		if len(o.Parts) > 0 && !slices.Contains(o.Parts, p.name) {
			continue
		}
		before := len(b.report.Figures)
		if err := p.run(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if !o.JSON {
			b.report.print(o.Out, b.report.Figures[before:])
		}
	}
	if o.JSON {
		return b.report.encode(o.Out)
	}
	return nil
}

// since is how long ago a moment was.
func (b *bench) since(t time.Time) time.Duration { return b.clock.Now().Sub(t) }
