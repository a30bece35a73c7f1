package app_test

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/budget"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/testkit"
	"github.com/calweave/calweave/internal/transport"
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
	if testkit.UnderRace {
		t.Skip("minutes of the whole App's virtual time take minutes under the race detector: scripts/test runs it without")
	}
	for _, away := range []string{googleHost, graphHost} {
		for _, how := range []outage{refusing, silent, failing} {
			t.Run(away+" "+string(how), func(t *testing.T) {
				t.Parallel()
				there := map[string]cal.Provider{googleHost: cal.Microsoft, graphHost: cal.Google}[away]
				inBubble(t, nil, func(b *bubble) {
					const n, every = 60, 5 * time.Second
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

// drain is what became of bookings that waited out an outage.
type drain struct {
	bubble *bubble
	db     *sql.DB
	lanes  map[string]task.Lane // by title
	mu     sync.Mutex
	back   time.Time
	served []served
}

// served is a booking that was written, and which more urgent ones were due at that moment.
type served struct {
	after time.Duration
	lane  task.Lane
	ahead map[task.Lane]int
}

// waitOut takes a provider away for ten minutes, in which bookings come in all lanes in turn, and returns once all of them are written.
func (b *bubble) waitOut(away string, how outage, bookings int) *drain {
	b.tb.Helper()
	p := map[string]cal.Provider{googleHost: cal.Google, graphHost: cal.Microsoft}[away]
	db, err := sql.Open("sqlite", "file:"+b.file+"?_pragma=busy_timeout(5000)")
	b.must(err)
	defer db.Close() //nolint:errcheck // it was only read
	d := &drain{bubble: b, db: db, lanes: map[string]task.Lane{}}
	b.mu.Lock()
	b.wrote = d.wrote
	b.mu.Unlock()
	b.leave(away, how)
	const minutes = 10
	began := time.Now()
	for i := range bookings {
		title := fmt.Sprintf("Call %d.", i)
		lane := task.Lanes()[i%len(task.Lanes())]
		d.mu.Lock()
		d.lanes[title] = lane
		d.mu.Unlock()
		id := fmt.Sprintf("call-%d", i)
		b.put(id, title, p)
		_, err := db.ExecContext(b.ctx, `UPDATE work SET lane = ? WHERE subject IN (SELECT link_id FROM links WHERE booking_id = ?)`, lane, id)
		b.must(err)
		b.pass(time.Until(began.Add(time.Duration(i+1) * minutes * time.Minute / time.Duration(bookings))))
	}
	d.back = time.Now()
	b.leave(away, "")
	b.pass(30 * time.Minute)
	return d
}

// wrote notes a booking that was written. It runs in the call that writes it, whose row has a lease.
func (d *drain) wrote(_ sim.Provider, body string) {
	s := served{after: time.Since(d.back), ahead: map[task.Lane]int{}}
	rows, err := d.db.QueryContext(d.bubble.ctx, `SELECT lane, COUNT(*) FROM work WHERE kind = 'link:push' AND state = 'ready' AND wanted > done
		AND not_before <= ?1 AND lease_until <= ?1 GROUP BY lane`, time.Now().UnixMicro())
	if err != nil {
		d.bubble.tb.Error(err)
		return
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var lane task.Lane
		var n int
		if err := rows.Scan(&lane, &n); err != nil {
			d.bubble.tb.Error(err)
		}
		s.ahead[lane] = n
	}
	if rows.Err() != nil {
		d.bubble.tb.Error(rows.Err())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for title, lane := range d.lanes {
		if strings.Contains(body, `"`+title+`"`) {
			s.lane = lane
		}
	}
	d.served = append(d.served, s)
}

// before counts, of what was served before the last one of a more urgent lane, those of a lane, and those that were served while one of the more
// urgent was due.
func (d *drain) before(lane, urgent task.Lane) (early, past int) {
	last := 0
	for i, s := range d.served {
		if s.lane == urgent {
			last = i
		}
	}
	for _, s := range d.served[:last] {
		if s.lane == lane {
			early++
			if s.ahead[urgent] > 0 {
				past++
			}
		}
	}
	return early, past
}

// What waits for a provider that was away for ten minutes is written once it is back: by lanes, as fast as the tightest limit allows, which is that of the
// calendar, and after no longer a wait than for one probe. It logs
// how fast, for make bench.
func TestDrainAfterOutage(t *testing.T) {
	t.Parallel()
	if testkit.UnderRace {
		t.Skip("minutes of the whole App's virtual time take minutes under the race detector: scripts/test runs it without")
	}
	for _, how := range []outage{refusing, silent, failing} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			inBubble(t, nil, func(b *bubble) {
				const bookings, probe = 90, time.Minute
				hanging := time.Duration(0)
				if how == silent { // a probe may be under way when the provider comes back
					hanging = transport.DefaultTimeout
				}
				floor := bookings * time.Minute / time.Duration(budget.Published(cal.Google).Calendar.Units)
				d := b.waitOut(googleHost, how, bookings)
				if len(d.served) != bookings {
					t.Fatalf("%d of %d bookings were written", len(d.served), bookings)
				}
				first, took := d.served[0].after, d.served[bookings-1].after
				if took > probe+hanging+floor*12/10 {
					t.Errorf("all are written after %s, the first of them after %s; the limit would allow %s", took, first, floor)
				}
				urgent := 0 // those whose lane was changed while they waited had been told the time of the first lane
				for _, s := range d.served[:5] {
					if s.lane == task.Interactive {
						urgent++
					}
				}
				if urgent < 3 {
					t.Errorf("of the first 5 that were written %d are of the first lane", urgent)
				}
				each := bookings / len(task.Lanes())
				// The beginning of a lane may meet the end of the one before.
				for _, c := range []struct {
					lane, urgent task.Lane
					most         int
				}{{task.Background, task.Interactive, each / 10}, {task.Bulk, task.Background, each / 10}, {task.Bulk, task.Interactive, each / 10}} {
					if early, past := d.before(c.lane, c.urgent); early > c.most {
						t.Errorf("%d of %d in lane %s were written before the last of lane %s, %d of them while one was due", early, each, c.lane, c.urgent, past)
					}
				}
				t.Logf("drain after 10 min in which it %s: %s, first %s, floor %s, ratio %.2f", how, took, first, floor, float64(took-first)/float64(floor))
			})
		})
	}
}

// The only booking that waits for a provider has tried it many times within ten minutes, and is written with the next probe all the same: how often it
// has failed does not keep it away for longer.
func TestOnlyBookingComesBackWithTheProbe(t *testing.T) {
	t.Parallel()
	for _, how := range []outage{refusing, silent, failing} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			inBubble(t, nil, func(b *bubble) {
				d := b.waitOut(googleHost, how, 1)
				if len(d.served) != 1 {
					t.Fatalf("it was written %d times", len(d.served))
				}
				const probe = time.Minute
				if after := d.served[0].after; after > probe+transport.DefaultTimeout+5*time.Second {
					t.Errorf("it was written %s after the provider was back", after)
				}
			})
		})
	}
}
