package app_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/sim"
)

// titled notes at which moment the event with each title was made at a provider.
type titled struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (b *bubble) watch(p sim.Provider, titles ...string) *titled {
	w := &titled{at: map[string]time.Time{}}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrote = func(at sim.Provider, body string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, t := range titles {
			if at == p && strings.Contains(body, `"`+t+`"`) {
				w.at[t] = time.Now()
			}
		}
	}
	return w
}

// latencies are how long each of some bookings, one every few seconds, took until it was accepted, and until it stood at the provider that is there.
func (b *bubble) latencies(name string, n int, every time.Duration, there cal.Provider) (accepted, written map[time.Duration]int) {
	b.tb.Helper()
	var titles []string
	for i := range n {
		titles = append(titles, fmt.Sprintf("%s %d.", name, i))
	}
	w := b.watch(sim.Provider(there), titles...)
	accepted, written = map[time.Duration]int{}, map[time.Duration]int{}
	var began []time.Time
	for i, title := range titles {
		began = append(began, time.Now())
		accepted[b.put(fmt.Sprintf("%s-%d", name, i), title, cal.Google, cal.Microsoft)]++
		b.pass(every)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, title := range titles {
		at, ok := w.at[title]
		if !ok {
			b.tb.Fatalf("%s is not at %s", title, there)
		}
		written[at.Sub(began[i])]++
	}
	return accepted, written
}

// While one provider is away, in whatever way, bookings are accepted as before, and each reaches the other provider after exactly the time that it takes
// while both are there, from the first call that fails to the last minute of the outage.
func TestOutageOfOneProviderCostsTheOtherNoTime(t *testing.T) {
	t.Parallel()
	for _, away := range []string{googleHost, graphHost} {
		for _, how := range []outage{refusing, silent, failing} {
			t.Run(away+" "+string(how), func(t *testing.T) {
				t.Parallel()
				there := map[string]cal.Provider{googleHost: cal.Microsoft, graphHost: cal.Google}[away]
				inBubble(t, nil, func(b *bubble) {
					const n, every = 100, 3 * time.Second
					accepted, written := b.latencies("both", n, every, there)
					b.leave(away, how)
					during, beside := b.latencies("one", n, every, there)
					if !maps.Equal(accepted, during) {
						b.tb.Errorf("accepted after %v while both are there, after %v while one is", accepted, during)
					}
					if !maps.Equal(written, beside) {
						b.tb.Errorf("written after %v while both are there, after %v while one is", written, beside)
					}
					if longest := slices.Max(slices.Collect(maps.Keys(beside))); longest > 2*callTime {
						b.tb.Errorf("it took up to %s", longest)
					}
				})
			})
		}
	}
}
