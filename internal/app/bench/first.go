package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/work"
)

// asSyncer makes a process of this program list one calendar of another one's stack, once. Its value is tenant/calendar.
const asSyncer = "CALWEAVE_BENCH_SYNCER"

// synced is what a process tells of the listing that it has made. Sizes are in bytes, of the spans of the heap that are in use.
type synced struct {
	Idle, Peak uint64
	Took       time.Duration
}

// firstSync measures what it takes to read a calendar for the first time: in a process of its own, which does nothing else. Each round has a calendar of
// its own. The floor downloads and decodes the same pages.
func (b *bench) firstSync(ctx context.Context) (err error) {
	const most = 3
	rounds := min(most, b.Scale.Rounds)
	s, err := b.start(ctx, plan{roles: "api", calendars: rounds})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop(ctx)) }()
	f := firstRun{stack: s}
	for _, c := range s.calendars {
		if err := f.fill(c); err != nil {
			return err
		}
		if err := f.round(ctx, c); err != nil {
			return err
		}
	}
	f.tell()
	return nil
}

// firstRun is what the rounds have shown. Times are in milliseconds.
type firstRun struct {
	stack           *stack
	values, floors  []float64
	above           []float64
	listings, calls int
	pages           int
}

// fill puts events into a calendar, an hour after the other.
func (f *firstRun) fill(c record.Calendar) error {
	in := sim.In{Provider: sim.Google, Email: host, Calendar: string(c.Remote)}
	const within = 180 * 24
	begin := f.stack.bench.clock.Now().Truncate(time.Hour)
	for i := range f.stack.bench.Scale.Listed {
		at := begin.Add(time.Duration(i%within) * time.Hour)
		_, err := f.stack.sim.CreateEvent(in, sim.Draft{
			Title: fmt.Sprintf("Meeting %d", i), Description: strings.Repeat("What it is about. ", 10), Location: "Room 4", Start: at, End: at.Add(time.Hour),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *firstRun) round(ctx context.Context, c record.Calendar) error {
	s, level := f.stack, cal.SyncFull
	if _, err := s.app.Store.ChooseCalendar(ctx, s.tenant, c.ID, record.CalendarChoice{Sync: &level, Actor: "bench"}); err != nil {
		return err
	}
	s.watcher.taken()
	s.watcher.takeListed()
	did, err := s.syncElsewhere(ctx, c.ID)
	if err != nil {
		return err
	}
	counts := s.watcher.taken()
	f.listings += counts[callListing]
	f.calls += counts[callListing] + counts[callRead] + counts[callWrite] + counts[callOther]
	if err := f.check(ctx, c); err != nil {
		return err
	}
	began := s.bench.clock.Now()
	pages, err := s.download(ctx, s.watcher.takeListed())
	if err != nil {
		return err
	}
	f.floors = append(f.floors, millis(s.bench.since(began)))
	f.pages += pages
	f.values = append(f.values, millis(did.Took))
	f.above = append(f.above, float64(did.Peak-did.Idle)/(1<<20))
	return nil
}

// check wants every event in the mirror.
func (f *firstRun) check(ctx context.Context, c record.Calendar) error {
	const page = 1000
	n, after := 0, cal.EventID("")
	for {
		rows, err := f.stack.app.Store.Events(ctx, f.stack.tenant, c.ID, after, page)
		if err != nil {
			return err
		}
		if n += len(rows); len(rows) < page {
			break
		}
		after = rows[len(rows)-1].EventID
	}
	if n != f.stack.bench.Scale.Listed {
		return fmt.Errorf("the mirror shows %d of %d events", n, f.stack.bench.Scale.Listed)
	}
	return nil
}

func (f *firstRun) tell() {
	b, n, rounds := f.stack.bench, f.stack.bench.Scale.Listed, float64(len(f.values))
	each := func(all int) float64 { return float64(all) / rounds }
	b.addCount(fmt.Sprintf("pages of a first sync of %d events", n), each(f.listings), each(f.pages), each(f.pages), "floor: the same rows in pages of that size")
	b.addCount("all calls of it", each(f.calls), each(f.pages), each(f.pages), "with tokens and channels, if it took any")
	const aim = 64
	above := slices.Max(f.above)
	b.report.add(Figure{
		Name: "its memory above idle", Unit: "MiB", Value: above, Aim: fmt.Sprintf("< %d MiB", aim), Met: above < aim,
		Note: "heap in use, at its highest, in a process of its own",
	})
	ratios := make([]float64, len(f.values))
	for i := range f.values {
		ratios[i] = f.values[i] / f.floors[i]
	}
	b.report.add(Figure{
		Name: "its time", Unit: "ms", Value: middle(f.values), Floor: middle(f.floors), Ratio: middle(ratios),
		Note: fmt.Sprintf("%d rounds; floor: the same pages, downloaded and decoded, and kept nowhere", len(f.values)),
	})
}

// syncElsewhere has a process of its own list a calendar.
func (s *stack) syncElsewhere(ctx context.Context, c cal.CalendarID) (synced, error) {
	cmd := exec.CommandContext(ctx, os.Args[0])                                                   //nolint:gosec // this very program
	cmd.Env = []string{asSyncer + "=" + string(s.tenant) + "/" + string(c), "CALWEAVE_ROLES=api"} // as a worker it would also find the row by itself
	for name, value := range s.settings {
		if name != "CALWEAVE_ROLES" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Stderr = os.Stderr
	raw, err := cmd.Output()
	if err != nil {
		return synced{}, fmt.Errorf("the process that lists: %w", err)
	}
	var did synced
	err = json.Unmarshal(raw, &did)
	if err == nil && (did.Took <= 0 || did.Peak <= did.Idle) {
		err = fmt.Errorf("the process that lists says %s", raw)
	}
	return did, err
}

// syncOnce is the work of that process: it runs, and lists one calendar.
func syncOnce(ctx context.Context, a *app.App, calendar string, out io.Writer) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- a.Run(running, listener) }()
	did, err := measured(ctx, a, calendar)
	stop()
	if err := errors.Join(err, <-ran); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(did)
}

// measured lists a calendar and tells what that took.
func measured(ctx context.Context, a *app.App, calendar string) (synced, error) {
	tenant, id, _ := strings.Cut(calendar, "/")
	runtime.GC()
	did := synced{Idle: heapInUse()}
	watching, stop := context.WithCancel(ctx)
	peak := make(chan uint64, 1)
	go func() { peak <- highest(watching) }()
	now := clock.System{}
	began := now.Now()
	ref := task.Ref{Tenant: cal.TenantID(tenant), Kind: task.CalendarSync, Subject: id}
	result, err := a.Engine.Work(ctx, ref)
	did.Took = now.Now().Sub(began)
	stop()
	did.Peak = <-peak
	if err == nil && result != work.Done {
		row, why := a.Store.Work(ctx, ref)
		err = errors.Join(fmt.Errorf("%s: %s: %s", ref, result, row.LastError), why)
	}
	return did, err
}

// highest looks at the heap again and again until ctx ends.
func highest(ctx context.Context) uint64 {
	const often = time.Millisecond
	tick := time.NewTicker(often)
	defer tick.Stop()
	most := heapInUse()
	for {
		select {
		case <-ctx.Done():
			return max(most, heapInUse())
		case <-tick.C:
			most = max(most, heapInUse())
		}
	}
}

// heapInUse is what the heap takes, garbage that was not collected yet among it.
func heapInUse() uint64 {
	all := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
	metrics.Read(all)
	return all[0].Value.Uint64() + all[1].Value.Uint64()
}

// bareEvent is what a bare program would read of an event.
type bareEvent struct {
	ID, Etag, Status, Summary, Description, Location, ICalUID string
	Start, End                                                struct{ Date, DateTime, TimeZone string }
}

// download follows a listing to its end as a bare program does, and returns how many pages it has.
func (s *stack) download(ctx context.Context, first *http.Request) (pages int, err error) {
	if first == nil {
		return 0, errors.New("nothing was listed")
	}
	rows, token := 0, ""
	for {
		address := *first.URL
		q := address.Query()
		q.Del("pageToken")
		if token != "" {
			q.Set("pageToken", token)
		}
		address.RawQuery = q.Encode()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.google+address.RequestURI(), http.NoBody) //nolint:gosec // the stack's own simulator
		if err != nil {
			return pages, err
		}
		req.Header.Set("Authorization", first.Header.Get("Authorization"))
		page, err := s.page(req)
		if err != nil {
			return pages, err
		}
		pages, rows, token = pages+1, rows+len(page.Items), page.NextPageToken
		if token == "" {
			break
		}
	}
	if rows != s.bench.Scale.Listed {
		err = fmt.Errorf("%d of %d events were downloaded", rows, s.bench.Scale.Listed)
	}
	return pages, err
}

type barePage struct {
	Items         []bareEvent
	NextPageToken string
}

func (s *stack) page(req *http.Request) (p barePage, err error) {
	resp, err := s.http.Do(req) //nolint:gosec // the stack's own simulator
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return p, fmt.Errorf("%s: %d", req.URL.Path, resp.StatusCode)
	}
	return p, json.NewDecoder(resp.Body).Decode(&p)
}
