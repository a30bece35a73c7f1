package dev

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/clock"
)

// Options say how the tour is given.
type Options struct {
	// Once ends after the tour; otherwise everything stays up until the context ends.
	Once bool
	// JSON prints one JSON object at the end and nothing else.
	JSON bool
	// Listen is where calweave is served. Empty takes the usual port if it is free, else any port; with Once it takes any port.
	Listen string
	// Env is a file that shells may source to go on: URL, KEY, CALENDAR, CORE, SIM, REDIS, SIGNING_KEY and SIGNING_SECRET. It is there as long as
	// everything stays up; empty writes none.
	Env string
	Out io.Writer
	Log *slog.Logger
}

// Hop is one step of the tour and how long it took.
type Hop struct {
	Name string  `json:"name"`
	MS   float64 `json:"ms"`
	OK   bool    `json:"ok"`
	// Error says why a step failed.
	Error string `json:"error,omitempty"`
}

// Report is what JSON prints.
type Report struct {
	OK   bool  `json:"ok"`
	Hops []Hop `json:"hops"`
}

// ErrTour means that a step of the tour failed; the report says which and why.
var ErrTour = errors.New("the tour failed")

// tourTime bounds the tour: a step that does not come to pass must not hang.
const tourTime = time.Minute

// Run gives the tour.
func Run(ctx context.Context, o Options) (err error) {
	dir, err := os.MkdirTemp("", "calweave-dev-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t := &tour{options: o, clock: clock.System{}}
	t.say("calweave dev: everything in one process. No account, server or network is needed.\n")
	tourCtx, cancel := context.WithTimeout(ctx, tourTime)
	defer cancel()
	s, err := t.start(ctx, dir)
	if err == nil {
		defer func() { err = errors.Join(err, s.stop()) }()
		err = t.walk(tourCtx, s)
	}
	if o.JSON {
		if e := json.NewEncoder(o.Out).Encode(Report{OK: err == nil, Hops: t.hops}); e != nil {
			return e
		}
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTour, err)
	}
	if o.Once {
		return nil
	}
	if o.Env != "" {
		if err := t.export(s); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.Remove(o.Env)) }()
	}
	t.stay(s)
	select {
	case <-ctx.Done():
		t.say("\nStopping.\n")
		return nil
	case err := <-s.failed:
		return err
	}
}

// tour gathers and prints the hops.
type tour struct {
	options Options
	clock   clock.Clock
	hops    []Hop
	// event is what the tour's booking is called in Google's calendar.
	event string
	// calendar is the Google calendar that it stands in.
	calendar cal.CalendarID
}

func (t *tour) say(format string, args ...any) {
	if !t.options.JSON {
		_, _ = fmt.Fprintf(t.options.Out, format, args...) // nobody is left to read it
	}
}

// hop runs one step, times it, and prints what detail says of it.
func (t *tour) hop(name string, step func() (detail string, err error)) error {
	began := t.clock.Now()
	detail, err := step()
	h := Hop{Name: name, MS: float64(t.clock.Now().Sub(began).Microseconds()) / 1000, OK: err == nil}
	mark := "ok"
	if err != nil {
		h.Error, mark, detail = err.Error(), "FAILED", err.Error()
	}
	t.hops = append(t.hops, h)
	t.say("%-6s %8.1f ms  %-38s %s\n", mark, h.MS, name, detail)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
