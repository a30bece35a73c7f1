package providertest

import (
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

func writeCases() []Case {
	return []Case{
		{"create/what is stored", nil, creates},
		{"create/once per key", nil, onePerKey},
		{"create/an answer is lost", nil, createLost},
		{"create/an answer is lost, and it is late", nil, createLate},
		{"update/no more than asked", nil, updates},
		{"update/on an older state", nil, stale},
		{"update/guests stay", nil, guestsStay},
		{"delete/once", nil, deletes},
		{"create/a person deleted it", nil, createDeleted},
		{"find/by key", []Capability{Finds}, finds},
		{"mail/nobody is mailed", []Capability{Quiet}, nobodyIsMailed},
	}
}

func (r *Run) create(key cal.Key, c cal.Content) provider.CreateEvent {
	return provider.CreateEvent{Calendar: r.Calendar, Key: key, Content: c, Fields: cal.AllFields, Notify: cal.NotifyNone}
}

// booked makes an event as the engine does.
func (r *Run) booked(title string) cal.Event {
	r.t.Helper()
	made, err := r.Client.CreateEvent(r.t.Context(), r.create(r.key(), content(title)))
	r.must("create", err)
	return made.Event
}

func creates(t T, r *Run) {
	key := r.key()
	made, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Intro call")))
	r.must("create", err)
	read, err := r.Client.ReadEvent(t.Context(), r.ref(made.Event.ID))
	r.must("read", err)
	for what, e := range map[string]cal.Event{"the answer": made.Event, "what is read": read} {
		if e.Content.Differences(content("Intro call"), cal.AllFields) != 0 || e.Stamp != key.String() || e.ETag == "" || e.Gone() {
			t.Errorf("%s is %+v", what, e)
		}
	}
	if made.Adopted {
		t.Errorf("it is new and called adopted")
	}
	shown := r.Person.Standing()
	if len(shown) != 1 || shown[0].Title != "Intro call" || !shown[0].Start.Equal(noon()) {
		t.Errorf("the person sees %+v", shown)
	}
}

func onePerKey(t T, r *Run) {
	key := r.key()
	made, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Intro call")))
	r.must("create", err)
	again, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Another title")))
	r.must("create again", err)
	if again.Event.ID != made.Event.ID || !again.Adopted || again.Event.Content.Title != "Intro call" || again.Event.Stamp != key.String() {
		t.Errorf("the second is %+v", again)
	}
	if shown := r.Person.Standing(); len(shown) != 1 {
		t.Errorf("%d events stand", len(shown))
	}
	if other := r.booked("Another"); other.ID == made.Event.ID {
		t.Errorf("another key makes no other event")
	}
}

func createLost(t T, r *Run) { createAfter(t, r, 0) }

// createLate tries again after longer than a provider may remember an idempotency key.
func createLate(t T, r *Run) { createAfter(t, r, 24*time.Hour) }

func createAfter(t T, r *Run, pause time.Duration) {
	key := r.key()
	r.Wire.Harm(Creating, LostAnswer, 0)
	_, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Intro call")))
	r.wants("the lost answer", err, fault.Transient)
	r.Pass(pause)
	var id cal.EventID
	if finder, ok := r.Client.(provider.EventFinder); ok && pause > 0 { // what the engine does where a key is not for good
		found, err := finder.FindEvent(t.Context(), r.Calendar, key)
		r.must("find", err)
		id = found.ID
	} else {
		made, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Intro call")))
		r.must("create again", err)
		id = made.Event.ID
	}
	if shown := ids(r.Person.Standing()); !slices.Equal(shown, []cal.EventID{id}) {
		t.Errorf("%v stand, and %s is what we know", shown, id)
	}
}

func updates(t T, r *Run) {
	e := r.booked("Intro call")
	next := content("Second title")
	next.Description, next.Location = "left out", "left out"
	got, err := r.Client.UpdateEvent(t.Context(), provider.UpdateEvent{Ref: r.ref(e.ID), ETag: e.ETag, Content: next, Fields: cal.Fields(cal.FieldTitle)})
	r.must("update", err)
	want := content("Second title")
	read, err := r.Client.ReadEvent(t.Context(), r.ref(e.ID))
	r.must("read", err)
	for what, got := range map[string]cal.Event{"the answer": got, "what is read": read} {
		stamped := got.Stamp == e.Stamp || what == "the answer" && got.Stamp == "" // which providers may leave out
		if got.Content.Differences(want, cal.AllFields) != 0 || !stamped || got.ETag == e.ETag || got.ETag == "" {
			t.Errorf("%s is %+v", what, got)
		}
	}
}

func stale(t T, r *Run) {
	e := r.booked("Intro call")
	title := "edited"
	r.Person.Edit(e.ID, Edit{Title: &title})
	update := provider.UpdateEvent{Ref: r.ref(e.ID), ETag: e.ETag, Content: content("Second title"), Fields: cal.Fields(cal.FieldTitle)}
	if !slices.Contains(r.claims, Conditional) {
		return // the engine reads and compares for itself
	}
	_, err := r.Client.UpdateEvent(t.Context(), update)
	r.wants("an update of an older state", err, fault.Conflict)
	err = r.Client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: r.ref(e.ID), ETag: e.ETag})
	r.wants("a deletion of an older state", err, fault.Conflict)
	if shown := r.Person.Standing(); len(shown) != 1 || shown[0].Title != title {
		t.Errorf("what the person wrote has become %+v", shown)
	}
}

func guestsStay(t T, r *Run) {
	e := r.booked("Intro call")
	const other = "other@elsewhere.example"
	r.Person.Edit(e.ID, Edit{Guests: []string{Guest, other}})
	r.Person.Answer(e.ID)
	now, err := r.Client.ReadEvent(t.Context(), r.ref(e.ID))
	r.must("read", err)
	got, err := r.Client.UpdateEvent(t.Context(), provider.UpdateEvent{
		Ref: r.ref(e.ID), ETag: now.ETag, Content: content("Second title"), Fields: cal.Fields(cal.FieldTitle),
		Invite: []cal.Attendee{{Email: "new@elsewhere.example"}}, Uninvite: []string{other}, Notify: cal.NotifyAll,
	})
	r.must("update", err)
	answers := map[string]cal.Response{}
	for _, a := range got.Content.Attendees {
		answers[a.Email] = a.Response
	}
	if len(answers) != 2 || answers[Guest] != cal.ResponseAccepted {
		t.Errorf("the guests are %+v", got.Content.Attendees)
	}
}

func deletes(t T, r *Run) {
	e, kept := r.booked("Intro call"), r.booked("Another")
	r.must("delete", r.Client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: r.ref(e.ID), ETag: e.ETag}))
	err := r.Client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: r.ref(e.ID), ETag: e.ETag})
	if !fault.Is(err, fault.Gone) && !fault.Is(err, fault.NotFound) {
		t.Errorf("deleted again: %v", err)
	}
	if shown := ids(r.Person.Standing()); !slices.Equal(shown, []cal.EventID{kept.ID}) {
		t.Errorf("%v stand", shown)
	}
}

// createDeleted creates under a key whose event a person has deleted: it is told as such, or it is new, but never as standing when it does not.
func createDeleted(t T, r *Run) {
	key := r.key()
	made, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Intro call")))
	r.must("create", err)
	r.Person.Delete(made.Event.ID)
	again, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Intro call")))
	shown := ids(r.Person.Standing())
	switch {
	case err != nil:
		if f, ok := fault.As(err); !ok || f.Existing == "" {
			t.Errorf("the key of a deleted event: %v", err)
		}
	case again.Event.Gone():
		if !again.Adopted || len(shown) > 0 {
			t.Errorf("a deleted event is %+v, and %v stand", again, shown)
		}
	default:
		if again.Adopted || !slices.Equal(shown, []cal.EventID{again.Event.ID}) {
			t.Errorf("%+v is said to stand, and %v do", again, shown)
		}
	}
}

func finds(t T, r *Run) {
	finder := r.Client.(provider.EventFinder) //nolint:forcetypeassert // the case needs it
	key, other := r.key(), r.key()
	made, err := r.Client.CreateEvent(t.Context(), r.create(key, content("Intro call")))
	r.must("create", err)
	r.made(2)
	found, err := finder.FindEvent(t.Context(), r.Calendar, key)
	r.must("find", err)
	if found.ID != made.Event.ID || found.Stamp != key.String() || found.Content.Differences(content("Intro call"), cal.AllFields) != 0 {
		t.Errorf("found is %+v", found)
	}
	_, err = finder.FindEvent(t.Context(), r.Calendar, other)
	r.wants("a key that nobody used", err, fault.NotFound)
	r.Person.Delete(made.Event.ID)
	if again, err := finder.FindEvent(t.Context(), r.Calendar, key); !fault.Is(err, fault.NotFound) && !again.Gone() {
		t.Errorf("the deleted one: %+v, %v", again, err)
	}
}

func nobodyIsMailed(t T, r *Run) {
	c := content("Intro call")
	c.Attendees = []cal.Attendee{{Email: Guest}, {Email: "other@elsewhere.example"}}
	made, err := r.Client.CreateEvent(t.Context(), r.create(r.key(), c))
	r.must("create", err)
	got, err := r.Client.UpdateEvent(t.Context(), provider.UpdateEvent{
		Ref: r.ref(made.Event.ID), ETag: made.Event.ETag, Content: content("Second title"), Fields: cal.Fields(cal.FieldTitle), Notify: cal.NotifyNone,
	})
	r.must("update", err)
	r.must("delete", r.Client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: r.ref(got.ID), ETag: got.ETag, Notify: cal.NotifyNone}))
	if n := r.Mails(); n > 0 {
		t.Errorf("%d mails were sent", n)
	}
}

func throttled(t T, r *Run) {
	before := r.Wire.Requests()
	r.Wire.Harm(Creating, Throttled, 0)
	_, err := r.Client.CreateEvent(t.Context(), r.create(r.key(), content("Intro call")))
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.RateLimited || f.RetryAfter != 17*time.Second {
		t.Errorf("a 429 that asks for 17 seconds: %v", err)
	}
	if n := r.Wire.Requests() - before; n != 1 {
		t.Errorf("%d requests were made: the driver tries again by itself", n)
	}
}
