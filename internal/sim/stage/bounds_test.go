package stage

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// wire is a transport that takes everything and remembers the bodies.
type wire struct {
	mu     sync.Mutex
	bodies []string
	closed bool
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bodies = append(w.bodies, string(body))
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}

func (w *wire) CloseIdleConnections() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
}

func (w *wire) came() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.bodies, " ")
}

func newWorld(t *testing.T) (*World, *wire) {
	t.Helper()
	out := &wire{}
	w, err := New(Options{Transport: out, LogSize: 5000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w, out
}

func push(body string) Push {
	return Push{Provider: Google, Channel: "c", URL: "http://x.example/", Header: http.Header{}, Body: []byte(body), Judge: onlyOnce}
}

func armPush(t *testing.T, w *World, f PushFault) string {
	t.Helper()
	id, err := w.Pusher.Arm(f)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func rest(t *testing.T, w *World) {
	t.Helper()
	if err := w.Signal.Wait(t.Context(), func() bool { return w.Pusher.Pending() == 0 }); err != nil {
		t.Fatal(err)
	}
}

func TestFaultsAreBounded(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	var first string
	for i := range maxFaults {
		id, err := w.Faults.Add(Fault{Action: ActHold})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = id
		}
	}
	if _, err := w.Faults.Add(Fault{Action: ActHold}); !errors.Is(err, ErrInvalid) {
		t.Errorf("one too many: %v", err)
	}
	w.Faults.Release(first)
	for range maxFaults + 10 {
		id, err := w.Faults.Add(Fault{Action: ActHold})
		if err != nil {
			t.Fatal(err)
		}
		w.Faults.Release(id)
	}
	if n := len(w.Faults.All()); n > 2*maxFaults {
		t.Errorf("%d faults are kept", n)
	}
	if _, ok := w.Faults.State(first); ok {
		t.Error("the oldest fault that is used up is still there")
	}
}

func TestPushFaultsAreBounded(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	for range maxFaults {
		armPush(t, w, PushFault{Action: PushDrop, Count: 1})
	}
	if _, err := w.Pusher.Arm(PushFault{Action: PushDrop}); !errors.Is(err, ErrInvalid) {
		t.Errorf("one too many: %v", err)
	}
	for range maxFaults {
		w.Pusher.Send(push("x"))
	}
	if _, err := w.Pusher.Arm(PushFault{Action: PushDrop}); err != nil {
		t.Errorf("the others are used up: %v", err)
	}
}

func TestHeldPushesAreBounded(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	armPush(t, w, PushFault{Action: PushHold})
	for range maxQueue + 5 {
		w.Pusher.Send(push("x"))
	}
	dropped := 0
	for _, r := range w.Pusher.After(0) {
		if r.State == StateDropped {
			dropped++
		}
	}
	if f := w.Pusher.PushFaults()[0]; dropped != 5 || f.Held != maxQueue || f.Struck != maxQueue+5 {
		t.Errorf("%d are dropped, and the fault is %+v", dropped, f)
	}
}

// Whoever waits until nothing is on its way must not wait for what will never go.
func TestCloseDropsWhatIsHeld(t *testing.T) {
	t.Parallel()
	w, out := newWorld(t)
	for _, f := range []PushFault{{Action: PushHold, Count: 1}, {Action: PushReorder, Count: 1}, {Action: PushDelay, DelayMS: maxDelayMS, Count: 1}} {
		armPush(t, w, f)
		w.Pusher.Send(push("x"))
	}
	w.Close()
	for _, r := range w.Pusher.After(0) {
		if r.State != StateDropped {
			t.Errorf("a push ended as %s", r.State)
		}
	}
	if n := w.Pusher.Pending(); n != 0 || out.came() != "" {
		t.Errorf("%d are pending, %q came", n, out.came())
	}
}

// A transport that was handed in has connections of others.
func TestCloseLeavesTransportsOfOthersAlone(t *testing.T) {
	t.Parallel()
	w, out := newWorld(t)
	w.Close()
	if out.closed {
		t.Error("the connections of somebody else's transport were closed")
	}
}

func TestFaultsAfterTheEndHoldNothing(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	w.Close()
	id, err := w.Faults.Add(Fault{Action: ActHold})
	if err != nil {
		t.Fatal(err)
	}
	if f, _ := w.Faults.State(id); !f.Spent {
		t.Errorf("the fault is %+v", f)
	}
	select {
	case <-w.Done():
	default:
		t.Error("the World is not done")
	}
}

// Each push is overtaken by the next, however many a fault strikes, and by one that another fault doubles too.
func TestReorderOfEveryPush(t *testing.T) {
	t.Parallel()
	w, out := newWorld(t)
	armPush(t, w, PushFault{Action: PushReorder})
	for body := range strings.FieldsSeq("1 2 3 4") {
		w.Pusher.Send(push(body))
	}
	rest(t, w)
	if got := out.came(); got != "2 1 4 3" {
		t.Errorf("%s came", got)
	}
	armPush(t, w, PushFault{Action: PushDuplicate})
	w.Pusher.Send(push("5"))
	w.Pusher.Send(push("6"))
	rest(t, w)
	if got := out.came(); got != "2 1 4 3 6 6 5" {
		t.Errorf("%s came", got)
	}
}

func TestFaultsStayAsTheyWereAdded(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	id, err := w.Faults.Add(Fault{Action: ActClosed, Skip: 2, Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	armPush(t, w, PushFault{Action: PushDrop, Skip: 2, Count: 1})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x.example/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	struckAt := 0
	for i := range 4 {
		if a, _ := w.Faults.take(struck{r: r}); a != nil {
			struckAt = i
		}
		w.Pusher.Send(push("x"))
	}
	rest(t, w)
	if f, _ := w.Faults.State(id); struckAt != 2 || f.Skip != 2 || f.Struck != 1 || !f.Spent {
		t.Errorf("request %d was struck, the fault is %+v", struckAt, f)
	}
	if f := w.Pusher.PushFaults()[0]; f.Skip != 2 || f.Struck != 1 || !f.Spent {
		t.Errorf("the push fault is %+v", f)
	}
}

// What is wrong is told with its field, its value, and what it could be.
func TestRefusalsNameTheField(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	far, now := time.Date(2201, 1, 1, 0, 0, 0, 0, time.UTC), time.Now()
	fault := func(f Fault) error { _, err := w.Faults.Add(f); return err }
	pushed := func(f PushFault) error { _, err := w.Pusher.Arm(f); return err }
	moved := func(c ClockChange) error { _, err := w.Clock.Change(c); return err }
	for want, err := range map[string]error{
		"status: is 200 to 599, not 99":             fault(Fault{Action: ActStatus, Status: 99}),
		"skip: is -1, and cannot be negative":       fault(Fault{Action: ActClosed, Skip: -1}),
		"count: is -2, and cannot be negative":      pushed(PushFault{Action: PushDrop, Count: -2}),
		"provider: unknown provider \"apple\"":      pushed(PushFault{Action: PushDrop, Provider: "apple"}),
		"action: unknown action \"explode\"":        fault(Fault{Action: "explode"}),
		"delay_ms: a slow answer takes 1 to 600000": fault(Fault{Action: ActSlow}),
		"rate: is 0 to 1, not 2":                    fault(Fault{Action: ActClosed, Schedule: Schedule{Rate: 2}}),
		"minutes: is at most":                       fault(Fault{Action: ActClosed, Schedule: Schedule{Minutes: 1 << 40}}),
		"until: a fault that ends at":               fault(Fault{Action: ActClosed, Schedule: Schedule{From: now, Until: now}}),
		"advance: is a duration such as 90m":        moved(ClockChange{Advance: "soon"}),
		"now: the clock goes from the year 1900":    moved(ClockChange{Now: &far}),
		"advance: the clock goes from the year":     moved(ClockChange{Advance: "2500000h"}),
	} {
		field, _, _ := strings.Cut(want, ":")
		bad, ok := errors.AsType[*FieldError](err)
		if !ok || !errors.Is(err, ErrInvalid) || bad.Field != field || !strings.HasPrefix(err.Error(), "invalid: "+want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if !slices.Contains(strings.Fields(w.Clock.Now().String()), now.Format(time.DateOnly)) {
		t.Errorf("a refused change has moved the clock to %s", w.Clock.Now())
	}
}
