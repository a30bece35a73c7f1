package memdriver_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/memdriver"
)

// bench is an account whose calls are written down.
type bench struct {
	*memdriver.Account
	t     *testing.T
	now   *clock.Manual
	work  *memdriver.Calendar
	trace []string
}

func newBench(t *testing.T, k memdriver.Kind) *bench {
	t.Helper()
	a, now := newAccount(k)
	b := &bench{Account: a, t: t, now: now, work: a.Calendar(work)}
	b.Hooks = memdriver.Hooks{
		Created: func(_ provider.CreateEvent, made cal.Event) { b.trace = append(b.trace, "created "+made.Content.Title) },
		Updated: func(_ provider.UpdateEvent, before, after cal.Event) {
			b.trace = append(b.trace, fmt.Sprintf("updated %s to %s, another ETag: %t", before.Content.Title, after.Content.Title, before.ETag != after.ETag))
		},
		Deleted: func(_ provider.DeleteEvent, before cal.Event) {
			b.trace = append(b.trace, "deleted "+before.Content.Title)
		},
	}
	return b
}

func key(n int) cal.Key { return cal.NewKey("ten_1", "b1", "cal_1", "", n) }

func titled(title string) cal.Content {
	return cal.Content{Title: title, Description: "text", Slot: slotOf(began.Add(24*time.Hour), time.Hour)}
}

func (b *bench) create(title string) (provider.Created, error) {
	return b.Client().CreateEvent(b.t.Context(), provider.CreateEvent{Calendar: work, Key: key(1), Content: titled(title), Fields: cal.AllFields})
}

// made creates an event, which has to succeed.
func (b *bench) made(title string) cal.Event {
	b.t.Helper()
	made, err := b.create(title)
	if err != nil {
		b.t.Fatal(err)
	}
	return made.Event
}

func (b *bench) retitle(e cal.Event, title string) (cal.Event, error) {
	return b.Client().UpdateEvent(b.t.Context(), provider.UpdateEvent{
		Ref: provider.EventRef{Calendar: work, ID: e.ID}, ETag: e.ETag, Content: titled(title), Fields: cal.Fields(cal.FieldTitle),
	})
}

func (b *bench) read(id cal.EventID) (cal.Event, error) {
	return b.Client().ReadEvent(b.t.Context(), provider.EventRef{Calendar: work, ID: id})
}

// fated lets the next calls come to the fate.
func (b *bench) fated(f memdriver.Fate) {
	b.Hooks.Fate = func(context.Context, memdriver.Op) memdriver.Fate { return f }
}

func TestWhatBecomesOfACall(t *testing.T) {
	t.Parallel()
	lost := errors.New("lost")
	for name, c := range map[string]struct {
		fate  memdriver.Fate
		trace []string
	}{
		"answered": {memdriver.Fate{}, []string{"created first"}},
		"failed":   {memdriver.Fate{Err: lost}, nil},
		"done":     {memdriver.Fate{Err: lost, Done: true}, []string{"created first"}},
	} {
		b := newBench(t, memdriver.Google())
		b.fated(c.fate)
		made, err := b.create("first")
		if !errors.Is(err, c.fate.Err) || (err == nil) != (made.Event.ID != "") || !slices.Equal(b.trace, c.trace) {
			t.Errorf("%s: %+v, %v after %v", name, made, err, b.trace)
		}
	}
}

func TestLateWritesMeetWhatIsThereThen(t *testing.T) {
	t.Parallel()
	b := newBench(t, memdriver.Google())
	var late []func() error
	later := memdriver.Fate{Err: errors.New("lost"), Later: func(apply func() error) { late = append(late, apply) }}
	b.fated(later)
	if _, err := b.create("first"); err == nil || len(b.work.Events()) > 0 {
		t.Fatalf("%v, and %v are there", err, b.work.Events())
	}
	b.fated(memdriver.Fate{})
	e := b.made("second")
	b.fated(later)
	if _, err := b.retitle(e, "third"); err == nil {
		t.Error("the update was answered")
	}
	b.fated(memdriver.Fate{})
	if _, err := b.retitle(e, "fourth"); err != nil {
		t.Error(err)
	}
	if err := late[0](); err != nil || len(b.work.Events()) != 1 {
		t.Errorf("a late create of a key that is taken: %v, and %v are there", err, b.work.Events())
	}
	if err := late[1](); !fault.Is(err, fault.Conflict) {
		t.Errorf("a late update: %v", err)
	}
	if want := []string{"created second", "updated second to fourth, another ETag: true"}; !slices.Equal(b.trace, want) {
		t.Errorf("%v, want %v", b.trace, want)
	}
}

// Whatever happens between two calls may happen in the middle of one, too.
func TestHooksMayActOnTheAccount(t *testing.T) {
	t.Parallel()
	b := newBench(t, memdriver.Google())
	e := b.made("first")
	b.Hooks.Fate = func(context.Context, memdriver.Op) memdriver.Fate {
		b.work.Edit(e.ID, func(c *cal.Content) { c.Title = "by hand" })
		return memdriver.Fate{}
	}
	if _, err := b.retitle(e, "second"); !fault.Is(err, fault.Conflict) {
		t.Errorf("%v, although a person was first", err)
	}
	b.Kind.Blind = true
	if got, err := b.retitle(e, "second"); err != nil || got.Content.Title != "second" {
		t.Errorf("blind: %+v, %v", got, err)
	}
}

func TestUpdateThatChangesNothingIsNotWritten(t *testing.T) {
	t.Parallel()
	b := newBench(t, memdriver.Microsoft())
	e := b.made("first")
	if got, err := b.retitle(e, "first"); err != nil || got.ETag != e.ETag || b.trace[1] != "updated first to first, another ETag: false" {
		t.Errorf("%+v, %v after %v", got, err, b.trace)
	}
}

func TestWhatIsTooNewIsNotSeen(t *testing.T) {
	t.Parallel()
	b := newBench(t, memdriver.Microsoft())
	b.Kind.Lag, b.Kind.Unseen = time.Minute, fault.Gone
	old := b.work.Add(titled("by hand"))
	e := b.made("first")
	finds := b.Client().(provider.EventFinder)
	again, err := b.create("first")
	if f, ok := fault.As(err); !ok || f.Kind != fault.NotFound || f.Existing != string(e.ID) {
		t.Errorf("created again: %+v, %v", again, err)
	}
	if _, err := b.read(e.ID); !fault.Is(err, fault.Gone) {
		t.Errorf("read: %v", err)
	}
	if _, err := finds.FindEvent(t.Context(), work, key(1)); !fault.Is(err, fault.NotFound) {
		t.Errorf("find: %v", err)
	}
	rows, cursor := b.list(cal.Cursor{}, 0)
	if !slices.Equal(rows, []cal.EventID{old}) || b.work.Readable(e.ID) {
		t.Errorf("listed: %v", rows)
	}
	b.now.Advance(time.Minute)
	if got, err := b.read(e.ID); err != nil || got.ID != e.ID || !b.work.Readable(e.ID) {
		t.Errorf("a minute later: %+v, %v", got, err)
	}
	if rows, _ := b.list(cursor, 0); !slices.Equal(rows, []cal.EventID{e.ID}) {
		t.Errorf("listed then: %v", rows)
	}
}

func TestHiddenCalendar(t *testing.T) {
	t.Parallel()
	b := newBench(t, memdriver.Microsoft())
	e := b.made("first")
	for _, unlisted := range []bool{false, true} {
		b.work.Hide(unlisted)
		all, err := b.Client().Calendars(t.Context())
		if err != nil || (len(all) == 0) != unlisted {
			t.Errorf("unlisted %t: %v, %v", unlisted, all, err)
		}
		_, readErr := b.read(e.ID)
		_, updateErr := b.retitle(e, "second")
		_, createErr := b.create("second")
		_, listErr := b.Client().(provider.DeltaLister).ListEvents(t.Context(), provider.ListEvents{Calendar: work})
		_, findErr := b.Client().(provider.EventFinder).FindEvent(t.Context(), work, key(1))
		for what, err := range map[string]error{"read": readErr, "update": updateErr, "create": createErr, "list": listErr} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if !fault.Is(findErr, fault.Forbidden) {
			t.Errorf("find: %v", findErr)
		}
	}
	b.work.Show()
	if got, err := b.read(e.ID); err != nil || got.Content.Title != "first" || b.work.Hidden() {
		t.Errorf("shown again: %+v, %v", got, err)
	}
}

func TestWhatCannotBeWrittenTo(t *testing.T) {
	t.Parallel()
	now := clock.NewManual(began)
	a := memdriver.New(memdriver.Google(), now, cal.Calendar{ID: "theirs"})
	id := a.Calendar("theirs").Add(titled("theirs"))
	c := a.Client()
	_, err := c.CreateEvent(t.Context(), provider.CreateEvent{Calendar: "theirs", Key: key(1), Content: titled("ours"), Fields: cal.AllFields})
	deleted := c.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: provider.EventRef{Calendar: "theirs", ID: id}})
	if !fault.Is(err, fault.Forbidden) || !fault.Is(deleted, fault.Forbidden) {
		t.Errorf("create: %v, delete: %v", err, deleted)
	}
	b := newBench(t, memdriver.Google())
	_, err = b.Client().CreateEvent(t.Context(), provider.CreateEvent{Calendar: work, Key: key(1), Content: titled("ours"), Fields: cal.Fields(cal.FieldTitle)})
	if !fault.Is(err, fault.Invalid) {
		t.Errorf("an event at no time: %v", err)
	}
}

func TestWhatWasReadStaysAsItWas(t *testing.T) {
	t.Parallel()
	b := newBench(t, memdriver.Google())
	content := titled("first")
	content.Attendees = []cal.Attendee{{Email: "a@example.com"}}
	id := b.work.Add(content)
	read, err := b.read(id)
	b.work.Edit(id, func(c *cal.Content) { c.Attendees[0].Response = cal.ResponseAccepted })
	if now, ok := b.work.Event(id); err != nil || !ok || read.Content.Attendees[0].Response == now.Content.Attendees[0].Response {
		t.Errorf("%+v was read, and %+v is there, %v", read, now, err)
	}
}

func TestRewrittenTextIsStoredOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, memdriver.Google())
	b.Kind.Rewrites = true
	e := b.made("first")
	if want := b.Kind.Stored(titled("first")).Description; e.Content.Description != want || want == "text" || b.Kind.Stored(e.Content).Description != want {
		t.Errorf("%q, want %q", e.Content.Description, want)
	}
}

// A provider that cannot be quiet mails every guest about every write; one that can, whom it is told to.
func TestMailsAreCounted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind   memdriver.Kind
		notify cal.Notify
		mails  int
	}{{memdriver.Google(), cal.NotifyNone, 0}, {memdriver.Google(), cal.NotifyAll, 1 + 3}, {memdriver.Microsoft(), cal.NotifyNone, 1 + 3}} {
		b := newBench(t, c.kind)
		content := titled("first")
		content.Attendees = []cal.Attendee{{Email: "a@example.com"}}
		made, err := b.Client().CreateEvent(t.Context(), provider.CreateEvent{Calendar: work, Key: key(1), Content: content, Fields: cal.AllFields, Notify: c.notify})
		if err != nil {
			t.Fatal(err)
		}
		ref := provider.EventRef{Calendar: work, ID: made.Event.ID}
		_, err = b.Client().UpdateEvent(t.Context(), provider.UpdateEvent{
			Ref: ref, Content: content, Fields: cal.AllFields, Invite: []cal.Attendee{{Email: "b@example.com"}, {Email: "c@example.com"}},
			Uninvite: []string{"A@example.com"}, Notify: c.notify,
		})
		if err != nil || b.Mails() != c.mails {
			t.Errorf("%s, %s: %d mails, %v", c.kind.Name, c.notify, b.Mails(), err)
		}
	}
}

func TestAccountIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	a, _ := newAccount(memdriver.Google())
	c := a.Client()
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			made, err := c.CreateEvent(t.Context(), provider.CreateEvent{Calendar: work, Key: key(n % 10), Content: titled("first"), Fields: cal.AllFields})
			if err != nil {
				t.Error(err)
			}
			_, err = c.(provider.DeltaLister).ListEvents(t.Context(), provider.ListEvents{Calendar: work})
			if err != nil {
				t.Error(err)
			}
			a.Calendar(work).Edit(made.Event.ID, func(c *cal.Content) { c.Title += "+" })
		})
	}
	wg.Wait()
	for _, e := range a.Calendar(work).Events() {
		if e.Content.Title != "first++" {
			t.Errorf("%+v", e)
		}
	}
	if n := len(a.Calendar(work).Standing()); n != 10 {
		t.Errorf("%d events of 10 keys", n)
	}
}

// A copy carries all that the event does, and is not what is found by the stamp.
func TestCopyCarriesTheStamp(t *testing.T) {
	t.Parallel()
	b := newBench(t, memdriver.Google())
	first := b.made("Course")
	b.work.Decorate(first.ID, "colour", "blue")
	id := b.work.Copy(first.ID, func(c *cal.Content) { c.Title = "The rest" })
	shown, err := b.read(id)
	if err != nil || shown.Stamp != first.Stamp || shown.Stamp == "" || shown.ETag == first.ETag || shown.Content.Title != "The rest" || b.work.Decorations(id)["colour"] != "blue" {
		t.Errorf("got %+v, %v", shown, err)
	}
	if found, ok := b.work.Holder(key(1)); !ok || found.ID != first.ID || found.Content.Title != "Course" {
		t.Errorf("the stamp finds %+v", found)
	}
	if id := b.work.Copy("nowhere", func(*cal.Content) {}); id != "" {
		t.Errorf("what is not there became %s", id)
	}
}
