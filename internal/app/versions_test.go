package app_test

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/testkit"
)

// lastVersion builds the version whose promises are in contracts/released, where the clone has its commit, and returns the binary's path.
func lastVersion(t *testing.T) string {
	t.Helper()
	const top, database = "../..", "internal/store/testdata/released"
	said := func(dir, name string, args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), name, args...) //nolint:gosec // git and go
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	if shallow, err := said(top, "git", "rev-parse", "--is-shallow-repository"); err != nil || shallow != "false" {
		t.Skipf("here is no clone with its history: %s", shallow)
	}
	commit, err := said(top, "git", "log", "-1", "--format=%H", "--", database)
	if err != nil || commit == "" {
		t.Fatalf("no commit has written %s: %s, %v", database, commit, err)
	}
	dir := t.TempDir()
	source, binary := filepath.Join(dir, "source.tar"), filepath.Join(dir, "calweave")
	for _, step := range [][]string{
		{top, "git", "archive", "--output", source, commit},
		{dir, "tar", "-xf", source},
		{dir, "go", "build", "-buildvcs=false", "-o", binary, "./cmd/calweave"},
	} {
		if out, err := said(step[0], step[1], step[2:]...); err != nil {
			t.Fatalf("%v: %v: %s", step, err, out)
		}
	}
	t.Logf("the last version is %s", commit)
	return binary
}

// The last version and this one work on the same rows, tasks and grants at the same time, in both directions: as they do while a new version is rolled
// out, and while it is taken back.
func TestTwoVersionsSideBySide(t *testing.T) {
	t.Parallel()
	if testkit.UnderRace {
		t.Skip("other processes do the work: scripts/test runs it without the race detector")
	}
	last := lastVersion(t)
	l := newLive(t, servers(t))
	l.must(l.listener.Close())
	for n, c := range []struct{ asked, works string }{{last, ""}, {"", last}} {
		l.binary = c.asked
		asked := l.spawn("api,receiver")
		l.binary = c.works
		works := l.spawn("worker,scheduler")
		l.alive()
		if n == 0 {
			l.connect()
			l.put("kept", 1, "Kept", later)
			l.shows(sim.Google, "Kept")
			l.watched()
			l.synced("kept", 1)
		}
		l.travels(fmt.Sprint("b", n), fmt.Sprint("Intro call ", n), n+1)
		kept := fmt.Sprint("Kept by version ", n+2)
		l.put("kept", int64(n+2), kept, later) // what the other one has booked
		l.synced("kept", int64(n+2))
		l.shows(sim.Google, kept)
		l.shows(sim.Microsoft, kept)
		l.idle()
		for _, p := range []*process{asked, works} {
			if code := l.stop(p); code != 0 {
				t.Errorf("round %d: exit code %d", n, code)
			}
		}
	}
	if dead := l.stopped(); len(dead) > 0 {
		t.Errorf("dead: %+v", dead)
	}
}

// travels books, lets a person in each calendar change what was booked, waits until the core has heard of both for the nth time, and cancels.
func (l *live) travels(id, title string, nth int) {
	l.tb.Helper()
	l.put(id, 1, title, wall)
	l.synced(id, 1)
	google, graph := l.titled(sim.Google, title), l.titled(sim.Microsoft, title)
	_, err := l.sim.MoveEvent(in(sim.Google), google.ID, google.Start.Add(time.Hour))
	l.must(err)
	l.must(l.core.wait(l.ctx, message.BookingMoved, nth))
	edited := title + " (Room 5)"
	_, err = l.sim.EditEvent(in(sim.Microsoft), graph.ID, sim.Edit{Title: &edited})
	l.must(err)
	l.must(l.core.wait(l.ctx, message.BookingEdited, nth))
	var b gen.Booking
	l.call(http.MethodDelete, "/v1/bookings/"+id+"?version=2", nil, &b)
}

// titled returns the one event of a host's primary calendar with a title.
func (l *live) titled(p sim.Provider, title string) sim.Event {
	l.tb.Helper()
	shown, err := l.sim.Standing(in(p))
	l.must(err)
	shown = slices.DeleteFunc(shown, func(e sim.Event) bool { return e.Title != title })
	if len(shown) != 1 {
		l.tb.Fatalf("%s shows %q %d times", p, title, len(shown))
	}
	return shown[0]
}
