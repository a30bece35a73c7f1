package budget

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/testkit"
)

// tally is a meter that keeps what it hears.
type tally struct{ calls, refusals []string }

func (t *tally) Called(p cal.Provider, f *fault.Error, took time.Duration) {
	what := "ok"
	if f != nil {
		what = string(f.Kind)
	}
	t.calls = append(t.calls, string(p)+" "+what+" "+took.String())
}

func (t *tally) Refused(p cal.Provider, reason string) {
	t.refusals = append(t.refusals, string(p)+" "+reason)
}

// A call is counted once, however many requests it has, from its first request on; a refusal once, by its reason, and never
// as a call, even of one that is half made.
func TestCallsAreCountedOnce(t *testing.T) {
	t.Parallel()
	engines(t, func(b *bench) {
		t := b.t
		heard := &tally{}
		b.Meter = heard
		ctx, end := b.Begin(t.Context(), ask())
		b.clock.Advance(time.Minute)
		for range 3 {
			if err := send(ctx, t, http.MethodGet); err != nil {
				t.Fatal(err)
			}
			b.clock.Advance(time.Second)
		}
		end(ctx, nil)
		b.begin(b.Limiter, ask(), http.MethodGet).end(&fault.Error{Kind: fault.NotFound})
		_, end = b.Begin(t.Context(), ask())
		end(t.Context(), &fault.Error{Kind: fault.Transient}) // it failed before it sent anything
		b.clock.Advance(time.Minute)
		b.limits = Limits{Mailbox: Rate{Units: 2, Span: time.Minute}} // one at once
		half, end := b.Begin(t.Context(), ask())
		_ = send(half, t, http.MethodGet)
		f, _ := fault.As(send(half, t, http.MethodGet))
		if f == nil || !end(half, f) {
			t.Fatal("the second request was not refused")
		}
		if want := []string{"google ok 3s", "google not_found 0s"}; !slices.Equal(heard.calls, want) {
			t.Errorf("calls %q, want %q", heard.calls, want)
		}
		if want := []string{"google mailbox-rate"}; !slices.Equal(heard.refusals, want) {
			t.Errorf("refusals %q, want %q", heard.refusals, want)
		}
	})
}

// What the process refuses by itself has reasons of its own; a caller that has gone was not refused.
func TestRefusalsOfTheProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		heard := &tally{}
		b := newBench(t, nil)
		b.Places, b.Meter, b.breakers = 1, heard, newBreakers()
		if n, of := b.UnderWay(cal.Google); n != 0 || of != 1 {
			t.Errorf("%d of %d", n, of)
		}
		end := b.hang(cal.Google)
		if n, of := b.UnderWay(cal.Google); n != 1 || of != 1 {
			t.Errorf("%d of %d", n, of)
		}
		_ = b.try(cal.Google)
		ctx, cancel := context.WithTimeout(t.Context(), sharePatience/2)
		defer cancel()
		call, ended := b.Begin(ctx, ask())
		req, _ := http.NewRequestWithContext(call, http.MethodGet, "http://provider.test/", http.NoBody)
		_, err := Transport(http.DefaultTransport).RoundTrip(req) //nolint:bodyclose // there is no answer
		f, _ := fault.As(err)
		ended(call, f)
		end()
		for range tripMailbox {
			b.begin(b.Limiter, ask(), http.MethodGet).end(&fault.Error{Kind: fault.Transient})
		}
		_ = b.try(cal.Google)
		if want := []string{"google process-places", "google process-breaker"}; !slices.Equal(heard.refusals, want) {
			t.Errorf("refusals %q, want %q", heard.refusals, want)
		}
	})
}

// The list of reasons is that of the script: what it refuses for, and its buckets' names.
func TestReasonsAreThoseOfTheScript(t *testing.T) {
	t.Parallel()
	var said []string
	for _, found := range regexp.MustCompile(`'([a-z]+-[a-z]+|unanswered)'`).FindAllStringSubmatch(takeSource, -1) {
		if !slices.Contains(said, found[1]) {
			said = append(said, found[1])
		}
	}
	own := slices.DeleteFunc(Reasons(), func(r string) bool { return strings.HasPrefix(r, "process-") })
	slices.Sort(said)
	slices.Sort(own)
	if !slices.Equal(said, own) {
		t.Errorf("the script says %q, the list has %q", said, own)
	}
}

// Reports that find no room are counted.
func TestLostReportsAreCounted(t *testing.T) {
	t.Parallel()
	b := newBench(t, dial(t, testkit.Redis(t)))
	b.reports.queue = make(chan report, 2)
	for lost := range int64(3) {
		ctx, end := b.Begin(t.Context(), ask())
		if err := send(ctx, t, http.MethodGet); err != nil {
			t.Fatal(err)
		}
		end(ctx, nil)
		if n, want := b.Dropped(), max(0, lost-1); n != want {
			t.Errorf("%d lost, want %d", n, want)
		}
	}
}
